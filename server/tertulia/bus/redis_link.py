"""One life of a node's link to one Redis server: two connections, from opening to the first failure.

One *hears* (subscribed topics), one *tells* (publishes). When either fails the link is over; its shard opens a new one.
Three tasks, each the only one to write to its connection: the reader drains and dispatches, the steward subscribes and
checks that Redis still answers, the writer tells in batches, one round trip each.

A *topic* is a Redis channel. On a cluster a topic may turn out to be elsewhere (MOVED, ASK, or a subscription that
Redis ends): it has *strayed*. The link goes on with its others, says so, and tries again at the next check, if it is
still wanted here by then.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, NoReturn, Protocol

from redis.exceptions import AskError, ClusterDownError, ReadOnlyError, ResponseError

from tertulia.bus.partitions import TOPIC_OF_SLOT
from tertulia.bus.redis_wire import Address, Unfit, Wire, deadline, silent
from tertulia.domain import limits

Published = tuple[str, bytes]
"""Topic and payload."""


class Dialect(NamedTuple):
    """Classic or sharded pub/sub. `tells_role`: the server is to be a master, and is asked."""

    publish: str
    subscribe: str
    unsubscribe: str
    message: bytes
    subscribed: bytes
    unsubscribed: bytes
    tells_role: bool


CLASSIC: Final = Dialect("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", b"message", b"subscribe", b"unsubscribe", True)
SHARDED: Final = Dialect("SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE", b"smessage", b"ssubscribe", b"sunsubscribe", False)


class Outgoing(Protocol):
    """What is to be told. The link takes a batch and says what became of it."""

    async def take(self, *, wait_s: float) -> list[Published]:
        """The next batch; empty when there was nothing for `wait_s`."""
        ...

    def told(self, *, strayed: Sequence[int], refused: int, error: Exception | None) -> None:
        """The batch was sent; Redis answered that some of it (by place) belong elsewhere, and to `refused` of it with
        an error, of which this is one."""
        ...


class Wishes:
    """The topics the node wants to hear, whatever link there is, and who waits for which. The link of now takes what
    has changed: with thousands of topics, to compare them all at each change would cost more than the change."""

    __slots__ = ("_changes", "changed", "confirmed", "wanted")

    def __init__(self, confirmed: Callable[[str], None]) -> None:
        self.wanted: set[str] = set()
        self._changes: set[str] = set()
        self.changed = asyncio.Event()
        self.confirmed = confirmed

    def add(self, topic: str) -> None:
        self.wanted.add(topic)
        self.look_at([topic])

    def discard(self, topic: str) -> None:
        self.wanted.discard(topic)
        self.look_at([topic])

    def look_at(self, topics: Iterable[str]) -> None:
        """Whether these are wanted is to be compared with what was asked for."""
        self._changes.update(topics)
        self.changed.set()

    def begin(self) -> None:
        """For a new link: nothing has been asked for."""
        self._changes = set(self.wanted)
        self.changed.set()

    def take_changes(self) -> set[str]:
        changes, self._changes = self._changes, set()
        self.changed.clear()
        return changes


class Link:
    """`hello` is published at the opening, and its topic subscribed to, to see that both are allowed. `strayed` is
    called for each topic that is not here."""

    def __init__(
        self,
        address: Address,
        dialect: Dialect,
        wishes: Wishes,
        *,
        hello: Published,
        outgoing: Outgoing,
        hear: Callable[[bytes], None],
        strayed: Callable[[str], None],
    ) -> None:
        self._dialect = dialect
        self._hearing = Wire(address)
        self._telling = Wire(address)
        self._address = address
        self._wishes = wishes
        self._hello = hello
        self._outgoing = outgoing
        self._hear = hear
        self._tell_strayed = strayed
        self._asked: set[str] = set()
        self._strayed: set[str] = set()
        self._owed: Counter[tuple[bytes, str]] = Counter()
        """Replies to subscribing and unsubscribing that are still to come, by kind and topic."""
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._owed_at = self._loop.time()
        self._role_asked_at = 0.0
        self._tells_role = dialect.tells_role
        self._failed: asyncio.Future[NoReturn] = self._loop.create_future()

    async def open(self) -> None:
        """Connect, try what is needed, subscribe to all that is wanted. What is wanted by its end is confirmed. It may
        take as long as it gets on: the deadline is for the beginning, and then for each slice of replies."""
        topic, payload = self._hello
        self._wishes.begin()
        try:
            async with deadline() as running:
                await self._telling.connect()
                await self._hearing.connect()
                if self._tells_role:
                    await self._telling.send(("ROLE",))
                    await self._read_role()
                await self._telling.send((self._dialect.publish, topic, payload))
                await self._telling.read()
                await self._hearing.send((self._dialect.subscribe, topic))
                self._asked.add(topic)
                self._owed[self._dialect.subscribed, topic] += 1
                self._wishes.look_at([topic])  # said hello on, and perhaps not wanted
                while self._owed or self._wishes.changed.is_set():
                    await self._ask()
                    await self._take_owed(limits.bus_slice_messages)
                    running.reschedule(self._loop.time() + limits.bus_deadline_s)
                    await asyncio.sleep(0)  # thousands of replies are read without a pause, as in `_read`
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
                tasks.create_task(self._until_given_up())
        finally:
            await self.close()
        raise AssertionError("none of the tasks returns")

    def give_up(self, error: Exception) -> None:
        """Something else than the connections says that the link is over."""
        if not self._failed.done():
            self._failed.set_exception(error)

    async def close(self) -> None:
        if not self._failed.cancel() and not self._failed.cancelled():
            self._failed.exception()  # looked at, so that asyncio does not complain
        await self._hearing.close()
        await self._telling.close()

    def is_confirmed(self, topic: str) -> bool:
        return topic in self._asked and (self._dialect.subscribed, topic) not in self._owed

    async def _until_given_up(self) -> NoReturn:
        await self._failed
        raise AssertionError("it never comes true")

    # --- hearing ------------------------------------------------------------------------------------------------

    async def _read(self) -> NoReturn:
        while True:
            for _ in range(limits.bus_slice_messages):
                await self._take_next()
            await asyncio.sleep(0)  # a burst is read without a pause; the others have their turn here

    async def _take_owed(self, most: int) -> None:
        for _ in range(most):
            if not self._owed:
                return
            await self._take_next()

    async def _take_next(self) -> None:
        try:
            reply = await self._hearing.read()
        except AskError as error:  # MOVED is one
            self._heard_at = self._loop.time()
            if (topic := TOPIC_OF_SLOT.get(error.slot_id)) is None:
                raise
            self._settle(self._dialect.subscribed, topic)
            self._stray(topic)
            return
        self._heard_at = self._loop.time()
        match reply:
            case [self._dialect.message, bytes(), bytes(payload)]:
                self._hear(payload)
            case [self._dialect.subscribed as kind, bytes(name), _]:
                topic = name.decode()
                self._settle(kind, topic)
                if self.is_confirmed(topic):
                    self._wishes.confirmed(topic)
            case [self._dialect.unsubscribed as kind, bytes(name), _]:
                topic = name.decode()
                if not self._settle(kind, topic):
                    self._stray(topic)  # nobody asked for it: its slot went to another
            case _:
                pass  # the answer to a ping

    def _settle(self, kind: bytes, topic: str) -> bool:
        """A reply came; whether one was owed."""
        if (kind, topic) not in self._owed:
            return False
        self._owed[kind, topic] -= 1
        if self._owed[kind, topic] <= 0:
            del self._owed[kind, topic]
        self._owed_at = self._loop.time()
        return True

    def _stray(self, topic: str) -> None:
        if topic in self._asked:
            self._asked.discard(topic)
            self._strayed.add(topic)
            self._tell_strayed(topic)

    async def _ask(self) -> None:
        """Bring what Redis was asked for in line with what is wanted, where that has changed."""
        changes, dialect = self._wishes.take_changes() - self._strayed, self._dialect
        more = (changes & self._wishes.wanted) - self._asked
        fewer = (changes & self._asked) - self._wishes.wanted
        if not more and not fewer:
            return
        if not self._owed:
            self._owed_at = self._loop.time()
        self._asked |= more
        self._asked -= fewer
        self._owed.update((dialect.subscribed, topic) for topic in more)
        self._owed.update((dialect.unsubscribed, topic) for topic in fewer)
        commands: list[tuple[str, ...]] = []
        for verb, topics in ((dialect.unsubscribe, fewer), (dialect.subscribe, more)):
            if dialect is SHARDED:
                commands += [(verb, topic) for topic in topics]  # each has a slot of its own
            elif topics:
                commands.append((verb, *topics))
        await self._hearing.send(*commands)

    async def _steward(self) -> NoReturn:
        pinged_at: float | None = None
        while True:
            try:
                async with asyncio.timeout(limits.bus_check_s):
                    await self._wishes.changed.wait()
            except TimeoutError:
                if self._strayed:
                    self._wishes.look_at(self._strayed)
                    self._strayed.clear()
            now = self._loop.time()
            if pinged_at is not None and self._heard_at >= pinged_at:
                pinged_at = None
            if pinged_at is not None and now - pinged_at > limits.bus_deadline_s:
                raise silent()
            if self._owed and now - self._owed_at > 2 * limits.bus_deadline_s:
                raise silent(2 * limits.bus_deadline_s)
            async with deadline():
                await self._ask()
                if pinged_at is None and now - self._heard_at > limits.bus_check_s:
                    pinged_at = now
                    await self._hearing.send(("PING",))

    # --- telling ------------------------------------------------------------------------------------------------

    async def _write(self) -> NoReturn:
        while True:
            batch = await self._outgoing.take(wait_s=limits.bus_check_s)
            commands: list[tuple[str | bytes, ...]] = [
                (self._dialect.publish, topic, payload) for topic, payload in batch
            ]
            is_role_due = self._tells_role and self._loop.time() - self._role_asked_at >= limits.bus_check_s
            if is_role_due:
                commands.append(("ROLE",))
            async with deadline():
                await self._telling.send(*(commands or [("PING",)]))
                await self._read_answers(len(batch))
                if is_role_due:
                    await self._read_role()
                elif not commands:
                    await self._telling.read()

    async def _read_answers(self, count: int) -> None:
        strayed: list[int] = []
        refused, last_error = 0, None
        for place in range(count):
            try:
                await self._telling.read()
            except AskError:
                strayed.append(place)
            except (ReadOnlyError, ClusterDownError):
                raise  # the server's state, not the message's fault: it is told again when that is over
            except ResponseError as error:
                refused, last_error = refused + 1, error
        if count:
            self._outgoing.told(strayed=strayed, refused=refused, error=last_error)

    async def _read_role(self) -> None:
        self._role_asked_at = self._loop.time()
        try:
            role = await self._telling.read()
        except ResponseError as error:
            if "unknown command" not in str(error).lower():
                raise
            self._tells_role = False  # a service that hides it: then it must be trusted
            return
        match role:
            case [b"master", *_]:
                return
            case [b"slave", bytes(host), int(port), *_]:
                raise Unfit(
                    f"{self._address.what} {self._address} is a replica of {host.decode()}:{port}: what is published "
                    "there reaches nobody else. Name the master in the bus URL, or the sentinels with redis+sentinel://."
                )
            case [b"sentinel", *_]:
                raise Unfit(
                    f"{self._address.what} {self._address} is a sentinel. Write redis+sentinel:// and, after the "
                    "hosts, / and the master's name."
                )
            case _:
                raise Unfit(
                    f"{self._address.what} {self._address} does not say that it is a master. Correct the bus URL."
                )
