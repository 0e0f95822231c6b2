"""Connections: what one costs. P6 memory, P7 coming in, P8 all of them cut at once and back with a gap.

P6 is the growth of the server's resident memory by 9,000 that came after 300 others had warmed it. P7 is CPU of the
server, from the first packet until each is live at the room's head; the people are members (what it takes to become
one, a durable entry each, is a figure of its own). P8 is the time until the last one is live again with all it missed,
once with the server unharmed and once with the server, too, killed and started anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from load_tests import process
from load_tests.crowd import Crowd
from load_tests.fan_out import settle
from load_tests.figures import Figure, at_least, at_most, part, plain
from load_tests.posts import BUSY_ROOMS
from load_tests.target import Tertulia
from tests.servers import Server

CLIENTS = 9_000
WARMERS = 300
CONNECTIONS_OF_ONE = 15
ROOM = "general"
STORM_ROOMS = BUSY_ROOMS[:9]
MISSED = 200
"""Events in each room while everybody was away: under what is pushed at a resume (500, and 131,072 bytes)."""
CALM_S = 3.5
"""After that the ticks have told all there was to tell."""


def connections(server: Server, seconds: float) -> dict[str, Figure]:
    """`seconds` is not asked: it is done when all have come."""
    figures = _admission(server)
    server.restart()  # so that memory is counted from a server that only serves
    figures |= _idle(server)
    figures |= _several_each(server)
    figures |= _storm(server, "P8")
    return figures | _storm(server, "P8_restart", is_restarted=True)


def _admission(server: Server) -> dict[str, Figure]:
    with _crowd(Tertulia(server, connections_of_one=1)) as crowd:
        took_s, used_s = _join(crowd, [ROOM] * CLIENTS)
    return {
        "P7_first_joins_per_cpu_s": plain(CLIENTS / used_s, "first joins/CPU-s"),
        "P7_first_joins_per_s": plain(CLIENTS / took_s, "first joins/s"),
    }


def _idle(server: Server) -> dict[str, Figure]:
    with _crowd(Tertulia(server, connections_of_one=1)) as crowd:
        _join(crowd, [ROOM] * WARMERS)
        _rest(crowd)
        before = process.rss_bytes([server.pid])
        crowd.connect_s.clear()
        with _crowd(Tertulia(server, connections_of_one=1)) as others:
            took_s, used_s = _join(others, [ROOM] * CLIENTS)
            _rest(others)
            grown = process.rss_bytes([server.pid]) - before
            waits_s = others.connect_s
    return {
        "P6": at_most(grown / CLIENTS / 1000, "kB RSS/connection", 10.0),
        "P7": at_least(CLIENTS / used_s, "connections/CPU-s", 3_000),
        "P7_us": plain(used_s / CLIENTS * 1e6, "µs CPU/connection"),
        "P7_per_s": plain(CLIENTS / took_s, "connections/s"),
        "P7_wait_p99_ms": plain(part(waits_s, 0.99) * 1000, "ms to live"),
    }


def _several_each(server: Server) -> dict[str, Figure]:
    with _crowd(Tertulia(server, connections_of_one=CONNECTIONS_OF_ONE)) as crowd:
        _, used_s = _join(crowd, [ROOM] * CLIENTS)
    return {f"P7_{CONNECTIONS_OF_ONE}_each": at_least(CLIENTS / used_s, "connections/CPU-s", 3_000)}


def _storm(server: Server, name: str, *, is_restarted: bool = False) -> dict[str, Figure]:
    rooms = [STORM_ROOMS[number % len(STORM_ROOMS)] for number in range(CLIENTS)]
    with _crowd(Tertulia(server, connections_of_one=1)) as crowd:
        _join(crowd, rooms)
        _rest(crowd)
    positions = _positions(server)
    _talk(server)
    if is_restarted:
        server.restart()
    reads = _log_reads(server)
    lasts = {room: seq for room, (_, seq) in positions.items()}
    with _crowd(Tertulia(server, connections_of_one=1, positions=positions), lasts=lasts) as crowd:
        took_s, used_s = _join(crowd, rooms, at_once=CLIENTS)
        settle(crowd, CLIENTS * MISSED)
        _rest(crowd)
        settle(crowd, CLIENTS * MISSED)
        counted = (_log_reads(server) - reads) / len(STORM_ROOMS)
        waits_s = crowd.connect_s
    return {
        name: at_most(took_s, "s until all are back", 5.0),
        f"{name}_log_reads": at_most(counted, "log reads/room", 2.0),
        f"{name}_cpu_us": plain(used_s / CLIENTS * 1e6, "µs CPU/client"),
        f"{name}_p50_s": plain(part(waits_s, 0.5), "s until half are back"),
    }


def _positions(server: Server) -> dict[str, tuple[str, int]]:
    """The head of each room, as a client knows it when the cut comes."""
    found: dict[str, tuple[str, int]] = {}
    headers = {"authorization": f"Bearer {server.token('Person 0')}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http:
        for room in STORM_ROOMS:
            page = http.get("/api/events", params={"stream": f"room/{room}", "after": 0, "limit": 1}).json()
            found[room] = (page["epoch"], page["head"])
    return found


def _talk(server: Server) -> None:
    """What they will have missed."""
    with _crowd(Tertulia(server, connections_of_one=1)) as crowd:
        (writer,) = crowd.connect(1, is_reader=False)
        for number in range(MISSED):
            acks = crowd.acks
            for place, room in enumerate(STORM_ROOMS):
                crowd.say(writer, crowd.target.post(number * len(STORM_ROOMS) + place + 1, room=room))
            while crowd.acks < acks + len(STORM_ROOMS) and not crowd.refused:
                crowd.read(1.0)
        assert not crowd.refused, "a post was refused"


def _join(crowd: Crowd, rooms: list[str], *, at_once: int = 256) -> tuple[float, float]:
    """Wall seconds and the server's CPU seconds until each is live."""
    for number in range(len(rooms)):
        crowd.target.join(number, room=ROOM, is_reader=True)  # makes its token, so that no time goes to it later
    with process.apart(crowd.target.pids):
        began, cpu_s = time.perf_counter(), process.cpu_s(crowd.target.pids)
        crowd.connect_all(((room, True) for room in rooms), at_once=at_once)
        return time.perf_counter() - began, process.cpu_s(crowd.target.pids) - cpu_s


def _rest(crowd: Crowd) -> None:
    """Take what the ticks tell, until they have nothing more to tell."""
    until = time.perf_counter() + CALM_S
    while time.perf_counter() < until:
        crowd.read(0.1)


def _log_reads(server: Server) -> float:
    lines = httpx.get(f"{server.url}/metrics", trust_env=False, timeout=10.0).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("tertulia_catch_up_reads_total"))


@contextmanager
def _crowd(target: Tertulia, *, lasts: Mapping[str, int] | None = None) -> Iterator[Crowd]:
    """A crowd that is cut off in the end, as by a network that failed."""
    crowd = Crowd(target, lasts=lasts)
    try:
        yield crowd
    finally:
        crowd.cut()
