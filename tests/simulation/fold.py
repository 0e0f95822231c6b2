"""The states decisions look at, folded anew from the log: to judge whether what was decided, or refused, was right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.domain.cohort import CohortState, apply_cohort, apply_cohort_staff, asker_of, decide_cohort
from tertulia.domain.commands import CohortCommand, MarkRead
from tertulia.domain.decide_room import decide_room, facts_needed
from tertulia.domain.decision import Decision, Setting
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted
from tertulia.domain.ids import CohortId, PersonId, RoomId, stream_kind, stream_owner
from tertulia.domain.person import PersonState, apply_person, decide_mark_read
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import MessageFact, RoomState, apply_room, apply_room_signals, apply_room_staff
from tertulia.wire.stored import Entry, decode_event


class Fold:
    """All states after some of the log's entries."""

    def __init__(self, cohort: CohortId) -> None:
        self.cohort = CohortState(cohort=cohort)
        self.rooms: dict[RoomId, RoomState] = {}
        self._facts: dict[RoomId, dict[int, MessageFact]] = {}
        self._people: dict[PersonId, PersonState] = {}

    def take(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._take(entry)

    def decide(
        self, command: Any, person: PersonId, *, at: int, new_id: str = "x", remembers: bool = False
    ) -> Decision | Refusal:
        """What the rules say to this command on these states. `new_id`: what a node drew for a question. `remembers`:
        as a node that has all messages in mind, and not only those it needs."""
        asker = asker_of(self.cohort, person, at=at)
        if isinstance(asker, Refusal):
            return asker
        if isinstance(command, CohortCommand):
            return decide_cohort(self.cohort, command, asker=asker, at=at, new_id="x")  # type: ignore[arg-type]
        if command.room not in self.cohort.rooms:
            return Refusal("unknown_room")
        if isinstance(command, MarkRead):
            return decide_mark_read(self._people.get(person) or PersonState(person=person), command)
        room, facts = self.rooms[command.room], self._facts[command.room]
        room.facts = dict(facts) if remembers else {seq: facts[seq] for seq in facts_needed(command) if seq in facts}
        setting = Setting(self.cohort.roles, self.cohort.rooms, new_id, "y")
        return decide_room(room, command, asker=asker, setting=setting, at=at)

    def _take(self, entry: Entry) -> None:
        event, owner = decode_event(entry), stream_owner(entry.stream)
        match stream_kind(entry.stream):
            case "cohort":
                apply_cohort(self.cohort, seq=entry.seq, event=event)
            case "cohort/staff":
                apply_cohort_staff(self.cohort, seq=entry.seq, event=event)
            case "room":
                room = RoomId(owner)
                state = self.rooms.setdefault(room, RoomState(room=room))
                apply_room(state, seq=entry.seq, at=entry.at, by=entry.by, event=event)
                note_fact(self._facts.setdefault(room, {}), entry)
            case "room/staff":
                apply_room_staff(self.rooms[RoomId(owner)], seq=entry.seq, at=entry.at, by=entry.by, event=event)
            case "room/signals":
                apply_room_signals(self.rooms[RoomId(owner)], seq=entry.seq, at=entry.at, by=entry.by, event=event)
            case "user":
                person = PersonId(owner)
                apply_person(self._people.setdefault(person, PersonState(person=person)), seq=entry.seq, event=event)
            case _:
                pass


def note_fact(facts: dict[int, MessageFact], entry: Entry) -> None:
    """What decisions may need to know of each message of a room, after this entry."""
    match decode_event(entry):
        case MessagePosted() as posted:
            facts[entry.seq] = MessageFact(entry.seq, entry.by, posted.thread or entry.seq)
        case MessageEdited() as edited:
            facts[edited.message] = msgspec.structs.replace(facts[edited.message], revision=edited.revision)
        case MessageRedacted() as redacted:
            facts[redacted.message] = msgspec.structs.replace(facts[redacted.message], redacted=True)
        case _:
            pass
