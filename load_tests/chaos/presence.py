"""R7: who is here, seen from another node: people who leave, a node that ends in order, a node that is killed."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from load_tests.chaos.play import Outcome, Size
from load_tests.chaos.stage import COHORT, Stage
from tertulia.cli.tokens import issue_with
from tertulia.client import Client, SoftRecord
from tertulia.domain import limits
from tertulia.wire.records import Presence, PresenceChanged

PEOPLE: Final = 20
DEADLINE_S: Final = 90.0
TOLD_S: Final = 1.0
"""Between a node that knows and another that tells: a message and its turn."""
TICKS_S: Final = 2 * limits.presence_tick_s
GHOST_S: Final = 60.0


class _Watcher:
    """Who is in a room, as somebody on another node is told."""

    def __init__(self) -> None:
        self.people: set[str] = set()

    def hear(self, record: SoftRecord) -> None:
        if isinstance(record, Presence):
            self.people = set(record.people or [])
        elif isinstance(record, PresenceChanged):
            self.people = (self.people | set(record.joined)) - set(record.left)

    async def until(self, expected: set[str]) -> float:
        began = time.perf_counter()
        while self.people != expected:
            if time.perf_counter() > began + DEADLINE_S:
                return DEADLINE_S
            await asyncio.sleep(0.02)
        return time.perf_counter() - began


def presence(folder: Path, size: Size, count: int) -> Outcome:
    outcome = Outcome()
    for number in range(count):
        here = folder / str(number)
        with Stage(here, nodes=2) as stage:
            asyncio.run(_play(stage, outcome))
    return outcome


async def _play(stage: Stage, outcome: Outcome) -> None:
    (room,) = await stage.make_rooms(1)
    watcher = _Watcher()
    async with AsyncExitStack() as ends:
        olga = await ends.enter_async_context(
            Client(stage.nodes[1].url, token=_token(stage, "W"), on_soft=watcher.hear)
        )
        await olga.follow(f"room/{room}", "head")
        me = {olga.person}
        groups = [[await _enter(stage, ends, room, f"{group}{n}") for n in range(PEOPLE)] for group in ("A", "B")]
        people = [{client.person for client in group} for group in groups]
        outcome.bound("seen_s", await watcher.until(me | people[0] | people[1]), TICKS_S + TOLD_S)
        await asyncio.gather(*(client.close() for client in groups[0]))
        left_s = await watcher.until(me | people[1])
        outcome.bound("left_after_grace_s", left_s - limits.presence_grace_s, TICKS_S + TOLD_S)
        stage.nodes[0].kill()
        outcome.bound("left_after_kill_s", await watcher.until(me), limits.presence_lease_s + TICKS_S)
        await asyncio.gather(*(client.close() for client in groups[1]))
        stage.nodes[0].start()
        again = {(await _enter(stage, ends, room, f"C{n}")).person for n in range(PEOPLE)}
        await watcher.until(me | again)
        code = await asyncio.to_thread(stage.nodes[0].stop)
        outcome.bound("left_after_stop_s", await watcher.until(me), TICKS_S + TOLD_S)
        assert code == 0, "it ends in order"
        await asyncio.sleep(TICKS_S)
        outcome.bound("ghosts", len(watcher.people - me), 0)


def _token(stage: Stage, name: str) -> str:
    return issue_with(stage.secret, cohort=COHORT, name=name, role="learner", hours=5.0).access


async def _enter(stage: Stage, ends: AsyncExitStack, room: str, name: str) -> Client:
    client = await ends.enter_async_context(Client(stage.nodes[0].url, token=_token(stage, name)))
    await client.follow(f"room/{room}", "head")
    return client
