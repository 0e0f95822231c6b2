"""Queries for snapshots and lists: a room, a cohort, a person, members, unread counts. One statement each,
answered as JSON in the shapes of `domain/view.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw
import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.session.view import HeldView, StaffRoomView
from tertulia.domain.view import CohortView, RoomView, UserView
from tertulia.projections import Unread
from tertulia.projections.message_queries import BEGINNINGS, HEAD, SHOWN, TALLIES
from tertulia.projections.session_queries import TEXTS, VOTES, fill_session
from tertulia.projections.shelf_queries import HELD

_ROOM: Final = f"""
WITH shown AS MATERIALIZED (
    SELECT seq FROM {BEGINNINGS} ORDER BY seq DESC LIMIT :limit)
SELECT {HEAD}, json_object(
    'room', room.room, 'cohort', room.cohort, 'name', room.name, 'kind', room.kind, 'topic', room.topic,
    'emoji', json(room.emoji), 'slow_mode_s', room.slow_mode_s, 'slow_modes', json(room.slow_modes),
    'anonymity', room.anonymity, 'approve_questions', json(iif(room.approve_questions, 'true', 'false')),
    'hands_order', room.hands_order, 'parent', room.parent,
    'locked', json(iif(room.locked, 'true', 'false')), 'closed', json(iif(room.closed, 'true', 'false')),
    'messages', {SHOWN},
    'pins', json((SELECT json_group_array(message ORDER BY seq) FROM pin WHERE room = :room)),
    'tallies', {TALLIES},
    'has_more', json(iif(EXISTS (
        SELECT 1 FROM {BEGINNINGS} AND seq < (SELECT min(seq) FROM shown)
    ), 'true', 'false')),
    'session', json(session.view)),
    {TEXTS}, {VOTES}
FROM room LEFT JOIN session_view AS session ON session.kind = 'room' AND session.owner = room.room
WHERE room.room = :room
"""
_COHORT: Final = """
SELECT coalesce((SELECT max(entry.seq) FROM entry
        WHERE entry.stream = (SELECT stream.id FROM stream WHERE stream.name = 'cohort/' || :cohort)), 0),
    json_object(
        'cohort', cohort.cohort, 'name', cohort.name, 'course', cohort.course, 'course_name', cohort.course_name,
        'rooms', json((
            SELECT json_group_array(json_object(
                'room', room, 'name', name, 'kind', kind, 'closed', json(iif(closed, 'true', 'false')))
                ORDER BY listed_seq)
            FROM listed_room WHERE cohort = :cohort)),
        'members', json((
            SELECT json_group_object(person, json_object('name', name, 'role', role) ORDER BY joined_seq) FROM (
                SELECT person, name, role, joined_seq FROM member
                WHERE cohort = :cohort AND here ORDER BY joined_seq DESC LIMIT :limit))),
        'member_count', cohort.member_count)
FROM cohort WHERE cohort.cohort = :cohort
"""
_USER: Final = """
SELECT coalesce((SELECT max(entry.seq) FROM entry
        WHERE entry.stream = (SELECT stream.id FROM stream WHERE stream.name = 'user/' || :person)), 0),
    json_object(
        'markers', json((
            SELECT json_group_object(room, json(places)) FROM (
                SELECT room, json_group_object(iif(thread = 0, '', CAST(thread AS TEXT)), seq) AS places
                FROM marker WHERE person = :person GROUP BY room))),
        'mentions', json((
            SELECT json_group_array(json_object(
                'room', room, 'message', message, 'thread', thread, 'at', at, 'by', by) ORDER BY seq)
            FROM (SELECT * FROM mention WHERE person = :person ORDER BY seq DESC LIMIT :limit))),
        'aliases', json(coalesce((SELECT view -> '$.aliases' FROM session_view
            WHERE kind = 'user' AND owner = :person), '{}')),
        'questions', json(coalesce((SELECT view -> '$.questions' FROM session_view
            WHERE kind = 'user' AND owner = :person), '{}'))),
    (SELECT json_group_object(asked.key, (
        SELECT coalesce(told.data ->> '$.text', '') FROM entry AS told
        WHERE told.name = 'question_asked' AND told.data ->> '$.question' = asked.key
            AND told.stream = (SELECT stream.id FROM stream WHERE stream.name = 'user/' || :person)
        ORDER BY told.seq DESC LIMIT 1))
    FROM session_view AS mine, json_each(mine.view, '$.questions') AS asked
    WHERE mine.kind = 'user' AND mine.owner = :person)
"""
# What a question says that waits: as it was sent last, or as staff reworded it since.
_STAFF: Final = f"""
SELECT coalesce((SELECT max(entry.seq) FROM entry
        WHERE entry.stream = (SELECT stream.id FROM stream WHERE stream.name = 'room/' || :room || '/staff')), 0),
    (SELECT view FROM session_view WHERE kind = 'room/staff' AND owner = :room),
    (SELECT json_group_object(asked.value ->> '$.question', (
        SELECT coalesce(told.data ->> '$.text', '') FROM entry AS told
        WHERE told.name IN ('question_asked', 'question_reworded')
            AND told.data ->> '$.question' = asked.value ->> '$.question'
            AND told.stream = (SELECT stream.id FROM stream WHERE stream.name = 'room/' || :room || '/staff')
        ORDER BY told.seq DESC LIMIT 1))
    FROM session_view AS view, json_each(view.view, '$.asked') AS asked
    WHERE view.kind = 'room/staff' AND view.owner = :room),
    (SELECT json_group_array({HELD} ORDER BY held.held)
    FROM held CROSS JOIN entry AS said ON said.position = held.position WHERE held.room = :room)
"""
_MEMBERS: Final = """
SELECT json_group_object(member.person, json_object(
    'name', member.name, 'role', member.role, 'here', json(iif(member.here, 'true', 'false'))))
FROM json_each(:people) AS asked CROSS JOIN member
WHERE member.cohort = :cohort AND member.person = asked.value
"""
_COHORT_OF: Final = "SELECT cohort FROM room WHERE room = ?"
# The count stops at the limit, so that a room of a million messages costs no more than a small one.
_UNREAD: Final = """
SELECT json_group_object(room, json_array(head, read, (
    SELECT count(*) FROM (
        SELECT 1 FROM message
        WHERE message.room = asked.room AND message.seq > asked.read AND message.by <> :person
            AND NOT message.redacted AND NOT EXISTS (
                SELECT 1 FROM alias
                WHERE alias.room = message.room AND alias.alias = message.by AND alias.person = :person)
        LIMIT :limit))))
FROM (
    SELECT rooms.value AS room,
        coalesce((SELECT max(entry.seq) FROM entry
            WHERE entry.stream = (SELECT stream.id FROM stream WHERE stream.name = 'room/' || rooms.value)), 0) AS head,
        coalesce((SELECT marker.seq FROM marker
            WHERE marker.person = :person AND marker.room = rooms.value AND marker.thread = 0), 0) AS read
    FROM json_each(:rooms) AS rooms
) AS asked
"""

_encode = msgspec.json.Encoder().encode
_decode_room = msgspec.json.Decoder(RoomView).decode
_decode_cohort = msgspec.json.Decoder(CohortView).decode
_decode_user = msgspec.json.Decoder(UserView).decode
_decode_staff = msgspec.json.Decoder(StaffRoomView).decode
_decode_held = msgspec.json.Decoder(list[HeldView]).decode
_decode_texts = msgspec.json.Decoder(dict[str, str]).decode
_decode_members = msgspec.json.Decoder(dict[PersonId, dict[str, Any]]).decode
_decode_unread = msgspec.json.Decoder(dict[RoomId, Unread]).decode


def read_room(connection: apsw.Connection, room: RoomId) -> tuple[int, RoomView] | None:
    found = connection.execute(_ROOM, {"room": room, "limit": limits.snapshot_messages}).get
    if found is None:
        return None
    seq, view, texts, votes = found
    room_view = _decode_room(view)
    if room_view.session is not None:
        fill_session(room_view.session, texts, votes)
    return seq, room_view


def read_cohort(connection: apsw.Connection, cohort: CohortId) -> tuple[int, CohortView] | None:
    found = connection.execute(_COHORT, {"cohort": cohort, "limit": limits.snapshot_members_max}).get
    return None if found is None else (found[0], _decode_cohort(found[1]))


def read_user(connection: apsw.Connection, person: PersonId) -> tuple[int, UserView]:
    seq, view, texts = connection.execute(_USER, {"person": person, "limit": limits.snapshot_mentions}).get
    user_view, said = _decode_user(view), _decode_texts(texts)
    for question in user_view.questions.values():
        question.text = said[question.question]
    return seq, user_view


def read_staff_room(connection: apsw.Connection, room: RoomId) -> tuple[int, StaffRoomView]:
    seq, view, texts, held = connection.execute(_STAFF, {"room": room}).get
    staff_view, said = _decode_staff(view or "{}"), _decode_texts(texts)
    for asked in staff_view.asked:
        asked.text = said[asked.question]
    staff_view.held = _decode_held(held)
    return seq, staff_view


def read_cohort_of(connection: apsw.Connection, room: RoomId) -> CohortId | None:
    found: CohortId | None = connection.execute(_COHORT_OF, (room,)).get
    return found


def read_members(
    connection: apsw.Connection, cohort: CohortId, people: Sequence[PersonId]
) -> dict[PersonId, dict[str, Any]]:
    found = connection.execute(_MEMBERS, {"cohort": cohort, "people": _encode(list(people)).decode()}).get
    return _decode_members(found)


def read_unread(connection: apsw.Connection, person: PersonId, rooms: Sequence[RoomId]) -> dict[RoomId, Unread]:
    bindings = {"person": person, "rooms": _encode(list(rooms)).decode(), "limit": limits.unread_count_max}
    return _decode_unread(connection.execute(_UNREAD, bindings).get)
