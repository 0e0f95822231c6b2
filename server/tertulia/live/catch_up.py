"""Streams taken up: from nothing, from a position, from now. The order is what makes it whole:

open the channel (it takes everything from here on) → read what is missing → say the results → top up from the
channel's tail and attach, in one turn of the loop. Nothing can come between the last two, so nothing is lost and
nothing is doubled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeVar

from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.cohort import CohortState, asker_of
from tertulia.domain.decision import Asker
from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    StreamName,
    is_stream_name,
    room_signals_stream,
    room_staff_stream,
    room_stream,
    stream_kind,
    stream_owner,
    user_stream,
)
from tertulia.hub import Channel, Stretch, Subscription
from tertulia.live.node import Node
from tertulia.live.receive import Receiver
from tertulia.live.soft import SoftState
from tertulia.live.stretches import Stretches
from tertulia.outbox import Outbox
from tertulia.wire.codec import encode
from tertulia.wire.records import Dropped, Lag, Live, Snapshot, StreamResult
from tertulia.wire.requests import From, Level, Position

T = TypeVar("T")


class Follow(NamedTuple):
    """What a conversation follows: `subscription` at level `full`, None at level `head`."""

    level: Level
    subscription: Subscription | None


class _Missing(NamedTuple):
    """What a stream's taker has to be sent before it is live. `after`: the seq it is at once `stretches` are sent."""

    result: Literal["ok", "gap", "reset", "denied"]
    after: int = 0
    stretches: tuple[Stretch, ...] = ()
    shown: tuple[int, ...] | None = None
    """The messages in a snapshot of a room, whose own reactions follow."""
    signals: int = -1
    """How far the room's signals were when its snapshot was read: the tallies in it are at least as new."""
    code: str = ""


_NOTHING: Final = _Missing("ok", after=-1)


class CatchUp:
    def __init__(self, node: Node, receiver: Receiver, soft: SoftState) -> None:
        self._node = node
        self._receiver = receiver
        self._soft = soft
        self._under_way: dict[tuple[Any, ...], asyncio.Task[Any]] = {}
        self.stretches = Stretches(node, self._once)
        self._waiting: dict[Conversation, asyncio.Future[None]] = {}
        """Slow readers that are taking up streams: done when they are clear."""

    # --- taking up ----------------------------------------------------------------------------------------------

    async def take_up(
        self,
        conversation: Conversation,
        streams: Mapping[str, From],
        levels: Mapping[str, Level],
        *,
        asker: Asker,
        cohort: CohortId,
        say_results: Callable[[dict[str, StreamResult]], None],
    ) -> None:
        """Make a conversation follow streams. Raises LogUnavailable before anything was said."""
        denied = self._denied(conversation, streams, asker=asker, cohort=cohort)
        if "unknown_room" in denied.values():  # or it was made a moment ago, on another node
            state = await self._node.cohort_lane(cohort).confirmed()
            asker = _asker_now(state, asker, at=self._node.clock.now_ms())
            denied = self._denied(conversation, streams, asker=asker, cohort=cohort)
        names = [StreamName(name) for name in streams if name not in denied]
        await self._receiver.open([*names, *self._beside(names, levels, asker.person, cohort)])
        missing = await self._all_missing(names, streams, levels)
        if conversation.is_closed():
            return
        for name in names:  # not before: what is refused has changed nothing
            self.leave(conversation, name)
        results = {name: StreamResult(result="denied", code=code) for name, code in denied.items()}
        for name in names:
            result, head = missing[name].result, self._node.channels[name].last
            self._count(result, streams[name])
            results[name] = StreamResult(result=result, epoch=self._node.log.epoch, seq=head)
        say_results({name: results[name] for name in streams})
        has_waited = False
        for name in names:  # a slow reader gets one stream after another, so that what it is owed stays bounded
            has_waited = await self._clear(conversation) or has_waited
            if conversation.is_closed():
                return
            origin, level = streams[name], levels.get(name, "full")
            if has_waited:  # what was read is old by now, and channels may have been idle for too long
                await self._receiver.open([name, *self._beside([name], levels, asker.person, cohort)])
                missing[name] = await self._missing(name, origin, level)
            if level == "head":
                conversation.follows[name] = Follow("head", None)
                self._soft.watch_head(name, conversation)
            elif missing[name].result == "gap" != results[name].result and isinstance(origin, Position):
                self._tell_lag(conversation, name, last=origin.seq)
            else:
                await self._attach(conversation, name, missing[name])

    def _denied(
        self, conversation: Conversation, streams: Mapping[str, From], *, asker: Asker, cohort: CohortId
    ) -> dict[str, str]:
        denied = {name: code for name in streams if (code := self.may_not_read(name, asker, cohort))}
        new = [name for name in streams if name not in denied and name not in conversation.follows]
        room_for = limits.streams_per_connection_max - len(conversation.follows)
        return denied | dict.fromkeys(new[max(room_for, 0) :], "too_many")

    def _beside(
        self, names: list[StreamName], levels: Mapping[str, Level], person: PersonId, cohort: CohortId
    ) -> list[StreamName]:
        """What must be heard to tell of rooms: their signals for the tallies, what was read for the unread; and what is
        said to staff, for one's own answers to polls that are not anonymous."""
        rooms = [RoomId(stream_owner(name)) for name in names if stream_kind(name) == "room"]
        is_head = any(levels.get(room_stream(room)) == "head" for room in rooms)
        return [
            *(room_signals_stream(room) for room in rooms),
            *(room_staff_stream(room) for room in rooms if self._has_sessions(room, cohort)),
            *([user_stream(person)] if is_head else []),
        ]

    def may_not_read(self, name: str, asker: Asker, cohort: CohortId) -> str:
        """Why this member may not read the stream; empty when they may."""
        if not is_stream_name(name):
            return "unknown_stream"
        stream = StreamName(name)
        owner, kind = stream_owner(stream), stream_kind(stream)
        state = self._node.cohort_state(cohort)
        match kind:
            case "room" | "room/staff" | "room/signals":
                if state is None or owner not in state.rooms:
                    return "unknown_room"
            case "cohort" | "cohort/staff":
                if owner != cohort:
                    return "unknown_stream"
            case _:
                return "" if owner == asker.person else "unknown_stream"
        if kind == "room/signals" or (kind.endswith("/staff") and not asker.is_staff):
            return "not_allowed"
        return ""

    def leave(self, conversation: Conversation, stream: StreamName) -> bool:
        """Stop following; false when the conversation did not."""
        conversation.outbox.lagging.pop(stream, None)
        follow: Follow | None = conversation.follows.pop(stream, None)
        if follow is None:
            return False
        if follow.subscription is None:
            self._soft.unwatch_head(stream, conversation)
            return True
        channel = self._node.channels.get(stream)
        follow.subscription.is_alive = False
        if channel is not None:
            channel.detach(follow.subscription)
        if stream_kind(stream) == "room":
            self._soft.here.leave(RoomId(stream_owner(stream)), conversation)
        return True

    def tell_lags(self, conversation: Conversation) -> None:
        """A slow reader is clear again: it is told which streams it fell behind in, and follows them no more."""
        outbox = conversation.outbox
        lagging, outbox.lagging = outbox.lagging, {}
        for stream, last in lagging.items():
            self.leave(conversation, stream)
            self._tell_lag(conversation, stream, last=last)

    def _tell_lag(self, conversation: Conversation, stream: StreamName, *, last: int) -> None:
        channel = self._node.channels.get(stream)
        head = channel.last if channel is not None else last
        conversation.say(Lag(stream=stream, epoch=self._node.log.epoch, last=last, head=head))

    def _count(self, result: str, origin: From) -> None:
        kind = result if isinstance(origin, Position) else "fresh"
        resumes = self._node.counts.resumes
        resumes[kind] = resumes.get(kind, 0) + 1

    # --- slow readers -------------------------------------------------------------------------------------------

    def cleared(self, conversation: Conversation) -> None:
        """It reads again, or is gone: what waits for that goes on."""
        waiting = self._waiting.pop(conversation, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _clear(self, conversation: Conversation) -> bool:
        """Wait until it reads what it was sent so far; whether that took any time."""
        conversation.outbox.flush()
        has_waited = False
        while not conversation.outbox.is_clear and not conversation.is_closed():
            has_waited = True
            self._waiting[conversation] = asyncio.get_running_loop().create_future()
            await self._waiting[conversation]
        return has_waited

    # --- what is missing ----------------------------------------------------------------------------------------

    async def _all_missing(
        self, names: list[StreamName], streams: Mapping[str, From], levels: Mapping[str, Level]
    ) -> dict[StreamName, _Missing]:
        """Without a task for what is known at once: when all come back at once, nearly all is."""
        missing: dict[StreamName, _Missing] = {}
        unknown: list[StreamName] = []
        for name in names:
            known = self._known(name, streams[name], levels.get(name, "full"))
            if known is None:
                unknown.append(name)
            else:
                missing[name] = known
        if unknown:
            found = await asyncio.gather(
                *(self._missing(name, streams[name], levels.get(name, "full")) for name in unknown)
            )
            missing.update(zip(unknown, found, strict=True))
        return missing

    def _known(self, stream: StreamName, origin: From, level: Level) -> _Missing | None:
        """What is missing, when nothing has to be read to tell."""
        if level == "head" or origin == "head":
            return _NOTHING
        channel = self._node.channels[stream]
        if not isinstance(origin, Position) or origin.epoch != self._node.log.epoch or origin.seq > channel.last:
            return None
        if channel.last - origin.seq > limits.page_events_max:
            return _Missing("gap", after=-1)
        stretches = self.stretches.kept(channel, origin.seq, channel.last)
        return None if stretches is None else _pushed(stretches, after=channel.last)

    async def _missing(self, stream: StreamName, origin: From, level: Level) -> _Missing:
        channel = self._node.channels[stream]
        if level == "head" or origin == "head":
            return _Missing("ok", after=-1)
        if not isinstance(origin, Position):
            return await self._snapshot(channel, "ok")
        if origin.epoch == self._node.log.epoch and origin.seq > channel.last:
            await self._receiver.catch_up_to(channel, origin.seq)  # another node told it more than we heard yet
        if origin.epoch != self._node.log.epoch or origin.seq > channel.last:
            return await self._snapshot(channel, "reset")
        if channel.last - origin.seq > limits.page_events_max:
            return _Missing("gap", after=-1)
        upto = channel.last
        return _pushed(await self.stretches.between(channel, origin.seq, upto), after=upto)

    async def _snapshot(self, channel: Channel, result: Literal["ok", "reset"]) -> _Missing:
        read = await self._once(("snapshot", channel.stream), self._read_snapshot(channel.stream))
        seq, snapshot, shown, signals = read
        if seq > channel.last:
            await self._receiver.catch_up_to(channel, seq)
        return _Missing(result, after=seq, stretches=(snapshot,), shown=shown, signals=signals)

    async def _read_snapshot(self, stream: StreamName) -> tuple[int, Stretch, tuple[int, ...], int]:
        self._node.counts.read("snapshot")
        signals = self._signals_at(stream)
        seq, state = await self.view(stream)
        record = Snapshot(stream=stream, epoch=self._node.log.epoch, seq=seq, state=state)
        shown = tuple(message.seq for message in state.messages) if stream_kind(stream) == "room" else ()
        return seq, Stretch([encode(record)], last=seq), shown, signals

    def _signals_at(self, stream: StreamName) -> int:
        """How far this node has heard of a room's signals (-1 for what is no room)."""
        is_room = stream_kind(stream) == "room"
        channel = self._node.channels.get(room_signals_stream(RoomId(stream_owner(stream)))) if is_room else None
        return -1 if channel is None else channel.heard

    async def view(self, stream: StreamName) -> tuple[int, Any]:
        """The state of a stream, for a snapshot, and the exact seq it stands at."""
        reading, owner = self._node.reading, stream_owner(stream)
        found: tuple[int, Any] | None
        match stream_kind(stream):
            case "room":
                found = await reading.room_view(RoomId(owner))
            case "cohort":
                found = await reading.cohort_view(CohortId(owner))
            case "room/staff":
                found = await reading.staff_view(RoomId(owner))
            case "user":
                found = await reading.user_view(PersonId(owner))
            case _:
                found = ((await self._node.log.heads([stream]))[stream], {})
        assert found is not None, "a stream that may be read has a state"
        return found

    async def _once(self, key: tuple[Any, ...], work: Awaitable[T]) -> T:
        """Single flight: those who ask while the work is under way share its result."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = self._node.spawn(work)
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        else:
            work.close()  # type: ignore[attr-defined]
        result: T = await asyncio.shield(task)
        return result

    # --- attaching ----------------------------------------------------------------------------------------------

    async def _attach(self, conversation: Conversation, stream: StreamName, found: _Missing) -> None:
        """Send what is missing, then follow: from the last look at the channel to `attach` there is no await."""
        channel = self._node.channels.get(stream)
        if channel is None or conversation.is_closed():
            return
        outbox = conversation.outbox
        if found.stretches:  # it may have waited for its reader for long
            if not await self._may_still_read(conversation, stream):
                conversation.say(Dropped(stream=stream, code="not_allowed"))
                return
            self._send(found.stretches, outbox)
        at = channel.sent if found.after < 0 else found.after
        while True:
            if not await self._may_still_read(conversation, stream):
                conversation.say(Dropped(stream=stream, code="not_allowed"))
                return
            if conversation.is_closed():
                return
            if channel.sent == at:
                break
            if channel.sent < at:  # what was read is newer than what the channel has flushed: let it get there
                await channel.reached(at)
            elif channel.sent - at > limits.page_events_max:  # the reader took so long: it fetches, and asks again
                self._tell_lag(conversation, stream, last=at)
                return
            else:
                upto = channel.sent
                self._send(await self.stretches.between(channel, at, upto), outbox)
                at = upto
        conversation.say(Live(stream=stream, epoch=self._node.log.epoch, seq=at))
        outbox.flush()  # what comes from the channel is written past the outbox's own queue
        subscription = Subscription(outbox)
        conversation.follows[stream] = Follow("full", subscription)
        channel.attach(subscription)
        if conversation.member is None:
            return
        room = RoomId(stream_owner(stream))
        if stream_kind(stream).startswith("room") and self._has_sessions(room, conversation.member.cohort):
            self._soft.session.ask(room, conversation)
        if stream_kind(stream) == "room":
            self._soft.here.enter(room, conversation)
            if found.shown is not None:
                self._soft.shown(room, conversation.member.person, found.shown)
            if found.shown is None or found.signals != self._signals_at(stream):
                self._soft.taken_up(room, conversation)

    def _has_sessions(self, room: RoomId, cohort: CohortId) -> bool:
        state = self._node.cohort_state(cohort)
        listed = None if state is None else state.rooms.get(room)
        return listed is not None and listed.kind == "session"

    def _send(self, stretches: tuple[Stretch, ...], outbox: Outbox) -> None:
        """The same bytes to all who lack the same."""
        if stretches:
            outbox.flush()
        for stretch in stretches:
            for frame in stretch.frames(outbox.framing):
                outbox.write(frame)

    async def _may_still_read(self, conversation: Conversation, stream: StreamName) -> bool:
        """A role may have changed since the stream was asked for. Does not wait when the cohort is up to date."""
        member = conversation.member
        if member is None or not stream_kind(stream).endswith("/staff"):
            return True
        state = await self._node.cohort_lane(member.cohort).ready()
        asker = asker_of(state, member.person, at=self._node.clock.now_ms())
        return isinstance(asker, Asker) and asker.is_staff


def _pushed(stretches: tuple[Stretch, ...], *, after: int) -> _Missing:
    if sum(stretch.size_bytes for stretch in stretches) > limits.resume_bytes_max:
        return _Missing("gap", after=-1)
    return _Missing("ok", after=after, stretches=stretches)


def _asker_now(state: CohortState, asker: Asker, *, at: int) -> Asker:
    """The same person as the cohort knows them now (who was sent away meanwhile is closed by that)."""
    now = asker_of(state, asker.person, at=at)
    return now if isinstance(now, Asker) else asker
