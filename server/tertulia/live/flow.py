"""The flow's parts, made once per node, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tertulia.bus import NODES, BusMessage
from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.commands import AnyCommand
from tertulia.domain.ids import CohortId, PersonId
from tertulia.domain.refusals import Refusal
from tertulia.live.catch_up import CatchUp
from tertulia.live.desk import NodeDesk
from tertulia.live.handle import handle
from tertulia.live.jobs import Done
from tertulia.live.node import Node
from tertulia.live.rates import SPENT
from tertulia.live.receive import Receiver
from tertulia.live.session_clock import SessionClock
from tertulia.live.soft import SoftState
from tertulia.wire.records import Reconnect

logger = structlog.get_logger("tertulia.live.flow")


class Flow:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.soft = SoftState(node)
        self.sessions = SessionClock(node, self.soft.here)
        self.receiver = Receiver(node, self.soft)
        self.catch_up = CatchUp(node, self.receiver, self.soft)
        self.desk = NodeDesk(node, self.receiver, self.catch_up, self.soft)

    async def start(self) -> None:
        """Begin to hear and to tick. Raises `BusRefused`."""
        await self.node.bus.start(self.receiver.receive, self.bus_missed)
        for period_s, work in (
            *self.soft.ticks(),
            (limits.head_check_s, self.receiver.check_heads),
            (limits.session_tick_s, self.sessions.tick),
            (limits.head_check_s, self.node.bring_up_lanes),
            (limits.channel_idle_s / 4, self._tidy),
            (limits.spent_tick_s, self._tell_spent),
        ):
            self.node.spawn(self._every(period_s, work))
        self.node.spawn(self._watch_loop())

    async def stop(self) -> None:
        """Let go: other nodes are told that our people left, what is under way is answered."""
        self.soft.here.node_leaves()
        await self.node.cancel_tasks()
        await self.node.bus.stop()

    async def drain(self, *, window_s: float, wait_s: float) -> None:
        """Tell everybody to reconnect within the window; keep their sockets until they went or the wait is over."""
        self.node.is_draining = True
        loop, told = asyncio.get_running_loop(), set[Conversation]()
        begun = now = loop.time()
        while self.node.conversations and now < begun + wait_s:
            left_ms = round(max(0.0, begun + window_s - now) * 1000)
            for conversation in [one for one in self.node.conversations if one not in told]:
                told.add(conversation)  # who was being greeted when it began is told afterwards
                conversation.say(Reconnect(after=0, window=left_ms))
            await asyncio.sleep(limits.drain_poll_s)
            now = loop.time()

    async def command(self, command: AnyCommand, *, person: PersonId, cohort: CohortId) -> Done | Refusal:
        """A command from a shell without a conversation (HTTP, the command line)."""
        answer: asyncio.Future[Done | Refusal] = asyncio.get_running_loop().create_future()

        def settle(verdict: Done | Refusal) -> None:
            if not answer.done():
                answer.set_result(verdict)

        handle(self.node, command, person=person, cohort=cohort, answer=settle)
        return await answer

    def bus_missed(self, channels: frozenset[str] | None) -> None:
        """The bus was away, or these of its channels: what it did not tell is in the log, and who is where must be told
        anew."""
        self.soft.here.missed(channels)
        self.node.spawn(self.receiver.check_heads(channels))

    async def _tell_spent(self) -> None:
        """A person who uses several nodes has one budget."""
        node = self.node
        for payload in node.rates.tell(node.clock.now_ms() / 1000):
            node.bus.publish(BusMessage(NODES, SPENT, "", 0, payload, node.node_id))

    async def _tidy(self) -> None:
        now_s = asyncio.get_running_loop().time()
        self.node.drop_idle_lanes(now_s=now_s)
        await self.receiver.close_idle(now_s=now_s)
        self.catch_up.stretches.forget()

    async def _watch_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + limits.loop_lag_every_s
            await asyncio.sleep(limits.loop_lag_every_s)
            self.node.loop_lag.add(loop.time() - due_s)

    async def _every(self, period_s: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(period_s)
            try:
                await work()
            except Exception:
                logger.exception("tick failed", what=getattr(work, "__qualname__", str(work)))
