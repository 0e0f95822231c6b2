"""The short forms of `make chaos` (docs/reliability.md): the same scenarios and the same checker, fifty readers, one or
two rounds each, and no figure judged by the clock.

Goal: nothing acked is lost, nothing is told twice, no gap is silent, whatever dies. Method: two stages, of two nodes
each, shared by all: one on SQLite and a single Redis, one on PostgreSQL; each scenario plays with rooms of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from load_tests.chaos import keys, node_harm, postgres_harm, redis_harm
from load_tests.chaos.play import Outcome, Play, Size, playing
from load_tests.chaos.stage import LogKind, Stage

SIZE = Size(clients=48, rooms=2)
COMMANDS = 600

Way = Callable[[Play, int], Awaitable[None]]


@pytest.fixture(scope="module")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    yield from _stage(tmp_path_factory.mktemp("sqlite"), "sqlite")


@pytest.fixture(scope="module")
def postgres_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    yield from _stage(tmp_path_factory.mktemp("postgres"), "postgres")


def _stage(folder: Path, log: LogKind) -> Iterator[Stage]:
    with Stage(folder, nodes=2, log=log) as stage:
        yield stage


def play(stage: Stage, way: Way, rounds: int) -> Outcome:
    async def played() -> Outcome:
        async with playing(stage, SIZE) as playing_now:
            await way(playing_now, rounds)
        return playing_now.outcome

    return asyncio.run(played())


def expect_kept(outcome: Outcome) -> None:
    """Nothing was lost or told wrongly, and everybody recovered; how quickly is the long form's business."""
    assert not outcome.faults.total, outcome.faults.examples
    assert not [sentence for sentence in outcome.missed if "had not recovered" in sentence]
    assert outcome.deliveries > outcome.messages > 0


@pytest.mark.redis
def test_each_command_has_one_effect_over_nodes_and_cuts(sqlite_stage: Stage) -> None:
    outcome = asyncio.run(keys.speak_all(sqlite_stage, COMMANDS, cut_every=10))
    assert not outcome.faults.total, outcome.faults.examples
    assert outcome.notes["cuts"] > 10
    assert outcome.notes["answered_as_repeated"] > COMMANDS


@pytest.mark.redis
@pytest.mark.parametrize("way", [node_harm.killed, node_harm.storm, node_harm.rolling])
def test_nodes_die_or_are_replaced_and_nothing_is_lost(sqlite_stage: Stage, way: Way) -> None:
    outcome = play(sqlite_stage, way, 1)
    expect_kept(outcome)
    if way is node_harm.rolling:
        assert outcome.notes["without_connection"] == 0
        assert outcome.notes["reconnects_per_client"] == 1.0


@pytest.mark.redis
def test_redis_is_harmed_in_eight_ways_and_nothing_is_lost(sqlite_stage: Stage) -> None:
    expect_kept(play(sqlite_stage, redis_harm.single, 8))


@pytest.mark.postgres
@pytest.mark.redis
def test_postgresql_is_killed_and_nothing_accepted_is_lost(postgres_stage: Stage) -> None:
    outcome = play(postgres_stage, postgres_harm.killed, 1)
    expect_kept(outcome)
    assert outcome.notes["later_refusals"] > 0


@pytest.mark.postgres
@pytest.mark.redis
def test_postgresql_is_harmed_in_four_ways_and_nothing_accepted_is_lost(postgres_stage: Stage) -> None:
    expect_kept(play(postgres_stage, postgres_harm.harmed, 4))
