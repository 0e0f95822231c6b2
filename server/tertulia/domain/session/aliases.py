"""Who readers see when somebody speaks: themself, or the alias they have in this room. Called by `decide_room`."""

from __future__ import annotations

from typing import NamedTuple

from tertulia.domain.decision import Asker, Happening
from tertulia.domain.ids import PersonId
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState


class Speaker(NamedTuple):
    """`by`: who readers see. `happenings`: the alias was taken just now."""

    by: PersonId
    happenings: tuple[Happening, ...] = ()


def speaker(state: RoomState, asker: Asker, *, alias: bool, new_id: str) -> Speaker | Refusal:
    if not alias:
        return Speaker(asker.person)
    return Refusal("alias_not_allowed")
