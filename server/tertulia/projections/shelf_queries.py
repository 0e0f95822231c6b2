"""The shelf of a room's resources, and the messages that wait to be shown."""

from __future__ import annotations

from typing import Any

import msgspec

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.session.view import HeldView
from tertulia.projections import Resource
from tertulia.projections.asking import Ask, Asking

_decode_resources = msgspec.json.Decoder(list[Resource]).decode
_decode_held = msgspec.json.Decoder(list[HeldView]).decode


def read_resources(room: RoomId, *, before: int, limit: int) -> Asking[tuple[list[Resource], bool]]:
    bindings: dict[str, Any] = {"room": room, "before": before, "limit": limit + 1}
    found = _decode_resources((yield Ask("resources", bindings)))
    return found[:limit], len(found) > limit


def read_held(room: RoomId, person: PersonId, *, is_staff: bool) -> Asking[list[HeldView]]:
    statement = "all_held" if is_staff else "held_by_others"
    found = yield Ask(statement, {"room": room, "person": person})
    return _decode_held(found)
