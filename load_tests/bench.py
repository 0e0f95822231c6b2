"""`make bench`: the scenarios that stand. The last line is one JSON object: scenario → value, unit, target, met or not.

P1, P2 and P5 of the performance design; the others, peers, open-loop latency and charts come with issue 3
(docs/roadmap.md). The server runs as users run it, pinned to one core where there are two, the crowd to the other.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import click

from load_tests.crowd import Counted, Crowd
from tests.school import make_school
from tests.servers import Server

TEXT = "x" * 200
FLOOR_US = 6.0
"""A C loop of `write()`, one per delivery, as the design measured it; a floor of the same run comes with issue 3."""


def saturated(server: Server, seconds: float) -> dict[str, Any]:
    counted = _talk(server, readers=1_000, writers=50, seconds=seconds)
    per_cpu_s = counted.deliveries / counted.server_cpu_s
    return _figure(round(per_cpu_s), "deliveries/CPU-s", target=1_000_000, is_met=per_cpu_s >= 1_000_000)


def unbatched(server: Server, seconds: float) -> dict[str, Any]:
    counted = _talk(server, readers=1_000, writers=1, seconds=seconds)
    cost_us = counted.server_cpu_s / max(counted.deliveries, 1) * 1e6
    return _figure(round(cost_us, 2), "µs CPU/delivery", target=FLOOR_US * 1.15, is_met=cost_us <= FLOOR_US * 1.15)


def lone_ack(server: Server, seconds: float) -> dict[str, Any]:
    counted = _talk(server, readers=0, writers=1, seconds=seconds)
    waits = sorted(counted.acks_s)
    p50_ms, p99_ms = (round(waits[int(len(waits) * part)] * 1000, 2) for part in (0.5, 0.99))
    figure = _figure(p50_ms, "ms p50", target=1.0, is_met=p50_ms <= 1.0 and p99_ms <= 5.0)
    return figure | {"p99": p99_ms, "posts": len(waits)}


SCENARIOS = {"P1": saturated, "P2": unbatched, "P5": lone_ack}


@click.command()
@click.argument("names", nargs=-1)
@click.option("--seconds", default=6.0, show_default=True, help="How long each is counted.")
def main(names: tuple[str, ...], seconds: float) -> None:
    """Run the scenarios NAMES, or all of them."""
    unknown = set(names) - set(SCENARIOS)
    if unknown:
        raise click.UsageError(f"There is no scenario {', '.join(sorted(unknown))}: only {', '.join(SCENARIOS)}.")
    figures = {}
    for name in names or SCENARIOS:
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = _run(name, Path(folder), seconds)
        click.echo(f"{name}: {figures[name]}")
    click.echo(json.dumps(figures, ensure_ascii=False))


def _run(name: str, folder: Path, seconds: float) -> dict[str, Any]:
    asyncio.run(make_school(folder / "data"))
    with Server(folder, options=["--no-rate-limits"]) as server:
        if len(cores := sorted(os.sched_getaffinity(0))) > 1:
            os.sched_setaffinity(server.pid, cores[:1])
            os.sched_setaffinity(0, cores[1:])
        try:
            return SCENARIOS[name](server, seconds)
        finally:
            os.sched_setaffinity(0, cores)


def _talk(server: Server, *, readers: int, writers: int, seconds: float) -> Counted:
    crowd = Crowd(server, readers=readers, writers=writers)
    try:
        counted = crowd.talk(seconds=seconds, warm_s=1.5, text=TEXT)
    finally:
        crowd.close()
    assert counted.acks > 0, "something was posted"
    assert counted.refused == 0, "nothing was refused"
    return counted


def _figure(value: float, unit: str, *, target: float, is_met: bool) -> dict[str, Any]:
    return {"value": value, "unit": unit, "target": target, "met": is_met}


if __name__ == "__main__":
    main()
