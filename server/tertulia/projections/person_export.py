"""Everything kept about a person, object by object: who they are, what they wrote (each wording; under an alias too),
reacted, read, were told, and what they did in sessions.

Blocking; a page at a time, so that a long export holds neither memory nor the log's old pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import apsw
import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import PersonId

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

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


def export_person(connect: Callable[[], apsw.Connection], person: PersonId) -> Iterator[dict[str, Any]]:
    connection = connect()
    try:
        bindings: dict[str, Any] = {"person": person, "limit": limits.page_events_max}
        yield {"kind": "person", "person": person}
        yield from _decode(connection.execute(_MEMBERSHIPS, bindings).get)
        first, aliases = msgspec.json.decode(connection.execute(_PERSONAS, bindings).get)
        personas = [first, *aliases]
        for persona in personas:
            yield from _pages(connection, _MESSAGES, bindings | {"by": persona})
        yield from _decode(
            connection.execute(_IN_SESSIONS, bindings | {"personas": msgspec.json.encode(personas).decode()}).get
        )
        yield from _pages(connection, _REACTIONS, bindings)
        yield from _decode(connection.execute(_MARKERS, bindings).get)
        for told in _pages(connection, _TOLD, bindings):
            if told["kind"] != "read_marked":
                yield told
    finally:
        connection.close()


def _pages(connection: apsw.Connection, statement: str, bindings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All rows, asked for page by page: each begins after the last one's room, seq and emoji, as far as it has them."""
    last: dict[str, Any] = {"room": "", "seq": 0, "emoji": ""}
    while page := _decode(connection.execute(statement, bindings | last).get):
        yield from page
        end = page[-1]
        last = {"room": end.get("room", ""), "seq": end.get("seq", end.get("message")), "emoji": end.get("emoji", "")}
