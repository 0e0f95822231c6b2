"""Pictures of a live session and of a past one, for people to look at, as test_pictures.py makes them of the rest: the
room with its queue, the console, the presenter, the replay."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHOTS, Visit
from tests.browser.played_session import Played, play, stretch
from tests.browser.school import School
from tests.browser.session_room import SessionRoom
from tests.browser.visitor import THEMES, Visitor

LONGER = 900
PARTS = {"session": "Talk", "session-questions": "Questions", "session-polls": "Polls"}
"""What a narrow page shows one at a time."""


class Rooms(NamedTuple):
    now: SessionRoom
    asked: SessionRoom
    results: SessionRoom
    past: Played


@pytest.fixture(scope="module")
def rooms(school: School) -> Rooms:
    past = play(school)
    now = SessionRoom(school, "Week 5: heaps", anonymity="alias")
    converse(now)
    asked = SessionRoom(school, "Week 5: questions")
    ask(asked)
    results = SessionRoom(school, "Week 6: heaps again")
    vote_again(results)
    stretch(school, LONGER)
    now.do("Ines", "hold_floor", for_s=3_000, prompt="Where are most nodes of a heap?")
    now.do("Kofi", "post_message", text="Near the leaves", kind="answer")
    return Rooms(now, asked, results, past)


def converse(room: SessionRoom) -> None:
    """Something of everything."""
    room.do("Ines", "post_message", text="Welcome. Ask as soon as something is unclear.")
    done = room.ask("Kofi", "Is `heapq` a min-heap?")
    room.do("Ines", "answer_question", question=done, how="live")
    now = room.ask("Mei", r"Why is building a heap $O(n)$ and not $O(n \log n)$?")
    asked = room.ask(
        "Yusuf", "When would you choose a Fibonacci heap in real code, and what does its constant cost you?"
    )
    room.ask("Kofi", "Does it have decrease-key?", alias=True)
    for who in ("Kofi", "Yusuf", "Ana"):
        room.do(who, "vote_question", question=now)
    room.do("Mei", "vote_question", question=asked)
    room.do("Ines", "answer_question", question=now, how="now")
    poll = room.poll(
        "What does building a heap cost?", "O(n)", "O(n log n)", "O(log n), as for one element, however many"
    )
    for who, choice in (("Mei", 1), ("Yusuf", 0)):
        room.do(who, "answer_poll", poll=poll, choices=[choice])
    room.do("Mei", "post_message", text="The sum of heights picture helped a lot.", kind="view")
    room.do("Yusuf", "post_message", text="Slide 14 has a typo, second line.")
    for who in ("Yusuf", "Mei"):
        room.do(who, "raise_hand")
    for who, pace in (("Kofi", "lost"), ("Mei", "ok"), ("Yusuf", "lost"), ("Ana", "ok"), ("Ines", "fast")):
        room.do(who, "set_pace", pace=pace)
    room.do("Ines", "change_room", approve_questions=True)
    room.ask("Mei", "Is building a heap linear?", alias=True)
    lunch = room.ask("Kofi", "When is lunch?")
    room.do("Ines", "dismiss_question", question=lunch, reason="off_topic", note="Ask me at the break")
    room.do("Ana", "note_staff", text="Slide 14 again: mend it before the next group.")


def ask(room: SessionRoom) -> None:
    now = room.ask("Mei", r"Why is building a heap $O(n)$ and not $O(n \log n)$, when each of the $n$ may sink deep?")
    for who, text in (
        ("Kofi", "Does it have decrease-key?"),
        ("Yusuf", "When would you choose a Fibonacci heap in real code, and what does its constant cost you then?"),
        ("Ana", "Is `heapq` a min-heap?"),
    ):
        room.ask(who, text)
    for who in ("Kofi", "Yusuf"):
        room.do(who, "vote_question", question=now)
    room.do("Ines", "answer_question", question=now, how="now")


def vote_again(room: SessionRoom) -> None:
    first = room.poll("What does building a heap cost?", "O(n)", "O(n log n)")
    for who in ("Kofi", "Mei", "Yusuf"):
        room.do(who, "answer_poll", poll=first, choices=[1])
    room.do("Ines", "close_poll", poll=first)
    second = int(room.do("Ines", "open_poll", again=first)["seq"])
    for who, choice in (("Kofi", 0), ("Mei", 0), ("Yusuf", 1)):
        room.do(who, "answer_poll", poll=second, choices=[choice])
    room.do("Ines", "close_poll", poll=second)


def photograph(visitor: Visitor, view: str, size: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    for theme in THEMES:
        visitor.turn(theme)
        picture = SHOTS / f"{view}-{size}-{theme}.png"
        visitor.page.screenshot(path=picture)
        assert picture.stat().st_size > 5_000


@pytest.mark.parametrize("size", ["phone", "tablet", "desk"])
@pytest.mark.parametrize("view", PARTS)
def test_the_session_has_its_pictures(visit: Visit, rooms: Rooms, view: str, size: str) -> None:
    visitor = visit("Kofi", size=size).room(rooms.now.room)
    tab = visitor.page.get_by_role("tab", name=PARTS[view])
    expect(visitor.page.locator(".session-head .clock")).to_be_visible()
    if not tab.count() and view != "session":
        return  # all of it is beside the talk
    if tab.count():
        tab.click()
    photograph(visitor, view, size)


@pytest.mark.parametrize("size", ["phone", "tablet", "desk"])
def test_the_console_has_its_pictures(visit: Visit, rooms: Rooms, size: str) -> None:
    visitor = visit("Ines", size=size).enter(rooms.now.console)
    expect(visitor.page.locator("[data-list=approve]")).to_be_visible()
    expect(visitor.page.locator(".poll .bars").first).to_be_visible()
    expect(visitor.page.locator(".seat").first).to_be_attached()
    photograph(visitor, "console", size)


@pytest.mark.parametrize("size", ["phone", "tablet", "desk"])
def test_the_replay_has_its_pictures(visit: Visit, rooms: Rooms, size: str) -> None:
    past = rooms.past
    visitor = visit("Mei", size=size).enter(f"/c/demo/r/{past.room}/s/{past.session}?seq={past.session + 25}")
    expect(visitor.page.locator("tt-replay-stage #log")).to_be_visible()
    photograph(visitor, "replay", size)
    if size == "phone":
        visitor.page.locator(".replay-tabs").get_by_role("button", name="Questions").click()
        photograph(visitor, "replay-questions", size)


@pytest.mark.parametrize("size", ["phone", "tablet", "projector", "desk", "wall"])
@pytest.mark.parametrize("subject", ["think", "question", "results"])
def test_the_presenter_has_its_pictures(visit: Visit, rooms: Rooms, subject: str, size: str) -> None:
    room = {"think": rooms.now, "question": rooms.asked, "results": rooms.results}[subject]
    visitor = visit("Ines", size=size).enter(room.presenter)
    expect(
        visitor.page.locator({"think": ".countdown", "question": ".eyebrow.live", "results": ".bars"}[subject])
    ).to_be_visible()
    expect(visitor.page.locator("svg.code")).to_be_visible()
    for theme in ("dark", "light"):
        expect(visitor.page.locator("html")).to_have_attribute("data-theme", theme)
        visitor.settle()
        visitor.page.screenshot(path=SHOTS / f"presenter-{subject}-{size}-{theme}.png")
        visitor.page.keyboard.press("t")
