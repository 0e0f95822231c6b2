"""R11: Redis dies, is cut off, stalls, fails over, is away for a minute. Nothing is lost: the log is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from load_tests.chaos.play import Play
from load_tests.chaos.stage import now_ms

BACK_S: Final = 5.0
FOLLOW_S: Final = 2.0
AWAY_S: Final = 1.2
PAUSE_MS: Final = 3_000
LATENCY_S: Final = 0.3


async def single(play: Play, count: int) -> None:
    """Each kind of harm to a single Redis, in turn."""
    kinds: list[Callable[[], AbstractAsyncContextManager[None]]] = [
        lambda: _clients_killed(play),
        lambda: _paused(play),
        lambda: _killed(play),
        lambda: _stopped(play),
        lambda: _cut_off(play),
        lambda: _half_open(play),
        lambda: _not_read(play),
        lambda: _far_away(play),
    ]

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        async with kinds[number % len(kinds)]():
            yield now_ms()
        await play.prompt()

    await play.rounds(count, harm, target_s=BACK_S)


@asynccontextmanager
async def _clients_killed(play: Play) -> AsyncIterator[None]:
    for kind in ("pubsub", "normal"):
        await asyncio.to_thread(play.stage.redis.kill_clients, kind)
    yield


@asynccontextmanager
async def _paused(play: Play) -> AsyncIterator[None]:
    await asyncio.to_thread(play.stage.redis.pause_clients, PAUSE_MS)
    yield


@asynccontextmanager
async def _killed(play: Play) -> AsyncIterator[None]:
    await asyncio.to_thread(play.stage.redis.restart)
    yield


@asynccontextmanager
async def _stopped(play: Play) -> AsyncIterator[None]:
    with play.stage.redis.paused():
        yield
        await asyncio.sleep(AWAY_S)


@asynccontextmanager
async def _cut_off(play: Play) -> AsyncIterator[None]:
    """One node alone: the other still has Redis."""
    link = play.stage.bus_links[0]
    link.refuse()
    link.cut("reset")
    yield
    await asyncio.sleep(AWAY_S)
    link.heal()


@asynccontextmanager
async def _half_open(play: Play) -> AsyncIterator[None]:
    """What Redis says to one node is lost on the way, and nobody is told."""
    play.stage.bus_links[-1].silence("back")
    yield
    play.stage.bus_links[-1].heal()


@asynccontextmanager
async def _not_read(play: Play) -> AsyncIterator[None]:
    link = play.stage.bus_links[0]
    link.stop_reading("there", "back")
    yield
    await asyncio.sleep(AWAY_S)
    link.heal()


@asynccontextmanager
async def _far_away(play: Play) -> AsyncIterator[None]:
    for link in play.stage.bus_links:
        link.slow(latency_s=LATENCY_S, jitter_s=LATENCY_S)
    yield
    await asyncio.sleep(AWAY_S)
    for link in play.stage.bus_links:
        link.heal()


async def fail_over(play: Play, count: int) -> None:
    """kill -9 of a master, of Sentinel's or each of the Cluster's in turn; it comes back as a replica."""
    group, prompt_s = play.stage.failing, list[float]()
    is_cluster = play.stage.bus == "cluster"

    def kill(number: int) -> object:
        return group.kill_master(number % 3) if is_cluster else group.kill_master()  # type: ignore[call-arg]

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        dead = await asyncio.to_thread(kill, number)
        since_ms = now_ms()
        yield since_ms
        waited_s = (now_ms() - since_ms) / 1000
        prompt_s.append(waited_s + await play.prompt())
        await asyncio.to_thread(group.wait_failover, dead)  # type: ignore[arg-type]
        await asyncio.to_thread(group.heal)

    await play.rounds(count, harm, target_s=BACK_S)
    play.outcome.notes["bus_back_worst_s"] = round(max(prompt_s), 2)


async def away(play: Play, seconds: int) -> None:
    """Redis is off so long: each node's room talks on, the other follows."""
    redis, outcome = play.stage.redis, play.outcome

    @asynccontextmanager
    async def harm(number: int) -> AsyncIterator[float]:
        await play.prompt()
        await asyncio.to_thread(redis.stop)
        since_ms = now_ms()
        yield since_ms
        play.crowd.late_s = 0.0
        acked = len(play.writers.acked)
        await asyncio.sleep(seconds)
        outcome.bound("worst_late_while_off_s", play.crowd.late_s, FOLLOW_S)
        outcome.notes["accepted_per_s_while_off"] = round((len(play.writers.acked) - acked) / seconds, 1)
        await asyncio.to_thread(redis.start)
        outcome.bound("prompt_again_s", await play.prompt(), BACK_S)

    await play.rounds(1, harm, target_s=BACK_S)
