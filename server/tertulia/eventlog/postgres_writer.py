"""A task of a node that writes, over a connection of its own. While one transaction runs, the appends that come gather
and make the next group.

When the database is away: what was certainly not written is tried once more and then refused; what comes meanwhile is
refused at once; a group whose commit was lost sight of is kept until the database can be asked about it, and nothing
about it is answered before. What it then turns out not to have written is written in halves, a few times. Nothing
needs a restart.
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
from tertulia.eventlog.postgres_commit import GroupCommit, Unsure
from tertulia.eventlog.postgres_link import FAILURES, READ_ONLY, Address, Link, cause_of, refusal_of, state_of
from tertulia.eventlog.postgres_projection import PostgresProjections
from tertulia.eventlog.postgres_schema import Stranger, check_same
from tertulia.eventlog.stats import LogStats, Outage

logger = structlog.get_logger("tertulia.eventlog")
_PASSING: Final = ("40P01", "40001", "23505")
"""Another node was in the way: it is tried again, and then finds what the other has written."""
_OUTSIDE: Final = ("08", "25", "28", "53", "54", "55", "57", "58", "F0", "XX")
"""Classes of what is wrong with the server, not with an append."""
_WRITING: Final = "write"


class Job(NamedTuple):
    append: Append
    answer: asyncio.Future[Outcome]


class _Group(NamedTuple):
    """`planned`: what it was to be answered with, when its commit was lost sight of."""

    jobs: Sequence[Job]
    planned: Sequence[Outcome] | None = None
    tries: int = 0

    @property
    def appends(self) -> list[Append]:
        return [job.append for job in self.jobs]

    def halves(self) -> list[_Group]:
        """Two, or the whole of one job; none of none."""
        half = (len(self.jobs) + 1) // 2
        parts = (slice(0, half), slice(half, None))
        planned = self.planned
        return [
            self._replace(jobs=self.jobs[part], planned=None if planned is None else planned[part])
            for part in parts
            if self.jobs[part]
        ]


class Writer:
    """`link` is open; `tell` is called with each answer, or with the exception that is to be raised; `lost`, when the
    link is lost, before anybody is told, with this writer."""

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
        lost: Callable[[Writer], Awaitable[None]],
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
        self._is_doubted = False
        self._is_cut_off = False
        """The link was lost, and it is not told yet that all is well."""
        self._stop_by_s: float | None = None
        self._pause_s = limits.log_reconnect_min_s
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"log {name}")

    def put(self, job: Job) -> None:
        self._queue.append(job)
        self._woken.set()

    def doubt(self) -> None:
        """Another connection to the server was lost: this one may be too, or lead to one whose place was taken. It is
        opened anew before the next group."""
        self._is_doubted = True

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
            if self._is_cut_off:
                await self._come_back()
            else:
                self._woken.clear()
                await self._woken.wait()
        if self._ahead:
            return self._ahead.popleft()
        jobs: list[Job] = []
        entries = 0
        while self._queue and len(jobs) < limits.log_batch_appends_max and entries < limits.log_batch_entries_max:
            jobs.append(self._queue.popleft())
            entries += sum(len(decided.events) for decided in jobs[-1].append.decisions)
        return _Group(jobs)

    async def _do(self, group: _Group) -> None:
        began_s = time.monotonic()
        if self._is_doubted:
            await self._drop()
        if self._link is None and (error := await self._connect()) is not None:
            await self._fail(group, error)
            return
        assert self._link is not None, "just connected"
        if group.planned is not None:
            await self._ask(self._link, group, group.planned, began_s)
            return
        try:
            outcomes = await self._commit.written(self._link, group.appends)
        except Unsure as unsure:
            await self._lose(unsure)
            self._ahead.appendleft(group._replace(planned=unsure.outcomes, tries=group.tries + 1))
            if group.tries > 0:  # this group may be what ails the server
                await self._pause(refusal_of(_cause(unsure), self._address))
        except Exception as error:
            await self._not_written(group, self._link, error)
        else:
            self._succeeded(began_s, outcomes)
            for job, outcome in zip(group.jobs, outcomes, strict=True):
                self._tell(job, outcome)

    async def _ask(self, link: Link, group: _Group, planned: Sequence[Outcome], began_s: float) -> None:
        """Afterwards nothing about the group is unknown: what the lost commit has written is answered, and the rest is
        a group like any other."""
        try:
            found = await self._commit.found(link, group.appends, planned)
        except Exception as error:
            if _is_gone(link, error):
                await self._lose(error)
                await self._fail(group, error)
            else:  # one of them may be the cause, by a lock that another node holds
                self._ahead.extendleft(reversed(group.halves()[1:]))
                await self._fail(group.halves()[0], error)
            return
        rest = []
        for job, outcome in zip(group.jobs, found, strict=True):
            if outcome is None:
                rest.append(job)
            else:
                self._tell(job, outcome)
        if not rest:
            self._works(began_s)
        elif group.tries > limits.log_tries_max:
            self._refuse(rest, LogUnavailable("The append could not be written."))
        else:
            self._ahead.extendleft(reversed(_Group(rest, tries=group.tries).halves()))

    async def _not_written(self, group: _Group, link: Link, error: Exception) -> None:
        again = group._replace(tries=group.tries + 1)
        state = state_of(error)
        is_gone = _is_gone(link, error)
        if is_gone:
            await self._lose(error)
            if group.tries == 0:  # it may have been lost long ago, when nobody looked
                self._ahead.appendleft(again)
                return
        if state in _PASSING and group.tries < limits.log_tries_max:
            self._ahead.appendleft(again)
        elif is_gone or state.startswith(_OUTSIDE):
            await self._fail(group, error)
        elif len(group.jobs) > 1:  # one of them is the cause: the others are written without it
            self._ahead.extendleft(reversed(group.halves()))
        elif isinstance(error, LogUnavailable):
            self._refuse(group.jobs, error)
        else:
            logger.error("append failed", **_place_of(error))
            self._refuse(group.jobs, LogUnavailable("The append could not be written."))

    # --- when the database is away ----------------------------------------------------------------------------------

    async def _connect(self) -> Exception | None:
        """Why not, when it does not succeed."""
        self._is_doubted = False
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
        await self._drop()
        self._failed(error)
        await self._lost(self)

    async def _come_back(self) -> None:
        """Nobody asks for anything: only so is it known, and told, that the database is there again."""
        self._woken.clear()
        error = await self._connect() if self._link is None else None
        if error is None:
            self._is_cut_off = False
            self._outage.succeeded(self._name)
            return
        self._failed(error)
        with contextlib.suppress(TimeoutError):  # who comes meanwhile has it tried at once
            await asyncio.wait_for(self._woken.wait(), self._next_pause())

    async def _drop(self) -> None:
        if self._link is not None:
            await self._link.close()
            self._link = None
        self._commit.forget()

    async def _fail(self, group: _Group, error: Exception) -> None:
        """Nothing can be written for now. What is not known is kept."""
        self._failed(error)
        refusal = refusal_of(error, self._address)
        if group.planned is None:
            self._refuse(group.jobs, refusal)
        elif self._stop_by_s is not None and time.monotonic() > self._stop_by_s:
            self._refuse(group.jobs, LogUnavailable("It is not known whether this was written: its key will tell."))
        else:
            self._ahead.append(group)  # behind those that may be free of what it waits for
        if self._link is None or group.planned is not None:
            await self._pause(refusal)

    def _failed(self, error: Exception) -> None:
        """A link that is lost is this writer's, and well when it is back; what else fails, like a full disk, fails for
        all that write, and is well when one of them has written."""
        cause = _cause(error)
        kind = cause.cause if isinstance(cause, Stranger) else cause_of(cause)
        self._is_cut_off = self._is_cut_off or self._link is None
        self._outage.failed(self._name if self._link is None else _WRITING, kind, self._address.reason(cause))

    def _works(self, began_s: float) -> None:
        self._pause_s = limits.log_reconnect_min_s
        self._is_cut_off = False
        self._outage.succeeded(self._name)
        self._outage.succeeded(_WRITING, began_s=began_s)

    def _refuse(self, jobs: Sequence[Job], refusal: Exception) -> None:
        for job in jobs:
            self._tell(job, refusal)

    async def _pause(self, refusal: Exception) -> None:
        """Wait before the next try; whoever comes meanwhile is refused at once."""
        until_s = time.monotonic() + self._next_pause()
        while (left_s := until_s - time.monotonic()) > 0:
            while self._queue:
                self._tell(self._queue.popleft(), refusal)
            if self._stop_by_s is not None and not self._ahead:
                return
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), left_s)

    def _next_pause(self) -> float:
        pause_s = self._pause_s * random.uniform(0.5, 1.0)
        self._pause_s = min(self._pause_s * 2, limits.log_reconnect_max_s)
        return pause_s

    def _succeeded(self, began_s: float, outcomes: Sequence[Outcome]) -> None:
        self._works(began_s)
        self._stats.commit_seconds.add(time.monotonic() - began_s)
        self._stats.commit_entries.add(sum(len(each.entries) for each in outcomes if isinstance(each, Appended)))


def _is_gone(link: Link, error: Exception) -> bool:
    """A server that was made a replica is left for the one that took its place."""
    return isinstance(error, FAILURES) and (link.is_lost_by(error) or state_of(error) == READ_ONLY)


def _cause(error: Exception) -> Exception:
    """What the connection was lost by."""
    return error.__cause__ if isinstance(error, Unsure) and isinstance(error.__cause__, Exception) else error


def _place_of(error: Exception) -> dict[str, str]:
    """What and where, for the diagnostics; without values, for these are what people wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    what = str(error) if isinstance(error, AssertionError) else state_of(error)
    return {"error": f"{type(error).__name__} {what}".strip(), "where": where}
