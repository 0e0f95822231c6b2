"""What a lane must know of its kind of state: a room's, a cohort's or a person's. One keeper for each.

A keeper makes an empty state, copies one, says which streams are folded into it and how far, and applies an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from tertulia.domain import cohort, person, room
from tertulia.domain.cohort import CohortState
from tertulia.domain.event import Event
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName, stream_owner, user_stream
from tertulia.domain.person import PersonState
from tertulia.domain.room import RoomState
from tertulia.projections import Reading
from tertulia.wire.stored import Entry

S = TypeVar("S")


class Keeper(Protocol[S]):
    version: int
    sends_away: bool
    """Whether an entry may end the conversation of who is to be answered."""

    def fresh(self, owner: StreamName) -> S: ...
    def copy(self, state: S) -> S: ...
    def heads(self, state: S) -> dict[StreamName, int]: ...
    def apply(self, state: S, entry: Entry, event: Event | None) -> None:
        """`event`: the entry's, decoded."""
        ...

    async def recall(self, state: S, seqs: Sequence[int]) -> None:
        """Bring what decisions need to know of these old messages into the state."""
        ...

    def pack(self, state: S) -> bytes: ...
    def unpack(self, packed: bytes) -> S: ...


_pack = msgspec.msgpack.Encoder().encode


class RoomKeeper:
    version = room.STATE_VERSION
    sends_away = False

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def fresh(self, owner: StreamName) -> RoomState:
        return RoomState(room=RoomId(stream_owner(owner)))

    def copy(self, state: RoomState) -> RoomState:
        return msgspec.structs.replace(
            state,
            muted=dict(state.muted),
            last_post_at=dict(state.last_post_at),
            session=msgspec.structs.replace(state.session),
            facts=dict(state.facts),
        )

    def heads(self, state: RoomState) -> dict[StreamName, int]:
        main, staff, signals = room.state_streams(state.room)
        return {main: state.head, staff: state.staff_head, signals: state.signals_head}

    def apply(self, state: RoomState, entry: Entry, event: Event | None) -> None:
        if entry.stream.endswith("/staff"):
            room.apply_room_staff(state, seq=entry.seq, at=entry.at, by=entry.by, event=event)
        elif entry.stream.endswith("/signals"):
            room.apply_room_signals(state, seq=entry.seq, at=entry.at, by=entry.by, event=event)
        else:
            room.apply_room(state, seq=entry.seq, at=entry.at, by=entry.by, event=event)

    async def recall(self, state: RoomState, seqs: Sequence[int]) -> None:
        while True:
            for seq in seqs:
                if fact := state.facts.get(seq):
                    room.remember(state, fact)  # as the newest: else what comes, or is read, could push it out
            unknown = [seq for seq in seqs if seq not in state.facts and seq <= state.head]
            if not unknown:
                return
            head = state.head
            facts = await self._reading.message_facts(state.room, unknown)
            if state.head == head:  # else an edit or redaction may have come between: read again
                for fact in facts.values():
                    room.remember(state, fact)
                return

    def pack(self, state: RoomState) -> bytes:
        return _pack(msgspec.structs.replace(state, facts={}))

    def unpack(self, packed: bytes) -> RoomState:
        return msgspec.msgpack.decode(packed, type=RoomState)


class CohortKeeper:
    version = cohort.STATE_VERSION
    sends_away = True

    def fresh(self, owner: StreamName) -> CohortState:
        return CohortState(cohort=CohortId(stream_owner(owner)))

    def copy(self, state: CohortState) -> CohortState:
        return msgspec.structs.replace(
            state,
            members=dict(state.members),
            rooms=dict(state.rooms),
            invites=dict(state.invites),
            bans=dict(state.bans),
            uses=dict(state.uses),
            roles=dict(state.roles),
        )

    def heads(self, state: CohortState) -> dict[StreamName, int]:
        main, staff = cohort.state_streams(state.cohort)
        return {main: state.head, staff: state.staff_head}

    def apply(self, state: CohortState, entry: Entry, event: Event | None) -> None:
        if entry.stream.endswith("/staff"):
            cohort.apply_cohort_staff(state, seq=entry.seq, event=event)
        else:
            cohort.apply_cohort(state, seq=entry.seq, event=event)

    async def recall(self, state: CohortState, seqs: Sequence[int]) -> None:
        assert not seqs, "no decision on a cohort needs an old message"

    def pack(self, state: CohortState) -> bytes:
        return _pack(state)

    def unpack(self, packed: bytes) -> CohortState:
        return msgspec.msgpack.decode(packed, type=CohortState)


class PersonKeeper:
    version = person.STATE_VERSION
    sends_away = False

    def fresh(self, owner: StreamName) -> PersonState:
        return PersonState(person=PersonId(stream_owner(owner)))

    def copy(self, state: PersonState) -> PersonState:
        return msgspec.structs.replace(state, markers=dict(state.markers))

    def heads(self, state: PersonState) -> dict[StreamName, int]:
        return {user_stream(state.person): state.head}

    def apply(self, state: PersonState, entry: Entry, event: Event | None) -> None:
        person.apply_person(state, seq=entry.seq, event=event)

    async def recall(self, state: PersonState, seqs: Sequence[int]) -> None:
        assert not seqs, "no decision on a person needs an old message"

    def pack(self, state: PersonState) -> bytes:
        return _pack(state)

    def unpack(self, packed: bytes) -> PersonState:
        return msgspec.msgpack.decode(packed, type=PersonState)
