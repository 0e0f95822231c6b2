"""What each of a lecture's clients is told, record by record, of 500 clients in one process and on one core.

Every client's bytes are taken apart for itself, and its own sequence of records is kept. What is shared is the work on
bytes that are equal: a payload that another client was sent too, byte for byte, is looked up and not decoded again, and
a record that is equal byte for byte is one object. So two sequences of the same objects *are* equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from tertulia.domain.event import Event
from tertulia.domain.events import EVENTS
from tertulia.domain.view import RoomView, apply_room, apply_tally

_TEXT, _CLOSE, _PING = 0x81, 0x88, 0x89
FRAMES_KEPT: Final = 4_096


class Record(msgspec.Struct, kw_only=True):
    """Any record of the server, as far as a listener looks into it."""

    type: str
    stream: str = ""
    epoch: str = ""
    seq: int = 0
    at: int = 0
    by: str = ""
    name: str = ""
    data: msgspec.Raw = msgspec.Raw()
    state: msgspec.Raw = msgspec.Raw()
    id: int | None = None
    code: str = ""
    message: str = ""
    dup: bool = False
    tallies: dict[str, dict[str, int]] = {}
    votes: Any = None


_decode: Final = msgspec.json.Decoder(Record).decode
_kinds: Final = {name: msgspec.json.Decoder(kind) for name, kind in EVENTS.items()}
_VIEW: Final = msgspec.json.Decoder(RoomView)


class Told:
    """A record that many are told, once for all who were told these bytes. `sent_s`: when what it says was sent, if
    the script sent it."""

    __slots__ = ("event", "line", "record", "sent_s")

    def __init__(self, line: bytes, record: Record) -> None:
        self.line = line
        self.record = record
        self.event: Event | None = _kinds[record.name].decode(record.data) if record.type == "event" else None
        self.sent_s: float | None = None


class Frame(NamedTuple):
    """A payload taken apart. `room`: the events of the room's stream in it. `is_shared`: all of it is for many."""

    room: tuple[Told, ...]
    others: tuple[Told, ...]
    is_shared: bool


class Frames:
    """`heard_first` is called with each event of the room's stream the first time its bytes are seen."""

    def __init__(self, room: str, *, heard_first: Callable[[Told], None]) -> None:
        self.stream = f"room/{room}"
        self._heard_first = heard_first
        self._frames: dict[bytes, Frame] = {}
        self._told: dict[bytes, Told] = {}
        self._event = f'{{"type":"event","stream":"{self.stream}",'.encode()

    def read(self, payload: bytes) -> Frame:
        known = self._frames.get(payload)
        if known is None:
            known = self._take_apart(payload)
            if known.is_shared:
                if len(self._frames) >= FRAMES_KEPT:
                    self._frames.clear()
                self._frames[payload] = known
        return known

    def _take_apart(self, payload: bytes) -> Frame:
        room, others, is_shared = [], [], True
        for line in payload.split(b"\n"):
            if line.startswith(self._event):
                room.append(self._shared(line))
            elif line.startswith((b'{"type":"votes"', b'{"type":"tally"')):
                others.append(self._shared(line))
            else:
                is_shared = is_shared and line.startswith((b'{"type":"presence', b'{"type":"typing"'))
                others.append(Told(line, _decode(line)))
        return Frame(tuple(room), tuple(others), is_shared)

    def _shared(self, line: bytes) -> Told:
        known = self._told.get(line)
        if known is None:
            known = self._told[line] = Told(line, _decode(line))
            if known.event is not None:
                self._heard_first(known)
        return known


Spoil = Callable[[tuple[Told, ...]], tuple[Told, ...]]
"""A planted fault: what a client hears in place of what it was told."""


class Listener:
    """One client. `records`: the events of the room's stream it was told, in that order. `answers` and `mine` take
    what is for this client alone."""

    def __init__(self, number: int, frames: Frames, *, folds: bool, say: Callable[[bytes], None]) -> None:
        self.number = number
        self.records: list[Told] = []
        self.tallies: dict[str, dict[str, int]] = {}
        self.votes: dict[str, int] = {}
        self.snapshot = b""
        self.began = self.last = 0
        self.faults: list[str] = []
        self.is_live = False
        self.told = 0
        """How many frames."""
        self.spoil: Spoil | None = None
        self.view: RoomView | None = None
        """Folded record by record as they come, by a sample of the clients."""
        self.waits: list[float] = []
        """Of each message, from when it was sent (seconds)."""
        self.streams: dict[str, list[Told]] = {}
        """What else it was told: `user/…`, for staff `room/…/staff`."""
        self.answers: list[Record] = []
        self._frames, self._folds, self._say = frames, folds, say
        self._rest = b""

    def hear(self, data: bytes, now_s: float) -> None:
        """What came, wherever it was cut."""
        data, at = self._rest + data if self._rest else data, 0
        while len(data) - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            end = at + head + size
            if len(data) < max(end, at + head):
                break
            if data[at] == _TEXT:
                self._take(data[at + head : end], now_s)
            elif data[at] == _PING:
                self._say(b"\x8a" + bytes([0x80 | size]) + b"\0\0\0\0" + data[at + head : end])
            elif data[at] == _CLOSE:
                self.faults.append(f"closed: {data[at + head + 2 : end].decode(errors='replace')}")
            at = end
        self._rest = data[at:]

    def _take(self, payload: bytes, now_s: float) -> None:
        self.told += 1
        room, others, _ = self._frames.read(payload)
        if self.spoil is not None:
            room, others = self.spoil(room), self.spoil(others)
        if room:
            self._take_room(room, now_s)
        for told in others:
            self._take_other(told)

    def _take_room(self, room: tuple[Told, ...], now_s: float) -> None:
        for told in room:
            seq = told.record.seq
            if seq != self.last + 1:
                what = "lost" if seq > self.last else "repeated or out of order"
                self.faults.append(f"{what}: {seq} after {self.last}")
            self.last = seq
            if told.sent_s is not None:
                self.waits.append(now_s - told.sent_s)
        self.records.extend(room)
        if self.view is not None:
            for told in room:
                fold(self.view, told)

    def _take_other(self, told: Told) -> None:
        record = told.record
        match record.type:
            case "votes":
                self.votes = record.votes
                if self.view is not None and self.view.session is not None:
                    self.view.session.votes = dict(record.votes)
            case "tally":
                self.tallies |= record.tallies
                if self.view is not None:
                    apply_tally(self.view, record.tallies)
            case "accepted" | "refused":
                self.answers.append(record)
            case "event":
                self.streams.setdefault(record.stream, []).append(told)
            case "snapshot" if record.stream == self._frames.stream:
                self.snapshot, self.began, self.last = bytes(record.state), record.seq, record.seq
                self.view = _VIEW.decode(self.snapshot) if self._folds else None
            case "live" if record.stream == self._frames.stream:
                self.is_live = True
            case "lag" | "dropped":
                self.faults.append(f"{record.type}: {told.line.decode()}")
            case _:
                pass

    def state(self, folded: RoomView) -> bytes:
        """This client's state as canonical JSON. `folded`: its own records, folded; with its own soft records."""
        view = _VIEW.decode(msgspec.json.encode(folded))
        apply_tally(view, self.tallies)
        if view.session is not None:
            view.session.votes = dict(self.votes)
        return canonical(view)


def fold(view: RoomView, told: Told) -> None:
    record = told.record
    apply_room(view, seq=record.seq, at=record.at, by=record.by, event=told.event)


def folded(snapshot: bytes, records: list[Told]) -> RoomView:
    view = _VIEW.decode(snapshot)
    for told in records:
        fold(view, told)
    return view


def canonical(view: RoomView) -> bytes:
    """Equal states are equal bytes: whatever order its tables came to be in."""
    return msgspec.json.encode(view, order="sorted")


def canonical_of(state: bytes) -> bytes:
    """The same of a snapshot's `state`."""
    return canonical(_VIEW.decode(state))
