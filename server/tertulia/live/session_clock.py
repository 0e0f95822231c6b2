"""What the server does in live sessions by itself, at ticks: a held floor is released and teams are recalled when their
time has come, and who follows the room of an open session is noted.

Each node looks after the rooms it has readers in, so that nothing is due on a node that was just started until somebody
is there to see it. Several nodes may find the same thing due: the lane decides on what the log has, so that one does it
and the others find it done.
"""

from __future__ import annotations

import asyncio

from tertulia.domain.cohort import CohortState
from tertulia.domain.decision import Decision, Setting
from tertulia.domain.ids import PersonId, RoomId, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.due import due, is_due
from tertulia.domain.session.life import note_attendance
from tertulia.domain.session.state import NOBODY
from tertulia.eventlog import LogUnavailable
from tertulia.live.lane import Lane
from tertulia.live.node import Node
from tertulia.live.people_here import PeopleHere


class SessionClock:
    def __init__(self, node: Node, here: PeopleHere) -> None:
        self._node = node
        self._here = here

    async def tick(self) -> None:
        """At most one decision in each room; what cannot be done now is done at a later tick."""
        looks = [
            self._look(cohort, listed.room)
            for cohort in self._node.cohort_lanes()
            if cohort.state is not None
            for listed in cohort.state.rooms.values()
            if listed.kind == "session" and not listed.closed and self._is_read(listed.room)
        ]
        await asyncio.gather(*looks)

    def _is_read(self, room: RoomId) -> bool:
        channel = self._node.channels.get(room_stream(room))
        return channel is not None and bool(channel.readers)

    async def _look(self, cohort: Lane[CohortState], room: RoomId) -> None:
        lane = self._node.room_lane(room)
        try:
            state = await lane.ready()
        except LogUnavailable:
            return
        people = [person for person, role in self._here.own(room).items() if role != "bot"]
        if is_due(state, at=self._node.clock.now_ms()) or _is_unnoted(state, people):
            # Whatever it is refused for, the next tick finds it due again.
            await lane.ask(lambda now, at: self._decide(cohort, now, people, at), author=NOBODY, relies_on=cohort)

    def _decide(
        self, cohort: Lane[CohortState], state: RoomState, people: list[PersonId], at: int
    ) -> Decision | Refusal:
        known = cohort.state
        if known is None:
            return Refusal("unavailable")
        setting = Setting(known.roles, known.rooms)
        return due(state, setting=setting, at=at) or note_attendance(state, people)


def _is_unnoted(state: RoomState, people: list[PersonId]) -> bool:
    """Whether one of those here is to be noted."""
    return state.session.is_open and any(not state.session.attends(person) for person in people)
