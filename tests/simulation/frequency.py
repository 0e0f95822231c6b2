"""How often each planted bug is caught: `python -m tests.simulation.frequency 200` plays 200 seeds with each.

The table it prints stands in test_simulation.py. `--why` adds what was said first of each bug; names may be given.
"""

from __future__ import annotations

import argparse

from tests.simulation.planted.bugs import BUGS


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=int)
    parser.add_argument("names", nargs="*", help="of bugs, or parts of them; all when there are none")
    parser.add_argument("--why", action="store_true")
    asked = parser.parse_args()
    for bug in BUGS:
        if asked.names and not any(name in bug.name for name in asked.names):
            continue
        caught = {seed: faults[0] for seed in range(asked.seeds) if (faults := bug.play(seed).faults)}
        first = min(caught, default=None)
        print(f"{bug.name:<44} {len(caught):>4} of {asked.seeds}, first {first}", flush=True)
        for seed, fault in list(caught.items())[:3] if asked.why else ():
            print(f"    {seed}: {fault[:200]}")


if __name__ == "__main__":
    main()
