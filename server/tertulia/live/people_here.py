"""Presence and typing on this node: from connections to `presence/`, from there to readers and to other nodes."""

from __future__ import annotations

import asyncio

from tertulia.bus import NODES, BusMessage
from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName, room_stream, stream_kind, stream_owner
from tertulia.domain.policy import Role
from tertulia.hub.channel import Soft
from tertulia.live.node import Node
from tertulia.presence import PRESENCE, TYPING, Moved, People, Typing
from tertulia.wire.codec import encode
from tertulia.wire.records import PresenceChanged


class PeopleHere:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._people = People(node.node_id, life=node.clock.now_ms())
        self._typing = Typing(self._people.count)
        self._cohorts: dict[RoomId, CohortId] = {}
        """Of the rooms that are followed here, or were lately."""

    # --- this node's connections --------------------------------------------------------------------------------

    def enter(self, room: RoomId, conversation: Conversation) -> None:
        """A conversation follows the room: it counts as here, and is told who is."""
        member = conversation.member
        assert member is not None, "only members follow rooms"
        state = self._node.cohort_state(member.cohort)
        role = state.roles.get(member.person) if state else None
        if role is None:
            return  # sent away this very moment
        self._cohorts[room] = member.cohort
        said = self._people.enter(room, member.person, role=role, now_s=_now_s())
        if said is not None:
            self._publish(room, PRESENCE, said)
        conversation.say(self._people.presence(room))

    def leave(self, room: RoomId, conversation: Conversation) -> None:
        if conversation.member is not None:
            self._people.leave(room, conversation.member.person, now_s=_now_s())
        conversation.in_view.pop(room, None)

    def remove(self, room: RoomId, person: PersonId) -> None:
        """No longer a member: gone at once."""
        self._people.remove(room, person)

    def set_role(self, room: RoomId, person: PersonId, role: Role) -> None:
        self._people.set_role(room, person, role)

    def look(self, conversation: Conversation, room: RoomId, people: frozenset[PersonId]) -> None:
        """A client says whom it shows: it is told which of them are here, and of their coming and going."""
        conversation.in_view[room] = people
        here = sorted(self._people.here(room, people))
        conversation.say(PresenceChanged(room=room, count=self._people.count(room), joined=here))

    def tell_all(self, room: RoomId, conversation: Conversation) -> None:
        conversation.say(self._people.presence(room))

    def own(self, room: RoomId) -> dict[PersonId, Role]:
        """Those who follow the room on this node, or did a moment ago."""
        return self._people.own(room)

    # --- typing -------------------------------------------------------------------------------------------------

    def types(self, conversation: Conversation, room: RoomId, thread: int | None) -> None:
        """Not in a room with aliases: who typed just before a line by one would be known for its author."""
        member = conversation.member
        assert member is not None, "only members type"
        if self._has_aliases(room):
            return
        said = self._typing.types(room, thread, person=member.person, now_s=_now_s())
        if said is not None:
            self._publish(room, TYPING, said)
            self._tell_typing()

    @property
    def is_nobody_typing(self) -> bool:
        return self._typing.is_idle

    def posted(self, room: RoomId, thread: int | None, *, person: PersonId) -> None:
        """Who has said it types it no more. (Readers see the message; the next tick tells the rest.)"""
        self._typing.posted(room, thread, person=person)

    # --- ticks and other nodes ----------------------------------------------------------------------------------

    async def tick(self) -> None:
        moved, said = self._people.tick(_now_s(), is_linked=self._node.bus.is_connected)
        for change in moved:
            self._tell_moved(change)
        for room, payload in said:
            self._publish(room, PRESENCE, payload)
        self._tell_typing()
        if len(self._cohorts) > 2 * self._people.room_count + limits.presence_said_max:
            self._cohorts = {room: cohort for room, cohort in self._cohorts.items() if self._people.own(room)}

    def receive(self, message: BusMessage) -> None:
        """What another node says of its people."""
        if message.node == self._node.node_id:
            return
        if message.channel == NODES:
            if message.stream == PRESENCE:
                self._people.hear(None, message.record, node=message.node, now_s=_now_s())
            return
        room = RoomId(stream_owner(StreamName(message.channel)))
        if message.stream == PRESENCE:
            self._people.hear(room, message.record, node=message.node, now_s=_now_s())
        elif message.stream == TYPING:
            self._typing.hear(room, message.record, now_s=_now_s())
            self._tell_typing()

    def missed(self, channels: frozenset[str] | None) -> None:
        """What other nodes said on these channels of the bus, or on all of them, may be missing."""
        if channels is None:
            said = self._people.reconnected(_now_s())
        else:
            streams = [StreamName(channel) for channel in channels if channel != NODES]
            rooms = [RoomId(stream_owner(stream)) for stream in streams if stream_kind(stream) == "room"]
            said = self._people.late(rooms, _now_s())
        for room, payload in said:
            self._publish(room, PRESENCE, payload)

    def node_leaves(self) -> None:
        for room, payload in self._people.node_leaves(_now_s()):
            self._publish(room, PRESENCE, payload)

    # --- private ------------------------------------------------------------------------------------------------

    def _tell_moved(self, change: Moved) -> None:
        channel = self._node.channels.get(room_stream(change.room))
        if channel is None:
            return
        channel.tell(Soft(encode(change.record), "state", change.room))
        if not self._people.is_large(change.room):
            return
        count = self._people.count(change.room)
        for conversation in self._node.conversations:
            in_view = conversation.in_view.get(change.room)
            if in_view and (in_view & (change.came | change.went)):
                joined, left = sorted(in_view & change.came), sorted(in_view & change.went)
                conversation.say(PresenceChanged(room=change.room, count=count, joined=joined, left=left))

    def _has_aliases(self, room: RoomId) -> bool:
        """As the cohort's list of rooms says, which a node has at hand; of a room it does not know: yes."""
        cohort = self._cohorts.get(room)
        state = None if cohort is None else self._node.cohort_state(cohort)
        listed = None if state is None else state.rooms.get(room)
        return listed is None or listed.anonymity != "off"

    def _tell_typing(self) -> None:
        for record in self._typing.changes(_now_s()):
            channel = self._node.channels.get(room_stream(record.room))
            if channel is not None and not self._has_aliases(record.room):
                channel.tell(Soft(encode(record), "ephemeral", record.room))

    def _publish(self, room: RoomId | None, kind: StreamName, payload: bytes) -> None:
        """On the room's channel, or on the one of all nodes."""
        channel = NODES if room is None else room_stream(room)
        self._node.bus.publish(
            BusMessage(channel=channel, stream=kind, epoch="", seq=0, record=payload, node=self._node.node_id)
        )


def _now_s() -> float:
    return asyncio.get_running_loop().time()
