"""SQLite's statements for snapshots and lists (`view_queries.py`) and for live sessions (`session_queries.py`). One row
each, as JSON in the shapes of `domain/view.py`.
"""

from __future__ import annotations

from typing import Final

from tertulia.projections.sqlite_message_sql import BEGINNINGS, HEAD, HELD, SHOWN, TALLIES

_TEXTS: Final = """(
    SELECT json_group_object(CAST(message.seq AS TEXT), coalesce(said.data ->> '$.text', ''))
    FROM json_each(session.view, '$.questions') AS listed
    CROSS JOIN message ON message.room = :room AND message.seq = listed.value ->> '$.message'
    CROSS JOIN entry AS said ON said.position = message.text_position)"""
"""What the questions of the row `session` of `session_view` say: message → text."""

# Merged questions count at the one they were merged into, whoever voted for several of them once.
_COUNTED: Final = """
    WITH RECURSIVE family (root, question) AS (
        SELECT question, question FROM question WHERE room = :room AND session = ({session})
        UNION
        SELECT family.root, merged.question FROM family CROSS JOIN question AS merged
            ON merged.room = :room AND merged.merged_into = family.question AND merged.status = 'merged')
    SELECT family.root AS question, count(DISTINCT vote.person) AS people
    FROM family CROSS JOIN vote ON vote.room = :room AND vote.question = family.question GROUP BY family.root"""
_LAST: Final = "SELECT max(opened) FROM session WHERE room = :room"

_VOTES: Final = f"(SELECT json_group_object(question, people) FROM ({_COUNTED.format(session=_LAST)}))"
"""How many voted for each question of the room's last session."""

_BARS: Final = f"""(
    SELECT json_group_object(CAST(poll AS TEXT), json(bars)) FROM (
        SELECT poll, json_group_object(choice, people) AS bars FROM (
            SELECT answer.poll AS poll, CAST(chosen.value AS TEXT) AS choice, count(*) AS people
            FROM poll_answer AS answer, json_each(answer.choices) AS chosen
            WHERE answer.room = :room AND answer.poll > ({_LAST})
            GROUP BY answer.poll, chosen.value)
        GROUP BY poll))"""
_ANSWERED: Final = f"""(
    SELECT json_group_object(CAST(poll AS TEXT), people) FROM (
        SELECT poll, count(*) AS people FROM poll_answer
        WHERE room = :room AND poll > ({_LAST}) GROUP BY poll))"""
_PACE: Final = f"""(
    SELECT json_group_object(pace, people) FROM (
        SELECT pace, count(*) AS people FROM (
            SELECT person, pace, max(seq) FROM pace
            WHERE room = :room AND at >= (SELECT opened_at FROM session WHERE room = :room AND opened = ({_LAST}))
            GROUP BY person)
        WHERE pace IS NOT NULL GROUP BY pace))"""
_COUNTS: Final = f"SELECT {_VOTES}, {_ANSWERED}, {_BARS}, {_PACE}"

_MINE: Final = f"""
SELECT
    (SELECT json_group_array(vote.question) FROM vote CROSS JOIN question
        ON question.room = vote.room AND question.question = vote.question
        WHERE vote.room = :room AND vote.person = :person AND question.session = ({_LAST})),
    (SELECT json_group_object(CAST(poll AS TEXT), json_object('choices', json(choices), 'text', text))
        FROM poll_answer WHERE room = :room AND person = :person AND poll > ({_LAST})),
    (SELECT pace FROM pace WHERE room = :room AND person = :person
        AND at >= (SELECT opened_at FROM session WHERE room = :room AND opened = ({_LAST}))
        ORDER BY seq DESC LIMIT 1)
"""

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
    {_TEXTS}, {_VOTES}
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
_COHORT_OF: Final = "SELECT cohort FROM room WHERE room = :room"
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

VIEWS: Final = {
    "room": _ROOM,
    "cohort": _COHORT,
    "user": _USER,
    "staff": _STAFF,
    "members": _MEMBERS,
    "cohort_of": _COHORT_OF,
    "unread": _UNREAD,
    "session_counts": _COUNTS,
    "my_session": _MINE,
}
