"""`serve --workers N`: a parent that serves nothing and keeps N nodes at work on one port.

The first worker starts alone (it may have to make or to migrate the log, and says what is wrong once), then the others.
One that ends by itself is started again, later and later while that fails. SIGTERM and SIGINT: all drain at once.

SIGHUP, a rolling restart: new workers start beside the old ones, one after the other. When all are ready the old ones
listen no more, and then leave one after the other: whoever is sent away comes to a new worker, and so is sent only
once. When a new one does not become ready all new ones go and nobody was disturbed.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog

from tertulia.cli.exits import TROUBLE
from tertulia.cli.worker import Worker, leaving_s
from tertulia.domain import limits

logger = structlog.get_logger("tertulia.cli.workers")

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Workers:
    """`open_sockets(number)`: bound, for that worker to listen on. `greet` is called once all are ready.

    Each number has sockets of its own, held here as well: who comes while its worker is away waits for the next one.
    """

    def __init__(
        self,
        count: int,
        open_sockets: Callable[[int], list[socket.socket]],
        *,
        drain_window_s: float,
        greet: Callable[[], None],
    ) -> None:
        self._numbers = range(1, count + 1)
        self._sockets = {number: open_sockets(number) for number in self._numbers}
        self._open_sockets = open_sockets
        self._leaving_s = leaving_s(drain_window_s)
        self._greet = greet
        self._all: set[Worker] = set()
        """Every process that lives."""
        self._serving: dict[int, Worker] = {}
        self._keeping: dict[int, asyncio.Task[None]] = {}
        self._is_roll_wanted = asyncio.Event()
        self._failures = 0
        """Starts in vain, since the last that was none."""
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Until a signal, or until it is in vain. The exit code."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._signalled, number)
        work = asyncio.create_task(self._work())
        work.add_done_callback(self._failed)
        try:
            return await self._end
        finally:
            work.cancel()
            self._keep_none()
            await self._leave(self._all)

    def _signalled(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP:
            self._is_roll_wanted.set()
        elif self._end.done():
            for worker in self._all:
                worker.signal(signal.SIGKILL)
        else:
            self._give_up(0)

    def _give_up(self, code: int) -> None:
        if not self._end.done():
            self._end.set_result(code if code >= 0 else TROUBLE)

    def _failed(self, task: asyncio.Task[None]) -> None:
        """A fault of this program ends it: what it no longer keeps running must not look as if it did."""
        if not task.cancelled() and task.exception() is not None and not self._end.done():
            self._end.set_exception(task.exception() or AssertionError)

    async def _work(self) -> None:
        first = await self._start(1)
        if not await first.is_ready():
            self._give_up(await first.ended())  # it has said why
            return
        self._serve(first)
        others = [await self._start(number) for number in self._numbers[1:]]
        for worker in others:
            if not await worker.is_ready():
                self._give_up(await worker.ended())
                return
            self._serve(worker)
        self._greet()
        while True:
            await self._is_roll_wanted.wait()
            self._is_roll_wanted.clear()
            await self._roll()

    # --- one that ends by itself --------------------------------------------------------------------------------

    def _serve(self, worker: Worker) -> None:
        """From now on it has its number, and is kept."""
        self._failures = 0
        self._serving[worker.number] = worker
        task = self._keeping[worker.number] = asyncio.create_task(self._keep(worker))
        task.add_done_callback(self._failed)

    def _keep_none(self) -> None:
        for task in self._keeping.values():
            task.cancel()
        self._keeping.clear()

    async def _keep(self, worker: Worker) -> None:
        number, pauses = worker.number, _pauses_s()
        code = await worker.ended()
        del self._serving[number]
        logger.warning("worker ended", worker=number, pid=worker.pid, code=code)
        is_at_once = worker.lived_s >= limits.worker_good_s
        while True:
            await asyncio.sleep(0 if is_at_once else next(pauses))
            is_at_once = False
            failure = await self._restart(number)
            if failure is None:
                return
            self._failures += 1
            self._close_sockets(number)
            logger.warning("worker does not start", worker=number, code=failure, tries=self._failures)
            if not self._serving and self._failures >= limits.worker_starts_max:
                self._give_up(failure)

    async def _restart(self, number: int) -> int | None:
        """None when it serves, else its exit code."""
        try:
            again = await self._start(number)
        except OSError:
            return TROUBLE
        try:
            is_ready = await again.is_ready()
        except asyncio.CancelledError:
            again.signal(signal.SIGTERM)
            raise
        if not is_ready:
            return await again.ended()
        logger.info("worker is back", worker=number, pid=again.pid)
        self._serve(again)
        return None

    # --- one after the other ------------------------------------------------------------------------------------

    async def _roll(self) -> None:
        logger.info("rolling restart", workers=len(self._numbers))
        new: list[Worker] = []
        for number in self._numbers:
            is_ready = False
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(limits.worker_ready_s):
                    new.append(await self._start(number))
                    is_ready = await new[-1].is_ready()
            if not is_ready:
                logger.error("rolling restart stopped: a new worker does not start, the old ones go on", worker=number)
                await self._leave(new)
                return
        self._keep_none()
        old = list(self._serving.values())
        for worker in new:
            self._serve(worker)
        for worker in old:
            worker.listen_no_more()
        for worker in old:
            await self._leave([worker])
            logger.info("worker replaced", worker=worker.number, pid=self._serving_pid(worker.number))
        logger.info("rolling restart done")

    def _serving_pid(self, number: int) -> int | None:
        worker = self._serving.get(number)
        return None if worker is None else worker.pid

    # --- processes ----------------------------------------------------------------------------------------------

    async def _start(self, number: int) -> Worker:
        if number not in self._sockets:
            self._sockets[number] = self._open_sockets(number)
        worker = await Worker.start(number, self._sockets[number])
        self._all.add(worker)
        worker.when_ended(lambda: self._all.discard(worker))
        return worker

    def _close_sockets(self, number: int) -> None:
        """Nobody is going to serve there soon: who waits is cut, and comes to another worker."""
        for one in self._sockets.pop(number, ()):
            one.close()

    async def _leave(self, workers: Sequence[Worker] | set[Worker]) -> None:
        """Ask them to drain, all at once; end those that take too long."""
        leaving = list(workers)
        for worker in leaving:
            worker.signal(signal.SIGTERM)
        if not leaving:
            return
        try:
            async with asyncio.timeout(self._leaving_s):
                await asyncio.gather(*(worker.ended() for worker in leaving))
        except TimeoutError:
            late = [worker for worker in leaving if worker in self._all]
            for worker in late:
                logger.error("worker does not end; killed", worker=worker.number, pid=worker.pid)
                worker.signal(signal.SIGKILL)
            await asyncio.gather(*(worker.ended() for worker in late))


def _pauses_s() -> Iterator[float]:
    pause_s = limits.worker_pause_min_s
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, limits.worker_pause_max_s)
