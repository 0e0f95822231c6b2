"""What a planted bug is: a small change to the objects of one run. Nothing is restored: the world goes with its run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tertulia.live.flow import Flow
from tests.simulation.world import Outcome, World, play


@dataclass(frozen=True, slots=True)
class Bug:
    """`on_node`: done to every node before it starts. `on_world`: done once, before everything. `first`: the seed to
    begin the search with, for one that is seldom caught; after it come all others."""

    name: str
    on_node: Callable[[Flow], None] = lambda flow: None
    on_world: Callable[[World], None] = lambda world: None
    first: int = 0

    def play(self, seed: int) -> Outcome:
        return play(seed, on_node=self.on_node, on_world=self.on_world)


async def nothing(*_: Any) -> None:
    return None


def do_nothing(*_: Any, **__: Any) -> None:
    return None
