"""What `make chaos` does, by name: the promise of docs/reliability.md it is about, the servers, and how often."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

from load_tests.chaos import keys, node_harm, postgres_harm, presence, redis_harm, slow
from load_tests.chaos.play import Outcome, Play, Size, playing
from load_tests.chaos.stage import BusKind, LogKind, Stage

Way = Callable[[Play, int], Awaitable[None]]
Alone = Callable[[Path, Size, int], Outcome]


class Scenario(NamedTuple):
    """`rounds`: how often by default, of whatever `unit` says. `way`: under the crowd; or `alone`, with servers and
    load of its own."""

    promise: str
    says: str
    rounds: int
    way: Way | None = None
    alone: Alone | None = None
    log: LogKind = "sqlite"
    bus: BusKind = "redis"
    unit: str = "rounds"


SCENARIOS: Final[dict[str, Scenario]] = {
    "r4-keys": Scenario(
        "R4", "each command sent 1 to 4 times, to either node, over cuts", 100_000, alone=keys.keys, unit="commands"
    ),
    "r5-kill": Scenario("R5", "kill -9 of a node in a burst; its readers resume on the other", 6, node_harm.killed),
    "r7-presence": Scenario("R7", "people leave, and a node is killed with people on it", 1, alone=presence.presence),
    "r8-slow": Scenario("R8", "20 who read nothing and 20 at 1 kB/s among 1,000", 1, alone=slow.slow),
    "r9-storm": Scenario("R9", "all connections are cut at once", 5, node_harm.storm),
    "r10-rolling": Scenario("R10", "SIGTERM to each node in turn, and a new one in its place", 4, node_harm.rolling),
    "r11-redis": Scenario(
        "R11", "clients killed, paused, kill -9, stopped, a node cut off, half-open, not read, far", 16,
        redis_harm.single,
    ),
    "r11-sentinel": Scenario("R11", "kill -9 of the master, Sentinel fails over", 20, redis_harm.fail_over,
                             bus="sentinel"),
    "r11-cluster": Scenario("R11", "kill -9 of a master, the Cluster fails over", 20, redis_harm.fail_over,
                            bus="cluster"),
    "r11-off": Scenario("R11", "Redis is off for a minute", 60, redis_harm.away, unit="seconds"),
    "r12-postgres": Scenario("R12", "kill -9 of PostgreSQL, all processes, and a start", 20, postgres_harm.killed,
                             log="postgres"),
    "r12-harm": Scenario("R12", "backends ended, a backend killed, a restart, a node cut off, half-open, far", 12,
                         postgres_harm.harmed, log="postgres"),
}  # fmt: skip


class Run(NamedTuple):
    name: str
    outcome: Outcome
    took_s: float


def run(name: str, size: Size, rounds: int | None = None) -> Run:
    """On fresh servers."""
    scenario = SCENARIOS[name]
    count = scenario.rounds if rounds is None else rounds
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tertulia-chaos-") as folder:
        if scenario.alone is not None:
            outcome = scenario.alone(Path(folder), size, count)
        else:
            with Stage(Path(folder), nodes=size.nodes, log=scenario.log, bus=scenario.bus) as stage:
                outcome = in_loop(_played(stage, size, scenario, count))
    return Run(name, outcome, time.perf_counter() - began)


async def _played(stage: Stage, size: Size, scenario: Scenario, count: int) -> Outcome:
    assert scenario.way is not None, "it is not one with servers of its own"
    async with playing(stage, size) as play:
        await scenario.way(play, count)
    return play.outcome


def in_loop(work: Awaitable[Outcome]) -> Outcome:
    async def main() -> Outcome:
        return await work

    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


__all__ = ["SCENARIOS", "Run", "Scenario", "run"]
