"""What the other nodes say about one room: a lease for each node, run out when nothing is heard of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tertulia.domain import limits
from tertulia.domain.ids import PersonId
from tertulia.domain.policy import Role
from tertulia.presence.messages import All, Some, by_person

_LEASE_S: Final = limits.presence_lease_s - limits.presence_tick_s
"""It is seen to have run out at a tick, so that people are told within `presence_lease_s`."""


class _Lease:
    __slots__ = ("expires_s", "people", "said")

    def __init__(self, expires_s: float) -> None:
        self.said = (-1, -1)
        """(life, number) of the newest message that was taken."""
        self.people: dict[PersonId, Role] = {}
        self.expires_s = expires_s


class Leases:
    """Each method returns the people it may concern."""

    __slots__ = ("_by_node",)

    def __init__(self) -> None:
        self._by_node: dict[str, _Lease] = {}

    def __bool__(self) -> bool:
        return bool(self._by_node)

    def role_of(self, person: PersonId) -> Role | None:
        for lease in self._by_node.values():
            role = lease.people.get(person)
            if role is not None:
                return role
        return None

    def hear(self, node: str, message: All | Some, *, now_s: float) -> Iterable[PersonId]:
        """Only `All` renews a lease: whoever missed a `Some` is not led on by the next one for ever."""
        lease = self._by_node.get(node)
        if lease is None:
            lease = self._by_node[node] = _Lease(now_s + _LEASE_S)
        said = (message.life, message.number)
        if said <= lease.said:
            return ()
        lease.said = said
        if isinstance(message, All):
            before, lease.people = lease.people, by_person(message.people)
            lease.expires_s = now_s + _LEASE_S
            return before.keys() | lease.people.keys()
        came = by_person(message.came)
        for person in message.went:
            lease.people.pop(person, None)
        lease.people.update(came)
        return [*came, *message.went]

    def expire(self, now_s: float) -> Iterable[PersonId]:
        """The people of a silent node go; the node is remembered for as long again, so that a message of its that
        was under way all the time does not bring them back."""
        gone: list[PersonId] = []
        for node, lease in list(self._by_node.items()):
            if now_s < lease.expires_s:
                continue
            if lease.people:
                gone += lease.people
                lease.people = {}
                lease.expires_s = now_s + _LEASE_S
            else:
                del self._by_node[node]
        return gone
