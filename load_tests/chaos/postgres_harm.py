"""R12: PostgreSQL dies, ends its backends, is cut off. Meanwhile posts are refused with `later`; nothing acked is lost,
and it goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from load_tests.chaos.play import Play
from load_tests.chaos.stage import now_ms

BACK_S: Final = 5.0
AWAY_S: Final = 1.5
LATENCY_S: Final = 0.002


async def killed(play: Play, count: int) -> None:
    """kill -9 of all its processes; recovery counts from when it has been started again and takes connections."""
    postgres, outcome = play.stage.postgres, play.outcome
    play.ask()
    own_s = list[float]()

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        await asyncio.to_thread(postgres.kill)
        await asyncio.sleep(AWAY_S)
        began_ms = now_ms()
        await asyncio.to_thread(postgres.start)
        since_ms = now_ms()
        own_s.append((since_ms - began_ms) / 1000)
        yield since_ms

    await play.rounds(count, harm, target_s=BACK_S)
    outcome.notes["its_own_recovery_worst_s"] = round(max(own_s), 2)
    # Behind a commit whose answer was lost a room waits, unanswered, for what became of it: not all are told `later`.
    later = sum(len(asker.later) for asker in play.askers)
    outcome.notes["later_refusals"] = later
    if not later:
        outcome.missed.append("nobody was told `later` while PostgreSQL was away")


async def harmed(play: Play, count: int) -> None:
    """Each kind of harm that leaves the server running, in turn."""
    kinds: list[Callable[[], AbstractAsyncContextManager[None]]] = [
        lambda: _backends_terminated(play),
        lambda: _backend_killed(play),
        lambda: _restarted(play),
        lambda: _cut_off(play),
        lambda: _half_open(play),
        lambda: _far_away(play),
    ]
    play.ask()

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        async with kinds[number % len(kinds)]():
            yield now_ms()

    await play.rounds(count, harm, target_s=SILENT_BACK_S if count > HALF_OPEN_PLACE else BACK_S)


HALF_OPEN_PLACE: Final = 4
SILENT_BACK_S: Final = 25.0
"""A server that says nothing any more is hung up on after `log_answer_s`."""


@asynccontextmanager
async def _backends_terminated(play: Play) -> AsyncIterator[None]:
    await asyncio.to_thread(
        play.stage.postgres.ask, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tertulia'"
    )
    yield


@asynccontextmanager
async def _backend_killed(play: Play) -> AsyncIterator[None]:
    """SIGKILL to one: PostgreSQL then ends all others and recovers, which takes it a moment."""
    await asyncio.to_thread(play.stage.postgres.kill_backend)
    await asyncio.to_thread(play.stage.postgres.wait)
    yield


@asynccontextmanager
async def _restarted(play: Play) -> AsyncIterator[None]:
    await asyncio.to_thread(play.stage.postgres.stop)
    await asyncio.to_thread(play.stage.postgres.start)
    yield


@asynccontextmanager
async def _cut_off(play: Play) -> AsyncIterator[None]:
    """One node alone, and back."""
    link = play.stage.log_links[0]
    link.refuse()
    link.cut("reset")
    await asyncio.sleep(AWAY_S)
    link.heal()
    yield


@asynccontextmanager
async def _half_open(play: Play) -> AsyncIterator[None]:
    """What it answers one node is lost on the way, and nobody is told."""
    play.stage.log_links[-1].silence("back")
    yield
    play.stage.log_links[-1].heal()


@asynccontextmanager
async def _far_away(play: Play) -> AsyncIterator[None]:
    for link in play.stage.log_links:
        link.slow(latency_s=LATENCY_S, jitter_s=LATENCY_S)
    yield
    for link in play.stage.log_links:
        link.heal()
