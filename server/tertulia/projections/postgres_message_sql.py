"""PostgreSQL's statements for messages (`message_queries.py`) and for the shelf (`shelf_queries.py`). Each gives one
row, answered as JSON in the shapes of `domain/view.py`, so that it is true at one moment. Tables are those of the
schema `tertulia`, which is the path of a connection.

`LATERAL (… OFFSET 0)` says in which order tables are looked into, each row by its key: the planner knows it too, but
not of tables that grew since it last looked at them.
"""

from __future__ import annotations

from typing import Final, LiteralString

MESSAGE: Final[LiteralString] = """json_build_object(
    'seq', message.seq, 'at', message.at, 'by', message.by,
    'text', coalesce(said.data -> 'text', '""'::json),
    'revision', message.revision, 'redacted', message.redacted,
    'mentions', coalesce(said.data -> 'mentions', '[]'::json),
    'reply_to', message.reply_to, 'thread', message.thread, 'replies', message.replies,
    'last_reply', CASE WHEN message.last_seq IS NOT NULL THEN
        json_build_object('seq', message.last_seq, 'at', message.last_at, 'by', message.last_by) END,
    'resolved', message.resolved,
    'kind', message.kind, 'question', message.question, 'held_at', message.held_at, 'source', message.source,
    'hidden', message.hidden, 'endorsed', message.endorsed, 'minds_changed', message.minds_changed)"""
"""A `MessageView` from a row of `message` and the entry `said` that holds its text."""

SHOWN: Final[LiteralString] = f"""coalesce((
    SELECT json_agg({MESSAGE} ORDER BY message.seq)
    FROM shown CROSS JOIN LATERAL (
        SELECT * FROM message WHERE message.room = %(room)s AND message.seq = shown.seq OFFSET 0) AS message
    JOIN entry AS said ON said.position = message.text_position), '[]'::json)"""
"""The messages whose seqs are in the table `shown`, oldest first."""

TALLIES: Final[LiteralString] = """coalesce((
    SELECT json_object_agg(counted.message, counted.counts) FROM (
        SELECT tally.message, json_object_agg(tally.emoji, tally.people ORDER BY tally.emoji) AS counts
        FROM shown CROSS JOIN LATERAL (
            SELECT * FROM tally WHERE tally.room = %(room)s AND tally.message = shown.seq OFFSET 0) AS tally
        GROUP BY tally.message) AS counted), '{}'::json)"""
"""Tallies of those in `shown` that have one."""

_MINE: Final[LiteralString] = """coalesce((
    SELECT json_object_agg(mine.message, mine.emoji) FROM (
        SELECT reaction.message, json_agg(reaction.emoji ORDER BY reaction.emoji) AS emoji
        FROM shown CROSS JOIN LATERAL (
            SELECT * FROM reaction
            WHERE reaction.room = %(room)s AND reaction.message = shown.seq AND reaction.person = %(person)s
            OFFSET 0) AS reaction
        GROUP BY reaction.message) AS mine), '{}'::json)"""

HEAD: Final[LiteralString] = "coalesce((SELECT stream.head FROM stream WHERE stream.name = 'room/' || %(room)s), 0)"

BEGINNINGS: Final[LiteralString] = "message WHERE room = %(room)s AND thread IS NULL"
"""Rows of `message` that begin a thread."""

SEQS: Final[LiteralString] = "json_array_elements_text(%(seqs)s::json) AS asked (value)"
"""`:seqs` as rows; `asked.value` is text."""

_REPLIES: Final[LiteralString] = "message WHERE room = %(room)s AND thread = %(thread)s::bigint"

_NEWEST: Final[LiteralString] = (
    f"SELECT seq FROM {BEGINNINGS} AND seq < %(before)s::bigint ORDER BY seq DESC LIMIT %(limit)s::bigint"
)
_AFTER: Final[LiteralString] = (
    f"SELECT seq FROM {BEGINNINGS} AND seq > %(after)s::bigint ORDER BY seq LIMIT %(limit)s::bigint"
)
# A reply stands for its thread.
_SIDES: Final[LiteralString] = f"""
    centre AS MATERIALIZED (SELECT coalesce(
        (SELECT thread FROM message WHERE room = %(room)s AND seq = %(around)s::bigint), %(around)s::bigint) AS seq),
    upto AS MATERIALIZED (
        SELECT seq FROM {BEGINNINGS} AND seq <= (SELECT seq FROM centre) ORDER BY seq DESC LIMIT %(limit)s::bigint),
    beyond AS MATERIALIZED (
        SELECT seq FROM {BEGINNINGS} AND seq > (SELECT seq FROM centre) ORDER BY seq LIMIT %(limit)s::bigint),"""
# Half of the page before and half after; what one side lacks the other gives.
_AROUND: Final[LiteralString] = """
    (SELECT seq FROM upto ORDER BY seq DESC
        LIMIT greatest((%(limit)s::bigint + 1) / 2, %(limit)s::bigint - (SELECT count(*) FROM beyond)))
    UNION ALL
    (SELECT seq FROM beyond ORDER BY seq
        LIMIT %(limit)s::bigint - least((%(limit)s::bigint + 1) / 2, (SELECT count(*) FROM upto)))"""
_HAS_BEFORE: Final[LiteralString] = f"""EXISTS (
    SELECT FROM {BEGINNINGS}
        AND seq < coalesce((SELECT min(seq) FROM shown), %(before)s::bigint, %(after)s::bigint + 1))"""
_HAS_AFTER: Final[LiteralString] = f"""EXISTS (
    SELECT FROM {BEGINNINGS}
        AND seq > coalesce((SELECT max(seq) FROM shown), %(after)s::bigint, %(before)s::bigint - 1))"""
_THREAD: Final[LiteralString] = f"""
    SELECT seq FROM message WHERE room = %(room)s AND seq = %(thread)s::bigint AND %(after)s::bigint = 0
    UNION ALL
    (SELECT seq FROM {_REPLIES} AND seq > %(after)s::bigint ORDER BY seq LIMIT %(limit)s::bigint)"""
_HAS_MORE_REPLIES: Final[LiteralString] = f"""EXISTS (
    SELECT FROM {_REPLIES} AND seq > coalesce((SELECT max(seq) FROM shown), %(after)s::bigint))"""

_WITH_WORDINGS: Final[LiteralString] = f"""
SELECT json_build_array({MESSAGE}, coalesce((
    SELECT json_agg(json_build_array(wording.seq, wording.at, wording.text) ORDER BY wording.seq) FROM (
        SELECT first.seq, first.at, first.data -> 'text' AS text FROM entry AS first
        WHERE first.position = message.position AND NOT message.redacted
        UNION ALL
        SELECT edit.seq, edit.at, edit.data -> 'text' FROM entry AS edit
        WHERE edit.stream = said.stream AND edit.name = 'message_edited'
            AND edit.about = 'message/' || message.seq AND NOT message.redacted) AS wording), '[]'::json))
FROM message JOIN entry AS said ON said.position = message.text_position
WHERE message.room = %(room)s AND message.seq = %(seq)s::bigint
"""

_FACTS: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_object(
    'seq', message.seq, 'author', message.by, 'thread', coalesce(message.thread, message.seq),
    'redacted', message.redacted, 'revision', message.revision)), '[]'::json)
FROM {SEQS} CROSS JOIN LATERAL (
    SELECT * FROM message WHERE message.room = %(room)s AND message.seq = asked.value::bigint OFFSET 0) AS message
"""
_ASKED: Final[LiteralString] = f"WITH shown AS MATERIALIZED (SELECT value::bigint AS seq FROM {SEQS})"
_LISTED: Final[LiteralString] = f"{_ASKED} SELECT {SHOWN}"
# Of one that was carried here, what became of it in its own room stands there.
_FATES: Final[LiteralString] = f"""
SELECT coalesce(json_object_agg(question.message, json_build_array(question.status, (
    SELECT count(*) FROM vote WHERE vote.room = %(room)s AND vote.question = question.question))), '{{}}'::json)
FROM {SEQS} JOIN question ON question.room = %(room)s AND question.message = asked.value::bigint
"""
_TALLIES_OF: Final[LiteralString] = f"{_ASKED} SELECT {TALLIES}"
_MINE_OF: Final[LiteralString] = f"{_ASKED} SELECT {_MINE}"


def _page(
    shown: LiteralString, *, has_before: LiteralString, has_after: LiteralString, sides: LiteralString = ""
) -> LiteralString:
    return f"""
WITH {sides} shown AS MATERIALIZED ({shown})
SELECT json_build_array({SHOWN}, {TALLIES}, {_MINE}, {has_before}, {has_after}, {HEAD})
"""


_NEWEST_PAGE: Final = _page(_NEWEST, has_before=_HAS_BEFORE, has_after=_HAS_AFTER)
_AFTER_PAGE: Final = _page(_AFTER, has_before=_HAS_BEFORE, has_after=_HAS_AFTER)
_AROUND_PAGE: Final = _page(_AROUND, has_before=_HAS_BEFORE, has_after=_HAS_AFTER, sides=_SIDES)
_THREAD_PAGE: Final = (
    _page(_THREAD, has_before="%(after)s::bigint > 0", has_after=_HAS_MORE_REPLIES)
    + "WHERE EXISTS (SELECT FROM message WHERE room = %(room)s AND seq = %(thread)s::bigint AND thread IS NULL)"
)

_RESOURCES: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_object(
    'message', message.seq, 'thread', message.thread, 'at', message.at, 'by', message.by, 'kind', message.kind,
    'text', coalesce(said.data -> 'text', '""'::json),
    'links', coalesce((
        SELECT json_agg(url ORDER BY place) FROM link
        WHERE link.room = %(room)s AND link.message = message.seq AND place >= 0), '[]'::json))
    ORDER BY message.seq DESC), '[]'::json)
FROM (
    SELECT DISTINCT link.message AS seq FROM link JOIN message AS shown
        ON shown.room = %(room)s AND shown.seq = link.message
    WHERE link.room = %(room)s AND link.message < %(before)s::bigint
        AND NOT shown.redacted AND shown.hidden IS NULL
    ORDER BY link.message DESC LIMIT %(limit)s::bigint) AS listed
JOIN message ON message.room = %(room)s AND message.seq = listed.seq
JOIN entry AS said ON said.position = message.text_position
"""
HELD: Final[LiteralString] = """json_build_object(
    'held', held.held, 'by', said.by, 'at', said.at, 'text', coalesce(said.data -> 'text', '""'::json),
    'kind', coalesce(said.data ->> 'kind', ''), 'reply_to', said.data -> 'reply_to',
    'thread', said.data -> 'thread', 'why', coalesce(said.data ->> 'why', 'floor'))"""
"""A `HeldView` from a row of `held` and the entry `said` that holds what was said."""

ALL_HELD: Final[LiteralString] = f"""
SELECT coalesce(json_agg({HELD} ORDER BY held.held), '[]'::json)
FROM held JOIN entry AS said ON said.position = held.position WHERE held.room = %(room)s
"""
# `floor`: since when it is held, if what is held is shown to those who have said something meanwhile.
_HELD_BY_OTHERS: Final[LiteralString] = f"""
WITH me (persona) AS MATERIALIZED (
    SELECT %(person)s::text
    UNION ALL SELECT alias FROM alias WHERE alias.person = %(person)s AND alias.room = %(room)s),
floor AS MATERIALIZED (
    SELECT entry.position FROM session_view AS session JOIN stream ON stream.name = 'room/' || %(room)s
    JOIN entry ON entry.stream = stream.id AND entry.seq = (session.view #>> '{{floor,seq}}')::bigint
    WHERE session.kind = 'room' AND session.owner = %(room)s AND session.view #>> '{{floor,shown_to}}' = 'answered')
SELECT coalesce(json_agg({HELD} ORDER BY held.held), '[]'::json)
FROM held JOIN entry AS said ON said.position = held.position
WHERE held.room = %(room)s AND coalesce(said.data ->> 'why', 'floor') = 'floor'
    AND said.by NOT IN (SELECT persona FROM me)
    AND EXISTS (
        SELECT FROM floor JOIN stream ON stream.name = 'room/' || %(room)s || '/staff'
        JOIN entry AS mine ON mine.stream = stream.id
        WHERE mine.position > floor.position AND mine.name = 'message_held'
            AND coalesce(mine.data ->> 'why', 'floor') = 'floor' AND mine.by IN (SELECT persona FROM me))
"""

MESSAGES: Final = {
    "newest_page": _NEWEST_PAGE,
    "after_page": _AFTER_PAGE,
    "around_page": _AROUND_PAGE,
    "thread_page": _THREAD_PAGE,
    "message": _WITH_WORDINGS,
    "facts": _FACTS,
    "listed": _LISTED,
    "fates": _FATES,
    "tallies": _TALLIES_OF,
    "mine": _MINE_OF,
    "resources": _RESOURCES,
    "all_held": ALL_HELD,
    "held_by_others": _HELD_BY_OTHERS,
}
