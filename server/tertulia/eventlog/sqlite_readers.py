"""The read connections: a few, each in a thread of its own, off the event loop and never in the writer's way.

In WAL mode a reader sees the log as it was when its statement began, whatever is written meanwhile. A query
had better be one statement with one row (JSON, say): then it is consistent by itself, and takes Python's lock
twice instead of per row.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw
import structlog

from tertulia.domain import limits
from tertulia.eventlog import LogUnavailable
from tertulia.eventlog.stats import LogStats

T = TypeVar("T")
logger = structlog.get_logger("tertulia.eventlog")


class Readers:
    def __init__(self, path: Path, stats: LogStats) -> None:
        self._path = path
        self._stats = stats
        self._pool = ThreadPoolExecutor(limits.log_read_threads, thread_name_prefix="tertulia-log-read")
        self._mine = threading.local()
        self._connections: list[apsw.Connection] = []
        self._under_way = 0
        self._is_closed = False

    async def run(self, query: Callable[[apsw.Connection], T]) -> T:
        """What `query` gives in a reader's thread. `LogUnavailable` when it cannot be had now."""
        if self._is_closed or self._under_way >= limits.log_queue_reads_max:
            raise LogUnavailable("The log is closed." if self._is_closed else "Too many reads are waiting.")
        self._under_way += 1
        self._stats.reads += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._query, query)
        except apsw.Error as error:
            self._stats.fail("other")
            logger.error("the log cannot be read", error=str(error))
            raise LogUnavailable(f"The log cannot be read: {error}") from error
        finally:
            self._under_way -= 1

    def connect(self) -> apsw.Connection:
        """A connection of the caller's own, for a long read in a thread; to be closed by the caller."""
        return connect_to_read(self._path)

    def close(self) -> None:
        """Wait for the queries under way, then let go. Blocks."""
        self._is_closed = True
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def _query(self, query: Callable[[apsw.Connection], T]) -> T:
        connection: apsw.Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = self.connect()
            self._connections.append(connection)
        return query(connection)


def connect_to_read(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(int(limits.log_busy_s * 1000))
    connection.pragma("cache_size", -limits.log_read_cache_kib)
    connection.pragma("temp_store", "memory")
    return connection
