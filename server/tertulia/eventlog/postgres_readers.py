"""The read connections: a few, opened when they are needed, never in the writer's way.

A pool of our own, of forty lines: psycopg_pool waits longer and longer before it connects anew, and lets whoever asks
wait for it; here a read tries at once and is told at once. A query had better be one statement: then it is
consistent by itself; else it is asked for with `is_together`, and sees all as it was at one moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, LiteralString, TypeAlias, TypeVar

import psycopg

from tertulia.domain import limits
from tertulia.domain.ids import StreamName
from tertulia.eventlog import LogRefused, LogUnavailable
from tertulia.eventlog.postgres_link import FAILURES, Address, Link, cause_of, refusal_of
from tertulia.eventlog.postgres_rows import texts
from tertulia.eventlog.postgres_schema import Stranger, check_same
from tertulia.eventlog.stats import LogStats, Outage

T = TypeVar("T")
Rows = list[tuple[Any, ...]]
Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
Query = Callable[[Connection], Awaitable[T]]
"""Asks a connection, and only reads. It may be called again, when a connection was lost."""

_HEADS: Final[LiteralString] = "SELECT name, head FROM tertulia.stream WHERE name = ANY(%s::text[])"


class Readers:
    """`outage` says what fails. None: others answer when these cannot; whoever asks then says so."""

    def __init__(self, address: Address, *, epoch: str, stats: LogStats, outage: Outage | None = None) -> None:
        self._outage = outage
        self._address = address
        self._epoch = epoch
        self._stats = stats
        self._idle: list[Link] = []
        self._free = asyncio.Semaphore(limits.log_read_connections)
        self._under_way = 0
        self._is_closed = False
        self._none_under_way = asyncio.Event()

    async def rows(self, query: LiteralString, values: Sequence[Any]) -> Rows:
        """What a statement gives. `LogUnavailable` when it cannot be had now."""
        return await self.run(lambda connection: rows_of(connection, query, values))

    async def run(self, query: Query[T], *, is_together: bool = False, history: Sequence[StreamName] = ()) -> T:
        """What a query makes of what it reads. `LogUnavailable` when it cannot be had now. `history`: for readers that
        have a replica."""
        if self._is_closed or self._under_way >= limits.log_queue_reads_max:
            raise LogUnavailable("The log is closed." if self._is_closed else "Too many reads are waiting.")
        self._under_way += 1
        self._stats.reads += 1
        try:
            async with self._free:
                return await self._tried(query, is_together=is_together)
        except (*FAILURES, LogRefused, Stranger) as error:
            refusal = refusal_of(error, self._address)
            if self._outage is not None:
                cause = error.cause if isinstance(error, Stranger) else cause_of(error)
                self._outage.failed("read", cause, self._address.reason(error))
            raise LogUnavailable(str(refusal)) from error
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._none_under_way.set()

    async def alone(self) -> Readers:
        """Readers of the caller's own, in the caller's event loop, for a long read; to be closed by the caller."""
        return Readers(self._address, epoch=self._epoch, stats=self._stats, outage=self._outage)

    async def close(self) -> None:
        """Wait for the queries under way, then let go."""
        self._is_closed = True
        while self._under_way:
            self._none_under_way.clear()
            await self._none_under_way.wait()
        await self.drop_idle()

    async def _tried(self, query: Query[T], *, is_together: bool) -> T:
        """An idle connection may have been lost when nobody looked, and then all were: once more with a new one."""
        if self._idle:
            link = self._idle.pop()
            try:
                return await self._asked(link, query, is_together=is_together)
            except FAILURES as error:
                if not link.is_lost_by(error):
                    raise
                await self.drop_idle()
        return await self._asked(await self._opened(), query, is_together=is_together)

    async def _asked(self, link: Link, query: Query[T], *, is_together: bool) -> T:
        try:
            with link.deadline(limits.log_answer_s):
                if is_together:
                    async with link.connection.transaction():
                        answer = await query(link.connection)
                else:
                    answer = await query(link.connection)
        except BaseException:  # also when who asked went away: what is left of the query is not waited for
            await link.close()
            raise
        self._idle.append(link)
        if self._outage is not None:
            self._outage.succeeded("read")
        return answer

    async def _opened(self) -> Link:
        link = await Link.open(self._address)
        try:
            with link.deadline(limits.log_connect_s):
                await check_same(link, epoch=self._epoch, is_written=False)
                await link.connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
                await link.connection.set_read_only(True)
        except BaseException:
            await link.close()
            raise
        return link

    async def drop_idle(self) -> None:
        """Let go of those that nobody uses: another connection turned out to be lost, and they may be too. One that is
        silently lost would be found out only after `log_answer_s`."""
        while self._idle:
            await self._idle.pop().close()


async def rows_of(connection: Connection, query: LiteralString, values: Sequence[Any]) -> Rows:
    cursor = await connection.execute(query, values, prepare=True, binary=True)
    return await cursor.fetchall()


async def heads_of(connection: Connection, streams: Sequence[StreamName]) -> dict[StreamName, int]:
    """Of those that have an entry."""
    return dict(await rows_of(connection, _HEADS, (texts(streams),)))
