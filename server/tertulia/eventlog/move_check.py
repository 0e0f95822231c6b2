"""Whether a log was moved exactly: every row of both sides, in one order, compared byte by byte."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

from psycopg import sql

from tertulia.eventlog import LogRefused
from tertulia.eventlog.copy_text import line
from tertulia.eventlog.move import ENTRY, RECEIPT, STREAM, Move, Part
from tertulia.eventlog.projection import Progress

_ORDERS: Final = {
    STREAM: (STREAM.rows.replace("WHERE id > ?", ""), "id"),
    ENTRY: (
        "SELECT position, stream, seq, at, by, name, version, data FROM entry ORDER BY stream, seq",
        "stream, seq",
    ),
    RECEIPT: (RECEIPT.rows.replace("WHERE (author, key) > (?, ?)", ""), "author, key"),
}
"""How the rows of both sides come in one order: the query of the source, the order of the target."""
_HOLES: Final = """
SELECT stream.name FROM stream JOIN
    (SELECT stream, count(*) AS entries, max(seq) AS head FROM entry GROUP BY stream) AS found
ON found.stream = stream.id WHERE found.entries <> found.head LIMIT 1
"""
_TOLD_EVERY: Final = 5_000


class Verified(NamedTuple):
    """How many rows are the same on both sides, and a digest of all of them."""

    streams: int
    entries: int
    receipts: int
    digest: str


async def verify(move: Move, progress: Progress) -> Verified:
    """Read both logs from the begin to the end. Raises `LogRefused` at the first difference."""
    hole = move.source.execute(_HOLES).get
    if hole is not None:
        raise LogRefused(f"{move.path} is damaged: entries of {hole} are missing. Restore it from a backup.")
    digest = blake2b(digest_size=16)
    counts = {}
    for part, (query, order) in _ORDERS.items():
        total = move.source.execute(f"SELECT count(*) FROM {part.name}").get
        count = 0
        target = _target(move, part, order)
        for ours in _source(move, part, query):
            theirs = await anext(target, b"")
            if ours != theirs:
                raise _differs(move, part, ours, theirs)
            digest.update(ours)
            count += 1
            if count % _TOLD_EVERY == 0 or count == total:
                progress(f"check {part.name}", count, total)
        if more := await anext(target, b""):
            raise _differs(move, part, b"", more)
        counts[part] = count
    return Verified(counts[STREAM], counts[ENTRY], counts[RECEIPT], digest.hexdigest())


def _source(move: Move, part: Part, query: str) -> Iterator[bytes]:
    for row in move.source.execute(query):
        yield line(part.made(row))


async def _target(move: Move, part: Part, order: str) -> AsyncIterator[bytes]:
    """Rows as the server writes them."""
    query = sql.SQL("COPY (SELECT {} FROM tertulia.{} ORDER BY {}) TO STDOUT").format(
        sql.SQL(part.columns), sql.Identifier(part.name), sql.SQL(order)
    )
    async with move.link.connection.cursor() as cursor, cursor.copy(query) as copy:
        async for row in copy:
            yield bytes(row)


def _differs(move: Move, part: Part, ours: bytes, theirs: bytes) -> LogRefused:
    """Names the row by what comes first in it, never what people wrote."""
    where = " ".join((ours or theirs).decode(errors="replace").split("\t")[:3])
    return LogRefused(
        f"The database at {move.address} does not hold what {move.path} holds: {part.name} {where} differs. The old "
        "log was not changed and can be used. Empty the database (DROP SCHEMA tertulia CASCADE) and run this again."
    )
