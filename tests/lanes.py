"""A room's lane by itself: its log is handed in, the test moves its clock, and decisions say what they were made on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tertulia.domain.decision import Decision, Happening
from tertulia.domain.events import MessagePosted, RoomCreated
from tertulia.domain.ids import CohortId, PersonId, StreamName
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.eventlog import EventLog
from tertulia.live.jobs import Done, Job
from tertulia.live.keepers import RoomKeeper
from tertulia.live.lane import Lane
from tertulia.projections import Reading
from tertulia.wire.stored import Entry
from tests.simulation.model_log import ModelReading

ROOM, STAFF = StreamName("room/general"), StreamName("room/general/staff")
SIGNALS = StreamName("room/general/signals")
ANA, BEN = PersonId("ana"), PersonId("ben")
CREATED = RoomCreated(cohort=CohortId("demo"), name="General", kind="discussion", topic="", emoji=[], slow_mode_s=0)

Decide = Callable[[RoomState, int], Decision | Refusal]


def posts(text: str = "Hi", *, seen: list[int] | None = None) -> Decide:
    """A message, unless the room is locked. `seen`: the heads it was decided on, each time."""

    def decide(state: RoomState, at: int) -> Decision | Refusal:
        if seen is not None:
            seen.append(state.head)
        if state.locked:
            return Refusal("room_locked")
        return Decision(ROOM, (Happening(ROOM, MessagePosted(text=text)),))

    return decide


class HandClock:
    def __init__(self) -> None:
        self.ms = 1_000

    def now_ms(self) -> int:
        return self.ms


class Here:
    """A lane of one node. `told`: answers and publications in the order they came."""

    def __init__(self, log: EventLog, *, reading: Reading | None = None) -> None:
        self.clock = HandClock()
        self.told: list[Any] = []
        self.published: list[Entry] = []
        keeper = RoomKeeper(reading or ModelReading(log))  # type: ignore[arg-type]
        self.lane = Lane[RoomState](ROOM, keeper=keeper, log=log, clock=self.clock, publish=self._publish)

    def _publish(self, entries: Sequence[Entry]) -> None:
        self.published += entries
        self.told.append([entry.seq for entry in entries])

    def gives(
        self,
        decide: Decide | None = None,
        *,
        key: str | None = None,
        by: PersonId = ANA,
        body: bytes = b"",
        **more: Any,
    ) -> list[Done | Refusal]:
        """A command; the list gets its answer."""
        answers: list[Done | Refusal] = []

        def answer(verdict: Done | Refusal) -> None:
            answers.append(verdict)
            self.told.append(verdict.code if isinstance(verdict, Refusal) else verdict.seq)

        self.lane.put(Job(by, key, body, decide or posts(), answer, **more))
        return answers


def seqs(*answers: list[Done | Refusal]) -> list[Any]:
    """Each was answered once: with a seq, `dup <seq>` or a code."""
    told: list[Any] = []
    for answer in answers:
        (verdict,) = answer
        match verdict:
            case Refusal(code=code):
                told.append(code)
            case Done(seq=seq, is_dup=is_dup):
                told.append(f"dup {seq}" if is_dup else seq)
    return told
