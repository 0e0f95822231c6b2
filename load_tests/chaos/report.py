"""The run as a table in Markdown, for docs/chaos.md."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from load_tests.chaos.play import Size
from load_tests.chaos.scenarios import SCENARIOS, Run

OWN_KEYS = frozenset(
    ["rounds", "worst_s", "median_s", "target_s", "lost", "gaps", "duplicates", "messages", "deliveries", "kept"]
)
HEAD = """\
# The chaos run

Written by `make chaos`; docs/reliability.md says what is promised and where each promise is tested.

{when}; {cores} cores shared by nodes, Redis, PostgreSQL and the crowd, {memory} GiB; {versions}.
Load: {clients:,} readers in {rooms} rooms on {nodes} nodes, {per_s:g} messages/s, unless a scenario has its own.

*Recovered* is the time from the fault (for a killed PostgreSQL: from its start) until every reader has heard, from the
writers of every node, something said after it. *Lost*: accepted and not in the log, or in the log and never told to a
reader. *Gaps*: a seq that does not follow the last one, unsaid. *Duplicates*: told twice over one connection, or one
key with two effects.

| | scenario | rounds | recovered: worst | median | promised | lost | gaps | duplicates | messages | deliveries | kept |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|:-:|
"""


def report(runs: Sequence[Run], size: Size) -> str:
    head = HEAD.format(
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        cores=os.cpu_count(),
        memory=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        versions=", ".join(_versions()),
        clients=size.clients,
        rooms=size.rooms,
        nodes=size.nodes,
        per_s=size.messages_per_s,
    )
    rows = "".join(_row(run) for run in runs)
    return head + rows + "\n## The rest of what was measured\n\n" + "".join(_notes(run) for run in runs) + _missed(runs)


def _row(run: Run) -> str:
    scenario, figures = SCENARIOS[run.name], run.outcome.figures()
    is_timed = bool(figures["rounds"])
    cells = [
        scenario.promise,
        f"`{run.name}`: {scenario.says}",
        str(figures["rounds"] or ""),
        f"{figures['worst_s']:.2f} s" if is_timed else "",
        f"{figures['median_s']:.2f} s" if is_timed else "",
        f"{figures['target_s']:g} s" if figures["target_s"] is not None else "",
        *(str(figures[name]) for name in ("lost", "gaps", "duplicates")),
        *(f"{figures[name]:,}" if figures[name] else "" for name in ("messages", "deliveries")),
        "yes" if figures["kept"] else "**no**",
    ]
    return "| " + " | ".join(cells) + " |\n"


def _notes(run: Run) -> str:
    notes = {name: value for name, value in run.outcome.figures().items() if name not in OWN_KEYS}
    told = ", ".join(f"{name} {value:,}" for name, value in notes.items() if value is not None)
    return f"- `{run.name}` ({run.took_s:.0f} s): {told or 'nothing more'}\n"


def _missed(runs: Sequence[Run]) -> str:
    lines = [
        f"- `{run.name}`: {sentence}\n"
        for run in runs
        for sentence in [*run.outcome.missed, *run.outcome.faults.examples]
    ]
    return "\n## What was not kept\n\n" + "".join(lines) if lines else ""


def _versions() -> list[str]:
    found = [f"Linux {platform.release()}", f"Python {platform.python_version()}"]
    found += [f"{name} {version(name)}" for name in ("tertulia", "redis", "psycopg", "uvloop")]
    for name, command in (("Redis", ["redis-server", "--version"]), ("PostgreSQL", _postgres())):
        if command and shutil.which(command[0]):
            said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
            if number := re.search(r"(?:v=|\) )(\d+[\d.]*)", said):
                found.append(f"{name} {number[1]}")
    return found


def _postgres() -> list[str]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return [str(programs[-1]), "--version"] if programs else []
