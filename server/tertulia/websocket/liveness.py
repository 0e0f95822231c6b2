"""One timing wheel for all deadlines of all connections: no timer per connection.

A turn a second; a deadline falls in the slot of its second and may be late by one. What is done about it is the
connection's business: it is told `due(what)`.
"""

from __future__ import annotations

import asyncio
from typing import Literal, Protocol

import structlog

logger = structlog.get_logger("tertulia.websocket.liveness")

What = Literal["hello", "ping", "write", "close"]


class Timed(Protocol):
    def due(self, what: What) -> None: ...


class TimingWheel:
    def __init__(self) -> None:
        self._slots: dict[int, list[tuple[Timed, What]]] = {}
        self._now = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._turn())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def after(self, seconds: float, timed: Timed, what: What) -> None:
        """Tell `timed` that `what` is due, `seconds` from now at the earliest."""
        self._slots.setdefault(self._now + 1 + int(seconds), []).append((timed, what))

    def advance(self) -> None:
        """One second has gone by."""
        self._now += 1
        for timed, what in self._slots.pop(self._now, ()):
            try:
                timed.due(what)
            except Exception:  # a fault with one connection must not end the deadlines of all
                logger.exception("deadline failed", what=what)

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time() - self._now
        while True:
            await asyncio.sleep(max(0.0, begun + self._now + 1 - loop.time()))
            self.advance()
