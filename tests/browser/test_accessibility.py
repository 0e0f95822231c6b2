"""WCAG 2.2 AA as far as it can be scripted: axe-core on each view in both themes, sizes of targets, landmarks and their
order, what is announced and how often, focus that nobody moves, reduced motion, 320 px."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School
from tests.browser.visitor import THEMES, Visitor

AXE = Path(__file__).resolve().parents[2] / "client_js" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGET_PX_MIN = 24

VIEWS = (
    "join",
    "need_invite",
    "home",
    "room",
    "empty_room",
    "thread",
    "search",
    "people",
    "pins",
    "help",
    "message_menu",
    "my_menu",
    "ask",
    "writing",
    "failed",
)

TARGETS = "a[href], button, input, select, textarea, summary, [role=option], [tabindex='0']"

SMALL_TARGETS = """([targets, minimum]) => [...document.querySelectorAll(targets)]
  .filter(element => {
    if (element.closest(".body, .vh") || element.matches(".skip, .when")) return false; // links in sentences are exempt
    const { width, height } = element.getBoundingClientRect();
    const isSeen = width > 0 && height > 0 && getComputedStyle(element).visibility !== "hidden";
    return isSeen && (width < minimum || height < minimum);
  }).map(element => element.outerHTML.slice(0, 200))"""

CUT_OFF = """() => [...document.querySelectorAll("button, input, h1, h2, .body")].filter(element => {
    const { width, right } = element.getBoundingClientRect();
    return width && right > 321 && !element.closest("pre, table, .katex, .math, .vh");
  }).map(element => element.outerHTML.slice(0, 120))"""

ORDER = """() => [...document.querySelectorAll(".frame > header, nav, main, [role=log], main form, aside")]
  .map(element => element.getAttribute("role") ?? element.tagName.toLowerCase())"""

LISTEN = """() => {
  window.__spoken = [];
  const region = document.querySelector("#announcer");
  new MutationObserver(() => window.__spoken.push(region.textContent))
    .observe(region, { childList: true, characterData: true, subtree: true });
}"""

LONGEST = """() => Math.max(
  ...[...document.querySelectorAll("*")]
    .map(element => parseFloat(getComputedStyle(element).transitionDuration) || 0))"""


@pytest.fixture(scope="module")
def talk(school: School) -> int:
    """A room with everything in it; the seq of its thread."""
    root = school.post("Kofi", "Why is building a heap $O(n)$? See https://example.invalid/heap")
    school.post(
        "Mei",
        "Sum the heights:\n\n```python\nfor i in range(n // 2): sift_down(heap, i)\n```\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |",
    )
    for text in ("One", "Two"):
        school.post("Mei", text, reply_to=root)
    school.post("Ana", f"Good catch, @[Kofi]({school.person('Kofi')})")
    gone = school.post("Mei", "To be removed")
    school.command("Ana", type="redact_message", room="general", message=gone, reason="Off topic")
    edited = school.post("Mei", "To be edited")
    school.command("Mei", type="edit_message", room="general", message=edited, text="Edited")
    school.command("Ana", type="pin_message", room="general", message=root)
    school.command("Mei", type="set_reaction", room="general", message=root, emoji="👍", on=True)
    return root


def show(visitor: Visitor, view: str, school: School, root: int) -> None:
    page = visitor.page
    match view:
        case "join":
            page.goto(f"{school.url}/join#invite=any")
            expect(page.get_by_label("Your name")).to_be_visible()
        case "need_invite":
            page.goto(f"{school.url}/")
            expect(page.get_by_label("Invite link")).to_be_visible()
        case "home":
            visitor.enter()
            expect(page.locator(".room-card").first).to_be_visible()
        case "empty_room":
            visitor.room("resources")
        case "thread":
            visitor.enter(f"/room/general?panel=thread-{root}")
            expect(page.locator("aside .msg").nth(2)).to_be_visible()
        case "search":
            visitor.enter("/room/general?panel=search-heap")
            expect(page.locator("aside .hit").first).to_be_visible()
            page.get_by_text("Narrow it down").click()
        case "people" | "pins":
            visitor.enter(f"/room/general?panel={view}")
            expect(page.locator("aside h2")).to_be_visible()
        case _:
            visitor.room()
            expect(visitor.message(root)).to_have_count(1)
            show_over_room(visitor, view, root)


def show_over_room(visitor: Visitor, view: str, root: int) -> None:
    page = visitor.page
    match view:
        case "help":
            visitor.message(root).focus()
            page.keyboard.press("?")
            expect(page.locator("dialog[open]")).to_be_visible()
        case "message_menu":
            visitor.message(root).hover()
            visitor.message(root).get_by_role("button", name="More", exact=True).click()
            expect(page.get_by_role("menuitem").first).to_be_visible()
        case "my_menu":
            page.get_by_role("button", name="My settings").click()
            expect(page.get_by_role("menuitemradio").first).to_be_visible()
        case "ask":
            page.get_by_role("button", name="My settings").click()
            page.get_by_role("menuitem", name="Change my name").click()
            expect(page.get_by_role("dialog")).to_be_visible()
        case "writing":
            visitor.field.press_sequentially("Hello @")
            expect(page.get_by_role("option").first).to_be_visible()
        case "failed":
            visitor.cut()
            visitor.say("Waiting")
            expect(page.locator(".banner")).to_be_visible()
        case _:
            expect(page.locator("#log .katex").first).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_targets_are_large_enough(visit: Visit, school: School, talk: int, view: str) -> None:
    visitor = visit("Kofi")
    show(visitor, view, school, talk)
    assert visitor.page.evaluate(SMALL_TARGETS, [TARGETS, TARGET_PX_MIN]) == []
    visitor.page.evaluate(AXE.read_text())
    for theme in THEMES:
        visitor.turn(theme)
        found: dict[str, Any] = visitor.page.evaluate(
            "tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", TAGS
        )
        violations = [
            f"{theme}: {violation['id']}: {node['html'][:160]}\n    {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not violations, "\n".join(violations)


@pytest.mark.parametrize("view", ["join", "home", "room", "thread", "search", "people", "message_menu"])
def test_targets_are_large_enough_on_a_phone(visit: Visit, school: School, talk: int, view: str) -> None:
    visitor = visit("Kofi", size="phone")
    show(visitor, view, school, talk)
    assert visitor.page.evaluate(SMALL_TARGETS, [TARGETS, TARGET_PX_MIN]) == []


@pytest.mark.parametrize("view", ["join", "home", "room", "thread", "search", "people"])
def test_nothing_is_cut_off_at_320_px(visit: Visit, school: School, talk: int, view: str) -> None:
    visitor = visit("Kofi", size="smallest")
    show(visitor, view, school, talk)
    visitor.settle()
    assert visitor.page.evaluate("document.scrollingElement.scrollWidth") <= 320
    wide = visitor.page.evaluate(CUT_OFF)
    assert wide == []


def test_landmarks_stand_in_the_order_in_which_they_are_seen(visit: Visit, talk: int) -> None:
    kofi = visit("Kofi").enter(f"/room/general?panel=thread-{talk}")
    expect(kofi.page.locator("aside .msg").first).to_be_visible()
    expect(kofi.page.locator("main form")).to_be_visible()
    order = kofi.page.evaluate(ORDER)
    assert order[:6] == ["header", "nav", "main", "log", "form", "aside"]
    log = kofi.page.locator("#log")
    assert log.get_attribute("aria-live") == "off"


def test_the_announcer_speaks_once_per_five_seconds_and_as_chosen(visit: Visit, school: School) -> None:
    room = school.make_room("Spoken")
    kofi = visit("Kofi")
    kofi.page.clock.install()
    kofi.room(room)
    kofi.page.evaluate(LISTEN)
    for number in range(5):
        school.post("Mei", f"Message {number}", room=room)
    for _ in range(20):
        kofi.page.clock.run_for(100)
        if kofi.saying("Message 4").count():
            break
    kofi.page.clock.run_for(1_000)
    assert len(kofi.page.evaluate("window.__spoken")) == 1
    kofi.page.clock.run_for(5_000)
    spoken = kofi.page.evaluate("window.__spoken")
    assert len(spoken) == 2
    assert spoken[-1].endswith("new messages. Latest, Mei: Message 4")
    kofi.page.get_by_role("button", name="My settings").click()
    kofi.page.clock.run_for(300)
    kofi.page.get_by_role("menuitemradio", name="Nothing").click()
    school.post("Mei", "Unheard", room=room)
    for _ in range(60):
        kofi.page.clock.run_for(200)
    assert len(kofi.page.evaluate("window.__spoken")) == 2


def test_focus_stays_where_it_is_when_messages_come(visit: Visit, school: School) -> None:
    kofi = visit("Kofi").room()
    seq = school.post("Mei", "Focus here")
    kofi.message(seq).focus()
    for number in range(5):
        school.post("Ana", f"Noise {number}")
    expect(kofi.saying("Noise 4")).to_have_count(1)
    expect(kofi.message(seq)).to_be_focused()


def test_reduced_motion_is_honoured(visit: Visit) -> None:
    kofi = visit("Kofi")
    kofi.page.emulate_media(reduced_motion="reduce")
    kofi.room()
    longest = kofi.page.evaluate(LONGEST)
    assert longest <= 0.01


def test_what_a_panel_covers_on_a_phone_is_not_reached_by_keys(visit: Visit, talk: int) -> None:
    kofi = visit("Kofi", size="phone").enter(f"/room/general?panel=thread-{talk}")
    expect(kofi.page.locator("aside .msg").first).to_be_visible()
    for _ in range(30):
        kofi.page.keyboard.press("Tab")
        assert not kofi.page.evaluate("Boolean(document.activeElement.closest('main'))")
    kofi.page.locator("aside").get_by_role("button", name="Close the panel").click()
    expect(kofi.field).to_be_visible()
