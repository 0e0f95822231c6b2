"""SQLite's statements for what is kept about a person (`person_export.py`) and for questions like one another
(`similar.py`)."""

from __future__ import annotations

from typing import Final

from tertulia.projections.search import IS_ANSWERED

_MEMBERSHIPS: Final = """
SELECT json_group_array(json_object(
    'kind', 'membership', 'cohort', member.cohort, 'cohort_name', cohort.name, 'name', member.name,
    'role', member.role, 'goal', member.goal, 'joined_at', member.joined_at,
    'here', json(iif(member.here, 'true', 'false'))) ORDER BY member.cohort)
FROM member LEFT JOIN cohort ON cohort.cohort = member.cohort WHERE member.person = :person
"""
_MESSAGES: Final = """
SELECT json_group_array(json_object(
    'kind', 'message', 'room', page.room, 'seq', page.seq, 'at', page.at, 'by', page.by, 'reply_to', page.reply_to,
    'thread', page.thread, 'redacted', json(iif(page.redacted, 'true', 'false')),
    'wordings', json((
        SELECT json_group_array(json_object('seq', seq, 'at', at, 'text', text) ORDER BY seq) FROM (
            SELECT first.seq AS seq, first.at AS at, first.data ->> '$.text' AS text FROM entry AS first
            WHERE first.position = page.position AND NOT page.redacted
            UNION ALL
            SELECT edit.seq, edit.at, edit.data ->> '$.text' FROM entry AS edit
            WHERE edit.stream = page.stream AND edit.name = 'message_edited'
                AND edit.data ->> '$.message' = +page.seq AND NOT page.redacted)))
    ) ORDER BY page.room, page.seq)
FROM (
    SELECT message.*, entry.stream AS stream
    FROM message INDEXED BY message_by CROSS JOIN entry ON entry.position = message.position
    WHERE message.by = :by AND (message.room, message.seq) > (:room, :seq)
    ORDER BY message.room, message.seq LIMIT :limit) AS page
"""
# All personas of the person: themself, and the alias they have in each room.
_PERSONAS: Final = """
SELECT json_insert(json_array(:person), '$[#]', json((
    SELECT json_group_array(alias ORDER BY room, alias) FROM alias WHERE person = :person)))
"""
_IN_SESSIONS: Final = """
SELECT json_group_array(json(row)) FROM (
    SELECT json_object('kind', 'attendance', 'room', room, 'session', session, 'at', at) AS row
    FROM attendance WHERE person = :person
    UNION ALL
    SELECT json_object('kind', 'vote', 'room', vote.room, 'question', vote.question) FROM json_each(:personas) AS mine
    CROSS JOIN vote WHERE vote.person = mine.value
    UNION ALL
    SELECT json_object('kind', 'poll_answer', 'room', room, 'poll', poll, 'choices', json(choices), 'text', text)
    FROM json_each(:personas) AS mine CROSS JOIN poll_answer WHERE poll_answer.person = mine.value
    UNION ALL
    SELECT json_object('kind', 'pace', 'room', room, 'seq', seq, 'at', at, 'pace', pace)
    FROM pace WHERE person = :person)
"""
_REACTIONS: Final = """
SELECT json_group_array(json_object('kind', 'reaction', 'room', room, 'message', message, 'emoji', emoji, 'at', at)
    ORDER BY room, message, emoji)
FROM (
    SELECT * FROM reaction WHERE person = :person AND (room, message, emoji) > (:room, :seq, :emoji)
    ORDER BY room, message, emoji LIMIT :limit)
"""
_MARKERS: Final = """
SELECT json_group_array(json_object('kind', 'marker', 'room', room, 'thread', nullif(thread, 0), 'seq', seq)
    ORDER BY room, thread)
FROM marker WHERE person = :person
"""
# What stands in the person's own stream: mentions, replies, what staff decided. Markers were told above.
_TOLD: Final = """
SELECT json_group_array(json_object('kind', name, 'seq', seq, 'at', at, 'by', by, 'data', json(data)) ORDER BY seq)
FROM (
    SELECT * FROM entry
    WHERE stream = (SELECT id FROM stream WHERE stream.name = 'user/' || :person) AND seq > :seq
    ORDER BY seq LIMIT :limit)
"""

# A cohort's stream has a lower number than those of cohorts that came after it.
_ROOMS: Final = """
SELECT json_group_array(stream.id) FROM cohort AS mine
CROSS JOIN cohort ON cohort.cohort = mine.cohort OR (cohort.course = mine.course AND
    (SELECT id FROM stream WHERE stream.name = 'cohort/' || cohort.cohort)
        < (SELECT id FROM stream WHERE stream.name = 'cohort/' || mine.cohort))
CROSS JOIN listed_room ON listed_room.cohort = cohort.cohort
CROSS JOIN stream ON stream.name = 'room/' || listed_room.room
WHERE mine.cohort = :cohort
"""
_ANSWER: Final = """coalesce(question.accepted, question.answer, (
    SELECT reply.seq FROM message AS reply INDEXED BY message_answers
    WHERE reply.room = message.room AND reply.thread = message.seq AND NOT reply.redacted
        AND reply.hidden IS NULL AND (reply.endorsed <> '{}' OR reply.kind = 'answer')
    ORDER BY reply.endorsed = '{}', reply.seq LIMIT 1))"""
"""The answer to a question in `message`, with its row in `question` if it has one: what the asker accepted, what staff
named, else a reply that was endorsed or says that it is one."""

_CANDIDATES: Final = f"""
WITH hit AS MATERIALIZED (
    SELECT rowid AS position FROM search WHERE search MATCH :match ORDER BY rowid DESC LIMIT :candidates),
found AS MATERIALIZED (
    SELECT message.room, message.seq, message.question, room.cohort, said.data ->> '$.text' AS text,
        coalesce(question.status, iif({IS_ANSWERED}, 'answered_text', 'published')) AS status,
        {_ANSWER} AS answer
    FROM hit CROSS JOIN entry AS post ON post.position = hit.position
    CROSS JOIN stream ON stream.id = post.stream
    CROSS JOIN message ON message.room = stream.owner AND message.seq = post.seq
    CROSS JOIN entry AS said ON said.position = message.text_position
    CROSS JOIN room ON room.room = message.room
    LEFT JOIN question ON question.room = message.room AND question.question = message.question
    WHERE NOT message.redacted AND message.hidden IS NULL)
SELECT json_group_array(json_object(
    'question', found.question,
    'room', iif(may_read, found.room, NULL), 'message', iif(may_read, found.seq, NULL),
    'text', found.text, 'status', found.status,
    'votes', (SELECT count(*) FROM vote WHERE vote.room = found.room AND vote.question = found.question),
    'answer', (
        SELECT entry.data ->> '$.text' FROM message CROSS JOIN entry ON entry.position = message.text_position
        WHERE message.room = found.room AND message.seq = found.answer AND NOT message.redacted
            AND message.hidden IS NULL),
    'cohort', found.cohort, 'score', 0.0))
FROM (
    SELECT found.*, found.cohort = :cohort OR EXISTS (
        SELECT 1 FROM member WHERE member.cohort = found.cohort AND member.person = :person AND member.here) AS may_read
    FROM found
    WHERE (found.status NOT IN ('pending', 'dismissed', 'withdrawn'))
        AND (found.cohort = :cohort OR found.status GLOB 'answered*' OR found.answer IS NOT NULL)) AS found
"""

_RESOLVED: Final = f"""
SELECT json_group_array(json_array(coalesce(found.question, CAST(found.seq AS TEXT)), found.question,
    found.text, said.data ->> '$.text') ORDER BY found.seq)
FROM (
    SELECT message.seq, message.question, said.data ->> '$.text' AS text, {_ANSWER} AS answer
    FROM message CROSS JOIN entry AS said ON said.position = message.text_position
    LEFT JOIN question ON question.room = message.room AND question.question = message.question
    WHERE message.room = :room AND message.kind = 'question' AND NOT message.redacted AND message.hidden IS NULL
        AND coalesce(question.status NOT IN ('pending', 'dismissed', 'withdrawn'), 1)) AS found
CROSS JOIN message AS reply ON reply.room = :room AND reply.seq = found.answer
CROSS JOIN entry AS said ON said.position = reply.text_position
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
