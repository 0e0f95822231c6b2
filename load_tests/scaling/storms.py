"""Storms as a discrete simulation: a node dies, all connections are cut, a new version goes round. Each person who
comes back is an event: when they try (as the clients wait), on which node, behind whom they queue there, when they are
live.

A node does its steady work too, so that a second of its CPU for those who return takes 1/(1 − used) seconds. Who is the
first of a room on their node has the room opened there, which the log is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from load_tests.costs.model import Costs
from load_tests.scaling.deployment import Machines, Placement, place
from load_tests.scaling.population import Room
from tertulia.domain import limits

FIRST_WAIT_S: Final = (limits.reconnect_min_s, 1.0)
"""A client waits at random between these before it tries again."""
READS_OF_ROOM: Final = 4
"""Of the log, when a room is opened on a node: heads, checkpoint, what came after, what is shown."""
RESTART_S: Final = 3.0


class Storm(NamedTuple):
    """Seconds from the cut until half, 99 in 100 and all are live again. `curve`: (second, share that is back).
    `postgres_s`: CPU seconds of PostgreSQL for opening rooms."""

    people: int
    half_s: float
    most_s: float
    all_s: float
    rooms_opened: int
    postgres_s: float
    curve: list[tuple[float, float]]


class Rollout(NamedTuple):
    """Nodes replaced one after the other, so many at a time."""

    seconds: float
    moves_of_one: float
    fullest: int
    """People on the fullest node, at the worst moment."""


def node_death(
    rooms: Sequence[Room],
    costs: Costs,
    machines: Machines,
    placement: Placement,
    *,
    used: float,
    seed: int = 11,
) -> Storm:
    """Node 0 dies; its people go to the other nodes (by cohort: to those that have the cohort, or the next one)."""
    placed = place(rooms, machines, placement)
    chance = random.Random(seed)
    others = range(1, machines.nodes)
    lost: list[tuple[int, Sequence[int]]] = []
    for number, where in enumerate(placed):
        homes: Sequence[int] = others
        if placement == "by cohort":
            homes = sorted(where.keys() - {0}) or [chance.choice(others)]
        lost += [(number, homes)] * where.get(0, 0)
    there = {(number, node) for number, where in enumerate(placed) for node in where}
    return _returns(lost, there, costs, machines, used=used, chance=chance)


def all_cut(
    rooms: Sequence[Room],
    costs: Costs,
    machines: Machines,
    placement: Placement,
    *,
    used: float,
    seed: int = 11,
) -> Storm:
    """Every connection is lost at once, as when the front dies. The nodes still have their rooms."""
    placed = place(rooms, machines, placement)
    chance = random.Random(seed)
    every = range(machines.nodes)
    lost: list[tuple[int, Sequence[int]]] = []
    for number, where in enumerate(placed):
        lost += [(number, every if placement == "spread" else sorted(where))] * sum(where.values())
    there = {(number, node) for number, where in enumerate(placed) for node in where}
    return _returns(lost, there, costs, machines, used=used, chance=chance)


def _returns(
    lost: list[tuple[int, Sequence[int]]],
    there: set[tuple[int, int]],
    costs: Costs,
    machines: Machines,
    *,
    used: float,
    chance: random.Random,
) -> Storm:
    """Each of `lost` is (room, the nodes they may come to); each node serves them one after the other."""
    share_left = max(0.05, 1 - used)
    tries = sorted((chance.uniform(*FIRST_WAIT_S), number, homes) for number, homes in lost)
    free_at = [0.0] * machines.nodes
    live_at: list[float] = []
    opened = 0
    for at, number, homes in tries:
        node = homes[int(chance.random() * len(homes))]
        cost_us = costs["node_return_us"]
        if (number, node) not in there:
            there.add((number, node))
            opened += 1
            cost_us += costs["node_open_room_us"]
        free_at[node] = max(at, free_at[node]) + cost_us / 1e6 / share_left
        live_at.append(free_at[node])
    live_at.sort()
    count = len(live_at)

    def until_s(share: float) -> float:
        return live_at[min(int(count * share), count - 1)] if count else 0.0

    curve = [(live_at[place], (place + 1) / count) for place in range(0, count, max(1, count // 40))]
    postgres_s = opened * READS_OF_ROOM * costs["postgres_read_us"] / 1e6
    return Storm(count, until_s(0.5), until_s(0.99), until_s(1.0), opened, postgres_s, curve)


def rollout(people: int, machines: Machines, *, at_once: int, placement: Placement, seed: int = 13) -> Rollout:
    """A rolling restart: a node tells its people to move within the drain window and starts anew, empty. `spread`: they
    go to the emptier of two nodes drawn at random. `by cohort`: to their cohort's other node. They stay there."""
    chance = random.Random(seed)
    count = [people // machines.nodes] * machines.nodes
    moves, seconds, fullest = 0, 0.0, max(count)
    for begin in range(0, machines.nodes, at_once):
        leaving = range(begin, min(begin + at_once, machines.nodes))
        open_nodes = [node for node in range(machines.nodes) if node not in leaving]
        for node in leaving:
            for _ in range(count[node]):
                one, other = chance.choice(open_nodes), chance.choice(open_nodes)
                count[one if placement == "by cohort" or count[one] <= count[other] else other] += 1
            moves += count[node]
            count[node] = 0
        fullest = max(fullest, *count)
        seconds += limits.drain_window_s + RESTART_S
    return Rollout(seconds, moves / people, fullest)
