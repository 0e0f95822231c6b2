"""A whole node on which somebody speaks under an alias: the real log in SQLite, hub, flow and soft state; clock, ids
and ticks are the test's.

    async with masked_node(folder, behind="Ana") as node:
        await node.masked(PostMessage, text="But why?", alias=True)     # by whoever it is
        await node.does("Ana", PostMessage, text="I say so.")

    node.seen            # what Cat, a learner, was written, message by message, and what all that cost the node

Ana, Ben, Cat (learners) and Tad (TA) are connected and follow the room; Cat has a second device that follows it at
level `head`. What is *not* here: sockets, HTTP.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from tertulia.app import Settings, open_node
from tertulia.domain.cohort import decide_room_made
from tertulia.domain.command import RoomCommand
from tertulia.domain.commands import ChangeRoom
from tertulia.domain.ids import PersonId, RoomId, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.session.commands import OpenSession
from tertulia.live.flow import Flow
from tertulia.live.greet import found_cohort, join
from tertulia.live.jobs import Done
from tertulia.routes import exporting, transcript
from tertulia.routes.transcript import Exported, Span
from tests.hand_log import turns
from tests.live_node import CountedIds, Device
from tests.simulation.people import COHORT, FOUNDER, person

GENERAL: Final = RoomId("general")
STREAMS: Final = ("room/general", "cohort/demo")
PEOPLE: Final = {one.name: one for one in (FOUNDER, *(person(name, "learner") for name in ("Ana", "Ben", "Cat")))} | {
    "Tad": person("Tad", "ta")
}
QUIET_TURNS: Final = 3


class HandClock:
    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.ms


class CountedLog:
    """How often the log was asked for what."""

    def __init__(self, log: Any, asked: Counter[str]) -> None:
        self._log = log
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._log, name)
        if name in ("append", "read", "heads", "receipts", "checkpoint"):
            self._asked[name] += 1
        return found


class Seen(NamedTuple):
    """`written`: what each of Cat's devices was written, in one write each. `asked`: what the node asked its log.
    `exported`: what she can fetch."""

    written: list[list[bytes]]
    asked: dict[str, int]
    exported: dict[str, bytes]


class MaskedNode:
    """`behind`: the name of who is behind the alias."""

    def __init__(self, flow: Flow, clock: HandClock, behind: str) -> None:
        self.flow = flow
        self.clock = clock
        self.behind = behind
        self.tokens = flow.node.tokens
        self.asked: Counter[str] = Counter()
        self.devices: dict[str, Device] = {}
        self.cat: list[Device] = []
        self.last = 0
        """The seq of the message that was posted last, by whoever."""
        self._keys = 0

    # --- what people do -----------------------------------------------------------------------------------------

    async def does(self, name: str, kind: type[Any], **fields: Any) -> Done | Refusal:
        """Whoever it is, on no connection: done or refused, and all that follows from it."""
        self._keys += 1
        if issubclass(kind, RoomCommand):
            fields.setdefault("room", GENERAL)
        command = kind(key=f"{PEOPLE[name].id}-{self._keys:08d}", **fields)
        verdict = await self.flow.command(command, person=PEOPLE[name].id, cohort=COHORT)
        await self.settle()
        if isinstance(verdict, Done) and verdict.stream == "room/general":
            self.last = verdict.seq
        return verdict

    async def masked(self, kind: type[Any], **fields: Any) -> Done | Refusal:
        return await self.does(self.behind, kind, **fields)

    async def types(self, name: str) -> None:
        self.devices[name].send({"type": "typing", "room": GENERAL})
        await self.settle()

    async def connects(self, name: str, **levels: str) -> Device:
        """With `levels`, to these streams at these levels; else to the room, the cohort and their own."""
        streams = levels or dict.fromkeys((*STREAMS, user_stream(PEOPLE[name].id)))  # with a snapshot each
        device = Device(self, PEOPLE[name], streams=streams, levels=levels)  # type: ignore[arg-type]
        await self.settle()
        assert device.conversation.stage == "open", device.closing
        return device

    @property
    def questions(self) -> list[str]:
        """Their ids, in the order they were asked."""
        state = self.flow.node.room_lane(GENERAL).state
        assert state is not None
        return list(state.session.questions)

    # --- time ---------------------------------------------------------------------------------------------------

    def after(self, *, s: float) -> None:
        self.clock.ms += int(s * 1000)

    async def ticks(self) -> None:
        """All that is told now and then."""
        await self.flow.soft.tell_tallies()
        await self.flow.soft.tell_heads()
        await self.flow.soft.here.tick()
        await self.settle()

    async def settle(self) -> None:
        """Until nothing is under way: no task of the node's, no flush, no projection behind."""
        quiet = 0
        while quiet < QUIET_TURNS:
            await turns()
            await self.flow.node.log.settle()  # type: ignore[attr-defined]
            node = self.flow.node
            is_busy = bool(node._tasks) or any(not lane.is_idle for lane in node._lanes.values())
            quiet = 0 if is_busy else quiet + 1
            await asyncio.sleep(0.002)  # a flush is paced

    # --- what Cat has -------------------------------------------------------------------------------------------

    async def seen(self) -> Seen:
        await self.ticks()
        self.cat.append(await self.connects("Cat"))
        asked = dict(self.asked)
        return Seen([device.written for device in self.cat], asked, await self._exported())

    async def _exported(self) -> dict[str, bytes]:
        node = self.flow.node
        state = node.cohort_state(COHORT)
        assert state is not None
        cat = PEOPLE["Cat"].id
        of = Exported(self.flow, GENERAL, state.members, cat, False, "General", Span(0, 10_000, ""))
        lines = exporting._jsonl(of, with_staff=False)
        by_person = [
            await node.reading.search([GENERAL], "why", by=PersonId(one), limit=50) for one in ("p-ana", "p-ben")
        ]
        members = await node.reading.members(COHORT, [one.id for one in PEOPLE.values()])
        return {
            "jsonl": b"".join([chunk async for chunk in lines]),
            "markdown": b"".join([chunk async for chunk in transcript.markdown(of)]),
            "html": b"".join([chunk async for chunk in transcript.html(of)]),
            "search by person": msgspec.json.encode(by_person),
            "members": msgspec.json.encode(members),
        }


@asynccontextmanager
async def masked_node(folder: Path, behind: str, *, anonymity: str = "anonymous") -> AsyncIterator[MaskedNode]:
    clock = HandClock()
    flow = await open_node(Settings(data=folder, rate_limits=False), clock=clock)
    node = flow.node
    node.node_id, node.ids = "node", CountedIds()
    node.log._epoch = "epoch"  # type: ignore[attr-defined]  # else it is drawn anew for each file
    await node.bus.start(flow.receiver.receive, lambda channels: None)
    try:
        await found_cohort(node, COHORT, founder=FOUNDER.id, name="Demo")
        for one in PEOPLE.values():
            await join(node, COHORT, one.id, name=one.name, role=one.role)
        await node.cohort_lane(COHORT).ask(
            lambda state, at: decide_room_made(COHORT, GENERAL, name="General", kind="session"), author=FOUNDER.id
        )
        here = MaskedNode(flow, clock, behind)
        await here.does("Olga", ChangeRoom, anonymity=anonymity)
        await here.does("Olga", OpenSession)
        for name in ("Ana", "Ben", "Tad"):
            here.devices[name] = await here.connects(name)
        here.cat = [await here.connects("Cat"), await here.connects("Cat", **{"room/general": "head"})]
        node.log = CountedLog(node.log, here.asked)  # type: ignore[assignment]
        for lane in node._lanes.values():
            lane._log = node.log
        yield here
    finally:
        await flow.node.cancel_tasks()
        await node.bus.stop()
        await node.log.close()
