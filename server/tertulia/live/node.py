"""One node: what the flow needs, held together; nothing here decides anything.

A node is one process with one event loop. It is handed its log, bus, projections, tokens, clock and ids, and can
be made several times in one process (the simulation does).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from tertulia.auth.tokens import Tokens
from tertulia.bus import Bus
from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.cohort import CohortState
from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    StreamName,
    cohort_stream,
    room_stream,
    stream_owner,
    user_stream,
)
from tertulia.domain.person import PersonState
from tertulia.domain.room import RoomState
from tertulia.eventlog import EventLog
from tertulia.eventlog.stats import LogStats
from tertulia.histogram import SECONDS, Histogram
from tertulia.hub import Channel
from tertulia.hub.channel import FlushStats
from tertulia.live.keepers import CohortKeeper, PersonKeeper, RoomKeeper
from tertulia.live.lane import Lane
from tertulia.live.ports import Clock, IdSource
from tertulia.live.rates import CommandRates
from tertulia.projections import Reading
from tertulia.wire.stored import Entry


@dataclass(slots=True, kw_only=True)
class Counts:
    """What metrics tell, beside the hub's. Plain integers: adding one costs nothing."""

    accepted: int = 0
    duplicates: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    resumes: dict[str, int] = field(default_factory=dict)
    repairs: int = 0
    connections_total: int = 0
    closed: dict[str, int] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)

    def read(self, why: str) -> None:
        """The log or a projection is asked, for readers who come or lack something."""
        self.reads[why] = self.reads.get(why, 0) + 1


@lru_cache(maxsize=limits.channels_remembered_max)
def owner_of(stream: StreamName) -> StreamName:
    """`room/x/signals` → `room/x`: the bus channel and the lane a stream belongs to."""
    kind, rest = stream.split("/", 1)
    return StreamName(f"{kind}/{rest.split('/', 1)[0]}")


class Node:
    def __init__(
        self,
        *,
        node_id: str,
        log: EventLog,
        bus: Bus,
        reading: Reading,
        tokens: Tokens,
        rates: CommandRates,
        clock: Clock,
        ids: IdSource,
        log_stats: LogStats | None = None,
    ) -> None:
        self.node_id = node_id
        self.log = log
        self.bus = bus
        self.reading = reading
        self.tokens = tokens
        self.rates = rates
        self.clock = clock
        self.ids = ids
        self.counts = Counts()
        self.flush_stats = FlushStats()
        self.log_stats = log_stats or LogStats()
        self.loop_lag = Histogram(SECONDS)
        """How late the event loop comes back to what is due, looked at every `loop_lag_every_s`."""
        self.channels: dict[StreamName, Channel] = {}
        self.conversations: dict[Conversation, None] = {}
        self.people: dict[PersonId, dict[Conversation, None]] = {}
        """The open conversations of each person on this node."""
        self.is_draining = False
        self._room_keeper = RoomKeeper(reading)
        self._cohort_keeper = CohortKeeper()
        self._person_keeper = PersonKeeper()
        self._lanes: dict[StreamName, Lane[Any]] = {}
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.publish: Any = _not_started
        """`receive.publish`, bound by `receive.start`; lanes give it what they appended."""

    # --- lanes --------------------------------------------------------------------------------------------------

    def room_lane(self, room: RoomId) -> Lane[RoomState]:
        return cast(Lane[RoomState], self._lane(room_stream(room), self._room_keeper))

    def cohort_lane(self, cohort: CohortId) -> Lane[CohortState]:
        lane = cast(Lane[CohortState], self._lane(cohort_stream(cohort), self._cohort_keeper))
        lane.is_pinned = True
        return lane

    def cohort_lanes(self) -> list[Lane[CohortState]]:
        """Of all cohorts this node has to do with."""
        return [lane for owner, lane in self._lanes.items() if owner.startswith("cohort/")]

    def person_lane(self, person: PersonId) -> Lane[PersonState]:
        return cast(Lane[PersonState], self._lane(user_stream(person), self._person_keeper))

    def lane_of(self, stream: StreamName) -> Lane[Any] | None:
        """The lane a stream's entries belong to, if it is loaded."""
        return self._lanes.get(owner_of(stream))

    def _lane(self, owner: StreamName, keeper: Any) -> Lane[Any]:
        lane = self._lanes.get(owner)
        if lane is None:
            lane = self._lanes[owner] = Lane(
                owner, keeper=keeper, log=self.log, clock=self.clock, publish=self._publish
            )
        lane.is_used = True
        return lane

    def _publish(self, entries: Sequence[Entry]) -> None:
        self.publish(entries)

    def drop_idle_lanes(self, *, now_s: float) -> None:
        """Forget the state of rooms and people nobody has written to for a while; a cohort's stays."""
        for owner, lane in list(self._lanes.items()):
            if lane.is_used:
                lane.is_used, lane.used_at = False, now_s
            elif lane.is_idle and not lane.is_pinned and now_s - lane.used_at > limits.channel_idle_s:
                del self._lanes[owner]

    async def bring_up_lanes(self) -> None:
        """What others look at must not stay behind when a read failed."""
        for lane in list(self._lanes.values()):
            lane.bring_up()

    # --- people -------------------------------------------------------------------------------------------------

    def cohort_state(self, cohort: CohortId) -> CohortState | None:
        """The cohort as it is known now, without waiting."""
        lane = cast("Lane[CohortState] | None", self._lanes.get(cohort_stream(cohort)))
        return None if lane is None else lane.state

    def arrive(self, person: PersonId, conversation: Conversation) -> int:
        """The number of the connection on this node."""
        self.people.setdefault(person, {})[conversation] = None
        self.conversations[conversation] = None
        self.counts.connections_total += 1
        return self.counts.connections_total

    def depart(self, person: PersonId, conversation: Conversation) -> None:
        self.conversations.pop(conversation, None)
        mine = self.people.get(person)
        if mine is not None:
            mine.pop(conversation, None)
            if not mine:
                del self.people[person]

    # --- tasks --------------------------------------------------------------------------------------------------

    def spawn(self, coroutine: Any) -> asyncio.Task[Any]:
        """A task of this node's own, ended with it. What it raises is a bug and is logged by the loop."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    async def cancel_tasks(self) -> None:
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def cohort_of_owner(owner: StreamName) -> CohortId:
    return CohortId(stream_owner(owner))


def _not_started(entries: Sequence[Entry]) -> None:
    raise AssertionError("receive.start binds this before any command is taken")
