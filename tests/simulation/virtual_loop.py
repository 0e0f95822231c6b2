"""An event loop on virtual time: when nothing is ready, the clock jumps to the next timer. No wall clock, no threads.

A turn of the loop takes `turn_s`, as if what ran in it had taken time: what is written in slices is then spread over
time, and who paces itself by how long it took has something to go by. With 0, all that is ready happens at one moment.
A loop with nothing ready and no timer would wait for ever: `Deadlock`. Tasks can be told apart by who owns them
(`TaskOwner`; what a task creates belongs to the same owner), so that a crash can end exactly those.
What is raised in a callback or left in a task that nobody awaits is kept in `failures`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from pathlib import Path
from traceback import extract_tb
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Nothing is ready and nothing will be."""


_owner: ContextVar[TaskOwner | None] = ContextVar("owner", default=None)


class TaskOwner:
    """Who tasks belong to: what runs in `context` creates tasks of this owner. `tasks` are those under way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.context: Context = copy_context()
        self.context.run(_owner.set, self)

    async def end_tasks(self) -> None:
        """Cancel all of them, as a crash does: none gets to say goodbye to anybody who could hear it."""
        while tasks := [task for task in self.tasks if not task.done()]:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class VirtualLoop(asyncio.BaseEventLoop):
    def __init__(self, *, turn_s: float = 0.0) -> None:
        self._now_s = 0.0
        self._turn_s = turn_s
        super().__init__()
        self._selector = _Jump(self)
        self.failures: list[str] = []
        self.set_exception_handler(self._keep_failure)
        self.set_task_factory(_owned_task)

    def time(self) -> float:
        return self._now_s

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run to the end, then close."""
        try:
            return self.run_until_complete(main)
        finally:
            self.close()

    def _keep_failure(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        frames = extract_tb(error.__traceback__)[-3:] if error else []
        where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        self.failures.append(f"{type(error).__name__}: {error} ({context.get('message')}; {where})")

    # --- what BaseEventLoop asks of a loop ------------------------------------------------------------------------

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list, "there are no sockets here"

    def _write_to_self(self) -> None:
        """Wakes a selector that sleeps in another thread; ours never sleeps."""


class _Jump:
    """Stands where a selector would: instead of waiting, time passes."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout_s: float | None) -> list[Any]:
        if timeout_s is None:
            raise Deadlock("nothing is ready and no timer is set")
        self._loop._now_s += timeout_s if timeout_s > 0 else self._loop._turn_s
        return []


def _owned_task(
    loop: asyncio.AbstractEventLoop, coro: Any, context: Context | None = None, **kwargs: Any
) -> asyncio.Task[Any]:
    task = asyncio.Task(coro, loop=loop, context=context, **kwargs)
    mine = _owner.get() if context is None else context.get(_owner)
    if mine is not None:
        mine.tasks[task] = None
        task.add_done_callback(lambda done: mine.tasks.pop(done, None))
    return task
