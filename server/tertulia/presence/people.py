"""Who is in which room: connections counted into people, the grace before a leave, diffs on a tick, other nodes.

A tick (`presence_tick_s`) finds what is to be told to readers and to other nodes. Everything between ticks only takes
notes. Observers count as present, bots too; roles tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId, StreamName
from tertulia.domain.policy import Role
from tertulia.presence.messages import All, Ask, Some, by_role, decode_presence, encode
from tertulia.presence.room import Moved, Room
from tertulia.wire.records import Presence

__all__ = ["PRESENCE", "Moved", "People", "Said"]

PRESENCE: Final = StreamName("presence")
"""What these messages are called on the bus."""


class Said(NamedTuple):
    """To be published on the room's bus channel."""

    room: RoomId
    payload: bytes


class People:
    """`node` is this node's name on the bus; `life` grows from one run of it to the next (its start, Unix ms)."""

    def __init__(self, node: str, *, life: int) -> None:
        self._node = node
        self._life = life
        self._number = 0
        self._rooms: dict[RoomId, Room] = {}
        self._leaving: dict[tuple[RoomId, PersonId], float] = {}
        """When the grace ends, soonest first."""

    # --- this node's connections --------------------------------------------------------------------------------

    def enter(self, room: RoomId, person: PersonId, *, role: Role) -> bytes | None:
        """One more connection of this person follows the room. What to publish on its channel at once, if anything:
        the first one here asks the other nodes whom they have."""
        its = self._room(room)
        is_first = not its.own
        self._leaving.pop((room, person), None)
        its.set_own(person, role)
        its.own[person].connections += 1
        return encode(Ask()) if is_first else None

    def leave(self, room: RoomId, person: PersonId, *, now_s: float) -> None:
        """One connection less. With the last one the grace begins. Pair each call with an `enter`."""
        its = self._rooms.get(room)
        own = its.own.get(person) if its else None
        if own is None or not own.connections:
            return  # was removed meanwhile
        own.connections -= 1
        if not own.connections:
            self._leaving[room, person] = now_s + limits.presence_grace_s

    def remove(self, room: RoomId, person: PersonId) -> None:
        """No longer a member: not here at once, without grace, whatever connections are still open."""
        its = self._rooms.get(room)
        if its and person in its.own:
            self._leaving.pop((room, person), None)
            its.set_own(person, None)

    def set_role(self, room: RoomId, person: PersonId, role: Role) -> None:
        its = self._rooms.get(room)
        if its and person in its.own:
            its.set_own(person, role)

    def own(self, room: RoomId) -> dict[PersonId, Role]:
        """Those who follow the room on this node, or did a moment ago."""
        its = self._rooms.get(room)
        return its.own_people() if its else {}

    # --- who is here --------------------------------------------------------------------------------------------

    def presence(self, room: RoomId) -> Presence:
        """How it is now, for a reader who comes. A difference told later may repeat what this holds."""
        its = self._rooms.get(room)
        return its.presence() if its else Presence(room=room, count=0, people=[])

    def count(self, room: RoomId) -> int:
        its = self._rooms.get(room)
        return len(its.here) if its else 0

    def is_large(self, room: RoomId) -> bool:
        """Whether people are not listed, so that a client is to be told of those it shows."""
        its = self._rooms.get(room)
        return its is not None and its.is_large

    def here(self, room: RoomId, among: Iterable[PersonId]) -> frozenset[PersonId]:
        """Which of these are here."""
        its = self._rooms.get(room)
        return frozenset(its.here.keys() & set(among)) if its else frozenset()

    # --- ticks --------------------------------------------------------------------------------------------------

    def tick(self, now_s: float) -> tuple[list[Moved], list[Said]]:
        """What to tell readers, and what to tell the other nodes."""
        self._end_grace(now_s)
        moved: list[Moved] = []
        said: list[Said] = []
        for room in list(self._rooms.values()):
            room.settle(room.leases.expire(now_s))
            if (change := room.moved()) is not None:
                moved.append(change)
            if (payload := self._to_say(room, now_s)) is not None:
                said.append(Said(room.id, payload))
            if room.is_over:
                del self._rooms[room.id]
        return moved, said

    def _end_grace(self, now_s: float) -> None:
        for (room, person), ends_s in list(self._leaving.items()):
            if now_s < ends_s:
                break
            self.remove(room, person)

    def _to_say(self, room: Room, now_s: float) -> bytes | None:
        came, went = room.take_unsaid()
        if room.own and now_s >= room.all_due_s:
            room.all_due_s = now_s + limits.presence_refresh_s
            return self._all(room)
        if not room.own and went:
            return self._all(room)  # the last word; whoever missed one before it is put right
        if came or went:
            life, number = self._next()
            return encode(Some(life, number, by_role(came), went))
        return None

    def _all(self, room: Room) -> bytes:
        life, number = self._next()
        return encode(All(life, number, by_role(room.own_people())))

    # --- other nodes --------------------------------------------------------------------------------------------

    def hear(self, room: RoomId, payload: bytes, *, node: str, now_s: float) -> None:
        """What a node says; our own words and what cannot be read are ignored."""
        message = None if node == self._node else decode_presence(payload)
        if isinstance(message, Ask):
            if room in self._rooms:
                self._rooms[room].all_due_s = 0.0
        elif message is not None:
            its = self._room(room)
            its.settle(its.leases.hear(node, message, now_s=now_s))

    def reconnected(self) -> list[Said]:
        """The bus was away: they missed us (the next tick tells them everything) and we missed them (we ask)."""
        for room in self._rooms.values():
            room.all_due_s = 0.0
        return [Said(room.id, encode(Ask())) for room in self._rooms.values() if room.own]

    def node_leaves(self) -> list[Said]:
        """This node goes away in an orderly way: its people are gone from it now."""
        said = []
        for room in self._rooms.values():
            if room.own:
                room.own.clear()
                said.append(Said(room.id, self._all(room)))
        self._rooms.clear()
        self._leaving.clear()
        return said

    # --- private ------------------------------------------------------------------------------------------------

    def _room(self, room: RoomId) -> Room:
        its = self._rooms.get(room)
        if its is None:
            its = self._rooms[room] = Room(room)
        return its

    def _next(self) -> tuple[int, int]:
        self._number += 1
        return self._life, self._number
