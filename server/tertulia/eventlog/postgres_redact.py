"""What a redaction takes out of the PostgreSQL log: the words of a message, and of everything that says them again.

An entry that repeats or changes a message's words elsewhere says in the column `about` of what, when it is written;
by that, its redaction finds it. The words are taken out here and not in SQL: data may hold what PostgreSQL's `jsonb`
does not take (`\\u0000`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString

import msgspec

from tertulia.domain.ids import StreamName, stream_owner
from tertulia.eventlog.postgres_link import Link
from tertulia.eventlog.postgres_rows import numbers, texts

Redacted = tuple[int, int, str]
"""A stream's number, a seq, the data that is left."""

_MESSAGES: Final[LiteralString] = """
SELECT entry.stream, entry.seq, entry.at, entry.by, entry.name, entry.data::text
FROM unnest(%s::bigint[], %s::bigint[]) AS asked (stream, seq)
JOIN tertulia.entry ON entry.stream = asked.stream AND entry.seq = asked.seq
UNION ALL
SELECT entry.stream, entry.seq, entry.at, entry.by, entry.name, entry.data::text
FROM unnest(%s::bigint[], %s::text[]) AS asked (stream, about)
JOIN tertulia.entry ON entry.about = asked.about AND entry.stream = asked.stream
"""
_COPIES: Final[LiteralString] = """
SELECT entry.stream, entry.seq, entry.at, entry.by, entry.name, entry.data::text
FROM tertulia.entry WHERE entry.about = ANY(%s::text[])
"""
_WORDS: Final = ("text", "mentions", "links")

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def about(name: str, *, at: int, by: str, data: str) -> str | None:
    """What this entry says something of. An edit: its message, in its stream. What was told of a question that waits:
    the question; of a message that is held: when it was held, and whose it is."""
    match name:
        case "message_edited":
            return f"message/{_decode(data).get('message')}"
        case "question_asked" | "question_reworded":
            return f"question/{_decode(data).get('question')}"
        case "message_held":
            return f"held/{at}/{by}"
        case _:
            return None


async def redacted(link: Link, messages: Sequence[tuple[StreamName, int, int]]) -> list[Redacted]:
    """What is to be written over what the log has, for these messages (stream, its number, seq); sorted, so that two
    nodes take the rows in one order."""
    streams, seqs = [number for _, number, _ in messages], [seq for _, _, seq in messages]
    edits = texts(f"message/{seq}" for seq in seqs)
    arrays = (numbers(streams), numbers(seqs), numbers(streams), edits)
    rooms = {number: stream_owner(stream) for stream, number, _ in messages}
    found: dict[tuple[int, int], dict[str, Any]] = {}
    said: list[dict[str, Any]] = []
    for stream, seq, _, by, name, text in await _rows(link, _MESSAGES, arrays):
        if name not in ("message_posted", "message_edited"):
            continue
        data = _decode(text)
        if name == "message_posted":
            said.append(data | {"room": rooms[stream], "by": by})
        found[stream, seq] = _without(data, _WORDS) | {"redacted": True}
    copies = [key for message in said for key in _copies(message)]
    for stream, seq, at, by, name, text in await _rows(link, _COPIES, (texts(copies),)) if copies else ():
        data = _decode(text)
        if name != "message_held" or any(_is_held(message, data, at=at, by=by) for message in said):
            found[stream, seq] = _without(data, ("text",))
    return sorted((stream, seq, _encode(data).decode()) for (stream, seq), data in found.items())


def _without(data: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def _copies(message: dict[str, Any]) -> list[str]:
    """What else may say this message's words, as `about` has it."""
    keys = []
    if (question := message.get("question")) is not None:
        keys.append(f"question/{question}")
    if (held_at := message.get("held_at")) is not None:
        keys.append(f"held/{held_at}/{message['by']}")
    return keys


def _is_held(message: dict[str, Any], data: dict[str, Any], *, at: int, by: str) -> bool:
    """Whether this is what was told of that message when it was held: one may have been held twice in a millisecond."""
    told = (at, by, data.get("room"), data.get("text"))
    return told == (message.get("held_at"), message["by"], message["room"], message.get("text"))


async def _rows(link: Link, query: LiteralString, arrays: Sequence[str]) -> list[tuple[Any, ...]]:
    return await (await link.connection.execute(query, arrays)).fetchall()
