"""PostgreSQL's statements for snapshots and lists (`view_queries.py`) and for live sessions (`session_queries.py`). One
row each, as JSON in the shapes of `domain/view.py`.
"""

from __future__ import annotations

from typing import Final, LiteralString

from tertulia.projections.postgres_message_sql import ALL_HELD, BEGINNINGS, HEAD, SHOWN, TALLIES

_TEXTS: Final[LiteralString] = """(
    SELECT json_object_agg(message.seq, coalesce(said.data -> 'text', '""'::json))
    FROM json_array_elements(session.view -> 'questions') AS listed (value)
    JOIN message ON message.room = %(room)s AND message.seq = (listed.value ->> 'message')::bigint
    JOIN entry AS said ON said.position = message.text_position)"""
"""What the questions of the row `session` of `session_view` say: message → text."""

_LAST: Final[LiteralString] = "SELECT max(opened) FROM session WHERE room = %(room)s"

# Merged questions count at the one they were merged into, whoever voted for several of them once.
_VOTES: Final[LiteralString] = f"""(
    WITH RECURSIVE family (root, question) AS (
        SELECT question, question FROM question WHERE room = %(room)s AND session = ({_LAST})
        UNION
        SELECT family.root, merged.question FROM family JOIN question AS merged
            ON merged.room = %(room)s AND merged.merged_into = family.question AND merged.status = 'merged')
    SELECT coalesce(json_object_agg(counted.question, counted.people), '{{}}'::json) FROM (
        SELECT family.root AS question, count(DISTINCT vote.person) AS people
        FROM family JOIN vote ON vote.room = %(room)s AND vote.question = family.question
        GROUP BY family.root) AS counted)"""
"""How many voted for each question of the room's last session."""

_BARS: Final[LiteralString] = f"""(
    SELECT coalesce(json_object_agg(barred.poll, barred.bars), '{{}}'::json) FROM (
        SELECT counted.poll, json_object_agg(counted.choice, counted.people) AS bars FROM (
            SELECT answer.poll, chosen.value AS choice, count(*) AS people
            FROM poll_answer AS answer CROSS JOIN json_array_elements_text(answer.choices) AS chosen (value)
            WHERE answer.room = %(room)s AND answer.poll > ({_LAST})
            GROUP BY answer.poll, chosen.value) AS counted
        GROUP BY counted.poll) AS barred)"""
_ANSWERED: Final[LiteralString] = f"""(
    SELECT coalesce(json_object_agg(counted.poll, counted.people), '{{}}'::json) FROM (
        SELECT poll, count(*) AS people FROM poll_answer
        WHERE room = %(room)s AND poll > ({_LAST}) GROUP BY poll) AS counted)"""
_SINCE: Final[LiteralString] = f"at >= (SELECT opened_at FROM session WHERE room = %(room)s AND opened = ({_LAST}))"
_PACE: Final[LiteralString] = f"""(
    SELECT coalesce(json_object_agg(counted.pace, counted.people), '{{}}'::json) FROM (
        SELECT newest.pace, count(*) AS people FROM (
            SELECT DISTINCT ON (person) pace FROM pace WHERE room = %(room)s AND {_SINCE}
            ORDER BY person, seq DESC) AS newest
        WHERE newest.pace IS NOT NULL GROUP BY newest.pace) AS counted)"""
_COUNTS: Final[LiteralString] = f"SELECT {_VOTES}, {_ANSWERED}, {_BARS}, {_PACE}"

_MINE: Final[LiteralString] = f"""
SELECT
    (SELECT coalesce(json_agg(vote.question), '[]'::json) FROM vote JOIN question
        ON question.room = vote.room AND question.question = vote.question
        WHERE vote.room = %(room)s AND vote.person = %(person)s AND question.session = ({_LAST})),
    (SELECT coalesce(json_object_agg(poll, json_build_object('choices', choices, 'text', text)), '{{}}'::json)
        FROM poll_answer WHERE room = %(room)s AND person = %(person)s AND poll > ({_LAST})),
    (SELECT pace FROM pace WHERE room = %(room)s AND person = %(person)s AND {_SINCE} ORDER BY seq DESC LIMIT 1)
"""

_ROOM: Final[LiteralString] = f"""
WITH shown AS MATERIALIZED (
    SELECT seq FROM {BEGINNINGS} ORDER BY seq DESC LIMIT %(limit)s::bigint)
SELECT {HEAD}, json_build_object(
    'room', room.room, 'cohort', room.cohort, 'name', room.name, 'kind', room.kind, 'topic', room.topic,
    'emoji', room.emoji, 'slow_mode_s', room.slow_mode_s, 'slow_modes', room.slow_modes,
    'anonymity', room.anonymity, 'approve_questions', room.approve_questions,
    'hands_order', room.hands_order, 'parent', room.parent, 'locked', room.locked, 'closed', room.closed,
    'messages', {SHOWN},
    'pins', coalesce((SELECT json_agg(message ORDER BY seq) FROM pin WHERE room = %(room)s), '[]'::json),
    'tallies', {TALLIES},
    'has_more', EXISTS (SELECT FROM {BEGINNINGS} AND seq < (SELECT min(seq) FROM shown)),
    'session', session.view),
    {_TEXTS}, {_VOTES}
FROM room LEFT JOIN session_view AS session ON session.kind = 'room' AND session.owner = room.room
WHERE room.room = %(room)s
"""
_COHORT: Final[LiteralString] = """
SELECT coalesce((SELECT stream.head FROM stream WHERE stream.name = 'cohort/' || %(cohort)s), 0),
    json_build_object(
        'cohort', cohort.cohort, 'name', cohort.name, 'course', cohort.course, 'course_name', cohort.course_name,
        'rooms', coalesce((
            SELECT json_agg(json_build_object('room', room, 'name', name, 'kind', kind, 'closed', closed)
                ORDER BY listed_seq)
            FROM listed_room WHERE cohort = %(cohort)s), '[]'::json),
        'members', coalesce((
            SELECT json_object_agg(person, json_build_object('name', name, 'role', role) ORDER BY joined_seq) FROM (
                SELECT person, name, role, joined_seq FROM member
                WHERE cohort = %(cohort)s AND here ORDER BY joined_seq DESC LIMIT %(limit)s::bigint) AS newest),
            '{}'::json),
        'member_count', cohort.member_count)
FROM cohort WHERE cohort.cohort = %(cohort)s
"""
_OF_USER: Final[LiteralString] = "(SELECT stream.id FROM stream WHERE stream.name = 'user/' || %(person)s)"
_USER: Final[LiteralString] = f"""
SELECT coalesce((SELECT stream.head FROM stream WHERE stream.name = 'user/' || %(person)s), 0),
    json_build_object(
        'markers', coalesce((
            SELECT json_object_agg(marked.room, marked.places) FROM (
                SELECT room, json_object_agg(CASE WHEN thread = 0 THEN '' ELSE thread::text END, seq) AS places
                FROM marker WHERE person = %(person)s GROUP BY room) AS marked), '{{}}'::json),
        'mentions', coalesce((
            SELECT json_agg(json_build_object(
                'room', room, 'message', message, 'thread', thread, 'at', at, 'by', by) ORDER BY seq)
            FROM (SELECT * FROM mention WHERE person = %(person)s
                ORDER BY seq DESC LIMIT %(limit)s::bigint) AS newest), '[]'::json),
        'aliases', coalesce((SELECT view -> 'aliases' FROM session_view
            WHERE kind = 'user' AND owner = %(person)s), '{{}}'::json),
        'questions', coalesce((SELECT view -> 'questions' FROM session_view
            WHERE kind = 'user' AND owner = %(person)s), '{{}}'::json)),
    (SELECT coalesce(json_object_agg(asked.key, (
        SELECT coalesce(told.data -> 'text', '""'::json) FROM entry AS told
        WHERE told.about = 'question/' || asked.key AND told.stream = {_OF_USER} AND told.name = 'question_asked'
        ORDER BY told.seq DESC LIMIT 1)), '{{}}'::json)
    FROM session_view AS mine CROSS JOIN json_each(mine.view -> 'questions') AS asked
    WHERE mine.kind = 'user' AND mine.owner = %(person)s)
"""
# What a question says that waits: as it was sent last, or as staff reworded it since.
_STAFF: Final[LiteralString] = f"""
SELECT coalesce((SELECT stream.head FROM stream WHERE stream.name = 'room/' || %(room)s || '/staff'), 0),
    (SELECT view FROM session_view WHERE kind = 'room/staff' AND owner = %(room)s),
    (SELECT coalesce(json_object_agg(asked.value ->> 'question', (
        SELECT coalesce(told.data -> 'text', '""'::json) FROM entry AS told
        WHERE told.about = 'question/' || (asked.value ->> 'question')
            AND told.name IN ('question_asked', 'question_reworded')
            AND told.stream = (SELECT stream.id FROM stream WHERE stream.name = 'room/' || %(room)s || '/staff')
        ORDER BY told.seq DESC LIMIT 1)), '{{}}'::json)
    FROM session_view AS view CROSS JOIN json_array_elements(view.view -> 'asked') AS asked (value)
    WHERE view.kind = 'room/staff' AND view.owner = %(room)s),
    ({ALL_HELD})
"""
_MEMBERS: Final[LiteralString] = """
SELECT coalesce(json_object_agg(member.person, json_build_object(
    'name', member.name, 'role', member.role, 'here', member.here)), '{}'::json)
FROM (SELECT DISTINCT value FROM json_array_elements_text(%(people)s::json) AS given (value)) AS asked
JOIN member ON member.cohort = %(cohort)s AND member.person = asked.value
"""
_COHORT_OF: Final[LiteralString] = "SELECT cohort FROM room WHERE room = %(room)s"
# The count stops at the limit, so that a room of a million messages costs no more than a small one: it goes on part by
# part, whatever the planner takes a room to hold.
_UNREAD: Final[LiteralString] = """
SELECT coalesce(json_object_agg(asked.room, json_build_array(asked.head, asked.read, (
    SELECT count(*) FROM (
        SELECT FROM generate_series(asked.read, asked.head, 256) AS part (begin) CROSS JOIN LATERAL (
            SELECT * FROM message
            WHERE message.room = asked.room AND message.seq > part.begin AND message.seq <= part.begin + 256
            OFFSET 0) AS message
        WHERE message.by <> %(person)s AND NOT message.redacted AND NOT EXISTS (
                SELECT FROM alias
                WHERE alias.room = message.room AND alias.alias = message.by AND alias.person = %(person)s)
        LIMIT %(limit)s::bigint) AS few))), '{}'::json)
FROM (
    SELECT rooms.value AS room,
        coalesce((SELECT stream.head FROM stream WHERE stream.name = 'room/' || rooms.value), 0) AS head,
        coalesce((SELECT marker.seq FROM marker
            WHERE marker.person = %(person)s AND marker.room = rooms.value AND marker.thread = 0), 0) AS read
    FROM json_array_elements_text(%(rooms)s::json) AS rooms (value)
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
