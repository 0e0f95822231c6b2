"""The answer to `Client.follow`, which may be awaited and need not be."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

from tertulia.client.errors import ClientError
from tertulia.wire.requests import Position


class Following:
    """What `follow` gives: await it to know that the stream is followed, and from which position on."""

    def __init__(self, stream: str, future: asyncio.Future[Position]) -> None:
        self.stream = stream
        self._future = future
        self._is_awaited = False

    def __await__(self) -> Generator[Any, None, Position]:
        self._is_awaited = True
        return self._future.__await__()

    def settle(self, outcome: Position | ClientError) -> bool:
        """Whether somebody waits for it and so is told."""
        if self._future.done():
            return False
        if isinstance(outcome, Position):
            self._future.set_result(outcome)
        elif self._is_awaited:
            self._future.set_exception(outcome)
        else:
            return False
        return True
