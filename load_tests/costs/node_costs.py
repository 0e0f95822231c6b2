"""What a node costs by itself: deliveries, connections, pings, rooms. A real `tertulia serve`, log durable."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from load_tests import process
from load_tests.costs.model import line_through
from load_tests.crowd import Crowd
from load_tests.fan_out import IN_FLIGHT, closed_loop
from load_tests.frames import masked
from load_tests.target import Tertulia
from tests.school import make_school
from tests.servers import Server

READERS = (1, 250, 1_000)
MANY_ROOMS = tuple(f"many-{number:03}" for number in range(300))
WARMERS = 300
CONNECTIONS = 2_000
MISSED = 20
HEADERS_BYTES = 52
"""Of TCP with time stamps and IP, for each delivery that is a packet of its own."""
CALM_S = 2.5
PONGS_S = 1.5
DEADLINE_S = 30.0


def measure(seconds: float) -> dict[str, float]:
    """About 8 × `seconds` and half a minute."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rooms = ("general", *MANY_ROOMS)
        asyncio.run(make_school(folder / "data", rooms={room: room.capitalize() for room in rooms}))
        with Server(folder, options=["--no-rate-limits"]) as server:
            found = _connections(server)
            found |= _deliveries(server, seconds)
    return found


def _deliveries(server: Server, seconds: float) -> dict[str, float]:
    points: list[tuple[float, float]] = []
    with process.apart([server.pid]):
        for readers in READERS:
            lone = closed_loop(Tertulia(server), seconds=seconds, in_flight=1, readers=readers, warm_s=0.3)
            points.append((readers, lone.cpu_s / lone.posts * 1e6))
        full = closed_loop(Tertulia(server), seconds=seconds, in_flight=IN_FLIGHT, readers=READERS[-1])
    _, deliver_us = line_through(points)
    return {
        "node_deliver_alone_us": deliver_us,
        "node_deliver_full_us": full.cost_us,
    }


def _connections(server: Server) -> dict[str, float]:
    target = Tertulia(server, connections_of_one=1)
    with _crowd(target) as crowd:  # they become members, which is a durable entry each
        crowd.connect(CONNECTIONS)
    server.restart()  # memory is counted from a server that holds nothing free for others
    with _crowd(Tertulia(server, connections_of_one=1)) as warmers, _crowd(target) as crowd:
        warmers.connect(WARMERS)
        _rest(warmers)
        memory = process.rss_bytes([server.pid])
        connect_us = _joining(crowd)
        _rest(crowd)
        memory = process.rss_bytes([server.pid]) - memory
        found = {
            "node_connect_us": connect_us,
            "node_connection_bytes": memory / CONNECTIONS,
            "node_ping_us": _pings(crowd),
        }
        found |= _rooms(server)
    return found | _returning(server)


def _joining(crowd: Crowd) -> float:
    with process.apart(crowd.target.pids):
        cpu_s = process.cpu_s(crowd.target.pids)
        crowd.connect(CONNECTIONS)
        return (process.cpu_s(crowd.target.pids) - cpu_s) / CONNECTIONS * 1e6


def _pings(crowd: Crowd) -> float:
    """Less what the node uses in as long a time at rest."""
    frame = masked(b'{"type":"ping","id":1}')
    with process.apart(crowd.target.pids):
        cpu_s, begun = process.cpu_s(crowd.target.pids), time.perf_counter()
        for member in crowd.members:
            crowd.say(member, frame)
            if member.number % 50 == 0:
                crowd.read(0.0)
        until = time.perf_counter() + PONGS_S
        while time.perf_counter() < until:
            crowd.read(0.05)
        used_s, took_s = process.cpu_s(crowd.target.pids) - cpu_s, time.perf_counter() - begun
        cpu_s, begun = process.cpu_s(crowd.target.pids), time.perf_counter()
        while time.perf_counter() < begun + took_s:
            crowd.read(0.05)
        rest_s = process.cpu_s(crowd.target.pids) - cpu_s
    return max(0.0, used_s - rest_s) / len(crowd.members) * 1e6


def _returning(server: Server) -> dict[str, float]:
    """With a position, and some messages said since; what those weigh on the wire."""
    headers = {"authorization": f"Bearer {server.token('Person 0')}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http:
        page = http.get("/api/events", params={"stream": "room/general", "after": 0, "limit": 1}).json()
    position = (page["epoch"], page["head"])
    with _crowd(Tertulia(server)) as crowd:
        weighed = 0
        crowd.connect(1)
        (writer,) = crowd.connect(1, is_reader=False)
        for number in range(MISSED):
            crowd.say(writer, crowd.target.post(number + 1, room="general"))
            weighed += _delivery_bytes(crowd, number + 1)
    target = Tertulia(server, connections_of_one=1, positions={"general": position})
    with _crowd(target) as crowd:
        for number in range(CONNECTIONS):
            target.join(number, room="general", is_reader=True)  # makes its token
        return_us = _joining(crowd)
    return {"node_return_us": return_us, "delivery_bytes": weighed / MISSED + HEADERS_BYTES}


def _delivery_bytes(crowd: Crowd, deliveries: int) -> int:
    """What came to the only reader until it had so many."""
    reader, size = crowd.members[0], 0
    deadline = time.perf_counter() + DEADLINE_S
    while reader.deliveries < deliveries:
        assert time.perf_counter() < deadline, "it did not come"
        try:
            data = reader.sock.recv(65_536)
        except BlockingIOError:
            time.sleep(0.001)
            continue
        before = reader.deliveries
        crowd.hear(reader, data)
        size += len(data) if reader.deliveries > before else 0
    return size


class _Many(Tertulia):
    """Follows three hundred rooms, each at its head."""

    joined = b'"type":"welcome"'

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        return masked(
            json.dumps(
                {
                    "type": "hello",
                    "token": self.token(number),
                    "streams": {f"room/{name}": "head" for name in MANY_ROOMS},
                }
            ).encode()
        )


def _rooms(server: Server) -> dict[str, float]:
    """Asked while the others stay, so that nothing is taken from memory they left."""
    with process.apart([server.pid]), _crowd(_Many(server)) as crowd:
        memory = process.rss_bytes([server.pid])
        idle_s = _used_s(crowd)
        cpu_s = process.cpu_s([server.pid])
        crowd.connect(1)
        used_s = process.cpu_s([server.pid]) - cpu_s + _used_s(crowd) - idle_s  # what is told after its welcome, too
        memory = process.rss_bytes([server.pid]) - memory
    return {
        "node_open_room_us": used_s / len(MANY_ROOMS) * 1e6,
        "node_room_bytes": memory / len(MANY_ROOMS),
    }


def _used_s(crowd: Crowd) -> float:
    """CPU of a while in which nothing is asked."""
    cpu_s = process.cpu_s(crowd.target.pids)
    _rest(crowd)
    return process.cpu_s(crowd.target.pids) - cpu_s


def _rest(crowd: Crowd) -> None:
    until = time.perf_counter() + CALM_S
    while time.perf_counter() < until:
        crowd.read(0.1)


@contextmanager
def _crowd(target: Tertulia) -> Iterator[Crowd]:
    crowd = Crowd(target)
    try:
        yield crowd
    finally:
        crowd.cut()
