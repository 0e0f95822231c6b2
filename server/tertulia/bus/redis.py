"""The bus over Redis pub/sub on one server: one Redis channel per bus channel, named `tertulia:<channel>`.

The node hears itself at once, without Redis; its own messages coming back are dropped. Entries wait in a
bounded queue while Redis is away, the oldest going first when it is full; soft messages do not wait: they
would be told too late. Losing Redis never shows to who publishes: `is_connected` turns false, a warning is
logged once, and the bus connects anew by itself, subscribes to everything again and calls `on_reconnect`.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator

import structlog

from tertulia.bus import BusCounts, BusMessage, OnReconnect, Receive
from tertulia.bus.dispatch import Dispatch
from tertulia.bus.framing import frame, unframe
from tertulia.bus.redis_link import Link, Published, Wishes
from tertulia.bus.redis_wire import LOST, Address
from tertulia.domain import limits

_logger = structlog.get_logger(__name__)


class RedisBus:
    """`chance()` in [0, 1) spreads the reconnects of many nodes."""

    def __init__(self, url: str, node: str, *, chance: Callable[[], float] = random.random) -> None:
        self.counts = BusCounts()
        self._url = url
        self._node = node
        self._chance = chance
        self._queue = _Queue(self.counts)
        self._wishes = Wishes(self._confirmed)
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._late: set[str] = set()
        """Channels whose subscription was not confirmed while `subscribe` waited."""
        self._link: Link | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._dispatch: Dispatch | None = None
        self._on_reconnect: OnReconnect = _nothing

    @property
    def is_connected(self) -> bool:
        return self._link is not None

    async def start(self, receive: Receive, on_reconnect: OnReconnect) -> None:
        address = Address(self._url)
        link = self._new_link(address)
        try:
            await link.open()
        except LOST as error:
            raise address.refusal(error) from None
        self._dispatch = Dispatch(receive)
        self._on_reconnect = on_reconnect
        self._link = link
        self._keeping = asyncio.create_task(self._keep_linked(address, link), name="bus")

    def publish(self, message: BusMessage, /) -> None:
        if self._dispatch is None:
            return  # stopped, or not started: nobody listens
        message = message._replace(node=self._node)
        self.counts.published += 1
        if self.is_connected or _is_entry(message):
            self._queue.put(message)
        else:
            self.counts.dropped += 1
        self._dispatch(message)

    async def subscribe(self, channel: str) -> None:
        self._wishes.add(channel)
        if self._link is None or self._link.is_confirmed(channel):
            return
        waiting = self._waiting.get(channel)
        if waiting is None:
            waiting = self._waiting[channel] = asyncio.get_running_loop().create_future()
        await asyncio.wait([waiting], timeout=limits.bus_subscribe_wait_s)
        if not waiting.done():
            self._late.add(channel)

    async def unsubscribe(self, channel: str) -> None:
        self._wishes.discard(channel)
        self._late.discard(channel)
        self._stop_waiting(channel)

    async def stop(self) -> None:
        if self._keeping is None:
            return
        if self.is_connected:
            await self._queue.drained(wait_s=limits.bus_stop_wait_s)
        keeping, self._keeping = self._keeping, None
        keeping.cancel()
        await asyncio.wait([keeping])
        if self._link is not None:
            await self._link.close()  # its task may have been cancelled before its first step
        self._link = self._dispatch = None
        for channel in list(self._waiting):
            self._stop_waiting(channel)

    # --- keeping the link ---------------------------------------------------------------------------------------

    def _new_link(self, address: Address) -> Link:
        return Link(address, self._wishes, outgoing=self._queue, hear=self._hear)

    async def _keep_linked(self, address: Address, link: Link) -> None:
        while True:
            error = await _end_of(link)
            self._link = None
            self._queue.outage()
            _logger.warning("bus_lost", redis=str(address), reason=address.reason(error))
            link = await self._reopened(address)
            self._link = link
            self.counts.reconnects += 1
            _logger.info("bus_back", redis=str(address), dropped=self.counts.dropped)
            self._tell_to_check()

    async def _reopened(self, address: Address) -> Link:
        for pause_s in pauses_s(self._chance):
            await asyncio.sleep(pause_s)
            link = self._new_link(address)
            try:
                await link.open()
            except LOST as error:
                _logger.debug("bus_still_lost", redis=str(address), reason=address.reason(error))
            else:
                return link
        raise AssertionError("there is always another pause")

    def _tell_to_check(self) -> None:
        try:
            self._on_reconnect()
        except Exception:
            _logger.exception("bus_on_reconnect_failed")

    # --- what the link tells ------------------------------------------------------------------------------------

    def _hear(self, channel: str, payload: bytes) -> None:
        if channel not in self._wishes.wanted or self._dispatch is None:
            return  # unsubscribed a moment ago
        message = unframe(channel, payload)
        if message is None:
            self.counts.foreign += 1
        elif message.node != self._node:
            self.counts.received += 1
            self._dispatch(message)

    def _confirmed(self, channel: str) -> None:
        self._stop_waiting(channel)
        if channel in self._late:
            self._late.discard(channel)
            if self._link is not None:
                self._tell_to_check()

    def _stop_waiting(self, channel: str) -> None:
        waiting = self._waiting.pop(channel, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


def pauses_s(chance: Callable[[], float]) -> Iterator[float]:
    """How long to wait before each attempt to connect: at random, up to a bound that doubles."""
    bound_s = limits.bus_reconnect_min_s
    while True:
        bound_s = min(bound_s * 2, limits.bus_reconnect_max_s)
        yield limits.bus_reconnect_min_s + chance() * (bound_s - limits.bus_reconnect_min_s)


class _Queue:
    """What other nodes are still to be told, in order, bounded in messages and in bytes.

    A batch that failed goes back to the front: told twice does no harm, the receiver knows seqs. The bound in
    bytes is what Redis lets a subscriber fall behind (`client-output-buffer-limit pubsub`, 8 MB for a minute):
    a longer backlog, told at once, would cut them all off.
    """

    def __init__(self, counts: BusCounts) -> None:
        self._counts = counts
        self._messages: deque[BusMessage] = deque()
        self._bytes = 0
        self._taken: list[BusMessage] = []
        self._has_more = asyncio.Event()
        self._is_drained = asyncio.Event()
        self._is_drained.set()

    def put(self, message: BusMessage) -> None:
        self._messages.append(message)
        self._bytes += len(message.record)
        self._trim()
        self._has_more.set()
        self._is_drained.clear()

    async def take(self, *, wait_s: float) -> list[Published]:
        if not self._messages:
            try:
                async with asyncio.timeout(wait_s):
                    await self._has_more.wait()
            except TimeoutError:
                return []
        size = min(len(self._messages), limits.bus_batch_messages_max)
        self._taken = [self._messages.popleft() for _ in range(size)]
        self._bytes -= sum(len(message.record) for message in self._taken)
        if not self._messages:
            self._has_more.clear()
        return [(message.channel, frame(message)) for message in self._taken]

    def told(self, *, refused: int) -> None:
        self._counts.dropped += refused
        self._taken = []
        if not self._messages:
            self._is_drained.set()

    def outage(self) -> None:
        """Keep the entries for later, forget what is soft."""
        waiting = [*self._taken, *self._messages]
        entries = [message for message in waiting if _is_entry(message)]
        self._counts.dropped += len(waiting) - len(entries)
        self._taken = []
        self._messages = deque(entries)
        self._bytes = sum(len(message.record) for message in entries)
        self._trim()
        (self._is_drained.clear if entries else self._is_drained.set)()

    async def drained(self, *, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._is_drained.wait()
        except TimeoutError:
            pass

    def _trim(self) -> None:
        while len(self._messages) > limits.bus_queue_messages_max or self._bytes > limits.bus_queue_bytes_max:
            self._bytes -= len(self._messages.popleft().record)
            self._counts.dropped += 1


async def _end_of(link: Link) -> Exception:
    """Run the link; what it failed of."""
    try:
        await link.run()
    except ExceptionGroup as group:
        error = group.exceptions[0]
        if group.split(LOST)[1] is not None:
            _logger.exception("bus_link_failed")  # a bug, not the network; a new link may still help
        return error


def _is_entry(message: BusMessage) -> bool:
    return message.seq > 0


def _nothing() -> None:
    pass
