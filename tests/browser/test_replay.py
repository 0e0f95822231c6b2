"""Past sessions in a real browser: what is shown at a moment is what the server says of it, playing and pausing, the
slider by keys, ways in, and the summary for who comes late."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.played_session import Played, begin, play, stretch
from tests.browser.school import School
from tests.browser.test_accessibility import AXE, SMALL_TARGETS, TAGS, TARGET_PX_MIN, TARGETS
from tests.browser.visitor import THEMES, Visitor

LONGER = 600
SECOND = 1_000

SEEK = "seq => document.querySelector('tt-replay-view').replay.seekSeq(seq)"
POSITION = "() => document.querySelector('tt-replay-view').replay.position"
LENGTH = "() => document.querySelector('tt-replay-view').replay.length"

SHOWN = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const number = (element, name) => Number(element.dataset[name]);
  return {
    queue: Object.fromEntries(all(".replay-queue .replay-q").map(row => [row.dataset.question, number(row, "votes")])),
    done: all(".replay-done .replay-q").map(row => [row.dataset.question, row.dataset.status]).sort(),
    now: document.querySelector(".replay-now")?.dataset.question ?? null,
    polls: all(".replay-poll").map(poll => ({
      poll: number(poll, "poll"),
      closed: poll.dataset.closed === "true",
      results: [...poll.querySelectorAll("td:nth-of-type(2)")].map(cell => Number(cell.textContent)),
    })),
    messages: all("#log .msg").map(row => [number(row, "seq"), row.querySelector(".body, .gone").textContent.trim()]),
    hands: document.querySelectorAll(".replay-hands").length,
    ledger: document.querySelector(".replay-ledger").textContent.match(/\\d+/g).map(Number),
  };
}"""

STILL = """() => [document.querySelector("main").innerHTML, document.getAnimations().length]"""


class Sessions(NamedTuple):
    past: Played
    running: Played


@pytest.fixture(scope="module")
def sessions(school: School) -> Sessions:
    past = play(school)
    running = begin(school).so_far()
    stretch(school, LONGER)
    return Sessions(past, running)


def violations(page: Page) -> list[str]:
    """What axe-core finds."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", TAGS)
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def open_at(visitor: Visitor, past: Played, query: str = "") -> Page:
    visitor.enter(f"/c/demo/r/{past.room}/s/{past.session}{query}")
    expect(visitor.page.locator("tt-replay-stage #log")).to_be_visible()
    return visitor.page


def wait_past(page: Page, ms: int) -> None:
    """Until playing has come so far."""
    for _ in range(100):
        if page.evaluate(POSITION) > ms:
            return
        page.wait_for_timeout(100)
    raise AssertionError("it does not move")


def said(state: Any, session: int) -> dict[str, Any]:
    """What is to be seen of a room's state at a moment."""
    view = state["session"]
    open_ones = {q["question"]: view["votes"].get(q["question"], 0) for q in view["questions"] if is_open(q)}
    done = [[q["question"], q["status"]] for q in view["questions"] if is_done(q)]
    statuses = [question["status"] for question in view["questions"]]
    polls = [poll for poll in view["polls"] if not poll["closed"]][-2:] or view["polls"][-1:]
    return {
        "queue": open_ones,
        "done": sorted(done),
        "now": view["answering"],
        "polls": [{name: poll[name] for name in ("poll", "closed", "results")} for poll in polls],
        "messages": [message["seq"] for message in state["messages"] if message["seq"] >= session],
        "hands": int(bool(view["hands"])),
        "ledger": [len(statuses), *(statuses.count(status) for status in ("merged", "dismissed"))],
    }


def is_open(question: Any) -> bool:
    return question["status"] in ("published", "answering")


def is_done(question: Any) -> bool:
    return question["status"].startswith("answered") or question["status"] == "carried"


def test_every_moment_shows_what_the_server_says_of_it(visit: Visit, school: School, sessions: Sessions) -> None:
    past = sessions.past
    visitor = visit("Mei")
    page = open_at(visitor, past)
    backwards = range(past.last, past.session - 1, -1)
    for seq in [*backwards, past.session + 9, past.session + 25, past.session + 4]:
        page.evaluate(SEEK, seq)
        visitor.frames(4)
        shown = page.evaluate(SHOWN)
        words = dict(shown["messages"])
        shown["messages"] = list(words)
        del shown["ledger"][1]  # the open ones: the queue
        state = school.get("Mei", f"/api/rooms/{past.room}", at=seq)["state"]
        assert shown == said(state, past.session), f"at {seq}"
        plain = [message for message in state["messages"] if message["seq"] in words and "$" not in message["text"]]
        assert {message["seq"]: words[message["seq"]] for message in plain} == {
            message["seq"]: message["text"] for message in plain
        }


def test_play_moves_and_pause_stops_all_movement(visit: Visit, sessions: Sessions) -> None:
    visitor = visit("Mei")
    page = open_at(visitor, sessions.past)
    page.get_by_role("button", name="8 times as fast").click()
    page.get_by_role("button", name="Play").click()
    wait_past(page, 6000)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    visitor.settle()
    still = page.evaluate(STILL)
    assert still[1] == 0
    page.wait_for_timeout(1_200)
    assert page.evaluate(STILL) == still
    assert page.evaluate(POSITION) < 60_000, "eight times as fast, not more"


def test_the_slider_goes_by_keys(visit: Visit, sessions: Sessions) -> None:
    visitor = visit("Kofi")
    page = open_at(visitor, sessions.past)
    slider = page.get_by_role("slider", name="Position")
    slider.focus()
    length = page.evaluate(LENGTH)
    assert length > 20 * 60 * SECOND
    keys = {"ArrowRight": 5, "ArrowUp": 10, "ArrowLeft": 5, "PageUp": 65, "PageDown": 5, "ArrowDown": 0}
    for key, seconds in keys.items():
        slider.press(key)
        assert page.evaluate(POSITION) == seconds * SECOND, key
    slider.press("ArrowDown")
    assert page.evaluate(POSITION) == 0, "nothing is before the beginning"
    expect(slider).to_have_attribute("aria-valuetext", "00:00 of " + clock_of(length))
    slider.press("End")
    assert page.evaluate(POSITION) == length
    slider.press("Home")
    assert page.evaluate(POSITION) == 0
    slider.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    slider.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(slider).to_be_focused()


def clock_of(ms: float) -> str:
    seconds = int(ms // SECOND)
    return f"{seconds // 60:02}:{seconds % 60:02}"


def test_a_link_to_a_moment_leads_back_to_it(visit: Visit, school: School, sessions: Sessions) -> None:
    visitor = visit("Yusuf")
    page = open_at(visitor, sessions.past, "?t=900000")
    assert page.evaluate(POSITION) == 900_000
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_role("button", name="Copy link to this moment").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    past = sessions.past
    assert link == f"{school.url}/c/demo/r/{past.room}/s/{past.session}?t=905000"
    other = visit("Kofi")
    other.enter(link.removeprefix(school.url))
    expect(other.page.locator("tt-replay-stage #log")).to_be_visible()
    assert other.page.evaluate(POSITION) == 905_000


def test_rooms_and_search_lead_into_the_session(visit: Visit, school: School, sessions: Sessions) -> None:
    visitor = visit("Kofi")
    past = sessions.past
    visitor.enter(f"/room/{past.room}?panel=sessions")
    page = visitor.page
    page.locator("aside").get_by_role("link", name="Why heaps are cheap").click()
    expect(page.locator("tt-replay-view h1")).to_have_text("Why heaps are cheap")
    visitor.go("/?panel=search-typo")
    visitor.go(f"/room/{past.room}?panel=search-typo")
    page.get_by_role("link", name="in its session").click()
    expect(page.locator("#log .msg.sought")).to_contain_text("Slide 14 has a typo")
    expect(page.locator("#log .msg")).to_have_count(7)
    seq = int(page.locator("#log .msg.sought").get_attribute("data-seq") or 0)
    state = school.get("Kofi", f"/api/rooms/{past.room}", at=seq)["state"]
    assert page.evaluate(SHOWN)["now"] == state["session"]["answering"] is not None


def test_the_shelf_holds_what_was_shared(visit: Visit, sessions: Sessions) -> None:
    page = open_at(visit("Kofi"), sessions.past, "?panel=resources")
    links = page.locator("aside .shelf .link")
    expect(links).to_have_text(["en.wikipedia.org/wiki/Binary_heap", "example.org/heaps.pdf"])


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_axe_finds_nothing_in_the_replay(visit: Visit, sessions: Sessions, size: str) -> None:
    visitor = visit("Mei", size=size)
    page = open_at(visitor, sessions.past, "?t=1100000")
    page.get_by_text("All").first.click()
    for theme in THEMES:
        visitor.turn(theme)
        assert violations(page) == []
        assert page.evaluate(SMALL_TARGETS, [TARGETS, TARGET_PX_MIN]) == []


def test_with_reduced_motion_nothing_glides(visit: Visit, sessions: Sessions) -> None:
    visitor = visit("Mei")
    visitor.page.emulate_media(reduced_motion="reduce")
    page = open_at(visitor, sessions.past)
    page.get_by_role("button", name="Play").click()
    wait_past(page, 400)
    assert page.evaluate("() => document.getAnimations().filter(one => one.playState === 'running').length") == 0


def test_who_comes_late_is_told_at_most_five_things_and_keeps_the_focus(
    visit: Visit, school: School, sessions: Sessions
) -> None:
    visitor = visit("Kofi")
    visitor.enter("/room/general")
    page = visitor.page
    page.locator(f"#rooms a[href$='{sessions.running.room}']").click()
    page.evaluate("() => { window.__focused = document.activeElement; }")
    card = page.get_by_role("region", name="Catch me up")
    expect(card).to_be_visible()
    links = card.get_by_role("link")
    assert 4 <= links.count() <= 5
    assert page.evaluate(
        "() => document.activeElement === window.__focused && document.activeElement !== document.body"
    )
    expect(card).to_contain_text("Why do we rotate?")
    for theme in THEMES:
        visitor.turn(theme)
        assert violations(page) == []
    for link in links.all():
        assert (link.get_attribute("href") or "").startswith(f"/room/{sessions.running.room}")
    card.get_by_role("button", name="Close the summary").press("Enter")
    expect(card).to_have_count(0)
    page.reload()
    expect(page.locator("tt-session-view #log .msg").first).to_be_visible()
    visitor.settle()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Room menu").click()
    page.get_by_role("menuitem", name="Catch me up").click()
    expect(page.locator("aside").get_by_role("link", name="Why do we rotate?")).to_be_visible()


def test_who_was_there_from_the_start_is_told_nothing(visit: Visit, school: School) -> None:
    lecture = begin(school, name="Graphs, live")
    visitor = visit("Mei")
    visitor.enter(f"/room/{lecture.room}")
    expect(visitor.page.locator("tt-session-view #log .msg").first).to_be_visible()
    visitor.settle()
    expect(visitor.page.locator(".catch-up")).to_have_count(0)
