"""A Redis Cluster: which master has which partition, as its nodes tell, and how the bus follows when that changes.

Each partition is one sharded channel (`partitions.py`); each master with some of them is a shard of the bus, and fails
and comes back alone. Who has what is asked of any node: at the start, now and then, and in quick succession while a
shard is lost or something has strayed. Of two views the one of the later epoch holds, so that a node which is cut off
from the others does not lead back to where things were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

import structlog
from redis.exceptions import ResponseError

from tertulia.bus.partitions import SLOT_OF_TOPIC, SLOTS, TOPICS, topic_of
from tertulia.bus.redis_link import SHARDED, Published
from tertulia.bus.redis_shard import Owner, Shard
from tertulia.bus.redis_url import Host, Target
from tertulia.bus.redis_wire import LOST, Address, Unfit, ask
from tertulia.domain import limits

_logger = structlog.get_logger(__name__)
_TOO_OLD: Final = "unknown command"


@dataclass(frozen=True, slots=True)
class View:
    """What a node says of its cluster: who has each topic (those without a master are left out), and all its nodes."""

    epoch: int
    hosts: dict[str, Host]
    nodes: tuple[Host, ...]


class ClusterRoute:
    """`moved(topics)`: they are subscribed to elsewhere now, and what was published in between is missing."""

    def __init__(self, owner: Owner, target: Target, *, hello: bytes, moved: Callable[[Iterable[str]], None]) -> None:
        self._owner = owner
        self._target = target
        self._hello = hello
        self._moved = moved
        self._view = View(-1, {}, ())
        self._shards: dict[Host, Shard] = {}
        self._by_topic: dict[str, Shard] = {}
        self._asked: Host | None = None
        self._is_stale = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    topic_of = staticmethod(topic_of)

    @property
    def shards(self) -> list[Shard]:
        return list(self._shards.values())

    def shard_of(self, topic: str) -> Shard:
        return self._by_topic[topic]

    async def open(self, wanted: Iterable[str]) -> None:
        """Raises what it fails of: `Unfit` with a sentence, or as LOST what an address can explain."""
        self._view = await self._newest()
        if missing := len(TOPICS) - len(self._view.hosts):
            raise Unfit(
                f"The Redis Cluster at {self._asked} has no master for {missing} of {len(TOPICS)} partitions: some of "
                f"its {SLOTS} slots are not served. Give them to a node (redis-cli --cluster fix), or start the one "
                "that has them."
            )
        for topic, host in self._view.hosts.items():
            self._by_topic[topic] = self._shard_at(host)
        for topic in wanted:
            self._by_topic[topic].wishes.add(topic)
        for shard in self.shards:
            try:
                await shard.open()
            except LOST as error:
                raise Unfit(self._advice(shard, error)) from None
        for shard in self.shards:
            shard.keep()
        self._following = asyncio.create_task(self._follow(), name="bus topology")

    async def close(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        for shard in self.shards:
            await shard.stop()

    # --- shards -------------------------------------------------------------------------------------------------

    def _shard_at(self, host: Host) -> Shard:
        shard = self._shards.get(host)
        if shard is None:
            address = Address(host, self._target.access, "Redis, a node of the cluster, at")

            async def find() -> Address:
                return address

            shard = self._shards[host] = Shard(
                self._owner,
                SHARDED,
                find=find,
                hello=lambda: self._hello_to(host),
                trouble=self._is_stale.set,
            )
        return shard

    def _hello_to(self, host: Host) -> Published:
        """On a topic that the node has."""
        topics = (topic for topic, its in self._view.hosts.items() if its == host)
        return next(topics, TOPICS[0]), self._hello

    def _advice(self, shard: Shard, error: Exception) -> str:
        assert shard.address is not None, "a cluster's shards know where they are"
        if isinstance(error, ResponseError) and _TOO_OLD in str(error).lower():
            return (
                f"Redis at {shard.name} has no sharded pub/sub ({shard.address.reason(error)}): that came with version "
                "7.0. Use a newer one, or a single server or Sentinel: redis://, redis+sentinel://."
            )
        return str(shard.address.refusal(error))

    # --- following ----------------------------------------------------------------------------------------------

    async def _follow(self) -> NoReturn:
        while True:
            is_troubled = not all(shard.is_connected and not shard.queue.has_strayed for shard in self.shards)
            try:
                async with asyncio.timeout(limits.bus_view_pause_s if is_troubled else limits.bus_view_every_s):
                    await self._is_stale.wait()
                await asyncio.sleep(limits.bus_view_pause_s)
            except TimeoutError:
                pass
            self._is_stale.clear()
            try:
                await self._take(await self._newest())
            except LOST as error:
                _logger.debug("bus_view_unknown", reason=self._target.access.hide(str(error)))
            except Exception:
                _logger.exception("bus_view_failed")  # a bug, not the network; the next view may still help
                await asyncio.sleep(limits.bus_check_s)

    async def _take(self, view: View) -> None:
        """Partitions go where their masters are; one that has none for the moment stays where it was."""
        self._view = View(view.epoch, {**self._view.hosts, **view.hosts}, view.nodes)
        before, count = self.shards, 0
        wanted: list[str] = []
        for topic, host in self._view.hosts.items():
            old, new = self._by_topic[topic], self._shard_at(host)
            if new is old:
                continue
            self._by_topic[topic] = new
            count += 1
            if topic in old.wishes.wanted:
                wanted.append(topic)
                old.wishes.discard(topic)
                new.wishes.add(topic)
        if count:
            _logger.info("bus_partitions_moved", partitions=count, epoch=view.epoch)
            self._moved(wanted)
        for host in self._shards.keys() - set(self._view.hosts.values()):
            await self._shards.pop(host).stop()
        for shard in before:
            for topic, message in shard.queue.leave(partial(self._is_on, shard)):
                self._by_topic[topic].put(topic, message)
        for shard in self.shards:
            shard.keep()

    def _is_on(self, shard: Shard, topic: str) -> bool:
        return self._by_topic[topic] is shard

    # --- asking -------------------------------------------------------------------------------------------------

    async def _newest(self) -> View:
        """From the first node that is not behind what is known; else the newest of all that answered. Raises LOST."""
        views: list[View] = []
        problems: list[Exception] = []
        known = dict.fromkeys([*self._view.nodes, *self._target.hosts])
        for host in sorted(known, key=lambda host: host == self._asked):  # another than last time
            address = Address(host, self._target.access, "Redis at")
            try:
                view = await self._ask(address)
            except LOST as error:
                problems.append(Unfit(str(address.refusal(error))))
                continue
            self._asked = host
            if view.epoch >= self._view.epoch:
                return view
            views.append(view)
        if not views:
            raise problems[0]
        return max(views, key=lambda view: view.epoch)

    async def _ask(self, address: Address) -> View:
        info, slots = await ask(address, ("CLUSTER", "INFO"), ("CLUSTER", "SLOTS"))
        for reply in (info, slots):
            if isinstance(reply, ResponseError):
                if "cluster support disabled" in str(reply).lower():
                    raise Unfit(f"Redis at {address} is not part of a cluster. Write redis:// for a single server.")
                raise reply
        return view_of(info, slots, asked=address.host)


def view_of(info: Any, slots: Any, *, asked: Host) -> View:
    """From the replies to CLUSTER INFO and CLUSTER SLOTS. Raises `Unfit` for what is none."""
    try:
        facts = dict(line.partition(":")[::2] for line in info.decode().splitlines())
        ranges = [(first, last, [_host(node, asked) for node in nodes]) for first, last, *nodes in slots]
        epoch = int(facts["cluster_current_epoch"])
        hosts = {}
        for topic, slot in SLOT_OF_TOPIC.items():
            masters = [nodes[0] for first, last, nodes in ranges if first <= slot <= last]
            if masters:
                hosts[topic] = masters[0]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise Unfit(f"Redis at {asked} does not answer like a node of a cluster. Correct the bus URL.") from None
    return View(epoch, hosts, tuple(dict.fromkeys(node for _, _, nodes in ranges for node in nodes)))


def _host(node: list[Any], asked: Host) -> Host:
    """A node may not know its own name, or leave it to whoever asks: it is then where it was asked."""
    return Host.told(asked.name.encode() if node[0] in (None, b"", b"?") else node[0], node[1])
