"""The pace of a session as staff see it: how many said lost, ok or too fast, in steps, and never of a few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from tertulia.domain import limits

STEP_MS: Final = 30_000


class PaceStep(msgspec.Struct, frozen=True, kw_only=True):
    """What the people who had a say at `at` (Unix ms) said."""

    at: int
    lost: int
    ok: int
    fast: int


def pace_steps(said: Iterable[tuple[int, str, str | None]], *, opened_at: int, until: int) -> list[PaceStep]:
    """`said`: (when, who, what; None takes it back), in order. A step every 30 s after the session opened, and one at
    its end; those at which fewer than five people have a say are left out."""
    now: dict[str, str] = {}
    steps: list[PaceStep] = []
    at = opened_at + STEP_MS

    def note(at: int) -> None:
        if len(now) >= limits.pace_answers_min:
            counts = Counter(now.values())
            steps.append(PaceStep(at=at, lost=counts["lost"], ok=counts["ok"], fast=counts["fast"]))

    for when, person, pace in said:
        while at < min(when, until):
            note(at)
            at += STEP_MS
        if pace is None:
            now.pop(person, None)
        else:
            now[person] = pace
    while at < until:
        note(at)
        at += STEP_MS
    note(until)
    return steps
