"""Queries for messages: pages, threads, one message with its wordings, tallies. One statement each, answered
as JSON in the shapes of `domain/view.py`, so that each is true at one moment and Python's lock is not taken
for every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw
import msgspec

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.room import MessageFact
from tertulia.domain.view import MessageView
from tertulia.projections import Fate, MessagesPage, Revision

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

_SEQ_MAX: Final = 2**62
_encode = msgspec.json.Encoder().encode
_decode_page = msgspec.json.Decoder(MessagesPage).decode
_decode_message = msgspec.json.Decoder(tuple[MessageView, list[Revision]]).decode
_decode_listed = msgspec.json.Decoder(list[MessageView]).decode
_decode_fates = msgspec.json.Decoder(dict[str, Fate]).decode
_decode_facts = msgspec.json.Decoder(list[MessageFact]).decode
_decode_tallies = msgspec.json.Decoder(dict[str, dict[str, int]]).decode
_decode_mine = msgspec.json.Decoder(dict[str, list[str]]).decode


def within(number: int) -> int:
    """A number that came from outside, such that SQLite can hold it; beyond any seq it makes no difference."""
    return min(max(number, 0), _SEQ_MAX)


def read_page(
    connection: apsw.Connection, room: RoomId, *, person: PersonId, where: dict[str, int | None], limit: int
) -> MessagesPage:
    """`where`: at most one of before, after, around is a number."""
    bindings: dict[str, Any] = {"before": None, "after": None}
    bindings |= {side: None if seq is None else within(seq) for side, seq in where.items()}
    bindings |= {"room": room, "person": person, "limit": within(limit)}
    statement = _NEWEST_PAGE
    if where.get("around") is not None:
        statement = _AROUND_PAGE
    elif where.get("after") is not None:
        statement = _AFTER_PAGE
    elif where.get("before") is None:
        bindings["before"] = _SEQ_MAX
    return _decode_page(connection.execute(statement, bindings).get)


def read_thread(
    connection: apsw.Connection, room: RoomId, thread: int, *, person: PersonId, after: int, limit: int
) -> MessagesPage | None:
    bindings: dict[str, Any] = {"room": room, "person": person}
    bindings |= {"thread": within(thread), "after": within(after), "limit": within(limit)}
    found = connection.execute(_THREAD_PAGE, bindings).get
    return None if found is None else _decode_page(found)


def read_message(connection: apsw.Connection, room: RoomId, seq: int) -> tuple[MessageView, list[Revision]] | None:
    found = connection.execute(_WITH_WORDINGS, {"room": room, "seq": within(seq)}).get
    return None if found is None else _decode_message(found)


def read_facts(connection: apsw.Connection, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
    found = connection.execute(_FACTS, {"room": room, "seqs": _encode(list(seqs)).decode()}).get
    return {fact.seq: fact for fact in _decode_facts(found)}


def read_listed(connection: apsw.Connection, room: RoomId, seqs: Sequence[int]) -> list[MessageView]:
    return _decode_listed(connection.execute(_LISTED, {"room": room, "seqs": _encode(list(seqs)).decode()}).get)


def read_fates(connection: apsw.Connection, room: RoomId, seqs: Sequence[int]) -> dict[str, Fate]:
    return _decode_fates(connection.execute(_FATES, {"room": room, "seqs": _encode(list(seqs)).decode()}).get)


def read_tallies(connection: apsw.Connection, room: RoomId, messages: Sequence[int]) -> dict[str, dict[str, int]]:
    found = connection.execute(_TALLIES_OF, {"room": room, "seqs": _encode(list(messages)).decode()}).get
    return {str(message): {} for message in messages} | _decode_tallies(found)


def read_mine(
    connection: apsw.Connection, room: RoomId, messages: Sequence[int], *, person: PersonId
) -> dict[str, list[str]]:
    bindings = {"room": room, "person": person, "seqs": _encode(list(messages)).decode()}
    return {str(message): [] for message in messages} | _decode_mine(connection.execute(_MINE_OF, bindings).get)
