"""All measurements of docs/scaling.md in one go, on real servers: costs, scenarios, and the model against two nodes."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime

from load_tests import cross_node, process
from load_tests.costs import bus_costs, front_costs, node_costs, postgres_costs, redis_costs
from load_tests.costs.model import Measured
from load_tests.scaling.validation import Compared, validate

FILES_MAX = 20_000


def measure(say: Callable[[str], None], *, factor: float = 1.0) -> Measured:
    """`say` is told what is being done. About five minutes; `factor` makes each span shorter or longer."""
    process.allow_many_files(FILES_MAX)
    begun, load = time.perf_counter(), os.getloadavg()[0]
    costs: dict[str, float] = {}
    for name, costs_of, seconds in (
        ("Redis", redis_costs.measure, 0.8),
        ("the bus", bus_costs.measure, 3.0),
        ("PostgreSQL", postgres_costs.measure, 3.0),
        ("the front", front_costs.measure, 2.0),
        ("a node", node_costs.measure, 2.0),
    ):
        say(f"what {name} costs")
        costs |= costs_of(seconds * factor)
    say("two nodes")
    figures = cross_node.run(10.0 * factor)
    say("a node on PostgreSQL")
    more, posting = postgres_costs.through_a_node(8.0 * factor)
    costs, figures = costs | more, figures | posting
    say("the model against two nodes")
    compared = [as_data(found) for found in validate(costs, 6.0 * factor)]
    conditions = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}, virtual",
        "python": platform.python_version(),
        "load before": round(load, 2),
        "seconds": round(time.perf_counter() - begun),
    }
    return Measured(costs, conditions, figures, compared)


def as_data(found: Compared) -> dict[str, float | str]:
    return {
        "case": found.case.name,
        "per_s": round(found.per_s, 1),
        "node_said": round(found.node_said, 4),
        "node_used": round(found.node_used, 4),
        "redis_said": round(found.redis_said, 5),
        "redis_used": round(found.redis_used, 5),
    }
