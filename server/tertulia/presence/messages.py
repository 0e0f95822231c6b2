"""What nodes tell each other about people: small JSON objects, told apart by `type`, on the room's bus channel; `Alive`
on the channel that every node hears.

`life` tells one run of a node from the next, `number` goes up by one with each message of that run about a room,
whatever the room: of two messages the one with the greater (life, number) holds.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.policy import Role

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Ask(msgspec.Struct, frozen=True, omit_defaults=True, tag="ask"):
    """Who is there with you? `to`: the nodes that are asked; none, all of them."""

    to: list[str] = []


class All(msgspec.Struct, frozen=True, tag="all"):
    """All people this node has in the room, by role. Empty: it has none any more."""

    life: _Count
    number: _Count
    people: dict[Role, list[PersonId]]


class Some(msgspec.Struct, frozen=True, tag="some"):
    """What changed since this node's message `after`, its last one about the room: who missed that one asks."""

    life: _Count
    number: _Count
    after: _Count
    came: dict[Role, list[PersonId]]
    went: list[PersonId]


class Alive(msgspec.Struct, frozen=True, omit_defaults=True, tag="alive"):
    """This node runs: its people are here still, in all rooms. With the number of its newest message about each room
    it lately told of: `told` where it has people, `gone` where it has none any more."""

    life: _Count
    told: dict[RoomId, _Count] = {}
    gone: dict[RoomId, _Count] = {}


class Types(msgspec.Struct, frozen=True, omit_defaults=True, tag="types"):
    """A person types now."""

    person: PersonId
    thread: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)] | None = None


_encode = msgspec.json.Encoder().encode
_presence: Final[msgspec.json.Decoder[Ask | All | Some | Alive]] = msgspec.json.Decoder(Ask | All | Some | Alive)
_typing: Final = msgspec.json.Decoder(Types)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def encode(message: Ask | All | Some | Alive | Types) -> bytes:
    return _encode(message)


def decode_presence(payload: bytes) -> Ask | All | Some | Alive | None:
    """None when it is not ours to read."""
    try:
        return _presence.decode(payload)
    except _UNREADABLE:
        return None


def decode_typing(payload: bytes) -> Types | None:
    """None when it is not ours to read."""
    try:
        return _typing.decode(payload)
    except _UNREADABLE:
        return None


def by_role(people: dict[PersonId, Role]) -> dict[Role, list[PersonId]]:
    grouped: dict[Role, list[PersonId]] = {}
    for person, role in people.items():
        grouped.setdefault(role, []).append(person)
    return grouped


def by_person(grouped: dict[Role, list[PersonId]]) -> dict[PersonId, Role]:
    return {person: role for role, people in grouped.items() for person in people}
