"""A scenario under way: readers and writers on a stage, rounds of harm, and the verdict at the end."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import click

from load_tests.chaos.readers import Crowd
from load_tests.chaos.stage import COHORT, Stage, now_ms
from load_tests.chaos.verdict import Faults, history, judge
from load_tests.chaos.writers import Asker, Writers

CALM_DEADLINE_S: Final = 60.0
RECOVERY_DEADLINE_S: Final = 40.0
REACH_DEADLINE_S: Final = 30.0
PROMPT_S: Final = 0.5
"""Everything that comes is younger than this: it came by the bus, not by the look at the log once a second."""
PROMPT_LOOK_S: Final = 1.2
PROMPT_DEADLINE_S: Final = 20.0

Harm = Callable[[int], AbstractAsyncContextManager[float]]
"""Of a round by its number: what is harmed inside; gives the moment from which recovery counts (Unix ms)."""


class Size(NamedTuple):
    """Of the load. `per_s`: messages a second of each voice in each room where it is heard; there is a voice for each
    node."""

    clients: int
    nodes: int = 2
    rooms: int = 4
    per_s: float = 5.0

    @property
    def messages_per_s(self) -> float:
        """In every second room all voices are heard, in each of the others one."""
        return ((self.rooms + 1) // 2 * self.nodes + self.rooms // 2) * self.per_s


@dataclass(slots=True)
class Outcome:
    """`target_s`: what the worst recovery may be; None when the scenario has no such target. `notes`: more figures.
    `missed`: targets that were not met, in words."""

    target_s: float | None = None
    recoveries_s: list[float] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    notes: dict[str, float] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    messages: int = 0
    deliveries: int = 0

    def bound(self, name: str, value: float, at_most: float) -> None:
        self.notes[name] = round(value, 3)
        if value > at_most:
            self.missed.append(f"{name} is {value:g}, at most {at_most:g} is promised")

    @property
    def is_kept(self) -> bool:
        return not self.faults.total and not self.missed

    def figures(self) -> dict[str, Any]:
        counts = self.faults.counts
        recoveries = self.recoveries_s
        return {
            "rounds": len(recoveries),
            "worst_s": round(max(recoveries, default=0.0), 2),
            "median_s": round(statistics.median(recoveries), 2) if recoveries else 0.0,
            "target_s": self.target_s,
            "lost": counts["lost"],
            "gaps": counts["gap"],
            "duplicates": counts["duplicate"],
            "other_faults": counts["other"],
            "messages": self.messages,
            "deliveries": self.deliveries,
            **self.notes,
            "kept": self.is_kept,
        }


class Play:
    def __init__(self, stage: Stage, size: Size, crowd: Crowd, *, writers: Writers, rooms: list[str]) -> None:
        self.stage, self.size, self.crowd, self.writers, self.rooms = stage, size, crowd, writers, rooms
        self.outcome = Outcome(faults=crowd.faults)
        self.askers: list[Asker] = []

    async def rounds(self, count: int, harm: Harm, *, target_s: float) -> None:
        """Harm, until all have recovered; mend; and again. What took longest, and whether all did, is in the
        outcome."""
        outcome = self.outcome
        outcome.target_s = target_s
        for number in range(count):
            await self.calm()
            async with harm(number) as since_ms:
                seconds, missing = await self.crowd.recovered(
                    since_ms, voices=self.writers.voices, deadline_s=RECOVERY_DEADLINE_S
                )
                outcome.recoveries_s.append(seconds)
                if missing:
                    outcome.missed.append(f"round {number + 1}: {missing} readers had not recovered")
                click.echo(f"  round {number + 1} of {count}: {seconds:.2f} s", err=True)
        worst_s = max(outcome.recoveries_s, default=0.0)
        if worst_s > target_s:
            outcome.missed.append(f"the worst recovery took {worst_s:.2f} s, {target_s:g} s are promised")

    async def calm(self) -> None:
        """Until everybody is connected and hears everybody."""
        await self.crowd.all_live(CALM_DEADLINE_S)
        _, missing = await self.crowd.recovered(now_ms(), voices=self.writers.voices, deadline_s=CALM_DEADLINE_S)
        assert not missing, f"{missing} readers do not hear everybody, and nothing is harmed"

    async def prompt(self) -> float:
        """Seconds until what is said comes as promptly as it should."""
        began = time.perf_counter()
        while time.perf_counter() < began + PROMPT_DEADLINE_S:
            self.crowd.late_s = 0.0
            await asyncio.sleep(PROMPT_LOOK_S)
            if 0.0 < self.crowd.late_s < PROMPT_S:
                return max(0.0, time.perf_counter() - began - PROMPT_LOOK_S)
        return PROMPT_DEADLINE_S

    def ask(self) -> None:
        """From now on somebody posts at every node without sending again."""
        secret = self.stage.secret
        for number, node in enumerate(self.stage.nodes):
            self.askers.append(Asker(node.port, number=number, secret=secret, cohort=COHORT, room=self.rooms[0]))
            self.askers[-1].start()

    async def finish(self) -> None:
        """All stop talking; then everything is compared with the log."""
        await self.crowd.all_live(CALM_DEADLINE_S)
        for asker in self.askers:
            await asker.stop()
        await self.writers.stop()
        logs = []
        for number in range(len(self.stage.nodes)):
            async with self.stage.http(number) as http:
                logs.append({f"room/{room}": await history(http, f"room/{room}") for room in self.rooms})
        heads = {stream: len(entries) for stream, entries in logs[0].items()}
        await self.crowd.reach(heads, deadline_s=REACH_DEADLINE_S)
        outcome, crowd = self.outcome, self.crowd
        acked = [*self.writers.acked, *(one for asker in self.askers for one in asker.acked)]
        refused = [*self.writers.refused, *(text for asker in self.askers for text in asker.later)]
        judge(outcome.faults, logs, acked=acked, refused=refused, told=crowd.told, readers=crowd.reached())
        for line in self.stage.complaints():
            outcome.faults.note("other", f"a node printed: {line}")
        for asker in self.askers:
            for answer in asker.otherwise:
                outcome.faults.note("other", f"a post was answered {answer}")
        outcome.messages, outcome.deliveries = len(acked), crowd.deliveries
        outcome.notes |= {"resends": self.writers.resends, "lags": crowd.lags, "gaps_fetched": crowd.results["gap"]}


@asynccontextmanager
async def playing(stage: Stage, size: Size) -> AsyncIterator[Play]:
    """Everybody is there and talks; at the end, unless it failed, everything is judged."""
    rooms = await stage.make_rooms(size.rooms)
    crowd = Crowd([node.port for node in stage.nodes], secret=stage.secret, cohort=COHORT)
    doors = [door.port for door in stage.doors]
    writers = Writers(doors, secret=stage.secret, cohort=COHORT, rooms=rooms, per_s=size.per_s)
    async with AsyncExitStack() as ends:
        ends.push_async_callback(crowd.close)
        ends.push_async_callback(writers.abandon)
        await crowd.come(size.clients, streams=[f"room/{room}" for room in rooms])
        await writers.start()
        play = Play(stage, size, crowd, writers=writers, rooms=rooms)
        yield play
        await play.finish()
