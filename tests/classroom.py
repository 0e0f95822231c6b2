"""A room, its cohort and their people without a server: commands in, decisions out, on a clock the test holds.

    here = Classroom()                        # one person of each role, and a second learner; a room "general"
    seq = here.says("lea", "Why?")            # decided and applied; the seq of the message
    here.gives("tad", PinMessage, message=seq)
    assert here.refusal("len", EditMessage, message=seq, text="x").code == "not_author"

What was decided is applied from the bytes the log would keep. What is *not* here: lanes, streams of other rooms.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from tertulia.domain.cohort import (
    CohortState,
    apply_cohort,
    apply_cohort_staff,
    asker_of,
    decide_admission,
    decide_cohort,
    decide_found,
    decide_room_made,
)
from tertulia.domain.command import RoomCommand
from tertulia.domain.commands import AnyCommand, CohortCommand, PostMessage, RoomKind
from tertulia.domain.decide_room import decide_room
from tertulia.domain.decision import Asker, Decision, Happening, Setting
from tertulia.domain.event import Event
from tertulia.domain.ids import CohortId, InviteId, PersonId, RoomId, Seq, StreamName
from tertulia.domain.policy import Role
from tertulia.domain.refusals import CODES, Refusal
from tertulia.domain.room import RoomState, apply_room, apply_room_signals, apply_room_staff
from tertulia.wire.stored import Entry, decode_event, encode_event

PEOPLE: Final[dict[str, Role]] = {
    "olga": "owner",
    "ina": "instructor",
    "tad": "ta",
    "lea": "learner",
    "len": "learner",
    "obi": "observer",
    "botty": "bot",
}
"""Ids are names; the first person of each role is who speaks for it in tables."""
SPEAKS_FOR: Final[dict[Role, str]] = {role: name for name, role in reversed(PEOPLE.items())}
DAY_ONE_MS: Final = 1_700_000_000_000
COHORT: Final = CohortId("demo")
ROOM: Final = RoomId("general")
S = TypeVar("S")


class Classroom:
    def __init__(self, people: dict[str, Role] = PEOPLE, *, kind: RoomKind = "discussion") -> None:
        self.at = DAY_ONE_MS
        self.room = RoomState(room=ROOM)
        self.cohort = CohortState(cohort=COHORT)
        self.told: dict[StreamName, list[Event]] = {}
        """What stands in each stream."""
        self.entries: list[Entry] = []
        """The same, in the order it happened."""
        self._ids = 0
        self.happens("olga", decide_found(COHORT, name="Demo", course="demo", course_name="Demo"))
        for name, role in people.items():
            self.comes_in(name, role=role)
        self.happens("olga", decide_room_made(COHORT, ROOM, name="General talk", kind=kind))

    # --- commands -----------------------------------------------------------------------------------------------

    def decide(self, name: str, command: AnyCommand) -> Decision | Refusal:
        """As the flow does: the member as the cohort knows them now, then the decision."""
        asker = asker_of(self.cohort, PersonId(name), at=self.at)
        if isinstance(asker, Refusal):
            return asker
        return self.decide_as(asker, command)

    def decide_as(self, asker: Asker, command: AnyCommand) -> Decision | Refusal:
        if isinstance(command, RoomCommand):
            new_id = self.new_id()
            setting = Setting(self.cohort.roles, self.cohort.rooms, new_id, f"alias-{new_id}")
            return decide_room(self.room, command, asker=asker, setting=setting, at=self.at)  # type: ignore[arg-type]
        assert isinstance(command, CohortCommand), "markers have a state of their own"
        return decide_cohort(self.cohort, command, asker=asker, at=self.at, new_id=self.new_id())

    def new_id(self) -> str:
        self._ids += 1
        return f"n{self._ids}"

    def gives(self, name: str, kind: type[AnyCommand], /, **fields: Any) -> list[Event]:
        """It is accepted; what happened."""
        decision = self.decide(name, command(kind, **fields))
        assert isinstance(decision, Decision), f"{name} gives {kind.__name__} {fields}: {decision}"
        return self.happens(name, decision)

    def refusal(self, name: str, kind: type[AnyCommand], /, **fields: Any) -> Refusal:
        """It is refused, by a code of the list, and nothing has changed."""
        before = packed(self.room), packed(self.cohort)
        refusal = self.decide(name, command(kind, **fields))
        assert isinstance(refusal, Refusal), f"{name} gives {kind.__name__} {fields}: it is not refused"
        assert refusal.code in CODES
        assert (packed(self.room), packed(self.cohort)) == before, "decide changes nothing"
        return refusal

    def says(self, name: str, text: str, *, reply_to: int | None = None) -> int:
        """The seq of the message."""
        self.gives(name, PostMessage, text=text, reply_to=reply_to)
        return self.room.head

    def said(self, name: str, text: str) -> int:
        """A message from when they were a learner, whatever they are now."""
        decision = self.decide_as(Asker(PersonId(name), "learner"), command(PostMessage, text=text))
        assert isinstance(decision, Decision), decision
        self.happens(name, decision)
        return self.room.head

    # --- people -------------------------------------------------------------------------------------------------

    def admission(self, name: str, *, role: Role = "learner", **how: Any) -> Decision | Refusal:
        shown = how.pop("called", name.capitalize())
        return decide_admission(self.cohort, PersonId(name), name=shown, role=role, at=self.at, **how)

    def comes_in(self, name: str, *, role: Role = "learner", invite: str | None = None, **how: Any) -> list[Event]:
        given = None if invite is None else InviteId(invite)
        decision = self.admission(name, role=role, invite=given, **how)
        assert isinstance(decision, Decision), f"{name} comes in: {decision}"
        return self.happens(name, decision)

    def is_here(self, name: str) -> bool:
        return isinstance(asker_of(self.cohort, PersonId(name), at=self.at), Asker)

    # --- what happened ------------------------------------------------------------------------------------------

    def after(self, *, s: float = 0, ms: int = 0) -> None:
        """Time goes by."""
        self.at += int(s * 1000) + ms

    def in_stream(self, stream: str) -> list[Event]:
        return self.told.get(StreamName(stream), [])

    def happens(self, name: str, decision: Decision) -> list[Event]:
        for stream in decision.fresh:
            assert not self.told.get(stream), f"{stream} was to be new"
        if decision.happenings:
            assert decision.stream == decision.happenings[0].stream, "the receipt names the first event's stream"
        return [self._append(happening.by or PersonId(name), happening) for happening in decision.happenings]

    def _append(self, by: PersonId, happening: Happening) -> Event:
        events = self.told.setdefault(happening.stream, [])
        kind, data = encode_event(happening.event)
        entry = Entry(happening.stream, Seq(len(events) + 1), self.at, by, kind, data)
        event = decode_event(entry)
        assert event == happening.event, "the log keeps all of it"
        events.append(event)
        self.entries.append(entry)
        fold_room(self.room, entry)
        fold_cohort(self.cohort, entry)
        return event


def command(kind: type[Any], /, **fields: Any) -> Any:
    """A command with a key, on the room when it is one for rooms."""
    fields.setdefault("key", "a-key-0001")
    if issubclass(kind, RoomCommand):
        fields.setdefault("room", ROOM)
    return kind(**fields)


def fold_room(state: RoomState, entry: Entry) -> None:
    event = decode_event(entry)
    if entry.stream == f"room/{state.room}":
        apply_room(state, seq=entry.seq, at=entry.at, by=entry.by, event=event)
    elif entry.stream == f"room/{state.room}/staff":
        apply_room_staff(state, seq=entry.seq, at=entry.at, by=entry.by, event=event)
    elif entry.stream == f"room/{state.room}/signals":
        apply_room_signals(state, seq=entry.seq, at=entry.at, by=entry.by, event=event)


def fold_cohort(state: CohortState, entry: Entry) -> None:
    event = decode_event(entry)
    if entry.stream == f"cohort/{state.cohort}":
        apply_cohort(state, seq=entry.seq, event=event)
    elif entry.stream == f"cohort/{state.cohort}/staff":
        apply_cohort_staff(state, seq=entry.seq, event=event)


def packed(state: msgspec.Struct) -> bytes:
    """As a checkpoint holds it."""
    return msgspec.msgpack.encode(state)


def unpacked(state: S) -> S:
    """Through a checkpoint and back."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state))
