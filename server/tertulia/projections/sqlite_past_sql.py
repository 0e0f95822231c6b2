"""SQLite's statements for what was: a room at a past moment (`past_queries.py`) and the record of a session
(`session_record.py`)."""

from __future__ import annotations

from typing import Final

from tertulia.projections.past_queries import SESSION_ONLY
from tertulia.projections.sqlite_message_sql import BEGINNINGS

_NAMES: Final = ", ".join(f"'{name}'" for name in SESSION_ONLY)
_STREAM: Final = "(SELECT stream.id FROM stream WHERE stream.name = :stream)"
_HEAD: Final = f"SELECT coalesce(max(seq), 0) FROM entry WHERE stream = {_STREAM}"
_PLACE: Final = f"SELECT position, at FROM entry WHERE stream = {_STREAM} AND seq = :seq"
# By halving: time does not run backwards in a stream, and no index need know it.
_NEWEST_AT: Final = f"""
WITH RECURSIVE half (low, high) AS (
    SELECT 0, ({_HEAD})
    UNION ALL
    SELECT iif(entry.at <= :at, entry.seq, half.low), iif(entry.at <= :at, half.high, entry.seq - 1)
    FROM half CROSS JOIN entry ON entry.stream = {_STREAM} AND entry.seq = (half.low + half.high + 1) / 2
    WHERE half.low < half.high)
SELECT max(low) FROM half
"""
_OPENED: Final = "SELECT coalesce(max(opened), 0) FROM session WHERE room = :room AND opened <= :seq"

# The last messages that begin a thread, and those that are questions of the session.
_SHOWN: Final = f"""
SELECT seq FROM (SELECT seq FROM {BEGINNINGS} AND seq <= :seq ORDER BY seq DESC LIMIT :limit)
UNION
SELECT entry.data ->> '$.message' FROM moment CROSS JOIN entry ON entry.position = moment.position
WHERE moment.room = :room AND moment.seq BETWEEN :opened AND :seq AND entry.name = 'question_published'"""
_ENTRIES: Final = f"""
WITH shown AS MATERIALIZED ({_SHOWN}),
wanted (position) AS MATERIALIZED (
    SELECT position FROM moment WHERE room = :room AND seq <= :seq
    UNION ALL
    SELECT message.position FROM shown CROSS JOIN message ON message.room = :room AND message.seq = shown.seq
    UNION ALL
    SELECT edit.position FROM shown CROSS JOIN entry AS edit INDEXED BY entry_edit
    WHERE edit.stream = {_STREAM} AND edit.name = 'message_edited' AND edit.data ->> '$.message' = +shown.seq
        AND +edit.seq <= :seq)
SELECT json_group_array(json_array(entry.seq, entry.at, entry.by, entry.name, json(entry.data)) ORDER BY entry.seq)
FROM wanted CROSS JOIN entry ON entry.position = wanted.position
WHERE entry.seq >= :opened OR entry.name NOT IN ({_NAMES})
"""
# Of the messages in `:seqs`: [seq, how many replies, the last one's seq, at and by, why it is hidden now].
_AROUND: Final = """
SELECT json_group_array(json_array(shown.value, (
        SELECT count(*) FROM message INDEXED BY message_answers
        WHERE room = :room AND thread = shown.value AND seq <= :seq),
    reply.seq, reply.at, reply.by, message.hidden))
FROM json_each(:seqs) AS shown CROSS JOIN message ON message.room = :room AND message.seq = shown.value
LEFT JOIN message AS reply ON reply.room = :room AND reply.seq = (
    SELECT max(seq) FROM message INDEXED BY message_answers
    WHERE room = :room AND thread = shown.value AND seq <= :seq)
"""
_HAS_OLDER: Final = f"SELECT EXISTS (SELECT 1 FROM {BEGINNINGS} AND seq < :first)"
# What each person's last signal said. The index of places holds positions too, so only those between are looked up.
_SIGNALS: Final = f"""
FROM entry INDEXED BY entry_place
WHERE stream = {_STREAM} AND position > :since AND position < :before AND at <= :at"""
_VOTERS: Final = f"""
SELECT json_group_array(json_array(question, person)) FROM (
    SELECT data ->> '$.question' AS question, by AS person, coalesce(data ->> '$.on', 1) AS is_on, max(position)
    {_SIGNALS} AND name = 'vote_set' GROUP BY 1, 2)
WHERE is_on
"""
_TALLIES: Final = f"""
SELECT json_group_array(json_array(message, emoji, people)) FROM (
    SELECT message, emoji, count(*) AS people FROM (
        SELECT data ->> '$.message' AS message, data ->> '$.emoji' AS emoji, by,
            coalesce(data ->> '$.on', 1) AS is_on, max(position)
        {_SIGNALS} AND name = 'reaction_set' AND data ->> '$.message' IN (SELECT value FROM json_each(:seqs))
        GROUP BY 1, 2, by)
    WHERE is_on GROUP BY message, emoji)
"""
_COUNTED: Final = f"""
SELECT json_group_array(json_array(position, at, by, name, json(data)) ORDER BY position)
{_SIGNALS} AND name IN ('vote_set', 'poll_answered')
"""
_MOVED: Final = f"""
SELECT json_group_array(json_array(entry.position, entry.seq, entry.at, entry.by, entry.name, json(entry.data))
    ORDER BY entry.position)
FROM moment CROSS JOIN entry ON entry.position = moment.position
WHERE moment.room = :room AND moment.seq >= :opened AND moment.seq < :end AND entry.name IN ({_NAMES})
"""
_SAID: Final = """
SELECT json_group_object(CAST(message.seq AS TEXT), coalesce(said.data ->> '$.text', ''))
FROM json_each(:seqs) AS asked CROSS JOIN message ON message.room = :room AND message.seq = asked.value
CROSS JOIN entry AS said ON said.position = message.text_position WHERE message.hidden IS NULL
"""
_POSITIONS: Final = f"""
SELECT json_group_array(position ORDER BY seq) FROM entry INDEXED BY entry_place
WHERE stream = {_STREAM} AND seq >= :opened AND seq < :end
"""
# Where the next session begins, if there is this one.
_END: Final = """
SELECT coalesce((SELECT min(opened) FROM session AS next WHERE next.room = :room AND next.opened > :opened),
    :last)
FROM session WHERE room = :room AND opened = :opened
"""

_MARKS: Final = """json((
    SELECT json_group_array(json_object(
        'seq', seq, 'at', at, 'media_position_ms', media_position_ms, 'label', label) ORDER BY seq)
    FROM mark WHERE mark.room = :room AND mark.seq > session.opened AND mark.seq < coalesce(session.closed, :last)))"""
_SESSIONS: Final = f"""
SELECT json_group_array(json_object(
    'session', opened, 'title', title, 'opened_at', opened_at, 'closed', closed, 'closed_at', closed_at,
    'questions', (SELECT count(*) FROM question WHERE room = :room AND session = opened AND message IS NOT NULL),
    'answered', (SELECT count(*) FROM question
        WHERE room = :room AND session = opened AND status GLOB 'answered*'),
    'marks', {_MARKS}) ORDER BY opened)
FROM session WHERE room = :room
"""
_RECORDED: Final = f"""
SELECT json_array(opened, opened_at, closed_at, {_MARKS}) FROM session
WHERE room = :room AND opened = coalesce(:session, (SELECT max(opened) FROM session WHERE room = :room))
"""


def _person(by: str) -> str:
    return f"coalesce((SELECT person FROM alias WHERE alias.room = :room AND alias = {by} AND NOT sealed), {by})"


_QUESTIONS: Final = f"""
SELECT json_group_array(json_array(
    question, by, {_person("question.by")}, status, asked_at, published_at, answered_at, merged_into)
    ORDER BY asked_at, question)
FROM question WHERE room = :room AND session = :opened
"""
_TURNS: Final = f"""
SELECT json_group_object(person, turns) FROM (
    SELECT person, count(*) AS turns FROM (
        SELECT {_person("message.by")} AS person FROM message
        WHERE room = :room AND seq > :opened AND seq < :closed
        UNION ALL
        SELECT {_person("hand.hand")} FROM hand WHERE room = :room AND session = :opened AND called_at IS NOT NULL)
    GROUP BY person)
"""
_HANDS: Final = f"""
SELECT json_group_array(json_array(hand, {_person("hand.hand")}) ORDER BY seq)
FROM hand WHERE room = :room AND session = :opened AND lowered_at IS NULL
"""
_PRESENT: Final = (
    "SELECT json_group_array(person ORDER BY person) FROM attendance WHERE room = :room AND session = :opened"
)
_PACE: Final = """
SELECT json_group_array(json_array(at, person, pace) ORDER BY seq)
FROM pace WHERE room = :room AND at >= :opened_at AND at <= :closed_at
"""
_CLOSED: Final = "SELECT coalesce(closed, :last) FROM session WHERE room = :room AND opened = :opened"

PAST: Final = {
    "head": _HEAD,
    "newest_at": _NEWEST_AT,
    "place": _PLACE,
    "opened": _OPENED,
    "entries": _ENTRIES,
    "around": _AROUND,
    "has_older": _HAS_OLDER,
    "voters": _VOTERS,
    "tallied": _TALLIES,
    "counted": _COUNTED,
    "moved": _MOVED,
    "said": _SAID,
    "positions": _POSITIONS,
    "end": _END,
    "sessions": _SESSIONS,
    "recorded": _RECORDED,
    "closed": _CLOSED,
    "questions": _QUESTIONS,
    "turns": _TURNS,
    "hands": _HANDS,
    "present": _PRESENT,
    "pace": _PACE,
}
