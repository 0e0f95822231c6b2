"""What happens in a room by itself when its time comes: asked by `live/session_clock.py`, of every node that has the
room. Once one has done it, the others find nothing to do."""

from __future__ import annotations

from tertulia.domain.decision import Decision, Setting
from tertulia.domain.ids import room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import teams
from tertulia.domain.session.release import release_floor
from tertulia.domain.session.state import NOBODY


def is_due(state: RoomState, *, at: int) -> bool:
    """Whether there is something to decide at `at` (Unix ms)."""
    floor = state.session.floor
    return (floor is not None and floor.until is not None and at >= floor.until) or teams.recall_due(state, at)


def due(state: RoomState, *, setting: Setting, at: int) -> Decision | Refusal | None:
    """One thing at a time, the floor before the teams; None: nothing is due."""
    floor = state.session.floor
    if floor is not None and floor.until is not None and at >= floor.until:
        return Decision(room_stream(state.room), tuple(release_floor(state, setting.roles, by=NOBODY)))
    return teams.recall(state, setting=setting) if teams.recall_due(state, at) else None
