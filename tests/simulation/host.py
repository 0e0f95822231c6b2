"""A machine that runs a node: starts it, crashes it, drains it, starts another on the same log.

The node is the real one (`live/node.py`, `live/flow.py`), handed a model log, a lossy bus, a virtual clock and
repeatable chance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from tertulia.auth.tokens import Tokens
from tertulia.domain.commands import AnyCommand
from tertulia.domain.refusals import Refusal
from tertulia.live.desk import NodeDesk
from tertulia.live.flow import Flow
from tertulia.live.greet import admit
from tertulia.live.handle import answer_record
from tertulia.live.jobs import Done
from tertulia.live.node import Node
from tests.simulation.link import Link, Peer
from tests.simulation.lossy_bus import LossyBus
from tests.simulation.virtual_loop import TaskOwner

if TYPE_CHECKING:
    from tests.simulation.world import World

DAY_ONE_MS = 1_700_000_000_000
SECRET = b"a secret of thirty-two bytes, long"


class VirtualClock:
    """Wall time of one machine: the loop's, plus how wrong its clock is."""

    def __init__(self, skew_ms: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._skew_ms = skew_ms

    def now_ms(self) -> int:
        return DAY_ONE_MS + self._skew_ms + int(self._loop.time() * 1000)


class SeededIds:
    def __init__(self, random: Random, prefix: str) -> None:
        self._random = random
        self._prefix = prefix
        self._count = 0

    def new_id(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"

    def chance(self) -> float:
        return self._random.random()


class SomeRefused:
    """Stands where rates are: refuses a command now and then, as if its person had been too fast."""

    def __init__(self, random: Random, refused: float) -> None:
        self._random = random
        self._refused = refused

    def take(self, person: Any, now_s: float, *, is_signal: bool) -> int | None:
        return 100 if self._refused and self._random.random() < self._refused else None

    def tell(self, now_s: float) -> Iterable[bytes]:
        """Nodes have nothing to tell each other: nobody spends."""
        return ()


class Host:
    """`flow` is None while it is down. `generation` counts the nodes that ran here."""

    def __init__(self, world: World, name: str, *, skew_ms: int) -> None:
        self.world = world
        self.name = name
        self.generation = 0
        self.flow: Flow | None = None
        self.bus: LossyBus
        self.owner = TaskOwner(name)
        self.links: dict[Link, None] = {}
        self.is_accepting = False
        self.tasks_at_rest = 0
        """How many tasks a node has of which nobody asks anything: its ticks."""
        self._clock = VirtualClock(skew_ms)

    @property
    def desk(self) -> NodeDesk:
        assert self.flow is not None, "nobody is connected to a host that is down"
        return self.flow.desk

    async def start(self) -> None:
        assert self.flow is None, "it is running"
        self.generation += 1
        node_id = f"{self.name}{self.generation}"
        world = self.world
        self.owner = TaskOwner(node_id)
        self.bus = LossyBus(node_id, world.network, self.owner)
        node = Node(
            node_id=node_id,
            log=world.log,
            bus=self.bus,
            reading=world.reading,
            tokens=Tokens(SECRET, clock=self._clock),
            rates=world.rates,
            clock=self._clock,
            ids=SeededIds(world.random, node_id),
        )
        self.flow = self.owner.context.run(Flow, node)
        world.prepared(self.flow)
        await asyncio.get_running_loop().create_task(self.flow.start(), context=self.owner.context)
        self.tasks_at_rest = len(self.owner.tasks)
        self.is_accepting = True
        world.trace.note(node_id, "is up")

    async def crash(self) -> None:
        """Without a goodbye to anybody."""
        if self.flow is None:
            return
        self.world.trace.note(self.bus.node_id, "crashes")
        self.is_accepting = False
        self.bus.break_off()
        for link in list(self.links):
            link.die()
        self.flow = None
        await self.owner.end_tasks()

    async def drain(self, *, window_s: float) -> None:
        """Go away politely."""
        flow = self.flow
        if flow is None:
            return
        self.world.trace.note(self.bus.node_id, "drains")
        self.is_accepting = False
        loop = asyncio.get_running_loop()
        await loop.create_task(flow.drain(window_s=window_s, wait_s=window_s * 1.6), context=self.owner.context)
        for link in list(self.links):
            self.owner.context.run(link.conversation.close, "draining")
        await loop.create_task(flow.stop(), context=self.owner.context)
        self.flow = None
        await self.owner.end_tasks()

    def post(self, token: str, command: AnyCommand) -> asyncio.Task[dict[str, Any]]:
        """What `POST /api/commands` does; the answer as it comes in its body."""
        assert self.flow is not None, "nobody asks a host that is down"
        answer = self._answer(self.flow, token, command)
        return asyncio.get_running_loop().create_task(answer, context=self.owner.context)

    async def _answer(self, flow: Flow, token: str, command: AnyCommand) -> dict[str, Any]:
        claims = flow.node.tokens.read(token, use="access")
        asker = claims if isinstance(claims, Refusal) else await admit(flow.node, flow.receiver, claims)
        if isinstance(asker, Refusal):
            verdict: Done | Refusal = asker
        else:
            verdict = await flow.command(command, person=asker.person, cohort=self.world.cohort)
        answer: dict[str, Any] = msgspec.to_builtins(answer_record(verdict, id=command.id))
        return answer

    def accept(self, peer: Peer, **options: Any) -> Link:
        """A connection to the node that runs here now."""
        link = self.owner.context.run(Link, self, peer, **options)
        self.links[link] = None
        return link
