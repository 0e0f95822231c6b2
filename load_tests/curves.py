"""Curves as an SVG, written by hand like the bars of chart.py: one or more plots, each with its series and a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from load_tests.chart import FAINT, GREY, INK, TOP, WIDTH, page, short, text

COLOURS = ("#c2571a", "#2f6f9f", "#4b8b3b", "#8a4f9e", "#b08a1e", "#59636e")
LEFT = 64
RIGHT = 250
HEIGHT = 240
TITLE_HEIGHT = 34
AXIS_HEIGHT = 56
MARKS_MAX = 8


class Curve(NamedTuple):
    """`points`: (x, y), from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


class Axis(NamedTuple):
    """Linear from 0, or logarithmic (values over 0). What is over `most` is drawn at its edge."""

    name: str
    is_logarithmic: bool = False
    most: float | None = None


class Plot(NamedTuple):
    """`line_at`: a height to mark, such as "all of it"."""

    title: str
    x: Axis
    y: Axis
    curves: Sequence[Curve]
    line_at: float | None = None


def svg(title: str, note: str, plots: Sequence[Plot]) -> str:
    """The whole picture; `note` says where the figures come from."""
    parts, y = [], TOP
    for plot in plots:
        parts.append(_plot(plot, y))
        y += TITLE_HEIGHT + HEIGHT + AXIS_HEIGHT
    return page(title, note, parts, height=y)


class _Scale:
    """From values to places between `begin` and `end`."""

    def __init__(self, axis: Axis, values: Sequence[float], begin: float, end: float) -> None:
        self._is_logarithmic = axis.is_logarithmic
        self.most = axis.most if axis.most is not None else max(values)
        self.least = min(values) if axis.is_logarithmic else 0.0
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        value = min(max(value, self.least), self.most)
        if self._is_logarithmic:
            share = math.log(value / self.least) / math.log(self.most / self.least)
        else:
            share = value / self.most
        return self._begin + (self._end - self._begin) * share

    def marks(self) -> list[float]:
        """Round values along the axis, not too many."""
        if self._is_logarithmic:
            powers = range(math.floor(math.log10(self.least)), math.floor(math.log10(self.most)) + 1)
            steps: tuple[int, ...] = (1, 2, 5) if len(powers) < 4 else (1,)
            every = (step * 10.0**power for power in powers for step in steps)
            return [mark for mark in every if self.least <= mark <= self.most * 1.0001]
        power = 10.0 ** math.floor(math.log10(self.most))
        step = next(power * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if self.most / (power * part) <= MARKS_MAX)
        return [step * count for count in range(int(self.most / step + 1e-9) + 1)]


def _plot(plot: Plot, top: int) -> str:
    first, right = top + TITLE_HEIGHT, WIDTH - RIGHT
    bottom = first + HEIGHT
    points = [point for curve in plot.curves for point in curve.points]
    x = _Scale(plot.x, [point[0] for point in points], LEFT, right)
    y = _Scale(plot.y, [point[1] for point in points], bottom, first)
    parts = [text(24, top + 18, plot.title, size=14, weight=600)]
    for mark in x.marks():
        parts.append(_line(x.at(mark), first, x.at(mark), bottom, FAINT))
        parts.append(text(x.at(mark), bottom + 16, short(mark), anchor="middle", colour=GREY, size=11))
    for mark in y.marks():
        parts.append(_line(LEFT, y.at(mark), right, y.at(mark), FAINT))
        parts.append(text(LEFT - 6, y.at(mark) + 4, short(mark), anchor="end", colour=GREY, size=11))
    if plot.line_at is not None:
        parts.append(_line(LEFT, y.at(plot.line_at), right, y.at(plot.line_at), INK))
    for place, curve in enumerate(plot.curves):
        colour = COLOURS[place % len(COLOURS)]
        path = " ".join(f"{x.at(left):.1f},{y.at(height):.1f}" for left, height in curve.points)
        dashes = ' stroke-dasharray="6 4"' if place >= len(COLOURS) else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        legend = first + 14 + 20 * place
        parts.append(f'<rect x="{right + 16}" y="{legend - 9}" width="14" height="4" fill="{colour}"/>')
        parts.append(text(right + 36, legend, curve.name, size=12))
    scales = [f"{axis.name}{', logarithmic' if axis.is_logarithmic else ''}" for axis in (plot.x, plot.y)]
    parts.append(text((LEFT + right) / 2, bottom + 34, scales[0], anchor="middle", colour=GREY, size=12))
    parts.append(text(right + 16, bottom, f"height: {scales[1]}", colour=GREY, size=11))
    return "\n".join(parts)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'
