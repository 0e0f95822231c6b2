"""What was said in the demo cohort before you came: the shape of `demo_talk.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from tertulia.domain.commands import RoomKind
from tertulia.domain.ids import CohortId, RoomId
from tertulia.domain.policy import Role


class Person(msgspec.Struct, frozen=True):
    name: str
    role: Role
    link: bool = False


class Room(msgspec.Struct, frozen=True):
    id: RoomId
    name: str
    kind: RoomKind
    topic: str


class Said(msgspec.Struct, frozen=True):
    """`id` names it for what follows; `minutes` ago."""

    id: str
    minutes: float
    by: str
    room: RoomId
    text: str
    reply_to: str = ""


class Reacted(msgspec.Struct, frozen=True):
    by: str
    to: str
    emoji: str


class Talk(msgspec.Struct, frozen=True):
    """`pinned`, `resolved`: ids of messages."""

    cohort: CohortId
    name: str
    course_name: str
    founder: str
    people: list[Person]
    rooms: list[Room]
    talk: list[Said]
    reactions: list[Reacted]
    pinned: list[str]
    resolved: list[str]


def read() -> Talk:
    text = Path(__file__).with_name("demo_talk.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Talk)
