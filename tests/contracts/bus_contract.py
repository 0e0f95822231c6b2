"""What every bus promises. An implementation's test file derives a class and gives the fixture `make_bus`.

Method: nodes are told apart by name and share one network. "Nothing came" is never waited for by the clock: a later
message on another channel that goes the same way, or from the same publisher, says that all before it is through.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from tertulia.bus import NODES, Bus, BusMessage
from tertulia.bus.partitions import topic_of
from tertulia.domain import limits
from tertulia.domain.ids import PersonId, Seq, StreamName
from tertulia.wire.stored import Entry

MakeBus = Callable[[str], Bus]
DEADLINE_S = 20.0
ROOM_B = next(f"room/b{n}" for n in range(10_000) if topic_of(f"room/b{n}") == topic_of("room/a"))
"""Goes the same way as room/a on every bus: on a cluster, only channels of one partition keep their order."""


class Node:
    """A bus with what it received, and what it was told that it may have missed."""

    def __init__(self, name: str, bus: Bus) -> None:
        self.name = name
        self.bus = bus
        self.received: list[BusMessage] = []
        self.missed: list[frozenset[str] | None] = []
        self.on_receive: Callable[[BusMessage], None] = lambda message: None
        self.on_check: Callable[[], None] = lambda: None

    async def start(self) -> None:
        await self.bus.start(self._receive, self._check)

    def say(self, channel: str, seq: int, record: bytes = b"{}") -> None:
        self.bus.publish(BusMessage(channel, StreamName(channel), "epoch", seq, record))

    def seqs(self, channel: str) -> list[int]:
        return [message.seq for message in self.received if message.channel == channel]

    def _receive(self, message: BusMessage) -> None:
        self.received.append(message)
        self.on_receive(message)

    @property
    def checks(self) -> int:
        return len(self.missed)

    def _check(self, channels: frozenset[str] | None) -> None:
        self.missed.append(channels)
        self.on_check()


class Nodes:
    """Makes nodes by name, and stops them all at the end."""

    def __init__(self, make_bus: MakeBus) -> None:
        self._make_bus = make_bus
        self._nodes: list[Node] = []

    async def __call__(self, name: str, *channels: str) -> Node:
        node = Node(name, self._make_bus(name))
        await node.start()
        self._nodes.append(node)
        for channel in channels:
            await node.bus.subscribe(channel)
        return node

    async def stop(self) -> None:
        for node in self._nodes:
            await node.bus.stop()


async def until(condition: Callable[[], bool], what: str, *, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition, not for a time."""
    give_up_at = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < give_up_at, f"did not come about in {deadline_s} s: {what}"
        await asyncio.sleep(0.002)


class BusContract:
    @pytest.fixture
    async def node(self, make_bus: MakeBus) -> AsyncIterator[Nodes]:
        nodes = Nodes(make_bus)
        yield nodes
        await nodes.stop()

    async def test_a_node_hears_itself_inside_publish_subscribed_or_not(self, node: Nodes) -> None:
        ana = await node("ana", "room/a")
        ana.say("room/a", 1)
        ana.say("room/elsewhere", 1)
        assert [(message.channel, message.node) for message in ana.received] == [
            ("room/a", "ana"),
            ("room/elsewhere", "ana"),
        ]

    async def test_a_node_hears_its_own_message_once(self, node: Nodes) -> None:
        ana, ben = await node("ana", "room/a"), await node("ben", "room/a")
        ana.say("room/a", 1)
        await until(lambda: ben.seqs("room/a") == [1], "the message reaches the other node")
        ben.say("room/a", 2)
        await until(lambda: 2 in ana.seqs("room/a"), "the answer comes back")
        assert ana.seqs("room/a") == [1, 2]

    async def test_another_node_receives_what_was_published(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a")
        message = BusMessage("room/a", StreamName("room/a/signals"), "ep0ch", 2**53 - 1, b'{"x":"\xc3\xa9"}')
        ana.bus.publish(message)
        await until(lambda: bool(ben.received), "the message arrives")
        assert ben.received == [message._replace(node="ana")]

    async def test_the_entry_itself_is_for_ones_own_ears(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a")
        stream = StreamName("room/a")
        entry = Entry(stream=stream, seq=Seq(1), at=0, by=PersonId("ana"), name="room_locked", data=b"{}")
        ana.bus.publish(BusMessage("room/a", stream, "epoch", 1, b"{}", entry=entry))
        await until(lambda: bool(ben.received), "the message arrives")
        assert ana.received[0].entry is entry
        assert ben.received[0].entry is None

    @pytest.mark.parametrize("record", [b"", b"\x00\xff\r\n$5\r\n", b"x" * 1_000_000])
    async def test_a_record_may_be_any_bytes(self, node: Nodes, record: bytes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a")
        ana.say("room/a", 1, record)
        await until(lambda: bool(ben.received), "the message arrives")
        assert ben.received[0].record == record

    async def test_only_subscribed_channels_are_heard(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", ROOM_B)
        ana.say("room/a", 1)
        ana.say(ROOM_B, 1)
        await until(lambda: ben.seqs(ROOM_B) == [1], "the subscribed channel is heard")
        assert ben.seqs("room/a") == []

    async def test_nothing_is_heard_after_unsubscribing(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a", ROOM_B)
        ana.say("room/a", 1)
        await until(lambda: ben.seqs("room/a") == [1], "it is heard at first")
        await ben.bus.unsubscribe("room/a")
        ana.say("room/a", 2)
        ana.say(ROOM_B, 1)
        await until(lambda: ben.seqs(ROOM_B) == [1], "the other channel is still heard")
        assert ben.seqs("room/a") == [1]

    async def test_nothing_is_heard_after_unsubscribing_even_if_it_was_under_way(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a", ROOM_B)
        ana.say("room/a", 1)
        await ben.bus.unsubscribe("room/a")
        ana.say(ROOM_B, 1)
        await until(lambda: ben.seqs(ROOM_B) == [1], "the other channel is still heard")
        assert ben.seqs("room/a") == []

    async def test_what_is_said_to_the_nodes_is_heard_by_all_of_them(self, node: Nodes) -> None:
        ana, ben, eve = await node("ana"), await node("ben", NODES), await node("eve")
        await eve.bus.unsubscribe(NODES)
        ana.say(NODES, 0, b"hear, hear")
        await until(lambda: bool(ben.received and eve.received), "both hear it")
        assert [message.record for message in ben.received + eve.received] == [b"hear, hear"] * 2

    async def test_subscribing_twice_is_subscribing_once(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a", "room/a", ROOM_B)
        ana.say("room/a", 1)
        await until(lambda: ben.seqs("room/a") == [1], "it is heard")
        await ben.bus.unsubscribe("room/a")
        ana.say("room/a", 2)
        ana.say(ROOM_B, 1)
        await until(lambda: ben.seqs(ROOM_B) == [1], "the other channel is still heard")
        assert ben.seqs("room/a") == [1]

    async def test_coming_and_going_in_haste_ends_as_it_should(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben")
        for _ in range(50):
            coming = asyncio.create_task(ben.bus.subscribe("room/a"))
            await asyncio.sleep(0)
            await ben.bus.unsubscribe("room/a")
            await coming
        await ben.bus.subscribe("room/a")
        ana.say("room/a", 1)
        await until(lambda: ben.seqs("room/a") == [1], "subscribed at last")

    async def test_many_channels_at_once(self, node: Nodes) -> None:
        channels = [f"room/r{number}" for number in range(1_000)]
        ana, ben = await node("ana"), await node("ben")
        await asyncio.gather(*(ben.bus.subscribe(channel) for channel in channels))
        for channel in channels:
            ana.say(channel, 1)
        await until(lambda: len(ben.received) == 1_000, "every channel is heard")
        assert sorted(message.channel for message in ben.received) == sorted(channels)

    async def test_the_order_of_each_publisher_is_kept_in_calm(self, node: Nodes) -> None:
        ana, ben, eve = await node("ana"), await node("ben"), await node("eve", "room/a", ROOM_B)
        for seq in range(1, 501):
            ana.say("room/a", seq)
            ben.say(ROOM_B, seq)
            if seq % 50 == 0:
                await asyncio.sleep(0)
        await until(lambda: len(eve.received) == 1_000, "all arrive")
        assert eve.seqs("room/a") == eve.seqs(ROOM_B) == list(range(1, 501))

    async def test_what_is_published_while_receiving_comes_after(self, node: Nodes) -> None:
        ana = await node("ana")
        finished: list[int] = []

        def answer(message: BusMessage) -> None:
            if message.seq < 3:
                ana.say("room/a", message.seq + 1)
            finished.append(message.seq)

        ana.on_receive = answer
        ana.say("room/a", 1)
        assert finished == [1, 2, 3]

    async def test_a_receiver_that_raises_harms_nobody(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a")

        def fail_at_first(message: BusMessage) -> None:
            if message.seq == 1:
                raise RuntimeError("a bug")

        ana.on_receive = ben.on_receive = fail_at_first
        ana.say("room/a", 1)
        ana.say("room/a", 2)
        await until(lambda: ben.seqs("room/a") == [1, 2], "the second message still arrives")
        assert ana.seqs("room/a") == [1, 2]

    async def test_a_burst_never_blocks_and_what_is_dropped_is_counted(self, node: Nodes) -> None:
        """More than the queue holds, without giving the loop a turn: the newest must be among what arrives."""
        burst = limits.bus_queue_messages_max + 2_000
        ana, ben = await node("ana"), await node("ben", "room/a")
        for seq in range(1, burst + 1):
            ana.say("room/a", seq, b"x" * 200)
        assert ana.seqs("room/a") == list(range(1, burst + 1))
        await until(lambda: ben.seqs("room/a")[-1:] == [burst], "the newest arrives")
        arrived = ben.seqs("room/a")
        assert arrived == sorted(set(arrived))
        assert len(arrived) >= limits.bus_queue_messages_max
        assert ana.bus.counts.published == burst == len(arrived) + ana.bus.counts.dropped
        assert ben.bus.counts.received == len(arrived)

    async def test_ten_thousand_messages_with_turns_between_all_arrive(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a")
        for seq in range(1, 10_001):
            ana.say("room/a", seq)
            if seq % 1_000 == 0:
                await asyncio.sleep(0)
        await until(lambda: len(ben.received) == 10_000, "all arrive")
        assert ben.seqs("room/a") == list(range(1, 10_001))
        assert ana.bus.counts.dropped == 0

    async def test_many_large_messages_all_arrive(self, node: Nodes) -> None:
        """More bytes in all than the queue may hold at a time."""
        ana, ben = await node("ana"), await node("ben", "room/a")
        size, batch = 60_000, 20
        for last in range(batch, 2 * limits.bus_queue_bytes_max // size + batch, batch):
            for seq in range(last - batch + 1, last + 1):
                ana.say("room/a", seq, b"x" * size)
            await until(lambda last=last: len(ben.received) == last, "the batch arrives")
        assert ana.bus.counts.dropped == 0

    async def test_stopping_when_all_is_told_does_not_wait(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a")
        ana.say("room/a", 1)
        await until(lambda: bool(ben.received), "the message arrives")
        started = time.monotonic()
        await ana.bus.stop()
        assert time.monotonic() - started < limits.bus_stop_wait_s

    async def test_what_was_said_before_stopping_is_told(self, node: Nodes) -> None:
        ana, ben = await node("ana"), await node("ben", "room/a")
        for seq in range(1, 1_001):
            ana.say("room/a", seq)
        await ana.bus.stop()
        await until(lambda: len(ben.received) == 1_000, "all arrive")

    async def test_a_stopped_bus_is_quiet(self, node: Nodes) -> None:
        ana, ben, eve = await node("ana"), await node("ben", "room/a"), await node("eve", "room/a")
        await ben.bus.stop()
        await ben.bus.stop()
        ben.say("room/a", 1)
        ana.say("room/a", 2)
        await until(lambda: 2 in eve.seqs("room/a"), "the others still hear each other")
        assert ben.received == []
        assert eve.seqs("room/a") == [2]

    async def test_a_calm_bus_is_connected_and_never_asks_to_check(self, node: Nodes) -> None:
        ana = await node("ana", "room/a")
        ana.say("room/a", 1)
        assert ana.bus.is_connected
        assert ana.checks == 0
        assert ana.bus.counts.reconnects == 0
