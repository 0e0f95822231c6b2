"""The example bots of docs/bots do what they say against a real server, go on after a restart, end when asked to."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tertulia.client import Client, new_key
from tertulia.domain.commands import RedactMessage
from tertulia.domain.ids import RoomId
from tertulia.domain.session.commands import AnswerPoll, AnswerQuestion, AskQuestion, OpenSession
from tests.school import make_school
from tests.servers import Server

BOTS = Path(__file__).resolve().parent.parent / "docs" / "bots"
LANGUAGES = ["py", "js"]
ROOM = RoomId("session-5")
DEADLINE_S = 20.0

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Server]:
    rooms = {"general": "General talk", ROOM: "Session 5"}
    asyncio.run(make_school(tmp_path / "data", rooms=rooms, sessions=[ROOM]))
    with Server(tmp_path) as server:
        yield server


class Bot:
    """A bot that runs. `printed`: what it has said, once it has ended."""

    def __init__(self, server: Server, name: str, *options: str) -> None:
        program = [sys.executable] if name.endswith(".py") else ["node"]
        environment = os.environ | {"TERTULIA_TOKEN": server.token("Bot", role="bot")}
        self._process = subprocess.Popen(
            [*program, str(BOTS / name), "--url", server.url, *options],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def end(self) -> str:
        """Asked to, with nothing to complain about."""
        self._process.send_signal(signal.SIGTERM)
        return self.printed()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def printed(self) -> str:
        out, errors = self._process.communicate(timeout=DEADLINE_S)
        assert (self._process.returncode, errors) == (0, ""), errors
        return out


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def as_person(server: Server, name: str, role: Any, *commands: Any) -> list[int]:
    """Give commands as somebody; the seqs of the answers."""

    async def give() -> list[int]:
        async with Client(server.url, token=server.token(name, role=role)) as client:
            return [(await client.send(command)).seq for command in commands]

    return asyncio.run(give())


def events(server: Server, stream: str) -> list[dict[str, Any]]:
    async def get() -> Any:
        async with Client(server.url, token=server.token("Ina", role="instructor")) as client:
            return await client.get("/api/events", stream=stream)

    return list(asyncio.run(get())["events"])


def notes(server: Server) -> list[str]:
    told = events(server, f"room/{ROOM}/staff")
    return [event["data"]["text"] for event in told if event["name"] == "staff_noted"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_nudger_tells_staff_once_of_what_nobody_answers(school: Server, language: str) -> None:
    def ask(text: str) -> AskQuestion:
        return AskQuestion(key=new_key(), room=ROOM, text=text)

    as_person(school, "Ina", "instructor", OpenSession(key=new_key(), room=ROOM))
    as_person(school, "Lea", "learner", ask("Why is it a tree?"), ask("And if not?"))
    published = [event for event in events(school, f"room/{ROOM}") if event["name"] == "question_published"]
    first, second = (event["data"]["question"] for event in published)
    answer = AnswerQuestion(key=new_key(), room=ROOM, question=second, how="live")
    as_person(school, "Ina", "instructor", answer)
    bot = Bot(school, f"nudger.{language}", "--room", ROOM, "--after-s", "1")
    until(lambda: len(notes(school)) == 1, "nothing was told")
    assert bot.end() == ""
    as_person(school, "Lea", "learner", ask("Another one?"))
    bot = Bot(school, f"nudger.{language}", "--room", ROOM, "--after-s", "1")  # it has forgotten the first one
    until(lambda: len(notes(school)) == 2, "nothing was told after the restart")
    assert bot.end() == ""
    old, new = notes(school)
    assert first in old
    assert not any(question in new for question in (first, second))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_collector_goes_on_where_it_was(school: Server, tmp_path: Path, language: str) -> None:
    file = tmp_path / "links.md"

    def say(*texts: str) -> list[int]:
        async def post() -> list[int]:
            async with Client(school.url, token=school.token("Lea")) as client:
                return [(await client.post("general", text)).seq for text in texts]

        return asyncio.run(post())

    def links() -> list[str]:
        return re.findall(r"^- <(\S+)> ", file.read_text(), re.MULTILINE) if file.exists() else []

    def collector() -> Bot:
        return Bot(school, f"collector.{language}", "--room", "general", "--file", str(file))

    _, secret = say("see https://a.example/1", "and https://b.example/2 too")
    bot = collector()
    until(lambda: len(links()) == 2, "what was said before it came")
    say("https://c.example/3")
    until(lambda: len(links()) == 3, "what is said while it looks")
    bot.kill()
    say("https://d.example/4", "no link at all")
    bot = collector()
    until(lambda: len(links()) == 4, "what was said while it was away")
    as_person(school, "Lea", "learner", RedactMessage(key=new_key(), room=RoomId("general"), message=secret))
    until(lambda: len(links()) == 3, "what was taken back")
    assert bot.end() == ""
    assert links() == ["https://a.example/1", "https://c.example/3", "https://d.example/4"]
    assert "b.example" not in file.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_poll_bot_asks_and_counts_also_after_a_crash(school: Server, language: str) -> None:
    as_person(school, "Ina", "instructor", OpenSession(key=new_key(), room=ROOM))
    options = ["--room", ROOM, "--name", "heaps-1"]
    question = ["Which is faster?", "Sift down", "Push each"]

    def opened() -> list[int]:
        return [event["seq"] for event in events(school, f"room/{ROOM}") if event["name"] == "poll_opened"]

    bot = Bot(school, f"poll.{language}", *options, "--for-s", "60", *question)
    until(lambda: len(opened()) == 1, "no poll was opened")
    (poll,) = opened()
    for name, choice in (("Lea", 0), ("Len", 0), ("Lil", 1)):
        as_person(school, name, "learner", AnswerPoll(key=new_key(), room=ROOM, poll=poll, choices=[choice]))
    bot.kill()
    printed = Bot(school, f"poll.{language}", *options, "--for-s", "1", *question).printed()
    assert opened() == [poll]
    assert printed == "Which is faster? (3 answered)\n    2 Sift down\n    1 Push each\n"


def test_the_bots_are_short_and_the_readme_names_them() -> None:
    for program in (*BOTS.glob("*.py"), *BOTS.glob("*.js")):
        assert len(program.read_text().splitlines()) < 60, program
        assert f"`{program.stem}`" in (BOTS / "README.md").read_text()
    assert len(list(BOTS.glob("*.[pj][ys]"))) == 6
