"""Size as promised: bytes before the first picture, a DOM and a heap that stay bounded, and nothing lost in a rush of
messages. How long frames take is a figure of `python -m load_tests.browser_speed`, not a test."""

from __future__ import annotations

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School

WEBAPP = Path(__file__).resolve().parents[2] / "server" / "tertulia" / "webapp"
APP_BYTES_MAX = 90_000
MESSAGES = 400
NODES_MAX = 300

COUNT_ROWS = """() => {
  const rows = document.querySelector("#log").getElementsByTagName("tt-message-row");
  window.__most = 0;
  window.__changes = 0;
  new MutationObserver(() => {
    window.__most = Math.max(window.__most, rows.length);
    window.__changes += 1;
  }).observe(document.querySelector("#log .log-inner"), { childList: true });
}"""
HOLD_FRAMES = """() => {
  const waiting = [];
  window.requestAnimationFrame = what => waiting.push(what);
  window.__frame = () => waiting.splice(0).forEach(what => what(performance.now()));
}"""
HAS_COME = "seq => document.querySelector('tt-message-log').room.window.last === seq"
SEQS = "() => [...document.querySelectorAll('#log .msg')].map(row => Number(row.dataset.seq))"


def test_the_app_is_small_before_its_first_picture() -> None:
    page = (WEBAPP / "index.html").read_text()
    names = re.findall(r'(?:src|href)="/(assets/[^"]+\.(?:js|css))"', page)
    assert names
    sizes = {name: len(gzip.compress((WEBAPP / name).read_bytes(), 9)) for name in names}
    print(sizes)  # noqa: T201 - the measure is what one wants to see
    assert sum(sizes.values()) + len(gzip.compress(page.encode())) <= APP_BYTES_MAX


def test_a_rush_of_messages_is_shown_whole_and_the_dom_stays_bounded(visit: Visit, school: School) -> None:
    """Goal: whatever the rush, no message is missing, none is out of order, and there are never too many nodes. Method:
    four people post as fast as the server answers; every change of the log is watched; at the end what is shown is
    compared with what was said."""
    room = school.make_room("Busy")
    kofi = visit("Kofi").room(room)
    kofi.page.evaluate(COUNT_ROWS)
    names = ["Mei", "Yusuf", "Ana", "Ines"]
    with ThreadPoolExecutor(len(names)) as posting:
        said = [
            posting.submit(school.post, names[number % 4], f"Message {number} with **some** `words` in it", room=room)
            for number in range(MESSAGES)
        ]
        kofi.page.wait_for_timeout(100)  # Playwright's own events need their turn
    seqs = sorted(one.result() for one in said)
    expect(kofi.message(seqs[-1])).to_be_in_viewport()
    shown = kofi.page.evaluate(SEQS)
    assert shown == seqs[-len(shown) :]
    assert 100 <= len(shown) <= kofi.page.evaluate("window.__most") <= NODES_MAX


def test_messages_that_come_together_are_drawn_together(visit: Visit, school: School) -> None:
    """Goal: what comes before a frame costs one drawing, however much it is. Method: frames are held back until forty
    messages have come; then one is let through."""
    room = school.make_room("Together")
    kofi = visit("Kofi").room(room)
    kofi.frames()
    kofi.page.evaluate(HOLD_FRAMES)
    kofi.page.evaluate(COUNT_ROWS)
    posted = school.post_many("Mei", [f"Message {number}" for number in range(40)], room=room)
    kofi.page.wait_for_function(HAS_COME, arg=posted[-1], polling=20)
    assert kofi.page.evaluate("window.__changes") == 0
    kofi.page.evaluate("window.__frame()")
    expect(kofi.message(posted[-1])).to_have_count(1)
    assert kofi.page.evaluate("window.__changes") == 1


def test_a_long_stay_does_not_grow(visit: Visit, school: School) -> None:
    room = school.make_room("All day")
    kofi = visit("Kofi").room(room)
    session = kofi.context.new_cdp_session(kofi.page)

    def weigh() -> tuple[int, int]:
        session.send("HeapProfiler.collectGarbage")
        nodes = int(session.send("Memory.getDOMCounters")["nodes"])
        return int(kofi.page.evaluate("performance.memory.usedJSHeapSize")), nodes

    def talk(count: int) -> None:
        for number in range(count):
            last = school.post("Mei", f"Word {number} " + "and more " * 5, room=room)
        expect(kofi.message(last)).to_be_visible()

    talk(400)
    heap, nodes = weigh()
    talk(800)
    later_heap, later_nodes = weigh()
    print(f"heap {heap / 1e6:.1f} → {later_heap / 1e6:.1f} MB, nodes {nodes} → {later_nodes}")  # noqa: T201
    assert later_nodes < nodes * 1.5 + 2_000
    assert later_heap < heap * 1.5 + 4e6
