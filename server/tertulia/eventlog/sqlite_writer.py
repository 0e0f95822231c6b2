"""The one thread that writes. While one transaction runs, the appends that come gather and make the next
group.

Nothing waits on a timer: a lone append is written at once. When nothing was queued for a moment, and now and then
while people go on talking, the thread does what may lag: a slice of the projections that are behind, moving the
write-ahead log into the database, and wiping redacted text from it.
"""

from __future__ import annotations

import asyncio
import errno
import queue
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import structlog

from tertulia.domain import limits
from tertulia.eventlog import Append, Appended, LogFull, LogUnavailable
from tertulia.eventlog.planning import Outcome
from tertulia.eventlog.sqlite_commit import GroupCommit
from tertulia.eventlog.sqlite_projections import Projections
from tertulia.eventlog.stats import LogStats

logger = structlog.get_logger("tertulia.eventlog")
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)
_OUTSIDE: Final = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)
"""What is wrong with the disk or the file, not with an append."""


class Job(NamedTuple):
    append: Append
    answer: asyncio.Future[Outcome]


class Errand(NamedTuple):
    """Something else to be done by the writer, between two groups."""

    work: Callable[[apsw.Connection], Any]
    answer: asyncio.Future[Any]


Answered = list[tuple[asyncio.Future[Any], Any]]
"""Each future with its result, or with the exception that is to be raised."""


class Writer:
    def __init__(
        self,
        connection: apsw.Connection,
        projections: Projections,
        *,
        is_alone: bool,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[Answered], None],
        stats: LogStats,
    ) -> None:
        self._connection = connection
        self._projections = projections
        self._group_commit = GroupCommit(connection, projections.all, is_alone=is_alone)
        self._loop = loop
        self._tell = tell
        self._stats = stats
        self._queue: queue.SimpleQueue[Job | Errand | None] = queue.SimpleQueue()
        self._wal_pages = 0
        self._must_wipe = True
        """Whether the write-ahead log may hold redacted text: also one that a crash left behind."""
        self._is_failing = False
        self._folded_s = 0.0
        """When what lags was folded last."""
        connection.set_wal_hook(self._note_wal)
        self._thread = threading.Thread(target=self._run, name="tertulia-log-write", daemon=True)
        self._thread.start()

    def put(self, job: Job | Errand) -> None:
        self._queue.put(job)

    def stop(self) -> None:
        """Do what is queued, then end; close the connection. Blocks."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while (group := self._gather()) is not None:
                self._do(group)
                self._tidy_up(is_quiet=not any(isinstance(job, Job) for job in group))
        finally:
            self._connection.close()

    def _gather(self) -> list[Job | Errand] | None:
        """What is queued, at least one; empty when nothing came for a while and there is something to tidy up."""
        try:
            first = self._queue.get(timeout=self._patience_s())
        except queue.Empty:
            return []
        if first is None:
            return None
        group = [first]
        entries = _entries(first)
        while len(group) < limits.log_batch_appends_max and entries < limits.log_batch_entries_max:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._queue.put(None)  # nothing is queued behind it: `stop` is the last one to put
                break
            group.append(job)
            entries += _entries(job)
        return group

    def _do(self, group: Sequence[Job | Errand]) -> None:
        jobs = [job for job in group if isinstance(job, Job)]
        if jobs:
            self._answer(self._write(jobs))
        for errand in group:
            if isinstance(errand, Errand):
                try:
                    result = errand.work(self._connection)
                except Exception as error:
                    result = error
                self._answer([(errand.answer, result)])

    def _write(self, jobs: Sequence[Job]) -> Answered:
        began_s = time.perf_counter()
        try:
            answers, position = self._group_commit.write([job.append for job in jobs])
        except _OUTSIDE as error:
            refusal = _refusal(error, self._connection)
            self._stats.fail("full" if isinstance(refusal, LogFull) else "other")
            if not self._is_failing:
                self._is_failing = True
                logger.error("appends fail", error=str(error))
            return [(job.answer, refusal) for job in jobs]
        except Exception as error:  # a bug, here or in what is to be written
            if len(jobs) > 1:  # one of them is the cause: the others are written without it
                half = len(jobs) // 2
                return self._write(jobs[:half]) + self._write(jobs[half:])
            logger.error("append failed", **_place_of(error))
            return [(jobs[0].answer, LogUnavailable("The append could not be written."))]
        if self._is_failing:
            self._is_failing = False
            logger.info("appends succeed again")
        self._stats.commit_seconds.add(time.perf_counter() - began_s)
        self._stats.commit_entries.add(sum(len(answer.entries) for answer in answers if isinstance(answer, Appended)))
        self._projections.note(position)
        self._must_wipe |= any(
            decided.redacts
            for job, answer in zip(jobs, answers, strict=True)
            if isinstance(answer, Appended)
            for decided in job.append.decisions
        )
        return list(zip((job.answer for job in jobs), answers, strict=True))

    def _answer(self, answered: Answered) -> None:
        try:
            self._loop.call_soon_threadsafe(self._tell, answered)
        except RuntimeError:  # the loop is closed: nobody is there to hear it
            logger.warning("nobody waits for the log any more", answers=len(answered))

    # --- when there is time ---------------------------------------------------------------------------------------

    def _patience_s(self) -> float | None:
        """How long to wait for the next append before tidying up; None when there is nothing to tidy up."""
        if self._projections.is_behind:
            return limits.fold_wait_s
        return limits.log_wipe_every_s if self._must_wipe else None

    def _tidy_up(self, *, is_quiet: bool) -> None:
        """A fold costs as much for one entry as for a hundred: while people talk, it waits for more of them."""
        projections = self._projections
        try:
            self._shorten_wal()
            is_due = is_quiet or time.monotonic() >= self._folded_s + limits.fold_every_s
            while projections.is_far_behind or (projections.is_behind and is_due):
                projections.fold_slice(self._connection)
                self._folded_s = time.monotonic()
                self._shorten_wal()
                is_due = self._queue.empty()
            if self._must_wipe and self._queue.empty():
                self._wipe()
        except Exception as error:  # the disk, or a bug in a projection: it must not stop the log
            projections.pause()
            logger.error("the log could not be tidied up", **_place_of(error))

    def _shorten_wal(self) -> None:
        if self._wal_pages >= limits.log_wal_pages:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._wal_pages = 0

    def _wipe(self) -> None:
        """The write-ahead log still holds what was redacted: empty it, as soon as no reader needs it."""
        self._connection.set_busy_timeout(int(limits.log_wipe_wait_s * 1000))
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._must_wipe = False
        except apsw.BusyError:
            pass
        finally:
            self._connection.set_busy_timeout(int(limits.log_busy_s * 1000))

    def _note_wal(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK


def _place_of(error: Exception) -> dict[str, str]:
    """What and where, for the diagnostics; without values, for these are what people wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    what = str(error) if isinstance(error, apsw.Error | AssertionError) else ""
    return {"error": f"{type(error).__name__} {what}".strip(), "where": where}


def _entries(job: Job | Errand) -> int:
    return sum(len(decided.events) for decided in job.append.decisions) if isinstance(job, Job) else 0


def _refusal(error: apsw.Error, connection: apsw.Connection) -> LogFull | LogUnavailable:
    is_full = isinstance(error, apsw.FullError) or (
        isinstance(error, apsw.IOError) and connection.system_errno in _NO_SPACE
    )
    return LogFull("The disk is full.") if is_full else LogUnavailable(f"The log cannot be written: {error}")
