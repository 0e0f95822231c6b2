"""The bus of the embedded mode: no network, nothing is lost.

One process is one node and hears itself. Nodes that live in one process (tests, simulation) share an
`Exchange`.
"""

from __future__ import annotations

import asyncio

from tertulia.bus import NODES, BusCounts, BusMessage, OnMissed, Receive
from tertulia.bus.dispatch import Dispatch


class Exchange:
    """Where the buses of one process meet."""

    __slots__ = ("buses",)

    def __init__(self) -> None:
        self.buses: list[InProcessBus] = []


class InProcessBus:
    def __init__(self, node: str = "local", exchange: Exchange | None = None) -> None:
        self.counts = BusCounts()
        self._node = node
        self._exchange = Exchange() if exchange is None else exchange
        self._channels: set[str] = set()
        self._dispatch: Dispatch | None = None

    @property
    def is_connected(self) -> bool:
        return True

    async def start(self, receive: Receive, on_missed: OnMissed) -> None:
        """Never refuses; `on_missed` is never called: there is no connection to lose."""
        self._dispatch = Dispatch(receive)
        self._exchange.buses.append(self)

    def publish(self, message: BusMessage, /) -> None:
        if self._dispatch is None:
            return  # stopped, or not started: nobody listens
        if message.node != self._node:
            message = message._replace(node=self._node)
        self.counts.published += 1
        others = [bus for bus in self._exchange.buses if bus is not self and bus._hears(message.channel)]
        if others:
            loop = asyncio.get_running_loop()
            told = message._replace(entry=None)
            for bus in others:
                loop.call_soon(bus._hear, told)
        self._dispatch(message)

    async def subscribe(self, channel: str) -> None:
        self._channels.add(channel)

    async def unsubscribe(self, channel: str) -> None:
        self._channels.discard(channel)

    async def stop(self) -> None:
        self._dispatch = None
        if self in self._exchange.buses:
            self._exchange.buses.remove(self)

    def _hears(self, channel: str) -> bool:
        return channel in self._channels or channel == NODES

    def _hear(self, message: BusMessage) -> None:
        if self._hears(message.channel) and self._dispatch is not None:
            self.counts.received += 1
            self._dispatch(message)
