"""A figure: what was measured, in which unit, against which target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Figure(TypedDict):
    """`target` and `met` are None for a figure that has no target."""

    value: float
    unit: str
    target: float | None
    met: bool | None


def at_least(value: float, unit: str, target: float) -> Figure:
    return Figure(value=_short(value), unit=unit, target=target, met=value >= target)


def at_most(value: float, unit: str, target: float) -> Figure:
    return Figure(value=_short(value), unit=unit, target=target, met=value <= target)


def plain(value: float, unit: str) -> Figure:
    return Figure(value=_short(value), unit=unit, target=None, met=None)


def part(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie (0.5: the median)."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def line(name: str, figure: Figure) -> str:
    """For people."""
    verdict = (
        "" if figure["met"] is None else f"   target {figure['target']:,} · {'met' if figure['met'] else 'MISSED'}"
    )
    return f"  {name:<28} {figure['value']:>14,} {figure['unit']}{verdict}"


def _short(value: float) -> float:
    return round(value) if abs(value) >= 1000 else round(value, 3)
