"""Who is in which room: connections counted into people, the grace before a leave, diffs on a tick, other nodes.

A tick (`presence_tick_s`) finds what is to be told to readers and to other nodes. Everything between ticks only takes
notes. Observers count as present, bots too; roles tell them apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId, StreamName
from tertulia.domain.policy import Role
from tertulia.presence.messages import Alive, All, Ask, Some, by_role, decode_presence, encode
from tertulia.presence.nodes import Nodes
from tertulia.presence.room import Moved, Room
from tertulia.wire.records import Presence

__all__ = ["PRESENCE", "Moved", "People", "Said"]

PRESENCE: Final = StreamName("presence")
"""What these messages are called on the bus."""


class Said(NamedTuple):
    """To be published on the room's bus channel; without a room, on the one that all nodes hear."""

    room: RoomId | None
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
        self._nodes = Nodes()
        self._told: dict[RoomId, tuple[int, float]] = {}
        """Rooms that other nodes were lately told of, the oldest first: the message's number, and when."""
        self._alive_due_s = 0.0
        self._ticked_s = float("inf")

    # --- this node's connections --------------------------------------------------------------------------------

    def enter(self, room: RoomId, person: PersonId, *, role: Role, now_s: float) -> bytes | None:
        """One more connection of this person follows the room. What to publish on its channel at once, if anything:
        the first one here asks the other nodes whom they have. (Who does not answer has nobody: what was said while
        none of us was there may have been missed.)"""
        its = self._room(room)
        is_first = not its.own
        if is_first:
            self._asked(its, now_s)
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

    @property
    def room_count(self) -> int:
        """Rooms of which something is known here."""
        return len(self._rooms)

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

    def tick(self, now_s: float, *, is_linked: bool = True) -> tuple[list[Moved], list[Said]]:
        """What to tell readers, and what to tell the other nodes. `is_linked`: whether they could be heard since the
        last one; as long as they cannot, nobody of theirs goes."""
        self._end_grace(now_s)
        if now_s - self._ticked_s > limits.presence_lease_s / 2:
            self._tell_all()  # we stood still, and may have been given up
        self._ticked_s = now_s
        said = list(self._alive(now_s))
        if not is_linked:
            self._nodes.hold(now_s)
        for node in self._nodes.expire(now_s):
            for room in self._rooms.values():
                room.settle(room.leases.silence(node, now_s))
        moved: list[Moved] = []
        begun = len(said)
        for room in [room for room in self._rooms.values() if room.due_s() <= now_s]:
            if is_linked:
                room.settle(room.leases.expire(now_s))
            for ran in room.leases.forget(now_s):
                self._nodes.forget(*ran)
            if (change := room.moved()) is not None:
                moved.append(change)
            has_time = len(said) - begun < limits.presence_said_max
            said += [Said(room.id, payload) for payload in self._to_say(room, now_s, has_time=has_time)]
            if room.is_over:
                del self._rooms[room.id]
        return moved, said

    def _end_grace(self, now_s: float) -> None:
        for (room, person), ends_s in list(self._leaving.items()):
            if now_s < ends_s:
                break
            self.remove(room, person)

    def _to_say(self, room: Room, now_s: float, *, has_time: bool) -> Iterator[bytes]:
        """Without time, what may wait for the next tick does."""
        came, went = room.take_unsaid()
        if room.own and now_s >= room.all_due_s and (has_time or came or went):
            is_news = not room.all_due_s or bool(came or went)
            room.all_due_s = now_s + limits.presence_refresh_s * (1 - room.spread / 4)
            yield self._all(room, now_s, is_news=is_news)
        elif not room.own and went:
            yield self._all(room, now_s)  # the last word; whoever missed one before it is put right
        elif came or went:
            after, number = room.said, self._next(room, now_s)
            yield encode(Some(self._life, number, after, by_role(came), went))
        if room.own and now_s >= room.ask_due_s and has_time:
            yield from self._ask(room, now_s)

    def _ask(self, room: Room, now_s: float) -> Iterator[bytes]:
        """All nodes first, then again and again those of whom something is missing."""
        broken = room.leases.broken
        room.ask_due_s = math.inf
        if room.asks_left or broken:
            yield encode(Ask() if room.asks_left else Ask(broken))
            room.asks_left = max(0, room.asks_left - 1)
            room.ask_due_s = now_s + limits.presence_alive_s

    def _asked(self, room: Room, now_s: float) -> None:
        """All nodes were just asked, and are once more if none answers."""
        room.leases.doubt(now_s)
        room.asks_left = 1
        room.ask_due_s = now_s + limits.presence_alive_s

    def _all(self, room: Room, now_s: float, *, is_news: bool = True) -> bytes:
        return encode(All(self._life, self._next(room, now_s, is_news=is_news), by_role(room.own_people())))

    def _next(self, room: Room, now_s: float, *, is_news: bool = True) -> int:
        """`is_news`: it matters to somebody that they hear this message."""
        self._number += 1
        room.said = self._number
        if is_news:
            self._told.pop(room.id, None)
            self._told[room.id] = self._number, now_s
        return self._number

    def _alive(self, now_s: float) -> Iterator[Said]:
        """That we run; and what we told in the last lease, so that of what was missed two such messages speak."""
        if now_s < self._alive_due_s:
            return
        self._alive_due_s = now_s + limits.presence_alive_s
        for room, (_, told_s) in list(self._told.items()):
            if now_s - told_s < limits.presence_lease_s:
                break
            del self._told[room]
        told = iter(self._told.items())
        while True:
            part = list(itertools.islice(told, limits.presence_told_max))
            alive = Alive(self._life)
            for room, (number, _) in part:
                its = self._rooms.get(room)
                (alive.told if its is not None and its.own else alive.gone)[room] = number
            yield Said(None, encode(alive))
            if len(part) < limits.presence_told_max:
                return

    def _tell_all(self) -> None:
        for room in self._rooms.values():
            room.all_due_s = 0.0

    # --- other nodes --------------------------------------------------------------------------------------------

    def hear(self, room: RoomId | None, payload: bytes, *, node: str, now_s: float) -> None:
        """What a node says of a room (None: on the channel of all nodes); our own words and what cannot be read are
        ignored."""
        message = None if node == self._node else decode_presence(payload)
        match message:
            case Alive() if room is None:
                self._hear_alive(node, message, now_s)
            case Ask() if room in self._rooms and (not message.to or self._node in message.to):
                self._rooms[room].all_due_s = 0.0
            case All() | Some() if room is not None:
                self._hear_of(room, node, message, now_s)

    def _hear_of(self, room: RoomId, node: str, message: All | Some, now_s: float) -> None:
        if not self._hear_from(node, message.life, message.number, now_s):
            return
        its = self._room(room)
        was_broken = its.leases.is_broken(node)
        its.settle(its.leases.hear(node, message, now_s=now_s))
        if isinstance(message, All):
            its.asks_left = 0
        elif its.leases.is_broken(node) and not was_broken:
            its.ask_due_s = now_s

    def _hear_alive(self, node: str, message: Alive, now_s: float) -> None:
        if not self._hear_from(node, message.life, None, now_s):
            return
        for room, number in message.told.items():
            its = self._rooms.get(room)
            if its is not None and its.leases.compare(node, message.life, number, now_s=now_s):
                its.ask_due_s = now_s
        for room, number in message.gone.items():
            its = self._rooms.get(room)
            if its is not None:
                its.settle(its.leases.hear(node, All(message.life, number, {}), now_s=now_s))

    def _hear_from(self, node: str, life: int, number: int | None, now_s: float) -> bool:
        """Whether to believe it."""
        standing = self._nodes.hear(node, life, number, now_s=now_s)
        if standing == "again":
            for room in self._rooms.values():
                room.leases.doubt(now_s, node=node, life=life)
        elif standing == "new":
            for room in self._rooms.values():
                if room.leases.returns(node):
                    room.ask_due_s = now_s
        return standing != "past"

    def reconnected(self, now_s: float) -> list[Said]:
        """The bus was away: they missed us (they are told everything) and we missed them (we ask; who does not answer
        within a lease has nobody any more). What is too much for now is said at the next ticks."""
        return self._make_good(self._rooms.values(), now_s)

    def late(self, rooms: Iterable[RoomId], now_s: float) -> list[Said]:
        """The same, for rooms whose channels are heard only now."""
        return self._make_good([its for room in rooms if (its := self._rooms.get(room)) is not None], now_s)

    def _make_good(self, rooms: Iterable[Room], now_s: float) -> list[Said]:
        said: list[Said] = []
        for room in rooms:
            room.all_due_s = 0.0
            self._asked(room, now_s)
            if not room.own:
                continue
            if len(said) < limits.presence_said_max:
                said.append(Said(room.id, encode(Ask())))
            else:
                room.asks_left, room.ask_due_s = 2, now_s
        return said

    def node_leaves(self, now_s: float) -> list[Said]:
        """This node goes away in an orderly way: its people are gone from it now."""
        said: list[Said] = []
        for room in self._rooms.values():
            if room.own:
                room.own.clear()
                said.append(Said(room.id, self._all(room, now_s)))
        self._rooms.clear()
        self._leaving.clear()
        return said

    # --- private ------------------------------------------------------------------------------------------------

    def _room(self, room: RoomId) -> Room:
        its = self._rooms.get(room)
        if its is None:
            its = self._rooms[room] = Room(room)
        return its
