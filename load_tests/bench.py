"""`make bench`: the scenarios of docs/performance.md, each on a fresh server. The last line is one JSON object.

The server runs as users run it, pinned to one core where there are two, the generator to the other. A scenario is a
function (server, seconds) → figures; its name here is what `BENCH=` may pick. Those of `OWN_SERVERS` make their own:
two nodes and Redis, a node on PostgreSQL, a scripted lecture (whose checks must find nothing); so does `history`.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from load_tests import (
    connections,
    cross_node,
    fan_out,
    history,
    lecture,
    lecture_hall,
    postgres_node,
    posts,
    process,
    signals,
    slow_readers,
)
from load_tests.figures import Figure, line
from tests.school import make_school
from tests.servers import Server

Scenario = Callable[[Server, float], dict[str, Figure]]

SCENARIOS: dict[str, Scenario] = {
    "fan-out": fan_out.fan_out,
    "posts": posts.posts,
    "signals": signals.signals,
    "slow-readers": slow_readers.slow_readers,
    "connections": connections.connections,
    "lecture": lecture_hall.lecture,
}
HISTORY = "history"
SESSION_SECONDS_MIN = 30.0
OWN_SERVERS: dict[str, Callable[[float], dict[str, Figure]]] = {
    "cross-node": cross_node.run,
    "postgres-node": postgres_node.run,
    "session": lambda seconds: lecture.run(max(seconds, SESSION_SECONDS_MIN)),
}
ROOMS = ("general", posts.LONE_ROOM, *posts.BUSY_ROOMS)
FILES_MAX = 30_000


@click.command()
@click.argument("names", nargs=-1)
@click.option("--seconds", default=6.0, show_default=True, help="How long each thing is counted.")
@click.option("--events", default=1_000_000, show_default=True, help="Of the long history.")
def main(names: tuple[str, ...], seconds: float, events: int) -> None:
    """Run the scenarios NAMES, or all of them."""
    known = [*SCENARIOS, *OWN_SERVERS, HISTORY]
    if unknown := set(names) - set(known):
        raise click.UsageError(f"There is no scenario {', '.join(sorted(unknown))}: only {', '.join(known)}.")
    process.allow_many_files(FILES_MAX)
    figures: dict[str, Figure] = {}
    for name in names or known:
        began = time.perf_counter()
        found = _run(name, seconds, events)
        click.echo(f"{name} ({time.perf_counter() - began:.0f} s)")
        for key, figure in found.items():
            click.echo(line(key, figure))
        figures |= found
    click.echo(json.dumps(figures, ensure_ascii=False))


def _run(name: str, seconds: float, events: int) -> dict[str, Figure]:
    if name == HISTORY:
        return history.run(events=events)
    if name in OWN_SERVERS:
        return OWN_SERVERS[name](seconds)
    return measure(SCENARIOS[name], seconds)


def measure(scenario: Scenario, seconds: float) -> dict[str, Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(make_school(folder / "data", rooms={room: room.capitalize() for room in ROOMS}))
        with Server(folder, options=["--no-rate-limits"]) as server:
            return scenario(server, seconds)


if __name__ == "__main__":
    main()
