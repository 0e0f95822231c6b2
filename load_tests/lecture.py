"""A scripted lecture of 500 clients against a real server, and whether everything came out right.

    python -m load_tests.lecture [--clients 500] [--seconds 60] [--seed 7]

500 connections, 200 questions, 5,000 votes, three polls (one asked again), hands, reactions, 20 messages a second,
merges, undos, answers, dismissals, pace, marks, a held floor, a close that carries what is open. What is scripted is
drawn from the seed. The last line is one JSON object of figures; the exit code is 1 when anything was violated. What is
checked, and what it proves, stands in `lecture_check.py`.
"""

from __future__ import annotations

import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import click
import httpx
import msgspec

from load_tests import lecture_check as check
from load_tests import process
from load_tests.figures import Figure, at_most, line, part, plain
from load_tests.lecture_listener import Frames, Listener
from load_tests.lecture_play import ROOM, Hall, LectureHall, Player
from load_tests.lecture_script import deeds, sized
from load_tests.lecture_voice import consoles_voice, voice_of_log
from tests.school import make_school
from tests.servers import Server

SEED: Final = 7
FILES_MAX: Final = 4_096
NAMED_MAX: Final = 5


class Outcome(NamedTuple):
    """`violations`: by kind, each in a sentence."""

    figures: dict[str, Figure]
    violations: dict[str, list[str]]
    notes: list[str]


def lecture(
    *, clients: int, seconds: float, seed: int, folder: Path, planted: Callable[[Player], None] = lambda player: None
) -> Outcome:
    """Play one lecture on a fresh server. `planted`: a fault, put in when all have joined, for tests of the checks."""
    process.allow_many_files(FILES_MAX)
    asyncio.run(make_school(folder / "data", rooms={ROOM: "Lecture", "general": "General talk"}, sessions=[ROOM]))
    size = sized(clients, seconds)
    with Server(folder, options=["--no-rate-limits"]) as server, process.apart([server.pid]):
        target = LectureHall(server)
        player = Player(target, size)
        try:
            player.join()
            planted(player)
            server_s, own_s = process.cpu_s([server.pid]), _own_cpu_s()
            took_s = player.play(deeds(size, seed))
            used = process.cpu_s([server.pid]) - server_s, _own_cpu_s() - own_s
            snapshot = _last_snapshot(target)
            console = consoles_voice(server.url, target.token(0))
        finally:
            player.hall.close()
        log, keys = check.log_of(server.data)
    return _judge(player, target, snapshot, log, keys, console, took_s=took_s, used_s=used)
