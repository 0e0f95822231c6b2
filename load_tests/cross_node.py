"""Two nodes, one log, one Redis: how long a message takes to the readers of the other node, and what hearing it costs.

`cross_node`: 20 messages/s are posted through the first node, 500 read on each. A delivery's latency is from when its
message was meant to be sent until the generator has read it, for each reader. Both nodes and Redis share the first
core, the generator has the other.

`hearing`: the CPU of a node for a bus message, before fan-out: of the whole process, for each message it hears from the
other node, less what it uses in as long a time without any. In it: waking up, reading the socket, the RESP reply, the
bus frame, the entry's record, and its place in the channel's tail. The room is followed at level `head` there, so that
it is heard and no reader is written to. With `decides`, the second node has the rooms' state for deciding in memory,
too, as it does for a minute after somebody posted through it: then each entry is decoded and applied to it. With
`readers`, one reader follows each room on a connection of their own.
"""

from __future__ import annotations

import asyncio
import json
import select
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from load_tests import process
from load_tests.crowd import Crowd, Member
from load_tests.fan_out import settle
from load_tests.figures import Figure, at_most, part, plain
from load_tests.frames import masked
from load_tests.nodes import Nodes
from load_tests.target import Tertulia
from tests.school import make_school
from tests.servers import Server

READERS = 500
PER_S = 20.0
ROOM = "general"
ROOMS = tuple(f"quiet-{number:02}" for number in range(50))
BUSY_PER_S = 2_000.0
CALM_PER_S = 100.0
SETTLE_S = 20.0
IN_FLIGHT_MAX = 200
"""Posts of one connection that are not answered yet; the server refuses more than 256."""
WARM_POSTS = 20
SECONDS_MIN = 10.0
HEARING_S_MAX = 4.0


class Deeds(NamedTuple):
    """What was done in a span of time, and the CPU seconds it took each process."""

    seconds: float
    messages: int
    posting_s: float
    hearing_s: float
    redis_s: float


class Heard(NamedTuple):
    """µs of CPU for each message, the idle time's share taken off."""

    hearing_us: float
    posting_us: float
    redis_us: float


class Timed(Crowd):
    """Notes of each delivery which message it was, counted from 0, and when it had been read."""

    def __init__(self, target: Tertulia, *, first: int = 0) -> None:
        super().__init__(target, first=first)
        self.came: list[tuple[int, float]] = []

    def hear(self, member: Member, data: bytes) -> None:
        before = member.deliveries
        super().hear(member, data)
        if member.deliveries > before:
            now = time.perf_counter()
            self.came.extend((number, now) for number in range(before, member.deliveries))


class Watching(Tertulia):
    """Follows rooms at level `head`: the node hears them and writes nothing of it."""

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        streams = {f"room/{name}": "head" for name in room.split()}
        hello = {"type": "hello", "token": self.token(number), "streams": streams, "levels": streams}
        return masked(json.dumps(hello).encode())

    joined = b'"type":"welcome"'


def run(seconds: float) -> dict[str, Figure]:
    """For `make bench`."""
    with two_nodes((ROOM, *ROOMS)) as nodes:
        figures = cross_node(nodes, seconds=max(seconds, SECONDS_MIN))
        spell_s = min(seconds, HEARING_S_MAX)
        busy = hearing(nodes, per_s=BUSY_PER_S, seconds=spell_s)
        calm = hearing(nodes, per_s=CALM_PER_S, seconds=spell_s)
    return figures | {
        "bus_message": at_most(busy.hearing_us, f"µs CPU/bus message heard, {BUSY_PER_S:,.0f}/s", 60.0),
        "bus_message_calm": plain(calm.hearing_us, f"µs CPU/bus message heard, {CALM_PER_S:,.0f}/s"),
        "bus_message_redis": plain(busy.redis_us, f"µs CPU/message, Redis, two subscribers, {BUSY_PER_S:,.0f}/s"),
    }


@contextmanager
def two_nodes(rooms: Sequence[str]) -> Iterator[Nodes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(make_school(folder / "data", rooms={room: room.capitalize() for room in rooms}))
        with Nodes(folder, count=2) as nodes:
            yield nodes


# --- latency ----------------------------------------------------------------------------------------------------------


def cross_node(nodes: Nodes, *, seconds: float, per_s: float = PER_S, readers: int = READERS) -> dict[str, Figure]:
    assert nodes.redis is not None, "two nodes have one"
    with process.apart([nodes.writers.pid, nodes.readers.pid, nodes.redis.pid]):
        near, far, deeds = talk(nodes, seconds=seconds, per_s=per_s, readers=readers)
    return {
        "cross_node": at_most(part(far, 0.5) * 1000, "ms to a reader on the other node, p50", 8.0),
        "cross_node_p99": at_most(part(far, 0.99) * 1000, "ms to a reader on the other node, p99", 40.0),
        "same_node_ms": plain(part(near, 0.5) * 1000, "ms to a reader on the same node, p50"),
        "same_node_p99_ms": plain(part(near, 0.99) * 1000, "ms to a reader on the same node, p99"),
        "cross_node_posting_cpu": plain(deeds.posting_s / deeds.seconds * 100, "% of a core, the node posted through"),
        "cross_node_hearing_cpu": plain(deeds.hearing_s / deeds.seconds * 100, "% of a core, the other node"),
        "cross_node_redis_cpu": plain(deeds.redis_s / deeds.seconds * 100, "% of a core, Redis"),
    }


def talk(
    nodes: Nodes, *, seconds: float, per_s: float, readers: int, room: str = ROOM
) -> tuple[list[float], list[float], Deeds]:
    """Seconds of each delivery, on the node that is posted through and on the other; what it cost."""
    near, far = Timed(Tertulia(nodes.writers)), Timed(Tertulia(nodes.readers), first=readers + 1)
    crowds = (near, far)
    try:
        near.connect(readers, room=room)
        far.connect(readers, room=room)
        (writer,) = near.connect(1, room=room, is_reader=False)
        _say(crowds, writer, WARM_POSTS, room=room, per_s=per_s)
        settle_all(crowds, WARM_POSTS * readers)
        for crowd in crowds:
            crowd.came.clear()
        posts = int(seconds * per_s)
        before = _used(nodes)
        due = _say(crowds, writer, posts, room=room, per_s=per_s, first=WARM_POSTS)
        deeds = _done(nodes, before, posts)
        settle_all(crowds, (WARM_POSTS + posts) * readers)
    finally:
        for crowd in crowds:
            crowd.close()
    waits = [[at - due[number - WARM_POSTS] for number, at in crowd.came] for crowd in crowds]
    return waits[0], waits[1], deeds


def _say(
    crowds: Sequence[Crowd], writer: Member, posts: int, *, room: str, per_s: float, first: int = 0
) -> list[float]:
    """Post at an even pace through the first crowd, listening all the while; when each was to be sent."""
    due: list[float] = []
    begun = time.perf_counter() + 0.05
    while (now := time.perf_counter()) < begun + posts / per_s:
        if len(due) < posts and now >= begun + len(due) / per_s:
            due.append(begun + len(due) / per_s)
            crowds[0].say(writer, crowds[0].target.post(first + len(due), room=room))
        next_at = begun + (len(due) + (len(due) == posts)) / per_s
        hear_all(crowds, max(0.0, next_at - time.perf_counter()))
    return due


def hear_all(crowds: Sequence[Crowd], timeout_s: float) -> None:
    for crowd in select.select(crowds, [], [], timeout_s)[0]:
        crowd.read(0.0)


def settle_all(crowds: Sequence[Crowd], deliveries: int) -> None:
    """Every crowd has had so many, and nothing was lost, doubled or out of order."""
    deadline = time.perf_counter() + SETTLE_S
    while any(crowd.deliveries < deliveries for crowd in crowds) and time.perf_counter() < deadline:
        hear_all(crowds, 0.1)
    for crowd in crowds:
        settle(crowd, deliveries, wait_s=0.1)


# --- what hearing costs -----------------------------------------------------------------------------------------------


def hearing(
    nodes: Nodes,
    *,
    per_s: float,
    seconds: float,
    rooms: Sequence[str] = ROOMS,
    decides: bool = False,
    readers: int = 0,
    at_once: int = 1,
) -> Heard:
    """What each message costs the node that hears it, the one that was posted through, and Redis. `at_once`: how many
    are posted together, at the same pace on the whole."""
    near = Crowd(Tertulia(nodes.writers))
    far = Crowd(Tertulia(nodes.readers), first=1_000)
    watching = Crowd(Watching(nodes.readers), first=2_000)
    crowds = (near, far, watching)
    try:
        (writer,) = near.connect(1, is_reader=False)
        watching.connect(1, room=" ".join(rooms))
        far.connect_all((room, True) for room in rooms for _ in range(readers))
        (decider,) = far.connect(1, is_reader=False)
        if decides:
            _post(crowds, far, decider, len(rooms), rooms=rooms, per_s=200.0)
        _post(crowds, near, writer, 2 * len(rooms), rooms=rooms, per_s=200.0)
        before = _used(nodes)
        until = time.perf_counter() + seconds
        while (left_s := until - time.perf_counter()) > 0:
            hear_all(crowds, left_s)
        idle = _done(nodes, before, 0)
        heard, before, posts = bus_received(nodes.readers), _used(nodes), int(per_s * seconds)
        _post(crowds, near, writer, posts, rooms=rooms, per_s=per_s, first=1_000, at_once=at_once)
        deeds = _done(nodes, before, posts)
        assert bus_received(nodes.readers) - heard >= posts, "not every post was heard from the bus"
    finally:
        for crowd in crowds:
            crowd.close()
    idle_share = deeds.seconds / idle.seconds
    return Heard(
        *(
            (busy - rest * idle_share) / posts * 1e6
            for busy, rest in (
                (deeds.hearing_s, idle.hearing_s),
                (deeds.posting_s, idle.posting_s),
                (deeds.redis_s, idle.redis_s),
            )
        )
    )


def _post(
    crowds: Sequence[Crowd],
    crowd: Crowd,
    writer: Member,
    posts: int,
    *,
    rooms: Sequence[str],
    per_s: float,
    first: int = 0,
    at_once: int = 1,
) -> None:
    """To each room in turn, at a pace, or as fast as they are answered; all are answered at the end."""
    sent, acks, begun = 0, crowd.acks, time.perf_counter()
    deadline = begun + posts / per_s + SETTLE_S
    while crowd.acks - acks < posts:
        now = time.perf_counter()
        assert not crowd.refused, "a post was refused"
        assert now < deadline, f"{crowd.acks - acks} of {posts} posts were answered"
        due = int((now - begun) * per_s / at_once) * at_once + at_once
        due = min(posts, due, crowd.acks - acks + IN_FLIGHT_MAX)
        frames = [crowd.target.post(first + n, room=rooms[n % len(rooms)]) for n in range(sent, due)]
        if frames:
            crowd.say(writer, b"".join(frames))
        sent = max(sent, due)
        hear_all(crowds, max(0.0005, min(0.1, begun + sent / per_s - time.perf_counter())))


def bus_received(server: Server) -> float:
    lines = httpx.get(f"{server.url}/metrics", trust_env=False, timeout=10.0).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("tertulia_bus_received_total "))


def _used(nodes: Nodes) -> tuple[float, float, float, float]:
    assert nodes.redis is not None, "two nodes have one"
    pids = (nodes.writers.pid, nodes.readers.pid, nodes.redis.pid)
    posting_s, hearing_s, redis_s = (process.cpu_s([pid]) for pid in pids)
    return time.perf_counter(), posting_s, hearing_s, redis_s


def _done(nodes: Nodes, before: tuple[float, float, float, float], messages: int) -> Deeds:
    seconds, posting_s, hearing_s, redis_s = (now - then for now, then in zip(_used(nodes), before, strict=True))
    return Deeds(seconds, messages, posting_s, hearing_s, redis_s)
