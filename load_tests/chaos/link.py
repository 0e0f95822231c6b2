"""One WebSocket of a reader: its upgrade, its hello, and the check that what it is told has no hole and no repeat."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from load_tests.chaos.records import CLOSE, PING, PONG, TEXT, Heard, Record, control, frames
from load_tests.frames import masked, upgrade

if TYPE_CHECKING:
    from load_tests.chaos.readers import Reader

Stage = Literal["upgrading", "greeting", "live", "over"]
GOING_AWAY = (1001).to_bytes(2, "big")


class Link(asyncio.Protocol):
    """`last`: the seq told last, or from which it was asked; `node`: where it leads."""

    def __init__(self, reader: Reader, node: int, port: int) -> None:
        self.reader = reader
        self.node = node
        self.stage: Stage = "upgrading"
        self.last = 0
        self.opened_s = asyncio.get_running_loop().time()
        self._port = port
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._is_gap = self._is_reset = False
        self._ahead: list[Heard] | None = None
        """While a gap is fetched: what was pushed meanwhile."""

    # --- as a protocol ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.reader.opened(self)
        self._transport.write(upgrade(self._port, subprotocol="tertulia.v1.json"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self.stage == "upgrading" and not self._is_upgraded():
            return
        for opcode, payload in frames(self._buffer):
            if self.stage == "over":
                return
            self._take(opcode, payload)

    def connection_lost(self, error: Exception | None) -> None:
        """Told for every end of it, ours too."""
        self.stage = "over"
        self.reader.lost(self)

    # --- what the reader asks -------------------------------------------------------------------------------------

    def say(self, request: dict[str, object]) -> None:
        assert self._transport is not None, "it is connected"
        self._transport.write(masked(msgspec.json.encode(request)))

    def close(self) -> None:
        """In order; nothing more is heard of it."""
        self.stage = "over"
        if self._transport is not None:
            self._transport.write(control(CLOSE, GOING_AWAY))
            self._transport.close()

    def reset(self) -> None:
        """As by a network that fails."""
        if self._transport is not None:
            sock: socket.socket = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    # --- what comes -------------------------------------------------------------------------------------------------

    def _is_upgraded(self) -> bool:
        head, found, _ = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.reader.crowd.turned_away += 1
            self.reset()
            return False
        del self._buffer[: len(head) + len(found)]
        self.stage = "greeting"
        self.last = self.reader.last
        self.say(self.reader.hello())
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        crowd = self.reader.crowd
        if opcode == TEXT:
            for record in crowd.messages.read(payload):
                if isinstance(record, Heard):
                    self._hear(record)
                else:
                    self._told(record)
        elif opcode == PING:
            assert self._transport is not None, "it is connected"
            self._transport.write(control(PONG, payload))
        elif opcode == CLOSE:
            crowd.closings[int.from_bytes(payload[:2], "big")] += 1
            self.reset()
        elif opcode != PONG:
            crowd.faults.note("other", f"{self.reader.name} was sent a frame of kind {opcode}")

    def _hear(self, event: Heard) -> None:
        if event.stream != self.reader.stream:
            return
        if self._ahead is not None:
            self._ahead.append(event)
            return
        if event.seq != self.last + 1:
            kind: Literal["gap", "duplicate"] = "gap" if event.seq > self.last else "duplicate"
            self.reader.crowd.faults.note(kind, f"{self.reader.name} was told {event.seq} after {self.last}")
        self.last = event.seq
        self.reader.hear(event, self.node)

    def _told(self, record: Record) -> None:
        reader = self.reader
        match record.type:
            case "welcome" | "subscribed":
                self._result(record)
                if record.type == "welcome":
                    reader.welcomed(self)
            case "snapshot" if record.stream == reader.stream and self._is_reset:
                self.last = reader.last = record.seq
            case "live" if record.stream == reader.stream:
                self._live(record.seq)
            case "lag":
                reader.crowd.lags += 1
                self.say({"type": "subscribe", "id": 1, "streams": {reader.stream: reader.position()}})
            case "reconnect":
                reader.told_to_leave(self, after_s=(record.after or 0) / 1000, window_s=record.window / 1000)
            case "dropped" | "refused":
                reader.crowd.faults.note("other", f"{reader.name}: {record.type} {record.code} {record.retry}")

    def _result(self, record: Record) -> None:
        reader = self.reader
        found = record.streams[reader.stream]
        reader.crowd.results[found.result] += 1
        self._is_gap, self._is_reset = found.result == "gap", found.result == "reset"
        reader.epoch = found.epoch or reader.epoch
        if self._is_gap:
            self._ahead = []
        elif self._is_reset:
            reader.crowd.faults.note("other", f"{reader.name}: its position {reader.last} is not the log's any more")
        elif found.result == "denied":
            reader.crowd.faults.note("other", f"{reader.name} was denied: {found.code}")

    def _live(self, seq: int) -> None:
        if self.reader.is_new:
            self.reader.begin(seq)
            self.last = seq
        if self._ahead is not None:
            self.reader.crowd.spawn(self._fetch(seq))
        elif seq != self.last:
            self.reader.crowd.faults.note("gap", f"{self.reader.name}: live at {seq}, and told up to {self.last}")
        self.stage = "live"
        self.reader.is_live(self)

    async def _fetch(self, upto: int) -> None:
        """What was too much to push."""
        reader = self.reader
        fetched = await reader.crowd.fetch(self.node, reader, after=self.last, upto=upto)
        if fetched is None or self.stage == "over":
            self.reset()
            return
        ahead, self._ahead = self._ahead or [], None
        for event in [*fetched, *ahead]:
            self._hear(event)
