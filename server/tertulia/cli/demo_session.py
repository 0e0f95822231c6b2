"""The live session of the demo cohort: the shape of `demo_session.toml`, and its steps as commands."""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from tertulia.cli.demo_talk import Person
from tertulia.domain.commands import AnyRoomCommand
from tertulia.domain.ids import RoomId

_OWN: Final = ("id", "minutes", "by", "do", "people", "shares")
"""Of a step: what is not the command's."""
_NAMED: Final = ("question", "poll", "again", "message")
"""Of a command: what names something that an earlier step made."""


class Session(msgspec.Struct, frozen=True):
    room: RoomId
    crowd: list[str]
    steps: list[dict[str, Any]]

    @property
    def people(self) -> list[Person]:
        return [Person(name=name, role="learner") for name in self.crowd]


class Given(NamedTuple):
    """One command of a step, by whom. `makes`: the name by which later steps know what comes of it."""

    by: str
    minutes: float
    command: AnyRoomCommand
    makes: str | None


def read() -> Session:
    text = Path(__file__).with_name("demo_session.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Session)


async def go_on(
    session: Session, give: Callable[[Given], Awaitable[int]], question_at: Callable[[int], Awaitable[str | None]]
) -> None:
    """Do all steps. `give` tells the seq of what came of a command; `question_at` the question asked by a message. What
    refers to a question that is gone (another session has begun since) is passed over."""
    made: dict[str, int | str] = {}
    for number, step in enumerate(session.steps):
        for given in _commands(session, number, step, made):
            seq = await give(given)
            if given.makes is not None:
                is_question = step["do"] == "ask_question"
                named = await question_at(seq) if is_question else seq
                if named is not None:
                    made[given.makes] = named


def _commands(session: Session, number: int, step: dict[str, Any], made: dict[str, int | str]) -> Iterator[Given]:
    named = {name: made.get(step[name]) for name in _NAMED if name in step}
    if None in named.values():
        return
    fields = {name: value for name, value in step.items() if name not in _OWN} | named
    for index, (by, more) in enumerate(_doers(session, number, step)):
        wire = {"type": step["do"], "key": f"demo-session-{number}-{index}", "room": session.room, **fields, **more}
        yield Given(by, step["minutes"], msgspec.convert(wire, AnyRoomCommand), step.get("id"))


def _doers(session: Session, number: int, step: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Who does it: one by name, or so many of the crowd, other ones each time; `shares`: so many for each option."""
    if "by" in step:
        yield step["by"], {}
        return
    crowd = session.crowd[number % 7 :] + session.crowd[: number % 7]
    chosen = [{"choices": [place]} for place, count in enumerate(step.get("shares", [])) for _ in range(count)]
    yield from zip(crowd, chosen or [{}] * step["people"], strict=False)
