"""R5, R9, R10: nodes are killed, all connections are cut at once, nodes are replaced one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from load_tests.chaos.play import CALM_DEADLINE_S, Play
from load_tests.chaos.stage import now_ms
from load_tests.figures import part

RESUMED_S: Final = 10.0
RESUMED_P95_S: Final = 2.0
STORM_S: Final = 15.0
READS_PER_ROOM: Final = 2.0
ROLLING_S: Final = 5.0


async def killed(play: Play, count: int) -> None:
    """kill -9 of each node in turn, in a burst; its readers resume on another. Then it starts again and they return."""
    stage, crowd, outcome = play.stage, play.crowd, play.outcome
    crowd.back_s.clear()

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        victim = number % len(stage.nodes)
        since_ms = now_ms()
        await asyncio.to_thread(stage.kill_node, victim)
        yield since_ms
        await crowd.all_live(CALM_DEADLINE_S)
        await asyncio.to_thread(stage.start_node, victim)
        await crowd.go_home()

    await play.rounds(count, harm, target_s=RESUMED_S)
    outcome.bound("resumed_p95_s", part(crowd.back_s, 0.95), RESUMED_P95_S)
    outcome.bound("resumed_worst_s", max(crowd.back_s), RESUMED_S)
    outcome.notes["resumed"] = len(crowd.back_s)


async def storm(play: Play, count: int) -> None:
    """All connections at once. Read for those who come back is what they missed, shared by all; and, by the clock, the
    tallies (`taken_up`)."""
    stage, crowd, outcome = play.stage, play.crowd, play.outcome
    shares = len(play.rooms) * len(stage.nodes)
    reads_per_room = tallies_per_room = 0.0

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        nonlocal reads_per_room, tallies_per_room
        before, tallies = _reads(play), _reads(play, why="taken_up")
        since_ms = now_ms()
        crowd.cut_all()
        yield since_ms
        await crowd.all_live(CALM_DEADLINE_S)
        tallies = _reads(play, why="taken_up") - tallies
        tallies_per_room = max(tallies_per_room, tallies / shares)
        reads_per_room = max(reads_per_room, (_reads(play) - before - tallies) / shares)

    await play.rounds(count, harm, target_s=STORM_S)
    outcome.bound("log_reads_per_room", reads_per_room, READS_PER_ROOM)
    outcome.notes["tally_reads_per_room"] = tallies_per_room


def _reads(play: Play, *, why: str = "") -> float:
    label, nodes = f'why="{why}"' if why else "", range(len(play.stage.nodes))
    return sum(play.stage.metric(node, "tertulia_catch_up_reads_total", label=label) for node in nodes)


async def rolling(play: Play, count: int) -> None:
    """SIGTERM to each node in turn, and a new one in its place; nobody is without a connection meanwhile."""
    stage, crowd, outcome = play.stage, play.crowd, play.outcome
    crowd.back_s.clear()
    most_moves = 0.0

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        nonlocal most_moves
        victim = number % len(stage.nodes)
        there = sum(reader.link is not None and reader.link.node == victim for reader in crowd.readers)
        moves = crowd.moves
        stage.doors[victim].target_port = stage.nodes[(victim + 1) % len(stage.nodes)].port
        since_ms = now_ms()
        code = await asyncio.to_thread(stage.nodes[victim].stop)
        if code != 0:
            outcome.missed.append(f"a node that was told to end ended with {code}")
        yield since_ms
        most_moves = max(most_moves, (crowd.moves - moves) / there)
        await asyncio.to_thread(stage.start_node, victim)
        await crowd.go_home()

    await play.rounds(count, harm, target_s=STOPPING_S)
    outcome.bound("reconnects_per_client", most_moves, 1.0)
    outcome.bound("without_connection", len(crowd.back_s), 0)
    outcome.bound("worst_late_s", crowd.late_s, ROLLING_S)


STOPPING_S: Final = 15.0
"""From the signal until the node has ended and everybody hears everybody: the drain is part of it."""
