"""Stretches of streams that many lack, read and encoded once: when all come back at once, most lack the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tertulia.domain import limits
from tertulia.domain.ids import StreamName
from tertulia.eventlog import LogUnavailable
from tertulia.hub import Channel, Stretch
from tertulia.live.node import Node
from tertulia.wire.codec import encode_entry


class Stretches:
    """`once(key, work)`: those who ask while the work is under way share its result."""

    def __init__(self, node: Node, once: Callable[[tuple[Any, ...], Awaitable[Stretch]], Awaitable[Stretch]]) -> None:
        self._node = node
        self._once = once
        self._by_key: dict[tuple[StreamName, int, int, int], Stretch] = {}
        """(stream, after, upto, rewrites of the channel), oldest first."""

    def kept(self, channel: Channel, after: int, upto: int) -> tuple[Stretch, ...] | None:
        """The records with seq in (after, upto]: what is before the channel's tail, if it was read for another, and
        what is in the tail. None when it must be read."""
        if after >= upto:
            return ()
        begins = channel.tail_begins
        if after + 1 >= begins:
            return (self._of_tail(channel, after, upto),)
        older = self._by_key.get((channel.stream, after, min(upto, begins - 1), channel.rewrites))
        if older is None:
            return None
        return (older,) if begins > upto else (older, self._of_tail(channel, begins - 1, upto))

    def _of_tail(self, channel: Channel, after: int, upto: int) -> Stretch:
        key = (channel.stream, after, upto, channel.rewrites)
        stretch = self._by_key.get(key)
        if stretch is None:
            kept = channel.tail_after(after, upto=upto)
            assert kept is not None, "the tail reaches that far"
            stretch = self._keep(key, Stretch([record for _, record in kept], last=upto))
        return stretch

    async def between(self, channel: Channel, after: int, upto: int) -> tuple[Stretch, ...]:
        """The same, what is before the tail read from the log: once for all who ask, now or later. (It is read up to
        the tail, which does not move while the room goes on.)"""
        while (kept := self.kept(channel, after, upto)) is None:
            read_to, rewrites = min(upto, channel.tail_begins - 1), channel.rewrites
            key = (channel.stream, after, read_to, rewrites)
            stretch = await self._once(("range", *key), self._read_range(channel, after, read_to))
            if stretch.last < read_to:
                raise LogUnavailable("the log holds less than was heard of")
            if channel.rewrites == rewrites:  # else a text that is gone by now may be in it
                self._keep(key, stretch)
        return kept

    async def _read_range(self, channel: Channel, after: int, upto: int) -> Stretch:
        self._node.counts.read("range")
        entries = await self._node.log.read(channel.stream, after=after, limit=upto - after)
        last = entries[-1].seq if entries else after
        return Stretch([encode_entry(entry) for entry in entries], last=last)

    def _keep(self, key: tuple[StreamName, int, int, int], stretch: Stretch) -> Stretch:
        self._by_key[key] = stretch
        while len(self._by_key) > limits.stretches_kept_max:
            del self._by_key[next(iter(self._by_key))]
        return stretch

    def forget(self) -> None:
        """What was kept for a storm is not kept for ever."""
        self._by_key.clear()
