"""PostgreSQL's statements for what is kept about a person (`person_export.py`) and for questions like one another
(`similar.py`)."""

from __future__ import annotations

from typing import Final, LiteralString

IS_ANSWERED: Final[LiteralString] = """(message.resolved OR EXISTS (
    SELECT FROM question WHERE question.room = message.room AND question.question = message.question
        AND starts_with(question.status, 'answered')))"""
"""Whether a question of the table `message` is answered."""

_MEMBERSHIPS: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_object(
    'kind', 'membership', 'cohort', member.cohort, 'cohort_name', cohort.name, 'name', member.name,
    'role', member.role, 'goal', member.goal, 'joined_at', member.joined_at, 'here', member.here)
    ORDER BY member.cohort), '[]'::json)
FROM member LEFT JOIN cohort ON cohort.cohort = member.cohort WHERE member.person = %(person)s
"""
_MESSAGES: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_object(
    'kind', 'message', 'room', page.room, 'seq', page.seq, 'at', page.at, 'by', page.by, 'reply_to', page.reply_to,
    'thread', page.thread, 'redacted', page.redacted,
    'wordings', coalesce((
        SELECT json_agg(json_build_object('seq', wording.seq, 'at', wording.at, 'text', wording.text)
            ORDER BY wording.seq) FROM (
            SELECT first.seq, first.at, first.data -> 'text' AS text FROM entry AS first
            WHERE first.position = page.position AND NOT page.redacted
            UNION ALL
            SELECT edit.seq, edit.at, edit.data -> 'text' FROM entry AS edit
            WHERE edit.stream = page.stream AND edit.name = 'message_edited'
                AND edit.about = 'message/' || page.seq AND NOT page.redacted) AS wording), '[]'::json)
    ) ORDER BY page.room, page.seq), '[]'::json)
FROM (
    SELECT message.*, entry.stream FROM message JOIN entry ON entry.position = message.position
    WHERE message.by = %(by)s AND (message.room, message.seq) > (%(room)s, %(seq)s::bigint)
    ORDER BY message.room, message.seq LIMIT %(limit)s::bigint) AS page
"""
# All personas of the person: themself, and the alias they have in each room.
_PERSONAS: Final[LiteralString] = """
SELECT json_build_array(%(person)s::text, coalesce((
    SELECT json_agg(alias ORDER BY room, alias) FROM alias WHERE person = %(person)s), '[]'::json))
"""
# In the rooms of the person's cohorts: there is no index by person alone.
_IN_SESSIONS: Final[LiteralString] = """
WITH mine AS MATERIALIZED (SELECT value AS person FROM json_array_elements_text(%(personas)s::json) AS asked (value)),
place AS MATERIALIZED (
    SELECT listed_room.room FROM member JOIN listed_room ON listed_room.cohort = member.cohort
    WHERE member.person = %(person)s
    UNION
    SELECT room FROM alias WHERE person = %(person)s),
did (rank, row) AS (
    SELECT 1, json_build_object('kind', 'attendance', 'room', room, 'session', session, 'at', at)
    FROM place JOIN attendance USING (room) WHERE attendance.person = %(person)s
    UNION ALL
    SELECT 2, json_build_object('kind', 'vote', 'room', room, 'question', question)
    FROM place CROSS JOIN mine JOIN vote USING (room, person)
    UNION ALL
    SELECT 3, json_build_object('kind', 'poll_answer', 'room', room, 'poll', poll, 'choices', choices, 'text', text)
    FROM place JOIN poll_answer USING (room) WHERE poll_answer.person IN (SELECT person FROM mine)
    UNION ALL
    SELECT 4, json_build_object('kind', 'pace', 'room', room, 'seq', seq, 'at', at, 'pace', pace)
    FROM place JOIN pace USING (room) WHERE pace.person = %(person)s)
SELECT coalesce(json_agg(did.row ORDER BY did.rank, did.row::text), '[]'::json) FROM did
"""
_REACTIONS: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_object(
    'kind', 'reaction', 'room', room, 'message', message, 'emoji', emoji, 'at', at)
    ORDER BY room, message, emoji), '[]'::json)
FROM (
    SELECT * FROM reaction
    WHERE person = %(person)s AND (room, message, emoji) > (%(room)s, %(seq)s::bigint, %(emoji)s)
    ORDER BY room, message, emoji LIMIT %(limit)s::bigint) AS page
"""
_MARKERS: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_object('kind', 'marker', 'room', room, 'thread', nullif(thread, 0), 'seq', seq)
    ORDER BY room, thread), '[]'::json)
FROM marker WHERE person = %(person)s
"""
# What stands in the person's own stream: mentions, replies, what staff decided. Markers were told above.
_TOLD: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_object('kind', name, 'seq', seq, 'at', at, 'by', by, 'data', data) ORDER BY seq),
    '[]'::json)
FROM (
    SELECT * FROM entry
    WHERE stream = (SELECT id FROM stream WHERE stream.name = 'user/' || %(person)s) AND seq > %(seq)s::bigint
    ORDER BY seq LIMIT %(limit)s::bigint) AS page
"""

# A cohort's stream has a lower number than those of cohorts that came after it.
_ROOMS: Final[LiteralString] = """
SELECT coalesce(json_agg(listed_room.room), '[]'::json) FROM cohort AS mine
JOIN cohort ON cohort.cohort = mine.cohort OR (cohort.course = mine.course AND
    (SELECT id FROM stream WHERE stream.name = 'cohort/' || cohort.cohort)
        < (SELECT id FROM stream WHERE stream.name = 'cohort/' || mine.cohort))
JOIN listed_room ON listed_room.cohort = cohort.cohort
WHERE mine.cohort = %(cohort)s
"""
_ANSWER: Final[LiteralString] = """coalesce(question.accepted, question.answer, (
    SELECT reply.seq FROM message AS reply
    WHERE reply.room = message.room AND reply.thread = message.seq AND NOT reply.redacted
        AND reply.hidden IS NULL AND (reply.endorsed::text <> '{}' OR reply.kind = 'answer')
    ORDER BY reply.endorsed::text = '{}', reply.seq LIMIT 1))"""
"""The answer to a question in `message`, with its row in `question` if it has one: what the asker accepted, what staff
named, else a reply that was endorsed or says that it is one."""

_CANDIDATES: Final[LiteralString] = f"""
WITH hit AS MATERIALIZED (
    SELECT room, seq FROM searched WHERE words @@ %(match)s::tsquery
    ORDER BY position DESC LIMIT %(candidates)s::bigint),
found AS MATERIALIZED (
    SELECT message.room, message.seq, message.question, room.cohort, said.data -> 'text' AS text,
        coalesce(question.status, CASE WHEN {IS_ANSWERED} THEN 'answered_text' ELSE 'published' END) AS status,
        {_ANSWER} AS answer
    FROM hit JOIN message ON message.room = hit.room AND message.seq = hit.seq
    JOIN entry AS said ON said.position = message.text_position
    JOIN room ON room.room = message.room
    LEFT JOIN question ON question.room = message.room AND question.question = message.question
    WHERE NOT message.redacted AND message.hidden IS NULL)
SELECT coalesce(json_agg(json_build_object(
    'question', found.question,
    'room', CASE WHEN may_read THEN found.room END, 'message', CASE WHEN may_read THEN found.seq END,
    'text', found.text, 'status', found.status,
    'votes', (SELECT count(*) FROM vote WHERE vote.room = found.room AND vote.question = found.question),
    'answer', (
        SELECT entry.data -> 'text' FROM message JOIN entry ON entry.position = message.text_position
        WHERE message.room = found.room AND message.seq = found.answer AND NOT message.redacted
            AND message.hidden IS NULL),
    'cohort', found.cohort, 'score', 0.0)), '[]'::json)
FROM (
    SELECT found.*, found.cohort = %(cohort)s OR EXISTS (
        SELECT FROM member WHERE member.cohort = found.cohort AND member.person = %(person)s AND member.here)
        AS may_read
    FROM found
    WHERE found.status NOT IN ('pending', 'dismissed', 'withdrawn')
        AND (found.cohort = %(cohort)s OR starts_with(found.status, 'answered') OR found.answer IS NOT NULL)) AS found
"""

_RESOLVED: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(coalesce(found.question, found.seq::text), found.question,
    found.text, said.data -> 'text') ORDER BY found.seq), '[]'::json)
FROM (
    SELECT message.seq, message.question, said.data -> 'text' AS text, {_ANSWER} AS answer
    FROM (
        SELECT seq FROM searched
        WHERE words @@ ('''/room/' || %(room)s || ''' & ''/kind/question''')::tsquery OFFSET 0) AS searched
    CROSS JOIN LATERAL (
        SELECT * FROM message WHERE message.room = %(room)s AND message.seq = searched.seq OFFSET 0) AS message
    JOIN entry AS said ON said.position = message.text_position
    LEFT JOIN question ON question.room = message.room AND question.question = message.question
    WHERE NOT message.redacted AND message.hidden IS NULL
        AND coalesce(question.status NOT IN ('pending', 'dismissed', 'withdrawn'), true)) AS found
JOIN message AS reply ON reply.room = %(room)s AND reply.seq = found.answer
JOIN entry AS said ON said.position = reply.text_position
WHERE NOT reply.redacted AND reply.hidden IS NULL
"""

PEOPLE: Final = {
    "memberships": _MEMBERSHIPS,
    "messages_by": _MESSAGES,
    "personas": _PERSONAS,
    "in_sessions": _IN_SESSIONS,
    "reactions": _REACTIONS,
    "markers": _MARKERS,
    "told": _TOLD,
    "course_rooms": _ROOMS,
    "candidates": _CANDIDATES,
    "resolved": _RESOLVED,
}
