"""Which other nodes run: a lease for each, renewed by whatever it says, in whatever room."""

from __future__ import annotations

from typing import Final, Literal

from tertulia.domain import limits

_LEASE_S: Final = limits.presence_lease_s - limits.presence_tick_s
"""It is seen to have run out at a tick, so that people are told within `presence_lease_s`."""

Standing = Literal["known", "new", "again", "past"]
"""Of a node that says something: as before; not known, or given up; it was started anew; a message of an older run, or
older than what was forgotten."""


class _Node:
    __slots__ = ("expires_s", "forgotten", "life")

    def __init__(self, life: int) -> None:
        self.life = life
        self.expires_s = 0.0
        self.forgotten = -1


class Nodes:
    __slots__ = ("_nodes",)

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}

    def hear(self, name: str, life: int, number: int | None, *, now_s: float) -> Standing:
        """`number`: of a message about a room."""
        node = self._nodes.get(name)
        standing: Standing = "known"
        if node is None or life > node.life:
            standing = "new" if node is None else "again"
            node = self._nodes[name] = _Node(life)
        elif life < node.life or (number is not None and number <= node.forgotten):
            return "past"
        node.expires_s = now_s + _LEASE_S
        return standing

    def expire(self, now_s: float) -> list[str]:
        """Those of which nothing was heard for a lease: each is told once, and not known any more."""
        silent = [name for name, node in self._nodes.items() if now_s >= node.expires_s]
        for name in silent:
            del self._nodes[name]
        return silent

    def hold(self, now_s: float) -> None:
        """Nobody can be heard just now: that is no silence of theirs."""
        for node in self._nodes.values():
            node.expires_s = now_s + _LEASE_S

    def forget(self, name: str, life: int, number: int) -> None:
        """What a node said about a room, long ago, is not remembered any more: what is as old must not be believed."""
        node = self._nodes.get(name)
        if node is not None and node.life == life:
            node.forgotten = max(node.forgotten, number)
