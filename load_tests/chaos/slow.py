"""R8: slow readers, as `make bench` measures them (load_tests/slow_readers.py), judged as a promise."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from load_tests.chaos.play import Outcome, Size
from load_tests.slow_readers import slow_readers
from tests.school import make_school
from tests.servers import Server

SECONDS: Final = 4.0


def slow(folder: Path, size: Size, count: int) -> Outcome:
    """`count` times; of each figure the last is told, and whatever was missed. Raises Unsound for what was delivered
    wrongly."""
    outcome = Outcome()
    asyncio.run(make_school(folder / "data", rooms={"general": "General"}))
    with Server(folder, options=["--no-rate-limits"]) as server:
        for _ in range(count):
            for name, figure in slow_readers(server, SECONDS).items():
                outcome.notes[name] = figure["value"]
                if figure["met"] is False:
                    outcome.missed.append(f"{name} is {figure['value']:g} {figure['unit']}, not {figure['target']:g}")
    return outcome
