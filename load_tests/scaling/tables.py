"""The tables of docs/scaling.md, each a block between two marks that is written anew from the figures.

<!-- figures: costs -->
…
<!-- end of figures -->
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from load_tests.costs.model import COSTS, Measured
from load_tests.scaling.study import CHANGED, NODES, PLACEMENTS, ROLLOUT_SCALE, Study, saturates_at

PAGE: Final = Path(__file__).parents[2] / "docs" / "scaling.md"
_BLOCK: Final = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
_SHORT_PARTS: Final = ("node CPU", "Redis CPU", "PostgreSQL CPU", "front CPU")
_OF_TWO_NODES: Final = (
    "cross_node",
    "cross_node_p99",
    "same_node_ms",
    "same_node_p99_ms",
    "bus_message",
    "bus_message_calm",
    "bus_message_redis",
)


def blocks(measured: Measured, study: Study) -> dict[str, str]:
    """Each table's lines, by the name of its block."""
    return {
        "conditions": _conditions(measured),
        "two-nodes": _figures(measured, _OF_TWO_NODES),
        "postgres": _figures(measured, [name for name in measured.figures if name.startswith("postgres_node")]),
        "costs": _costs(measured),
        "validation": _validation(measured),
        "population": _population(study),
        "deployments": _deployments(study),
        "causes": _causes(study),
        "growth": _growth(study),
        "changes": _changes(study),
        "plans": _plans(study),
        "room": _room(study),
        "storms": _storms(study),
    }


def refreshed(page: str, found: dict[str, str]) -> str:
    """The page with its blocks written anew. Raises KeyError for a block nobody writes, or one that is missing."""
    there = [match[2] for match in _BLOCK.finditer(page)]
    if wrong := set(there) ^ found.keys():
        raise KeyError(f"docs/scaling.md and its tables do not agree on: {', '.join(sorted(wrong))}")
    return _BLOCK.sub(lambda match: f"{match[1]}{found[match[2]]}\n{match[3]}", page)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """`left`: how many columns hold words."""
    marks = ["---" if place < left else "--:" for place in range(len(heads))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, marks, *rows))


def _conditions(measured: Measured) -> str:
    said = ", ".join(f"{name}: {value}" for name, value in measured.conditions.items())
    return f"Measured ({said}); all by `python -m load_tests.scaling --measure`."


def _figures(measured: Measured, names: Sequence[str]) -> str:
    rows = []
    for name in names:
        figure = measured.figures[name]
        target = "" if figure["target"] is None else f"{figure['target']:,}"
        verdict = "" if figure["met"] is None else "met" if figure["met"] else "**missed**"
        rows.append([f"{figure['unit']}", f"{figure['value']:,}", target, verdict])
    return _table(["what", "figure", "target", ""], rows)


def _costs(measured: Measured) -> str:
    rows = [
        [f"`{name}`", cost.what, cost.how, f"{measured.costs[name]:,.4g}", cost.unit] for name, cost in COSTS.items()
    ]
    return _table(["name", "what", "how it was measured", "figure", "unit"], rows, left=3)


def _validation(measured: Measured) -> str:
    rows = [
        [
            str(one["case"]),
            f"{one['per_s']:,.0f}",
            *(_percent(one[key]) for key in ("node_said", "node_used")),
            _error(one["node_said"], one["node_used"]),
            *(_percent(one[key]) for key in ("redis_said", "redis_used")),
            _error(one["redis_said"], one["redis_used"]),
        ]
        for one in measured.compared
    ]
    heads = ["case", "messages/s reached", "node: said", "used", "error", "Redis: said", "used", "error"]
    return _table(heads, rows)


def _population(study: Study) -> str:
    names = {
        "people": "people, all connected",
        "rooms": "rooms",
        "sessions": "of them in a live session",
        "messages_per_s": "messages/s",
        "signals_per_s": "votes and reactions/s",
        "read_markers_per_s": "read markers/s",
        "deliveries_per_s": "messages × readers, /s",
    }
    return _table(
        ["the lecture hour", ""], [[words, f"{study.population[name]:,.0f}"] for name, words in names.items()]
    )


def _deployments(study: Study) -> str:
    parts = list(study.deployments[0].outcome.parts)
    rows = [
        [
            one.name,
            one.placement,
            *(_percent(one.outcome.parts[part].used) for part in parts),
            f"**{one.outcome.first}**",
        ]
        for one in study.deployments
    ]
    return _table(["when", "placement", *parts, "first"], rows, left=2)


def _causes(study: Study) -> str:
    lectures = [one for one in study.deployments if one.name.startswith("lectures")]
    rows = [[cause, *(_percent(one.outcome.causes[cause]) for one in lectures)] for cause in lectures[0].outcome.causes]
    facts = {
        "nodes_of_a_room": "nodes of a room, mean",
        "rooms_of_a_node": "rooms of the fullest node",
        "people_of_a_node": "people of the fullest node",
        "published_per_s": "bus messages/s",
        "told_per_s": "bus messages × nodes told, /s",
        "posts_per_s": "durable posts/s (read markers included)",
        "commits_per_s": "commits/s",
        "streams_checked_per_s": "streams looked at by the head check, /s",
        "reads_per_s": "reads of tallies and votes/s",
    }
    for name, words in facts.items():
        rows.append([words, *(_number(one.outcome.facts[name]) for one in lectures)])
    heads = [f"{one.name.partition(', ')[2]}, {one.placement}" for one in lectures]
    return _table(["of the fullest node's core, and in all", *heads], rows)


def _growth(study: Study) -> str:
    parts = study.growth["spread"][0][1].parts
    rows = [
        [part, *(_learners(saturates_at(study.growth[placement], part)) for placement in PLACEMENTS)] for part in parts
    ]
    return _table([f"with {NODES} nodes, all of it is used at", *PLACEMENTS], rows)


def _changes(study: Study) -> str:
    rows = [
        [one.placement, one.name, *(_percent(one.outcome.parts[part].used) for part in _SHORT_PARTS)]
        for one in study.changed
    ]
    assert len(rows) == len(PLACEMENTS) * len(CHANGED), "each change with each placement"
    return _table(["placement", "what is changed", *_SHORT_PARTS], rows, left=2)


def _plans(study: Study) -> str:
    rows = []
    for one in study.plans:
        parts, facts = one.outcome.parts, one.outcome.facts
        rows.append(
            [
                f"{one.learners:,}",
                f"{one.nodes:,}",
                f"{parts['node CPU'].used:.0%}",
                f"{parts['Redis CPU'].used:.2f}",
                f"{parts['PostgreSQL CPU'].used * 16:.1f}",
                f"{facts['posts_per_s']:,.0f}",
                f"{parts['PostgreSQL log'].used * 200:,.1f}",
                f"{parts['front CPU'].used * 8:.1f}",
            ]
        )
    heads = ["learners at once", "nodes", "fullest node", "Redis, cores", "PostgreSQL, cores", "posts/s", "WAL, MB/s"]
    return _table([*heads, "front, cores"], rows)


def _room(study: Study) -> str:
    rows = [
        [
            f"{moment.messages_per_s:g}{' + votes' if moment is study.vote else ''}",
            *(
                _percent(used)
                for used in (
                    moment.node_used,
                    moment.redis_used,
                    moment.postgres_used,
                    moment.front_used,
                    moment.stream_used,
                )
            ),
            f"{moment.last_ms:.0f} ms",
            _percent(moment.head_node_used),
            _percent(moment.head_postgres_used),
        ]
        for moment in (*study.room, study.vote)
    ]
    heads = ["messages/s", "node CPU", "Redis CPU", "PostgreSQL CPU", "front CPU", "posts of one stream", "last reader"]
    return _table([*heads, "at `head`: node CPU", "PostgreSQL CPU"], rows)


def _storms(study: Study) -> str:
    rows = [
        [
            name,
            placement,
            f"{one.people:,}",
            *(f"{seconds:.1f} s" for seconds in (one.half_s, one.most_s, one.all_s)),
            f"{one.rooms_opened:,}",
            f"{one.postgres_s:,.1f}",
        ]
        for name, found in study.storms.items()
        for placement, one in found.items()
    ]
    heads = ["storm", "placement", "people", "half are back", "99 in 100", "all", "rooms opened anew"]
    table = _table([*heads, "PostgreSQL, CPU s"], rows, left=2)
    words = [
        f"A new version, {at_once} node{'s' if at_once > 1 else ''} at a time, {placement}: {one.seconds / 60:.1f} "
        f"minutes; each person moves {one.moves_of_one:.1f} times; the fullest has {one.fullest * ROLLOUT_SCALE:,} "
        f"people at the worst moment (even: {study.learners // NODES:,})."
        for (placement, at_once), one in study.rollouts.items()
    ]
    return table + "\n\n" + "\n".join(f"- {line}" for line in words)


def _percent(used: float | str) -> str:
    share = float(used) * 100
    words = f"{share:,.0f} %" if share >= 10 else f"{share:.2g} %"
    return f"**{words}**" if share >= 100 else words


def _error(said: float | str, used: float | str) -> str:
    return f"{(float(said) / float(used) - 1) * 100:+.0f} %" if float(used) else "–"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _learners(count: float) -> str:
    if math.isinf(count) or count > 10e6:
        return "over 10,000,000"
    return f"{float(f'{count:.2g}'):,.0f}"
