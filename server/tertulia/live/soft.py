"""Soft state, told on ticks: tallies and one's own reactions, heads with unread counts. Presence is in people_here.py.

Nothing here is in the log and nothing here is owed: each record says how things are now, and the last one holds.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from tertulia.bus import BusMessage
from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId, StreamName, room_stream, stream_kind, stream_owner
from tertulia.eventlog import LogUnavailable
from tertulia.hub.channel import Soft
from tertulia.live.node import Node
from tertulia.live.people_here import PeopleHere
from tertulia.wire.codec import encode
from tertulia.wire.records import Head, Mine, Tally


class SoftState:
    """What is to be told at the next tick."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._tallied: dict[RoomId, set[int]] = {}
        self._mine: dict[tuple[RoomId, PersonId], set[int]] = {}
        self._heads: dict[StreamName, dict[Conversation, int]] = {}
        """Streams followed at level `head`: conversation → the seq it was last told (-1: not yet)."""
        self.here = PeopleHere(node)

    # --- what happened ------------------------------------------------------------------------------------------

    def reacted(self, room: RoomId, *, message: int, person: PersonId) -> None:
        self._tallied.setdefault(room, set()).add(message)
        if person in self._node.people:
            self._mine.setdefault((room, person), set()).add(message)

    # --- heads --------------------------------------------------------------------------------------------------

    def watch_head(self, stream: StreamName, conversation: Conversation) -> None:
        self._heads.setdefault(stream, {})[conversation] = -1

    def unwatch_head(self, stream: StreamName, conversation: Conversation) -> None:
        watching = self._heads.get(stream)
        if watching is not None:
            watching.pop(conversation, None)
            if not watching:
                del self._heads[stream]

    def watched(self) -> set[StreamName]:
        return set(self._heads)

    def head_stale(self, room: RoomId, conversation: Conversation) -> None:
        """This person's unread count changed without anything being said: tell it at the next tick."""
        watching = self._heads.get(room_stream(room))
        if watching and conversation in watching:
            watching[conversation] = -1

    async def tell_heads(self, only: Conversation | None = None) -> None:
        """The newest seq, and what is unread, to those who watch a stream that moved."""
        due: dict[Conversation, list[StreamName]] = {}
        for stream, watching in self._heads.items():
            channel = self._node.channels.get(stream)
            if channel is None:
                continue
            for conversation, told in watching.items():
                if told != channel.last and (only is None or conversation is only):
                    watching[conversation] = channel.last
                    due.setdefault(conversation, []).append(stream)
        for conversation, streams in due.items():
            await self._tell_head(conversation, streams)

    async def _tell_head(self, conversation: Conversation, streams: list[StreamName]) -> None:
        member = conversation.member
        if member is None:
            return
        rooms = [RoomId(stream_owner(stream)) for stream in streams if stream_kind(stream) == "room"]
        unread = await self._node.reading.unread(member.person, rooms) if rooms else {}
        for stream in streams:
            channel = self._node.channels.get(stream)
            count = unread.get(RoomId(stream_owner(stream)))
            if channel is not None:
                conversation.say(
                    Head(
                        stream=stream,
                        epoch=self._node.log.epoch,
                        seq=channel.last,
                        unread=count.unread if count else 0,
                    )
                )

    # --- tallies ------------------------------------------------------------------------------------------------

    async def tell_tallies(self) -> None:
        """One record per room for all that was tallied since the last tick, whatever the number of taps."""
        tallied, self._tallied = self._tallied, {}
        mine, self._mine = self._mine, {}
        for room, messages in tallied.items():
            channel = self._node.channels.get(room_stream(room))
            if channel is not None and channel.readers:
                tally = await self.tally(room, messages)
                channel.tell(Soft(encode(tally), "state", room, frozenset(messages)))
        for (room, person), messages in mine.items():
            await self.tell_mine(room, person, messages)

    async def tally(self, room: RoomId, messages: set[int]) -> Tally:
        return Tally(room=room, tallies=await self._node.reading.tallies(room, sorted(messages)))

    async def tell_mine(self, room: RoomId, person: PersonId, messages: set[int]) -> None:
        """Which of the reactions are a person's own, to all their devices that follow the room."""
        devices = [c for c in self._node.people.get(person, ()) if room_stream(room) in c.follows]
        if devices and messages:
            reactions = await self._node.reading.mine(room, person, sorted(messages))
            for conversation in devices:
                conversation.say(Mine(room=room, reactions=reactions))

    # --- all --------------------------------------------------------------------------------------------------

    def forget(self, conversation: Conversation) -> None:
        for stream in [stream for stream, watching in self._heads.items() if conversation in watching]:
            self.unwatch_head(stream, conversation)

    async def tell_missed(self, conversation: Conversation) -> None:
        """A slow reader is clear again: tell it the state it missed, as it is now."""
        outbox = conversation.outbox
        tallies, outbox.missed_tallies = outbox.missed_tallies, {}
        rooms, outbox.missed_presence = outbox.missed_presence, set()
        for room, messages in tallies.items():
            conversation.say(await self.tally(room, messages))
        for room in rooms:
            self.here.tell_all(room, conversation)

    def receive(self, message: BusMessage) -> None:
        """Soft state of another node."""
        self.here.receive(message)

    def ticks(self) -> list[tuple[float, Callable[[], Coroutine[Any, Any, None]]]]:
        """(period in seconds, what to do): `upkeep.py` runs them."""
        return [
            (limits.tally_every_s, self._guarded(self.tell_tallies)),
            (limits.head_every_s, self._guarded(self.tell_heads)),
            (limits.presence_tick_s, self.here.tick),
        ]

    def _guarded(self, tell: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], Coroutine[Any, Any, None]]:
        async def tell_if_readable() -> None:
            try:
                await tell()
            except LogUnavailable:
                return  # soft state is told again when it changes

        return tell_if_readable
