"""How fast the generator itself is: `python -m load_tests.generator_speed`. The last line is one JSON object.

A program in C (`peers/flood.c`) sends batches to a thousand readers faster than they can be counted. Measured is how
many deliveries this process counts and checks per CPU-second of its own; once worded as Tertulia words them, once as
the plain peers do. It gains from batches as servers do: a `recv` costs about as much for one delivery as for ten
(`--batch 1` shows it). A server that delivers faster than that is measured by its CPU all the same, but no longer at a
rate of its own choosing.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import click

from load_tests import process
from load_tests.crowd import Crowd
from load_tests.fan_out import READERS, settle
from load_tests.figures import Figure, at_least, line, plain
from load_tests.peers import flood

BATCH = 25
"""Deliveries in one write: what Tertulia's batches come to with fifty posts in flight."""
TARGET_PER_CPU_S = 1_500_000
FILES_MAX = 10_000
DEADLINE_S = 120.0


@click.command()
@click.option("--deliveries", default=6_000_000, show_default=True, help="How many of each wording are counted.")
@click.option("--batch", default=BATCH, show_default=True, help="Deliveries in one write.")
def main(deliveries: int, batch: int) -> None:
    """Measure the load generator."""
    process.allow_many_files(FILES_MAX)
    figures: dict[str, Figure] = {}
    for wording in (flood.AS_TERTULIA, flood.AS_PLAIN):
        figures |= measure(wording, deliveries=deliveries, batch=batch)
    for key, figure in figures.items():
        click.echo(line(key, figure))
    click.echo(json.dumps(figures, ensure_ascii=False))


def measure(wording: flood.Wording, *, deliveries: int, batch: int) -> dict[str, Figure]:
    batches = max(1, deliveries // (READERS * batch))
    with (
        tempfile.TemporaryDirectory() as folder,
        flood.running(Path(folder), wording, readers=READERS, batch=batch, batches=batches) as target,
        process.apart(target.pids),
    ):
        crowd = Crowd(target)
        try:
            crowd.connect(READERS)
            due = batches * batch * READERS
            begun, before, cpu_s = time.perf_counter(), crowd.deliveries, time.process_time()
            while crowd.deliveries < due and time.perf_counter() < begun + DEADLINE_S:
                crowd.read(0.05)
            counted, took_s = crowd.deliveries - before, time.perf_counter() - begun
            used_s = time.process_time() - cpu_s
            settle(crowd, due)
        finally:
            crowd.close()
    name = f"generator_{wording.name}"
    return {
        f"{name}_per_cpu_s": at_least(counted / used_s, "deliveries/CPU-s", TARGET_PER_CPU_S),
        f"{name}_per_s": plain(counted / took_s, "deliveries/s"),
    }


if __name__ == "__main__":
    main()
