"""What Redis itself costs: CPU of a real redis-server for a message published and for each subscriber it goes to.

Classic pub/sub (PUBLISH) and sharded (SPUBLISH, on a Redis in cluster mode that holds all slots). *Alone*: one message
at a time, the next when every subscriber has it (a Redis that sleeps meanwhile, at tens of messages a second, pays up
to 100 µs for waking up, of which its core notices nothing). *Full*: as many as Redis takes, twenty publishers with five
on their way each. Both are measured with several numbers of subscribers; a line through them gives the cost of
publishing (with nobody there) and of each subscriber. Publishers and subscribers are bare sockets, whose own CPU is not
counted. The messages have the size of a frame with a text of 200 bytes.
"""

from __future__ import annotations

import select
import socket
import tempfile
import time
from pathlib import Path
from typing import Literal

from load_tests import process
from load_tests.costs.model import line_through
from tests.redis_server import RedisServer, free_port

Kind = Literal["classic", "sharded"]
PAYLOAD = b"x" * 450
SUBSCRIBERS = (1, 4, 16, 48)
PUBLISHERS = 20
IN_FLIGHT_OF_ONE = 5
CHANNEL = b"tertulia:room/general"
SUBSCRIPTIONS = 20_000
BUFFER_BYTES = 1 << 18
WARM_SHARE = 0.2
_COMMANDS: dict[Kind, tuple[bytes, bytes]] = {
    "classic": (b"PUBLISH", b"SUBSCRIBE"),
    "sharded": (b"SPUBLISH", b"SSUBSCRIBE"),
}
_CLUSTER = {"cluster-enabled": "yes", "cluster-require-full-coverage": "no"}


def measure(seconds: float) -> dict[str, float]:
    """Costs by name (`model.py` says what each is); about 17 × `seconds`."""
    found: dict[str, float] = {}
    for kind in _COMMANDS:
        with tempfile.TemporaryDirectory() as folder:
            cluster = _CLUSTER | {"cluster-port": str(free_port())}  # its own is beyond the ports there are
            server = RedisServer(Path(folder), options=cluster if kind == "sharded" else None)
            with server:
                if kind == "sharded":
                    server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
                    _wait_for_cluster(server)
                found |= _publishing(server, kind, seconds)
                if kind == "classic":
                    found |= _subscribing(server)
    return found


def _publishing(server: RedisServer, kind: Kind, seconds: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for load in ("alone", "full"):
        points: list[tuple[float, float]] = []
        for subscribers in SUBSCRIBERS:
            publishers = 1 if load == "alone" else PUBLISHERS
            crowd = _Crowd(server, kind, subscribers, publishers, 1 if load == "alone" else IN_FLIGHT_OF_ONE)
            with process.apart([server.pid]):
                crowd.run(seconds * WARM_SHARE)
                cpu_s, before = process.cpu_s([server.pid]), crowd.published
                crowd.run(seconds)
                used_s = process.cpu_s([server.pid]) - cpu_s
            points.append((subscribers, used_s / (crowd.published - before) * 1e6))
            crowd.close()
        publish_us, deliver_us = line_through(points)
        found[f"redis_{kind}_publish_{load}_us"] = publish_us
        found[f"redis_{kind}_deliver_{load}_us"] = deliver_us
    return found


def _subscribing(server: RedisServer) -> dict[str, float]:
    """CPU and memory of a subscription, when each of two nodes has it."""
    names = [b"tertulia:room/%08d" % number for number in range(SUBSCRIPTIONS)]
    before, cpu_s = _memory(server), process.cpu_s([server.pid])
    sockets = []
    for _ in range(2):
        sock = socket.create_connection(("127.0.0.1", server.port))
        sockets.append(sock)
        for begin in range(0, len(names), 500):
            batch = names[begin : begin + 500]
            sock.sendall(_command(b"SUBSCRIBE", *batch))
            heard = 0
            while heard < len(batch):
                heard += sock.recv(BUFFER_BYTES).count(b"subscribe\r\n")
    subscriptions = 2 * SUBSCRIPTIONS
    found = {
        "redis_subscribe_us": (process.cpu_s([server.pid]) - cpu_s) / subscriptions * 1e6,
        "redis_subscription_bytes": (_memory(server) - before) / subscriptions,
    }
    for sock in sockets:
        sock.close()
    return found


class _Crowd:
    """Subscribers that read and publishers that keep a number of messages on their way."""

    def __init__(self, server: RedisServer, kind: Kind, subscribers: int, publishers: int, in_flight: int) -> None:
        publish, subscribe = _COMMANDS[kind]
        self._message = _command(publish, CHANNEL, PAYLOAD)
        self._buffer = bytearray(BUFFER_BYTES)
        self._poll = select.epoll()
        self._subscribers: dict[int, socket.socket] = {}
        self._publishers: dict[int, socket.socket] = {}
        self._in_flight = in_flight
        self.published = 0
        self._delivered_bytes = 0
        self._delivery_bytes = len(_array(b"smessage" if kind == "sharded" else b"message", CHANNEL, PAYLOAD))
        for _ in range(subscribers):
            sock = self._connect(server, self._subscribers)
            sock.sendall(_command(subscribe, CHANNEL))
            assert b"ubscribe" in sock.recv(1_000), "it is subscribed"
        for _ in range(publishers):
            self._connect(server, self._publishers)

    def _connect(self, server: RedisServer, among: dict[int, socket.socket]) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=10.0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        among[sock.fileno()] = sock
        self._poll.register(sock.fileno(), select.EPOLLIN)
        return sock

    def run(self, seconds: float) -> None:
        """Publish for so long; all is delivered in the end."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for sock in self._publishers.values():
                sock.sendall(self._message * self._in_flight)
            self.published += len(self._publishers) * self._in_flight
            self._hear(len(self._publishers) * self._in_flight)

    def _hear(self, answers: int) -> None:
        """Until the publishers have their answers and the subscribers every message."""
        wanted_bytes = self.published * len(self._subscribers) * self._delivery_bytes
        while answers or self._delivered_bytes < wanted_bytes:
            for fd, _ in self._poll.poll(10.0):
                subscriber = self._subscribers.get(fd)
                if subscriber is not None:
                    self._delivered_bytes += subscriber.recv_into(self._buffer)
                else:
                    answers -= self._publishers[fd].recv(4_096).count(b"\n")

    def close(self) -> None:
        for sock in (*self._subscribers.values(), *self._publishers.values()):
            sock.close()
        self._poll.close()


def _wait_for_cluster(server: RedisServer) -> None:
    deadline = time.monotonic() + 10.0
    while b"cluster_state:ok" not in server.ask("CLUSTER", "INFO"):
        assert time.monotonic() < deadline, "the cluster did not come up"
        time.sleep(0.02)


def _memory(server: RedisServer) -> int:
    return int(server.ask("INFO", "memory")["used_memory"])


def _command(*words: bytes) -> bytes:
    return _array(*words)


def _array(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
