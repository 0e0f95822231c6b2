"""The event log in PostgreSQL: for any number of nodes on any number of machines.

Every node has two connections that write, in groups, and a few that read. The order of a stream is kept by the lock on
its row; nodes know nothing of each other. Needs PostgreSQL 14 and the extra `postgres`.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Sequence
from typing import Final, LiteralString

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, Seq, StreamName, stream_owner
from tertulia.eventlog import Append, Checkpoint, LogUnavailable, Receipt
from tertulia.eventlog.planning import Outcome
from tertulia.eventlog.postgres_link import FAILURES, Address, Link, is_starting, refusal_of
from tertulia.eventlog.postgres_projection import PostgresProjections
from tertulia.eventlog.postgres_readers import Readers
from tertulia.eventlog.postgres_remake import install, remake, remake_all
from tertulia.eventlog.postgres_replica import ReplicatedReaders
from tertulia.eventlog.postgres_rows import texts
from tertulia.eventlog.postgres_schema import prepare
from tertulia.eventlog.postgres_writer import Job, Writer
from tertulia.eventlog.projection import Progress
from tertulia.eventlog.stats import LogStats, Outage
from tertulia.wire.stored import Entry

_READ: Final[LiteralString] = """
SELECT seq, at, by, name, convert_to(data::text, 'UTF8') FROM tertulia.entry
WHERE stream = (SELECT id FROM tertulia.stream WHERE name = %s) AND seq > %s ORDER BY seq LIMIT %s
"""
_HEADS: Final[LiteralString] = "SELECT name, head FROM tertulia.stream WHERE name = ANY(%s::text[])"
_RECEIPTS: Final[LiteralString] = """
SELECT receipt.key, stream.name, receipt.seq, receipt.at, receipt.fingerprint
FROM tertulia.receipt JOIN tertulia.stream ON stream.id = receipt.stream
WHERE receipt.author = %s AND receipt.key = ANY(%s::text[])
"""
_CHECKPOINT: Final[LiteralString] = "SELECT positions, state FROM tertulia.checkpoint WHERE owner = %s AND version = %s"

_SEQ_MAX: Final = 2**62
_STARTING_WAIT_S: Final = 0.2

_decode_positions = msgspec.json.Decoder(dict[StreamName, int]).decode


class PostgresLog:
    """Made by `PostgresLog.open` in the event loop that will use it."""

    def __init__(
        self,
        links: Sequence[Link],
        address: Address,
        *,
        epoch: str,
        stats: LogStats,
        projections: PostgresProjections | None = None,
        replica: Address | None = None,
    ) -> None:
        self._epoch = epoch
        self._address = address
        self._projections = projections
        self._under_way = 0
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        outage = Outage(stats, log=str(address))
        self.readers = (
            Readers(address, epoch=epoch, stats=stats, outage=outage)
            if replica is None
            else ReplicatedReaders(address, replica, epoch=epoch, stats=stats, outage=outage)
        )
        """Of the projections too."""
        self._writers = [
            Writer(
                link,
                address,
                name=f"write {number}",
                epoch=epoch,
                tell=self._tell,
                stats=stats,
                outage=outage,
                lost=self._lost,
                projections=projections,
            )
            for number, link in enumerate(links, start=1)
        ]
        """Each owner's streams by one of them, always. While the database works for one, this node does for another."""

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        cluster: str,
        moved: str = "",
        replica: str = "",
        projections: PostgresProjections | None = None,
        progress: Progress | None = None,
        stats: LogStats | None = None,
    ) -> PostgresLog:
        """Open the log at `postgresql://user:password@host/database`, making its tables if there are none, and remaking
        projections that an older program has made. `cluster`: a name that all nodes of one cluster share and no other
        has. `moved`: the epoch of the log that is just being moved there (move.py), which nobody else may open.
        `replica`: the URL of a streaming replica, for histories; it need not be there. `LogRefused` when it cannot be
        used. Either all nodes of a log carry projections, or none."""
        address = Address(url)
        second = Address(replica, setting="log replica URL", is_replica=True) if replica else None
        links = [await _link(address)]
        try:
            epoch = await prepare(links[0], address, cluster=cluster, moved=moved)
            if projections is not None:
                await install(links[0], address, projections)
                await remake(address, projections, progress)
            while len(links) < limits.log_write_connections:
                links.append(await _link(address))
        except BaseException as error:
            for link in links:
                await link.close()
            if isinstance(error, FAILURES):
                raise address.refusal(error) from error
            raise
        return cls(links, address, epoch=epoch, stats=stats or LogStats(), projections=projections, replica=second)

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
        self._writers[_place_of(append) % len(self._writers)].put(Job(append, answer))
        return answer

    async def read(self, stream: StreamName, *, after: int, limit: int) -> list[Entry]:
        rows = await self.readers.rows(_READ, (stream, min(after, _SEQ_MAX), min(limit, _SEQ_MAX)))
        return [Entry(stream, Seq(seq), at, PersonId(by), name, data) for seq, at, by, name, data in rows]

    async def heads(self, streams: Sequence[StreamName]) -> dict[StreamName, int]:
        return dict.fromkeys(streams, 0) | dict(await self.readers.rows(_HEADS, (texts(streams),)))

    async def receipts(self, author: PersonId, keys: Sequence[str]) -> dict[str, Receipt]:
        rows = await self.readers.rows(_RECEIPTS, (author, texts(keys)))
        return {key: Receipt(stream, seq, at, fingerprint) for key, stream, seq, at, fingerprint in rows}

    async def checkpoint(self, owner: StreamName, *, version: int) -> Checkpoint | None:
        for positions, state in await self.readers.rows(_CHECKPOINT, (owner, version)):
            return Checkpoint(owner, version, _decode_positions(positions), state)
        return None

    async def rebuild(self, progress: Progress | None = None) -> None:
        """Remake all projections, owner by owner; others may go on appending and reading, as before for owners that are
        not remade yet. Raises `LogRefused` when they are of a newer program, `LogUnavailable` when the database is
        lost: opening the log goes on where it was."""
        assert self._projections is not None, "a log without projections has none to rebuild"
        try:
            await remake_all(self._address, self._projections, progress)
        except FAILURES as error:
            raise LogUnavailable(str(refusal_of(error, self._address))) from error

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self.readers.close()
            await asyncio.gather(*(writer.stop() for writer in self._writers))

    async def _lost(self, loser: Writer) -> None:
        for writer in self._writers:
            if writer is not loser:
                writer.doubt()
        await self.readers.drop_idle()

    def _tell(self, job: Job, result: Outcome | Exception) -> None:
        self._under_way -= 1
        if job.answer.done():  # whoever asked has let it go
            return
        if isinstance(result, Exception):
            job.answer.set_exception(result)
        else:
            job.answer.set_result(result)


def _place_of(append: Append) -> int:
    """The same for all appends that begin with a decision about one owner."""
    return zlib.crc32(stream_owner(append.decisions[0].stream).encode())


async def _link(address: Address) -> Link:
    """A server that is starting is waited for."""
    until_s = time.monotonic() + limits.log_open_wait_s
    while True:
        try:
            return await Link.open(address)
        except FAILURES as error:
            if not is_starting(error) or time.monotonic() > until_s:
                raise address.refusal(error) from error
        await asyncio.sleep(_STARTING_WAIT_S)
