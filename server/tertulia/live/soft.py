"""Soft state, told on ticks: tallies and one's own reactions, heads with unread counts. Presence is in people_here.py.

Nothing here is in the log and no record of it is owed: each says how things are now, and the last one holds. What *is*
promised is that the last one is true: what could not be told (the log cannot be read) is told at a later tick, and who
takes a room up again, or was too slow, is told how things are by then. Whatever is read is told in the order it was
read, by one tick; two that run side by side could tell the older state last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from tertulia.bus import BusMessage
from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.ids import (
    PersonId,
    RoomId,
    StreamName,
    room_signals_stream,
    room_stream,
    stream_kind,
    stream_owner,
)
from tertulia.eventlog import LogUnavailable
from tertulia.hub.channel import Soft
from tertulia.live.due import each
from tertulia.live.node import Node
from tertulia.live.people_here import PeopleHere
from tertulia.live.session_counts import SessionCounts
from tertulia.wire.codec import Encoded, encode
from tertulia.wire.records import Head, Mine, Tally


class _Shown(NamedTuple):
    """What a snapshot of a room would show when the room and its signals had been heard of up to `heads`. `tapped`: the
    messages with a reaction; of the others it is known that nobody's is theirs (`untapped`)."""

    heads: list[int]
    seqs: tuple[int, ...]
    tapped: tuple[int, ...]
    tally: Encoded
    untapped: Encoded


class SoftState:
    """What is to be told at the next tick. Dicts that hold None are ordered sets."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._tallied: dict[RoomId, dict[int, None]] = {}
        """Messages whose tallies changed, for all readers of their room."""
        self._missed: dict[tuple[RoomId, Conversation], dict[int, None]] = {}
        """The same, for one who was too slow for it."""
        self._taken_up: dict[RoomId, dict[Conversation, None]] = {}
        """Those who took a room up with what they knew of it: tallies may have changed since."""
        self._shown: dict[RoomId, _Shown] = {}
        self._mine: dict[tuple[RoomId, PersonId], dict[int, None]] = {}
        self._heads: dict[StreamName, dict[Conversation, int]] = {}
        """Streams followed at level `head`: conversation → the seq it was last told (-1: not yet)."""
        self._telling_heads = asyncio.Lock()
        self._is_head_asked = False
        self.here = PeopleHere(node)
        self.session = SessionCounts(node)

    # --- what happened ------------------------------------------------------------------------------------------

    def reacted(self, room: RoomId, *, message: int, person: PersonId) -> None:
        self._tallied.setdefault(room, {})[message] = None
        if person in self._node.people:
            self._mine.setdefault((room, person), {})[message] = None

    def untallied(self, room: RoomId, *, message: int) -> None:
        """It was redacted: a tally that is on its way is not the last word."""
        self._tallied.setdefault(room, {})[message] = None

    def taken_up(self, room: RoomId, conversation: Conversation) -> None:
        """Tell it the tallies of the messages that a snapshot would show now, and which reactions are its own."""
        self._taken_up.setdefault(room, {})[conversation] = None

    def shown(self, room: RoomId, person: PersonId, messages: tuple[int, ...]) -> None:
        """A snapshot was given to this person: tell which reactions in it are their own."""
        if messages:
            self._mine.setdefault((room, person), {}).update(dict.fromkeys(messages))

    def missed(self, conversation: Conversation) -> None:
        """A slow reader is clear again: tell it the state it missed, as it is now."""
        outbox = conversation.outbox
        tallies, outbox.missed_tallies = outbox.missed_tallies, {}
        rooms, outbox.missed_presence = outbox.missed_presence, {}
        sessions, outbox.missed_sessions = outbox.missed_sessions, {}
        for room, messages in tallies.items():
            self._missed.setdefault((room, conversation), {}).update(dict.fromkeys(sorted(messages)))
        for room in rooms:
            self.here.tell_all(room, conversation)
        for room in sessions:
            self.session.ask(room, conversation)

    # --- heads --------------------------------------------------------------------------------------------------

    def watch_head(self, stream: StreamName, conversation: Conversation) -> None:
        """It is told where the stream is at once, and then at ticks when it moved."""
        self._heads.setdefault(stream, {})[conversation] = -1
        if not self._is_head_asked:
            self._is_head_asked = True
            self._node.spawn(self.tell_heads())

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

    async def tell_heads(self) -> None:
        """The newest seq, and what is unread, to those who watch a stream that moved and read what they are sent."""
        async with self._telling_heads:
            self._is_head_asked = False
            due: dict[Conversation, list[StreamName]] = {}
            for stream, watching in self._heads.items():
                channel = self._node.channels.get(stream)
                for conversation, told in watching.items():
                    if channel is not None and told != channel.last and conversation.outbox.is_clear:
                        due.setdefault(conversation, []).append(stream)
            for conversation, streams in due.items():
                await self._tell_head(conversation, streams)

    async def _tell_head(self, conversation: Conversation, streams: list[StreamName]) -> None:
        member = conversation.member
        if member is None:
            return
        for stream in streams:  # before the count is read: what comes while it is read is told at the next tick
            if (channel := self._node.channels.get(stream)) is not None:
                self._told_head(stream, conversation, channel.last)
        rooms = [RoomId(stream_owner(stream)) for stream in streams if stream_kind(stream) == "room"]
        try:
            unread = await self._node.reading.unread(member.person, rooms) if rooms else {}
        except LogUnavailable:
            for stream in streams:
                self._told_head(stream, conversation, -1)
            return
        for stream in streams:
            channel = self._node.channels.get(stream)
            if channel is not None and conversation in self._heads.get(stream, ()):
                count = unread.get(RoomId(stream_owner(stream)))
                head = Head(
                    stream=stream,
                    epoch=self._node.log.epoch,
                    seq=channel.last,
                    unread=count.unread if count else 0,
                )
                conversation.say(head)

    def _told_head(self, stream: StreamName, conversation: Conversation, seq: int) -> None:
        watching = self._heads.get(stream)
        if watching is not None and conversation in watching:
            watching[conversation] = seq

    # --- tallies ------------------------------------------------------------------------------------------------

    async def tell_tallies(self) -> None:
        """One record per room for all that was tallied since the last tick, whatever the number of taps."""
        await each(self._tallied, self._tell_tallied)
        await each(self._taken_up, self._tell_taken_up)
        await each(self._missed, self._tell_missed)
        await each(self._mine, self._tell_mine)

    async def _tell_tallied(self, room: RoomId, messages: dict[int, None]) -> None:
        channel = self._node.channels.get(room_stream(room))
        if channel is None or not channel.readers:
            return
        heard = {message: None for message in messages if message <= channel.last}
        if len(heard) < len(messages):  # the bus brought the reaction before the message: so must not we
            self._tallied[room] = {message: None for message in messages if message not in heard}
        if heard:
            tally = await self._tally(room, heard)
            channel.tell(Soft(encode(tally), "state", room, frozenset(heard)))

    async def _tell_taken_up(self, room: RoomId, conversations: dict[Conversation, None]) -> None:
        now = await self._shown_now(room)
        if now is None or not now.seqs:
            return
        for conversation in conversations:
            if not self._follows(conversation, room) or conversation.member is None:
                continue
            outbox = conversation.outbox
            if outbox.is_clear:
                outbox.say_bytes(now.tally.of(outbox.codec))
                outbox.say_bytes(now.untapped.of(outbox.codec))
            else:
                outbox.miss_tally(room, set(now.seqs))
            self.shown(room, conversation.member.person, now.tapped if outbox.is_clear else now.seqs)

    async def _shown_now(self, room: RoomId) -> _Shown | None:
        """Read once for all who come while nothing happens in the room: in a storm, at every tick."""
        heads = [
            channel.heard if (channel := self._node.channels.get(stream)) is not None else -1
            for stream in (room_stream(room), room_signals_stream(room))
        ]
        kept = self._shown.get(room)
        if kept is not None and kept.heads == heads and -1 not in heads:
            return kept
        self._node.counts.read("taken_up")
        found = await self._node.reading.room_view(room)
        if found is None:
            return None
        view = found[1]
        seqs = tuple(message.seq for message in view.messages)
        tallies = {str(seq): view.tallies.get(str(seq), {}) for seq in seqs}
        tapped = tuple(seq for seq in seqs if tallies[str(seq)])
        untapped: dict[str, list[str]] = {str(seq): [] for seq in seqs if not tallies[str(seq)]}
        now = _Shown(
            heads,
            seqs,
            tapped,
            encode(Tally(room=room, tallies=tallies)),
            encode(Mine(room=room, reactions=untapped)),
        )
        self._shown.pop(room, None)
        self._shown[room] = now
        if len(self._shown) > limits.shown_rooms_max:
            del self._shown[next(iter(self._shown))]
        return now

    async def _tell_missed(self, whom: tuple[RoomId, Conversation], messages: dict[int, None]) -> None:
        room, conversation = whom
        if self._follows(conversation, room):
            conversation.say(await self._tally(room, messages))

    async def _tally(self, room: RoomId, messages: dict[int, None]) -> Tally:
        return Tally(room=room, tallies=await self._node.reading.tallies(room, sorted(messages)))

    async def _tell_mine(self, whose: tuple[RoomId, PersonId], messages: dict[int, None]) -> None:
        """Which of the reactions are a person's own, to all their devices that follow the room."""
        room, person = whose
        if any(self._follows(c, room) for c in self._node.people.get(person, ())):
            reactions = await self._node.reading.mine(room, person, sorted(messages))
            for conversation in self._node.people.get(person, ()):
                if self._follows(conversation, room):
                    conversation.say(Mine(room=room, reactions=reactions))

    def _follows(self, conversation: Conversation, room: RoomId) -> bool:
        return not conversation.is_closed() and room_stream(room) in conversation.follows

    # --- all --------------------------------------------------------------------------------------------------

    def forget(self, conversation: Conversation) -> None:
        for stream in [stream for stream, watching in self._heads.items() if conversation in watching]:
            self.unwatch_head(stream, conversation)

    def receive(self, message: BusMessage) -> None:
        """Soft state of another node."""
        self.here.receive(message)

    def ticks(self) -> list[tuple[float, Callable[[], Coroutine[Any, Any, None]]]]:
        """(period in seconds, what to do): `flow.py` runs them."""
        return [
            (limits.tally_every_s, self.tell_tallies),
            (limits.tally_every_s, self.session.tell),
            (limits.head_every_s, self.tell_heads),
            (limits.presence_tick_s, self.here.tick),
        ]
