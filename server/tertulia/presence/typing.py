"""Who is typing where. A word on the way: it expires by itself, and nothing is owed to whoever missed it.

A client forgets a `typing` record after `typing_expires_s`; so while people go on typing it is told again, at most
every `typing_every_s`, and otherwise only when it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId, StreamName
from tertulia.presence.messages import Types, decode_typing, encode
from tertulia.wire.records import TypingNow

TYPING: Final = StreamName("typing")
"""What these messages are called on the bus."""


class _Place(NamedTuple):
    """A room, or one of its threads."""

    room: RoomId
    thread: int | None


class _Typists:
    """Those who type in one place: person → when it expires, in the order they began."""

    __slots__ = ("expires_s", "is_due", "told", "told_s")

    def __init__(self) -> None:
        self.expires_s: dict[PersonId, float] = {}
        self.told: tuple[list[PersonId], int] = ([], 0)
        self.told_s = 0.0
        self.is_due = False
        """Whether somebody went on typing since it was told."""


class Typing:
    """`readers(room)`: how many read the room now; in a large one typing is neither told nor passed on."""

    def __init__(self, readers: Callable[[RoomId], int]) -> None:
        self._readers = readers
        self._places: dict[_Place, _Typists] = {}
        self._taken_s: dict[PersonId, float] = {}
        """When a person's typing was last taken, oldest first."""

    def types(self, room: RoomId, thread: int | None, *, person: PersonId, now_s: float) -> bytes | None:
        """A person of this node types. What to publish on the room's channel; None when it came too soon after the
        last one, or the room is too large for it."""
        taken_s = self._taken_s.get(person)
        # The slack is for a client that keeps to the beat over a network that does not.
        if taken_s is not None and now_s - taken_s < limits.typing_every_s - limits.typing_slack_s:
            return None
        if self._is_too_large(room):
            return None
        self._taken_s.pop(person, None)
        self._taken_s[person] = now_s
        self._note(_Place(room, thread), person, now_s)
        return encode(Types(person, thread))

    def hear(self, room: RoomId, payload: bytes, *, now_s: float) -> None:
        """A person of another node types. (Our own words, coming back, change nothing.)"""
        message = decode_typing(payload)
        if message is not None:
            self._note(_Place(room, message.thread), message.person, now_s)

    def posted(self, room: RoomId, thread: int | None, *, person: PersonId) -> None:
        """Said is typed no more, and what is typed next is news."""
        self._taken_s.pop(person, None)
        typists = self._places.get(_Place(room, thread))
        if typists is not None:
            typists.expires_s.pop(person, None)

    @property
    def is_idle(self) -> bool:
        """Nobody types anywhere, and nobody did a moment ago: `posted` would change nothing."""
        return not self._taken_s and not self._places

    def changes(self, now_s: float) -> list[TypingNow]:
        """What is to be told to the rooms' readers now. Call it on a tick."""
        self._forget(now_s)
        records = []
        for place, typists in list(self._places.items()):
            record = _record(place, typists, now_s)
            if record is not None and not self._is_too_large(place.room):
                records.append(record)
            if not typists.expires_s:
                del self._places[place]
        return records

    def _note(self, place: _Place, person: PersonId, now_s: float) -> None:
        typists = self._places.get(place)
        if typists is None:
            typists = self._places[place] = _Typists()
        typists.expires_s[person] = now_s + limits.typing_expires_s
        typists.is_due = True

    def _forget(self, now_s: float) -> None:
        for typists in self._places.values():
            for person in [person for person, expires_s in typists.expires_s.items() if expires_s <= now_s]:
                del typists.expires_s[person]
        for person, taken_s in list(self._taken_s.items()):
            if now_s < taken_s + limits.typing_every_s:
                break
            del self._taken_s[person]

    def _is_too_large(self, room: RoomId) -> bool:
        return self._readers(room) > limits.typing_readers_max


def _record(place: _Place, typists: _Typists, now_s: float) -> TypingNow | None:
    names = list(typists.expires_s)[: limits.typing_names_max]
    now = (names, len(typists.expires_s))
    goes_on = typists.is_due and now_s >= typists.told_s + limits.typing_every_s
    if now == typists.told and not goes_on:
        return None
    typists.told, typists.told_s, typists.is_due = now, now_s, False
    return TypingNow(room=place.room, thread=place.thread, people=names, count=now[1])
