"""`make chaos`: every scenario, or those named, on fresh servers; a JSON object of figures for each, and a report."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import click
import pytest

from load_tests import process
from load_tests.chaos.play import Outcome, Size
from load_tests.chaos.report import report
from load_tests.chaos.scenarios import SCENARIOS, Run, run

FILES_MAX = 30_000
REPORT = Path(__file__).resolve().parent.parent.parent / "docs" / "chaos.md"


@click.command()
@click.option("--only", multiple=True, type=click.Choice([*SCENARIOS]), help="A scenario; may be said again.")
@click.option("--rounds", type=click.IntRange(1), help="How often, instead of each scenario's own count.")
@click.option("--clients", default=2_000, show_default=True, type=click.IntRange(8))
@click.option("--nodes", default=2, show_default=True, type=click.IntRange(2, 8))
@click.option("--rooms", default=4, show_default=True, type=click.IntRange(1))
@click.option("--per-s", default=5.0, show_default=True, help="Messages a second of each node's writers in each room.")
@click.option("--report", "path", type=click.Path(dir_okay=False, path_type=Path), help="Where the table is written.")
@click.option("--keep/--no-keep", default=False, help=f"Write it to docs/{REPORT.name}.")
@click.option("--list", "is_list", is_flag=True, help="Name the scenarios and end.")
def main(
    only: tuple[str, ...], rounds: int | None, path: Path | None, keep: bool, is_list: bool, **size: float
) -> None:
    """Kill servers under a crowd and count what is lost. Exit 1 when a promise was not kept."""
    if is_list:
        for name, scenario in SCENARIOS.items():
            click.echo(f"{name:<14} {scenario.promise:<4} {scenario.rounds:>7,} {scenario.unit:<9} {scenario.says}")
        return
    process.allow_many_files(FILES_MAX)
    load = Size(clients=int(size["clients"]), nodes=int(size["nodes"]), rooms=int(size["rooms"]), per_s=size["per_s"])
    runs = [_run(name, load, rounds) for name in only or SCENARIOS]
    text = report(runs, load)
    for place in ([path] if path else []) + ([REPORT] if keep else []):
        place.write_text(text, encoding="utf-8")
        click.echo(f"report: {place.name}")
    click.echo(json.dumps({one.name: one.outcome.figures() for one in runs}, ensure_ascii=False))
    sys.exit(0 if all(one.outcome.is_kept for one in runs) else 1)


def _run(name: str, size: Size, rounds: int | None) -> Run:
    """A scenario that cannot be played is one that was not kept; the others go on."""
    click.echo(f"{name}: {SCENARIOS[name].says}", err=True)
    try:
        one = run(name, size, rounds)
    except (Exception, pytest.fail.Exception) as error:  # the latter: a server that did not start
        traceback.print_exc()
        one = Run(
            name, Outcome(missed=[f"it could not be played: {(str(error).splitlines() or [repr(error)])[0]}"]), 0.0
        )
    for sentence in [*one.outcome.missed, *one.outcome.faults.examples]:
        click.echo(f"  NOT KEPT: {sentence}")
    click.echo(json.dumps({"scenario": name, "took_s": round(one.took_s, 1), **one.outcome.figures()}))
    return one


if __name__ == "__main__":
    main()
