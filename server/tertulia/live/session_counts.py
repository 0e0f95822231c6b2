"""What is counted in live sessions, told on ticks: votes and how many answered to all, bars and pace to staff, what is
one's own to oneself. Soft state like tallies (soft.py): each record says how things are now, and the last one holds.
"""

from __future__ import annotations

from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId, room_signals_stream, room_staff_stream, room_stream
from tertulia.hub.channel import Soft
from tertulia.live.due import each
from tertulia.live.node import Node
from tertulia.wire.codec import encode
from tertulia.wire.records import Bars, MySession, Votes


class SessionCounts:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._counted: dict[RoomId, dict[PersonId, None]] = {}
        """Rooms in which something was counted, and by whom."""
        self._asked: dict[tuple[RoomId, Conversation], dict[None, None]] = {}
        """Those to whom all of it is to be told: they came, or were too slow."""
        self._kept: dict[RoomId, tuple[list[int], Votes, Bars]] = {}
        """What was read last, and what had been heard of the room's streams by then."""

    def counted(self, room: RoomId, *, person: PersonId | None) -> None:
        """Something in the room's session counts anew; `person`: whose own it is."""
        people = self._counted.setdefault(room, {})
        if person is not None and person in self._node.people:
            people[person] = None

    def begun(self, room: RoomId) -> None:
        """Another session: nothing is counted yet, and nothing is anybody's own."""
        self.counted(room, person=None)
        for conversation in self._node.conversations:
            if room_stream(room) in conversation.follows:
                self.ask(room, conversation)

    def ask(self, room: RoomId, conversation: Conversation) -> None:
        """Tell it how things are at the next tick."""
        self._asked[room, conversation] = {None: None}

    async def tell(self) -> None:
        await each(self._counted, self._tell_counted)
        await each(self._asked, self._tell_asked)

    async def _tell_counted(self, room: RoomId, people: dict[PersonId, None]) -> None:
        main = self._node.channels.get(room_stream(room))
        if main is None or not main.readers:
            return
        votes, bars = await self._records(room)
        main.tell(Soft(encode(votes), "state", room, is_session=True))
        staff = self._node.channels.get(room_staff_stream(room))
        if staff is not None and staff.readers:
            staff.tell(Soft(encode(bars), "state", room, is_session=True))
        for person in people:
            await self._tell_mine(room, person)

    async def _tell_asked(self, whom: tuple[RoomId, Conversation], _: dict[None, None]) -> None:
        room, conversation = whom
        member = conversation.member
        if conversation.is_closed() or member is None or room_stream(room) not in conversation.follows:
            return
        votes, bars = await self._records(room)
        signals = self._node.channels.get(room_signals_stream(room))
        # What counted once is told also when it is nothing now: who was away meanwhile has the old number.
        had_signals = signals is not None and signals.heard > 0
        if votes.votes or votes.answered or had_signals:
            conversation.say(votes)
        if room_staff_stream(room) in conversation.follows and (bars.bars or bars.pace or had_signals):
            conversation.say(bars)
        await self._tell_mine(room, member.person)

    async def _records(self, room: RoomId) -> tuple[Votes, Bars]:
        channels = self._node.channels
        streams = (room_stream(room), room_signals_stream(room), room_staff_stream(room))
        heads = [channel.heard if (channel := channels.get(stream)) is not None else -1 for stream in streams]
        kept = self._kept.get(room)
        if kept is not None and kept[0] == heads and -1 not in heads[:2]:
            return kept[1], kept[2]  # many come at once
        counts = await self._node.reading.session_counts(room)
        pace = counts.pace if sum(counts.pace.values()) >= limits.pace_answers_min else {}
        votes = Votes(room=room, votes=counts.votes, answered=counts.answered)
        bars = Bars(room=room, bars=counts.bars, pace=pace)
        self._kept.pop(room, None)
        self._kept[room] = (heads, votes, bars)
        if len(self._kept) > limits.shown_rooms_max:
            del self._kept[next(iter(self._kept))]
        return votes, bars

    async def _tell_mine(self, room: RoomId, person: PersonId) -> None:
        mine = await self._node.reading.my_session(room, person)
        record = MySession(room=room, votes=mine.votes, answers=mine.answers, pace=mine.pace)
        for conversation in self._node.people.get(person, ()):
            if not conversation.is_closed() and room_stream(room) in conversation.follows:
                conversation.say(record)
