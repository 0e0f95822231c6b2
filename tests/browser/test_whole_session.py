"""A whole live session in real Chromium, through the app alone: five people at six windows, from opening to replay.

Each step is asserted on the screens of the others. The server restarts in the middle. In every window but the speaker's
own and the instructor's, a watch reports a real name that stands beside what was said under an alias.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Locator, Request, Response, WebSocket, expect

from tests.browser.conftest import Visit
from tests.browser.played_session import PAUSE_S, stretch
from tests.browser.school import School
from tests.browser.test_console import answer, row
from tests.browser.test_replay import SEEK, SHOWN
from tests.browser.test_session_view import question, vote_button
from tests.browser.visitor import Visitor

SPEAKER = "Kofi"
WHY = "Why is building a heap linear?"
TERNARY = "Does it hold for ternary heaps too?"
BARE = "whats a treap"
TREAP = "What is a treap?"
AGAIN = "Is building a heap linear in time?"
LUNCH = "When is lunch?"
BREAK = "Is there a break before the proof?"
NOTE = "Ask me outside please"
POLL = "What does building a heap cost?"
LINEAR, MORE = "O(n)", "O(n log n)"
LONGER = 60

# What was said under an alias with the real name beside it becomes an error on the page's console: a fault.
WATCH = """([name, lines]) => {
  const places = ".msg, .q, .replay-q, .replay-now, .nowbar, .hands-strip li, .catch-up li, .stage-fit";
  new MutationObserver(() => document.querySelectorAll(places).forEach(({ textContent }) => {
    const isBeside = textContent.includes(name) && lines.some(line => textContent.includes(line));
    if (isBeside) console.error("UNMASKED", textContent);
  })).observe(document, { childList: true, subtree: true, characterData: true });
}"""

VOTES = """() => Object.fromEntries([...document.querySelectorAll(".queue-body > .queue .q")]
  .map(row => [row.dataset.question, Number(row.querySelector(".vote span").textContent)]))"""


class Moment(NamedTuple):
    """What stood in a learner's queue, with its votes, when `seq` was the room's newest entry."""

    seq: int
    votes: dict[str, int]


class Lesson:
    """The room, its people at their windows, and what their pages asked for in vain."""

    def __init__(self, school: School, visit: Visit) -> None:
        self.school = school
        self._visit = visit
        self.failed: list[str] = []
        self.told: dict[str, list[str]] = {}
        self.is_down = False
        made = school.command("Ines", type="create_room", name="Heaps, live", kind="session")
        self.room = str(made["stream"]).removeprefix("room/")
        self.ines = self.come("Ines")
        self.ines.enter(f"/c/demo/r/{self.room}/console")
        self.wall = self.come("Ines", size="projector", watched=True)
        self.wall.enter(f"/c/demo/r/{self.room}/presenter")
        self.kofi = self.come(SPEAKER).room(self.room)
        self.mei = self.come("Mei", size="phone", watched=True).room(self.room)
        self.yusuf = self.come("Yusuf", watched=True).room(self.room)

    def come(self, name: str | None, *, size: str = "desk", watched: bool = False) -> Visitor:
        visitor = self._visit(name, size=size)
        who = f"{name} ({size})"
        frames = self.told.setdefault(who, [])

        def note(what: str) -> None:
            if not self.is_down:
                self.failed.append(f"{who}: {what}")

        def on_answer(response: Response) -> None:
            if response.status >= 400:
                note(f"{response.status} {response.url}")

        def on_failed(request: Request) -> None:
            if request.failure != "net::ERR_ABORTED":  # a page that is left
                note(f"{request.failure} {request.url}")

        def on_socket(socket: WebSocket) -> None:
            socket.on("framereceived", lambda frame: frames.append(str(frame)))

        visitor.page.on("response", on_answer)
        visitor.page.on("requestfailed", on_failed)
        visitor.page.on("websocket", on_socket)
        if watched:
            visitor.context.add_init_script(f"({WATCH})({json.dumps([SPEAKER, [WHY, TERNARY]])})")
        return visitor

    # --- what is to be seen -----------------------------------------------------------------------------------------

    @property
    def learners(self) -> list[Visitor]:
        return [self.kofi, self.mei, self.yusuf]

    def each(self, look: Callable[[Visitor], Locator]) -> list[Locator]:
        return [look(visitor) for visitor in self.learners]

    def part(self, part: str) -> None:
        """To another part of the session, on the phone."""
        self.mei.page.get_by_role("tab", name=part).tap()

    def id_of(self, text: str) -> str:
        """Of a question in the console."""
        found = self.ines.page.locator("[data-list]", has_text=text)
        expect(found).to_have_count(1)
        return str(found.get_attribute("data-row"))

    def counted(self, text: str, votes: int, *, on_wall: bool = True) -> None:
        """So many votes on every screen; on the wall when it shows who is next."""
        for shown in self.each(lambda visitor: vote_button(visitor, text)):
            expect(shown.locator("span")).to_have_text(str(votes))
        queued = self.ines.page.locator("[data-list=fair]", has_text=text)
        expect(queued.locator(".votes")).to_contain_text(f"▲ {votes}")
        if on_wall:
            expect(self.wall.page.locator(".up-next li", has_text=text)).to_contain_text(f"▲ {votes}")

    def moment(self) -> Moment:
        self.yusuf.page.wait_for_timeout(3_000 * PAUSE_S)
        seq = self.school.get("Yusuf", f"/api/rooms/{self.room}")["seq"]
        return Moment(seq, self.yusuf.page.evaluate(VOTES))

    def restart(self) -> None:
        """The server goes and comes back; what happened before took longer."""
        self.is_down = True
        stretch(self.school, LONGER)
        for visitor in (*self.learners, self.ines, self.wall):
            visitor.page.wait_for_function("() => document.querySelector('tt-app').cohort.status.state === 'live'")
        self.is_down = False


def test_a_whole_session(visit: Visit, school: School) -> None:
    lesson = Lesson(school, visit)
    open_it(lesson)
    alias = ask(lesson)
    approve_and_reword(lesson, alias)
    vote(lesson)
    merged, unmerged = merge_and_undo(lesson)
    answer_aloud(lesson, alias)
    dismiss_and_resend(lesson)
    call_a_hand(lesson)
    poll_twice(lesson)
    set_the_pace(lesson)
    come_late(lesson)
    look_behind(lesson, alias)
    close_and_carry(lesson, alias)
    replay(lesson, merged, unmerged)
    assert lesson.failed == []


def open_it(lesson: Lesson) -> None:
    expect(lesson.wall.page.locator("h1")).to_have_text("We begin soon")
    for pill in lesson.each(lambda visitor: visitor.page.locator(".session-head > .pill")):
        expect(pill).to_have_text("not begun")
    page = lesson.ines.page
    page.get_by_role("button", name="Open session…").click()
    answer(lesson.ines, title="Why heaps are cheap")
    for head in lesson.each(lambda visitor: visitor.page.locator(".session-head")):
        expect(head.locator("h1")).to_have_text("Why heaps are cheap")
        expect(head.locator(".clock")).to_be_visible()
    expect(lesson.wall.page.locator("h1")).to_have_text("Ask a question: the floor is open")
    page.get_by_role("button", name="Settings of the session").click()
    answer(lesson.ines, approve="on", anonymity="alias")
    for pick in lesson.each(lambda visitor: visitor.page.locator(".alias-pick")):
        expect(pick).to_be_visible()


def ask(lesson: Lesson) -> str:
    """Kofi's alias."""
    kofi, mei, yusuf = lesson.learners
    pick = kofi.page.locator(".alias-pick")
    pick.locator("input").check()
    expect(pick).to_have_text(re.compile(r"^\s*as [A-Z][a-z]+ [a-z]+\s*$"))
    alias = pick.inner_text().strip().removeprefix("as ")
    for visitor, texts in ((kofi, (WHY, TERNARY)), (mei, (BARE,)), (yusuf, (AGAIN,))):
        for text in texts:
            visitor.say(text)
    waiting = lesson.ines.page.locator("[data-list=approve]")
    expect(waiting).to_have_count(4)
    for text in (WHY, TERNARY):
        expect(waiting.filter(has_text=text)).to_contain_text(alias)
        expect(waiting.filter(has_text=text)).not_to_contain_text(SPEAKER)
    lesson.part("Questions")
    expect(mei.page.locator(".notice-card")).to_contain_text("Waits for approval")
    expect(kofi.page.locator(".notice-card")).to_have_count(2)
    for queue in lesson.each(lambda visitor: visitor.page.locator(".q")):
        expect(queue).to_have_count(0)
    expect(lesson.wall.page.locator(".up-next")).to_have_count(0)
    return alias


def approve_and_reword(lesson: Lesson, alias: str) -> None:
    keys = lesson.ines.page.keyboard
    for text in (WHY, BARE, TERNARY, AGAIN):
        row(lesson.ines, lesson.id_of(text)).focus()
        keys.press("p")
        for shown in lesson.each(lambda visitor, text=text: question(visitor, text)):  # type: ignore[misc]
            expect(shown).to_be_visible()
    for visitor in (lesson.mei, lesson.yusuf):
        expect(question(visitor, WHY)).to_contain_text(f"{alias} · alias")
    expect(lesson.wall.page.locator(".up-next li")).to_have_count(3)
    row(lesson.ines, lesson.id_of(BARE), "fair").focus()
    keys.press("r")
    answer(lesson.ines, text=TREAP)
    for shown in lesson.each(lambda visitor: question(visitor, TREAP)):
        expect(shown).to_contain_text("reworded")
    asked = lesson.yusuf.saying(TREAP)
    asked.hover()
    asked.get_by_role("button", name="More", exact=True).click()
    lesson.yusuf.page.get_by_role("menuitem", name="Earlier versions").click()
    dialog = lesson.yusuf.page.get_by_role("dialog")
    expect(dialog.locator(".revision")).to_have_text([re.compile(re.escape(BARE)), re.compile(re.escape(TREAP))])
    dialog.get_by_role("button", name="Close").click()


def vote(lesson: Lesson) -> None:
    kofi, mei, yusuf = lesson.learners
    vote_button(yusuf, WHY).click()
    yusuf.field.focus()  # while the focus is in the queue, no row leaves it
    vote_button(mei, AGAIN).tap()
    lesson.counted(WHY, 2)
    lesson.counted(AGAIN, 2)
    expect(vote_button(mei, AGAIN)).to_have_attribute("aria-pressed", "true")
    mei.page.reload()
    lesson.part("Questions")
    for text, mine in ((AGAIN, "true"), (WHY, "false"), (TREAP, "true")):  # who asks has voted
        expect(vote_button(mei, text)).to_have_attribute("aria-pressed", mine)
    expect(vote_button(kofi, AGAIN)).to_have_attribute("aria-pressed", "false")


def merge_and_undo(lesson: Lesson) -> tuple[Moment, Moment]:
    """The moments when they were one, and two again."""
    into = lesson.id_of(WHY)
    row(lesson.ines, lesson.id_of(AGAIN), "fair").focus()
    lesson.ines.page.keyboard.press("m")
    answer(lesson.ines, into=into)
    for gone in lesson.each(lambda visitor: question(visitor, AGAIN)):
        expect(gone).to_have_count(0)
    lesson.counted(WHY, 3)  # Kofi, Yusuf and Mei: who asked for both is one
    for visitor in (lesson.mei, lesson.yusuf):
        expect(vote_button(visitor, WHY)).to_have_attribute("aria-pressed", "true")
    merged = lesson.moment()
    assert merged.votes[into] == 3
    lesson.ines.page.locator(".notice", has_text="Merged").get_by_role("button", name="Undo").click()
    lesson.counted(WHY, 2)
    lesson.counted(AGAIN, 2)
    expect(vote_button(lesson.mei, WHY)).to_have_attribute("aria-pressed", "false")
    expect(vote_button(lesson.mei, AGAIN)).to_have_attribute("aria-pressed", "true")
    unmerged = lesson.moment()
    assert len(unmerged.votes) == len(merged.votes) + 1
    return merged, unmerged


def answer_aloud(lesson: Lesson, alias: str) -> None:
    row(lesson.ines, lesson.id_of(WHY), "fair").focus()
    lesson.ines.page.keyboard.press("a")
    for banner in lesson.each(lambda visitor: visitor.page.locator(".nowbar")):
        expect(banner).to_contain_text(WHY)
        expect(banner).to_contain_text("2 people asked")
    stage = lesson.wall.page.locator(".stage")
    expect(stage.locator("h1")).to_have_text(WHY)
    expect(stage).to_contain_text(f"2 people asked · first by {alias}")
    lesson.ines.page.keyboard.press("x")
    for banner in lesson.each(lambda visitor: visitor.page.locator(".nowbar")):
        expect(banner).to_have_count(0)
    for done in lesson.each(lambda visitor: visitor.page.get_by_text("Answered · 1")):
        expect(done).to_be_visible()
    expect(stage.locator("h1")).to_have_text("Ask a question: the floor is open")


def dismiss_and_resend(lesson: Lesson) -> None:
    _, mei, yusuf = lesson.learners
    mei.say(LUNCH)
    row(lesson.ines, lesson.id_of(LUNCH)).focus()
    lesson.ines.page.keyboard.press("d")
    answer(lesson.ines, reason="off_topic", note=NOTE)
    card = mei.page.locator(".notice-card.warn")
    expect(card).to_contain_text("Dismissed: off topic")
    expect(card).to_contain_text(NOTE)
    card.get_by_role("button", name="Edit and send again").tap()
    dialog = mei.page.get_by_role("dialog")
    dialog.get_by_label("Question").fill(BREAK)
    dialog.get_by_role("button", name="Send").tap()
    expect(mei.page.locator(".notice-card")).to_contain_text("Waits for approval")
    again = row(lesson.ines, lesson.id_of(BREAK))
    expect(again).to_contain_text("sent again")
    again.focus()
    lesson.ines.page.keyboard.press("p")
    for shown in lesson.each(lambda visitor: question(visitor, BREAK)):
        expect(shown).to_be_visible()
    expect(mei.page.locator(".notice-card")).to_have_count(0)
    assert NOTE not in yusuf.page.content()
    assert {who for who, frames in lesson.told.items() if any(NOTE in frame for frame in frames)} == {
        "Mei (phone)",
        "Ines (desk)",
    }


def call_a_hand(lesson: Lesson) -> None:
    kofi, mei, yusuf = lesson.learners
    mei.page.get_by_role("button", name="Raise hand").tap()
    for visitor in (kofi, yusuf):
        expect(visitor.page.locator(".hands-strip li")).to_contain_text("Mei")
    expect(row(lesson.ines, lesson.school.person("Mei"), "hands")).to_be_visible()
    lesson.ines.page.keyboard.press("h")
    expect(mei.page.get_by_role("alert").filter(has_text="You were called on")).to_be_visible()
    expect(mei.page.locator(".called")).to_be_visible()
    for visitor in (kofi, yusuf, lesson.wall, lesson.ines):
        expect(visitor.page.get_by_text("Mei has the floor").first).to_be_visible()
    mei.page.get_by_role("button", name="Lower hand").tap()
    for visitor in (kofi, yusuf):
        expect(visitor.page.locator(".hands-strip")).to_have_count(0)
    expect(lesson.ines.page.locator("[data-card=hands]")).to_contain_text("No hand is up")
    expect(lesson.wall.page.locator("h1")).to_have_text("Ask a question: the floor is open")


def poll_twice(lesson: Lesson) -> None:
    kofi, mei, yusuf = lesson.learners
    page, stage = lesson.ines.page, lesson.wall.page.locator(".stage")

    def choose(*choices: str) -> None:
        expect(stage).to_contain_text("Poll")
        for visitor, choice in zip((kofi, mei, yusuf), choices, strict=True):
            card = visitor.page.locator("tt-poll").filter(has=visitor.page.locator("form"))
            card.get_by_label(choice, exact=True).check()
            card.get_by_role("button", name="Answer").click()
        expect(stage).to_contain_text("3 have answered")

    lesson.part("Polls")
    page.keyboard.press("o")
    answer(lesson.ines, text=POLL, options=f"{LINEAR}\n{MORE}")
    choose(MORE, LINEAR, MORE)
    expect(page.locator(".poll .bars")).to_contain_text("67 %")  # staff see them come
    for card in lesson.each(lambda visitor: visitor.page.locator("tt-poll")):
        expect(card).to_contain_text("3 ")
        expect(card).to_contain_text("Your answer")
        expect(card.locator(".bar")).to_have_count(0)
    expect(stage.locator(".bars")).to_have_count(0)
    page.get_by_role("button", name="Close and show").press("Enter")
    for card in lesson.each(lambda visitor: visitor.page.locator("tt-poll")):
        expect(card.locator(".bar")).to_contain_text(["33 %", "67 %"])
    expect(stage.locator(".bars li")).to_contain_text(["33 %", "67 %"])
    page.get_by_role("button", name="Ask again").press("Enter")
    choose(LINEAR, LINEAR, LINEAR)
    page.get_by_role("button", name="Close and show").press("Enter")
    for card in lesson.each(lambda visitor: visitor.page.locator("tt-poll", has_text="Second vote")):
        expect(card.locator(".bar")).to_contain_text(["100 % ▲ 67", "0 % ▼ 67"])
    expect(stage.locator(".bars li")).to_contain_text(["+67 points", "−67 points"])
    expect(page.locator(".poll").first.locator(".bars li").first).to_contain_text("+67 points")


def set_the_pace(lesson: Lesson) -> None:
    kofi, mei, yusuf = lesson.learners
    for visitor in (kofi, yusuf):
        lost = visitor.page.get_by_role("button", name="Lost")
        lost.click()
        expect(lost).to_have_attribute("aria-pressed", "true")
    menu = mei.page.get_by_role("button", name="Room menu")
    menu.tap()
    mei.page.get_by_role("menuitemradio", name="Lost").tap()
    menu.tap()
    expect(mei.page.get_by_role("menuitemradio", name="Lost")).to_have_attribute("aria-checked", "true")
    mei.page.keyboard.press("Escape")
    mei.page.wait_for_timeout(3_000 * PAUSE_S)
    card = lesson.ines.page.locator("[data-card=pace]")
    expect(card).to_contain_text("Shown when 5 people or more")
    expect(card).not_to_contain_text("%")
    assert lesson.school.get("Ines", f"/api/rooms/{lesson.room}/pace")["steps"] == []


def come_late(lesson: Lesson) -> None:
    lesson.restart()
    late = lesson.come(None, watched=True)
    late.page.goto(str(lesson.wall.page.locator("svg.code").get_attribute("data-link")))
    late.page.get_by_label("Your name").fill("Nadia")
    late.page.get_by_role("button", name="Join").click()
    expect(late.page.locator("tt-home-view")).to_contain_text("Hello, Nadia")
    late.page.locator(f"#rooms a[href$='{lesson.room}']").click()
    card = late.page.get_by_role("region", name="Catch me up")
    expect(card).to_contain_text(WHY)
    assert 3 <= card.get_by_role("link").count() <= 5
    card.get_by_role("button", name="Close the summary").click()
    expect(card).to_have_count(0)
    late.page.reload()
    expect(question(late, TREAP)).to_be_visible()
    expect(card).to_have_count(0)
    vote_button(late, TREAP).click()
    lesson.part("Questions")
    lesson.counted(TREAP, 2, on_wall=False)  # the results of the poll stand there
    for told in lesson.each(lambda visitor: visitor.page.locator(".catch-up")):
        expect(told).to_have_count(0)


def look_behind(lesson: Lesson, alias: str) -> None:
    asked = row(lesson.ines, lesson.id_of(TERNARY), "fair")
    expect(asked).not_to_contain_text(SPEAKER)
    asked.get_by_role("button", name="Who is").click()
    answer(lesson.ines, reason="They asked for help in person")
    expect(asked).to_contain_text(f"is {SPEAKER}")
    told = lesson.kofi.page.get_by_role("alert")
    expect(told).to_contain_text("Ines looked who is behind your alias: They asked for help in person")
    for visitor in (lesson.mei, lesson.yusuf):
        expect(question(visitor, TERNARY)).to_contain_text(alias)
        expect(question(visitor, TERNARY)).not_to_contain_text(SPEAKER)


def close_and_carry(lesson: Lesson, alias: str) -> None:
    left = {text: lesson.id_of(text) for text in (TREAP, TERNARY, AGAIN, BREAK)}
    lesson.ines.page.get_by_role("button", name="End session…").click()
    answer(lesson.ines, to="general")
    for pill in lesson.each(lambda visitor: visitor.page.locator(".session-head > .pill")):
        expect(pill).to_have_text("ended")
    expect(lesson.wall.page.locator("h1")).to_have_text("Thank you for coming")
    lesson.yusuf.page.locator("#rooms a", has_text="General talk").click()
    for text in left:
        expect(lesson.yusuf.saying(text)).to_be_visible()
    expect(lesson.yusuf.saying(TERNARY)).to_contain_text(alias)
    talk = lesson.school.get("Yusuf", "/api/rooms/general")["state"]["messages"]
    assert {message["text"]: message["question"] for message in talk if message.get("question")} == left
    lesson.mei.page.get_by_role("link", name="All rooms").tap()
    lesson.mei.page.get_by_role("link", name="General talk").tap()
    expect(lesson.mei.saying(TREAP)).to_be_visible()


def replay(lesson: Lesson, *moments: Moment) -> None:
    yusuf = lesson.yusuf
    page = yusuf.page
    page.locator("#rooms a", has_text="Heaps, live").click()
    page.get_by_role("button", name="Room menu").click()
    page.get_by_role("menuitem", name="Past sessions").click()
    page.locator("aside").get_by_role("link", name="Why heaps are cheap").click()
    expect(page.locator("tt-replay-view h1")).to_have_text("Why heaps are cheap")
    expect(page.locator("tt-replay-stage #log")).to_be_visible()
    for seq, votes in moments:
        page.evaluate(SEEK, seq)
        yusuf.frames(4)
        assert page.evaluate(SHOWN)["queue"] == votes
    page.get_by_role("slider", name="Position").press("End")
    expect(page.locator(".replay-done .replay-q")).to_have_count(5)  # one was answered, four go on as threads
