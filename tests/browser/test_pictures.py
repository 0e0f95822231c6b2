"""Pictures of every view at three widths in both themes, for people to look at: `tests/browser/shots/` (not in git).

The test only sees to it that they are made and that nothing went wrong on the way; who changes a view looks at them.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHOTS, Visit
from tests.browser.school import School
from tests.browser.visitor import THEMES, Visitor

VIEWS = ("join", "home", "room", "thread", "search", "people", "help", "menu", "edges")


@pytest.fixture(scope="module")
def talk(school: School) -> int:
    school.command("Ines", type="change_room", room="general", topic="Anything about the course; questions first")
    school.post(
        "Ines",
        "Welcome to week five. Bring one question to Thursday’s table, however small.\n\n"
        "- Read chapter 6 (heaps)\n- Try the *sift* exercise",
    )
    school.post("Yusuf", "Hello from Lisbon!")
    root = school.post(
        "Kofi", "If a heap is only partly ordered, why can we build one in $O(n)$ when sorting needs $O(n \\log n)$?"
    )
    code = "```python\nfor i in range(n // 2 - 1, -1, -1):\n    sift_down(heap, i)\n```"
    mei = school.post("Mei", f"Most nodes are near the bottom, so `sift_down` has little to do for them:\n\n{code}")
    school.post(
        "Mei", "$$\\sum_{h=0}^{\\lfloor \\log n \\rfloor} \\left\\lceil \\frac{n}{2^{h+1}} \\right\\rceil O(h) = O(n)$$"
    )
    for name, text in (
        ("Yusuf", "Is it the same for a ternary heap?"),
        ("Mei", "Yes, the sum still converges, with a smaller constant."),
        ("Kofi", "Then why does anybody use binary ones?"),
    ):
        school.post(name, text, reply_to=root)
    for name in ("Mei", "Yusuf", "Ana"):
        school.command(name, type="set_reaction", room="general", message=root, emoji="👍", on=True)
    school.command("Ana", type="set_reaction", room="general", message=mei, emoji="🎉", on=True)
    gone = school.post("Yusuf", "Removed in a moment")
    school.command("Ana", type="redact_message", room="general", message=gone, reason="It was about the exam")
    school.command("Kofi", type="mark_read", room="general", seq=gone)
    school.post("Yusuf", "The sum of heights changed my mind, see https://en.wikipedia.org/wiki/Binary_heap")
    school.post(
        "Ana", f"Good catch. Bring the proof on Thursday, @[Kofi]({school.person('Kofi')}): two minutes at the table."
    )
    school.post(
        "Ines", "> Two minutes at the table\n\nYes please. And **thank you** all for the patience with the projector."
    )
    school.post("Mei", "Slides are up.", room="resources")
    edges = school.command(
        "Ines", type="create_room", name="Edges and other long words: Donaudampfschifffahrtsgesellschaft"
    )
    room = str(edges["stream"]).removeprefix("room/")
    for text in (
        "مرحبا بالجميع، هل يمكننا البدء؟",
        "W" * 300,
        "| a | b | c |\n|---|---|---|\n" + "| some words | more words | yet more of them |\n" * 3,
        "# A heading\n\n1. one\n2. two\n   - deeper\n\n> quoted\n\n---\n\nhttps://example.invalid/" + "long" * 40,
        "```\n" + "x = 1  # " * 40 + "\n```",
        "שלום **לכולם** and English after it",
    ):
        school.post("Yusuf", text, room=room)
    school.edges = room  # type: ignore[attr-defined]
    return root


def show(visitor: Visitor, view: str, school: School, root: int) -> None:
    page = visitor.page
    places = {
        "thread": f"/room/general?panel=thread-{root}",
        "search": "/room/general?panel=search-sift",
        "people": "/room/general?panel=people",
        "edges": f"/room/{school.edges}",
    }  # type: ignore[attr-defined]
    if view == "join":
        page.goto(f"{school.url}/join#invite=any")
        expect(page.get_by_label("Your name")).to_be_visible()
    elif view == "home":
        visitor.enter()
    else:
        visitor.enter(places.get(view, "/room/general"))
        expect(page.locator("#log .msg").first).to_be_attached()
    if view == "help":
        page.keyboard.press("?")
    if view == "menu":
        visitor.message(root).hover()
        visitor.message(root).get_by_role("button", name="More", exact=True).click()
    if view in ("room", "thread"):
        expect(page.locator("#log .katex").first).to_be_attached()


@pytest.mark.parametrize("size", ["phone", "tablet", "desk"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_its_pictures(*, visit: Visit, school: School, talk: int, view: str, size: str) -> None:
    visitor = visit("Kofi", size=size)
    show(visitor, view, school, talk)
    SHOTS.mkdir(exist_ok=True)
    for theme in THEMES:
        visitor.turn(theme)
        picture = SHOTS / f"{view}-{size}-{theme}.png"
        visitor.page.screenshot(path=picture)
        assert picture.stat().st_size > 5_000
