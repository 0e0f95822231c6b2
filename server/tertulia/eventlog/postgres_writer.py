"""A task of a node that writes, over a connection of its own. While one transaction runs, the appends that come gather
and make the next group.

When the database is away: what was certainly not written is tried once more and then refused; what comes meanwhile is
refused at once; a group whose commit was lost sight of is kept until the database can be asked about it, and nothing
about it is answered before. Nothing needs a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from tertulia.domain import limits
from tertulia.eventlog import Append, Appended, LogRefused, LogUnavailable
from tertulia.eventlog.planning import Outcome
from tertulia.eventlog.postgres_commit import Before, GroupCommit, Unsure
from tertulia.eventlog.postgres_link import FAILURES, READ_ONLY, Address, Link, cause_of, refusal_of, state_of
from tertulia.eventlog.postgres_projection import PostgresProjections
from tertulia.eventlog.postgres_schema import Stranger, check_same
from tertulia.eventlog.stats import LogStats, Outage

logger = structlog.get_logger("tertulia.eventlog")
_PASSING: Final = ("40P01", "40001", "23505")
"""Another node was in the way: it is tried again, and then finds what the other has written."""
_OUTSIDE: Final = ("08", "25", "28", "53", "54", "55", "57", "58", "F0", "XX")
"""Classes of what is wrong with the server, not with an append."""


class Job(NamedTuple):
    append: Append
    answer: asyncio.Future[Outcome]


class _Group(NamedTuple):
    jobs: Sequence[Job]
    before: Before
    is_unsure: bool = False
    tries: int = 0

    def part(self, begin: int, end: int) -> _Group:
        return self._replace(jobs=self.jobs[begin:end], before=self.before[begin:end])


class Writer:
    """`link` is open; `tell` is called with each answer, or with the exception that is to be raised; `lost`, when the
    link is lost, before anybody is told."""

    def __init__(
        self,
        link: Link,
        address: Address,
        *,
        name: str,
        epoch: str,
        tell: Callable[[Job, Outcome | Exception], None],
        stats: LogStats,
        outage: Outage,
        lost: Callable[[], Awaitable[None]],
        projections: PostgresProjections | None = None,
    ) -> None:
        self._link: Link | None = link
        self._address = address
        self._name = name
        self._epoch = epoch
        self._tell = tell
        self._stats = stats
        self._outage = outage
        self._lost = lost
        self._commit = GroupCommit(projections)
        self._queue: deque[Job] = deque()
        self._ahead: deque[_Group] = deque()
        """Groups to be written before what is queued: halves, and those to be tried again."""
        self._woken = asyncio.Event()
        self._stop_by_s: float | None = None
        self._pause_s = limits.log_reconnect_min_s
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"log {name}")

    def put(self, job: Job) -> None:
        self._queue.append(job)
        self._woken.set()

    async def stop(self) -> None:
        """Do what is queued, then end. What is not known by `log_close_s` is not waited for."""
        self._stop_by_s = time.monotonic() + limits.log_close_s
        self._woken.set()
        await self._task

    async def _run(self) -> None:
        while (group := await self._next()) is not None:
            await self._do(group)
        if self._link is not None:
            await self._link.close()

    async def _next(self) -> _Group | None:
        while not self._ahead and not self._queue:
            if self._stop_by_s is not None:
                return None
            self._woken.clear()
            await self._woken.wait()
        if self._ahead:
            return self._ahead.popleft()
        jobs: list[Job] = []
        entries = 0
        while self._queue and len(jobs) < limits.log_batch_appends_max and entries < limits.log_batch_entries_max:
            jobs.append(self._queue.popleft())
            entries += sum(len(decided.events) for decided in jobs[-1].append.decisions)
        return _Group(jobs, [None] * len(jobs))

    async def _do(self, group: _Group) -> None:
        began_s = time.perf_counter()
        if self._link is None and (error := await self._connect()) is not None:
            await self._fail(group, error)
            return
        assert self._link is not None, "just connected"
        try:
            outcomes = await self._commit.written(self._link, [job.append for job in group.jobs], group.before)
        except Unsure as unsure:
            await self._lose(unsure)
            self._ahead.appendleft(group._replace(before=unsure.outcomes, is_unsure=True))
        except Exception as error:
            await self._not_written(group, self._link, error)
        else:
            self._succeeded(began_s, outcomes)
            for job, outcome in zip(group.jobs, outcomes, strict=True):
                self._tell(job, outcome)

    async def _not_written(self, group: _Group, link: Link, error: Exception) -> None:
        """By this transaction, that is: an unsure group may have been by the one before."""
        again = group._replace(tries=group.tries + 1)
        state = state_of(error)
        # A server that was made a replica is left for the one that took its place.
        is_from_outside = isinstance(error, FAILURES) and (link.is_lost_by(error) or state == READ_ONLY)
        if is_from_outside:
            await self._lose(error)
            if group.tries == 0:  # it may have been lost long ago, when nobody looked
                self._ahead.appendleft(again)
                return
        if state in _PASSING and group.tries < limits.log_tries_max:
            self._ahead.appendleft(again)
        elif is_from_outside or state.startswith(_OUTSIDE):
            await self._fail(group, error)
        elif len(group.jobs) > 1:  # one of them is the cause: the others are written without it
            half = len(group.jobs) // 2
            self._ahead.extendleft((group.part(half, len(group.jobs)), group.part(0, half)))
        elif isinstance(error, LogUnavailable):
            await self._refuse(group, error)
        else:
            logger.error("append failed", **_place_of(error))
            await self._refuse(group, LogUnavailable("The append could not be written."))

    # --- when the database is away ----------------------------------------------------------------------------------

    async def _connect(self) -> Exception | None:
        """Why not, when it does not succeed."""
        try:
            link = await Link.open(self._address)
            try:
                with link.deadline(limits.log_connect_s):
                    await check_same(link, epoch=self._epoch)
            except BaseException:
                await link.close()
                raise
        except (*FAILURES, LogRefused, Stranger) as error:
            return error
        self._link = link
        return None

    async def _lose(self, error: Exception) -> None:
        self._failed(error)
        if self._link is not None:
            await self._link.close()
            self._link = None
            await self._lost()
        self._commit.forget()

    async def _fail(self, group: _Group, error: Exception) -> None:
        """Nothing can be written for now."""
        self._failed(error)
        refusal = refusal_of(error, self._address)
        await self._refuse(group, refusal)
        if self._link is None:
            await self._pause(refusal)

    def _failed(self, error: Exception) -> None:
        cause = error.__cause__ if isinstance(error, Unsure) and error.__cause__ is not None else error
        kind = cause.cause if isinstance(cause, Stranger) else cause_of(cause)
        self._outage.failed(self._name, kind, self._address.reason(cause))

    async def _refuse(self, group: _Group, refusal: Exception) -> None:
        if not group.is_unsure:
            for job in group.jobs:
                self._tell(job, refusal)
        elif self._stop_by_s is not None and time.monotonic() > self._stop_by_s:
            for job in group.jobs:
                self._tell(job, LogUnavailable("It is not known whether this was written: its key will tell."))
        else:
            self._ahead.appendleft(group)
            if self._link is not None:
                await self._pause(refusal)

    async def _pause(self, refusal: Exception) -> None:
        """Wait before the next try; whoever comes meanwhile is refused at once."""
        until_s = time.monotonic() + self._pause_s * random.uniform(0.5, 1.0)
        self._pause_s = min(self._pause_s * 2, limits.log_reconnect_max_s)
        while (left_s := until_s - time.monotonic()) > 0:
            while self._queue:
                self._tell(self._queue.popleft(), refusal)
            if self._stop_by_s is not None and not self._ahead:
                return
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), left_s)

    def _succeeded(self, began_s: float, outcomes: Sequence[Outcome]) -> None:
        self._pause_s = limits.log_reconnect_min_s
        self._outage.succeeded(self._name)
        self._stats.commit_seconds.add(time.perf_counter() - began_s)
        self._stats.commit_entries.add(sum(len(each.entries) for each in outcomes if isinstance(each, Appended)))


def _place_of(error: Exception) -> dict[str, str]:
    """What and where, for the diagnostics; without values, for these are what people wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    what = str(error) if isinstance(error, AssertionError) else state_of(error)
    return {"error": f"{type(error).__name__} {what}".strip(), "where": where}
