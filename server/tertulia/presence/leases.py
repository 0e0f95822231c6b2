"""What the other nodes say about one room: whom each has there, until it says otherwise or is not heard any more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tertulia.domain import limits
from tertulia.domain.ids import PersonId
from tertulia.domain.policy import Role
from tertulia.presence.messages import All, Some, by_person

_LEASE_S: Final = limits.presence_lease_s - limits.presence_tick_s
_KEPT_S: Final = 2.5 * limits.presence_refresh_s
"""A list of all is believed for so long while its node runs: two more would have come by then."""


class Ran(NamedTuple):
    """A lease that is not remembered any more, and the newest message it knew."""

    node: str
    life: int
    number: int


class _Lease:
    __slots__ = ("expires_s", "is_broken", "people", "said")

    def __init__(self, expires_s: float) -> None:
        self.said = (-1, -1)
        """(life, number) of the newest message that was taken."""
        self.people: dict[PersonId, Role] = {}
        self.expires_s = expires_s
        self.is_broken = False
        """Something may have been missed since the last list of all: it is asked for until it comes."""


class Leases:
    """Methods that return people return those whom it may concern; those that return a bool, whether the node is to be
    asked now."""

    __slots__ = ("_by_node", "due_s")

    def __init__(self) -> None:
        self._by_node: dict[str, _Lease] = {}
        self.due_s = math.inf
        """Nothing runs out before."""

    def __bool__(self) -> bool:
        return bool(self._by_node)

    @property
    def broken(self) -> list[str]:
        return [node for node, lease in self._by_node.items() if lease.is_broken]

    def role_of(self, person: PersonId) -> Role | None:
        for lease in self._by_node.values():
            role = lease.people.get(person)
            if role is not None:
                return role
        return None

    def hear(self, node: str, message: All | Some, *, now_s: float) -> Iterable[PersonId]:
        """Only `All` renews a lease: whoever missed a `Some` is not led on by the next one for ever."""
        lease = self._of(node, now_s)
        said, before = (message.life, message.number), lease.said
        if said <= before:
            return ()
        lease.said = said
        if isinstance(message, All):
            were, lease.people = lease.people, by_person(message.people)
            self._run_out(lease, now_s + (_KEPT_S if lease.people else _LEASE_S))
            lease.is_broken = False
            return were.keys() | lease.people.keys()
        lease.is_broken = lease.is_broken or before != (message.life, message.after)
        came = by_person(message.came)
        for person in message.went:
            lease.people.pop(person, None)
        lease.people.update(came)
        return [*came, *message.went]

    def is_broken(self, node: str) -> bool:
        lease = self._by_node.get(node)
        return lease is not None and lease.is_broken

    def compare(self, node: str, life: int, number: int, *, now_s: float) -> bool:
        """The node says that this was its newest message: whether it was missed."""
        lease = self._of(node, now_s)
        if lease.is_broken or lease.said >= (life, number):
            return False
        lease.is_broken = True
        return True

    def returns(self, node: str) -> bool:
        """A node that was given up is heard again."""
        lease = self._by_node.get(node)
        if lease is None or lease.people:
            return False
        lease.is_broken = True
        return True

    def doubt(self, now_s: float, *, node: str | None = None, life: int | None = None) -> None:
        """Who does not say again within a lease whom they have (all nodes; one, of an older life) has nobody."""
        for name, lease in self._by_node.items():
            if lease.people and node in (None, name) and (life is None or lease.said[0] < life):
                lease.is_broken = True
                fresh_s = now_s + _LEASE_S
                self._run_out(lease, min(lease.expires_s, fresh_s) if lease.expires_s > now_s else fresh_s)

    def silence(self, node: str, now_s: float) -> Iterable[PersonId]:
        """The node is not heard any more: its people go."""
        lease = self._by_node.get(node)
        return () if lease is None else self._empty(lease, now_s)

    def expire(self, now_s: float) -> Iterable[PersonId]:
        """The people of leases that have run out go."""
        gone: list[PersonId] = []
        for lease in self._by_node.values():
            if now_s >= lease.expires_s and lease.people:
                gone += self._empty(lease, now_s)
        return gone

    def forget(self, now_s: float) -> Iterator[Ran]:
        """A lease without people is remembered for as long again, so that a message that was under way all the time
        does not bring them back."""
        for node, lease in list(self._by_node.items()):
            if now_s >= lease.expires_s and not lease.people:
                del self._by_node[node]
                yield Ran(node, *lease.said)
        self.due_s = min((lease.expires_s for lease in self._by_node.values()), default=math.inf)

    def _of(self, node: str, now_s: float) -> _Lease:
        lease = self._by_node.get(node)
        if lease is None:
            lease = self._by_node[node] = _Lease(now_s + _LEASE_S)
            self._run_out(lease, lease.expires_s)
        return lease

    def _run_out(self, lease: _Lease, expires_s: float) -> None:
        lease.expires_s = expires_s
        self.due_s = min(self.due_s, expires_s)

    def _empty(self, lease: _Lease, now_s: float) -> Iterable[PersonId]:
        gone, lease.people, lease.is_broken = lease.people, {}, False
        self._run_out(lease, now_s + _LEASE_S)
        return gone
