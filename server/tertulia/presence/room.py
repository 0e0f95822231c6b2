"""One room as this node sees it: its own people, the others', and what changed since readers and nodes were told."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.policy import STAFF, Role
from tertulia.presence.leases import Leases
from tertulia.wire.records import Presence, PresenceChanged


class Moved(NamedTuple):
    """What a tick found in a room: the record for all its readers, and everybody who came and went.

    In a large room the record names staff only: a client that shows some people is told of those by
    `came & in_view` and `went & in_view`.
    """

    room: RoomId
    record: Presence | PresenceChanged
    came: frozenset[PersonId]
    went: frozenset[PersonId]


class Own:
    """A person of this node: open connections (none during the grace) and role."""

    __slots__ = ("connections", "role")

    def __init__(self, role: Role) -> None:
        self.connections = 0
        self.role = role


class Room:
    __slots__ = (
        "_is_half_told",
        "_is_told_large",
        "_roles",
        "_staff",
        "_unsaid",
        "_untold",
        "all_due_s",
        "ask_due_s",
        "asks_left",
        "here",
        "id",
        "leases",
        "own",
        "said",
        "spread",
    )

    def __init__(self, id: RoomId) -> None:
        self.id = id
        self.own: dict[PersonId, Own] = {}
        self.leases = Leases()
        self.here: dict[PersonId, Role] = {}
        """Everybody, whatever node they are on."""
        self.all_due_s = 0.0
        """When the other nodes are to be told everybody we have; 0: they ask, or have never heard it."""
        self.ask_due_s = math.inf
        """When to ask those of whom something was missed."""
        self.asks_left = 0
        """How often to ask all nodes before that, as long as nobody answers."""
        self.said = 0
        """The number of our newest message about the room."""
        self.spread = zlib.crc32(id.encode()) / 2**32
        """0 to 1, by chance: so that not all rooms are told of at once."""
        self._roles: Counter[Role] = Counter()
        self._staff: set[PersonId] = set()
        self._untold: dict[PersonId, Role | None] = {}
        """What people were when readers were last told, for those who may have changed since."""
        self._unsaid: dict[PersonId, Role | None] = {}
        """What our own people were when other nodes were last told."""
        self._is_told_large = False
        self._is_half_told = False
        """Whether somebody was told how it is between two ticks: they know neither the old state nor the next one."""

    @property
    def is_large(self) -> bool:
        return len(self.here) > limits.presence_list_people_max

    @property
    def is_over(self) -> bool:
        """Nobody is here, everybody was told, and no node may still speak of it."""
        return not (self.own or self.here or self.leases or self._untold or self._unsaid)

    def due_s(self) -> float:
        """Nothing is to be told before, unless something happens."""
        if self._untold or self._unsaid:
            return 0.0
        own_s = min(self.all_due_s, self.ask_due_s) if self.own else math.inf
        return min(own_s, self.leases.due_s)

    # --- what happened ------------------------------------------------------------------------------------------

    def set_own(self, person: PersonId, role: Role | None) -> None:
        """A person of ours is here in this role, or (None) not any more."""
        own = self.own.get(person)
        self._unsaid.setdefault(person, None if own is None else own.role)
        if role is None:
            self.own.pop(person, None)
        elif own is None:
            self.own[person] = Own(role)
        else:
            own.role = role
        self.settle((person,))

    def settle(self, people: Iterable[PersonId]) -> None:
        """See again whether each of them is here: by our own knowledge first, then by what other nodes say."""
        for person in people:
            own = self.own.get(person)
            role = self.leases.role_of(person) if own is None else own.role
            before = self.here.get(person)
            if role == before:
                continue
            self._untold.setdefault(person, before)
            if before is not None:
                self._roles[before] -= 1
            if role is None:
                del self.here[person]
            else:
                self.here[person] = role
                self._roles[role] += 1
            (self._staff.add if role in STAFF else self._staff.discard)(person)

    # --- telling readers ----------------------------------------------------------------------------------------

    def presence(self) -> Presence:
        self._is_half_told = self._is_half_told or bool(self._untold)
        if self.is_large:
            return Presence(
                room=self.id,
                count=len(self.here),
                roles={role: count for role, count in sorted(self._roles.items()) if count},
                staff=sorted(self._staff),
            )
        return Presence(room=self.id, count=len(self.here), people=sorted(self.here))

    def moved(self) -> Moved | None:
        """What is to be told to readers, once."""
        untold, self._untold = self._untold, {}
        is_half_told, self._is_half_told = self._is_half_told, False
        came = frozenset(p for p, was in untold.items() if (was is None or is_half_told) and p in self.here)
        went = frozenset(p for p, was in untold.items() if (was is not None or is_half_told) and p not in self.here)
        if self.is_large != self._is_told_large:
            self._is_told_large = self.is_large
            return Moved(self.id, self.presence(), came, went)
        joined, left = came, went
        if self.is_large:
            was_staff = frozenset(p for p, was in untold.items() if was in STAFF or is_half_told)
            is_staff = frozenset(self._staff & untold.keys())
            joined, left = is_staff if is_half_told else is_staff - was_staff, was_staff - is_staff
        if not (came or went or joined or left):
            return None
        record = PresenceChanged(room=self.id, count=len(self.here), joined=sorted(joined), left=sorted(left))
        return Moved(self.id, record, came, went)

    # --- telling nodes ------------------------------------------------------------------------------------------

    def own_people(self) -> dict[PersonId, Role]:
        return {person: own.role for person, own in self.own.items()}

    def take_unsaid(self) -> tuple[dict[PersonId, Role], list[PersonId]]:
        """Who of ours came (or changed role) and went since other nodes were told."""
        unsaid, self._unsaid = self._unsaid, {}
        came: dict[PersonId, Role] = {}
        went: list[PersonId] = []
        for person, was in unsaid.items():
            own = self.own.get(person)
            if own is None:
                if was is not None:
                    went.append(person)
            elif own.role != was:
                came[person] = own.role
        return came, went
