"""What a lane's keeper brings into a state before a decision, while other things happen in the room."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.room import MessageFact, RoomState, remember
from tertulia.live.keepers import RoomKeeper


class BusyRoom:
    """Answers what is asked of old messages; at the first time, so much happens meanwhile that the state is full."""

    def __init__(self, state: RoomState) -> None:
        self._state = state
        self._is_first = True

    async def message_facts(self, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
        if self._is_first:
            self._is_first = False
            for newer in range(100, 100 + limits.message_facts_max - 1):
                remember(self._state, fact_of(newer))
            self._state.head += limits.message_facts_max
        return {seq: fact_of(seq) for seq in seqs}

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked for here")


def fact_of(seq: int) -> MessageFact:
    return MessageFact(seq, PersonId("p-ana"), seq)


def test_what_is_known_is_still_known_when_what_is_not_has_been_read() -> None:
    """Or the reaction to a message that is there would be refused (seed 158 of the simulation)."""
    state = RoomState(room=RoomId("general"), head=99)
    remember(state, fact_of(2))
    asyncio.run(RoomKeeper(BusyRoom(state)).recall(state, [2, 3]))  # type: ignore[arg-type]
    assert {2, 3} <= state.facts.keys()
