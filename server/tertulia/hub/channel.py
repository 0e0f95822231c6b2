"""A channel: the cursor of one stream on this node, the tail of its newest records, its readers, its paced flush.

The flush is the hot path of the whole program: read `_flush` and `_write_slice`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Literal, NamedTuple

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, StreamName
from tertulia.histogram import SECONDS, SIZES, Histogram
from tertulia.outbox import Framing, Outbox, frame
from tertulia.outbox.framing import CODEC_OF
from tertulia.wire.codec import Encoded, join

Verdict = Literal["taken", "old", "ahead"]
Delivery = Literal["durable", "state", "ephemeral"]


class Subscription:
    """One reader of one channel. `is_alive` is false from the moment it unsubscribes, lags or is gone.

    A flush under way skips one that is not alive.
    """

    __slots__ = ("is_alive", "outbox")

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.is_alive = True


class Soft(NamedTuple):
    """A soft record on its way to the readers. `tallied`: messages a tally speaks of, told again if it is missed;
    `is_session`: it speaks of what is counted in the room's session."""

    record: Encoded
    delivery: Delivery
    room: RoomId
    tallied: frozenset[int] = frozenset()
    is_session: bool = False


class FlushStats:
    """What all channels of a node did, for metrics."""

    __slots__ = ("deliveries", "flush_records", "flush_seconds", "lags")

    def __init__(self) -> None:
        self.flush_records = Histogram(SIZES)
        self.flush_seconds = Histogram(SECONDS)
        self.deliveries = 0
        self.lags = 0


class Channel:
    """`last`: newest seq taken. `sent`: newest seq whose flush has begun; a new reader is given the tail up to it."""

    def __init__(
        self,
        stream: StreamName,
        *,
        last: int,
        loop: asyncio.AbstractEventLoop,
        stats: FlushStats,
        slice_readers: int = limits.flush_slice_readers,
    ) -> None:
        self.stream = stream
        self.last = last
        self.sent = last
        self._awaiting_flush: list[asyncio.Future[None]] = []
        self.ahead_to = last
        """The newest seq heard of that could not be taken yet."""
        self.rewrites = 0
        """How often what is before `last` was changed: by then, what was kept of it is not to be given out."""
        self.readers: dict[Subscription, None] = {}
        self._loop = loop
        self._stats = stats
        self._slice_readers = slice_readers
        self._tail: deque[tuple[int, Encoded]] = deque()
        self._tail_bytes = 0
        self._aside: dict[int, Encoded] = {}
        self._pending: list[Encoded] = []
        self._soft: list[Soft] = []
        self._is_flush_due = False
        self._flush_not_before = 0.0

    # --- records in ---------------------------------------------------------------------------------------------

    def offer(self, seq: int, record: Encoded, *, may_set_aside: bool = True) -> Verdict:
        """Take the next entry's record. `old`: had it. `ahead`: something is missing before it; it is set aside (if it
        may be), and taken by itself when what is missing comes."""
        if seq <= self.last:
            return "old"
        if seq != self.last + 1:
            self.ahead_to = max(self.ahead_to, seq)
            if may_set_aside and len(self._aside) < limits.tail_records:
                self._aside[seq] = record
            return "ahead"
        self._take(seq, record)
        while self._aside:
            if (after := self._aside.pop(self.last + 1, None)) is None:
                if min(self._aside) <= self.last:
                    self._aside = {kept: rec for kept, rec in self._aside.items() if kept > self.last}
                break
            self._take(self.last + 1, after)
        return "taken"

    @property
    def heard(self) -> int:
        """The newest seq heard of: whatever was read since holds it, and all before it."""
        return max(self.last, self.ahead_to)

    @property
    def is_behind(self) -> bool:
        return self.ahead_to > self.last

    def _take(self, seq: int, record: Encoded) -> None:
        self.last = seq
        self._keep(seq, record)
        if self.readers or self._pending:  # what is pending goes first, whoever comes or leaves meanwhile
            self._pending.append(record)
            self._schedule()
        else:
            self.sent = seq

    def tell(self, soft: Soft) -> None:
        """A soft record for all readers; it leaves in the same message as the records around it."""
        if self.readers:
            self._soft.append(soft)
            self._schedule()

    def replace(self, seq: int, record: Encoded) -> None:
        """The entry's text was redacted: forget it here too."""
        self.rewrites += 1
        for place, (kept, old) in enumerate(self._tail):
            if kept == seq:
                self._tail[place] = (seq, record)
                self._tail_bytes += len(record.json) - len(old.json)

    def forget_tail(self) -> None:
        """Who needs it reads the log."""
        self.rewrites += 1
        self._tail.clear()
        self._tail_bytes = 0

    # --- readers ------------------------------------------------------------------------------------------------

    @property
    def tail_begins(self) -> int:
        """The seq of the oldest record that is kept (one after the newest when none is)."""
        return self._tail[0][0] if self._tail else self.last + 1

    def tail_after(self, seq: int, *, upto: int | None = None) -> list[tuple[int, Encoded]] | None:
        """The kept records with seq in (seq, upto]; None when the tail does not reach back that far."""
        upto = self.sent if upto is None else upto
        if seq >= upto:
            return []
        if not self._tail or self._tail[0][0] > seq + 1:
            return None
        return [item for item in self._tail if seq < item[0] <= upto]

    def attach(self, subscription: Subscription) -> None:
        """The reader has everything up to `sent`; what follows comes by itself."""
        self.readers[subscription] = None

    async def reached(self, seq: int) -> None:
        """Returns when the flush of `seq` (which was taken already) has begun."""
        assert seq <= self.last, "only what was taken will be flushed"
        while self.sent < seq:
            waiting = self._loop.create_future()
            self._awaiting_flush.append(waiting)
            await waiting

    def detach(self, subscription: Subscription) -> None:
        subscription.is_alive = False
        self.readers.pop(subscription, None)

    # --- records out --------------------------------------------------------------------------------------------

    def _keep(self, seq: int, record: Encoded) -> None:
        self._tail.append((seq, record))
        self._tail_bytes += len(record.json)
        while len(self._tail) > limits.tail_records or self._tail_bytes > limits.tail_bytes_max:
            self._tail_bytes -= len(self._tail.popleft()[1].json)

    def _schedule(self) -> None:
        if self._is_flush_due:
            return
        self._is_flush_due = True
        if self._loop.time() >= self._flush_not_before:
            self._loop.call_soon(self._flush)
        else:
            self._loop.call_at(self._flush_not_before, self._flush)

    def _flush(self) -> None:
        started = self._loop.time()
        records = self._take_pending()
        last_before, self.sent = self.sent, self.last - len(self._pending)
        awaiting, self._awaiting_flush = self._awaiting_flush, []
        for waiting in awaiting:
            if not waiting.done():
                waiting.set_result(None)
        batch = _Batch(records, self._soft, last_before)
        self._soft = []
        self._write_slice(batch, list(self.readers), 0, started)

    def _take_pending(self) -> list[Encoded]:
        """What this flush holds; what is beyond `flush_bytes_max` waits for the next one."""
        pending, size = self._pending, 0
        for place, record in enumerate(pending):
            size += len(record.json)
            if size > limits.flush_bytes_max and place:
                self._pending = pending[place:]
                return pending[:place]
        self._pending = []
        return pending

    def _write_slice(self, batch: _Batch, readers: list[Subscription], begin: int, started: float) -> None:
        """Write one slice, then let the loop breathe. There is no await, task or timer per reader."""
        end = begin + self._slice_readers
        framing: Framing | None = None
        frames: list[bytes] = []
        for reader in readers[begin:end]:
            if not reader.is_alive:
                continue
            outbox = reader.outbox
            if outbox.is_clear:
                if outbox.framing is not framing:  # most readers of a room have the same
                    framing = outbox.framing
                    frames = batch.frames(framing)
                if outbox.replies:
                    outbox.write_with_replies(frames)
                    continue
                for bytes_ in frames:
                    outbox.write(bytes_)
            else:
                self._write_slow(batch, reader)
        if end < len(readers):
            self._loop.call_soon(self._write_slice, batch, readers, end, started)
        else:
            # The transports write at the end of the turn, so the time it took is known one turn later.
            self._loop.call_soon(self._flushed, batch, len(readers), started)

    def _write_slow(self, batch: _Batch, reader: Subscription) -> None:
        """A reader whose transport is half full: no ephemera, state noted for later, durable while it fits."""
        outbox = reader.outbox
        for soft in batch.soft:
            if soft.tallied:
                outbox.miss_tally(soft.room, set(soft.tallied))
            elif soft.is_session:
                outbox.missed_sessions[soft.room] = None
            elif soft.delivery == "state":
                outbox.missed_presence[soft.room] = None
        frames = batch.durable_frames(outbox.framing)
        if outbox.fits(sum(map(len, frames))):
            for bytes_ in frames:
                outbox.write(bytes_)
        else:
            self.detach(reader)
            outbox.lag(self.stream, last=batch.last_before)
            self._stats.lags += 1

    def _flushed(self, batch: _Batch, readers: int, started: float) -> None:
        now = self._loop.time()
        took = min(now - started, readers * limits.flush_reader_s_max)  # beyond that, others had the loop
        self._flush_not_before = now + took
        stats = self._stats
        stats.flush_records.add(batch.size)
        stats.flush_seconds.add(took)
        stats.deliveries += batch.size * readers
        self._is_flush_due = False
        if self._pending or self._soft:
            self._schedule()


class Stretch:
    """Records of a stream one after the other, for many who lack them: encoded once, framed once."""

    __slots__ = ("_frames", "_records", "last", "size_bytes")

    def __init__(self, records: Sequence[Encoded], *, last: int) -> None:
        self._records = list(records)
        self.last = last
        """The seq one is at who was sent it."""
        self.size_bytes = sum(len(record.json) for record in records)
        self._frames: dict[Framing, list[bytes]] = {}

    def frames(self, framing: Framing) -> list[bytes]:
        frames = self._frames.get(framing)
        if frames is None:
            frames = self._frames[framing] = build_frames(self._records, framing)
        return frames


class _Batch:
    """The records of one flush; frames are built at the first reader of each framing and shared by the others."""

    __slots__ = ("_durable", "_frames", "_records", "last_before", "size", "soft")

    def __init__(self, records: list[Encoded], soft: list[Soft], last_before: int) -> None:
        self._records = records
        self.soft = soft
        self.last_before = last_before
        self.size = len(records) + len(soft)
        self._frames: dict[Framing, list[bytes]] = {}
        self._durable: dict[Framing, list[bytes]] = {}

    def frames(self, framing: Framing) -> list[bytes]:
        frames = self._frames.get(framing)
        if frames is None:
            records = self._records + [soft.record for soft in self.soft]
            frames = self._frames[framing] = build_frames(records, framing)
        return frames

    def durable_frames(self, framing: Framing) -> list[bytes]:
        frames = self._durable.get(framing)
        if frames is None:
            frames = self._durable[framing] = build_frames(self._records, framing)
        return frames


def build_frames(records: list[Encoded], framing: Framing) -> list[bytes]:
    """As few messages as keep each within `message_bytes_max` (a single larger record is its own message)."""
    codec = CODEC_OF[framing]
    frames, group, size = [], list[bytes](), 0
    for record in records:
        bytes_ = record.of(codec)
        if group and size + len(bytes_) > limits.message_bytes_max:
            frames.append(frame(join(group, codec), framing))
            group, size = [], 0
        group.append(bytes_)
        size += len(bytes_) + 1
    if group:
        frames.append(frame(join(group, codec), framing))
    return frames
