"""One person's private state: how far they have read. Folded from `user/<id>`."""

from __future__ import annotations

from typing import Final

import msgspec

from tertulia.domain import limits
from tertulia.domain.commands import MarkRead
from tertulia.domain.decision import Decision, Happening
from tertulia.domain.event import Event
from tertulia.domain.events import ReadMarked
from tertulia.domain.ids import PersonId, user_stream
from tertulia.domain.refusals import Refusal

STATE_VERSION: Final = 1


class PersonState(msgspec.Struct):
    """`markers`: "room" or "room/thread" → seq read up to. `head` is the seq folded so far."""

    person: PersonId
    markers: dict[str, int] = {}
    head: int = 0


def decide_mark_read(state: PersonState, command: MarkRead) -> Decision | Refusal:
    """A marker only goes forward; one that would not move changes nothing."""
    stream, place = user_stream(state.person), _place(command.room, command.thread)
    if state.markers.get(place, 0) >= command.seq:
        return Decision(stream)
    if command.thread is not None and place not in state.markers and len(state.markers) >= limits.thread_markers_max:
        return Refusal("too_many", f"You follow {limits.thread_markers_max} threads; the room itself can be marked.")
    marked = ReadMarked(room=command.room, seq=command.seq, thread=command.thread)
    return Decision(stream, (Happening(stream, marked),))


def apply_person(state: PersonState, *, seq: int, event: Event | None) -> None:
    """Fold one entry of `user/<id>`."""
    state.head = seq
    if isinstance(event, ReadMarked):
        place = _place(event.room, event.thread)
        state.markers[place] = max(state.markers.get(place, 0), event.seq)


def _place(room: str, thread: int | None) -> str:
    return room if thread is None else f"{room}/{thread}"
