"""Records as server-sent events: each record one event; its `id` says all positions so far, so that the header
`Last-Event-ID` of the next request resumes them all. No input or output here.

A stream that was answered with `gap` keeps the position the client came with: it would be a silent hole to say that the
client has what it was told to fetch elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from tertulia.domain.ids import is_stream_name
from tertulia.wire.closing import CLOSINGS, Closing
from tertulia.wire.records import StreamResult
from tertulia.wire.requests import From, Position

HEARTBEAT: Final = b":\n\n"

_EPOCH: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_TYPE: Final = re.compile(rb'\{"type":"([a-z_]+)"')
_ADVANCING: Final = frozenset({b"event", b"snapshot", b"live"})


class _Place(msgspec.Struct):
    stream: str
    seq: int = 0
    epoch: str = ""


class _Results(msgspec.Struct):
    streams: dict[str, StreamResult]


class _Reconnect(msgspec.Struct):
    after: int
    window: int


_place: Final = msgspec.json.Decoder(_Place).decode
_results: Final = msgspec.json.Decoder(_Results).decode
_reconnect: Final = msgspec.json.Decoder(_Reconnect).decode


class Framer:
    """What one client is sent, in order. `streams`: what it asked for at level `full`."""

    def __init__(self, streams: Mapping[str, From]) -> None:
        self._positions = {name: (at.epoch, at.seq) for name, at in streams.items() if isinstance(at, Position)}
        self._epochs = {name: epoch for name, (epoch, _) in self._positions.items()}
        self._gaps: set[str] = set()
        self.ends_in_ms: int | None = None
        """The server said `reconnect`: it wants this client gone within so many milliseconds."""

    def events(self, payload: bytes) -> bytes:
        """A message's records (JSON, parted by newlines) as events."""
        return b"".join(map(self._event, payload.split(b"\n")))

    def _event(self, record: bytes) -> bytes:
        found = _TYPE.match(record)
        kind = found[1] if found is not None else b""
        if kind in _ADVANCING and self._advances(kind, record):
            return b"id: %b\ndata: %b\n\n" % (self._id(), record)
        if kind == b"welcome":
            self._welcome(record)
        elif kind == b"dropped":
            self._positions.pop(_place(record).stream, None)
        elif kind == b"reconnect":
            said = _reconnect(record)
            self.ends_in_ms = said.after + said.window
        return b"data: %b\n\n" % record

    def _welcome(self, record: bytes) -> None:
        for name, result in _results(record).streams.items():
            self._epochs[name] = result.epoch
            if result.result == "gap":
                self._gaps.add(name)
            elif result.result != "ok":
                self._positions.pop(name, None)

    def _advances(self, kind: bytes, record: bytes) -> bool:
        at = _place(record)
        if kind == b"snapshot":
            self._gaps.discard(at.stream)
        elif at.stream in self._gaps:
            return False
        if at.epoch:
            self._epochs[at.stream] = at.epoch
        self._positions[at.stream] = (self._epochs.get(at.stream, ""), at.seq)
        return True

    def _id(self) -> bytes:
        return ",".join(f"{name}={epoch}:{seq}" for name, (epoch, seq) in self._positions.items()).encode()


def goodbye(closing: Closing) -> bytes:
    """The last event of a stream the server ends; code and words are those of the socket's close."""
    name = next((name for name, known in CLOSINGS.items() if known == closing), "")
    said = {"type": "close", "code": closing.code, "name": name, "message": closing.reason}
    return b"event: close\ndata: %b\n\n" % msgspec.json.encode(said)


def read_positions(last_event_id: str) -> dict[str, Position] | None:
    """`<stream>=<epoch>:<seq>`, parted by commas; None when it is something else."""
    positions = {}
    for part in last_event_id.split(","):
        name, is_there, place = part.strip().partition("=")
        epoch, colon, seq = place.rpartition(":")
        is_number = seq.isascii() and seq.isdecimal() and len(seq) <= 15
        if not (is_there and colon and is_number and is_stream_name(name) and _EPOCH.fullmatch(epoch)):
            return None
        positions[name] = Position(epoch, int(seq))
    return positions
