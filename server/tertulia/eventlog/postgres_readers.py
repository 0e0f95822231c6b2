"""The read connections: a few, opened when they are needed, never in the writer's way.

A pool of our own, of forty lines: psycopg_pool waits longer and longer before it connects anew, and lets whoever asks
wait for it; here a read tries at once and is told at once. A query had better be one statement: then it is
consistent by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, LiteralString

from tertulia.domain import limits
from tertulia.eventlog import LogRefused, LogUnavailable
from tertulia.eventlog.postgres_link import FAILURES, Address, Link, cause_of, refusal_of
from tertulia.eventlog.postgres_schema import Stranger, check_same
from tertulia.eventlog.stats import LogStats, Outage

Rows = list[tuple[Any, ...]]


class Readers:
    def __init__(self, address: Address, *, epoch: str, stats: LogStats, outage: Outage) -> None:
        self._address = address
        self._epoch = epoch
        self._stats = stats
        self._outage = outage
        self._idle: list[Link] = []
        self._free = asyncio.Semaphore(limits.log_read_connections)
        self._under_way = 0
        self._is_closed = False
        self._none_under_way = asyncio.Event()

    async def rows(self, query: LiteralString, values: Sequence[Any]) -> Rows:
        """What a query gives. `LogUnavailable` when it cannot be had now."""
        if self._is_closed or self._under_way >= limits.log_queue_reads_max:
            raise LogUnavailable("The log is closed." if self._is_closed else "Too many reads are waiting.")
        self._under_way += 1
        self._stats.reads += 1
        try:
            async with self._free:
                return await self._tried(query, values)
        except (*FAILURES, LogRefused, Stranger) as error:
            refusal = refusal_of(error, self._address)
            cause = error.cause if isinstance(error, Stranger) else cause_of(error)
            self._outage.failed("read", cause, str(refusal))
            raise LogUnavailable(str(refusal)) from error
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._none_under_way.set()

    async def close(self) -> None:
        """Wait for the queries under way, then let go."""
        self._is_closed = True
        while self._under_way:
            self._none_under_way.clear()
            await self._none_under_way.wait()
        await self._drop_idle()

    async def _tried(self, query: LiteralString, values: Sequence[Any]) -> Rows:
        """An idle connection may have been lost when nobody looked, and then all were: once more with a new one."""
        if self._idle:
            link = self._idle.pop()
            try:
                return await self._asked(link, query, values)
            except FAILURES as error:
                if not link.is_lost_by(error):
                    raise
                await self._drop_idle()
        return await self._asked(await self._opened(), query, values)

    async def _asked(self, link: Link, query: LiteralString, values: Sequence[Any]) -> Rows:
        try:
            with link.deadline(limits.log_answer_s):
                cursor = await link.connection.execute(query, values, prepare=True, binary=True)
                rows = await cursor.fetchall()
        except BaseException:  # also when who asked went away: what is left of the query is not waited for
            await link.close()
            raise
        self._idle.append(link)
        self._outage.succeeded("read")
        return rows

    async def _opened(self) -> Link:
        link = await Link.open(self._address)
        try:
            with link.deadline(limits.log_connect_s):
                await check_same(link, epoch=self._epoch, is_written=False)
        except BaseException:
            await link.close()
            raise
        return link

    async def _drop_idle(self) -> None:
        while self._idle:
            await self._idle.pop().close()
