"""A bus between nodes that loses, repeats, delays and reorders, and falls apart into islands. Own messages at once.

Messages travel as bytes in the real framing, so that what arrives is what a node on another machine would get.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random

from tertulia.bus import BusCounts, BusMessage, OnMissed, Receive
from tertulia.bus.dispatch import Dispatch
from tertulia.bus.framing import frame, unframe
from tests.simulation.virtual_loop import TaskOwner


@dataclass(slots=True, kw_only=True)
class Weather:
    """Chances in [0, 1] for each message and each listener; a delay is anything up to its bound, so order is lost."""

    lost: float = 0.0
    repeated: float = 0.0
    delay_s_max: float = 0.001
    is_reconnect_told: bool = True
    """Whether nodes are told when an island joins the others again; Redis clients often are, and not always."""


class Network:
    """Where the buses of one run meet. `islands`: node → which part it is in; nodes of different parts hear nothing
    of each other."""

    def __init__(self, random: Random, weather: Weather) -> None:
        self.random = random
        self.weather = weather
        self.buses: dict[str, LossyBus] = {}
        self._islands: dict[str, int] = {}

    def part(self, islands: dict[str, int]) -> None:
        self._islands = islands

    def join(self) -> None:
        """One network again."""
        apart, self._islands = self._islands, {}
        if apart and self.weather.is_reconnect_told:
            for bus in list(self.buses.values()):
                bus.reconnected()

    def carry(self, sender: LossyBus, message: BusMessage) -> None:
        loop = asyncio.get_running_loop()
        payload = frame(message)
        for name, bus in self.buses.items():
            if bus is sender or message.channel not in bus.channels:
                continue
            if self._islands.get(name, 0) != self._islands.get(sender.node_id, 0):
                continue
            if self.random.random() < self.weather.lost:
                continue
            copies = 2 if self.random.random() < self.weather.repeated else 1
            for _ in range(copies):
                delay_s = self.random.random() * self.weather.delay_s_max
                loop.call_later(delay_s, bus.hear, payload, context=bus.owner.context)


class LossyBus:
    """`bus.Bus` of one node; `break_off` is what a crash does to it."""

    def __init__(self, node_id: str, network: Network, owner: TaskOwner) -> None:
        self.counts = BusCounts()
        self.node_id = node_id
        self.owner = owner
        self.channels: dict[str, None] = {}
        self._network = network
        self._dispatch: Dispatch | None = None
        self._on_missed: OnMissed | None = None

    @property
    def is_connected(self) -> bool:
        return True

    async def start(self, receive: Receive, on_missed: OnMissed) -> None:
        self._dispatch, self._on_missed = Dispatch(receive), on_missed
        self._network.buses[self.node_id] = self

    def publish(self, message: BusMessage, /) -> None:
        if self._dispatch is None:
            return
        message = message._replace(node=self.node_id)
        self.counts.published += 1
        self._network.carry(self, message)
        self._dispatch(message)

    async def subscribe(self, channel: str) -> None:
        await asyncio.sleep(self._network.random.random() * self._network.weather.delay_s_max)
        self.channels[channel] = None

    async def unsubscribe(self, channel: str) -> None:
        await asyncio.sleep(self._network.random.random() * self._network.weather.delay_s_max)
        self.channels.pop(channel, None)

    async def stop(self) -> None:
        self.break_off()

    def break_off(self) -> None:
        """As if the process were gone."""
        self._dispatch = self._on_missed = None
        self.channels.clear()
        if self._network.buses.get(self.node_id) is self:
            del self._network.buses[self.node_id]

    def hear(self, payload: bytes) -> None:
        framed = unframe(payload)
        assert framed is not None, "what we framed can be read"
        if self._dispatch is not None and framed.channel in self.channels:
            self.counts.received += 1
            self._dispatch(framed.message())

    def reconnected(self) -> None:
        if self._on_missed is not None:
            self.owner.context.run(self._on_missed, None)
