"""`make bench-peers`: Tertulia and other servers in one run. The last line is one JSON object.

The same message, readers and generator for all: one room of 1,000 readers, 200 bytes, fifty in flight (saturated) and
one in flight (alone). Each server is pinned to the first core, the generator to the other. All stand ready through
the whole run and are measured in turn, in short rounds: a noisy minute falls on all of them. A figure is the median of
the rounds, and a ratio the median of the rounds' ratios. Tertulia keeps its log, checks and answers; its peers only
deliver.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from load_tests import process
from load_tests.chart import Bar, Panel, short, svg
from load_tests.crowd import Crowd
from load_tests.fan_out import IN_FLIGHT, READERS, Counted, Unsound, closed_loop
from load_tests.peers import broadcast, floor, nats, nchan, socketio, starlette_loop, ws
from load_tests.target import TEXT_BYTES, Target, Tertulia
from tests.school import make_school
from tests.servers import Server

OWN = "tertulia"
PEERS = {peer.NAME: peer for peer in (floor, starlette_loop, broadcast, ws, socketio, nchan, nats)}
AT_LEAST = {"nchan": 5.0, "socket.io": 8.0, "nats-server": 1.0}
"""What Tertulia means to deliver per CPU-second, as a multiple of what they do."""
FILES_MAX = 30_000
WARM_S = 0.5
CORE_SHARE_MIN = 0.02
"""A server that got less of its core was not measured: the machine stood still. It is measured again."""
TRIES = 3
CHART = Path(__file__).with_name("results") / "peers.svg"

NewTarget = Callable[[], Target]


@dataclass(slots=True)
class Results:
    """Of one server: a round's figures at the same place in both lists."""

    bytes_per_connection: float = 0.0
    full: list[Counted] = field(default_factory=list)
    alone: list[Counted] = field(default_factory=list)

    @property
    def per_cpu_s(self) -> float:
        return statistics.median(counted.per_cpu_s for counted in self.full)

    @property
    def per_s(self) -> float:
        return statistics.median(counted.deliveries / counted.seconds for counted in self.full)

    @property
    def alone_us(self) -> float:
        return statistics.median(counted.cost_us for counted in self.alone)

    @property
    def core_share(self) -> float:
        """How much of its core it got in the saturated rounds: less than 1 when others used it, or the generator was
        the slower."""
        return statistics.median(counted.cpu_s / counted.seconds for counted in self.full)

    def spread(self) -> float:
        """Of the saturated rounds: the best over the worst."""
        seen = [counted.per_cpu_s for counted in self.full]
        return max(seen) / min(seen)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--seconds", default=1.5, show_default=True, help="How long each round counts each thing.")
@click.option("--rounds", default=5, show_default=True, help="How often each server has its turn.")
@click.option("--chart", default=CHART, show_default="load_tests/results/peers.svg", type=click.Path(path_type=Path))
def main(names: tuple[str, ...], seconds: float, rounds: int, chart: Path) -> None:
    """Measure Tertulia and the peers NAMES, or all that are installed."""
    unknown = set(names) - set(PEERS)
    if unknown:
        raise click.UsageError(f"There is no peer {', '.join(sorted(unknown))}: only {', '.join(PEERS)}.")
    process.allow_many_files(FILES_MAX)
    left_out: dict[str, str] = {}
    with ExitStack() as ends:
        targets: dict[str, NewTarget] = {OWN: ends.enter_context(_tertulia())}
        for name in names or PEERS:
            if lacking := PEERS[name].missing():
                left_out[name] = f"not installed: {lacking}"
            else:
                folder = Path(ends.enter_context(tempfile.TemporaryDirectory()))
                peer: Target = ends.enter_context(PEERS[name].running(folder))
                targets[name] = lambda peer=peer: peer  # type: ignore[misc]
        results = measure(targets, seconds=seconds, rounds=rounds, left_out=left_out)
    if OWN not in results:
        raise click.ClickException(f"Tertulia could not be measured: {left_out[OWN]}")
    for text in (*table(results), *(f"left out: {name}: {why}" for name, why in left_out.items())):
        click.echo(text)
    chart.parent.mkdir(parents=True, exist_ok=True)
    chart.write_text(picture(results), encoding="utf-8")
    click.echo(f"chart: {chart}")
    click.echo(json.dumps(summary(results, left_out), ensure_ascii=False))


@contextmanager
def _tertulia() -> Iterator[NewTarget]:
    """As users run it; each run of posts is a new target, whose keys differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(make_school(folder / "data", rooms={"general": "General"}))
        with Server(folder, options=["--no-rate-limits"]) as server:
            yield lambda: Tertulia(server)


def measure(
    targets: dict[str, NewTarget], *, seconds: float, rounds: int, left_out: dict[str, str]
) -> dict[str, Results]:
    """In turn. Who delivers wrongly, or cannot be measured, is left out of the rest."""
    results = {name: Results() for name in targets}

    def turn(number: int, name: str) -> None:
        with process.apart(targets[name]().pids):
            if number == 0:
                results[name].bytes_per_connection = idle_bytes(targets[name]())
            for in_flight, found in ((IN_FLIGHT, results[name].full), (1, results[name].alone)):
                found.append(_counted(targets[name], seconds=seconds, in_flight=in_flight))

    for number in range(rounds):
        for name in list(results):
            try:
                turn(number, name)
            except (Unsound, AssertionError, OSError) as error:
                left_out[name] = f"in round {number + 1}: {error}"
                del results[name]
                click.echo(f"{name} is left out: {left_out[name]}", err=True)
        click.echo(f"round {number + 1} of {rounds}", err=True)
    return results


def _counted(target: NewTarget, *, seconds: float, in_flight: int) -> Counted:
    for _ in range(TRIES):
        counted = closed_loop(target(), seconds=seconds, in_flight=in_flight, warm_s=WARM_S)
        if counted.deliveries and counted.cpu_s > CORE_SHARE_MIN * seconds:
            return counted
    raise Unsound([f"{TRIES} times it hardly ran"])


def idle_bytes(target: Target) -> float:
    """What the first crowd of readers adds to the resident memory, for each. To be asked of a fresh server."""
    crowd = Crowd(target)
    try:
        before = process.rss_bytes(target.pids)
        crowd.connect(READERS)
        return (process.rss_bytes(target.pids) - before) / READERS
    finally:
        crowd.close()


def own_ratio(results: dict[str, Results], name: str) -> float:
    """How many times as much Tertulia delivers per CPU-second."""
    pairs = zip(results[OWN].full, results[name].full, strict=True)
    return statistics.median(own.per_cpu_s / other.per_cpu_s for own, other in pairs)


def floor_ratio(results: dict[str, Results], name: str) -> float | None:
    """How many times as much a delivery costs as the floor program's, one message in flight."""
    if floor.NAME not in results:
        return None
    pairs = zip(results[name].alone, results[floor.NAME].alone, strict=True)
    return statistics.median(one.cost_us / least.cost_us for one, least in pairs)


COLUMNS = "{:<22}{:>12}{:>11}{:>10}{:>10}{:>9}{:>10}{:>10}{:>14}"


def table(results: dict[str, Results]) -> list[str]:
    """For people; the best first."""
    lines = [
        f"{'':<22}{f'{IN_FLIGHT} in flight':^52}{'1 in flight':^20}{'idle':>14}",
        COLUMNS.format("", "per CPU-s", "per s", "tertulia", "spread", "of core", "µs CPU", "floor", "B/connection"),
    ]
    for name, found in sorted(results.items(), key=lambda item: -item[1].per_cpu_s):
        least = floor_ratio(results, name)
        lines.append(
            COLUMNS.format(
                name,
                f"{found.per_cpu_s:,.0f}",
                f"{found.per_s:,.0f}",
                f"× {own_ratio(results, name):.2f}",
                f"× {found.spread():.2f}",
                f"{found.core_share:.0%}",
                f"{found.alone_us:.2f}",
                "" if least is None else f"× {least:.2f}",
                f"{found.bytes_per_connection:,.0f}",
            )
        )
    return lines


def summary(results: dict[str, Results], left_out: dict[str, str]) -> dict[str, object]:
    """What the last line says. `ratio`: Tertulia's deliveries per CPU-second over the peer's, saturated."""
    peers: dict[str, object] = {}
    for name, found in results.items():
        least = floor_ratio(results, name)
        peers[name] = {
            "deliveries_per_cpu_s": round(found.per_cpu_s),
            "deliveries_per_s": round(found.per_s),
            "alone_us_per_delivery": round(found.alone_us, 2),
            "alone_times_floor": None if least is None else round(least, 2),
            "bytes_per_connection": round(found.bytes_per_connection),
            "spread": round(found.spread(), 2),
        }
    ratio = {name: round(own_ratio(results, name), 2) for name in results if name != OWN}
    wanted = {name: least for name, least in AT_LEAST.items() if name in ratio}
    return {
        "peers": peers,
        "ratio": ratio,
        "target": wanted,
        "met": {name: ratio[name] >= least for name, least in wanted.items()},
        "left_out": left_out,
    }


def picture(results: dict[str, Results]) -> str:
    def bars(value: Callable[[Results], float], *, is_more_better: bool) -> list[Bar]:
        found = [Bar(name, value(one), short(value(one)), name == OWN) for name, one in results.items()]
        return sorted(found, key=lambda bar: -bar.value if is_more_better else bar.value)

    return svg(
        "One room of 1,000 readers: what a server's CPU buys",
        f"{TEXT_BYTES}-byte messages; every server on the same core in the same run, medians of short rounds in turn.",
        [
            Panel(
                f"Saturated: {IN_FLIGHT} messages in flight (longer is better)",
                "deliveries per CPU-second",
                bars(lambda one: one.per_cpu_s, is_more_better=True),
                is_logarithmic=True,
                least=20_000,
            ),
            Panel(
                "Alone: one message in flight (shorter is better)",
                "µs of CPU per delivery",
                bars(lambda one: one.alone_us, is_more_better=False),
            ),
        ],
    )


if __name__ == "__main__":
    main()
