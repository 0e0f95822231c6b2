"""Posts: how many are made durable and answered, and how long one waits. P4: a hundred rooms of ten, all posting;
P5: one person alone."""

from __future__ import annotations

import time

from load_tests import process
from load_tests.crowd import Crowd, Member
from load_tests.fan_out import SETTLE_S, settle
from load_tests.figures import Figure, at_least, at_most, part, plain
from load_tests.target import Target, Tertulia
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


class Everybody:
    """A thousand people in a hundred rooms of ten; each posts, hears the answer, posts again."""

    def __init__(self, target: Target) -> None:
        self.crowd = Crowd(target)
        self._said = 0

    def __enter__(self) -> Everybody:
        try:
            members = self.crowd.connect_all((room, True) for room in BUSY_ROOMS for _ in range(IN_ROOM))
            for member in members:
                member.is_writer = True
                self._say(member)
        except BaseException:
            self.crowd.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.crowd.close()

    def go_on(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.crowd.read(0.05)
            for member, acks in self.crowd.answered:
                for _ in range(acks):
                    self._say(member)

    def settle(self, *, wait_s: float) -> None:
        """Until all of it has been told to all who hear it."""
        settle(self.crowd, self._said * IN_ROOM, wait_s=wait_s)

    def _say(self, member: Member) -> None:
        self._said += 1
        self.crowd.say(member, self.crowd.target.post(self._said, room=member.room))


def everybody(target: Target, *, seconds: float, warm_s: float = 1.0) -> dict[str, Figure]:
    """P4."""
    with Everybody(target) as people:
        people.go_on(warm_s)
        begun, cpu_s, before = time.perf_counter(), process.cpu_s(target.pids), people.crowd.acks
        people.go_on(seconds)
        took_s, used_s = time.perf_counter() - begun, process.cpu_s(target.pids) - cpu_s
        acked = people.crowd.acks - before
        people.settle(wait_s=SETTLE_S)
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
