"""What a log counts of its own work, for metrics: commits, and reads."""

from __future__ import annotations

from tertulia.histogram import SECONDS, SIZES, Histogram


class LogStats:
    """`commit_seconds`: from the begin of a transaction until it is on disk; `commit_entries`: how many it holds.
    `reads`: queries of the read connections, the projections' included. `replica_…`: what became of histories that a
    replica was asked for; of those it did not answer, the primary did."""

    __slots__ = ("commit_entries", "commit_seconds", "reads", "replica_away", "replica_behind", "replica_reads")

    def __init__(self) -> None:
        self.commit_seconds = Histogram(SECONDS)
        self.commit_entries = Histogram(SIZES)
        self.reads = 0
        self.replica_reads = 0
        self.replica_behind = 0
        self.replica_away = 0
