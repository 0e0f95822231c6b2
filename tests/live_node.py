"""A node by hand: the real flow on virtual time, on a log a test turns (`hand_log.py`) and a bus a test speaks on.

    def test_…() -> None:
        async def story(node: LiveNode) -> None:
            node.elsewhere("Hi")               # another node writes it and tells the bus
            await turns()
            …

        play(story)

There is a cohort `demo` with Olga (owner), Ana and Ben (learners), Tad (TA) and the rooms `general` and `other`.
Nothing ticks by itself: a test calls the tick it is about.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from tertulia.auth.tokens import Tokens
from tertulia.bus import BusCounts, BusMessage, OnMissed, Receive
from tertulia.conversation import Conversation
from tertulia.domain.event import Event
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import PersonId, RoomId, StreamName
from tertulia.hub import Channel, Subscription
from tertulia.live.flow import Flow
from tertulia.live.node import Node, owner_of
from tertulia.live.rates import CommandRates
from tertulia.outbox import Outbox
from tertulia.wire.closing import Closing
from tertulia.wire.codec import encode_entry
from tertulia.wire.stored import Entry
from tests.hand_log import HandLog, turns
from tests.simulation.client import Person
from tests.simulation.host import SECRET, VirtualClock
from tests.simulation.model_log import ModelReading
from tests.simulation.people import COHORT, FOUNDER, found, person
from tests.simulation.virtual_loop import VirtualLoop

GENERAL, OTHER = RoomId("general"), RoomId("other")
ROOM, SIGNALS = StreamName("room/general"), StreamName("room/general/signals")
PEOPLE = {one.name: one for one in (FOUNDER, person("Ana", "learner"), person("Ben", "learner"), person("Tad", "ta"))}


class HandBus:
    """Tells this node its own at once, as each bus does; what others say is said by `tell`."""

    def __init__(self) -> None:
        self.counts = BusCounts()
        self.is_connected = True
        self.channels: set[str] = set()
        self.unsubscribed: list[str] = []
        self.published: list[BusMessage] = []
        self.on_subscribe: Callable[[str], None] = lambda channel: None
        self.missed: OnMissed = lambda channels: None
        self._receive: Receive | None = None
        self._told: deque[BusMessage] = deque()
        self._is_telling = False

    async def start(self, receive: Receive, on_missed: OnMissed) -> None:
        self._receive, self.missed = receive, on_missed

    def publish(self, message: BusMessage, /) -> None:
        self.published.append(message)
        self.tell(message)

    def tell(self, message: BusMessage) -> None:
        """One after another, as the port says; unlike a real bus it lets nothing that `receive` raises go unseen."""
        assert self._receive is not None, "it was not started"
        self._told.append(message)
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._told:
                self._receive(self._told.popleft())
        finally:
            self._is_telling = False

    async def subscribe(self, channel: str) -> None:
        self.on_subscribe(channel)
        self.channels.add(channel)

    async def unsubscribe(self, channel: str) -> None:
        self.channels.discard(channel)
        self.unsubscribed.append(channel)

    async def stop(self) -> None:
        self._receive = None


class CountedIds:
    def __init__(self) -> None:
        self.count = 0

    def new_id(self) -> str:
        self.count += 1
        return f"id{self.count}"

    def chance(self) -> float:
        return 0.5


class LiveNode:
    """`log`: what another node has written already, when this one is to begin on it."""

    def __init__(self, *, log: HandLog | None = None, node_id: str = "here") -> None:
        self.log = log or HandLog()
        self.bus = HandBus()
        self.clock = VirtualClock()
        self.tokens = Tokens(SECRET, clock=self.clock)
        if log is None:
            found(self.log, list(PEOPLE.values())[1:], [GENERAL, OTHER], "discussion")
        self.node = Node(
            node_id=node_id,
            log=self.log,
            bus=self.bus,
            reading=ModelReading(self.log),
            tokens=self.tokens,
            rates=CommandRates(is_limited=False),
            clock=self.clock,
            ids=CountedIds(),
        )
        self.flow = Flow(self.node)
        self.receiver, self.soft, self.catch_up = self.flow.receiver, self.flow.soft, self.flow.catch_up
        self._keys = 0

    async def channel(self, stream: StreamName = ROOM) -> Channel:
        await self.receiver.open([stream])
        return self.node.channels[stream]

    # --- what happens -----------------------------------------------------------------------------------------------

    def unheard(self, *events: Event | str, stream: StreamName = ROOM, by: str = "p-ben") -> list[Entry]:
        """Another node writes this and its word is lost."""
        said = [MessagePosted(text=event) if isinstance(event, str) else event for event in events]
        self.log.happens(stream, *said, by=by)
        return self.log.streams[stream][-len(said) :]

    def elsewhere(self, *events: Event | str, stream: StreamName = ROOM, by: str = "p-ben") -> list[Entry]:
        """Another node writes this, and says so."""
        entries = self.unheard(*events, stream=stream, by=by)
        self.tell(*entries)
        return entries

    def tell(self, *entries: Entry, epoch: str | None = None, records: Sequence[bytes] = ()) -> None:
        """As the bus brings it from another node."""
        for place, entry in enumerate(entries):
            record = records[place] if records else encode_entry(entry).json
            self.bus.tell(
                BusMessage(owner_of(entry.stream), entry.stream, epoch or self.log.epoch, entry.seq, record, "there")
            )

    def device(self, name: str, **hello: Any) -> Device:
        return Device(self, PEOPLE[name], **hello)


class Reader:
    """One reader of a channel."""

    def __init__(self, channel: Channel) -> None:
        self.written: list[bytes] = []
        loop = asyncio.get_running_loop()
        outbox = Outbox(self.written.append, queued=lambda: 0, soon=loop.call_soon, framing="plain")
        self.subscription = Subscription(outbox)
        channel.attach(self.subscription)

    def heard(self) -> list[dict[str, Any]]:
        written, self.written[:] = list(self.written), []
        return [msgspec.json.decode(record) for message in written for record in message.split(b"\n")]

    def seqs(self) -> list[int]:
        return [record["seq"] for record in self.heard()]


class Device:
    """A connection without a socket. With `streams` (and `levels`), it says hello at once."""

    def __init__(self, node: LiveNode, who: Person, **hello: Any) -> None:
        self.node = node
        self.who = who
        self.written: list[bytes] = []
        self.closing: Closing | None = None
        self._ids = 0
        loop = asyncio.get_running_loop()
        outbox = Outbox(self.written.append, queued=lambda: 0, soon=loop.call_soon, framing="plain")
        self.conversation = Conversation(node.flow.desk, outbox, self)
        if hello:
            token = node.tokens.issue_access(PersonId(who.id), COHORT, name=who.name, role=who.role).token
            self.send({"type": "hello", "token": token, **hello})

    def close(self, closing: Closing) -> None:
        """As a link."""
        self.closing = closing

    def send(self, request: dict[str, Any]) -> None:
        self.conversation.receive(msgspec.json.encode(request))

    def subscribe(self, **what: Any) -> None:
        self._ids += 1
        self.send({"type": "subscribe", "id": self._ids, **what})

    def gives(self, type: str, **fields: Any) -> None:
        self._ids += 1
        key = f"{self.who.id}-{self._ids:04}"
        self.send({"type": type, "id": self._ids, "key": key, "room": GENERAL, **fields})

    def heard(self, *types: str) -> list[dict[str, Any]]:
        """What came since the last look; with `types`, only those of it."""
        written, self.written[:] = list(self.written), []
        records = [msgspec.json.decode(record) for message in written for record in message.split(b"\n")]
        return [record for record in records if not types or record["type"] in types]


def at(seq: int, *, epoch: str = "model") -> dict[str, Any]:
    return {"epoch": epoch, "seq": seq}


def told(device: Device, stream: str = ROOM) -> tuple[Any, ...]:
    """The result, then what followed for the stream: `snapshot 5`, event seqs, `live 5`."""
    records = device.heard()
    (reply,) = (one for one in records if one["type"] in ("welcome", "subscribed"))
    result = reply["streams"][stream]
    rest = [one for one in records if one.get("stream") == stream]
    assert records.index(reply) < min([records.index(one) for one in rest], default=len(records))
    assert {one["epoch"] for one in rest if "epoch" in one} <= {"model"}
    return result.get("code") or result["result"], *(
        one["seq"] if one["type"] == "event" else f"{one['type']} {one.get('seq', '')}".strip() for one in rest
    )


def play(story: Callable[[LiveNode], Coroutine[Any, Any, None]]) -> None:
    """A story on virtual time with a node of its own; nothing may fail unseen."""

    async def main() -> None:
        node = LiveNode()
        await node.bus.start(node.receiver.receive, node.flow.bus_missed)
        await story(node)
        await turns()
        await node.node.cancel_tasks()

    loop = VirtualLoop()
    loop.run(main())
    assert loop.failures == []
