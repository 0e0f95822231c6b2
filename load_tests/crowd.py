"""A crowd of raw sockets on one core: many readers, some writers who keep a window of posts in flight.

Records are counted in the bytes, not parsed: a reader costs one `recv` and one `count` per message. What is *not* here:
checking every seq (replay.py does), open-loop latency (comes with issue 3).
"""

from __future__ import annotations

import base64
import json
import selectors
import socket
import time
from dataclasses import dataclass, field

from tests.servers import Server

POSTED = b'"message_posted"'
ACCEPTED = b'"accepted"'
BUFFER_BYTES = 1 << 20
PER_PERSON = 15
CONNECT_DEADLINE_S = 20.0


@dataclass(slots=True)
class Counted:
    """What was seen in a span of time. `acks_s`: the waits for acks, in seconds."""

    seconds: float = 0.0
    server_cpu_s: float = 0.0
    deliveries: int = 0
    acks: int = 0
    refused: int = 0
    acks_s: list[float] = field(default_factory=list)


def masked(payload: bytes) -> bytes:
    """A client's text frame; the masking key is zero, so that the payload stands as it is."""
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81" + bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


class Crowd:
    def __init__(self, server: Server, *, readers: int, writers: int, room: str = "general") -> None:
        self._server = server
        self._room = room
        people = (readers + writers) // PER_PERSON + 1
        self._tokens = [server.token(f"Person {number}", hours=5.0) for number in range(people)]
        self._number = 0
        self._sent_at: dict[int, float] = {}
        self._readers = [self._connect({f"room/{room}": "head"}) for _ in range(readers)]
        self._writers = [self._connect({}) for _ in range(writers)]
        self._posts = 0
        self._selector = selectors.EpollSelector()
        for place, connection in enumerate([*self._readers, *self._writers]):
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ, place - readers)

    def close(self) -> None:
        for connection in [*self._readers, *self._writers]:
            connection.close()

    def talk(self, *, seconds: float, warm_s: float, text: str, window: int = 1) -> Counted:
        """Each writer keeps `window` posts in flight; counted after the warm-up. With one writer and a window of one,
        `acks_s` is the wait for a lone ack."""
        for writer in range(len(self._writers)):
            for _ in range(window):
                self._post(writer, text)
        self._pump(warm_s, text)
        return self._pump(seconds, text)

    def _connect(self, streams: dict[str, str]) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._server.port), timeout=CONNECT_DEADLINE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(b"0123456789abcdef").decode()
        connection.sendall(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self._server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: tertulia.v1.json\r\n\r\n".encode()
        )
        connection.recv(4096)
        token = self._tokens[self._number // PER_PERSON]
        self._number += 1
        connection.sendall(masked(json.dumps({"type": "hello", "token": token, "streams": streams}).encode()))
        seen = b""
        while (b'"type":"live"' if streams else b'"type":"welcome"') not in seen:
            seen += connection.recv(65_536)
        return connection

    def _post(self, writer: int, text: str) -> None:
        self._posts += 1
        number = self._posts
        self._sent_at[number] = time.perf_counter()
        command = {
            "type": "post_message",
            "id": number,
            "key": f"crowd-{self._server.port}-{number:012}",
            "room": self._room,
            "text": text,
        }
        self._writers[writer].sendall(masked(json.dumps(command).encode()))

    def _pump(self, seconds: float, text: str) -> Counted:
        counted = Counted()
        buffer = bytearray(BUFFER_BYTES)
        view = memoryview(buffer)
        cpu_s, begun = self._cpu_s(), time.perf_counter()
        while (now := time.perf_counter()) < begun + seconds:
            for key, _ in self._selector.select(0.05):
                connection = key.fileobj
                assert isinstance(connection, socket.socket), "only sockets are registered"
                try:
                    data = bytes(view[: connection.recv_into(buffer)])
                except BlockingIOError:
                    continue
                if key.data < 0:
                    counted.deliveries += data.count(POSTED)
                else:
                    self._answered(counted, data, writer=key.data, text=text)
        counted.seconds = now - begun
        counted.server_cpu_s = self._cpu_s() - cpu_s
        return counted

    def _answered(self, counted: Counted, data: bytes, *, writer: int, text: str) -> None:
        counted.refused += data.count(b'"refused"')
        acks = data.count(ACCEPTED)
        counted.acks += acks
        if len(self._writers) == 1 and acks == 1:
            counted.acks_s.append(time.perf_counter() - self._sent_at[self._posts])
        for _ in range(acks):
            self._post(writer, text)

    def _cpu_s(self) -> float:
        """CPU seconds the server's process has used, user and system."""
        with open(f"/proc/{self._server.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100
