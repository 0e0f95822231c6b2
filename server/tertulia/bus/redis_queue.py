"""What other nodes are still to be told through one Redis server, in order, bounded in messages and in bytes.

A batch that failed goes back to the front: told twice does no harm, the receiver knows seqs. The bound in bytes is what
Redis lets a subscriber fall behind (`client-output-buffer-limit pubsub`, 8 MB for a minute): a longer backlog, told at
once, would cut them all off. When it is full, soft messages go first, then the oldest entries; those the others find by
their head check.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from tertulia.bus import BusCounts, BusMessage
from tertulia.bus.framing import frame
from tertulia.bus.redis_link import Published
from tertulia.domain import limits

Told = tuple[str, BusMessage]
"""Topic and message."""


class Queue:
    """`refused(error)` and `strayed(topic)` are called for what Redis did not take."""

    def __init__(
        self,
        counts: BusCounts,
        *,
        deployment: str,
        refused: Callable[[Exception], None],
        strayed: Callable[[str], None],
    ) -> None:
        self._counts = counts
        self._deployment = deployment
        self._refused = refused
        self._tell_strayed = strayed
        self._messages: deque[Told] = deque()
        self._bytes = 0
        self._may_hold_soft = False
        self._taken: list[Told] = []
        self._strayed: list[Told] = []
        self._has_more = asyncio.Event()
        self._is_drained = asyncio.Event()
        self._is_drained.set()

    def put(self, topic: str, message: BusMessage) -> None:
        self._messages.append((topic, message))
        self._bytes += len(message.record)
        if is_entry(message):
            self._trim()
        elif self._is_too_long:
            self._messages.pop()
            self._bytes -= len(message.record)
            self._counts.dropped += 1
            return
        else:
            self._may_hold_soft = True
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
        self._bytes -= sum(len(message.record) for _, message in self._taken)
        if not self._messages:
            self._has_more.clear()
        return [(topic, frame(message, self._deployment)) for topic, message in self._taken]

    def told(self, *, strayed: Sequence[int], refused: int, error: Exception | None) -> None:
        self._counts.dropped += refused
        if error is not None:
            self._refused(error)
        taken, self._taken = self._taken, []
        if strayed:
            self._keep_strayed([taken[place] for place in strayed])
        if not self._messages:
            self._is_drained.set()

    def outage(self) -> None:
        """Keep the entries for later, forget what is soft."""
        waiting = [*self._taken, *self._messages]
        self._taken = []
        self._fill(self._only_entries(waiting))

    def leave(self, stays: Callable[[str], bool]) -> list[Told]:
        """Give up what waits for topics that do not stay here, and all that has strayed. (A batch that is under way is
        told here, or strays.)"""
        strayed, self._strayed = self._strayed, []
        going = [told for told in self._messages if not stays(told[0])]
        if going:
            self._fill([told for told in self._messages if stays(told[0])])
        return [*strayed, *going]

    async def drained(self, *, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._is_drained.wait()
        except TimeoutError:
            pass

    @property
    def has_strayed(self) -> bool:
        return bool(self._strayed)

    def _keep_strayed(self, messages: list[Told]) -> None:
        self._strayed += self._only_entries(messages)
        excess = len(self._strayed) - limits.bus_queue_messages_max
        if excess > 0:
            del self._strayed[:excess]
            self._counts.dropped += excess
        for topic in {topic for topic, _ in messages}:
            self._tell_strayed(topic)

    def _only_entries(self, messages: Iterable[Told]) -> list[Told]:
        waiting = list(messages)
        entries = [told for told in waiting if is_entry(told[1])]
        self._counts.dropped += len(waiting) - len(entries)
        return entries

    def _fill(self, messages: list[Told]) -> None:
        self._hold(messages)
        self._may_hold_soft = True
        self._trim()
        (self._has_more.set if self._messages else self._has_more.clear)()
        (self._is_drained.clear if self._messages else self._is_drained.set)()

    def _hold(self, messages: list[Told]) -> None:
        self._messages = deque(messages)
        self._bytes = sum(len(message.record) for _, message in messages)

    @property
    def _is_too_long(self) -> bool:
        return len(self._messages) > limits.bus_queue_messages_max or self._bytes > limits.bus_queue_bytes_max

    def _trim(self) -> None:
        if self._is_too_long and self._may_hold_soft:
            self._may_hold_soft = False  # none comes into a full queue, so that they are not sifted out at each entry
            self._hold(self._only_entries(self._messages))
        while self._is_too_long:
            self._bytes -= len(self._messages.popleft()[1].record)
            self._counts.dropped += 1


def is_entry(message: BusMessage) -> bool:
    return message.seq > 0
