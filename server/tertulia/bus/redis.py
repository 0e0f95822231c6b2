"""The bus over Redis pub/sub: one server, the master that Sentinel tells, or a Redis Cluster.

The node hears itself at once, without Redis; its own messages coming back are dropped. Entries wait in bounded queues
while Redis is away; soft messages do not wait: they would be told too late. When a queue is full, what is soft goes
first, then the oldest entries.
Losing Redis never shows to who publishes: `is_connected` turns false, a warning is logged once, and the bus connects
anew by itself, subscribes to everything again and calls `on_missed`.

A bus channel is carried by a *topic*, a Redis channel: on one server (or Sentinel's master) it has its own,
`tertulia:<channel>`, so that a node is sent only what it wants; on a cluster it shares one of 128 with others
(`partitions.py`), and what a node did not want is dropped here. docs/decisions/0011-redis-bus.md says why.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

import structlog

from tertulia.bus import NODES, BusCounts, BusMessage, BusRefused, OnMissed, Receive
from tertulia.bus.dispatch import Dispatch
from tertulia.bus.framing import frame, unframe
from tertulia.bus.redis_cluster import ClusterRoute
from tertulia.bus.redis_link import CLASSIC
from tertulia.bus.redis_sentinel import Sentinels
from tertulia.bus.redis_shard import Owner, Shard
from tertulia.bus.redis_url import Target, target_of
from tertulia.bus.redis_wire import LOST, Address
from tertulia.domain import limits
from tertulia.domain.ids import StreamName

_logger = structlog.get_logger(__name__)
_HELLO: Final = StreamName("hello")
_PREFIX: Final = "tertulia:"


class Server(NamedTuple):
    """A Redis server, for `doctor` and logs."""

    address: str
    is_connected: bool


class Route(Protocol):
    """Which topic carries a channel, and which shard a topic is on."""

    def topic_of(self, channel: str, /) -> str: ...
    def shard_of(self, topic: str, /) -> Shard: ...

    @property
    def shards(self) -> list[Shard]: ...

    async def open(self, wanted: Iterable[str]) -> None:
        """Link to all shards, subscribed to these topics. Raises LOST, of which `Unfit` is a sentence for the user."""
        ...

    async def close(self) -> None: ...


class RedisBus:
    """`deployment` tells one installation from another on the same Redis. `chance()` in [0, 1) spreads the reconnects
    of many nodes."""

    def __init__(
        self, url: str, node: str, *, deployment: str = "", chance: Callable[[], float] = random.random
    ) -> None:
        self.counts = BusCounts()
        self._url = url
        self._node = node
        self._deployment = deployment
        self._chance = chance
        self._wanted: set[str] = {NODES}
        self._carried: dict[str, set[str]] = {}
        """By topic, the wanted channels it carries."""
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._late: set[str] = set()
        """Topics whose subscription was not confirmed while `subscribe` waited, or that are elsewhere now."""
        self._came_late: set[str] = set()
        """Those of them that are confirmed now, until `on_missed` is told, which is soon."""
        self._route: Route | None = None
        self._dispatch: Dispatch | None = None
        self._on_missed: OnMissed = lambda channels: None
        self._has_warned_of_foreign = False

    @property
    def is_connected(self) -> bool:
        """Whether all parts of Redis that the bus uses are linked: one lost shard of a cluster makes it false."""
        return self._route is not None and all(shard.is_connected for shard in self._route.shards)

    def servers(self) -> list[Server]:
        """The Redis servers it uses now."""
        shards = self._route.shards if self._route is not None else []
        return [Server(shard.name, shard.is_connected) for shard in shards]

    async def start(self, receive: Receive, on_missed: OnMissed) -> None:
        target = target_of(self._url)
        route = self._route_to(target)
        self._carried = {}
        for channel in self._wanted:
            self._carried.setdefault(route.topic_of(channel), set()).add(channel)
        try:
            await route.open(self._carried)
        except BaseException as error:
            await route.close()
            if isinstance(error, LOST):
                raise _refusal(error, route, target) from None
            raise
        self._dispatch = Dispatch(receive)
        self._on_missed = on_missed
        self._route = route

    def publish(self, message: BusMessage, /) -> None:
        if self._dispatch is None or self._route is None:
            return  # stopped, or not started: nobody listens
        message = message._replace(node=self._node)
        self.counts.published += 1
        topic = self._route.topic_of(message.channel)
        self._route.shard_of(topic).put(topic, message)
        self._dispatch(message)

    async def subscribe(self, channel: str) -> None:
        if channel not in self._wanted:
            self._wanted.add(channel)
            if self._route is None:
                return
            topic = self._route.topic_of(channel)
            self._carried.setdefault(topic, set()).add(channel)
            self._route.shard_of(topic).wishes.add(topic)
        elif self._route is None:
            return
        topic = self._route.topic_of(channel)
        shard = self._route.shard_of(topic)
        if not shard.is_connected or shard.is_confirmed(topic):
            return
        waiting = self._waiting.get(topic)
        if waiting is None:
            waiting = self._waiting[topic] = asyncio.get_running_loop().create_future()
        await asyncio.wait([waiting], timeout=limits.bus_subscribe_wait_s)
        if not waiting.done():
            self._late.add(topic)

    async def unsubscribe(self, channel: str) -> None:
        if channel not in self._wanted or channel == NODES:
            return
        self._wanted.discard(channel)
        if self._route is None:
            return
        topic = self._route.topic_of(channel)
        self._carried[topic].discard(channel)
        if not self._carried[topic]:
            del self._carried[topic]
            self._route.shard_of(topic).wishes.discard(topic)
            self._late.discard(topic)
            self._stop_waiting(topic)

    async def stop(self) -> None:
        route = self._route
        if route is None:
            return
        telling = [shard.queue.drained(wait_s=limits.bus_stop_wait_s) for shard in route.shards if shard.is_connected]
        await asyncio.gather(*telling)
        self._route = self._dispatch = None
        await route.close()
        for topic in list(self._waiting):
            self._stop_waiting(topic)

    # --- private ------------------------------------------------------------------------------------------------

    def _route_to(self, target: Target) -> Route:
        owner = Owner(
            counts=self.counts,
            deployment=self._deployment,
            chance=self._chance,
            hear=self._hear,
            confirmed=self._confirmed,
            back=lambda: self._tell_missed(None),
        )
        hello = frame(BusMessage(NODES, _HELLO, "", 0, b"", self._node), self._deployment)
        if target.mode == "cluster":
            return ClusterRoute(owner, target, hello=hello, moved=self._late.update)
        return _OneServer(owner, target, hello=hello)

    def _hear(self, payload: bytes) -> None:
        framed = unframe(payload)
        if framed is not None and framed.stream == _HELLO and not framed.deployment:
            pass  # `tertulia doctor`, which need not know the secret
        elif framed is None or framed.deployment != self._deployment:
            self.counts.foreign += 1
            self._warn_of_foreign(is_readable=framed is not None)
        elif framed.node == self._node or framed.stream == _HELLO or self._dispatch is None:
            pass  # nothing to tell anybody
        elif framed.channel not in self._wanted:
            self.counts.unwanted += 1
        else:
            self.counts.received += 1
            self._dispatch(framed.message())

    def _warn_of_foreign(self, *, is_readable: bool) -> None:
        if self._has_warned_of_foreign:
            return
        self._has_warned_of_foreign = True
        whose = "another installation of Tertulia, with another secret" if is_readable else "another version or program"
        _logger.warning(
            "bus_foreign",
            reason=f"There are messages of {whose} on this Redis. They are ignored.",
            advice="Nodes of one installation need one secret and one version; others had better have their own Redis.",
        )

    def _confirmed(self, topic: str) -> None:
        self._stop_waiting(topic)
        if topic in self._late:
            self._late.discard(topic)
            if self._route is not None and self._route.shard_of(topic).is_connected:  # else all are told when it is
                if not self._came_late:  # a burst of confirmations is told once
                    asyncio.get_running_loop().call_soon(self._tell_late)
                self._came_late.add(topic)

    def _tell_late(self) -> None:
        topics, self._came_late = self._came_late, set()
        channels = frozenset(channel for topic in topics for channel in self._carried.get(topic, ()))
        if channels and self._route is not None:
            self._tell_missed(channels)

    def _tell_missed(self, channels: frozenset[str] | None) -> None:
        try:
            self._on_missed(channels)
        except Exception:
            _logger.exception("bus_on_missed_failed")

    def _stop_waiting(self, topic: str) -> None:
        waiting = self._waiting.pop(topic, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


class _OneServer:
    """The single server, or the master that Sentinel tells; a topic for each channel."""

    def __init__(self, owner: Owner, target: Target, *, hello: bytes) -> None:
        self._sentinels = Sentinels(target) if target.mode == "sentinel" else None
        self._address = Address(target.hosts[0], target.access)
        self._shard = Shard(
            owner,
            CLASSIC,
            find=self._find,
            hello=lambda: (self.topic_of(NODES), hello),
            trouble=_nothing,
        )
        self._watching: asyncio.Task[None] | None = None

    @property
    def shards(self) -> list[Shard]:
        return [self._shard]

    def topic_of(self, channel: str) -> str:
        return _PREFIX + channel

    def shard_of(self, topic: str) -> Shard:
        return self._shard

    async def open(self, wanted: Iterable[str]) -> None:
        for topic in wanted:
            self._shard.wishes.add(topic)
        await self._shard.open()
        self._shard.keep()
        if self._sentinels is not None:
            self._watching = asyncio.create_task(self._sentinels.watch(self._switched), name="bus sentinels")

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self._shard.stop()

    async def _find(self) -> Address:
        return self._address if self._sentinels is None else await self._sentinels.master()

    def _switched(self, address: Address) -> None:
        if self._shard.address is not None and address.host != self._shard.address.host:
            self._shard.relink(f"the master is {address} now")


def _refusal(error: Exception, route: Route, target: Target) -> BusRefused:
    lost = next((shard.address for shard in route.shards if shard.address is not None), None)
    return (lost or Address(target.hosts[0], target.access)).refusal(error)


def _nothing() -> None:
    pass
