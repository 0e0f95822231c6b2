"""A lecture is played: each deed of the script becomes a command of its person's connection when it is due and what it
is about is there, as one who looks at their screen would do it. So nothing that was scripted may be refused.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final, NamedTuple

import msgspec

from load_tests.crowd import Crowd, Member
from load_tests.frames import masked
from load_tests.lecture_deeds import NUMBERED, Known, Made
from load_tests.lecture_listener import Frames, Listener, Record, Told
from load_tests.lecture_script import AGAIN_EVERY, STAFF, Deed, Size
from load_tests.target import Tertulia
from tertulia.cli.tokens import Issued, issue
from tertulia.domain.commands import ChangeRoom
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import RoomId
from tertulia.domain.policy import Role
from tertulia.domain.session.events import AliasTaken
from tertulia.domain.view import RoomView, new_room_view
from tests.servers import Server

ROOM: Final = RoomId("lecture")
SAMPLED_EVERY: Final = 50
PATIENCE_S: Final = 30.0
QUIET_S: Final = 1.5
"""Votes and tallies are told four times a second: after so long without a record, all of them were."""


class Unplayed(Exception):
    """The lecture could not be played to its end; the message says why."""


class LectureHall(Tertulia):
    """Everybody has one connection. `joined` is empty, so that a listener is given all bytes from the first."""

    joined = b""

    def __init__(self, server: Server) -> None:
        super().__init__(server, connections_of_one=1)
        self._issued: dict[int, Issued] = {}

    def issued(self, number: int) -> Issued:
        if number not in self._issued:
            role: Role = "instructor" if number == 0 else "ta" if number in STAFF else "learner"
            name = f"Person {number}"
            self._issued[number] = issue(self.server.data, cohort="demo", name=name, role=role, hours=5.0)
        return self._issued[number]

    def token(self, number: int) -> str:
        return self.issued(number).access

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        streams: dict[str, object] = {f"room/{room}": None, f"user/{self.issued(number).person}": None}
        return self.hello(number, streams | ({f"room/{room}/staff": None} if number in STAFF else {}))


class Hall(Crowd):
    """The crowd of a lecture: for each member a listener."""

    def __init__(self, target: LectureHall, frames: Frames) -> None:
        super().__init__(target)
        self.listeners: dict[int, Listener] = {}
        self._frames = frames

    def hear(self, member: Member, data: bytes) -> None:
        listener = self.listeners.get(member.number)
        if listener is None:
            folds = member.number % SAMPLED_EVERY == 0
            listener = Listener(member.number, self._frames, folds=folds, say=lambda frame: self.say(member, frame))
            self.listeners[member.number] = listener
        listener.hear(data, time.perf_counter())


class Sent(NamedTuple):
    deed: Deed
    key: str
    is_again: bool


class Accepted(NamedTuple):
    """Where a command stands."""

    deed: Deed
    stream: str
    seq: int


class Player:
    """`accepted`: each key's answer. `wrong`: what was refused, answered twice, or at two places."""

    def __init__(self, target: LectureHall, size: Size) -> None:
        self.size = size
        self.hall = Hall(target, Frames(ROOM, heard_first=self._heard))
        self.known = Known(new_room_view(ROOM), aliases=size.aliases, persona=self._persona)
        self.accepted: dict[str, Accepted] = {}
        self.again = 0
        """How many commands were sent twice, and were answered twice the same."""
        self.wrong: list[str] = []
        self.doubled: set[int] = set()
        """A planted fault: the talk of these numbers is said twice, with another key."""
        self._target = target
        self._members: dict[int, Member] = {}
        self._sent: dict[tuple[int, int], Sent] = {}
        self._said_s: dict[str, float] = {}
        self._ids: Counter[int] = Counter()

    # --- from the first to the last ------------------------------------------------------------------------------

    def join(self) -> None:
        """All come, the instructor first; and aliases are allowed in the room."""
        for wanted in (1, self.size.clients - 1):
            for member in self.hall.connect(wanted, room=ROOM, is_reader=False):
                self._members[member.number] = member
        deadline_s = time.perf_counter() + PATIENCE_S
        while not self._are_all_in():
            self._look(deadline_s, "not everybody could join")
            self._listen(0.01)
        self.known.view = msgspec.json.decode(self.hall.listeners[0].snapshot, type=RoomView)
        self._give(Deed(0.0, 1, "open", 0), (ChangeRoom, {"anonymity": "alias"}), key="lecture-room")
        while self._sent or self.known.view.anonymity != "alias":
            self._look(deadline_s, "the room could not be arranged")
            self._listen(0.01)

    def play(self, script: list[Deed]) -> float:
        """How long it took, in seconds. Ends when everything was answered and nothing more is told."""
        self.known.left = Counter((deed.kind, deed.what) for deed in script)
        begun_s, place, waiting = time.perf_counter(), 0, list[Deed]()
        while place < len(script) or waiting or self._sent:
            now_s = time.perf_counter() - begun_s
            while place < len(script) and script[place].at_s <= now_s:
                waiting.append(script[place])
                place += 1
            waiting = [deed for deed in waiting if not self._try(deed)]
            late = f"not done in time: {waiting[:3]}, not answered: {list(self._sent.values())[:3]}"
            self._look(begun_s + script[-1].at_s + PATIENCE_S, late)
            self._listen(0.002)
        took_s = time.perf_counter() - begun_s
        self._settle()
        return took_s

    def _settle(self) -> None:
        quiet_since_s, told = time.perf_counter(), -1
        deadline_s = quiet_since_s + PATIENCE_S
        while time.perf_counter() < quiet_since_s + QUIET_S:
            self._look(deadline_s, "the room does not become quiet")
            self._listen(0.01)
            if (now := sum(one.told for one in self.hall.listeners.values())) != told:
                told, quiet_since_s = now, time.perf_counter()

    def _are_all_in(self) -> bool:
        listeners = self.hall.listeners
        return len(listeners) == self.size.clients and all(one.is_live for one in listeners.values())

    def _look(self, deadline_s: float, what: str) -> None:
        if self.hall.ended or time.perf_counter() > deadline_s:
            faults = [fault for one in self.hall.listeners.values() for fault in one.faults]
            raise Unplayed(f"{what}; {self.hall.ended} connections were closed; {self.wrong[:3]} {faults[:3]}")

    # --- what is heard -------------------------------------------------------------------------------------------

    def _listen(self, timeout_s: float) -> None:
        self.hall.read(timeout_s)
        for listener in self.hall.listeners.values():
            if listener.answers:
                answers, listener.answers = listener.answers, []
                for record in answers:
                    self._answered(listener.number, record)

    def _heard(self, told: Told) -> None:
        """An event of the room, when the first client is told it."""
        event = told.event
        if isinstance(event, MessagePosted) and event.held_at is None and (said := NUMBERED.match(event.text)):
            told.sent_s = self._said_s.get(said[0])
        self.known.hear(told)

    def _answered(self, number: int, record: Record) -> None:
        sent = self._sent.pop((number, record.id or 0), None)
        if sent is None:
            self.wrong.append(f"person {number} was given an answer to nothing: {record.id}")
            return
        deed = sent.deed
        if record.type == "refused":
            self.wrong.append(f"refused as {record.code}: {deed}")
            return
        now = Accepted(deed, record.stream, record.seq)
        first = self.accepted.setdefault(sent.key, now)
        if sent.is_again:
            self.again += 1
        if first != now:
            self.wrong.append(f"accepted at two places: {deed} at {first[1:]} and {now[1:]}")
        if not sent.is_again:
            self._done(deed, record.seq)

    def _done(self, deed: Deed, seq: int) -> None:
        self.known.left[deed.kind, deed.what] -= 1
        if deed.kind == "poll":
            self.known.polls[deed.what] = seq
        if deed.kind == "vote":
            self.known.voted.add((deed.who, deed.what))

    def _persona(self, who: int) -> str | None:
        person = self._target.issued(who).person
        if who not in self.size.aliases:
            return person
        mine = (told.event for told in self.hall.listeners[who].streams.get(f"user/{person}", ()))
        return next((event.alias for event in mine if isinstance(event, AliasTaken)), None)

    # --- what is done --------------------------------------------------------------------------------------------

    def _try(self, deed: Deed) -> bool:
        """Do it if it can be done now."""
        made = self.known.command(deed)
        if made is not None:
            self._give(deed, made, key=f"lecture-{deed.order:06}-{deed.kind}")
        return made is not None

    def _give(self, deed: Deed, made: Made, *, key: str) -> None:
        self._send(deed, made, key=key)
        if deed.order % AGAIN_EVERY == 0:
            self._send(deed, made, key=key, is_again=True)
        if deed.kind == "talk" and deed.what in self.doubled:
            self._send(deed, made, key=f"{key}-2", is_again=True)

    def _send(self, deed: Deed, made: Made, *, key: str, is_again: bool = False) -> None:
        make, fields = made
        self._ids[deed.who] += 1
        id = self._ids[deed.who]
        self._sent[deed.who, id] = Sent(deed, key, is_again)
        if not is_again and (said := NUMBERED.match(str(fields.get("text", "")))):
            self._said_s[said[0]] = time.perf_counter()
        command: Any = make(id=id, key=key, room=ROOM, **fields)
        self.hall.say(self._members[deed.who], masked(msgspec.json.encode(command)))
