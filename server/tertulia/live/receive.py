"""Entries on their way in: from the bus (this node's own by the same road) to channels, lanes and people.

The bus is a hint. When an entry comes that does not follow the one before, it is set aside for a moment; if what is
missing does not come by itself, the log is read once for all the channel's readers. A check of all heads once a second
finds what was never heard of at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from tertulia.bus import BusMessage
from tertulia.domain import limits
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted
from tertulia.domain.ids import PersonId, Seq, StreamName, stream_kind, stream_owner, streams_of_owner
from tertulia.eventlog import LogUnavailable
from tertulia.hub import Channel
from tertulia.live import effects
from tertulia.live.node import Node, owner_of
from tertulia.live.rates import SPENT
from tertulia.live.soft import SoftState
from tertulia.wire.codec import Encoded, encode_entry
from tertulia.wire.records import EventRecord
from tertulia.wire.stored import Entry, decode_event

logger = structlog.get_logger("tertulia.live.receive")
_decode_record = msgspec.json.Decoder(EventRecord).decode


class Receiver:
    """`open` brings a stream's channel up; from then on everything that happens in it reaches its readers."""

    def __init__(self, node: Node, soft: SoftState) -> None:
        self._node = node
        self._soft = soft
        self._opening: dict[StreamName, asyncio.Future[None]] = {}
        self._heard: dict[StreamName, int] = {}
        self._repairing: dict[StreamName, asyncio.Task[None]] = {}
        self._idle_since: dict[StreamName, float] = {}
        node.publish = self.publish

    # --- out ----------------------------------------------------------------------------------------------------

    def publish(self, entries: Sequence[Entry]) -> None:
        """What this node appended: to everybody, itself first."""
        node = self._node
        for entry in entries:
            record = encode_entry(entry)
            node.bus.publish(
                BusMessage(
                    channel=owner_of(entry.stream),
                    stream=entry.stream,
                    epoch=node.log.epoch,
                    seq=entry.seq,
                    record=record.json,
                    node=node.node_id,
                    entry=entry,
                )
            )

    # --- in -----------------------------------------------------------------------------------------------------

    def receive(self, message: BusMessage) -> None:
        """One message of the bus; never raises for what another node sent."""
        if message.stream == SPENT:
            if message.node != self._node.node_id:
                self._node.rates.hear(message.record, self._node.clock.now_ms() / 1000)
            return
        if message.seq == 0:
            self._soft.receive(message)
            return
        if message.epoch != self._node.log.epoch:
            return  # another cluster's, on a bus it should not share
        if message.stream in self._opening:
            self._heard[message.stream] = max(self._heard.get(message.stream, 0), message.seq)
        entry = message.entry
        if entry is None:
            try:
                entry = _entry_of(message)
            except msgspec.DecodeError:
                logger.warning("unreadable bus message", channel=message.channel)
                return
        self.take(entry, Encoded(message.record))

    def take(self, entry: Entry, record: Encoded) -> None:
        node = self._node
        lane = node.lane_of(entry.stream)
        if lane is not None:
            lane.note(entry)
        channel = node.channels.get(entry.stream)
        if channel is None:
            return
        is_redaction = entry.name == "message_redacted"
        # What is before a redaction must come from the log, where the text is gone; so it is not set aside.
        verdict = channel.offer(entry.seq, record, may_set_aside=not is_redaction)
        if verdict == "old":
            return
        if verdict == "ahead":
            self._repair_soon(channel)
        elif is_redaction:
            self._redact(channel, entry)
        effects.happened(node, self._soft, entry)

    def _redact(self, channel: Channel, entry: Entry) -> None:
        """The tail must not give out a text that has left the log."""
        event = decode_event(entry)
        assert isinstance(event, MessageRedacted), "the name says so"
        channel.rewrites += 1
        self._node.spawn(self._reread_all(channel, event.message))

    async def _reread_all(self, channel: Channel, message: int) -> None:
        await self._reread(channel, message)
        await self._forget_copies(channel.stream, message)

    async def _forget_copies(self, stream: StreamName, message: int) -> None:
        """What waited before it was posted was told to staff and its author: their tails may hold the text."""
        try:
            posted = await self._node.log.read(stream, after=message - 1, limit=1)
        except LogUnavailable:
            posted = []
        event = decode_event(posted[0]) if posted else None
        if isinstance(event, MessagePosted) and event.question is None and event.held_at is None:
            return
        for other in self._node.channels.values():
            if other.stream == f"{stream}/staff" or stream_kind(other.stream) == "user":
                other.forget_tail()

    async def _reread(self, channel: Channel, message: int) -> None:
        """The redacted message, and its edits, as the log has them now; if it cannot say, nothing is kept.

        Nothing else of what is read: the read may be older than the redaction of another message, whose text it would
        bring back."""
        after = max(message, channel.tail_begins) - 1
        while after < channel.last:
            try:
                entries = await self._node.log.read(channel.stream, after=after, limit=limits.page_events_max)
            except LogUnavailable:
                entries = []
            if not entries:
                channel.forget_tail()
                return
            for entry in entries:
                if _is_text_of(entry, message):
                    channel.replace(entry.seq, encode_entry(entry))
            after = entries[-1].seq

    # --- channels -----------------------------------------------------------------------------------------------

    async def open(self, streams: Sequence[StreamName]) -> None:
        """The channels of these streams, at the log's head or later; they stay for a while. Raises LogUnavailable."""
        node = self._node
        for stream in streams:
            self._idle_since.pop(stream, None)
        wanted = [stream for stream in dict.fromkeys(streams) if stream not in node.channels]
        ours = [stream for stream in wanted if stream not in self._opening]
        if ours:
            opening: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._opening.update(dict.fromkeys(ours, opening))
            try:
                await self._open(ours)
            except LogUnavailable:
                pass  # said below, to all who wait for these streams
            finally:
                for stream in ours:
                    self._opening.pop(stream, None)
                    self._heard.pop(stream, None)
                if not opening.done():
                    opening.set_result(None)
        for other in dict.fromkeys(self._opening[stream] for stream in wanted if stream in self._opening):
            await asyncio.shield(other)
        if any(stream not in node.channels for stream in wanted):
            for owner in dict.fromkeys(owner_of(stream) for stream in wanted):
                await self._stop_hearing(owner)
            raise LogUnavailable("the streams' heads could not be read")

    async def _open(self, streams: list[StreamName]) -> None:
        node = self._node
        for owner in dict.fromkeys(owner_of(stream) for stream in streams):
            await node.bus.subscribe(owner)
        heads = await node.log.heads(streams)
        loop = asyncio.get_running_loop()
        for stream in streams:
            channel = Channel(
                stream,
                last=heads[stream],
                loop=loop,
                stats=node.flush_stats,
                slice_readers=limits.flush_slice_readers,
            )
            node.channels[stream] = channel
            channel.ahead_to = max(channel.last, self._heard.get(stream, 0))
            if channel.is_behind:
                self._repair_soon(channel)

    async def close_idle(self, *, now_s: float) -> None:
        """Let go of channels nobody has followed for a while. A cohort's own stay: roles depend on them."""
        node, watched = self._node, self._soft.watched()
        for stream, channel in list(node.channels.items()):
            if node.channels.get(stream) is not channel:
                continue
            is_needed = stream in watched or self._is_needed(stream)
            if channel.readers or stream_kind(stream).startswith("cohort") or is_needed:
                self._idle_since.pop(stream, None)
            elif now_s - self._idle_since.setdefault(stream, now_s) > limits.channel_idle_s:
                del node.channels[stream], self._idle_since[stream]
                await self._stop_hearing(owner_of(stream))
                await asyncio.sleep(0)  # many may fall idle together

    async def _stop_hearing(self, owner: StreamName) -> None:
        """Unless somebody needs the bus channel, or takes it up meanwhile."""
        if self._is_heard(owner):
            return
        await self._node.bus.unsubscribe(owner)
        if self._is_heard(owner):
            await self._node.bus.subscribe(owner)

    def _is_heard(self, owner: StreamName) -> bool:
        return any(
            stream in streams for streams in (self._node.channels, self._opening) for stream in streams_of_owner(owner)
        )

    def _is_needed(self, stream: StreamName) -> bool:
        """Signals have no readers of their own, and what is said to staff may have none: they are needed while their
        room has. What a person has read changes what is unread on all their devices."""
        match stream_kind(stream):
            case "room/signals" | "room/staff":
                room = self._node.channels.get(owner_of(stream))
                return room is not None and bool(room.readers)
            case "user":
                return PersonId(stream_owner(stream)) in self._node.people
            case _:
                return False

    # --- repair -------------------------------------------------------------------------------------------------

    def _repair_soon(self, channel: Channel) -> None:
        if channel.stream not in self._repairing:
            self._begin_repair(channel, wait_s=limits.repair_wait_s)

    async def catch_up_to(self, channel: Channel, seq: int) -> None:
        """The log was seen at `seq`: bring the channel there (it stays behind if there is no such entry). Raises
        LogUnavailable."""
        channel.ahead_to = max(channel.ahead_to, seq)
        for _ in range(3):  # a repair under way may have begun before `seq` was written
            if channel.last >= seq or not channel.is_behind:
                return
            task = self._repairing.get(channel.stream) or self._begin_repair(channel, wait_s=0)
            await asyncio.shield(task)
        if channel.last < seq and channel.is_behind:
            raise LogUnavailable("what is missing could not be read")

    def _begin_repair(self, channel: Channel, *, wait_s: float) -> asyncio.Task[None]:
        task = self._node.spawn(self._repair(channel, wait_s))
        self._repairing[channel.stream] = task
        task.add_done_callback(lambda _: self._repairing.pop(channel.stream, None))
        return task

    async def _repair(self, channel: Channel, wait_s: float) -> None:
        if wait_s:
            await asyncio.sleep(wait_s)
        while channel.is_behind:
            self._node.counts.repairs += 1
            self._node.counts.read("repair")
            before = channel.last
            try:
                entries = await self._node.log.read(channel.stream, after=channel.last, limit=limits.page_events_max)
            except LogUnavailable:
                return  # the head check comes back to it
            for entry in entries:
                self.take(entry, encode_entry(entry))
            if channel.last == before:
                channel.ahead_to = channel.last  # heard of, but not in the log: it never happened
                return

    async def check_heads(self, owners: frozenset[str] | None = None) -> None:
        """What the bus never told: compare all open channels, or those of these owners, with the log, in one query."""
        channels = dict(self._node.channels)
        if owners is not None:
            channels = {stream: channel for stream, channel in channels.items() if owner_of(stream) in owners}
        try:
            heads = await self._node.log.heads(list(channels))
        except LogUnavailable:
            return
        for stream, channel in channels.items():
            if heads[stream] > channel.last:
                channel.ahead_to = max(channel.ahead_to, heads[stream])
                self._repair_soon(channel)


def _is_text_of(entry: Entry, message: int) -> bool:
    """Whether the entry holds a wording of this message."""
    match decode_event(entry):
        case MessagePosted():
            return entry.seq == message
        case MessageEdited(message=edited):
            return edited == message
        case _:
            return False


def _entry_of(message: BusMessage) -> Entry:
    record = _decode_record(message.record)
    return Entry(message.stream, Seq(message.seq), record.at, PersonId(record.by), record.name, bytes(record.data))
