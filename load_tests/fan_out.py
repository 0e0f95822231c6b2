"""Fan-out: one room of a thousand readers. P1 saturated, P2 one message in flight, P3 at a talking pace.

P1 and P2 are CPU seconds of the server per delivery; for P2 the floor program is measured in the same run. P3 is open
loop: what is late is counted from when it was meant to be said.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from load_tests import process
from load_tests.crowd import Crowd
from load_tests.figures import Figure, at_least, at_most, part, plain
from load_tests.peers import floor
from load_tests.target import Target, Tertulia
from tests.servers import Server

READERS = 1_000
IN_FLIGHT = 50
WARM_S = 1.5
SETTLE_S = 10.0
QUIET_S = 0.05
"""When nothing has come for so long, nothing more is to come: what is sent twice is late."""


class Counted(NamedTuple):
    """What was seen in a span of time."""

    seconds: float
    cpu_s: float
    posts: int
    deliveries: int

    @property
    def per_cpu_s(self) -> float:
        return self.deliveries / self.cpu_s

    @property
    def cost_us(self) -> float:
        """CPU of the server per delivery."""
        return self.cpu_s / self.deliveries * 1e6


def fan_out(server: Server, seconds: float) -> dict[str, Figure]:
    """P1, P2 and P3 on a Tertulia, P2 on the floor program too."""
    figures: dict[str, Figure] = {}
    with process.apart([server.pid]):
        full = closed_loop(Tertulia(server), seconds=seconds, in_flight=IN_FLIGHT)
        lone = closed_loop(Tertulia(server), seconds=seconds, in_flight=1)
        figures["P1"] = at_least(full.per_cpu_s, "deliveries/CPU-s", 1_000_000)
        figures["P1_deliveries_per_s"] = plain(full.deliveries / full.seconds, "deliveries/s")
    figures |= _against_the_floor(lone, seconds)
    with process.apart([server.pid]):
        figures |= paced(Tertulia(server), seconds=seconds, per_s=20.0)
    return figures


def _against_the_floor(lone: Counted, seconds: float) -> dict[str, Figure]:
    figures = {"P2_us_per_delivery": plain(lone.cost_us, "µs CPU/delivery")}
    if floor.missing():
        return figures
    with tempfile.TemporaryDirectory() as folder, floor.running(Path(folder)) as target, process.apart(target.pids):
        least = closed_loop(target, seconds=seconds, in_flight=1)
    figures["P2_floor_us"] = plain(least.cost_us, "µs CPU/delivery")
    figures["P2"] = at_most(lone.cost_us / least.cost_us, "× the floor", 1.15)
    return figures


def closed_loop(
    target: Target,
    *,
    seconds: float,
    in_flight: int,
    readers: int = READERS,
    warm_s: float = WARM_S,
    settle_s: float = SETTLE_S,
) -> Counted:
    """`in_flight` messages posted and not yet with every reader, all the time; then all that was posted is counted."""
    crowd = Crowd(target)
    try:
        crowd.connect(readers)
        (writer,) = crowd.connect(1, is_reader=False)
        posts = 0

        def go_on(until: float) -> None:
            nonlocal posts
            while time.perf_counter() < until:
                free = in_flight - (posts - crowd.deliveries // readers)
                if free > 0:
                    crowd.say(writer, b"".join(target.post(posts + n + 1, room="general") for n in range(free)))
                    posts += free
                crowd.read(0.0)

        go_on(time.perf_counter() + warm_s)
        begun, cpu_s, before, posted = time.perf_counter(), process.cpu_s(target.pids), crowd.deliveries, posts
        go_on(begun + seconds)
        counted = Counted(
            time.perf_counter() - begun, process.cpu_s(target.pids) - cpu_s, posts - posted, crowd.deliveries - before
        )
        settle(crowd, posts * readers, wait_s=settle_s)
        return counted
    finally:
        crowd.close()


def paced(target: Target, *, seconds: float, per_s: float, readers: int = READERS) -> dict[str, Figure]:
    """P3: from when a message was to be sent until the last reader has it, and until any reader has it."""
    crowd = Crowd(target)
    try:
        crowd.connect(readers)
        (writer,) = crowd.connect(1, is_reader=False)
        due: list[float] = []
        last_s: list[float] = []
        each_s: list[float] = []
        begun = time.perf_counter() + 0.2
        while len(last_s) < int(seconds * per_s):
            now = time.perf_counter()
            if len(due) < int(seconds * per_s) and now >= begun + len(due) / per_s:
                due.append(begun + len(due) / per_s)
                crowd.say(writer, target.post(len(due), room="general"))
            heard = crowd.deliveries
            crowd.read(max(0.0, begun + len(due) / per_s - now) if len(due) < int(seconds * per_s) else 0.05)
            now = time.perf_counter()
            for delivery in range(heard, crowd.deliveries):
                each_s.append(now - due[delivery // readers])
            while len(last_s) < crowd.deliveries // readers:
                last_s.append(now - due[len(last_s)])
            assert now < begun + seconds + SETTLE_S, "not everything that was posted arrived"
        settle(crowd, len(due) * readers)
    finally:
        crowd.close()
    return {
        "P3": at_most(part(last_s, 0.5) * 1000, "ms to the last reader", 10.0),
        "P3_p99": at_most(part(last_s, 0.99) * 1000, "ms to the last reader", 25.0),
        "P3_each_p50_ms": plain(part(each_s, 0.5) * 1000, "ms to each reader"),
        "P3_each_p999_ms": plain(part(each_s, 0.999) * 1000, "ms to each reader"),
    }


def settle(crowd: Crowd, deliveries: int, *, wait_s: float = SETTLE_S) -> None:
    """Wait until all has arrived, then judge: nothing lost, nothing twice, nothing out of order, nothing refused."""
    deadline = time.perf_counter() + wait_s
    while crowd.deliveries < deliveries and time.perf_counter() < deadline:
        crowd.read(0.1)
    heard = -1
    while heard != crowd.deliveries and time.perf_counter() < deadline + QUIET_S:
        heard = crowd.deliveries
        crowd.read(QUIET_S)
    faults = crowd.faults()
    if crowd.deliveries != deliveries:
        faults.append(f"{crowd.deliveries} deliveries counted, {deliveries} were due")
    if crowd.refused or crowd.ended:
        faults.append(f"{crowd.refused} posts were refused, {crowd.ended} connections ended")
    if faults:
        raise Unsound(faults)


class Unsound(Exception):
    """What was delivered is not what was posted: the figures of this run are worth nothing."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults[:10]))
        self.faults = faults
