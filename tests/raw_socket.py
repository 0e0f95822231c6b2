"""A socket that says exactly what it is told, byte by byte, and hears what comes back: for peers that misbehave.

    async with raw_socket(server) as peer:
        assert (await peer.upgrade()).status == 101
        await peer.send(frame(TEXT, b"..."))
        assert await peer.close_code() == 4500

What is *not* here: what a good client does (`tertulia.client`).
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

import msgspec

from tests.servers import Server

CONT: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
DEADLINE_S: Final = 20.0
NO_CLOSE_FRAME: Final = 1006
"""What `close_code` says when the connection ended without a word."""

_MASK: Final = b"\x13\x57\x9b\xdf"


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    claims: int | None = None,
) -> bytes:
    """A frame of a client's. `claims`: a length other than the payload's. Not masked: as only a server may send it."""
    size = len(payload) if claims is None else claims
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if size < 126:
        head += bytes([bit | size])
    elif size < 65_536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    stretched = _MASK * (len(payload) // 4 + 1)
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(stretched[: len(payload)], "big")
    return head + _MASK + mixed.to_bytes(len(payload), "big")


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack(">H", code) + reason)


class Answer(NamedTuple):
    """To an HTTP request; the status is 0 when the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: str


class Peer:
    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.pongs: list[bytes] = []
        self._records: list[dict[str, Any]] = []

    # --- saying -------------------------------------------------------------------------------------------------

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def say(self, request: dict[str, Any]) -> None:
        await self.send(frame(TEXT, msgspec.json.encode(request)))

    async def upgrade(
        self, path: str = "/ws", *, subprotocol: str | None = "tertulia.v1.json", **headers: str
    ) -> Answer:
        """Ask for a WebSocket. `headers`: named with underscores; an empty one is left out."""
        wanted = {
            "Host": f"127.0.0.1:{self.server.port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": subprotocol or "",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in wanted.items() if value]
        await self.send("\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1"))
        return await self.answer()

    async def hello(self, name: str = "Ana", **streams: Any) -> dict[str, Any]:
        """Upgrade and come in; `welcome`."""
        assert (await self.upgrade()).status == 101
        await self.say({"type": "hello", "token": self.server.token(name), "streams": streams})
        return await self.record()

    # --- hearing ------------------------------------------------------------------------------------------------

    async def answer(self) -> Answer:
        async with asyncio.timeout(DEADLINE_S):
            try:
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            except (asyncio.IncompleteReadError, ConnectionResetError):
                return Answer(0, {}, "")
            first, *lines = head.split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
            }
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
            return Answer(int(first.split()[1]), headers, body.decode())

    async def frame(self) -> tuple[int, bytes]:
        """The next one; never masked, never a fragment. Raises IncompleteReadError at the end."""
        async with asyncio.timeout(DEADLINE_S):
            first, second = await self.reader.readexactly(2)
            assert first & 0x80, "the server sends no fragments"
            assert not first & 0x70, "it has agreed to no extension"
            assert not second & 0x80, "a server does not mask"
            size = second
            if size == 126:
                (size,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(size)

    async def record(self) -> dict[str, Any]:
        """The next record (of a JSON connection)."""
        while not self._records:
            await self.hear()
        return self._records.pop(0)

    def waiting(self) -> list[dict[str, Any]]:
        """What was heard and not asked for yet."""
        return list(self._records)

    async def hear(self) -> None:
        """Take the next frame, which is no close."""
        opcode, payload = await self.frame()
        if opcode == PONG:
            self.pongs.append(payload)
        elif opcode != PING:
            assert opcode == TEXT, f"a frame of kind {opcode}: {payload!r}"
            self._records += [msgspec.json.decode(line) for line in payload.split(b"\n")]

    async def until(self, type: str, **fields: Any) -> dict[str, Any]:
        """The next record of this type with these values; others before it wait to be asked for."""
        looked = 0
        while True:
            while looked == len(self._records):
                await self.hear()
            record = self._records[looked]
            if record["type"] == type and all(record.get(name) == value for name, value in fields.items()):
                return self._records.pop(looked)
            looked += 1

    async def close_code(self) -> int:
        """Everything up to the end of the connection; the code in the one close frame, after which nothing comes."""
        code = NO_CLOSE_FRAME
        try:
            while True:
                opcode, payload = await self.frame()
                assert code == NO_CLOSE_FRAME, f"after its close the server says {opcode}: {payload!r}"
                if opcode == CLOSE:
                    (code,) = struct.unpack(">H", payload[:2]) if payload else (1005,)
                    with suppress(OSError, RuntimeError):
                        self.writer.write(frame(CLOSE, payload[:2]))
        except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
            return code

    def cut(self) -> None:
        self.writer.transport.abort()


@asynccontextmanager
async def raw_socket(server: Server, *, receive_buffer: int | None = None) -> AsyncIterator[Peer]:
    """`receive_buffer`: bytes the kernel takes for a peer that does not read (Linux doubles them)."""
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=2**20 if receive_buffer is None else receive_buffer)
    try:
        yield Peer(server, reader, writer)
    finally:
        writer.transport.abort()
