"""What a log counts of its own work, for metrics: commits, reads, and what failed; and how an outage is told."""

from __future__ import annotations

import math
import time
from typing import Literal

import structlog

from tertulia.histogram import SECONDS, SIZES, Histogram

logger = structlog.get_logger("tertulia.eventlog")

Cause = Literal["unreachable", "connections", "full", "read_only", "denied", "stranger", "ended", "timeout", "other"]
"""Why the log could not be written or read: docs/http.md says what each is."""


class LogStats:
    """`commit_seconds`: from the begin of a transaction until it is on disk; `commit_entries`: how many it holds.
    `reads`: queries of the read connections, the projections' included. `failures`: how often the database failed a
    transaction, a query or a connection, by cause. `replica_…`: what became of histories that a replica was asked for;
    of those it did not answer, the primary did."""

    __slots__ = (
        "commit_entries",
        "commit_seconds",
        "failures",
        "reads",
        "replica_away",
        "replica_behind",
        "replica_reads",
    )

    def __init__(self) -> None:
        self.commit_seconds = Histogram(SECONDS)
        self.commit_entries = Histogram(SIZES)
        self.reads = 0
        self.failures: dict[Cause, int] = {}
        self.replica_reads = 0
        self.replica_behind = 0
        self.replica_away = 0

    def fail(self, cause: Cause) -> None:
        self.failures[cause] = self.failures.get(cause, 0) + 1


class Outage:
    """Says once that the log fails and once that it works again, whatever fails meanwhile and how often; counts all
    of it. Its sides (reading, writing, each connection that writes) fail and heal apart; what is logged is when the
    first fails and when all are well."""

    def __init__(self, stats: LogStats, *, log: str) -> None:
        self._stats = stats
        self._log = log
        self._failing: dict[str, float] = {}
        """When each side failed last."""
        self._began_s = 0.0

    def failed(self, side: str, cause: Cause, words: str) -> None:
        self._stats.fail(cause)
        now_s = time.monotonic()
        if not self._failing:
            self._began_s = now_s
            logger.error("the log fails", log=self._log, side=side, cause=cause, error=words)
        self._failing[side] = now_s

    def succeeded(self, side: str, *, began_s: float = math.inf) -> None:
        """`began_s`, of the monotonic clock: when what succeeded began. It says nothing of what failed after that."""
        if side in self._failing and began_s >= self._failing[side]:
            del self._failing[side]
            if not self._failing:
                logger.info("the log works again", log=self._log, after_s=round(time.monotonic() - self._began_s, 1))
