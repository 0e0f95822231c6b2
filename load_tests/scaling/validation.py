"""The cost model against two real nodes: what it says of them beforehand, and what they used.

The model's costs come from other runs than these (one node by itself, the bus by itself, Redis with bare sockets). Here
readers sit on both nodes, messages are posted through both in turn, and each process's CPU is read, less its own at
rest. Nobody types, votes, comes or goes, and no browser says what was read.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from load_tests import process
from load_tests.costs.model import Costs
from load_tests.cross_node import ROOM, ROOMS, hear_all, settle_all, two_nodes
from load_tests.crowd import Crowd
from load_tests.nodes import Nodes
from load_tests.scaling.deployment import Machines, Rules, deploy
from load_tests.scaling.population import Room
from load_tests.target import Tertulia

NOBODY_MOVES = Rules(looking=0.0, stay_s=1e12, typing_a_message=0.0)
IDLE_S = 3.0


class Case(NamedTuple):
    """`readers`: of each room, on each node. `per_s`: messages in all rooms together."""

    name: str
    rooms: int
    readers: int
    per_s: float


CASES = (
    Case("1 room, 2 × 500 readers, 20 messages/s", 1, 500, 20.0),
    Case("50 rooms, 2 × 10 readers each, 200 messages/s", 50, 10, 200.0),
    Case("50 rooms, 2 × 1 reader each, 1,000 messages/s", 50, 1, 1_000.0),
)


class Compared(NamedTuple):
    """Shares of a core; a node's is the mean of the two."""

    case: Case
    node_said: float
    node_used: float
    redis_said: float
    redis_used: float
    per_s: float
    """What was reached; the model is asked for this."""


def validate(costs: Costs, seconds: float) -> list[Compared]:
    with two_nodes((ROOM, *ROOMS)) as nodes:
        return [_compare(nodes, case, costs, seconds) for case in CASES]


def said(case: Case, costs: Costs, *, per_s: float) -> tuple[float, float]:
    """What the model says: of a node's core, of Redis'."""
    room = Room(2 * case.readers, per_s / case.rooms, 0.0, is_session=False)
    idle = room._replace(messages_per_s=0.0)
    placed = [
        deploy([one] * case.rooms, costs, Machines(nodes=2), "spread", rules=NOBODY_MOVES) for one in (room, idle)
    ]
    node, redis = (placed[0].parts[part].used - placed[1].parts[part].used for part in ("node CPU", "Redis CPU"))
    return node, redis


def _compare(nodes: Nodes, case: Case, costs: Costs, seconds: float) -> Compared:
    rooms = (ROOM,) if case.rooms == 1 else ROOMS[: case.rooms]
    crowds = [Crowd(Tertulia(server), first=5_000 * place) for place, server in enumerate(nodes.all)]
    try:
        for crowd in crowds:
            crowd.connect_all((room, True) for room in rooms for _ in range(case.readers))
        writers = [crowd.connect(1, is_reader=False)[0] for crowd in crowds]
        sent = 0

        def go_on(for_s: float, per_s: float) -> float:
            """Post through each node in turn, no more than can be answered; the seconds it took."""
            nonlocal sent
            first, begun = sent, time.perf_counter()
            while (now := time.perf_counter()) < begun + for_s:
                while sent - first < (now - begun) * per_s and sent - sum(c.acks for c in crowds) < 200:
                    crowd, writer = crowds[sent % 2], writers[sent % 2]
                    sent += 1
                    crowd.say(writer, crowd.target.post(sent, room=rooms[sent // 2 % len(rooms)]))
                hear_all(crowds, 0.001 if per_s else 0.05)
            return time.perf_counter() - begun

        go_on(1.0, case.per_s)
        go_on(1.0, 0.0)
        before = _cpu_s(nodes)
        idle_s = go_on(IDLE_S, 0.0)
        rest = [(now - then) / idle_s for now, then in zip(_cpu_s(nodes), before, strict=True)]
        before, posted = _cpu_s(nodes), sent
        took_s = go_on(seconds, case.per_s)
        used = [(now - then) / took_s for now, then in zip(_cpu_s(nodes), before, strict=True)]
        per_s = (sent - posted) / took_s
        settle_all(crowds, sent * case.readers)
    finally:
        for crowd in crowds:
            crowd.close()
    node_used, redis_used = ((used[0] - rest[0] + used[1] - rest[1]) / 2, used[2] - rest[2])
    node_said, redis_said = said(case, costs, per_s=per_s)
    return Compared(case, node_said, node_used, redis_said, redis_used, per_s)


def _cpu_s(nodes: Nodes) -> list[float]:
    assert nodes.redis is not None, "two nodes have one"
    return [process.cpu_s([pid]) for pid in (nodes.writers.pid, nodes.readers.pid, nodes.redis.pid)]
