"""Tasks of one client, ended with it. A fault in one of them must not leave the program waiting for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from tertulia.client.errors import Stopped

_FAULT: Final = 1011


class Tasks:
    """`on_fault` is told when a task ended by an exception: a bug of ours, or of a function the program gave us."""

    def __init__(self, on_fault: Callable[[Stopped], None]) -> None:
        self._on_fault = on_fault
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.keep(asyncio.get_running_loop().create_task(work))

    def keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def wait(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            stopped = Stopped(_FAULT, f"a fault in this client: {error!r}")
            stopped.__cause__ = error
            self._on_fault(stopped)
