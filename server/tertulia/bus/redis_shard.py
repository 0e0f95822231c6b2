"""One Redis server of the bus, through all its outages: what is wanted from it, what waits for it, and the link of now.

A single server or the master that Sentinel tells is the only shard of its bus; a cluster has one for each master.
Losing one never shows to who publishes: entries wait in its queue, soft messages do not; it links anew by itself,
after pauses, subscribes to everything again and says `back`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog
from redis.exceptions import AuthenticationError, ResponseError

from tertulia.bus import BusCounts, BusMessage
from tertulia.bus.redis_link import Dialect, Link, Published, Wishes
from tertulia.bus.redis_queue import Queue, is_entry
from tertulia.bus.redis_wire import LOST, Address, Unfit
from tertulia.domain import limits

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What a shard needs of the bus it belongs to, and whom it tells."""

    counts: BusCounts
    deployment: str
    chance: Callable[[], float]
    hear: Callable[[bytes], None]
    confirmed: Callable[[str], None]
    """A topic that was asked for is subscribed to."""
    back: Callable[[], None]
    """Linked again: what was published in between is missing."""


class Shard:
    """`find` says where it is now; `hello` what to publish there at the opening. `trouble` is called when the link is
    lost and when a topic turns out to be elsewhere."""

    def __init__(
        self,
        owner: Owner,
        dialect: Dialect,
        *,
        find: Callable[[], Awaitable[Address]],
        hello: Callable[[], Published],
        trouble: Callable[[], None],
    ) -> None:
        self.address: Address | None = None
        self.wishes = Wishes(owner.confirmed)
        self.queue = Queue(
            owner.counts, deployment=owner.deployment, refused=self._refused, strayed=lambda _: trouble()
        )
        self._owner = owner
        self._dialect = dialect
        self._find = find
        self._hello = hello
        self._trouble = trouble
        self._link: Link | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._warned: type[Exception] | None = None
        """Of what it was warned, so that it is said once."""

    @property
    def is_connected(self) -> bool:
        return self._link is not None

    @property
    def name(self) -> str:
        return str(self.address or "not found yet")

    def is_confirmed(self, topic: str) -> bool:
        return self._link is not None and self._link.is_confirmed(topic)

    async def open(self) -> None:
        """Link now, for the first time. Raises what it fails of (LOST)."""
        self._link = await self._linked()

    def keep(self) -> None:
        """From now on, stay linked; without an open link, begin with making one. Twice is once."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep_linked(), name="bus")

    def put(self, topic: str, message: BusMessage) -> None:
        if self.is_connected or is_entry(message):
            self.queue.put(topic, message)
        else:
            self._owner.counts.dropped += 1

    def relink(self, why: str) -> None:
        """It is elsewhere now, or should be looked for."""
        if self._link is not None:
            self._link.give_up(OSError(why))

    async def stop(self) -> None:
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
        if self._link is not None:
            await self._link.close()  # its task may have been cancelled before its first step
            self._link = None
        self.queue.outage()

    # --- private ------------------------------------------------------------------------------------------------

    async def _linked(self) -> Link:
        self.address = await self._find()
        link = Link(
            self.address,
            self._dialect,
            self.wishes,
            hello=self._hello(),
            outgoing=self.queue,
            hear=self._owner.hear,
            strayed=lambda _: self._trouble(),
        )
        await link.open()
        return link

    async def _keep_linked(self) -> None:
        while True:
            if self._link is not None:
                error = await _end_of(self._link)
                self._link = None
                self.queue.outage()
                _logger.warning("bus_lost", redis=self.name, reason=self._reason(error))
                self._warned = None
                self._trouble()
            self._link = await self._reopened()
            self._warned = None
            self._owner.counts.reconnects += 1
            _logger.info("bus_back", redis=self.name, dropped=self._owner.counts.dropped)
            self._owner.back()

    async def _reopened(self) -> Link:
        for pause_s in pauses_s(self._owner.chance):
            await asyncio.sleep(pause_s)
            try:
                return await self._linked()
            except LOST as error:
                self._still_lost(error)
            except Exception:
                _logger.exception("bus_link_failed")  # a bug, not the network; a new link may still help
        raise AssertionError("there is always another pause")

    def _still_lost(self, error: Exception) -> None:
        """That it does not answer is no news; what it answers is, once."""
        is_answer = isinstance(error, (Unfit, AuthenticationError, ResponseError))
        log = _logger.debug
        if is_answer and type(error) is not self._warned:
            self._warned = type(error)
            log = _logger.warning
        log("bus_still_lost", redis=self.name, reason=self._reason(error))

    def _refused(self, error: Exception) -> None:
        """Redis took the connection, and not a message: dropped and counted, said once a link."""
        if type(error) is not self._warned:
            self._warned = type(error)
            _logger.warning("bus_refused", redis=self.name, reason=self._reason(error))

    def _reason(self, error: Exception) -> str:
        return str(error) if self.address is None else self.address.reason(error)


def pauses_s(chance: Callable[[], float]) -> Iterator[float]:
    """How long to wait before each attempt to connect: at random, up to a bound that doubles."""
    bound_s = limits.bus_reconnect_min_s
    while True:
        bound_s = min(bound_s * 2, limits.bus_reconnect_max_s)
        yield limits.bus_reconnect_min_s + chance() * (bound_s - limits.bus_reconnect_min_s)


async def _end_of(link: Link) -> Exception:
    """Run the link; what it failed of."""
    try:
        await link.run()
    except ExceptionGroup as group:
        error = group.exceptions[0]
        if group.split(LOST)[1] is not None:
            _logger.exception("bus_link_failed")  # a bug, not the network; a new link may still help
        return error
