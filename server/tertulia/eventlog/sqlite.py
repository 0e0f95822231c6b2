"""The event log in one SQLite file: WAL, `synchronous=FULL`, one writer thread with group commit, a few
readers.

`shared=False`: the folder belongs to this process. `shared=True`: several processes of one machine write to
the file; each transaction then looks the heads up anew, and correctness rests on what an append expects.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import apsw
import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, Seq, StreamName
from tertulia.eventlog import Append, Checkpoint, LogRefused, LogUnavailable, Receipt, sqlite_file
from tertulia.eventlog.folder_lock import FolderLock
from tertulia.eventlog.migrations import MIGRATIONS, migrate
from tertulia.eventlog.planning import Outcome
from tertulia.eventlog.projection import Progress, Projection
from tertulia.eventlog.sqlite_projections import Projections, is_prepared
from tertulia.eventlog.sqlite_readers import Readers
from tertulia.eventlog.sqlite_writer import Answered, Errand, Job, Writer
from tertulia.eventlog.stats import LogStats
from tertulia.wire.stored import Entry

T = TypeVar("T")

_READ: Final = """
SELECT '[' || coalesce(group_concat(
    '[' || seq || ',' || at || ',' || json_quote(by) || ',' || json_quote(name) || ',' || data || ']', ',' ORDER BY seq
), '') || ']'
FROM (
    SELECT seq, at, by, name, data FROM entry
    WHERE stream = (SELECT id FROM stream WHERE name = ?) AND seq > ? ORDER BY seq LIMIT ?
)
"""
_HEADS: Final = """
SELECT json_group_array(json_array(
    stream.name, coalesce((SELECT max(entry.seq) FROM entry WHERE entry.stream = stream.id), 0)))
FROM json_each(?) AS asked CROSS JOIN stream WHERE stream.name = asked.value
"""
_RECEIPTS: Final = """
SELECT json_group_array(json_array(receipt.key, stream.name, receipt.seq, receipt.at, hex(receipt.fingerprint)))
FROM json_each(?2) AS asked CROSS JOIN receipt CROSS JOIN stream
WHERE receipt.author = ?1 AND receipt.key = asked.value AND stream.id = receipt.stream
"""
_CHECKPOINT: Final = "SELECT positions, state FROM checkpoint WHERE owner = ? AND version = ?"

_SEQ_MAX: Final = 2**62

_encode = msgspec.json.Encoder().encode
_decode_entries = msgspec.json.Decoder(list[tuple[int, int, str, str, msgspec.Raw]]).decode
_decode_heads = msgspec.json.Decoder(list[tuple[StreamName, int]]).decode
_decode_receipts = msgspec.json.Decoder(list[tuple[str, StreamName, int, int, str]]).decode
_decode_positions = msgspec.json.Decoder(dict[StreamName, int]).decode


class SqliteLog:
    """Made by `SqliteLog.open` in the event loop that will use it. `readers` serve projections' queries too."""

    def __init__(
        self,
        connection: apsw.Connection,
        path: Path,
        *,
        lock: FolderLock,
        projections: Projections,
        shared: bool,
        stats: LogStats,
    ) -> None:
        epoch = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").get
        assert isinstance(epoch, str), "checked when opening"
        self._epoch = epoch
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._projections = projections
        self._shared = shared
        self._under_way = 0
        self._is_closed = False
        self.readers = Readers(path, stats)
        self._writer = Writer(
            connection, projections, is_alone=not shared, loop=self._loop, tell=self._tell, stats=stats
        )

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        projections: Sequence[Projection],
        shared: bool = False,
        progress: Progress | None = None,
        stats: LogStats | None = None,
    ) -> SqliteLog:
        """Open the log in this file, making it if there is none. `LogRefused` when that must not be done."""
        ours = Projections(projections)
        connection, lock = await asyncio.to_thread(_open, path, ours, shared=shared, progress=progress)
        return cls(connection, path, lock=lock, projections=ours, shared=shared, stats=stats or LogStats())

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def appends_under_way(self) -> int:
        return self._under_way

    def append(self, append: Append, /) -> asyncio.Future[Outcome]:
        if self._is_closed:
            raise LogUnavailable("The log is closed.")
        if self._under_way >= limits.log_queue_appends_max:
            raise LogUnavailable("Too many appends are waiting.")
        self._under_way += 1
        answer: asyncio.Future[Outcome] = self._loop.create_future()
        self._writer.put(Job(append, answer))
        return answer

    async def read(self, stream: StreamName, *, after: int, limit: int) -> list[Entry]:
        bindings = (stream, min(after, _SEQ_MAX), min(limit, _SEQ_MAX))

        def query(connection: apsw.Connection) -> list[Entry]:
            return [
                Entry(stream, Seq(seq), at, PersonId(by), name, bytes(data))
                for seq, at, by, name, data in _decode_entries(connection.execute(_READ, bindings).get)
            ]

        return await self.readers.run(query)

    async def heads(self, streams: Sequence[StreamName]) -> dict[StreamName, int]:
        found = await self.readers.run(lambda connection: connection.execute(_HEADS, (_text(streams),)).get)
        return dict.fromkeys(streams, 0) | dict(_decode_heads(found))

    async def receipts(self, author: PersonId, keys: Sequence[str]) -> dict[str, Receipt]:
        bindings = (author, _text(keys))
        found = await self.readers.run(lambda connection: connection.execute(_RECEIPTS, bindings).get)
        return {
            key: Receipt(stream, seq, at, bytes.fromhex(fingerprint))
            for key, stream, seq, at, fingerprint in _decode_receipts(found)
        }

    async def checkpoint(self, owner: StreamName, *, version: int) -> Checkpoint | None:
        found = await self.readers.run(lambda connection: connection.execute(_CHECKPOINT, (owner, version)).get)
        if found is None:
            return None
        positions, state = found
        return Checkpoint(owner, version, _decode_positions(positions), state)

    async def rebuild(self, progress: Progress | None = None) -> None:
        """Remake all projections from the log. Nobody must be reading: this is for a server that is stopped."""
        if self._shared:
            raise LogRefused("Projections are remade by one process alone: stop the nodes that share the log.")
        await self._errand(lambda connection: self._projections.rebuild(connection, progress))

    async def settle(self) -> None:
        """Wait until the projections that lag have caught up with what is in the log now, or cannot for now."""
        while await self._errand(lambda connection: self._projections.is_behind):
            pass

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        self.readers.close()
        self._writer.stop()
        self._lock.release()

    async def _errand(self, work: Callable[[apsw.Connection], T]) -> T:
        if self._is_closed:
            raise LogUnavailable("The log is closed.")
        self._under_way += 1
        answer: asyncio.Future[T] = self._loop.create_future()
        self._writer.put(Errand(work, answer))
        return await answer

    def _tell(self, answered: Answered) -> None:
        self._under_way -= len(answered)
        for future, result in answered:
            if future.done():  # whoever asked has let it go
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


def _text(names: Sequence[str]) -> str:
    return _encode(list(names)).decode()


def _open(
    path: Path, projections: Projections, *, shared: bool, progress: Progress | None
) -> tuple[apsw.Connection, FolderLock]:
    """Lock, make or check, migrate, bring the projections up. Blocks."""
    sqlite_file.check_not_moved(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(path.parent, shared=shared)
    except OSError as error:
        raise LogRefused(f"The data folder {path.parent} cannot be used: {error.strerror}.") from error
    with contextlib.ExitStack() as undo:
        undo.callback(lock.release)
        connection = _open_locked(path, projections, is_first=lock.is_first, progress=progress)
        undo.callback(connection.close)
        lock.admit_others()
        undo.pop_all()
    return connection, lock


def _open_locked(path: Path, projections: Projections, *, is_first: bool, progress: Progress | None) -> apsw.Connection:
    try:
        if path.exists() or not is_first:
            sqlite_file.check(path, is_in_use=not is_first)
        else:
            sqlite_file.make(path)
        connection = sqlite_file.connect_to_write(path)
    except OSError as error:
        raise LogRefused(f"{path} cannot be used: {error.strerror}.") from error
    except apsw.Error as error:
        raise LogRefused(f"{path} cannot be used: {error}.") from error
    try:
        _bring_up(connection, path, projections=projections, is_first=is_first, progress=progress)
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up(
    connection: apsw.Connection, path: Path, *, projections: Projections, is_first: bool, progress: Progress | None
) -> None:
    is_old = connection.pragma("user_version") != len(MIGRATIONS)
    if not is_first and (is_old or not is_prepared(connection, projections.all)):
        raise LogRefused(
            f"{path} must be brought to this program's version, and other nodes are using it: stop them first."
        )
    try:
        migrate(connection)
        projections.prepare(connection, progress)
    except apsw.FullError as error:
        raise LogRefused(f"The disk is full: {path} cannot be brought to this program's version.") from error
