"""The instructor's console in a real Chromium, by keyboard: what waits is published, reworded, merged, dismissed; the
queue is answered; all of it undone; hands, polls, pace, floor; focus that is never lost; axe-core in both themes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.school import School
from tests.browser.session_room import SessionRoom
from tests.browser.visitor import THEMES, Visitor

AXE = Path(__file__).resolve().parents[2] / "client_js" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGET_PX_MIN = 24

SMALL_TARGETS = """minimum => [...document.querySelectorAll("main a[href], main button, main input, main summary")]
  .map(element => [element.outerHTML.slice(0, 120), element.getBoundingClientRect(), getComputedStyle(element).display])
  .filter(([, { width, height }, display]) => width && display !== "inline" && (width < minimum || height < minimum))"""


def arrive(visit: Visit, room: SessionRoom, name: str = "Ines", **how: str) -> Visitor:
    visitor = visit(name, **how).enter(room.console)
    expect(visitor.page.locator("[data-card=fair]")).to_be_visible()
    return visitor


def row(visitor: Visitor, question: str, card: str = "approve") -> Locator:
    return visitor.page.locator(f"[data-list={card}][data-row='{question}']")


def answer(visitor: Visitor, **fields: str) -> None:
    """Fill the dialog that is open and send it, by keyboard."""
    dialog = visitor.page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    for name, value in fields.items():
        field = dialog.locator(f"[name={name}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    submit = dialog.locator("button[type=submit]")
    submit.focus()
    visitor.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)


def test_what_waits_is_published_reworded_dismissed_and_undone_by_keyboard(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Approving", approve_questions=True)
    first, second, third = (room.ask("Kofi", text) for text in ("What is a heap?", "what is a treap", "Lunch?"))
    ines = arrive(visit, room)
    keys = ines.page.keyboard
    keys.press("j")
    expect(row(ines, first)).to_be_focused()
    keys.press("p")
    expect(row(ines, first, "fair")).to_be_visible()
    expect(row(ines, second)).to_be_focused()  # the next one, since I took the first away
    keys.press("r")
    expect(ines.page.locator("dialog[open] [name=text]")).to_be_focused()
    answer(ines, text="What is a treap?")
    expect(row(ines, second)).to_contain_text("What is a treap?")
    expect(row(ines, second)).to_be_focused()
    keys.press("j")
    expect(row(ines, third)).to_be_focused()
    keys.press("d")
    answer(ines, reason="off_topic", note="At noon.")
    expect(row(ines, third)).to_have_count(0)
    expect(row(ines, second)).to_be_focused()
    assert room.status(third) == "dismissed"
    told = school.get("Kofi", "/api/cohort")
    assert told, "Kofi can still read"
    keys.press("u")
    expect(row(ines, third)).to_be_visible()
    assert room.status(third) == "pending"
    keys.press("p")
    expect(row(ines, second, "fair")).to_contain_text("What is a treap?")


def test_one_click_merges_with_a_similar_question_and_the_merge_is_undone(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Merging")
    known = room.ask("Kofi", "Why is building a binary heap linear in time?")
    room.do("Ines", "change_room", approve_questions=True)
    again = room.ask("Mei", "why is building a binary heap linear??")
    ines = arrive(visit, room)
    alike = row(ines, again).locator(".alike")
    expect(alike).to_contain_text("Why is building a binary heap linear in time?")
    expect(alike).to_contain_text(re.compile(r"\d+ %"))
    alike.get_by_role("button").click()
    expect(row(ines, again)).to_have_count(0)
    assert room.status(again) == "merged"
    ines.page.locator(".notice", has_text="Merged").get_by_role("button", name="Undo").click()
    expect(row(ines, again)).to_be_visible()
    assert room.status(again) == "pending"
    row(ines, again).focus()
    ines.page.keyboard.press("m")
    answer(ines, into=known)
    expect(row(ines, again)).to_have_count(0)
    assert room.status(again) == "merged"


def test_the_queue_is_answered_aloud_and_in_text_by_keyboard(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Answering")
    first, second = room.ask("Kofi", "What is a stack?"), room.ask("Mei", "What is a queue?")
    ines = arrive(visit, room)
    page = ines.page
    row(ines, second, "fair").focus()
    page.keyboard.press("s")
    expect(page.locator(".stale")).to_be_visible()
    expect(row(ines, second, "fair").locator(".place")).to_have_text("2")  # nothing moves under the hands
    page.locator(".stale button").click()
    expect(row(ines, second, "fair").locator(".place")).to_have_text("1")
    row(ines, first, "fair").focus()
    page.keyboard.press("a")
    now = page.locator(".now")
    expect(now).to_contain_text("What is a stack?")
    expect(row(ines, second, "fair")).to_be_focused()
    page.keyboard.press("x")
    expect(now).to_have_count(0)
    assert room.status(first) == "answered_live"
    page.keyboard.press("t")
    answer(ines, text="First in, first out.")
    expect(row(ines, second, "fair")).to_have_count(0)
    assert room.status(second) == "answered_text"
    expect(page.locator("[data-card=fair] h2")).to_be_focused()  # no row is left, and the focus is still here
    page.keyboard.press("u")
    expect(row(ines, second, "fair")).to_be_visible()
    assert room.status(second) == "published"


def test_a_row_another_took_stays_under_my_focus(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Two at work", approve_questions=True)
    mine, other = room.ask("Kofi", "Mine?"), room.ask("Kofi", "The other?")
    ines = arrive(visit, room)
    row(ines, mine).focus()
    room.do("Ana", "approve_question", question=mine)
    expect(row(ines, mine)).to_contain_text("by somebody else")
    expect(row(ines, mine)).to_be_focused()
    late = room.ask("Mei", "Late?")
    expect(row(ines, late)).to_be_visible()
    expect(row(ines, mine)).to_be_focused()
    ines.page.keyboard.press("j")
    expect(row(ines, other)).to_be_focused()
    expect(row(ines, mine)).to_have_count(0)


def test_hands_are_called_in_order_and_lowered(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Hands")
    for name in ("Kofi", "Mei", "Yusuf"):
        room.do(name, "raise_hand")
    ines = arrive(visit, room)
    hands = ines.page.locator("[data-list=hands]")
    expect(hands).to_have_count(3)
    expect(hands.first).to_contain_text("Kofi")
    ines.page.keyboard.press("h")
    expect(ines.page.locator(".called")).to_contain_text("Kofi has the floor")
    row(ines, school.person("Yusuf"), "hands").focus()
    ines.page.keyboard.press("l")
    expect(row(ines, school.person("Yusuf"), "hands")).to_have_count(0)
    expect(ines.page.locator("[data-list=hands]:focus")).to_have_count(1)
    assert school.person("Yusuf") not in [hand["hand"] for hand in room.session.get("hands", [])]


def test_a_poll_is_made_watched_closed_and_asked_again_with_its_shift(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Polls")
    ines = arrive(visit, room)
    ines.page.keyboard.press("o")
    answer(ines, text="Is a heap sorted?", options="Yes\nNo")
    polls = ines.page.locator(".poll")
    expect(polls).to_have_count(1)
    first = room.session["polls"][0]["poll"]
    room.do("Kofi", "answer_poll", poll=first, choices=[0])
    room.do("Mei", "answer_poll", poll=first, choices=[1])
    expect(polls.first.locator(".bars")).to_contain_text("50 %")
    polls.first.get_by_role("button", name="Close and show").press("Enter")
    expect(polls.first).to_contain_text("closed")
    polls.first.get_by_role("button", name="Ask again").press("Enter")
    expect(polls).to_have_count(2)
    second = room.session["polls"][1]["poll"]
    for name in ("Kofi", "Mei"):
        room.do(name, "answer_poll", poll=second, choices=[1])
    expect(polls.first.locator(".bars li").last).to_contain_text("+50 points")
    assert polls.first.locator(".bars li").last.locator(".share").get_attribute("width") == "100"


def test_pace_is_shown_for_five_or_more(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Pace")
    ines = arrive(visit, room)
    card = ines.page.locator("[data-card=pace]")
    for name in ("Kofi", "Mei", "Yusuf", "Ana"):
        room.do(name, "set_pace", pace="lost")
    expect(card).to_contain_text("Shown when 5 people")
    room.do("Ines", "set_pace", pace="ok")
    expect(card).to_contain_text("Now 80 % lost, 20 % fine")
    expect(card.locator("svg[role=img]")).to_have_attribute("aria-label", re.compile("80 % lost"))
    card.locator("summary").press("Enter")
    expect(card.locator("tbody tr").last).to_contain_text("4")


def test_the_table_of_equal_voice_says_what_to_do_next(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Voices")
    learners = [visit(name).enter(f"/room/{room.room}") for name in ("Kofi", "Mei")]
    for learner in learners:
        expect(learner.page.locator("h1").first).to_contain_text("Voices")
    room.ask("Kofi", "Who begins?")
    room.do("Mei", "raise_hand")
    ines = arrive(visit, room)
    card = ines.page.locator("[data-card=voice]")
    expect(card.locator(".number")).to_have_text("1.0", timeout=30_000)
    expect(card.locator(".seat")).to_have_count(2)
    expect(card.locator(".hand")).to_have_count(1)
    expect(card.locator("svg[role=img]")).to_have_attribute(
        "aria-label", re.compile("2 people at the table: 1 heard, 1 not")
    )
    expect(card.locator(".next")).to_have_text("1 person is unheard; 1 of them has a hand up. Call Mei.")
    card.get_by_role("button", name="Call Mei").click()
    expect(ines.page.locator(".called")).to_contain_text("Mei has the floor")


def test_the_floor_is_held_to_think_and_released(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Thinking")
    ines = arrive(visit, room)
    ines.page.keyboard.press("f")
    answer(ines, prompt="Why is it linear?", minutes="3")
    floor = ines.page.locator("[data-card=held]")
    expect(floor).to_contain_text("Why is it linear?")
    expect(floor.locator(".now .time")).to_have_text(re.compile(r"2:5\d"))
    room.do("Kofi", "post_message", text="Because most nodes are low")
    expect(floor.locator("[data-row]")).to_contain_text("Because most nodes are low")
    ines.page.keyboard.press("f")
    expect(floor).to_contain_text("Everyone may speak")
    assert room.session.get("floor") is None


def test_staff_see_an_alias_until_they_look_behind_it_with_a_reason(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Aliases", anonymity="alias", approve_questions=True)
    question = room.ask("Mei", "May I ask?", alias=True)
    ines = arrive(visit, room)
    expect(row(ines, question)).to_contain_text("alias")
    expect(row(ines, question)).not_to_contain_text("Mei")
    row(ines, question).get_by_role("button", name="Who is").click()
    answer(ines, reason="They asked for help in person")
    expect(row(ines, question)).to_contain_text("is Mei")


def test_reports_are_dealt_with_and_notes_stay_among_staff(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Reports")
    bad = int(room.do("Kofi", "post_message", text="Buy my watches")["seq"])
    fine = int(room.do("Kofi", "post_message", text="A fine word")["seq"])
    for message in (bad, fine):
        room.do("Mei", "report_message", message=message, reason="Advertising")
    ines = arrive(visit, room)
    reports = ines.page.locator("[data-list=reports]")
    expect(reports).to_have_count(2)
    expect(reports.first).to_contain_text("Buy my watches")
    reports.first.get_by_role("button", name="Hide").click()
    answer(ines, reason="An advertisement")
    expect(ines.page.locator(".notice", has_text="Hidden")).to_be_visible()
    ines.page.keyboard.press("u")
    expect(ines.page.locator(".notice", has_text="Undone: hid a message")).to_be_visible()
    reports.last.get_by_role("button", name="Nothing to do").click()
    expect(reports).to_have_count(1)
    field = ines.page.get_by_label("A note for the other staff")
    field.fill("x d u: keys that mean nothing here")
    field.press("Enter")
    expect(ines.page.locator(".notes")).to_contain_text("keys that mean nothing here")
    ines.page.reload()
    expect(reports).to_have_count(1)  # what was put aside stays aside on this device


def test_a_session_is_opened_marked_set_and_ended_from_here(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Opening")
    left = room.ask("Kofi", "Still open?")
    ines = arrive(visit, room)
    page = ines.page
    page.get_by_role("button", name="Mark…").click()
    answer(ines, position="0:12:30", label="slide 12")
    expect(page.locator(".console-head .time")).to_have_text(re.compile("00:12:3"))
    page.get_by_role("button", name="Settings of the session").click()
    answer(ines, approve="on", anonymity="alias")
    expect(page.locator(".notice", has_text="Saved")).to_be_visible()
    assert school.get("Ines", f"/api/rooms/{room.room}")["state"]["approve_questions"] is True
    page.get_by_role("button", name="End session…").click()
    answer(ines, to="trees")
    expect(page.locator(".console-head")).to_contain_text("ended")
    assert room.status(left) == "carried"
    page.get_by_role("button", name="Open session…").click()
    answer(ines, title="Again")
    expect(page.locator("h1")).to_contain_text("Again")


def test_f6_goes_from_card_to_card_and_the_keys_are_told(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Keys")
    question = room.ask("Kofi", "Why?")
    ines = arrive(visit, room)
    page = ines.page
    row(ines, question, "fair").focus()
    seen = []
    for _ in range(13):
        page.keyboard.press("F6")
        seen.append(page.evaluate("document.activeElement.closest('[data-card]')?.dataset.card ?? 'rooms'"))
    assert {"rooms", "head", "approve", "hands", "polls", "fair", "pace", "voice", "ledger"} <= set(seen)
    page.keyboard.press("?")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Keys of the console")
    for key in "PRMDAXUH":
        expect(dialog.locator("kbd", has_text=re.compile(f"^{key}$"))).to_have_count(1)
    page.keyboard.press("x")  # means nothing in a dialog
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_console_is_for_staff_and_speaks_spanish(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Spanish")
    kofi = visit("Kofi").enter(room.console)
    expect(kofi.page.locator("h1")).to_have_text("The console is for staff")
    ana = visit("Ana", lang="es-ES")
    ana.page.goto(f"{school.url}/join#token={school.token('Ana')}")
    expect(ana.page.locator("tt-home-view h1")).to_be_visible()
    ana.go(room.console)
    expect(ana.page.locator("h1")).to_contain_text("Consola docente")
    expect(ana.page.locator("[data-card=fair] h2")).to_have_text("Siguientes, en orden justo")


@pytest.mark.parametrize("size", ["desk", "phone", "smallest"])
def test_axe_finds_nothing_and_nothing_is_cut_off(visit: Visit, school: School, size: str) -> None:
    room = SessionRoom(school, f"Axe {size}", anonymity="alias")
    room.ask("Kofi", "Why is building a heap linear and not more than that?")
    now = room.ask("Mei", "What is amortised?")
    room.do("Ines", "answer_question", question=now, how="now")
    room.do("Ines", "change_room", approve_questions=True)
    room.ask("Mei", "Is building a heap linear?", alias=True)
    room.do("Yusuf", "raise_hand")
    poll = room.poll("Is a heap sorted?", "Yes", "No")
    room.do("Mei", "answer_poll", poll=poll, choices=[0])
    for name in ("Kofi", "Mei", "Yusuf", "Ana", "Ines"):
        room.do(name, "set_pace", pace="lost")
    message = int(room.do("Kofi", "post_message", text="Buy")["seq"])
    room.do("Mei", "report_message", message=message, reason="Advertising")
    ines = arrive(visit, room, size=size)
    expect(ines.page.locator(".alike")).to_be_visible()
    expect(ines.page.locator("svg.series")).to_be_visible()
    ines.page.locator(".series").locator("xpath=ancestor::section").locator("summary").click()
    for theme in THEMES:
        ines.turn(theme)
        ines.page.evaluate(AXE.read_text())
        found: dict[str, Any] = ines.page.evaluate(
            "tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", TAGS
        )
        violations = [
            f"{theme}: {violation['id']}: {node['html'][:160]}\n    {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not violations, "\n".join(violations)
    assert ines.page.evaluate(SMALL_TARGETS, TARGET_PX_MIN) == []
    cut = ines.page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert cut == []
