"""How a bus hands messages to the node: one at a time, never inside one another, never failing."""

from __future__ import annotations

from collections import deque

import structlog

from tertulia.bus import BusMessage, Receive

_logger = structlog.get_logger(__name__)


class Dispatch:
    """`dispatch(message)` calls `receive` now; from inside `receive`, right after it."""

    __slots__ = ("_is_receiving", "_receive", "_waiting")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._waiting: deque[BusMessage] = deque()
        self._is_receiving = False

    def __call__(self, message: BusMessage) -> None:
        if self._is_receiving:
            self._waiting.append(message)
            return
        self._is_receiving = True
        try:
            self._receive_one(message)
            while self._waiting:
                self._receive_one(self._waiting.popleft())
        finally:
            self._is_receiving = False

    def _receive_one(self, message: BusMessage) -> None:
        try:
            self._receive(message)
        except Exception:
            # A bug of the receiver must not end the task that reads the network, nor reach whoever published.
            _logger.exception("bus_receive_failed", channel=message.channel, stream=message.stream, seq=message.seq)
