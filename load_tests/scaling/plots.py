"""The pictures of docs/scaling.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from load_tests import chart, curves
from load_tests.chart import Bar, Panel
from load_tests.costs.model import Measured
from load_tests.curves import Axis, Curve, Plot
from load_tests.scaling.study import LEARNERS, NODES, PLACEMENTS, Study

FOLDER: Final = Path(__file__).parents[2] / "docs"
HALF: Final = 0.5
USED: Final = Axis("share; the line is all of it", most=1.5)


def pictures(measured: Measured, study: Study) -> dict[str, str]:
    """SVGs by the name of their file in docs/."""
    when, where = (measured.conditions.get(name, "") for name in ("when", "machine"))
    note = f"computed from costs measured {when} on {where}"
    return {
        "scaling-parts.svg": _parts(study, note),
        "scaling-causes.svg": _causes(study, note),
        "scaling-growth.svg": _growth(study, note),
        "scaling-room.svg": _room(study, note),
        "scaling-storms.svg": _storms(study, note),
    }


def write(found: Mapping[str, str], folder: Path = FOLDER) -> None:
    for name, picture in found.items():
        (folder / name).write_text(picture, encoding="utf-8")


def _parts(study: Study, note: str) -> str:
    panels = [
        Panel(
            f"{one.name}; people {'spread over all nodes' if one.placement == 'spread' else 'placed by cohort'}",
            "% of what there is",
            [
                Bar(
                    name,
                    part.used * 100,
                    f"{part.used * 100:.0f} %" if part.used >= 0.01 else "under 1 %",
                    part.used >= 1,
                )
                for name, part in one.outcome.parts.items()
            ],
        )
        for one in study.deployments
        if one.name.startswith("lectures, one")
    ]
    title = f"{study.learners:,} learners in {study.population['rooms']:,.0f} rooms on {NODES} nodes"
    return chart.svg(title, f"lecture hour; {note}", panels)


def _causes(study: Study, note: str) -> str:
    panels = [
        Panel(
            f"people {'spread over all nodes' if one.placement == 'spread' else 'placed by cohort'}",
            "% of the fullest node's core",
            [Bar(cause, used * 100, f"{used * 100:.1f} %", used >= HALF) for cause, used in one.outcome.causes.items()],
        )
        for one in study.deployments
        if one.name.startswith("lectures, one")
    ]
    return chart.svg("What a node's core is used for", f"lecture hour, {study.learners:,} learners; {note}", panels)


def _growth(study: Study, note: str) -> str:
    names = ("node CPU", "Redis CPU", "PostgreSQL CPU", "front CPU")
    plots = [
        Plot(
            "spread over all nodes" if placement == "spread" else "placed by cohort",
            Axis("learners at once", is_logarithmic=True),
            USED,
            [
                Curve(name, [(float(size), outcome.parts[name].used) for size, outcome in study.growth[placement]])
                for name in names
            ],
            line_at=1.0,
        )
        for placement in PLACEMENTS
    ]
    return curves.svg(f"How far {NODES} nodes reach", f"a twentieth of the rooms holds a lecture; {note}", plots)


def _room(study: Study, note: str) -> str:
    moments = study.room
    used = {
        "node CPU": [moment.node_used for moment in moments],
        "Redis CPU": [moment.redis_used for moment in moments],
        "PostgreSQL CPU": [moment.postgres_used for moment in moments],
        "front CPU (8 cores)": [moment.front_used for moment in moments],
        "node CPU, level head": [moment.head_node_used for moment in moments],
    }
    rates = [moment.messages_per_s for moment in moments]
    plot = Plot(
        "Each message goes to everybody",
        Axis("messages a second in the room", is_logarithmic=True),
        USED,
        [Curve(name, list(zip(rates, shares, strict=True))) for name, shares in used.items()],
        line_at=1.0,
    )
    return curves.svg(f"One room of {min(study.learners, LEARNERS // 10):,} on {NODES} nodes", note, [plot])


def _storms(study: Study, note: str) -> str:
    plots = [
        Plot(
            name[0].upper() + name[1:],
            Axis("seconds after the cut"),
            Axis("share of those cut that is back"),
            [Curve(f"{placement} ({one.people:,} people)", one.curve) for placement, one in found.items()],
        )
        for name, found in study.storms.items()
    ]
    return curves.svg("Storms: until people are live again", f"each node half busy with other work; {note}", plots)
