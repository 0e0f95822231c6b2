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
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import click

from load_tests import lecture_check as check
from load_tests import process
from load_tests.fan_out import Unsound
from load_tests.figures import Figure, at_most, line, part, plain
from load_tests.lecture_listener import Frames
from load_tests.lecture_play import PATIENCE_S, ROOM, Hall, LectureHall, Player, Unplayed
from load_tests.lecture_script import FULL_SIZE, deeds, sized
from load_tests.lecture_voice import counted_twice
from tests.school import make_school
from tests.servers import Server

SEED: Final = 7
FILES_MAX: Final = 4_096
NAMED_MAX: Final = 5


class Outcome(NamedTuple):
    """`violations`: by kind, each in a sentence."""

    figures: dict[str, Figure]
    violations: dict[str, list[str]]


def run(seconds: float) -> dict[str, Figure]:
    """For `make bench`. Raises Unsound when anything was violated."""
    with tempfile.TemporaryDirectory() as name:
        figures, violations = lecture(clients=FULL_SIZE, seconds=seconds, seed=SEED, folder=Path(name))
    if wrong := [f"{kind}: {sentence}" for kind, sentences in violations.items() for sentence in sentences]:
        raise Unsound(wrong)
    return figures


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
            used_s = process.cpu_s([server.pid]) - server_s, _own_cpu_s() - own_s
            snapshot = _last_snapshot(target)
            voices = counted_twice(server.url, target.token(0))
        except Unplayed as error:
            return Outcome({}, {"unplayed": [str(error)]})
        finally:
            player.hall.close()
        log, keys = check.log_of(server.data)
    found, figures = _judge(player, _Kept(target, snapshot, log, keys, voices))
    figures |= {
        "lecture_took_s": plain(took_s, "s"),
        "lecture_server_cpu_s": plain(used_s[0], "CPU seconds of the server"),
        "lecture_generator_cpu_s": plain(used_s[1], "CPU seconds of the generator"),
    }
    return Outcome(figures, found)


def _last_snapshot(target: LectureHall) -> bytes:
    """What the server gives to one who comes when all is over."""
    late = Hall(target, Frames(ROOM, heard_first=lambda told: None))
    try:
        late.connect(1, room=ROOM, is_reader=False)
        deadline_s = time.perf_counter() + PATIENCE_S
        while not late.listeners or not late.listeners[0].is_live:
            if time.perf_counter() > deadline_s:
                raise Unplayed("no snapshot at the end")
            late.read(0.01)
        return late.listeners[0].snapshot
    finally:
        late.close()


class _Kept(NamedTuple):
    """What is there when it is over. `keys`: how many receipts each has. `voices`: effective ones, by the
    console and recounted."""

    target: LectureHall
    snapshot: bytes
    log: list[check.Logged]
    keys: Counter[str]
    voices: tuple[float, float]


def _judge(player: Player, kept: _Kept) -> tuple[dict[str, list[str]], dict[str, Figure]]:
    target, snapshot, log, keys, (console, recount) = kept
    listeners = list(player.hall.listeners.values())
    prefixes, unfair, votes = check.unfair_prefixes(log)
    hidden = {str(target.issued(number).person): number for number in player.size.aliases}
    head = sum(one.kind == "room" for one in log)
    found = {
        "records": [f"person {one.number}: {fault}" for one in listeners for fault in one.faults],
        "heads": [f"person {one.number} has {one.last} of {head}" for one in listeners if one.last != head],
        "states": list(check.unequal_states(listeners, snapshot)),
        "votes": list(check.wrong_votes(listeners, votes)),
        "commands": player.wrong + list(check.lost_or_doubled(player.accepted, log, keys)),
        "unfair": unfair,
        "unmasked": list(check.unmasked(listeners, hidden)),
        "voice": [] if abs(console - recount) < 1e-9 else [f"{console} and {recount}"],
    }
    deliveries = sum(len(one.records) for one in listeners)
    waits_s = [wait for one in listeners for wait in one.waits]
    figures = {
        "lecture_clients": plain(len(listeners), "connections"),
        "lecture_events": plain(head, "events of the room"),
        "lecture_commands": plain(len(player.accepted), "commands, each accepted once"),
        "lecture_sent_again": plain(player.again, "of them sent twice, with the same answer"),
        "lecture_votes": plain(sum(deed.kind == "vote" for deed, _, _ in player.accepted.values()), "votes"),
        "lecture_questions": plain(sum(deed.kind == "ask" for deed, _, _ in player.accepted.values()), "questions"),
        "lecture_deliveries": plain(deliveries, "events told"),
        "lecture_push_p50_ms": plain(part(waits_s, 0.5) * 1000, "ms from sending a message to any client's reading it"),
        "lecture_push_p99_ms": at_most(part(waits_s, 0.99) * 1000, "ms, the same", 250.0),
        "lecture_prefixes": plain(prefixes, "prefixes of the log looked at for the fair order"),
        "effective_voices_console": plain(console, "voices, as the console is told"),
        "effective_voices_recounted": plain(recount, "voices, from the export"),
    }
    return found, figures | {f"violations_{kind}": at_most(len(all_), "violations", 0) for kind, all_ in found.items()}


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@click.command()
@click.option("--clients", default=FULL_SIZE, show_default=True, type=click.IntRange(10, 1_500))
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(2.0))
@click.option("--seed", default=SEED, show_default=True)
def main(clients: int, seconds: float, seed: int) -> None:
    """Play a scripted lecture and check it. The last line is one JSON object."""
    with tempfile.TemporaryDirectory() as name:
        figures, violations = lecture(clients=clients, seconds=seconds, seed=seed, folder=Path(name))
    for key, figure in figures.items():
        click.echo(line(key, figure))
    for kind, sentences in violations.items():
        for sentence in sentences[:NAMED_MAX]:
            click.echo(f"{kind}: {sentence}", err=True)
    click.echo(json.dumps(figures, ensure_ascii=False))
    if any(violations.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
