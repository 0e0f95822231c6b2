"""The real code on a virtual clock, with everything going wrong: R1 to R5 of what is promised.

Goal: whatever the bus loses, the log delays, and wherever nodes crash and clients are cut: every reader has a slice of
the log, nothing twice, every accepted command one effect. Method: `tests/simulation/` plays one seed after another.
"""

from __future__ import annotations

import os

from tests.simulation.world import play

SEEDS = int(os.environ.get("TERTULIA_SEEDS", "500"))


def test_promises_are_kept_whatever_goes_wrong() -> None:
    one = os.environ.get("TERTULIA_SEED")
    for seed in [int(one)] if one else range(SEEDS):
        outcome = play(seed)
        assert not outcome.faults, outcome.report()
