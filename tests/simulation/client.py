"""A client that speaks the protocol over a `Link`: what chapter 13 of protocol.md asks of one, and nothing of ours.

It keeps a position for each stream and an outbox with keys; after a cut it says hello to whatever node there is, and
sends what is unanswered again. What it follows and what it says is decided elsewhere (script.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tertulia.domain.ids import PersonId, RoomId, StreamName, room_staff_stream, room_stream
from tertulia.domain.policy import Role
from tertulia.eventlog import LogUnavailable
from tertulia.wire.closing import is_reconnect_wanted
from tertulia.wire.codec import encode_entry
from tests.simulation.frames import records_of
from tests.simulation.host import Host
from tests.simulation.link import Link
from tests.simulation.reader import Reader
from tests.simulation.sender import Sender
from tests.simulation.virtual_loop import TaskOwner

if TYPE_CHECKING:
    from tests.simulation.world import World

PAGE = 7

_json = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_read = msgspec.json.Decoder().decode


class Person(msgspec.Struct, frozen=True):
    id: PersonId
    name: str
    role: Role

    @property
    def is_staff(self) -> bool:
        """As they came; a role may change."""
        return self.role in ("owner", "instructor", "ta")


class Client:
    """One device. `stage` is about its link; `given_up` is the close code that told it not to come back."""

    def __init__(
        self,
        world: World,
        name: str,
        person: Person,
        *,
        random: Random,
        codec: Literal["json", "msgpack"],
        latency_s: float,
        bytes_per_s: float | None,
        hosts: Sequence[Host] | None = None,
    ) -> None:
        self.world = world
        self.name = name
        self.person = person
        self.random = random
        self.readers: dict[StreamName, Reader] = {}
        self.link: Link | None = None
        self.stage: Literal["away", "connecting", "open"] = "away"
        self.given_up: int | None = None
        self.is_wanted = False
        """Whether it wants to be connected."""
        self.mine: dict[tuple[str, str], list[str]] = {}
        self.latency_s = latency_s
        self.bytes_per_s = bytes_per_s
        self.on_news: Callable[[Reader], None] = lambda reader: None
        """Called when a stream's view may have changed, however it came: pushed, in a snapshot, in a page."""
        self._codec = codec
        self._hosts = world.hosts if hosts is None else hosts
        self._loop = asyncio.get_running_loop()
        self.sender = Sender(self)
        self._owner = TaskOwner(name)
        self._last_id = 0
        self._asked: dict[int, dict[str, Any]] = {}
        """Subscribe requests that are unanswered, by id."""
        self._fetching: dict[StreamName, asyncio.Task[None]] = {}

    # --- being connected --------------------------------------------------------------------------------------------

    def come(self) -> None:
        self.is_wanted = True
        if self.stage == "away" and self.given_up is None:
            self._connect()

    def go(self) -> None:
        """Away, without a word; the server notices now or later."""
        self.is_wanted = False
        if self.link is not None:
            self.link.cut(client_after_s=0.0, server_after_s=self.random.random() * 2)

    def try_again(self) -> None:
        """Although it was told not to come back."""
        self.given_up = None
        self._connect_again()

    def forget_everything(self) -> None:
        """The app was closed: positions are gone; the outbox is kept on disk."""
        self.mine.clear()
        for reader in self.readers.values():
            reader.forget()

    def _connect(self) -> None:
        hosts = [host for host in self._hosts if host.is_accepting]
        if not hosts:
            self._connect_later()
            return
        self.stage = "connecting"
        host: Host = self.random.choice(hosts)
        self.link = host.accept(
            self,
            random=self.random,
            latency_s=self.latency_s,
            bytes_per_s=self.bytes_per_s,
            framing="text" if self._codec == "json" else "binary",
        )
        self.note("hello to", host.bus.node_id)
        for reader in self.readers.values():
            reader.stage = "off"
        wanted = [stream for stream, reader in self.readers.items() if reader.wanted is not None]
        streams, levels = self._ask_for(wanted, is_new_connection=True)
        self.send({"type": "hello", "token": self.world.token(self.person), "streams": streams, "levels": levels})

    def _connect_later(self) -> None:
        self._loop.call_later(0.05 + self.random.random() * 1.5, self._connect_again)

    def _connect_again(self) -> None:
        if self.is_wanted and self.stage == "away" and self.given_up is None:
            self._connect()

    def lost(self, link: Link, code: int) -> None:
        if link is not self.link:
            return
        self.note("lost", code)
        self.link, self.stage = None, "away"
        self._asked.clear()
        self.sender.cut()
        for stream in list(self._fetching):
            self._stop_fetching(stream)
        if not is_reconnect_wanted(code):
            self.given_up = code
        elif self.is_wanted:
            self._connect_later()

    # --- asking -----------------------------------------------------------------------------------------------------

    def follow(self, stream: StreamName, *, level: str = "full", origin: Any = "position") -> None:
        """Follow a stream (or the same one otherwise), from the position if there is one."""
        reader = self.readers.get(stream)
        if reader is None:
            reader = self.readers[stream] = Reader(stream, blame=self._blame)
        can_ask = self.stage == "open" and reader.stage in ("off", "live", "lagging")
        reader.wanted = (level, "position" if isinstance(origin, dict) and not can_ask else origin)
        if can_ask:
            streams, levels = self._ask_for([stream], is_new_connection=False)
            id = self.next_id()
            self._asked[id] = streams
            self.send({"type": "subscribe", "id": id, "streams": streams, "levels": levels})

    def visit(self, stream: StreamName, position: dict[str, Any] | None) -> None:
        """To be followed when it comes, as if it had been at this position before."""
        self.follow(stream)
        if position is not None:
            self.readers[stream].recall(position)

    def unfollow(self, stream: StreamName) -> None:
        reader = self.readers.get(stream)
        if reader is not None and self.stage == "open" and reader.stage == "live":
            id = self.next_id()
            reader.stage = "leaving"
            self._asked[id] = {stream: None}
            self.send({"type": "unsubscribe", "id": id, "streams": [stream]})

    def _ask_for(self, streams: list[StreamName], *, is_new_connection: bool) -> tuple[dict[str, Any], dict[str, str]]:
        asked, levels = {}, {}
        for stream in streams:
            reader = self.readers[stream]
            self._stop_fetching(stream)
            level, origin = reader.wanted or ("full", "position")
            if origin == "position" or (origin == "head" and reader.position is not None):
                origin = reader.position
            reader.wanted = (level, "position")  # whatever it was this time
            asked[stream] = reader.ask(origin, level, is_new_connection=is_new_connection)
            if level != "full":
                levels[stream] = level
        return asked, levels

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def send(self, request: Any) -> None:
        if self.link is not None:
            self.link.send(_json(request) if self._codec == "json" else _pack(request))

    def say(self, request: dict[str, Any]) -> None:
        """Something small that nobody waits for."""
        if self.stage == "open":
            self.send(request)

    def _refused(self, record: dict[str, Any]) -> None:
        """A command, or a wish to follow."""
        id = record.get("id")
        self.note("refused", id, record["code"])
        if id not in self._asked:
            self.sender.refused(record)
            return
        for stream in self._asked.pop(id):
            reader = self.readers[StreamName(stream)]
            reader.refused()
            self._loop.call_later(0.3, self._follow_again, reader)

    def _follow_again(self, reader: Reader) -> None:
        if reader.stage in ("off", "live", "lagging") and self.stage == "open" and reader.wanted is not None:
            self.follow(reader.stream, level=reader.wanted[0], origin=reader.wanted[1])

    # --- records ----------------------------------------------------------------------------------------------------

    def heard(self, link: Link, frame: bytes) -> None:
        if link is not self.link:
            return
        for raw, record in records_of(frame, link.framing):
            if self.link is not link:
                return
            match record["type"]:
                case "event":
                    self._event(link, raw, record)
                case "accepted":
                    self.sender.accepted(record)
                case "refused":
                    self._refused(record)
                case "welcome":
                    self.stage = "open"
                    self._results(record["streams"])
                    self.sender.send_all()
                    self._follow_what_was_asked_meanwhile(record["streams"])
                case "subscribed":
                    del self._asked[record["id"]]
                    self._results(record["streams"])
                case "unsubscribed":
                    for stream in self._asked.pop(record["id"]):
                        self.readers[StreamName(stream)].left()
                case "snapshot" | "live" | "lag" | "head" | "dropped" as kind:
                    self._about_stream(kind, record)
                case "tally":
                    self.note("tally", record["room"], record["tallies"])
                    self.world.check.may_read(self, room_stream(record["room"]))
                    self.readers[room_stream(record["room"])].tally(record["tallies"])
                case "votes" | "my_session":
                    self.note(record["type"], record["room"], record.get("votes"))
                    self.world.check.may_read(self, room_stream(record["room"]))
                    self.readers[room_stream(record["room"])].counted(record)
                case "bars":
                    self.world.check.may_read(self, room_staff_stream(RoomId(record["room"])))
                case "presence":
                    self.readers[room_stream(record["room"])].here = set(record["people"])
                case "presence_changed":
                    here = self.readers[room_stream(record["room"])].here
                    here -= set(record.get("left", ()))
                    here |= set(record.get("joined", ()))
                case "mine":
                    self.mine |= {(record["room"], message): own for message, own in record["reactions"].items()}
                case "reconnect":
                    self._loop.call_later(self.random.random() * record["window"] / 1000, self._reconnect, link)
                case _:
                    pass

    def _follow_what_was_asked_meanwhile(self, said: dict[str, Any]) -> None:
        for stream, reader in list(self.readers.items()):
            if stream not in said and reader.wanted is not None:
                self.follow(stream, level=reader.wanted[0], origin=reader.wanted[1])

    def _reconnect(self, link: Link) -> None:
        """Asked to: the simplest client hangs up and comes again."""
        link.cut(client_after_s=0.0, server_after_s=0.05)

    def _results(self, results: dict[str, Any]) -> None:
        for stream, result in results.items():
            reader = self.readers[StreamName(stream)]
            reader.result(result)
            self.note("told", stream, result["result"], result.get("seq", result.get("code")))
            if result["result"] == "denied":
                reader.left()
                self.world.check.denied(self, StreamName(stream), result["code"])

    def _event(self, link: Link, raw: bytes, record: dict[str, Any]) -> None:
        stream = StreamName(record["stream"])
        self.note("event", stream, record["seq"])
        self.world.check.event(self, stream, raw, record, is_json=self._codec == "json")
        reader = self.readers.get(stream)
        if reader is None:
            self._blame(f"{stream}: pushed, and never asked for")
            return
        if link.is_flowing:
            self.world.check.prompt(self, reader, record["seq"])
        reader.event(record)
        self.on_news(reader)

    def _about_stream(self, kind: str, record: dict[str, Any]) -> None:
        stream = StreamName(record["stream"])
        self.note(kind, stream, record.get("seq", record.get("last")))
        self.world.check.may_read(self, stream)
        reader = self.readers[stream]
        match kind:
            case "snapshot":
                reader.snapshot(record)
                self.on_news(reader)
            case "live":
                reader.live(record, now_s=self._loop.time())
                if reader.stage == "fetching":
                    self._fetch(reader)
            case "lag":
                if reader.lag(record):
                    self._fetch(reader)
            case "head":
                reader.head = record
            case _:
                reader.left()

    # --- pages ------------------------------------------------------------------------------------------------------

    def _fetch(self, reader: Reader) -> None:
        """What `/api/events` is for."""
        self._stop_fetching(reader.stream)
        task = self._owner.context.run(self._loop.create_task, self._read_pages(reader))
        self._fetching[reader.stream] = task

    def _stop_fetching(self, stream: StreamName) -> None:
        if task := self._fetching.pop(stream, None):
            task.cancel()

    async def _read_pages(self, reader: Reader) -> None:
        while reader.seq < reader.live_seq:
            await asyncio.sleep(self.latency_s * 2)
            try:
                entries = await self.world.log.read(reader.stream, after=reader.seq, limit=PAGE)
            except LogUnavailable:
                await asyncio.sleep(0.5)
                continue
            for entry in entries[: reader.live_seq - reader.seq]:  # what is newer comes by itself
                reader.apply(_read(encode_entry(entry).json))
        self._fetching.pop(reader.stream, None)
        if reader.stage == "lagging":
            self.follow(reader.stream, level="full")
        else:
            reader.fetched()
        self.on_news(reader)

    # --- words ------------------------------------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Nothing unanswered, everything live."""
        return (
            self.stage == "open"
            and not self.sender.open
            and not self._asked
            and all(reader.stage in ("live", "off") for reader in self.readers.values())
        )

    def note(self, what: str, *details: object) -> None:
        self.world.trace.note(self.name, what, *details)

    def _blame(self, what: str) -> None:
        self.world.check.blame(f"{self.name}: {what}")
