"""A data folder, used directly: the same flow as a server's, without a socket. Nobody else may be using the folder, but
for one whose log is in PostgreSQL: there this is one more node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tertulia.app import Settings, running
from tertulia.cli.exits import REFUSED, Trouble
from tertulia.domain.cohort import CohortState, decide_room_made
from tertulia.domain.commands import RoomKind
from tertulia.domain.decision import Decision
from tertulia.domain.ids import CohortId, PersonId, RoomId, cohort_staff_stream, cohort_stream, room_stream
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.live import greet
from tertulia.live.flow import Flow
from tertulia.live.ports import SystemClock


class SettableClock:
    """The system's time, unless another was set: what is imported keeps the time at which it was said."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._at_ms: int | None = None

    def now_ms(self) -> int:
        return self._system.now_ms() if self._at_ms is None else self._at_ms

    def set(self, at_ms: int | None) -> None:
        """None: the present. A time to come is not believed."""
        self._at_ms = None if at_ms is None else min(at_ms, self._system.now_ms())


@asynccontextmanager
async def opened(
    data: Path, *, clock: SettableClock, secret_file: Path | None = None, log: str = ""
) -> AsyncIterator[Flow]:
    """`log`: where it is, if not in the folder. Raises LogRefused (in use, damaged, newer), SecretRefused."""
    settings = Settings(data=data, log=log, secret_file=secret_file, rate_limits=False)
    async with running(settings, clock=clock) as flow:
        yield flow


async def ready_cohort(flow: Flow, cohort: CohortId) -> CohortState:
    """What is known of the cohort; empty when there is none. Commands can be given from here on."""
    await flow.receiver.open([cohort_stream(cohort), cohort_staff_stream(cohort)])
    return await flow.node.cohort_lane(cohort).ready()


async def make_cohort(
    flow: Flow, cohort: CohortId, *, founder: PersonId, name: str = "", course_name: str = ""
) -> None:
    """Unless it is there."""
    state = await ready_cohort(flow, cohort)
    if not state.exists:
        refusal = await greet.found_cohort(
            flow.node, cohort, founder=founder, name=name, course=cohort, course_name=course_name
        )
        must(refusal)


async def make_room(
    flow: Flow, cohort: CohortId, room: RoomId, *, founder: PersonId, name: str, kind: RoomKind, topic: str = ""
) -> None:
    """Unless it is there."""

    def decide(state: RoomState, at: int) -> Decision | Refusal:
        if state.exists:
            return Decision(room_stream(room))
        return decide_room_made(cohort, room, name=name, kind=kind, topic=topic)

    if await flow.node.reading.cohort_of(room) not in (None, cohort):
        raise Trouble(f"There is a room {room} in another cohort; choose another id.", REFUSED)
    # By the room's own lane: its first entry may be older than the cohort's last one (an import of old talk).
    done = await flow.node.room_lane(room).ask(decide, author=founder)
    must(done if isinstance(done, Refusal) else None)
    state = await flow.node.cohort_lane(cohort).ready()
    assert room in state.rooms, "one's own entries are heard before they are answered"


async def bring_in(flow: Flow, cohort: CohortId, person: PersonId, *, name: str, role: Role) -> None:
    """Unless they are in."""
    must(await greet.join(flow.node, cohort, person, name=name, role=role))


def must(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Trouble(f"Refused: {refusal.sentence} ({refusal.code})", REFUSED)
