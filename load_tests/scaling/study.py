"""All that docs/scaling.md tells of large deployments, computed in one go from the measured costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from load_tests.costs.model import Costs
from load_tests.scaling.deployment import AS_IT_IS, Machines, Outcome, Placement, deploy
from load_tests.scaling.one_room import RATES, Moment, one_room
from load_tests.scaling.population import Activity, Room, population, total
from load_tests.scaling.storms import Rollout, Storm, all_cut, node_death, rollout

LEARNERS: Final = 1_000_000
ROOMS: Final = 20_000
NODES: Final = 100
PLACEMENTS: Final[tuple[Placement, ...]] = ("spread", "by cohort")
EVENING: Final = Activity(session_share=0.0)
LECTURES: Final = Activity(session_share=0.05)
SIZES: Final = (10_000, 30_000, 100_000, 300_000, 1_000_000)
PLANNED: Final = (1_000, 10_000, 100_000, 1_000_000)
HALF: Final = 0.5
"""A node is planned for half of its core: the other half is for storms."""
_HEADS: Final = AS_IT_IS._replace(head_check_s=10.0)
_MARKERS: Final = _HEADS._replace(read_marker_every_s=15.0)
CHANGED: Final = (
    ("presence told every 10 s, as it was", AS_IT_IS._replace(presence_refresh_s=10.0)),
    ("as it is", AS_IT_IS),
    ("heads checked every 10 s", _HEADS),
    ("and read markers every 15 s", _MARKERS),
    ("and 20 ms waited before a commit", _MARKERS._replace(gather_s=0.02)),
)
CLUSTER: Final = Machines(nodes=NODES, bus="cluster", redis_shards=4)
CLASSIC: Final = Machines(nodes=NODES)
ROLLOUT_SCALE: Final = 20
"""A rollout is simulated with one person for so many."""


class Deployment(NamedTuple):
    name: str
    placement: Placement
    outcome: Outcome


class Plan(NamedTuple):
    """What so many learners need, by cohort, with lectures on. `nodes`: so that none is over half."""

    learners: int
    nodes: int
    outcome: Outcome


class Study(NamedTuple):
    learners: int
    population: dict[str, float]
    """In the lecture hour."""
    deployments: list[Deployment]
    changed: list[Deployment]
    growth: dict[Placement, list[tuple[int, Outcome]]]
    """By the number of learners, on as many nodes."""
    plans: list[Plan]
    room: list[Moment]
    vote: Moment
    """The large room while everybody votes."""
    storms: dict[str, dict[Placement, Storm]]
    rollouts: dict[tuple[Placement, int], Rollout]


def study(costs: Costs, *, learners: int = LEARNERS, sizes: Sequence[int] = SIZES) -> Study:
    """Deterministic; about two minutes for a million learners."""
    rooms_of = {activity: _rooms(learners, activity) for activity in (EVENING, LECTURES)}
    deployments = [
        Deployment(name, placement, deploy(rooms_of[activity], costs, machines, placement))
        for name, activity, machines in (
            ("evening, one Redis", EVENING, CLASSIC),
            ("lectures, one Redis", LECTURES, CLASSIC),
            ("lectures, Redis Cluster", LECTURES, CLUSTER),
        )
        for placement in PLACEMENTS
    ]
    changed = [
        Deployment(name, placement, deploy(rooms_of[LECTURES], costs, CLASSIC, placement, rules=rules))
        for placement in PLACEMENTS
        for name, rules in CHANGED
    ]
    growth = {
        placement: [(size, deploy(_rooms(size, LECTURES), costs, CLASSIC, placement)) for size in sizes]
        for placement in PLACEMENTS
    }
    people = min(learners, 100_000)
    return Study(
        learners,
        total(rooms_of[LECTURES]),
        deployments,
        changed,
        growth,
        [plan(size, costs) for size in PLANNED if size <= learners],
        [one_room(rate, costs, CLASSIC, people=people) for rate in RATES],
        one_room(1.0, costs, CLASSIC, people=people, signals_per_s=people / 30),
        {
            "a node dies": {
                place: node_death(rooms_of[LECTURES], costs, CLASSIC, place, used=HALF) for place in PLACEMENTS
            },
            "all are cut": {
                place: all_cut(rooms_of[LECTURES], costs, CLASSIC, place, used=HALF) for place in PLACEMENTS
            },
        },
        {
            (placement, at_once): rollout(learners // ROLLOUT_SCALE, CLASSIC, at_once=at_once, placement=placement)
            for placement in PLACEMENTS
            for at_once in (1, 5)
        },
    )


def plan(learners: int, costs: Costs) -> Plan:
    """As few nodes as keep each within half of its core, by cohort, while lectures are held."""
    rooms = _rooms(learners, LECTURES)
    nodes = max(1, learners // 10_000)
    outcome: Outcome | None = None
    for _ in range(6):
        outcome = deploy(rooms, costs, CLASSIC._replace(nodes=nodes), "by cohort")
        used = outcome.parts["node CPU"].used
        wanted = max(1, math.ceil(nodes * used / HALF))
        if used <= HALF and wanted >= nodes * 0.9:
            break
        nodes = wanted if wanted != nodes else nodes + 1
    assert outcome is not None, "it was computed once at least"
    return Plan(learners, nodes, outcome)


def saturates_at(growth: Sequence[tuple[int, Outcome]], part: str) -> float:
    """Learners at which all of a part is used; beyond what was computed, in a straight line from there."""
    points = [(float(learners), outcome.parts[part].used) for learners, outcome in growth]
    if points[0][1] >= 1:
        return points[0][0] / points[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if y1 >= 1:
            return x0 + (x1 - x0) * (1 - y0) / (y1 - y0)
    (x0, y0), (x1, y1) = points[-2:]
    return x1 + (1 - y1) * (x1 - x0) / (y1 - y0) if y1 > y0 else math.inf


def _rooms(learners: int, activity: Activity) -> list[Room]:
    return population(learners, max(1, learners * ROOMS // LEARNERS), activity)
