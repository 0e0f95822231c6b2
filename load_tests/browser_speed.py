"""How smooth the web app is in a real Chromium: the first picture, and frames while a hundred messages a second come.

    python -m load_tests.browser_speed        the last line is one JSON object: figure → value, unit, target, met or not

A machine without a GPU draws with the same cores as the server, so nothing is judged by the clock alone: frames are
compared with those that the same page reaches when nothing happens, the first picture with that of a page of plain
text. What holds on any machine (how many nodes, how many bytes) is asserted in tests/browser/test_speed.py.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import click
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.school import School
from tests.browser.visitor import Visitor

PER_S = 100
WRITERS = ("Mei", "Yusuf", "Ana", "Ines")
FULL = 320
"""Said before anything is counted: the log holds as many messages as it ever does."""
LOADS = 5
SHOWN_WITHIN_MS = 60_000

WATCH = """seconds => new Promise(done => {
  const frames = [];
  const begun = performance.now();
  let last = begun;
  const next = now => {
    frames.push(now - last);
    last = now;
    if (now - begun < seconds * 1000) requestAnimationFrame(next);
    else done(frames.slice(1));
  };
  requestAnimationFrame(next);
})"""
FIRST_PICTURE = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
WORK = {"task": "TaskDuration", "script": "ScriptDuration", "style": "RecalcStyleDuration", "layout": "LayoutDuration"}


@click.command()
@click.option("--seconds", default=8.0, show_default=True, help="How long frames are counted, idle and busy.")
def main(seconds: float) -> None:
    """Measure the web app as it was built last (`make web`)."""
    executable = shutil.which("chromium")
    if executable is None:
        raise click.ClickException("There is no chromium here: apt-get install chromium.")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        school = School(Path(folder))
        try:
            figures |= first_picture(browser, school)
            figures |= frames(browser, school, seconds)
        finally:
            school.close()
            browser.close()
    click.echo(json.dumps(figures, ensure_ascii=False))


def first_picture(browser: Browser, school: School) -> dict[str, Any]:
    """Of a person who comes back: the room's page, against a page of plain text from the same server."""
    with Visitor(browser, school, "Kofi") as kofi:
        kofi.room()
        app, plain = [], []
        for _ in range(LOADS):
            app.append(_first_picture_ms(kofi.page, f"{school.url}/room/general"))
            plain.append(_first_picture_ms(kofi.page, f"{school.url}/healthz"))
    app_ms, plain_ms = median(app), median(plain)
    click.echo(f"first picture: {app_ms:.0f} ms; of plain text: {plain_ms:.0f} ms")
    return {"first_picture": figure(app_ms, "ms", target=1_000.0) | {"times_plain_text": round(app_ms / plain_ms, 1)}}


def frames(browser: Browser, school: School, seconds: float) -> dict[str, Any]:
    """In a room that is full, followed at its end."""
    room = school.make_room("Busy")
    last = max(school.post(WRITERS[number % len(WRITERS)], words(number), room=room) for number in range(FULL))
    with Visitor(browser, school, "Kofi") as kofi:
        kofi.room(room)
        expect(kofi.message(last)).to_be_visible()
        session = kofi.context.new_cdp_session(kofi.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})  # CPU, whatever else runs here
        idle = sorted(kofi.page.evaluate(WATCH, seconds))
        before = _work_ms(session)
        with ThreadPoolExecutor(1) as talking:
            said = talking.submit(talk, school, room, seconds)
            busy = sorted(kofi.page.evaluate(WATCH, seconds))
            count, last, behind_s = said.result()
        expect(kofi.message(last)).to_be_visible(timeout=SHOWN_WITHIN_MS)
        work = {name: (after - before[name]) / count for name, after in _work_ms(session).items()}
    typical, slow, worst = (at(busy, part) / at(idle, part) for part in (0.5, 0.95, 1.0))
    idle_ms, busy_ms = at(idle, 0.5), at(busy, 0.5)
    click.echo(f"idle: median frame {idle_ms:.1f} ms, 95th percentile {at(idle, 0.95):.1f}, worst {idle[-1]:.1f}")
    click.echo(f"busy: median frame {busy_ms:.1f} ms, 95th percentile {at(busy, 0.95):.1f}, worst {busy[-1]:.1f}")
    click.echo(f"      {count} messages; the last was said {behind_s * 1000:.0f} ms after its time; ms of work each:")
    click.echo("      " + ", ".join(f"{name} {each_ms:.2f}" for name, each_ms in work.items()))
    return {
        "frame_median": figure(typical, "× idle", target=1.2) | {"ms": round(busy_ms, 1)},
        "frame_p95": figure(slow, "× idle", target=2.2) | {"ms": round(at(busy, 0.95), 1)},
        "frame_worst": figure(worst, "× idle", target=6.0) | {"ms": round(busy[-1], 1)},
        "work_per_message": figure(work["task"], "ms of the page's CPU", target=5.0),
    }


def talk(school: School, room: str, seconds: float) -> tuple[int, int, float]:
    """Say a hundred a second, each at its time; how many, the last one's seq, how far behind its time it was."""
    with ThreadPoolExecutor(len(WRITERS)) as posting:
        begun = time.monotonic()
        said = []
        for number in range(int(seconds * PER_S)):
            time.sleep(max(0.0, begun + number / PER_S - time.monotonic()))
            said.append(posting.submit(school.post, WRITERS[number % len(WRITERS)], words(number), room=room))
        last = max(one.result() for one in said)
        return len(said), last, time.monotonic() - begun - seconds


def words(number: int) -> str:
    return f"Message {number} with **some** `words` in it"


def at(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def figure(value: float, unit: str, *, target: float) -> dict[str, Any]:
    return {"value": round(value, 2), "unit": unit, "target": target, "met": value <= target}


def _first_picture_ms(page: Page, url: str) -> float:
    page.goto(url)
    return float(page.wait_for_function(FIRST_PICTURE).json_value())


def _work_ms(session: CDPSession) -> dict[str, float]:
    told = {metric["name"]: metric["value"] * 1000 for metric in session.send("Performance.getMetrics")["metrics"]}
    return {name: told[metric] for name, metric in WORK.items()}


if __name__ == "__main__":
    main()
