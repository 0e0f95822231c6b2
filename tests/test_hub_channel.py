"""The channel: cursor, tail, paced flushes in slices; the same bytes for all readers.

The loop is a stand-in that a test turns by hand, with a clock that the test moves: no sleeping, no wall clock.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, StreamName
from tertulia.hub import Channel, Subscription
from tertulia.hub.channel import FlushStats, Soft
from tertulia.outbox import Framing, Outbox, frame
from tertulia.wire.codec import Encoded

ROOM = StreamName("room/general")


class HandLoop:
    """What a channel needs of an event loop. `turn()` runs what is due now; `now_s` is the test's to move."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []

    def time(self) -> float:
        return self.now_s

    def call_soon(self, work: Callable[..., object], *arguments: Any) -> None:
        self.call_at(self.now_s, work, *arguments)

    def call_at(self, at_s: float, work: Callable[..., object], *arguments: Any) -> None:
        heapq.heappush(self._due, (at_s, next(self._order), work, arguments))

    @property
    def next_s(self) -> float | None:
        return self._due[0][0] if self._due else None

    def turn(self) -> None:
        """One turn: what was due when it began."""
        ready = []
        while self._due and self._due[0][0] <= self.now_s:
            ready.append(heapq.heappop(self._due))
        for _, _, work, arguments in ready:
            work(*arguments)

    def settle(self) -> None:
        """Turn until nothing is left, moving the clock to what is due next."""
        while self._due:
            self.now_s = max(self.now_s, self._due[0][0])
            self.turn()


class Reader:
    """One reader with a transport that holds what it was written, and as much more as the test says."""

    framing: Framing = "plain"

    def __init__(self, loop: HandLoop) -> None:
        self.written: list[bytes] = []
        self.held = 0
        self.outbox = Outbox(self.written.append, queued=lambda: self.held, soon=loop.call_soon, framing=self.framing)
        self.subscription = Subscription(self.outbox)

    @property
    def heard(self) -> list[bytes]:
        return [record for message in self.written for record in message.split(b"\n")]


class Framed(Reader):
    framing = "text"


def record(seq: int, size: int = 10) -> Encoded:
    return Encoded(b"%d:" % seq + b"x" * size)


def heads(records: list[bytes]) -> list[int]:
    return [int(one.partition(b":")[0]) for one in records]


@pytest.fixture
def loop() -> HandLoop:
    return HandLoop()


def channel_of(loop: HandLoop, *, last: int = 0, slice_readers: int = 2) -> Channel:
    return Channel(ROOM, last=last, loop=loop, stats=FlushStats(), slice_readers=slice_readers)  # type: ignore[arg-type]


def attached(channel: Channel, loop: HandLoop, count: int) -> list[Reader]:
    readers = [Reader(loop) for _ in range(count)]
    for reader in readers:
        channel.attach(reader.subscription)
    return readers


def test_all_readers_are_written_the_same_bytes_object(loop: HandLoop) -> None:
    channel = channel_of(loop)
    readers = attached(channel, loop, 5)
    channel.offer(1, record(1))
    loop.settle()
    (first,) = readers[0].written
    assert all(len(reader.written) == 1 and reader.written[0] is first for reader in readers)


def test_what_gathers_before_a_flush_leaves_as_one_message_in_order(loop: HandLoop) -> None:
    channel = channel_of(loop)
    (reader,) = attached(channel, loop, 1)
    for seq in (1, 2, 3):
        channel.offer(seq, record(seq))
    loop.settle()
    assert len(reader.written) == 1
    assert heads(reader.heard) == [1, 2, 3]


def test_an_idle_channel_flushes_in_the_same_turn(loop: HandLoop) -> None:
    channel = channel_of(loop)
    (reader,) = attached(channel, loop, 1)
    channel.offer(1, record(1))
    loop.turn()
    assert heads(reader.heard) == [1]


def test_a_loaded_channel_waits_as_long_as_its_last_flush_took(loop: HandLoop) -> None:
    """Slices take time: the next flush comes no sooner than that after the end of the last one."""
    channel = channel_of(loop, slice_readers=1)
    readers = attached(channel, loop, 3)
    channel.offer(1, record(1))
    for _ in readers:
        loop.turn()
        loop.now_s += 2**-17
    channel.offer(2, record(2))
    loop.turn()  # the last slice's end is noted; what came meanwhile is scheduled
    assert loop.next_s == loop.now_s + 3 * 2**-17
    assert all(heads(reader.heard) == [1] for reader in readers)
    loop.settle()
    assert all(heads(reader.heard) == [1, 2] for reader in readers)


def test_a_small_room_does_not_wait_for_the_time_that_others_took(loop: HandLoop) -> None:
    """A flush is over one turn later, and a turn may be long: more than its readers can have cost is not its own."""
    channel = channel_of(loop)
    (reader,) = attached(channel, loop, 1)
    channel.offer(1, record(1))
    loop.turn()
    loop.now_s += 5.0
    channel.offer(2, record(2))
    loop.turn()
    assert loop.next_s == pytest.approx(loop.now_s + limits.flush_reader_s_max, abs=1e-9)
    loop.settle()
    assert heads(reader.heard) == [1, 2]


def test_the_loop_has_a_turn_between_two_slices(loop: HandLoop) -> None:
    channel = channel_of(loop, slice_readers=2)
    readers = attached(channel, loop, 5)
    channel.offer(1, record(1))
    told = []
    for _ in range(3):
        loop.turn()
        told.append(sum(bool(reader.written) for reader in readers))
    assert told == [2, 4, 5]


def test_one_who_comes_between_slices_is_given_the_tail_and_not_the_flush(loop: HandLoop) -> None:
    channel = channel_of(loop, slice_readers=1)
    attached(channel, loop, 3)
    channel.offer(1, record(1))
    loop.turn()
    late = Reader(loop)
    kept = channel.tail_after(0)
    assert kept is not None
    assert [seq for seq, _ in kept] == [1] == list(range(1, channel.sent + 1))
    channel.attach(late.subscription)
    channel.offer(2, record(2))
    loop.settle()
    assert heads(late.heard) == [2]


def test_one_who_leaves_between_slices_is_told_nothing_more(loop: HandLoop) -> None:
    channel = channel_of(loop, slice_readers=1)
    readers = attached(channel, loop, 2)
    channel.offer(1, record(1))
    loop.turn()
    channel.detach(readers[1].subscription)
    loop.settle()
    assert [len(reader.written) for reader in readers] == [1, 0]


def test_a_flush_holds_no_more_than_a_clear_reader_has_room_for(loop: HandLoop) -> None:
    """More than that waits for the next flush: nothing is lost, and a reader that takes nothing is never owed more than
    what it may hold."""
    channel = channel_of(loop)
    (reader,) = attached(channel, loop, 1)
    size = limits.flush_bytes_max // 3
    for seq in range(1, 9):
        channel.offer(seq, record(seq, size))
    loop.turn()
    assert sum(map(len, reader.written)) <= limits.flush_bytes_max + 8
    assert channel.sent == heads(reader.heard)[-1] < channel.last
    loop.settle()
    assert heads(reader.heard) == list(range(1, 9))
    assert channel.sent == channel.last == 8


def test_an_answer_that_waits_leaves_with_a_push_in_one_write(loop: HandLoop) -> None:
    channel = channel_of(loop)
    talker, other = (Framed(loop) for _ in range(2))
    for reader in (talker, other):
        channel.attach(reader.subscription)
    channel.offer(1, record(1))
    talker.outbox.say_bytes(b"answer")
    loop.settle()
    assert talker.written == [frame(b"answer", "text") + frame(record(1).json, "text")]
    assert other.written == [frame(record(1).json, "text")]


def test_where_records_have_no_frames_each_is_its_own_write(loop: HandLoop) -> None:
    channel = channel_of(loop)
    (reader,) = attached(channel, loop, 1)
    channel.offer(1, record(1))
    reader.outbox.say_bytes(b"answer")
    loop.settle()
    assert reader.written == [b"answer", record(1).json]


def test_a_record_larger_than_a_flush_still_goes_out(loop: HandLoop) -> None:
    channel = channel_of(loop)
    (reader,) = attached(channel, loop, 1)
    channel.offer(1, record(1, limits.flush_bytes_max * 2))
    channel.offer(2, record(2))
    loop.settle()
    assert heads(reader.heard) == [1, 2]


def test_one_who_comes_when_all_have_left_is_told_nothing_twice(loop: HandLoop) -> None:
    """A flush is due when its last reader leaves; what is taken then must not overtake it."""
    channel = channel_of(loop)
    (gone,) = attached(channel, loop, 1)
    channel.offer(1, record(1))
    channel.detach(gone.subscription)
    channel.offer(2, record(2))
    late = Reader(loop)
    after = channel.sent
    channel.attach(late.subscription)
    loop.settle()
    assert heads(late.heard) == list(range(after + 1, 3))
    assert channel.sent == 2


def test_what_comes_too_early_is_taken_when_what_is_missing_comes(loop: HandLoop) -> None:
    channel = channel_of(loop)
    (reader,) = attached(channel, loop, 1)
    assert channel.offer(2, record(2)) == "ahead"
    assert channel.is_behind
    assert channel.offer(1, record(1)) == "taken"
    assert channel.offer(1, record(1)) == "old"
    assert not channel.is_behind
    loop.settle()
    assert heads(reader.heard) == [1, 2]


def test_what_must_not_be_kept_is_not_set_aside(loop: HandLoop) -> None:
    channel = channel_of(loop)
    channel.offer(2, record(2), may_set_aside=False)
    channel.offer(1, record(1))
    assert channel.last == 1
    assert channel.is_behind


def test_a_slow_reader_gets_durable_records_while_they_fit_and_then_lags_alone(loop: HandLoop) -> None:
    channel = channel_of(loop)
    slow, healthy = attached(channel, loop, 2)
    slow.outbox.blocked()
    slow.held = limits.queue_bytes_low
    channel.offer(1, record(1))
    channel.tell(Soft(record(0), "ephemeral", RoomId("general")))
    loop.settle()
    assert heads(slow.heard) == [1]
    assert sorted(heads(healthy.heard)) == [0, 1]
    slow.held = limits.queue_bytes_max
    channel.offer(2, record(2))
    channel.offer(3, record(3))
    loop.settle()
    assert heads(slow.heard) == [1]
    assert slow.outbox.lagging == {ROOM: 1}
    assert not slow.subscription.is_alive
    assert sorted(heads(healthy.heard)) == [0, 1, 2, 3]


def test_a_slow_reader_is_owed_the_tallies_it_missed(loop: HandLoop) -> None:
    channel = channel_of(loop)
    (slow,) = attached(channel, loop, 1)
    slow.outbox.blocked()
    channel.tell(Soft(record(0), "state", RoomId("general"), frozenset({7})))
    channel.tell(Soft(record(0), "state", RoomId("other")))
    loop.settle()
    assert slow.outbox.missed_tallies == {RoomId("general"): {7}}
    assert list(slow.outbox.missed_presence) == [RoomId("other")]


def test_a_redacted_record_is_replaced_in_the_tail(loop: HandLoop) -> None:
    channel = channel_of(loop)
    channel.offer(1, record(1))
    channel.replace(1, Encoded(b"1:gone"))
    assert [one.json for _, one in channel.tail_after(0) or []] == [b"1:gone"]
    channel.forget_tail()
    assert channel.tail_after(0) is None


def test_the_tail_keeps_so_many_records_and_says_when_it_does_not_reach_back(loop: HandLoop) -> None:
    channel = channel_of(loop)
    for seq in range(1, limits.tail_records + 3):
        channel.offer(seq, record(seq))
    assert channel.tail_begins == 3
    assert channel.tail_after(1) is None
    assert [seq for seq, _ in channel.tail_after(limits.tail_records) or []] == [513, 514]


async def test_who_waits_for_a_seq_waits_for_the_flush_that_holds_it() -> None:
    """Also when it is not the next one: a flush holds only so much."""
    loop = HandLoop()
    loop.create_future = asyncio.get_running_loop().create_future  # type: ignore[attr-defined]
    channel = channel_of(loop)
    attached(channel, loop, 1)
    for seq in (1, 2, 3):
        channel.offer(seq, record(seq, limits.flush_bytes_max - 100))
    waiting = asyncio.ensure_future(channel.reached(3))
    await asyncio.sleep(0)
    loop.turn()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    while loop.next_s is not None:
        loop.settle()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await waiting
    assert channel.sent == 3
