"""What a person does with their client while a run lasts: says something, changes something, looks elsewhere, errs.

The tables at the end say how often, and which method. Some of it is not allowed or not possible: the refusals are
looked at as well (check.py).
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any, Final

from tertulia.domain.commands import (
    BanMember,
    ChangeRole,
    ChangeRoom,
    CloseRoom,
    CreateRoom,
    EditMessage,
    LockRoom,
    MarkRead,
    MuteMember,
    OpenRoom,
    PinMessage,
    PostMessage,
    Precondition,
    RedactMessage,
    RenameMember,
    ReopenThread,
    ResolveThread,
    SetReaction,
    UnbanMember,
    UnlockRoom,
    UnpinMessage,
)
from tertulia.domain.ids import (
    CohortId,
    RoomId,
    StreamName,
    cohort_staff_stream,
    cohort_stream,
    room_signals_stream,
    room_staff_stream,
    room_stream,
    stream_owner,
    user_stream,
)
from tertulia.domain.view import CohortView
from tests.simulation.client import Client, Person
from tests.simulation.reader import Known, Reader
from tests.simulation.script_session import SessionScript

EMOJI: Final = ("👍", "❤️", "🎉")
CALL: Final = "all to "


class Script:
    """`acts` deeds at random moments in `active_s`. `others`: people who can be mentioned and muted."""

    def __init__(
        self,
        client: Client,
        *,
        random: Random,
        cohort: CohortId,
        rooms: list[RoomId],
        others: list[Person],
        has_session: bool,
    ) -> None:
        self._client = client
        self._random = random
        self._cohort = cohort
        self._rooms = list(rooms)
        self._others = others
        self._session = SessionScript(client, random=random, token=self._token) if has_session else None
        self._came_to: dict[StreamName, int] = {}
        """The seq of the last call it followed, in each room."""
        client.on_news = self._look_at

    def begin(self, *, acts: int, active_s: float) -> None:
        me = self._client.person
        follow, chance = self._client.follow, self._random.random
        follow(cohort_stream(self._cohort))
        follow(user_stream(me.id))
        for room in self._rooms:
            follow(
                room_stream(room),
                level="head" if chance() < 0.15 else "full",
                origin="head" if chance() < 0.15 else "position",
            )
        if me.is_staff or chance() < 0.1:
            follow(cohort_staff_stream(self._cohort))
            follow(room_staff_stream(self._rooms[0]))
        loop = asyncio.get_running_loop()
        if self._session is not None and me.role == "owner":
            loop.call_later(0.1, self._session.open, self._rooms[0])
        for at_s in sorted(self._random.uniform(0.2, active_s) for _ in range(acts)):
            loop.call_later(at_s, self._act)
        if chance() < 0.5:  # a last word, so that it is among what is kept at the end
            loop.call_later(active_s - chance(), self._slip, self._random.choice(self._rooms))

    def put_in_order(self) -> None:
        """What an owner does at the end, so that nobody waits for ever: open, unlock, no slow mode."""
        for room in self._rooms:
            self._client.sender.give(OpenRoom, room=room)
            self._client.sender.give(UnlockRoom, room=room)
            self._client.sender.give(ChangeRoom, room=room, slow_mode_s=0)
            if self._session is not None:
                self._session.put_in_order(room)

    def read_up(self) -> None:
        """What one does on coming home: looks through some rooms."""
        for room in self._rooms:
            if self._random.random() < 0.3:
                self._mark_read(room)

    def ban(self, person: Person) -> None:
        self._client.sender.give(BanMember, person=person.id, reason=self._token())

    def unban(self, person: Person) -> None:
        self._client.sender.give(UnbanMember, person=person.id, reason=self._token())

    def change_role(self, person: Person, role: Any) -> None:
        self._client.sender.give(ChangeRole, person=person.id, role=role)

    def speak_soon(self) -> None:
        """Once in each room."""
        for room in self._rooms:
            self._soon(PostMessage, within_s=(0.0, 0.4), room=room, text=self._token(), reply_to=None)

    def mute_someone(self) -> None:
        """What only staff is told."""
        self._mute(self._rooms[0])

    # --- what is said ---------------------------------------------------------------------------------------------

    def _act(self) -> None:
        if self._client.given_up is not None:
            return
        if self._session is not None and self._random.random() < 0.5:
            self._session.act(self._rooms[0])
            return
        deeds = _OF_STAFF if self._client.person.is_staff or self._random.random() < 0.1 else _OF_ALL
        deed = self._random.choices(list(deeds), weights=list(deeds.values()))[0]
        deed(self, self._random.choice(self._rooms))

    def _post(self, room: RoomId) -> None:
        text = f"{self._token()} " + "word " * self._random.choice([0, 3, 20, 80])
        if self._random.random() < 0.3:
            one = self._random.choice(self._others)
            text += f"@[{one.name}]({one.id})"
        self._client.sender.give(PostMessage, room=room, text=text, reply_to=None)

    def _slip(self, room: RoomId) -> None:
        """Says something and takes it back at once."""

        def take_back(accepted: dict[str, Any]) -> None:
            if self._random.random() < 0.5:
                self._client.sender.give(SetReaction, room=room, message=accepted["seq"], emoji=EMOJI[0], on=True)
                self._soon(RedactMessage, within_s=(0.0, 0.6), room=room, message=accepted["seq"])
            else:
                self._client.sender.give(RedactMessage, room=room, message=accepted["seq"])

        self._client.sender.give(PostMessage, then=take_back, room=room, text=f"{self._token()} oh no")

    def _call_all(self, room: RoomId) -> None:
        """To one message, at best an old one: all who hear of it do something to it at the same moment."""
        if known := self._some_message(room, old=True):
            self._client.sender.give(PostMessage, room=room, text=f"{self._token()} {CALL}{known.seq}", reply_to=None)

    def _come_to(self, room: RoomId, message: int) -> None:
        give, chance = self._client.sender.give, self._random.random()
        if chance < 0.5:
            give(SetReaction, room=room, message=message, emoji=EMOJI[0], on=self._random.random() < 0.6)
        elif chance < 0.9:
            give(EditMessage, room=room, message=message, text=self._token(), if_=None)
        else:
            give(RedactMessage, room=room, message=message, reason=self._token())

    def _reply(self, room: RoomId) -> None:
        if known := self._some_message(room):
            self._client.sender.give(PostMessage, room=room, text=self._token(), reply_to=known.seq)

    def _edit(self, room: RoomId) -> None:
        known = self._some_message(room, mine=self._random.random() < 0.9)
        if known:
            if_ = Precondition(revision=known.revision) if self._random.random() < 0.5 else None
            self._client.sender.give(EditMessage, room=room, message=known.seq, text=self._token(), if_=if_)

    def _redact(self, room: RoomId) -> None:
        if known := self._some_message(room, mine=not self._client.person.is_staff):
            reason = self._token() if known.by != self._client.person.id else None
            self._client.sender.give(RedactMessage, room=room, message=known.seq, reason=reason)

    def _react(self, room: RoomId) -> None:
        if known := self._some_message(room):
            emoji, on = self._random.choice(EMOJI), self._random.random() < 0.7
            self._client.sender.give(SetReaction, room=room, message=known.seq, emoji=emoji, on=on)

    def _tap(self, room: RoomId) -> None:
        """On and off and on again, faster than tallies are told."""
        if known := self._some_message(room):
            for tap in range(self._random.randint(2, 5)):
                within_s = (tap * 0.1, tap * 0.1 + 0.1)
                self._soon(
                    SetReaction, within_s=within_s, room=room, message=known.seq, emoji=EMOJI[0], on=tap % 2 == 0
                )

    def _pin(self, room: RoomId) -> None:
        if known := self._some_message(room):
            self._client.sender.give(
                self._random.choice([PinMessage, PinMessage, UnpinMessage]), room=room, message=known.seq
            )

    def _resolve(self, room: RoomId) -> None:
        if known := self._some_message(room):
            self._client.sender.give(self._random.choice([ResolveThread, ReopenThread]), room=room, thread=known.seq)

    def _mark_read(self, room: RoomId) -> None:
        reader = self._client.readers.get(room_stream(room))
        seq = max(1, reader.newest if reader else 1)
        self._client.sender.give(MarkRead, room=room, seq=seq, thread=None)

    # --- what is arranged -----------------------------------------------------------------------------------------

    def _change_room(self, room: RoomId) -> None:
        what = self._random.choice(["topic", "name", "slow_mode_s"])
        value: Any = self._random.choice([0, 0, 1]) if what == "slow_mode_s" else self._token()
        self._client.sender.give(ChangeRoom, room=room, **{what: value})

    def _lock(self, room: RoomId) -> None:
        self._client.sender.give(LockRoom, room=room, reason=self._token())
        self._soon(UnlockRoom, room=room)

    def _close(self, room: RoomId) -> None:
        self._client.sender.give(CloseRoom, room=room, reason=self._token())
        self._soon(OpenRoom, room=room)

    def _mute(self, room: RoomId) -> None:
        one = self._random.choice(self._others)
        seconds = self._random.randint(1, 3)
        self._client.sender.give(MuteMember, room=room, person=one.id, for_s=seconds, reason=self._token())

    def _create_room(self, room: RoomId) -> None:
        if len(self._rooms) < 4:
            self._client.sender.give(CreateRoom, name=self._token())

    def _rename(self, room: RoomId) -> None:
        self._client.sender.give(RenameMember, name=self._token())

    def _soon(self, command: Any, *, within_s: tuple[float, float] = (0.3, 3.0), **fields: Any) -> None:
        wait_s = self._random.uniform(*within_s)
        asyncio.get_running_loop().call_later(wait_s, lambda: self._client.sender.give(command, **fields))

    # --- what is looked at ----------------------------------------------------------------------------------------

    def _take_up_again(self, room: RoomId) -> None:
        """The same stream from another place, or at another level, while it is followed."""
        reader = self._client.readers.get(room_stream(room))
        if reader is None or reader.stage != "live":
            return
        way = self._random.choice(
            ["position", "earlier", "earlier", "earlier", "nothing", "head", "level", "level", "other epoch", "future"]
        )
        level = ("full" if reader.level == "head" else "head") if way == "level" else reader.level
        origin: Any = {
            "nothing": None,
            "head": "head",
            "earlier": reader.some_position(self._random),
            "other epoch": {"epoch": "another", "seq": 1},
            "future": {"epoch": reader.epoch, "seq": reader.seq + 50} if reader.epoch else None,
        }.get(way, "position")
        self._client.follow(room_stream(room), level=level, origin=origin)

    def _look_away(self, room: RoomId) -> None:
        self._client.unfollow(room_stream(room))
        asyncio.get_running_loop().call_later(
            self._random.uniform(0.1, 4.0), lambda: self._client.follow(room_stream(room))
        )

    def _peep(self, room: RoomId) -> None:
        """At what is not theirs, or not there."""
        other = self._random.choice(self._others).id
        self._client.follow(
            self._random.choice(
                [
                    user_stream(other) if other != self._client.person.id else StreamName("user/p-nobody"),
                    room_signals_stream(room),
                    room_stream(RoomId("nowhere")),
                    cohort_stream(CohortId("elsewhere")),
                    StreamName("not a stream"),
                ]
            )
        )

    def _err(self, room: RoomId) -> None:
        match self._random.randrange(4):
            case 0:
                self._client.sender.give(PostMessage, room=room, text="  ", reply_to=None)
            case 1:
                self._client.sender.give(PostMessage, room=RoomId("nowhere"), text=self._token(), reply_to=None)
            case 2:
                self._client.sender.give(SetReaction, room=room, message=9_999, emoji=EMOJI[0], on=True)
            case _:
                self._client.say({"type": "ping", "id": "not a number"})

    def _chat(self, room: RoomId) -> None:
        """Small things between client and server."""
        match self._random.randrange(4):
            case 0:
                self._client.say({"type": "typing", "room": room})
            case 1:
                self._client.say({"type": "ping", "id": 0})
            case 2:
                self._client.say({"type": "refresh_token", "id": 0})
            case _:
                self._client.say({"type": "in_view", "room": room, "people": [one.id for one in self._others[:2]]})

    def _stammer(self, room: RoomId) -> None:
        """All that is unanswered once more, on the same connection."""
        self._client.sender.send_all()

    def _by_post(self, room: RoomId) -> None:
        self._client.sender.post()

    def _look_at(self, reader: Reader) -> None:
        """A room is listed that was not known, in whatever way one was told. (An owner who did not look at snapshots
        left such a room locked, and who wanted to speak there waited for ever: seed 333 of an earlier plan.)"""
        if reader.kind == "room" and reader.stage == "live" and reader.events:
            newest = reader.events[-1]
            _, called, message = str(newest["data"].get("text", "")).partition(CALL)
            if called and newest["seq"] == reader.seq and newest["seq"] > self._came_to.get(reader.stream, 0):
                self._came_to[reader.stream] = newest["seq"]
                self._come_to(RoomId(stream_owner(reader.stream)), int(message))
            if newest["name"] in ("room_opened", "room_unlocked") and self._random.random() < 0.3:
                self._post(RoomId(stream_owner(reader.stream)))  # to whatever node, which may not know yet
                self._client.sender.post()
        if not isinstance(reader.view, CohortView):
            return
        for listed in reader.view.rooms:
            if (room := RoomId(listed.room)) not in self._rooms:
                self._rooms.append(room)
                self._client.follow(room_stream(room))

    # --- private --------------------------------------------------------------------------------------------------

    def _some_message(self, room: RoomId, *, mine: bool = False, old: bool = False) -> Known | None:
        reader = self._client.readers.get(room_stream(room))
        known = reader.messages() if reader else []
        if mine:
            known = [one for one in known if one.by == self._client.person.id]
        if old:
            known = known[:3]
        return self._random.choice(known) if known else None

    def _token(self) -> str:
        """A text that occurs nowhere else."""
        return f"{self._client.name}:{self._random.getrandbits(40):010x}"


_OF_ALL: Final = {
    Script._post: 30,
    Script._slip: 5,
    Script._reply: 12,
    Script._edit: 12,
    Script._redact: 10,
    Script._call_all: 8,
    Script._react: 12,
    Script._tap: 6,
    Script._resolve: 3,
    Script._mark_read: 8,
    Script._rename: 6,
    Script._take_up_again: 10,
    Script._look_away: 3,
    Script._peep: 1,
    Script._err: 2,
    Script._chat: 3,
    Script._stammer: 3,
    Script._by_post: 8,
}
_OF_STAFF: Final = _OF_ALL | {
    Script._pin: 6,
    Script._change_room: 6,
    Script._lock: 6,
    Script._close: 4,
    Script._mute: 4,
    Script._create_room: 4,
}
