"""Moves a SQLite log into an empty PostgreSQL database: epoch, streams, entries, receipts and checkpoints, exactly as
they are. Whoever had a position or a key in the old log has it in the new one.

Rows go in slices by COPY, each in a transaction that also writes down how far it is: after a cut at any moment the next
run goes on there. Until `finish` the database is marked, and no node takes it. The folder is locked meanwhile; a log
that was written to between two runs is moved from its beginning, since what was moved may have been redacted.
What is derived from the log is not moved: it is made anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, LiteralString, NamedTuple

import apsw
import msgspec
from psycopg import sql

from tertulia.domain import limits
from tertulia.eventlog import LogRefused, LogUnreached, sqlite_file
from tertulia.eventlog.copy_text import Value, line
from tertulia.eventlog.folder_lock import FolderLock
from tertulia.eventlog.postgres_link import FAILURES, Address, Link
from tertulia.eventlog.postgres_redact import about
from tertulia.eventlog.postgres_schema import MOVING, prepare
from tertulia.eventlog.projection import Progress
from tertulia.eventlog.sqlite_readers import connect_to_read

_LOCK: Final = 0x7465727475766D76
"""Held by whoever moves a log into this database."""
_NUMBER_ON: Final[LiteralString] = """
SELECT setval(pg_get_serial_sequence('tertulia.stream', 'id'), (SELECT greatest(max(id), 1) FROM tertulia.stream)),
    setval(pg_get_serial_sequence('tertulia.entry', 'position'),
        (SELECT greatest(max(position), 1) FROM tertulia.entry))
"""
_RETRY_S: Final = 0.2
_Row = Sequence[Any]


class Part(NamedTuple):
    """One table. `rows` selects in order of its first `keys` columns, which name a row; `begins` is below all of them.
    `columns` are the target's, and what `made` makes of a row of the source."""

    name: str
    rows: str
    keys: int
    begins: tuple[Any, ...]
    columns: LiteralString
    made: Callable[[_Row], Sequence[Value]] = lambda row: row


def _stream(row: _Row) -> Sequence[Value]:
    return (*row, 0)  # generation: what is derived from it is not made yet


def _entry(row: _Row) -> Sequence[Value]:
    position, stream, seq, at, by, name, version, data = row
    return (position, stream, seq, at, by, name, version, about(name, at=at, by=by, data=data), data)


STREAM: Final = Part(
    "stream",
    "SELECT id, name, kind, owner, (SELECT coalesce(max(seq), 0) FROM entry WHERE entry.stream = stream.id) "
    "FROM stream WHERE id > ? ORDER BY id",
    1,
    (0,),
    "id, name, kind, owner, head, generation",
    _stream,
)
ENTRY: Final = Part(
    "entry",
    "SELECT position, stream, seq, at, by, name, version, data FROM entry WHERE position > ? ORDER BY position",
    1,
    (0,),
    "position, stream, seq, at, by, name, version, about, data",
    _entry,
)
RECEIPT: Final = Part(
    "receipt",
    "SELECT author, key, stream, seq, at, fingerprint FROM receipt WHERE (author, key) > (?, ?) ORDER BY author, key",
    2,
    ("", ""),
    "author, key, stream, seq, at, fingerprint",
)
CHECKPOINT: Final = Part(
    "checkpoint",
    "SELECT owner, version, positions, state FROM checkpoint WHERE owner > ? ORDER BY owner",
    1,
    ("",),
    "owner, version, positions, state",
)
PARTS: Final = (STREAM, ENTRY, RECEIPT, CHECKPOINT)


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is: `after` was the last row of `part` (all parts before it are done), `done` rows of it are there.
    `source` is what the old log held when it began."""

    source: tuple[int, int]
    part: int = 0
    after: list[str | int] = []
    done: int = 0


class Moved(NamedTuple):
    """`rows`: how many were moved in this run, `seconds` it took. `entries` in all."""

    rows: int
    seconds: float
    entries: int


class Move:
    """One move, open at both ends. Made by `opened`."""

    def __init__(self, source: apsw.Connection, path: Path, link: Link, address: Address, epoch: str) -> None:
        self.source = source
        self.path = path
        self.link = link
        self.address = address
        self.epoch = epoch

    async def copy(self, progress: Progress) -> Moved:
        """Bring over what is not there yet. Raises what the connection fails with."""
        began_s, rows = time.monotonic(), 0
        state = await self._begun()
        counts = [self.source.execute(f"SELECT count(*) FROM {part.name}").get for part in PARTS]
        while state.part < len(PARTS):
            part, done = PARTS[state.part], state.done
            progress(part.name, done, counts[state.part])
            state, moved = await self._slice(part, state)
            rows += moved
            progress(part.name, done + moved, counts[PARTS.index(part)])
        await self._execute(_NUMBER_ON)
        for part in PARTS:
            await self._execute(sql.SQL("ANALYZE tertulia.{}").format(sql.Identifier(part.name)))
        return Moved(rows, time.monotonic() - began_s, counts[PARTS.index(ENTRY)])

    async def finish(self) -> None:
        """Give the database free, and mark the old log as moved: first that, so that never both can be used."""
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        marker = sqlite_file.moved_marker(self.path)
        marker.write_text(f"to PostgreSQL at {self.address} on {when}\n")
        sqlite_file.sync_folder(self.path.parent)
        await self._execute("DELETE FROM tertulia.meta WHERE key = %s", [MOVING])

    async def _begun(self) -> _State:
        (text,) = await self._one("SELECT value FROM tertulia.meta WHERE key = %s", [MOVING])
        source = (
            self.source.execute("SELECT coalesce(max(position), 0) FROM entry").get,
            self.source.execute("SELECT count(*) FROM receipt").get,
        )
        if text:
            state = msgspec.json.decode(text, type=_State)
            if state.source == source:
                return state
        state = _State(source=source)
        async with self.link.connection.transaction():
            for part in PARTS:
                await self._execute(sql.SQL("TRUNCATE tertulia.{}").format(sql.Identifier(part.name)))
            await self._note(state)
        return state

    async def _slice(self, part: Part, state: _State) -> tuple[_State, int]:
        """The next rows of a part, or on to the next part."""
        after = tuple(state.after) or part.begins
        rows = self.source.execute(f"{part.rows} LIMIT ?", (*after, limits.move_slice_rows)).fetchall()
        if rows:
            last = list(rows[-1][: part.keys])
            next_state = msgspec.structs.replace(state, after=last, done=state.done + len(rows))
        else:
            next_state = msgspec.structs.replace(state, part=state.part + 1, after=[], done=0)
        async with self.link.connection.transaction():
            # Not waited for to be on disk: what is lost with how far it was is moved again, and the end is waited for.
            await self._execute("SELECT set_config('synchronous_commit', 'off', true)")
            if rows:
                async with self.link.connection.cursor() as cursor, cursor.copy(copy_in(part)) as copy:
                    await copy.write(b"".join(line(part.made(row)) for row in rows))
            await self._note(next_state)
        return next_state, len(rows)

    async def _note(self, state: _State) -> None:
        await self._execute(
            "UPDATE tertulia.meta SET value = %s WHERE key = %s", [msgspec.json.encode(state).decode(), MOVING]
        )

    async def _execute(self, statement: LiteralString | sql.Composed, values: Sequence[Any] = ()) -> None:
        await self.link.connection.execute(statement, values or None)

    async def _one(self, statement: LiteralString, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        row = await (await self.link.connection.execute(statement, values or None)).fetchone()
        assert row is not None, "it is there"
        return row


def copy_in(part: Part) -> sql.Composed:
    return sql.SQL("COPY tertulia.{} ({}) FROM STDIN").format(sql.Identifier(part.name), sql.SQL(part.columns))


@contextlib.asynccontextmanager
async def opened(path: Path, url: str, *, cluster: str) -> AsyncIterator[Move]:
    """Lock the old log, look whether it is whole, and open the new one. Raises `LogRefused` (in use, damaged; the
    database is not empty, cannot be used); `LogUnreached` when PostgreSQL fails in the middle."""
    address = Address(url)
    with _source(path) as source:
        epoch = source.execute("SELECT value FROM meta WHERE key = 'epoch'").get
        link = await _target(address, cluster=cluster, epoch=epoch)
        try:
            yield Move(source, path, link, address, epoch)
        except FAILURES as error:
            raise LogUnreached(
                f"PostgreSQL at {address} failed in the middle ({address.reason(error)}). Nothing is lost: run the "
                "same command again, it goes on where it was."
            ) from error
        finally:
            await link.close()


@contextlib.contextmanager
def _source(path: Path) -> Iterator[apsw.Connection]:
    if not path.exists():
        raise LogRefused(f"There is no log at {path}: name the data folder with --data.")
    lock = FolderLock(path.parent, shared=False)
    try:
        sqlite_file.check(path, is_in_use=False)
        connection = connect_to_read(path)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        lock.release()


async def _target(address: Address, *, cluster: str, epoch: str) -> Link:
    try:
        link = await Link.open(address)
    except FAILURES as error:
        raise address.refusal(error) from error
    try:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            await link.connection.execute("SELECT set_config(%s, '0', false)", [name])
        await _lock(link, address)
        await prepare(link, address, cluster=cluster, moved=epoch)
    except FAILURES as error:
        await link.close()
        raise address.refusal(error) from error
    except BaseException:
        await link.close()
        raise
    return link


async def _lock(link: Link, address: Address) -> None:
    """One that was killed may not be gone yet."""
    until_s = time.monotonic() + limits.log_open_wait_s
    while True:
        row = await (await link.connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])).fetchone()
        if row == (True,):
            return
        if time.monotonic() > until_s:
            raise LogRefused(f"Another `tertulia migrate` is at work on the database at {address}. Let it end.")
        await asyncio.sleep(_RETRY_S)
