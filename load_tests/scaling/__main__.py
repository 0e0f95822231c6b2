"""`python -m load_tests.scaling [--measure]`: the figures, tables and pictures of docs/scaling.md.

Without `--measure` from the costs that were measured last (`load_tests/costs/measured.json`), so that the same costs
give the same page. With it, all is measured anew first: run it on a machine that does nothing else. The last line is
one JSON object: what saturates first.
"""

from __future__ import annotations

import json
import time

import click

from load_tests.costs.model import load, save
from load_tests.figures import line
from load_tests.scaling import plots, tables
from load_tests.scaling.measuring import measure
from load_tests.scaling.study import PLACEMENTS, study


@click.command()
@click.option("--measure", "is_measured", is_flag=True, help="Measure all costs anew first: five to six minutes.")
@click.option("--factor", default=1.0, show_default=True, help="Of the spans in which is measured.")
@click.option("--write/--no-write", default=True, show_default=True, help="docs/scaling.md and its pictures.")
def main(is_measured: bool, factor: float, write: bool) -> None:
    """Compute large deployments from measured costs, and write them into docs/scaling.md."""
    begun = time.perf_counter()

    def say(what: str) -> None:
        click.echo(f"{time.perf_counter() - begun:5.0f} s  {what}", err=True)

    if is_measured:
        save(measure(say, factor=factor))
    measured = load()
    for name, figure in measured.figures.items():
        click.echo(line(name, figure))
    say("large deployments")
    found = study(measured.costs)
    blocks = tables.blocks(measured, found)
    for name, words in blocks.items():
        click.echo(f"\n{name}\n{words}")
    if write:
        tables.PAGE.write_text(tables.refreshed(tables.PAGE.read_text(encoding="utf-8"), blocks), encoding="utf-8")
        plots.write(plots.pictures(measured, found))
    first = {f"{one.name}, {one.placement}": one.outcome.first for one in found.deployments}
    click.echo(json.dumps({"first": first, "placements": PLACEMENTS, "seconds": round(time.perf_counter() - begun)}))


if __name__ == "__main__":
    main()
