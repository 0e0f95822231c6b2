"""A cohort to test with, made in a data folder before its server starts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tertulia.app import Settings, running
from tertulia.domain.cohort import decide_room_made
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.refusals import Refusal
from tertulia.live.greet import found_cohort

OWNER = PersonId("p-founder")


async def make_school(
    data: Path,
    *,
    cohort: str = "demo",
    rooms: dict[str, str] | None = None,
    sessions: Collection[str] = (),
    log: str = "",
) -> None:
    """A cohort with rooms of given ids and names; `{"general": "General talk"}` when none are given. `sessions`: those
    of them that are for live sessions. `log`: as for `tertulia serve`."""
    async with running(Settings(data=data, log=log)) as flow:
        refusal = await found_cohort(flow.node, CohortId(cohort), founder=OWNER, name="Data structures")
        assert refusal is None, refusal
        lane = flow.node.cohort_lane(CohortId(cohort))
        for room, name in (rooms or {"general": "General talk"}).items():
            done = await lane.ask(
                lambda state, at, room=room, name=name: decide_room_made(  # type: ignore[misc]
                    state.cohort, RoomId(room), name=name, kind="session" if room in sessions else "discussion"
                ),
                author=OWNER,
            )
            assert not isinstance(done, Refusal), done
