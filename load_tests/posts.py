"""Posts: how many are made durable and answered, and how long one waits. P4: a hundred rooms of ten, all posting;
P5: one person alone."""

from __future__ import annotations

import time

from load_tests import process
from load_tests.crowd import Crowd
from load_tests.fan_out import settle
from load_tests.figures import Figure, at_least, at_most, part, plain
from load_tests.target import Tertulia
from tests.servers import Server

ROOMS = 100
IN_ROOM = 10
LONE_ROOM = "lone"
BUSY_ROOMS = tuple(f"busy-{number:03}" for number in range(ROOMS))
PAUSE_S = 0.002
"""Between two lone posts: so that each finds the server idle, as in a quiet room."""


def posts(server: Server, seconds: float) -> dict[str, Figure]:
    with process.apart([server.pid]):
        return everybody(Tertulia(server), seconds=seconds) | lone(Tertulia(server), seconds=seconds)


def everybody(target: Tertulia, *, seconds: float, warm_s: float = 1.0) -> dict[str, Figure]:
    """P4: each of a thousand people posts, hears the answer, posts again."""
    crowd = Crowd(target)
    try:
        members = crowd.connect_all((room, True) for room in BUSY_ROOMS for _ in range(IN_ROOM))
        for member in members:
            member.is_writer = True
        said = 0

        def go_on(until: float) -> None:
            nonlocal said
            while time.perf_counter() < until:
                crowd.read(0.05)
                for member, acks in crowd.answered:
                    for _ in range(acks):
                        said += 1
                        crowd.say(member, target.post(said, room=member.room))

        for member in members:
            said += 1
            crowd.say(member, target.post(said, room=member.room))
        go_on(time.perf_counter() + warm_s)
        begun, cpu_s, before = time.perf_counter(), process.cpu_s(target.pids), crowd.acks
        go_on(begun + seconds)
        took_s, used_s, acked = time.perf_counter() - begun, process.cpu_s(target.pids) - cpu_s, crowd.acks - before
        settle(crowd, said * IN_ROOM)
    finally:
        crowd.close()
    return {
        "P4": at_least(acked / took_s, "durable acked posts/s", 10_000),
        "P4_per_cpu_s": plain(acked / used_s, "posts/CPU-s"),
    }


def lone(target: Tertulia, *, seconds: float) -> dict[str, Figure]:
    """P5: from the send to the answer, nobody else there."""
    crowd = Crowd(target)
    waits_s: list[float] = []
    try:
        (writer,) = crowd.connect(1, room=LONE_ROOM, is_reader=False)
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            frame, acks = target.post(len(waits_s) + 1, room=LONE_ROOM), crowd.acks
            sent_at = time.perf_counter()
            crowd.say(writer, frame)
            while crowd.acks == acks:
                crowd.read(5.0)
            waits_s.append(time.perf_counter() - sent_at)
            time.sleep(PAUSE_S)
        settle(crowd, 0)
    finally:
        crowd.close()
    return {
        "P5": at_most(part(waits_s, 0.5) * 1000, "ms to the ack", 1.0),
        "P5_p99": at_most(part(waits_s, 0.99) * 1000, "ms to the ack", 5.0),
        "P5_p999_ms": plain(part(waits_s, 0.999) * 1000, "ms to the ack"),
    }
