"""The log as a model: what the port promises in the fewest lines, in memory, with faults that a simulation asks for.

Shared by all nodes of one simulation, as a database is. `Faults` makes appends slow, loses replies after the commit (the caller
cannot know) or refuses before it. Reading is the pure fold of the same entries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from tertulia.domain import limits
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted, ReactionSet
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName, cohort_stream, room_stream, user_stream
from tertulia.domain.room import MessageFact
from tertulia.domain.view import (
    CohortView,
    RoomView,
    UserView,
    apply_cohort,
    apply_room,
    apply_tally,
    apply_user,
    new_cohort_view,
    new_room_view,
    new_user_view,
)
from tertulia.eventlog import Append, Appended, Checkpoint, Conflict, Duplicates, LogUnavailable, Receipt
from tertulia.projections import Unread
from tertulia.wire.stored import Entry, decode_event, encode_event


@dataclass(slots=True, kw_only=True)
class Faults:
    """Chances in [0, 1] and a bound on how slow; all zero is a calm log."""

    random: Random = field(default_factory=lambda: Random(0))
    slow_s_max: float = 0.0
    lost_reply: float = 0.0
    refused: float = 0.0

    async def pass_time(self) -> None:
        if self.slow_s_max:
            await asyncio.sleep(self.random.random() * self.slow_s_max)


class ModelLog:
    """`epoch` is fixed, so that a run can be repeated from its seed."""

    epoch = "model"

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.streams: dict[StreamName, list[Entry]] = {}
        self.receipts_by_key: dict[tuple[PersonId, str], Receipt] = {}
        self.checkpoints: dict[StreamName, Checkpoint] = {}

    async def append(self, append: Append) -> Appended | Conflict | Duplicates:
        await self.faults.pass_time()
        if self.faults.random.random() < self.faults.refused:
            raise LogUnavailable("planned")
        outcome = self._commit(append)
        await self.faults.pass_time()
        if self.faults.random.random() < self.faults.lost_reply:
            raise LogUnavailable("the reply was lost")
        return outcome

    async def read(self, stream: StreamName, *, after: int, limit: int) -> list[Entry]:
        await self.faults.pass_time()
        return self.streams.get(stream, [])[after : after + limit]

    async def heads(self, streams: Sequence[StreamName]) -> dict[StreamName, int]:
        await self.faults.pass_time()
        return {stream: len(self.streams.get(stream, [])) for stream in streams}

    async def receipts(self, author: PersonId, keys: Sequence[str]) -> dict[str, Receipt]:
        await self.faults.pass_time()
        return {key: self.receipts_by_key[author, key] for key in keys if (author, key) in self.receipts_by_key}

    async def checkpoint(self, owner: StreamName, *, version: int) -> Checkpoint | None:
        found = self.checkpoints.get(owner)
        return found if found is not None and found.version == version else None

    async def close(self) -> None:
        return None

    # --- the commit: no await, so nothing comes between ----------------------------------------------------------

    def _commit(self, append: Append) -> Appended | Conflict | Duplicates:
        known = {
            place: self.receipts_by_key[decided.author, decided.key]
            for place, decided in enumerate(append.decisions)
            if decided.key is not None and (decided.author, decided.key) in self.receipts_by_key
        }
        if known:
            return Duplicates(known)
        heads = {stream: len(self.streams.get(stream, [])) for stream in append.expect}
        if heads != dict(append.expect):
            return Conflict(heads)
        entries: list[Entry] = []
        receipts: list[Receipt] = []
        for decided in append.decisions:
            written = [self._write(planned, decided.at) for planned in decided.events]
            entries += written
            seq = written[0].seq if written else len(self.streams.get(decided.stream, []))
            receipt = Receipt(decided.stream, seq, decided.at, decided.fingerprint)
            receipts.append(receipt)
            if decided.key is not None:
                self.receipts_by_key[decided.author, decided.key] = receipt
            for stream, message in decided.redacts:
                self._redact(stream, message)
        if append.checkpoint is not None:
            self.checkpoints[append.checkpoint.owner] = append.checkpoint
        return Appended(receipts, entries)

    def _write(self, planned: Any, at: int) -> Entry:
        entries = self.streams.setdefault(planned.stream, [])
        entry = Entry(planned.stream, len(entries) + 1, at, planned.by, planned.name, planned.data)  # type: ignore[arg-type]
        entries.append(entry)
        return entry

    def _redact(self, stream: StreamName, message: int) -> None:
        for place, entry in enumerate(self.streams[stream]):
            event = decode_event(entry)
            is_it = isinstance(event, MessagePosted) and entry.seq == message
            if is_it or (isinstance(event, MessageEdited) and event.message == message):
                bare = msgspec.structs.replace(event, text="", mentions=[], redacted=True)
                self.streams[stream][place] = entry._replace(data=encode_event(bare)[1])


class ModelReading:
    """`projections.Reading` by folding the whole log anew each time; the parts a node needs."""

    def __init__(self, log: ModelLog) -> None:
        self._log = log

    async def message_facts(self, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
        await self._log.faults.pass_time()
        facts: dict[int, MessageFact] = {}
        for entry in self._log.streams.get(room_stream(room), []):
            match decode_event(entry):
                case MessagePosted() as posted:
                    facts[entry.seq] = MessageFact(entry.seq, entry.by, posted.thread or entry.seq, posted.redacted)
                case MessageEdited() as edited:
                    facts[edited.message] = msgspec.structs.replace(facts[edited.message], revision=edited.revision)
                case MessageRedacted() as redacted:
                    facts[redacted.message] = msgspec.structs.replace(facts[redacted.message], redacted=True)
                case _:
                    pass
        return {seq: facts[seq] for seq in seqs if seq in facts}

    async def room_view(self, room: RoomId) -> tuple[int, RoomView] | None:
        await self._log.faults.pass_time()
        entries = self._log.streams.get(room_stream(room), [])
        view = new_room_view(room)
        for entry in entries:
            apply_room(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        apply_tally(view, self._tallies(room))
        return (len(entries), view) if entries else None

    async def cohort_view(self, cohort: CohortId) -> tuple[int, CohortView] | None:
        entries = self._log.streams.get(cohort_stream(cohort), [])
        view = new_cohort_view(cohort)
        for entry in entries:
            apply_cohort(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        return (len(entries), view) if entries else None

    async def user_view(self, person: PersonId) -> tuple[int, UserView]:
        entries = self._log.streams.get(user_stream(person), [])
        view = new_user_view()
        for entry in entries:
            apply_user(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        return len(entries), view

    async def tallies(self, room: RoomId, messages: Sequence[int]) -> dict[str, dict[str, int]]:
        await self._log.faults.pass_time()
        tallies = self._tallies(room)
        return {str(message): tallies.get(str(message), {}) for message in messages}

    async def mine(self, room: RoomId, person: PersonId, messages: Sequence[int]) -> dict[str, list[str]]:
        reactions = self._reactions(room)
        return {
            str(message): [emoji for (m, emoji), people in reactions.items() if m == message and person in people]
            for message in messages
        }

    async def unread(self, person: PersonId, rooms: Sequence[RoomId]) -> dict[RoomId, Unread]:
        _, view = await self.user_view(person)
        found = {}
        for room in rooms:
            entries = self._log.streams.get(room_stream(room), [])
            marker = view.markers.get(room, {}).get("", 0)
            unread = sum(e.name == "message_posted" and e.seq > marker and e.by != person for e in entries)
            found[room] = Unread(len(entries), marker, min(unread, limits.unread_count_max))
        return found

    def _reactions(self, room: RoomId) -> dict[tuple[int, str], set[PersonId]]:
        reactions: dict[tuple[int, str], set[PersonId]] = {}
        for entry in self._log.streams.get(StreamName(f"room/{room}/signals"), []):
            event = decode_event(entry)
            if isinstance(event, ReactionSet):
                people = reactions.setdefault((event.message, event.emoji), set())
                (people.add if event.on else people.discard)(entry.by)
        return reactions

    def _tallies(self, room: RoomId) -> dict[str, dict[str, int]]:
        tallies: dict[str, dict[str, int]] = {}
        for (message, emoji), people in self._reactions(room).items():
            if people:
                tallies.setdefault(str(message), {})[emoji] = len(people)
        return tallies
