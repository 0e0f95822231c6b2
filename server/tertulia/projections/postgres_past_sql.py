"""PostgreSQL's statements for what was: a room at a past moment (`past_queries.py`) and the record of a session
(`session_record.py`)."""

from __future__ import annotations

from typing import Final, LiteralString

from tertulia.projections.past_queries import SESSION_ONLY
from tertulia.projections.postgres_message_sql import BEGINNINGS, SEQS

_NAMES: Final[LiteralString] = ", ".join(f"'{name}'" for name in SESSION_ONLY)
_STREAM: Final[LiteralString] = "(SELECT stream.id FROM stream WHERE stream.name = %(stream)s)"
_LENGTH: Final[LiteralString] = "coalesce((SELECT stream.head FROM stream WHERE stream.name = %(stream)s), 0)"
_HEAD: Final[LiteralString] = f"SELECT {_LENGTH}"
_PLACE: Final[LiteralString] = f"SELECT position, at FROM entry WHERE stream = {_STREAM} AND seq = %(seq)s::bigint"


def _last(is_before: LiteralString) -> LiteralString:
    """The seq of the last entry of the stream that is before something, by halving; 0 when none is. Neither time nor
    position runs backwards in a stream, and no index need know them."""
    return f"""(
    WITH RECURSIVE half (low, high) AS (
        SELECT 0::bigint, {_LENGTH}
        UNION ALL
        SELECT CASE WHEN {is_before} THEN entry.seq ELSE half.low END,
            CASE WHEN {is_before} THEN half.high ELSE entry.seq - 1 END
        FROM half JOIN entry ON entry.stream = {_STREAM} AND entry.seq = (half.low + half.high + 1) / 2
        WHERE half.low < half.high)
    SELECT max(low) FROM half)"""


_NEWEST_AT: Final[LiteralString] = f"SELECT {_last('entry.at <= %(at)s::bigint')}"
_OPENED: Final[LiteralString] = (
    "SELECT coalesce(max(opened), 0) FROM session WHERE room = %(room)s AND opened <= %(seq)s::bigint"
)

# The last messages that begin a thread, and those that are questions of the session.
_SHOWN: Final[LiteralString] = f"""
(SELECT seq FROM {BEGINNINGS} AND seq <= %(seq)s::bigint ORDER BY seq DESC LIMIT %(limit)s::bigint)
UNION
SELECT (entry.data ->> 'message')::bigint FROM moment JOIN entry ON entry.position = moment.position
WHERE moment.room = %(room)s AND moment.seq BETWEEN %(opened)s::bigint AND %(seq)s::bigint
    AND entry.name = 'question_published'"""
_ENTRIES: Final[LiteralString] = f"""
WITH shown AS MATERIALIZED ({_SHOWN}),
wanted AS MATERIALIZED (
    SELECT position FROM moment WHERE room = %(room)s AND seq <= %(seq)s::bigint
    UNION ALL
    SELECT message.position FROM shown JOIN message ON message.room = %(room)s AND message.seq = shown.seq
    UNION ALL
    SELECT edit.position FROM shown JOIN entry AS edit
        ON edit.about = 'message/' || shown.seq AND edit.stream = {_STREAM}
    WHERE edit.name = 'message_edited' AND edit.seq <= %(seq)s::bigint)
SELECT coalesce(json_agg(json_build_array(entry.seq, entry.at, entry.by, entry.name, entry.data) ORDER BY entry.seq),
    '[]'::json)
FROM wanted JOIN entry ON entry.position = wanted.position
WHERE entry.seq >= %(opened)s::bigint OR entry.name NOT IN ({_NAMES})
"""
# Of the messages in `:seqs`: [seq, how many replies, the last one's seq, at and by, why it is hidden now].
_AROUND: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(message.seq, (
        SELECT count(*) FROM message AS answer
        WHERE answer.room = %(room)s AND answer.thread = message.seq AND answer.seq <= %(seq)s::bigint),
    reply.seq, reply.at, reply.by, message.hidden)), '[]'::json)
FROM {SEQS} JOIN message ON message.room = %(room)s AND message.seq = asked.value::bigint
LEFT JOIN LATERAL (
    SELECT answer.seq, answer.at, answer.by FROM message AS answer
    WHERE answer.room = %(room)s AND answer.thread = message.seq AND answer.seq <= %(seq)s::bigint
    ORDER BY answer.seq DESC LIMIT 1) AS reply ON true
"""
_HAS_OLDER: Final[LiteralString] = f"SELECT EXISTS (SELECT FROM {BEGINNINGS} AND seq < %(first)s::bigint)"
# What each person's last signal said.
_SIGNALS: Final[LiteralString] = f"""
FROM entry
WHERE stream = {_STREAM} AND seq > {_last("entry.position <= %(since)s::bigint")}
    AND seq <= {_last("entry.position < %(before)s::bigint")} AND at <= %(at)s::bigint"""
_VOTERS: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(voted.question, voted.person)), '[]'::json) FROM (
    SELECT DISTINCT ON (data ->> 'question', by) data ->> 'question' AS question, by AS person,
        coalesce((data ->> 'on')::boolean, true) AS is_on
    {_SIGNALS} AND name = 'vote_set' ORDER BY data ->> 'question', by, seq DESC) AS voted
WHERE voted.is_on
"""
_TALLIED: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(message, emoji, people)), '[]'::json) FROM (
    SELECT message, emoji, count(*) AS people FROM (
        SELECT DISTINCT ON (data ->> 'message', data ->> 'emoji', by)
            (data ->> 'message')::bigint AS message, data ->> 'emoji' AS emoji,
            coalesce((data ->> 'on')::boolean, true) AS is_on
        {_SIGNALS} AND name = 'reaction_set' AND data ->> 'message' = ANY(ARRAY(SELECT value FROM {SEQS}))
        ORDER BY data ->> 'message', data ->> 'emoji', by, seq DESC) AS reacted
    WHERE is_on GROUP BY message, emoji) AS counted
"""
_COUNTED: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(position, at, by, name, data) ORDER BY position), '[]'::json)
{_SIGNALS} AND name IN ('vote_set', 'poll_answered')
"""
_MOVED: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(entry.position, entry.seq, entry.at, entry.by, entry.name, entry.data)
    ORDER BY entry.position), '[]'::json)
FROM moment JOIN entry ON entry.position = moment.position
WHERE moment.room = %(room)s AND moment.seq >= %(opened)s::bigint AND moment.seq < %(end)s::bigint
    AND entry.name IN ({_NAMES})
"""
_SAID: Final[LiteralString] = f"""
SELECT coalesce(json_object_agg(message.seq, coalesce(said.data -> 'text', '""'::json)), '{{}}'::json)
FROM {SEQS} JOIN message ON message.room = %(room)s AND message.seq = asked.value::bigint
JOIN entry AS said ON said.position = message.text_position WHERE message.hidden IS NULL
"""
_POSITIONS: Final[LiteralString] = f"""
SELECT coalesce(json_agg(position ORDER BY seq), '[]'::json) FROM entry
WHERE stream = {_STREAM} AND seq >= %(opened)s::bigint AND seq < %(end)s::bigint
"""
# Where the next session begins, if there is this one.
_END: Final[LiteralString] = """
SELECT coalesce((
    SELECT min(opened) FROM session AS next WHERE next.room = %(room)s AND next.opened > %(opened)s::bigint),
    %(last)s::bigint)
FROM session WHERE room = %(room)s AND opened = %(opened)s::bigint
"""

_MARKS: Final[LiteralString] = """coalesce((
    SELECT json_agg(json_build_object(
        'seq', seq, 'at', at, 'media_position_ms', media_position_ms, 'label', label) ORDER BY seq)
    FROM mark WHERE mark.room = %(room)s AND mark.seq > session.opened
        AND mark.seq < coalesce(session.closed, %(last)s::bigint)), '[]'::json)"""
_SESSIONS: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_object(
    'session', opened, 'title', title, 'opened_at', opened_at, 'closed', closed, 'closed_at', closed_at,
    'questions', (
        SELECT count(*) FROM question WHERE room = %(room)s AND session = opened AND message IS NOT NULL),
    'answered', (SELECT count(*) FROM question
        WHERE room = %(room)s AND session = opened AND starts_with(status, 'answered')),
    'marks', {_MARKS}) ORDER BY opened), '[]'::json)
FROM session WHERE room = %(room)s
"""
_RECORDED: Final[LiteralString] = f"""
SELECT json_build_array(opened, opened_at, closed_at, {_MARKS}) FROM session
WHERE room = %(room)s
    AND opened = coalesce(%(session)s::bigint, (SELECT max(opened) FROM session WHERE room = %(room)s))
"""


def _person(by: LiteralString) -> LiteralString:
    return f"""coalesce((
        SELECT person FROM alias WHERE alias.room = %(room)s AND alias = {by} AND NOT sealed), {by})"""


_QUESTIONS: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(
    question, by, {_person("question.by")}, status, asked_at, published_at, answered_at, merged_into)
    ORDER BY asked_at, question), '[]'::json)
FROM question WHERE room = %(room)s AND session = %(opened)s::bigint
"""
_TURNS: Final[LiteralString] = f"""
SELECT coalesce(json_object_agg(counted.person, counted.turns), '{{}}'::json) FROM (
    SELECT took.person, count(*) AS turns FROM (
        SELECT {_person("message.by")} AS person FROM message
        WHERE room = %(room)s AND seq > %(opened)s::bigint AND seq < %(closed)s::bigint
        UNION ALL
        SELECT {_person("hand.hand")} FROM hand
        WHERE room = %(room)s AND session = %(opened)s::bigint AND called_at IS NOT NULL) AS took
    GROUP BY took.person) AS counted
"""
_HANDS: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(hand, {_person("hand.hand")}) ORDER BY seq), '[]'::json)
FROM hand WHERE room = %(room)s AND session = %(opened)s::bigint AND lowered_at IS NULL
"""
_PRESENT: Final[LiteralString] = """
SELECT coalesce(json_agg(person ORDER BY person), '[]'::json)
FROM attendance WHERE room = %(room)s AND session = %(opened)s::bigint
"""
_PACE: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_array(at, person, pace) ORDER BY seq), '[]'::json)
FROM pace WHERE room = %(room)s AND at >= %(opened_at)s::bigint AND at <= %(closed_at)s::bigint
"""
_CLOSED: Final[LiteralString] = """
SELECT coalesce(closed, %(last)s::bigint) FROM session WHERE room = %(room)s AND opened = %(opened)s::bigint
"""

PAST: Final = {
    "head": _HEAD,
    "newest_at": _NEWEST_AT,
    "place": _PLACE,
    "opened": _OPENED,
    "entries": _ENTRIES,
    "around": _AROUND,
    "has_older": _HAS_OLDER,
    "voters": _VOTERS,
    "tallied": _TALLIED,
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
