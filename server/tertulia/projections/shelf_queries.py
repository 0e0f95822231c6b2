"""The shelf of a room's resources, and the messages that wait to be shown."""

from __future__ import annotations

from typing import Any, Final

import apsw
import msgspec

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.session.view import HeldView
from tertulia.projections import Resource

_RESOURCES: Final = """
SELECT json_group_array(json_object(
    'message', message.seq, 'thread', message.thread, 'at', message.at, 'by', message.by, 'kind', message.kind,
    'text', coalesce(said.data ->> '$.text', ''),
    'links', json((
        SELECT json_group_array(url ORDER BY place) FROM link
        WHERE link.room = :room AND link.message = message.seq AND place >= 0))) ORDER BY message.seq DESC)
FROM (
    SELECT DISTINCT link.message AS seq FROM link CROSS JOIN message AS shown
        ON shown.room = :room AND shown.seq = link.message
    WHERE link.room = :room AND link.message < :before AND NOT shown.redacted AND shown.hidden IS NULL
    ORDER BY link.message DESC LIMIT :limit) AS listed
CROSS JOIN message ON message.room = :room AND message.seq = listed.seq
CROSS JOIN entry AS said ON said.position = message.text_position
"""
HELD: Final = """json_object(
    'held', held.held, 'by', said.by, 'at', said.at, 'text', coalesce(said.data ->> '$.text', ''),
    'kind', coalesce(said.data ->> '$.kind', ''), 'reply_to', said.data ->> '$.reply_to',
    'thread', said.data ->> '$.thread', 'why', coalesce(said.data ->> '$.why', 'floor'))"""
"""A `HeldView` from a row of `held` and the entry `said` that holds what was said."""

_ALL_HELD: Final = f"""
SELECT json_group_array({HELD} ORDER BY held.held)
FROM held CROSS JOIN entry AS said ON said.position = held.position WHERE held.room = :room
"""
# `floor`: since when it is held, if what is held is shown to those who have said something meanwhile.
_HELD_BY_OTHERS: Final = f"""
WITH me (persona) AS MATERIALIZED (
    SELECT :person UNION ALL SELECT alias FROM alias WHERE alias.person = :person AND alias.room = :room),
floor AS MATERIALIZED (
    SELECT entry.position FROM session_view AS session CROSS JOIN stream ON stream.name = 'room/' || :room
    CROSS JOIN entry ON entry.stream = stream.id AND entry.seq = session.view ->> '$.floor.seq'
    WHERE session.kind = 'room' AND session.owner = :room AND session.view ->> '$.floor.shown_to' = 'answered')
SELECT json_group_array({HELD} ORDER BY held.held)
FROM held CROSS JOIN entry AS said ON said.position = held.position
WHERE held.room = :room AND coalesce(said.data ->> '$.why', 'floor') = 'floor'
    AND said.by NOT IN (SELECT persona FROM me)
    AND EXISTS (
        SELECT 1 FROM floor CROSS JOIN stream ON stream.name = 'room/' || :room || '/staff'
        CROSS JOIN entry AS mine ON mine.stream = stream.id
        WHERE mine.position > floor.position AND mine.name = 'message_held'
            AND coalesce(mine.data ->> '$.why', 'floor') = 'floor' AND mine.by IN (SELECT persona FROM me))
"""

_decode_resources = msgspec.json.Decoder(list[Resource]).decode
_decode_held = msgspec.json.Decoder(list[HeldView]).decode


def read_resources(
    connection: apsw.Connection, room: RoomId, *, before: int, limit: int
) -> tuple[list[Resource], bool]:
    bindings: dict[str, Any] = {"room": room, "before": before, "limit": limit + 1}
    found = _decode_resources(connection.execute(_RESOURCES, bindings).get)
    return found[:limit], len(found) > limit


def read_held(connection: apsw.Connection, room: RoomId, person: PersonId, *, is_staff: bool) -> list[HeldView]:
    statement = _ALL_HELD if is_staff else _HELD_BY_OTHERS
    return _decode_held(connection.execute(statement, {"room": room, "person": person}).get)
