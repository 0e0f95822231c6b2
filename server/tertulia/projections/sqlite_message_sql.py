"""SQLite's statements for messages (`message_queries.py`) and for the shelf (`shelf_queries.py`). Each gives one row,
answered as JSON in the shapes of `domain/view.py`, so that it is true at one moment and Python's lock is not taken for
every row.
"""

from __future__ import annotations

from typing import Final

MESSAGE: Final = """json_object(
    'seq', message.seq, 'at', message.at, 'by', message.by,
    'text', coalesce(said.data ->> '$.text', ''),
    'revision', message.revision,
    'redacted', json(iif(message.redacted, 'true', 'false')),
    'mentions', json(coalesce(said.data -> '$.mentions', '[]')),
    'reply_to', message.reply_to, 'thread', message.thread, 'replies', message.replies,
    'last_reply', json(iif(message.last_seq IS NULL, 'null',
        json_object('seq', message.last_seq, 'at', message.last_at, 'by', message.last_by))),
    'resolved', json(iif(message.resolved, 'true', 'false')),
    'kind', message.kind, 'question', message.question, 'held_at', message.held_at, 'source', message.source,
    'hidden', message.hidden, 'endorsed', json(message.endorsed), 'minds_changed', message.minds_changed)"""
"""A `MessageView` from a row of `message` and the entry `said` that holds its text."""

SHOWN: Final = f"""json((
    SELECT json_group_array({MESSAGE} ORDER BY message.seq)
    FROM shown CROSS JOIN message ON message.room = :room AND message.seq = shown.seq
    CROSS JOIN entry AS said ON said.position = message.text_position))"""
"""The messages whose seqs are in the table `shown`, oldest first."""

TALLIES: Final = """json((
    SELECT json_group_object(CAST(message AS TEXT), json(counts)) FROM (
        SELECT tally.message AS message, json_group_object(tally.emoji, tally.people) AS counts
        FROM shown CROSS JOIN tally ON tally.room = :room AND tally.message = shown.seq GROUP BY tally.message)))"""
"""Tallies of those in `shown` that have one."""

_MINE: Final = """json((
    SELECT json_group_object(CAST(message AS TEXT), json(emoji)) FROM (
        SELECT reaction.message AS message, json_group_array(reaction.emoji) AS emoji
        FROM shown CROSS JOIN reaction
            ON reaction.room = :room AND reaction.message = shown.seq AND reaction.person = :person
        GROUP BY reaction.message)))"""

HEAD: Final = """coalesce((
    SELECT max(entry.seq) FROM entry
    WHERE entry.stream = (SELECT stream.id FROM stream WHERE stream.name = 'room/' || :room)), 0)"""

BEGINNINGS: Final = "message INDEXED BY message_begins WHERE room = :room AND thread IS NULL"
"""Rows of `message` that begin a thread. The index is named, for the planner does not know how rare they may be."""

_REPLIES: Final = "message INDEXED BY message_answers WHERE room = :room AND thread = :thread"

_NEWEST: Final = f"SELECT seq FROM {BEGINNINGS} AND seq < :before ORDER BY seq DESC LIMIT :limit"
_AFTER: Final = f"SELECT seq FROM {BEGINNINGS} AND seq > :after ORDER BY seq LIMIT :limit"
# A reply stands for its thread.
_SIDES: Final = f"""
    centre AS MATERIALIZED (SELECT coalesce(
        (SELECT thread FROM message WHERE room = :room AND seq = :around), :around) AS seq),
    upto AS MATERIALIZED (
        SELECT seq FROM {BEGINNINGS} AND seq <= (SELECT seq FROM centre) ORDER BY seq DESC LIMIT :limit),
    beyond AS MATERIALIZED (
        SELECT seq FROM {BEGINNINGS} AND seq > (SELECT seq FROM centre) ORDER BY seq LIMIT :limit),"""
# Half of the page before and half after; what one side lacks the other gives.
_AROUND: Final = """
    SELECT seq FROM (SELECT seq FROM upto LIMIT max((:limit + 1) / 2, :limit - (SELECT count(*) FROM beyond)))
    UNION ALL
    SELECT seq FROM (SELECT seq FROM beyond LIMIT :limit - min((:limit + 1) / 2, (SELECT count(*) FROM upto)))"""
_HAS_BEFORE: Final = f"""EXISTS (
    SELECT 1 FROM {BEGINNINGS} AND seq < coalesce((SELECT min(seq) FROM shown), :before, :after + 1))"""
_HAS_AFTER: Final = f"""EXISTS (
    SELECT 1 FROM {BEGINNINGS} AND seq > coalesce((SELECT max(seq) FROM shown), :after, :before - 1))"""
_THREAD: Final = f"""
    SELECT seq FROM message WHERE room = :room AND seq = :thread AND :after = 0
    UNION ALL
    SELECT seq FROM (SELECT seq FROM {_REPLIES} AND seq > :after ORDER BY seq LIMIT :limit)"""
_HAS_MORE_REPLIES: Final = f"""EXISTS (
    SELECT 1 FROM {_REPLIES} AND seq > coalesce((SELECT max(seq) FROM shown), :after))"""

# `+message.seq`: as a plain number, the index of edits is used; as a column of integers, it is not.
_WITH_WORDINGS: Final = f"""
SELECT json_array({MESSAGE}, json((
    SELECT json_group_array(json_array(seq, at, text) ORDER BY seq) FROM (
        SELECT first.seq AS seq, first.at AS at, first.data ->> '$.text' AS text FROM entry AS first
        WHERE first.position = message.position AND NOT message.redacted
        UNION ALL
        SELECT edit.seq, edit.at, edit.data ->> '$.text' FROM entry AS edit
        WHERE edit.stream = said.stream AND edit.name = 'message_edited'
            AND edit.data ->> '$.message' = +message.seq AND NOT message.redacted))))
FROM message JOIN entry AS said ON said.position = message.text_position
WHERE message.room = :room AND message.seq = :seq
"""

_FACTS: Final = """
SELECT json_group_array(json_object(
    'seq', message.seq, 'author', message.by, 'thread', coalesce(message.thread, message.seq),
    'redacted', json(iif(message.redacted, 'true', 'false')), 'revision', message.revision))
FROM json_each(:seqs) AS asked CROSS JOIN message WHERE message.room = :room AND message.seq = asked.value
"""
_LISTED: Final = f"WITH shown AS (SELECT value AS seq FROM json_each(:seqs)) SELECT {SHOWN}"
# Of one that was carried here, what became of it in its own room stands there.
_FATES: Final = """
SELECT json_group_object(CAST(question.message AS TEXT), json_array(question.status, (
    SELECT count(*) FROM vote WHERE vote.room = :room AND vote.question = question.question)))
FROM json_each(:seqs) AS asked CROSS JOIN question ON question.room = :room AND question.message = asked.value
"""
_TALLIES_OF: Final = f"WITH shown AS (SELECT value AS seq FROM json_each(:seqs)) SELECT {TALLIES}"
_MINE_OF: Final = f"WITH shown AS (SELECT value AS seq FROM json_each(:seqs)) SELECT {_MINE}"


def _page(shown: str, *, has_before: str, has_after: str, sides: str = "") -> str:
    return f"""
WITH {sides} shown AS MATERIALIZED ({shown})
SELECT json_array({SHOWN}, {TALLIES}, {_MINE},
    json(iif({has_before}, 'true', 'false')), json(iif({has_after}, 'true', 'false')), {HEAD})
"""


_NEWEST_PAGE: Final = _page(_NEWEST, has_before=_HAS_BEFORE, has_after=_HAS_AFTER)
_AFTER_PAGE: Final = _page(_AFTER, has_before=_HAS_BEFORE, has_after=_HAS_AFTER)
_AROUND_PAGE: Final = _page(_AROUND, has_before=_HAS_BEFORE, has_after=_HAS_AFTER, sides=_SIDES)
_THREAD_PAGE: Final = (
    _page(_THREAD, has_before=":after > 0", has_after=_HAS_MORE_REPLIES)
    + "WHERE EXISTS (SELECT 1 FROM message WHERE room = :room AND seq = :thread AND thread IS NULL)"
)

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
    "all_held": _ALL_HELD,
    "held_by_others": _HELD_BY_OTHERS,
}
