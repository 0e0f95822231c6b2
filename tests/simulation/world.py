"""One run: hosts, clients, a log, a network and a plan of what goes wrong; then everything heals and is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from tertulia.auth.tokens import Tokens
from tertulia.domain import limits
from tertulia.domain.ids import stream_kind
from tertulia.domain.policy import Role
from tertulia.live.flow import Flow
from tests.simulation import verdict
from tests.simulation.check import Check
from tests.simulation.client import Client, Person
from tests.simulation.host import DAY_ONE_MS, SECRET, Host, SomeRefused, VirtualClock
from tests.simulation.leaks import leaks
from tests.simulation.lossy_bus import Network, Weather
from tests.simulation.model_log import Faults, ModelLog, ModelReading
from tests.simulation.people import COHORT, JOINS_LATER, OWNER, VISITOR, found
from tests.simulation.plan import Plan, Trouble, draw
from tests.simulation.script import Script
from tests.simulation.sender import Sent
from tests.simulation.trace import Trace
from tests.simulation.virtual_loop import TaskOwner, VirtualLoop

SETTLE_S = 40.0
SETTLE_TRIES = 4
AFTERWARDS_S = 6.0
PRESENCE_S = 45.0
"""A node that crashed is no longer believed after `presence_lease_s`."""
VISIT_S = 4.0
LATELY_EVENTS = 4
"""Few enough for a node to give them out of what it keeps, whatever its limits."""
LEAK_WAIT_S = 6.0
LOOK_EVERY_S = 0.25


class World:
    def __init__(self, plan: Plan, *, prepared: Callable[[Flow], None]) -> None:
        loop = asyncio.get_running_loop()
        self.plan = plan
        self.cohort = COHORT
        self.prepared = prepared
        self.now_s = loop.time
        self.random = Random(f"world {plan.seed}")
        self.trace = Trace(loop.time)
        self.check = Check(self)
        self.owner = TaskOwner("world")
        self.log = ModelLog(Faults(random=Random(f"log {plan.seed}")), now_s=loop.time)
        self.reading = ModelReading(self.log)
        self.network = Network(Random(f"network {plan.seed}"), Weather())
        self.rates = SomeRefused(self.random, plan.rate_limited)
        self.sent: dict[tuple[str, str], Sent] = {}
        self._logs_down = 0
        self._log_back_s = 0.0
        self._tokens = Tokens(SECRET, clock=VirtualClock())
        self._known_tokens: dict[Person, str] = {}
        self.people = list(dict.fromkeys(device.person for device in plan.devices))
        members = [one for one in self.people if one.name != JOINS_LATER]
        found(self.log, [*members, VISITOR], plan.rooms, "session" if plan.has_session else "discussion")
        self.hosts = [Host(self, f"n{number}-", skew_ms=skew) for number, skew in enumerate(plan.skews_ms)]
        self.clients = [self._client(number) for number in range(len(plan.devices))]
        self.scripts = [self._script(client) for client in self.clients]
        self._under_way: dict[asyncio.Task[None], None] = {}

    # --- the run ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        for host in self.hosts:
            await host.start()
        self._storm()
        loop = asyncio.get_running_loop()
        for client, script, device in zip(self.clients, self.scripts, self.plan.devices, strict=True):
            script.begin(acts=device.acts, active_s=self.plan.active_s)
            loop.call_later(device.comes_at_s, client.come)
        to_come = [loop.call_later(trouble.at_s, self._begin, trouble) for trouble in self.plan.troubles]
        await self._until(self.plan.active_s, lambda: False)
        for trouble in to_come:  # a fault was found before they came
            trouble.cancel()
        await self._heal()
        for script in self.scripts:
            script.read_up()
        self.scripts[OWNER].mute_someone()
        for _ in range(SETTLE_TRIES):
            self.scripts[OWNER].put_in_order()
            if await self._until(SETTLE_S / SETTLE_TRIES, self._is_settled):
                break
        if self._is_settled():
            await self._until(AFTERWARDS_S, lambda: False)
            await self._visit()
            await self._until(PRESENCE_S, lambda: not list(verdict.presence(self)))
        else:
            for what in verdict.unsettled(self):
                self.check.blame(what)
        if not self.check.faults:
            for what in verdict.at_the_end(self):
                self.check.blame(what)
        await self._leave()
        if not self.check.faults and limits.channel_idle_s < LEAK_WAIT_S / 2:
            await asyncio.sleep(LEAK_WAIT_S)
            for what in leaks(self):
                self.check.blame(what)
        for host in self.hosts:
            await host.crash()

    async def _until(self, seconds: float, is_reached: Callable[[], bool]) -> bool:
        """Let time pass until something is so (true), the time is over, or a fault was found."""
        until = self.now_s() + seconds
        while self.now_s() < until and not self.check.faults:
            if is_reached():
                return True
            await asyncio.sleep(min(LOOK_EVERY_S, max(until - self.now_s(), 0.001)))
        return is_reached()

    async def _visit(self) -> None:
        """To each node comes one who knows nothing, one who was there at the beginning, and one a little while ago."""
        if self.plan.is_bus_sure:
            self.scripts[OWNER].speak_soon()
        for number, host in enumerate(self.hosts):
            is_quiet = self.plan.is_bus_sure and host is self.hosts[-1]  # there, a snapshot would mend its channels
            for since in ("begin", "lately") if is_quiet else ("never", "begin", "lately"):
                visitor = Client(
                    self,
                    f"vic-{number}-{since}",
                    VISITOR,
                    random=self.random,
                    codec="json",
                    latency_s=0.001,
                    bytes_per_s=None,
                    hosts=[host],
                )
                self.clients.append(visitor)
                for stream in self.log.streams:
                    if stream_kind(stream) in ("room", "cohort"):
                        seq = {"begin": 1, "lately": max(1, self.log.head(stream) - LATELY_EVENTS)}.get(since)
                        visitor.visit(stream, seq and {"epoch": self.log.epoch, "seq": seq})
                visitor.come()
        await self._until(VISIT_S, self._is_settled)
        await self._until(VISIT_S, lambda: False)
        for what in verdict.unsettled(self):
            self.check.blame(what)

    def _is_settled(self) -> bool:
        return not verdict.unsettled(self)

    # --- trouble ----------------------------------------------------------------------------------------------------

    def _storm(self) -> None:
        self.network.weather = self.plan.weather
        planned = self.plan.log
        faults = self.log.faults
        faults.slow_s_max, faults.lost_reply = planned.slow_s_max, planned.lost_reply
        faults.refused, faults.unreadable = planned.refused, planned.unreadable

    async def _heal(self) -> None:
        self.trace.note("world", "heals")
        for task in list(self._under_way):
            await task
        self.network.join()
        self.network.weather = Weather()
        self.log.faults.lost_reply = self.log.faults.refused = self.log.faults.unreadable = 0.0
        for host in self.hosts:
            if host.flow is None:
                await host.start()
        for client in self.clients:
            if client.link is not None:
                client.link.thaw()
            client.bytes_per_s = None
            client.come()

    def _begin(self, trouble: Trouble) -> None:
        task = asyncio.get_running_loop().create_task(self._trouble(trouble))
        self._under_way[task] = None
        task.add_done_callback(lambda done: self._under_way.pop(done, None))

    async def _trouble(self, trouble: Trouble) -> None:
        self.trace.note("world", trouble.kind, trouble.who, f"for {trouble.for_s:.3f} s")
        match trouble.kind:
            case "cut" | "away" | "freeze":
                await self._trouble_client(self.clients[trouble.who], trouble)
            case "crash" | "drain":
                await self._trouble_host(self.hosts[trouble.who], trouble)
            case "islands":
                self.network.part({host.bus.node_id: n for n, host in enumerate(self.hosts) if n == trouble.who})
                await asyncio.sleep(trouble.for_s)
                self.network.join()
            case "ban":
                self.scripts[OWNER].ban(self.clients[trouble.who].person)
                await asyncio.sleep(trouble.for_s)
                if self.random.random() < 0.5:
                    self.scripts[OWNER].unban(self.clients[trouble.who].person)
                    await asyncio.sleep(3.0)
                    self.clients[trouble.who].try_again()
            case "demote":
                self.scripts[OWNER].change_role(self.clients[trouble.who].person, "learner")
                await asyncio.sleep(max(trouble.for_s, 2.5))  # all know by then: what staff is told must not reach them
                self.scripts[OWNER].mute_someone()
                if self.random.random() < 0.5:
                    self.scripts[OWNER].change_role(self.clients[trouble.who].person, "ta")
            case "log_down":
                faults, planned = self.log.faults, self.plan.log
                faults.refused = faults.unreadable = 1.0
                self._logs_down += 1
                await asyncio.sleep(min(trouble.for_s, 2.0))
                self._logs_down -= 1
                self._log_back_s = self.now_s()
                if not self._logs_down:
                    faults.refused, faults.unreadable = planned.refused, planned.unreadable

    async def _trouble_client(self, client: Client, trouble: Trouble) -> None:
        link = client.link
        if link is None:
            return
        match trouble.kind:
            case "cut":
                link.cut(client_after_s=self.random.random(), server_after_s=self.random.random() * 3)
            case "away":
                client.go()
                await asyncio.sleep(trouble.for_s)
                if self.random.random() < 0.3:
                    client.forget_everything()
                client.come()
            case _:
                link.freeze()
                await asyncio.sleep(trouble.for_s * 2)
                link.thaw()

    async def _trouble_host(self, host: Host, trouble: Trouble) -> None:
        if not host.is_accepting:
            return
        await (host.crash() if trouble.kind == "crash" else host.drain(window_s=1.0))
        await asyncio.sleep(trouble.for_s)
        await host.start()

    async def _leave(self) -> None:
        for client in self.clients:
            client.is_wanted = False
            if client.link is not None:
                client.link.cut(client_after_s=0.0, server_after_s=0.0)
        await asyncio.sleep(0.1)

    # --- what others ask of it --------------------------------------------------------------------------------------

    def must_have_heard(self, since_s: float) -> bool:
        """Whether every node must know by now what was committed then, if only by asking the log."""
        within_s = 1.2 + 8 * self.plan.log.slow_s_max + (6.0 if self.plan.log.unreadable else 0.0)
        return not self._logs_down and self.now_s() > max(since_s, self._log_back_s) + within_s

    def wall_ms(self) -> int:
        return DAY_ONE_MS + int(self.now_s() * 1000)

    def token(self, person: Person) -> str:
        if person not in self._known_tokens:
            issued = self._tokens.issue_access(person.id, COHORT, name=person.name, role=person.role)
            self._known_tokens[person] = issued.token
        return self._known_tokens[person]

    def wrote(self, link: Any, frame: bytes) -> None:
        self.check.wrote(link, frame)

    def _client(self, number: int) -> Client:
        device = self.plan.devices[number]
        random = Random(f"client {number} {self.plan.seed}")
        client = Client(
            self,
            device.name,
            device.person,
            random=random,
            codec=device.codec,
            latency_s=device.latency_s,
            bytes_per_s=device.bytes_per_s,
            hosts=self.hosts[:-1] if self.plan.is_bus_sure else None,
        )
        return client

    def _script(self, client: Client) -> Script:
        others = [one for one in self.people if one != client.person]
        return Script(
            client,
            random=client.random,
            cohort=COHORT,
            rooms=self.plan.rooms,
            others=others,
            has_session=self.plan.has_session,
        )


class Outcome:
    """What became of a seed. `faults` is empty when all promises were kept."""

    def __init__(self, plan: Plan, faults: list[str], trace: Trace) -> None:
        self.plan = plan
        self.faults = faults
        self.trace = trace

    def report(self, *, lines_max: int = 80) -> str:
        return "\n".join(
            [
                *self.faults,
                "",
                *self.plan.lines(),
                "",
                self.trace.trimmed(lines_max=lines_max),
                "",
                f"Replay it with TERTULIA_SEED={self.plan.seed} pytest -s tests/test_simulation.py",
            ]
        )


def play(
    seed: int,
    *,
    on_node: Callable[[Flow], None] = lambda flow: None,
    on_world: Callable[[World], None] = lambda world: None,
) -> Outcome:
    """Run one seed from beginning to end. `on_node` is done to each node before it starts, `on_world` to the world."""
    plan = draw(seed)
    loop = VirtualLoop(turn_s=plan.turn_s)
    worlds: list[World] = []

    async def main() -> None:
        world = World(plan, prepared=on_node)
        worlds.append(world)
        on_world(world)
        await world.run()

    with small_limits(plan.limits), capture_logs([format_exc_info]) as logged:
        try:
            loop.run(main())
        except Exception as error:
            if not worlds:
                raise
            worlds[0].check.blame(f"the run ended with {type(error).__name__}: {error}")
    world = worlds[0]
    for line in logged:
        if line["log_level"] in ("error", "critical"):
            what = f"{line['event']} {line.get('what', '')}\n{line.get('exception', '')}"
            world.check.blame(f"a node logged an error: {what}")
    for failure in loop.failures:
        world.check.blame(f"nobody caught: {failure}")
    return Outcome(plan, world.check.faults, world.trace)


@contextmanager
def small_limits(values: dict[str, int | float]) -> Iterator[None]:
    """The program's limits, for the length of a run, as small as the run can reach."""
    before = {name: getattr(limits, name) for name in values}
    vars(limits).update(values)
    try:
        yield
    finally:
        vars(limits).update(before)


__all__ = ["Outcome", "Role", "World", "play"]
