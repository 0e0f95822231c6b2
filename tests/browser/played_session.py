"""A live session played over HTTP, for the tests of what is read afterwards."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from dataclasses import dataclass
from typing import Any, Final

from tests.browser.school import School
from tests.servers import TERTULIA

PAUSE_S: Final = 0.3
"""Longer than what is counted takes to be counted anew: every vote stands at a moment of its own."""


@dataclass
class Played:
    """A session: its room, the seq of its `session_opened` and of its end (the last entry so far, if it runs)."""

    room: str
    session: int
    last: int


class Lecture:
    """`teach` and `say` act as people do; each is one command."""

    def __init__(self, school: School, *, name: str, title: str) -> None:
        self.school = school
        made = school.command("Ines", type="create_room", name=name, kind="session")
        self.room = str(made["stream"]).removeprefix("room/")
        self.session = self.act("Ines", "open_session", title=title)

    def act(self, who: str, type: str, **more: Any) -> int:
        return int(self.school.command(who, type=type, room=self.room, **more)["seq"])

    def say(self, who: str, text: str, **more: Any) -> int:
        return self.act(who, "post_message", text=text, **more)

    def ask(self, who: str, text: str) -> str:
        """The question's id."""
        self.act(who, "ask_question", text=text)
        return str(self.state()["session"]["questions"][-1]["question"])

    def vote(self, question: str, *people: str) -> None:
        for who in people:
            self.act(who, "vote_question", question=question)

    def poll(self, text: str, *options: str, **more: Any) -> int:
        return self.act("Ines", "open_poll", text=text, options=list(options), **more)

    def answer(self, poll: int, **choices: int) -> None:
        for who, choice in choices.items():
            self.act(who, "answer_poll", poll=poll, choices=[choice])

    def state(self) -> Any:
        return self.school.get("Ines", f"/api/rooms/{self.room}")["state"]

    def pause(self, times: float = 1) -> None:
        time.sleep(PAUSE_S * times)

    def so_far(self) -> Played:
        snapshot = self.school.get("Ines", f"/api/rooms/{self.room}")
        return Played(self.room, self.session, snapshot["seq"])

    def close(self) -> Played:
        self.act("Ines", "close_session")
        return self.so_far()


def stretch(school: School, times: int) -> None:
    """Let all that happened so far have taken so many times as long, and end now: seconds become a lecture."""
    school.kill()
    now = int(time.time() * 1000)
    with sqlite3.connect(school.data / "tertulia.sqlite3") as log:
        (last,) = log.execute("SELECT max(at) FROM entry").fetchone()
        log.execute("UPDATE entry SET at = ? - (? - at) * ?", (now, last, times))
    log.close()
    subprocess.run([TERTULIA, "rebuild", "--data", school.data], check=True, capture_output=True)
    school.start()


def play(school: School, *, name: str = "Heaps, live") -> Played:
    """A whole lecture in some seconds: talk, questions that are voted for, merged, answered and dismissed, a hand, a
    poll and its repetition, marks of the recording, which is wound back once."""
    lecture = Lecture(school, name=name, title="Why heaps are cheap")
    lecture.act("Ines", "mark_session", media_position_ms=60_000, label="Heaps")
    lecture.say("Ines", "Welcome. Ask as soon as something is unclear.")
    lecture.say("Yusuf", "The slides are at https://example.org/heaps.pdf, thank you!")
    why = lecture.ask("Kofi", "Why is building a heap $O(n)$ and not $O(n \\log n)$?")
    lecture.pause()
    lecture.vote(why, "Mei", "Yusuf")
    lecture.pause()
    when = lecture.ask("Mei", "When would you choose a Fibonacci heap in real code?")
    again = lecture.ask("Yusuf", "Why not n log n?")
    lecture.vote(when, "Kofi")
    lecture.pause()
    lecture.vote(again, "Kofi", "Ana")
    lecture.pause()
    lecture.act("Ana", "merge_question", question=again, into=why)
    lecture.pause()
    poll = lecture.poll("What does building a heap cost?", "O(n)", "O(n log n)", "O(log n)")
    lecture.answer(poll, Kofi=1, Mei=1)
    lecture.pause()
    lecture.answer(poll, Yusuf=0)
    lecture.act("Ines", "close_poll", poll=poll)
    lecture.pause()
    lecture.act("Mei", "raise_hand")
    lecture.act("Ines", "mark_session", media_position_ms=900_000, label="The sum of heights")
    lecture.act("Ines", "answer_question", question=why, how="now")
    lecture.say("Mei", "The sum of heights picture helped a lot.")
    lecture.say("Kofi", "Slide 14 has a typo, second line.")
    lecture.act("Ines", "call_hand", person=school.person("Mei"))
    lecture.pause()
    lecture.act("Ines", "answer_question", question=why, how="live")
    second = lecture.act("Ines", "open_poll", again=poll)
    lecture.answer(second, Kofi=0, Mei=0, Yusuf=0)
    lecture.pause()
    lecture.act("Ines", "close_poll", poll=second)
    off_topic = lecture.ask("Kofi", "Is there an exam?")
    lecture.act("Ana", "dismiss_question", question=off_topic, reason="off_topic")
    edited = lecture.say("Yusuf", "So the sum convergs.")
    lecture.act("Yusuf", "edit_message", message=edited, text="So the sum converges.")
    lecture.act("Ines", "mark_session", media_position_ms=600_000, label="Once more", rewound=True)
    lecture.say("Ines", "See https://en.wikipedia.org/wiki/Binary_heap for more.")
    lecture.pause()
    lecture.vote(when, "Yusuf", "Ana")
    lecture.pause()
    return lecture.close()


def begin(school: School, *, name: str = "Trees, live") -> Lecture:
    """A lecture that goes on: one question answered, one that is being answered, others that wait, an open poll."""
    lecture = Lecture(school, name=name, title="Trees")
    lecture.pause(2)
    pinned = lecture.say("Ines", "The exercise sheet is on the course page.")
    lecture.act("Ines", "pin_message", message=pinned)
    done = lecture.ask("Mei", "What is a balanced tree?")
    lecture.act("Ines", "answer_question", question=done, how="live")
    now = lecture.ask("Yusuf", "Why do we rotate?")
    lecture.act("Ines", "answer_question", question=now, how="now")
    for who, text in (("Ana", "Are red-black trees used?"), ("Mei", "And B-trees, are they balanced?")):
        lecture.vote(lecture.ask(who, text), "Yusuf")
    poll = lecture.poll("How many rotations?", "one", "two")
    lecture.answer(poll, Mei=0)
    return lecture
