"""A bar chart as an SVG, written by hand: panels of horizontal bars, the value beside each. No library, no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH = 860
NAMES_WIDTH = 190
LETTER_WIDTH = 6.8
VALUES_WIDTH = 110
BAR_HEIGHT = 20
ROW_HEIGHT = 30
TOP = 64
AXIS_HEIGHT = 56
BAR_COLOUR = "#7d93ad"
OWN_COLOUR = "#c2571a"
INK = "#1f2328"
FAINT = "#d9dde2"
GREY = "#59636e"


class Bar(NamedTuple):
    name: str
    value: float
    label: str
    is_own: bool = False


class Panel(NamedTuple):
    """One scale, from `least`; logarithmic, and then `least` is over 0, or linear."""

    title: str
    axis: str
    bars: Sequence[Bar]
    is_logarithmic: bool = False
    least: float = 0.0


def svg(title: str, note: str, panels: Sequence[Panel]) -> str:
    """The whole picture; `note` says how it was measured."""
    parts: list[str] = []
    y = TOP
    longest = max(len(bar.name) for panel in panels for bar in panel.bars)
    names_width = max(NAMES_WIDTH, round(longest * LETTER_WIDTH) + 24)
    for panel in panels:
        parts.append(_panel(panel, y, names_width))
        y += 34 + ROW_HEIGHT * len(panel.bars) + AXIS_HEIGHT
    return page(title, note, parts, height=y)


def page(title: str, note: str, parts: Sequence[str], *, height: float) -> str:
    """A picture `WIDTH` wide, with its title and what is to be known of it; `parts` are drawn below, from `TOP` on."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}" role="img">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            text(24, 32, title, size=18, weight=600),
            text(24, 52, note, colour=GREY, size=12),
            *parts,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, top: int, names_width: int) -> str:
    most = max(bar.value for bar in panel.bars)
    marks = _marks(panel.least, most, is_logarithmic=panel.is_logarithmic)
    width = WIDTH - names_width - VALUES_WIDTH

    def place(value: float) -> float:
        if panel.is_logarithmic:
            share = math.log(max(value, marks[0]) / marks[0]) / math.log(max(most, marks[-1]) / marks[0])
        else:
            share = value / max(most, marks[-1])
        return names_width + width * share

    first = top + 34
    bottom = first + ROW_HEIGHT * len(panel.bars)
    parts = [text(24, top + 18, panel.title, size=14, weight=600)]
    for mark in marks:
        x = place(mark)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{first}" y2="{bottom}" stroke="{FAINT}"/>')
        parts.append(text(x, bottom + 16, short(mark), anchor="middle", colour=GREY, size=11))
    for row, bar in enumerate(panel.bars):
        y, end = first + row * ROW_HEIGHT + (ROW_HEIGHT - BAR_HEIGHT) // 2, place(bar.value)
        colour, weight = (OWN_COLOUR, 600) if bar.is_own else (BAR_COLOUR, 400)
        parts.append(text(names_width - 10, y + 15, bar.name, anchor="end", weight=weight))
        parts.append(
            f'<rect x="{names_width}" y="{y}" width="{max(end - names_width, 1):.1f}" height="{BAR_HEIGHT}" '
            f'fill="{colour}"/>'
        )
        parts.append(text(end + 6, y + 15, bar.label, weight=weight))
    scale = ", logarithmic" if panel.is_logarithmic else ""
    parts.append(text(names_width + width / 2, bottom + 34, panel.axis + scale, anchor="middle", colour=GREY, size=12))
    return "\n".join(parts)


def short(value: float) -> str:
    """1_234_567 → 1.23 M."""
    for size, name in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:.3g}"


def _marks(least: float, most: float, *, is_logarithmic: bool) -> list[float]:
    """Round values along the axis."""
    if is_logarithmic:
        first, last = math.floor(math.log10(least)), math.floor(math.log10(most))
        every = (factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5))
        return [mark for mark in every if least <= mark <= most]
    step = 10.0 ** math.floor(math.log10(most))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if most / (step * part) <= 8)
    return [step * count for count in range(int(most / step) + 1)]


def text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, size: int = 13, weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )
