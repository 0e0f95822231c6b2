"""One life of a node's link to Redis: two connections, from opening to the first failure.

One *hears* (subscribed channels), one *tells* (publishes). When either fails the link is over; the bus opens
a new one. Three tasks, each the only one to write to its connection: the reader drains and dispatches, the
steward subscribes and checks that Redis still answers, the writer tells in batches, one round trip each.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn, Protocol

from redis.exceptions import ResponseError

from tertulia.bus.redis_wire import CHANNEL_PREFIX, Address, Wire
from tertulia.domain import limits

_NODES: Final = "nodes"
"""A channel every node hears, so that a link without rooms is a subscriber too, and permissions are tried."""

Published = tuple[str, bytes]
"""Channel and payload."""


class Outgoing(Protocol):
    """What is to be told. The link takes a batch and says what became of it."""

    async def take(self, *, wait_s: float) -> list[Published]:
        """The next batch; empty when there was nothing for `wait_s`."""
        ...

    def told(self, *, refused: int) -> None:
        """The batch was sent; Redis answered to `refused` of it with an error."""
        ...


class Wishes:
    """The channels the node wants to hear, whatever link there is, and who waits for which."""

    __slots__ = ("changed", "confirmed", "wanted")

    def __init__(self, confirmed: Callable[[str], None]) -> None:
        self.wanted: set[str] = set()
        self.changed = asyncio.Event()
        self.confirmed = confirmed

    def add(self, channel: str) -> None:
        self.wanted.add(channel)
        self.changed.set()

    def discard(self, channel: str) -> None:
        self.wanted.discard(channel)
        self.changed.set()


class Link:
    def __init__(
        self,
        address: Address,
        wishes: Wishes,
        *,
        outgoing: Outgoing,
        hear: Callable[[str, bytes], None],
    ) -> None:
        self._hearing = Wire(address)
        self._telling = Wire(address)
        self._wishes = wishes
        self._outgoing = outgoing
        self._hear = hear
        self._asked: set[str] = set()
        self._owed: Counter[str] = Counter()
        """Replies to SUBSCRIBE and UNSUBSCRIBE that are still to come, per channel."""
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()

    async def open(self) -> None:
        """Connect, try what is needed, subscribe to all that is wanted. What is wanted by its end is confirmed."""
        try:
            async with _deadline():
                await self._hearing.connect()
                await self._telling.connect()
                await self._telling.send(("PUBLISH", CHANNEL_PREFIX + _NODES, b""))
                await self._telling.read()
                await self._hearing.send(("SUBSCRIBE", CHANNEL_PREFIX + _NODES))
                self._owed[_NODES] += 1
                while self._owed or self._asked != self._wishes.wanted:
                    await self._ask()
                    self._take(await self._hearing.read())
        except BaseException:
            await self.close()
            raise

    async def run(self) -> NoReturn:
        """Hear and tell until the link fails, with what it failed of (an exception group)."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read())
                tasks.create_task(self._steward())
                tasks.create_task(self._write())
        finally:
            await self.close()
        raise AssertionError("none of the tasks returns")

    async def close(self) -> None:
        await self._hearing.close()
        await self._telling.close()

    def is_confirmed(self, channel: str) -> bool:
        return channel in self._asked and channel not in self._owed

    # --- hearing ------------------------------------------------------------------------------------------------

    async def _read(self) -> NoReturn:
        while True:
            for _ in range(limits.bus_slice_messages):
                self._take(await self._hearing.read())
            await asyncio.sleep(0)  # a burst is read without a pause; the others have their turn here

    def _take(self, reply: Any) -> None:
        self._heard_at = self._loop.time()
        match reply:
            case [b"message", bytes(name), bytes(payload)]:
                self._hear(_channel(name), payload)
            case [b"subscribe" | b"unsubscribe", bytes(name), _]:
                self._settle(_channel(name))
            case _:
                pass  # the answer to a ping

    def _settle(self, channel: str) -> None:
        self._owed[channel] -= 1
        if self._owed[channel] <= 0:
            del self._owed[channel]
            if channel in self._asked:
                self._wishes.confirmed(channel)

    async def _ask(self) -> None:
        """Bring what Redis was asked for in line with what is wanted."""
        self._wishes.changed.clear()
        wanted = set(self._wishes.wanted)
        more, fewer = wanted - self._asked, self._asked - wanted
        self._asked = wanted
        self._owed.update(more)
        self._owed.update(fewer)
        commands = [
            (name, *(CHANNEL_PREFIX + channel for channel in channels))
            for name, channels in (("UNSUBSCRIBE", fewer), ("SUBSCRIBE", more))
            if channels
        ]
        if commands:
            await self._hearing.send(*commands)

    async def _steward(self) -> NoReturn:
        pinged_at: float | None = None
        while True:
            try:
                async with asyncio.timeout(limits.bus_check_s):
                    await self._wishes.changed.wait()
            except TimeoutError:
                pass
            now = self._loop.time()
            if pinged_at is not None and self._heard_at >= pinged_at:
                pinged_at = None
            if pinged_at is not None and now - pinged_at > limits.bus_deadline_s:
                raise _silent()
            async with _deadline():
                await self._ask()
                if pinged_at is None and now - self._heard_at > limits.bus_check_s:
                    pinged_at = now
                    await self._hearing.send(("PING",))

    # --- telling ------------------------------------------------------------------------------------------------

    async def _write(self) -> NoReturn:
        while True:
            batch = await self._outgoing.take(wait_s=limits.bus_check_s)
            commands: list[tuple[str | bytes, ...]] = [
                ("PUBLISH", CHANNEL_PREFIX + channel, payload) for channel, payload in batch
            ]
            refused = 0
            async with _deadline():
                await self._telling.send(*(commands or [("PING",)]))
                for _ in commands or [()]:
                    try:
                        await self._telling.read()
                    except ResponseError:
                        refused += 1
            self._outgoing.told(refused=refused)


def _channel(name: bytes) -> str:
    return name.decode(errors="replace").removeprefix(CHANNEL_PREFIX)


@asynccontextmanager
async def _deadline() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(limits.bus_deadline_s):
            yield
    except TimeoutError:
        raise _silent() from None


def _silent() -> OSError:
    return OSError(f"no answer within {limits.bus_deadline_s} s")
