"""What was held is posted: in the order it was said, each with the time it was. Used by floor.py and life.py."""

from __future__ import annotations

from collections.abc import Iterable

from tertulia.domain import talk
from tertulia.domain.decision import Happening, Roles
from tertulia.domain.ids import PersonId, room_staff_stream, room_stream
from tertulia.domain.room import MessageFact, RoomState
from tertulia.domain.session.events import FloorReleased, HeldReleased
from tertulia.domain.session.state import NOBODY, Held


def release_floor(state: RoomState, roles: Roles, *, by: PersonId | None = None) -> list[Happening]:
    """The floor is free, then all that was said while it was held. `by`: who did it, when it is not the asker."""
    released = Happening(room_stream(state.room), FloorReleased(), by)
    waiting = [held for held, message in state.session.held.items() if message.why == "floor"]
    return [released, *post_held(state, waiting, roles, seq=state.head + 2, by=by)]


def post_held(
    state: RoomState, held: Iterable[int], roles: Roles, *, seq: int, by: PersonId | None = None
) -> list[Happening]:
    """These messages, the first at `seq`; staff are told which they were."""
    stream, staff = room_stream(state.room), room_staff_stream(state.room)
    happenings: list[Happening] = []
    posted = list(held)
    for one in posted:
        at = seq + sum(happening.stream == stream for happening in happenings)
        said = _said(state, state.session.held[one])
        happenings += talk.post_happenings(state, said, seq=at, roles=roles)
    if posted:
        happenings.append(Happening(staff, HeldReleased(held=posted), by))
    return happenings


def _said(state: RoomState, held: Held) -> talk.Said:
    answered = None
    if held.reply_to is not None:
        author = PersonId(held.reply_author or NOBODY)
        answered = MessageFact(held.reply_to, author, held.thread or held.reply_to)
    return talk.Said(
        text=held.text,
        kind=held.kind,
        person=state.session.person_behind(held.by) or NOBODY,
        by=PersonId(held.by),
        answered=answered,
        held_at=held.at,
    )
