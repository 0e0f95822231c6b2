"""The live session as it is seen: asking, voting, aliases, polls, hands, tabs on a phone, an order that waits for
focus; axe in both themes, sizes of targets, nothing cut off at 320 px."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.school import School
from tests.browser.test_accessibility import AXE, CUT_OFF, LISTEN, SMALL_TARGETS, TAGS, TARGET_PX_MIN, TARGETS
from tests.browser.visitor import THEMES, Visitor

ORDER = """() => [...document.querySelectorAll('.queue-body > .queue .q')]
  .map(row => row.querySelector('.q-text').textContent.trim())"""
IS_ORDER = f"expected => ({ORDER})().join() === expected"
FOCUSED = "() => document.activeElement.closest('.q')?.querySelector('.q-text').textContent.trim()"
SENT = """() => {
  window.__sent = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    window.__sent.push(JSON.parse(data).type);
    return send.call(this, data);
  };
}"""


class Lesson:
    """A room with an open session, made anew for each test. `ask` gives the question's id."""

    def __init__(self, school: School, name: str, **settings: Any) -> None:
        self.school = school
        made = school.command("Ines", type="create_room", name=name, kind="session")
        self.room = str(made["stream"]).removeprefix("room/")
        if settings:
            self.give("Ines", "change_room", **settings)
        self.give("Ines", "open_session", title=name)

    def give(self, who: str, type: str, **fields: Any) -> int:
        return int(self.school.command(who, type=type, room=self.room, **fields)["seq"])

    def ask(self, who: str, text: str, **fields: Any) -> str:
        self.give(who, "ask_question", text=text, **fields)
        return next(str(one["question"]) for one in self.state["questions"] if one["text"] == text)

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.school.get("Kofi", f"/api/rooms/{self.room}")["state"]["session"]
        return state


@pytest.fixture
def lesson(school: School, request: pytest.FixtureRequest) -> Lesson:
    name = request.node.name.removeprefix("test_")[:60]
    return Lesson(school, name, **getattr(request, "param", {}))


def question(visitor: Visitor, text: str) -> Locator:
    return visitor.page.locator(".q", has_text=text)


def vote_button(visitor: Visitor, text: str) -> Locator:
    return question(visitor, text).locator(".vote")


with_aliases = pytest.mark.parametrize("lesson", [{"anonymity": "alias"}], indirect=True)
with_approval = pytest.mark.parametrize("lesson", [{"approve_questions": True}], indirect=True)


def test_a_question_stands_in_the_queue_of_all_and_in_one_line_of_the_talk(visit: Visit, lesson: Lesson) -> None:
    kofi, mei = visit("Kofi").room(lesson.room), visit("Mei").room(lesson.room)
    expect(kofi.page.locator(".clock")).to_contain_text("LIVE")
    kofi.say("Why is **build-heap** linear?")
    for visitor in (kofi, mei):
        expect(vote_button(visitor, "Why is build-heap linear?")).to_have_attribute("aria-label", "Me too, 1 vote")
        expect(visitor.log.locator(".msg .asked")).to_contain_text("Why is build-heap linear?")
    expect(question(kofi, "Why is build-heap linear?")).to_contain_text("yours")
    expect(question(mei, "Why is build-heap linear?")).to_contain_text("Kofi")
    lesson.give("Ines", "answer_question", question=lesson.state["questions"][0]["question"], how="now")
    for visitor in (kofi, mei):
        expect(visitor.page.locator(".nowbar")).to_contain_text("Why is build-heap linear?")
        expect(question(visitor, "build-heap")).to_have_attribute("aria-current", "true")
    lesson.give("Ines", "answer_question", question=lesson.state["questions"][0]["question"], how="live")
    expect(mei.page.locator(".nowbar")).to_have_count(0)
    mei.page.get_by_text("Answered · 1").click()
    expect(question(mei, "build-heap")).to_contain_text("answered aloud")


def test_a_vote_is_shown_at_once_counted_for_all_and_known_after_a_reload(visit: Visit, lesson: Lesson) -> None:
    lesson.ask("Kofi", "Is a heap sorted?")
    mei, yusuf = visit("Mei").room(lesson.room), visit("Yusuf").room(lesson.room)
    button = vote_button(mei, "Is a heap sorted?")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    for visitor in (mei, yusuf):
        expect(vote_button(visitor, "Is a heap sorted?")).to_contain_text("2")
    expect(vote_button(yusuf, "Is a heap sorted?")).to_have_attribute("aria-pressed", "false")
    mei.page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_contain_text("2")
    button.click()
    expect(vote_button(yusuf, "Is a heap sorted?")).to_contain_text("1")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_an_observer_reads_and_cannot_vote_nor_raise_a_hand(visit: Visit, lesson: Lesson) -> None:
    lesson.ask("Kofi", "May you vote?")
    otto = visit("Otto").room(lesson.room)
    expect(vote_button(otto, "May you vote?")).to_have_attribute("aria-disabled", "true")
    vote_button(otto, "May you vote?").click(force=True)
    otto.frames()
    expect(otto.page.get_by_role("button", name="Raise hand")).to_have_count(0)
    assert max(lesson.state["votes"].values()) == 1


@with_aliases
def test_under_an_alias_others_see_the_alias_and_nobody_hears_of_typing(visit: Visit, lesson: Lesson) -> None:
    kofi, mei = visit("Kofi").room(lesson.room), visit("Mei").room(lesson.room)
    kofi.page.evaluate(SENT)
    box = kofi.page.locator(".alias-pick")
    expect(box).to_contain_text("under an alias")
    box.locator("input").check()
    expect(box).to_have_text(re.compile(r"^\s*as [A-Z][a-z]+ [a-z]+\s*$"))
    alias = box.inner_text().strip().removeprefix("as ")
    kofi.field.press_sequentially("Who am I?")
    kofi.page.wait_for_timeout(300)
    kofi.field.press("Enter")
    row = question(mei, "Who am I?")
    expect(row).to_contain_text(alias)
    expect(row).to_contain_text("alias")
    expect(row).not_to_contain_text("Kofi")
    expect(question(kofi, "Who am I?")).to_contain_text("yours")
    sent = kofi.page.evaluate("window.__sent")
    assert "ask_question" in sent
    assert "typing" not in sent
    kofi.page.reload()
    expect(box.locator("input")).to_be_checked()
    expect(box).to_contain_text(alias)
    kofi.page.get_by_role("button", name="View", exact=True).click()
    kofi.say("Still me")
    expect(mei.saying("Still me")).to_have_class(re.compile(r"\bjoined\b"))  # to the alias's own line before
    [*_, last] = lesson.school.get("Mei", f"/api/rooms/{lesson.room}")["state"]["messages"]
    assert last["by"].startswith("~")
    expect(kofi.page.locator(".msg.pending")).to_have_count(0)


@with_approval
def test_the_asker_is_told_of_a_dismissal_and_sends_it_again(visit: Visit, lesson: Lesson) -> None:
    kofi, mei = visit("Kofi").room(lesson.room), visit("Mei").room(lesson.room)
    kofi.say("When is lunch?")
    expect(kofi.page.locator(".notice-card")).to_contain_text("Waits for approval")
    expect(question(mei, "When is lunch?")).to_have_count(0)
    [waiting] = lesson.state["unpublished"]
    lesson.give("Ines", "dismiss_question", question=waiting, reason="off_topic", note="Ask at the break")
    card = kofi.page.locator(".notice-card.warn")
    expect(card).to_contain_text("Dismissed: off topic")
    expect(card).to_contain_text("Ask at the break")
    card.get_by_role("button", name="Edit and send again").click()
    kofi.page.get_by_role("dialog").get_by_label("Question").fill("When is the heap lunch?")
    kofi.page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(kofi.page.locator(".notice-card")).to_contain_text("Waits for approval")
    lesson.give("Ines", "approve_question", question=waiting)
    expect(question(mei, "When is the heap lunch?")).to_be_visible()
    expect(kofi.page.locator(".notice-card")).to_have_count(0)


def test_the_order_waits_while_focus_is_inside_and_is_offered(visit: Visit, lesson: Lesson) -> None:
    ids = {text: lesson.ask(who, text) for who, text in (("Kofi", "First"), ("Yusuf", "Second"), ("Mei", "Third"))}
    kofi = visit("Kofi").room(lesson.room)
    kofi.page.get_by_role("button", name="Top", exact=True).click()
    kofi.page.wait_for_function(IS_ORDER, arg="First,Second,Third")
    question(kofi, "Second").focus()
    for who in ("Ana", "Ines", "Kofi"):
        lesson.give(who, "vote_question", question=ids["Third"])
    expect(vote_button(kofi, "Third")).to_contain_text("4")
    assert kofi.page.evaluate(ORDER) == ["First", "Second", "Third"]
    assert kofi.page.evaluate(FOCUSED) == "Second"
    kofi.page.locator(".order-changed button").click()
    expect(kofi.page.locator(".order-changed")).to_have_count(0)
    assert kofi.page.evaluate(ORDER) == ["Third", "First", "Second"]
    assert kofi.page.evaluate(FOCUSED) == "Second"
    for who in ("Ana", "Ines", "Kofi", "Mei"):
        lesson.give(who, "vote_question", question=ids["Second"])
    expect(vote_button(kofi, "Second")).to_contain_text("5")
    assert kofi.page.evaluate(ORDER) == ["Third", "First", "Second"]
    kofi.field.focus()
    kofi.page.wait_for_function(IS_ORDER, arg="Second,Third,First")


def test_keys_move_in_the_queue_vote_and_go_round_the_panels(visit: Visit, lesson: Lesson) -> None:
    for who, text in (("Yusuf", "One"), ("Ana", "Two"), ("Ines", "Three")):
        lesson.ask(who, text)
    kofi = visit("Kofi").room(lesson.room)
    expect(kofi.page.locator(".queue-body > .queue .q")).to_have_count(3)
    assert kofi.page.locator(".queue-body > .queue .q[tabindex='0']").count() == 1
    kofi.field.focus()
    kofi.page.keyboard.press("F6")
    first, second = kofi.page.evaluate(ORDER)[:2]
    assert kofi.page.evaluate(FOCUSED) == first
    kofi.page.keyboard.press("ArrowDown")
    assert kofi.page.evaluate(FOCUSED) == second
    assert kofi.page.locator(".queue-body > .queue .q[tabindex='0']").count() == 1
    kofi.page.keyboard.press("v")
    expect(vote_button(kofi, second)).to_have_attribute("aria-pressed", "true")
    kofi.page.keyboard.press("F6")
    assert kofi.page.evaluate("Boolean(document.activeElement.closest('#rooms'))")


def test_a_poll_is_answered_hidden_until_closed_and_its_shift_is_shown(visit: Visit, lesson: Lesson) -> None:
    kofi = visit("Kofi").room(lesson.room)
    first = lesson.give("Ines", "open_poll", text="What does it cost?", options=["O(n)", "O(n log n)"])
    card = kofi.page.locator("tt-poll")
    card.get_by_label("O(n log n)").check()
    card.get_by_role("button", name="Answer").click()
    expect(card).to_contain_text("Your answer: O(n log n)")
    expect(card.locator(".bar")).to_have_count(0)
    kofi.page.reload()
    expect(card).to_contain_text("Your answer: O(n log n)")
    lesson.give("Mei", "answer_poll", poll=first, choices=[1])
    expect(card).to_contain_text("2 answers")
    lesson.give("Ines", "close_poll", poll=first)
    expect(card.locator(".bar").nth(1)).to_contain_text("100 %")
    second = lesson.give("Ines", "open_poll", again=first)
    for who, place in (("Kofi", 0), ("Mei", 1)):
        lesson.give(who, "answer_poll", poll=second, choices=[place])
    lesson.give("Ines", "close_poll", poll=second)
    again = kofi.page.locator("tt-poll", has_text="Second vote")
    expect(again.locator(".bar").nth(0)).to_contain_text("50 % ▲ 50")
    expect(again.locator(".bar").nth(1)).to_contain_text("50 % ▼ 50")
    expect(again.locator("table tbody tr").nth(1)).to_contain_text("down 50")
    assert again.locator(".bar .fill").nth(0).get_attribute("width") == "50"


def test_a_hand_goes_up_is_called_with_an_alert_and_the_pace_is_mine(visit: Visit, lesson: Lesson) -> None:
    kofi, mei = visit("Kofi").room(lesson.room), visit("Mei").room(lesson.room)
    lesson.give("Yusuf", "raise_hand")
    kofi.page.get_by_role("button", name="Raise hand").click()
    hand = kofi.page.locator(".btn.hand")
    expect(hand).to_have_attribute("aria-pressed", "true")
    expect(hand).to_contain_text("1 before you")
    expect(mei.page.locator(".hands-strip li").nth(1)).to_contain_text("Kofi")
    lesson.give("Ines", "call_hand", person=lesson.school.person("Kofi"))
    expect(kofi.page.get_by_role("alert").filter(has_text="You were called on")).to_be_visible()
    expect(kofi.page.locator(".called")).to_be_visible()
    expect(mei.page.get_by_text("Kofi has the floor")).to_be_visible()
    expect(mei.page.get_by_role("alert").filter(has_text="called")).to_have_count(0)
    fast = kofi.page.get_by_role("button", name="Too fast")
    fast.click()
    expect(fast).to_have_attribute("aria-pressed", "true")
    kofi.page.reload()
    expect(fast).to_have_attribute("aria-pressed", "true")


def test_a_held_floor_keeps_my_answer_and_says_so(visit: Visit, lesson: Lesson) -> None:
    kofi, mei = visit("Kofi").room(lesson.room), visit("Mei").room(lesson.room)
    lesson.give("Ines", "hold_floor", prompt="How many leaves has a heap?", for_s=600)
    floor = kofi.page.locator(".floor")
    expect(floor).to_contain_text("How many leaves has a heap?")
    expect(floor).to_contain_text("Shown in ")
    kofi.page.get_by_role("button", name="View", exact=True).click()
    kofi.say("About half of n")
    expect(floor).to_contain_text("Your answer is kept.")
    expect(mei.saying("About half of n")).to_have_count(0)
    lesson.give("Ines", "release_floor")
    expect(mei.saying("About half of n")).to_be_visible()
    expect(floor).to_have_count(0)
    expect(kofi.page.locator(".msg.pending")).to_have_count(0)


def test_a_challenge_asks_for_its_sentence_and_what_staff_hide_is_folded(visit: Visit, lesson: Lesson) -> None:
    said = lesson.give("Mei", "post_message", text="Leaves cost $O(n)$ each", kind="view")
    kofi = visit("Kofi").room(lesson.room)
    expect(kofi.message(said)).to_contain_text("View")
    kofi.message(said).hover()
    kofi.message(said).get_by_role("button", name="React").click()
    kofi.page.get_by_role("menuitemcheckbox", name="challenge").click()
    kofi.page.get_by_role("dialog").get_by_label("Your sentence").fill("A leaf has nowhere to sink.")
    kofi.page.get_by_role("dialog").get_by_role("button", name="Challenge").click()
    expect(kofi.message(said)).to_contain_text("1 reply")
    lesson.give("Ines", "hide_message", message=said, reason="Wrong and mean")
    expect(kofi.message(said)).to_contain_text("Hidden by staff: Wrong and mean")
    expect(kofi.message(said)).not_to_contain_text("each")
    kofi.message(said).get_by_role("button", name="Show", exact=True).click()
    expect(kofi.message(said)).to_contain_text("each")


def test_on_a_phone_talk_questions_and_polls_are_tabs_with_counts(visit: Visit, lesson: Lesson) -> None:
    lesson.give("Mei", "post_message", text="Hello from the talk")
    lesson.ask("Mei", "On a phone?")
    kofi = visit("Kofi", size="phone").room(lesson.room)
    tabs = kofi.page.get_by_role("tab")
    assert [tab.get_attribute("aria-selected") for tab in tabs.all()] == ["true", "false", "false"]
    expect(kofi.saying("Hello from the talk")).to_be_visible()
    expect(kofi.page.locator("aside")).to_have_count(0)
    expect(tabs.nth(1)).to_contain_text("1")
    tabs.nth(1).click()
    expect(question(kofi, "On a phone?")).to_be_visible()
    expect(kofi.saying("Hello from the talk")).not_to_be_visible()
    lesson.give("Mei", "post_message", text="Meanwhile")
    lesson.give("Ines", "open_poll", text="Ready?", options=["Yes", "No"])
    expect(tabs.nth(0)).to_contain_text("1")
    expect(tabs.nth(2)).to_contain_text("1")
    tabs.nth(1).press("ArrowRight")
    expect(tabs.nth(2)).to_be_focused()
    expect(kofi.page.locator("tt-poll")).to_contain_text("Ready?")
    tabs.nth(0).click()
    expect(kofi.saying("Meanwhile")).to_be_visible()
    kofi.page.get_by_role("button", name="Show in the queue").click()
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    vote_button(kofi, "On a phone?").click()
    expect(vote_button(kofi, "On a phone?")).to_contain_text("2")


def test_new_questions_are_announced_politely(visit: Visit, lesson: Lesson) -> None:
    kofi = visit("Kofi").room(lesson.room)
    kofi.page.evaluate(LISTEN)
    lesson.ask("Mei", "Do you hear me?")
    kofi.page.wait_for_function("() => window.__spoken.some(words => words.includes('Do you hear me?'))")
    assert len(kofi.page.evaluate("window.__spoken")) == 1


@pytest.fixture(scope="module")
def full(school: School) -> Lesson:
    """With everything in it."""
    lesson = Lesson(school, "Heaps and queues, with a rather long name", anonymity="alias")
    answered = lesson.ask("Kofi", "Is `heapq` a min-heap?")
    lesson.give("Ines", "answer_question", question=answered, how="live")
    now = lesson.ask("Mei", r"Why is building a heap $O(n)$ and not $O(n \log n)$?")
    lesson.ask("Yusuf", "When would you choose a Fibonacci heap in real code?")
    lesson.ask("Kofi", "Does it have decrease-key?", alias=True)
    gone = lesson.ask("Kofi", "When is lunch?")
    lesson.give("Ines", "dismiss_question", question=gone, reason="off_topic")
    lesson.give("Ines", "answer_question", question=now, how="now")
    first = lesson.give("Ines", "open_poll", text="Cost of build-heap?", options=["O(n)", "O(n log n)"])
    lesson.give("Mei", "answer_poll", poll=first, choices=[1])
    lesson.give("Ines", "close_poll", poll=first)
    lesson.give("Ines", "open_poll", again=first)
    lesson.give("Mei", "post_message", text="The sum of heights helped.", kind="view")
    lesson.give("Yusuf", "raise_hand")
    return lesson


def show(visitor: Visitor, full: Lesson, view: str) -> None:
    visitor.room(full.room)
    if view in ("questions", "polls"):
        visitor.page.get_by_role("tab", name=view.capitalize()).click()
    if view == "questions":
        expect(visitor.page.locator(".q").first).to_be_visible()
        visitor.page.locator(".answered summary").click()
    if view == "ledger":
        visitor.page.get_by_role("button", name="why").click()
        expect(visitor.page.get_by_role("dialog")).to_contain_text("What became of the questions")
    visitor.settle()


VIEWS = [("desk", "talk"), ("desk", "ledger"), ("phone", "talk"), ("phone", "questions"), ("phone", "polls")]


@pytest.mark.parametrize(("size", "view"), VIEWS)
def test_axe_finds_nothing_and_targets_are_large_enough(visit: Visit, full: Lesson, size: str, view: str) -> None:
    visitor = visit("Kofi", size=size)
    show(visitor, full, view)
    assert visitor.page.evaluate(SMALL_TARGETS, [TARGETS, TARGET_PX_MIN]) == []
    visitor.page.evaluate(AXE.read_text())
    for theme in THEMES:
        visitor.turn(theme)
        found = visitor.page.evaluate("tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", TAGS)
        violations = [
            f"{theme}: {violation['id']}: {node['html'][:160]}\n    {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not violations, "\n".join(violations)


@pytest.mark.parametrize("view", ["talk", "questions", "polls"])
def test_nothing_is_cut_off_at_320_px(visit: Visit, full: Lesson, view: str) -> None:
    visitor = visit("Kofi", size="smallest")
    show(visitor, full, view)
    assert visitor.page.evaluate("document.scrollingElement.scrollWidth") <= 320
    assert visitor.page.evaluate(CUT_OFF) == []
