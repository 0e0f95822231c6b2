"""A wire made of words: plays a server for the client's core, without a socket, a clock or a loop."""

from __future__ import annotations

import json
from typing import Any

import msgpack

from tertulia.client import effects as do
from tertulia.client.core import Core
from tertulia.client.records import Event
from tertulia.domain.commands import AnyCommand, PostMessage
from tertulia.domain.ids import RoomId
from tertulia.wire.codec import CodecName

HOUR_MS = 3_600_000
ROOM = "room/general"


class Wire:
    """Holds a core, keeps what it asked for. `said` are the requests of the link that was opened last, decoded."""

    def __init__(self, *, codec: CodecName = "json", can_renew: bool = False, chance: float = 0.5) -> None:
        self.codec: CodecName = codec
        self.now_s = 100.0
        self.core = Core(token="token-0", can_renew=can_renew, name="test", codec=codec, chance=lambda: chance)
        self.links: list[int] = []
        self.shut: list[int] = []
        self.said_on: dict[int, list[dict[str, Any]]] = {}
        self.handed: list[Event] = []
        self.soft: list[Any] = []
        self.fetches: list[do.Fetch] = []
        self.renewals = 0
        self.answers: dict[int, Any] = {}
        self.following: dict[str, Any] = {}
        self.ended: dict[str, str] = {}
        self.over: do.Over | None = None
        self.core.start(now_s=self.now_s)
        self.collect()

    @property
    def link(self) -> int:
        return self.links[-1]

    @property
    def said(self) -> list[dict[str, Any]]:
        return self.said_on.get(self.link, [])

    def collect(self) -> None:
        for effect in self.core.take_effects():
            match effect:
                case do.Open():
                    self.links.append(effect.link)
                case do.Shut():
                    self.shut.append(effect.link)
                case do.Say():
                    decode = json.loads if self.codec == "json" else msgpack.unpackb
                    self.said_on.setdefault(effect.link, []).append(decode(effect.payload))
                case do.Hand():
                    self.handed.append(effect.event)
                case do.Soft():
                    self.soft.append(effect.record)
                case do.Fetch():
                    self.fetches.append(effect)
                case do.Renew():
                    self.renewals += 1
                case do.Answer():
                    self.answers[effect.id] = effect.verdict
                case do.Following():
                    self.following[effect.stream] = effect.position
                case do.Ended():
                    self.ended[effect.stream] = effect.code
                case do.Over():
                    self.over = effect

    # --- what the program does ------------------------------------------------------------------------------------

    def post(self, text: str, *, patience_s: float | None = 60.0, room: str = "general", key: str = "") -> int:
        return self.give(PostMessage(key=key or f"key-{text:>08}", room=RoomId(room), text=text), patience_s=patience_s)

    def give(self, command: AnyCommand, *, patience_s: float | None = 60.0) -> int:
        id = self.core.command(command, patience_s=patience_s, now_s=self.now_s)
        self.collect()
        return id

    def follow(self, stream: str = ROOM, origin: Any = None, level: Any = "full") -> None:
        self.core.follow(stream, origin, level, now_s=self.now_s)
        self.collect()

    # --- what the world does --------------------------------------------------------------------------------------

    def open(self) -> None:
        self.core.opened(self.link, now_s=self.now_s)
        self.collect()

    def tell(self, *records: dict[str, Any], link: int | None = None) -> None:
        """One message."""
        if self.codec == "json":
            payload = "\n".join(json.dumps(record) for record in records).encode()
        else:
            payload = b"".join(msgpack.packb(record) for record in records)
        self.core.received(link or self.link, payload, now_s=self.now_s)
        self.collect()

    def close(self, code: int = 1006, *, link: int | None = None) -> None:
        self.core.closed(link or self.link, code, "", now_s=self.now_s)
        self.collect()

    def wait(self, seconds: float) -> None:
        """Time passes; the core is woken whenever it asked to be."""
        end_s = self.now_s + seconds
        while (due_s := self.core.next_due_s()) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self.core.tick(now_s=self.now_s)
            self.collect()
        self.now_s = end_s

    def welcome(self, streams: dict[str, Any] | None = None, *, lifetime_ms: int = HOUR_MS, **more: Any) -> None:
        self.tell(welcome(streams, lifetime_ms=lifetime_ms, **more))

    def go_live(self, *streams: str, at: int = 1) -> None:
        """Open, be welcomed, have these streams from a snapshot at `at`."""
        for stream in streams:
            self.follow(stream)
        self.open()
        self.welcome({stream: ok(at) for stream in streams})
        for stream in streams:
            self.tell(snapshot(at, stream=stream), live(at, stream=stream))

    def page(self, *events: dict[str, Any], epoch: str = "e1") -> None:
        """Answer the oldest page that was asked for."""
        fetch = self.fetches.pop(0)
        taken = [Event(stream=e["stream"], seq=e["seq"], name=e["name"], data=e["data"]) for e in events]
        self.core.page(fetch.number, fetch.stream, epoch=epoch, events=taken, now_s=self.now_s)
        self.collect()


def welcome(streams: dict[str, Any] | None = None, *, lifetime_ms: int = HOUR_MS, **more: Any) -> dict[str, Any]:
    return {
        "type": "welcome", "person": "p-me", "name": "Me", "role": "learner", "cohort": "demo", "connection": "c-1",
        "server": "test", "at": 1_000_000, "expires_at": 1_000_000 + lifetime_ms, "ping_s": 25.0, "features": [],
        "limits": {}, "streams": streams or {}, **more,
    }  # fmt: skip


def ok(seq: int, epoch: str = "e1") -> dict[str, Any]:
    return {"result": "ok", "epoch": epoch, "seq": seq}


def result(kind: str, seq: int, epoch: str = "e1") -> dict[str, Any]:
    return {"result": kind, "epoch": epoch, "seq": seq}


def event(seq: int, *, stream: str = ROOM, text: str = "") -> dict[str, Any]:
    return {
        "type": "event", "stream": stream, "seq": seq, "at": seq, "by": "p-you", "name": "message_posted",
        "data": {"text": text or f"message {seq}"},
    }  # fmt: skip


def snapshot(seq: int, *, stream: str = ROOM, epoch: str = "e1") -> dict[str, Any]:
    return {"type": "snapshot", "stream": stream, "epoch": epoch, "seq": seq, "state": {"room": "general"}}


def live(seq: int, *, stream: str = ROOM, epoch: str = "e1") -> dict[str, Any]:
    return {"type": "live", "stream": stream, "epoch": epoch, "seq": seq}


def lag(last: int, head: int, *, stream: str = ROOM) -> dict[str, Any]:
    return {"type": "lag", "stream": stream, "epoch": "e1", "last": last, "head": head}


def accepted(id: int, seq: int = 2) -> dict[str, Any]:
    return {"type": "accepted", "id": id, "stream": ROOM, "seq": seq, "at": 5}


def refused(id: int, retry: str, *, code: str = "rate_limited", after: int | None = None) -> dict[str, Any]:
    told = {"type": "refused", "id": id, "code": code, "message": "No.", "retry": retry}
    return told if after is None else {**told, "after": after}
