"""What a server sends, read whole and cheaply: frames, then records.

A node writes the same bytes to all readers of a room, so each message is decoded once and remembered for the others.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from load_tests.frames import masked

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
REMEMBERED_MAX: Final = 512
REMEMBERED_BYTES_MAX: Final = 65_536


class Result(msgspec.Struct):
    """Of a stream in `welcome` and `subscribed`."""

    result: str
    epoch: str = ""
    seq: int = 0
    code: str = ""


class Record(msgspec.Struct):
    """Any record; the keys a reader cares about."""

    type: str
    stream: str = ""
    seq: int = 0
    at: int = 0
    by: str = ""
    name: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    streams: dict[str, Result] = {}
    after: int | None = None
    window: int = 0
    code: str = ""
    retry: str = ""


class Heard(NamedTuple):
    """One event. `voice`: who of the chaos says it, or -1; `digest`: of all that makes it what it is."""

    stream: str
    seq: int
    at: int
    voice: int
    text: str
    digest: int


class _Said(msgspec.Struct):
    text: str = ""


_record = msgspec.json.Decoder(Record)
_said = msgspec.json.Decoder(_Said)


def words(voice: int, writer: int, number: int) -> str:
    """What a writer says: no two the same, and its voice can be heard from it."""
    return f"{voice} {writer} {number} and so on"


def heard_of(record: Record) -> Heard:
    text, voice = "", -1
    if record.name == "message_posted":
        text = _said.decode(record.data).text
        first = text.partition(" ")[0]
        voice = int(first) if first.isascii() and first.isdigit() else -1
    parts = (record.stream, record.seq, record.at, record.by, record.name, text)
    return Heard(record.stream, record.seq, record.at, voice, text, zlib.crc32(repr(parts).encode()))


def heard_in_page(stream: str, event: dict[str, Any]) -> Heard:
    """An event as `/api/events` pages it: the same event has the same digest."""
    told = {key: event[key] for key in ("seq", "at", "by", "name")}
    data = msgspec.Raw(msgspec.json.encode(event["data"]))
    return heard_of(Record(type="event", stream=stream, data=data, **told))


class Messages:
    """Decodes messages; `asked` and `decoded` count."""

    def __init__(self) -> None:
        self._remembered: OrderedDict[bytes, list[Heard | Record]] = OrderedDict()
        self.asked = self.decoded = 0

    def read(self, message: bytes) -> list[Heard | Record]:
        """Its records in order; events as `Heard`. Raises msgspec.MsgspecError for what is no record."""
        self.asked += 1
        if (found := self._remembered.get(message)) is not None:
            return found
        self.decoded += 1
        records = map(_record.decode, message.split(b"\n"))
        found = [heard_of(record) if record.type == "event" else record for record in records]
        if len(message) <= REMEMBERED_BYTES_MAX:
            self._remembered[message] = found
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return found


def frames(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Takes whole frames off the front: opcode and payload. A server's are unmasked; ours are not fragmented."""
    while len(buffer) >= 2:
        size, place = buffer[1] & 0x7F, 2
        if size == 126:
            size, place = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, place = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < place + size:
            return
        opcode, payload = buffer[0] & 0x0F, bytes(buffer[place : place + size])
        del buffer[: place + size]
        yield opcode, payload


def control(opcode: int, payload: bytes = b"") -> bytes:
    """A client's control frame."""
    return bytes([0x80 | opcode]) + masked(payload)[1:]
