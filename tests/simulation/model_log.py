"""The log as a model: what the port promises in the fewest lines, in memory, with faults that a simulation asks for.

Shared by all nodes of one simulation, as a database is. `Faults` makes it slow both before and after the work, loses
replies after the commit (the caller cannot know), refuses before it, or cannot be read. Reading is the pure fold of the
same entries. `commits` and `versions` are for those who check: what was decided when, and every form an entry ever had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, TypeVar

import msgspec

from tertulia.domain import limits
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted, ReactionSet
from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    StreamName,
    cohort_stream,
    room_signals_stream,
    room_staff_stream,
    room_stream,
    user_stream,
)
from tertulia.domain.room import MessageFact
from tertulia.domain.session.events import MessageHeld, QuestionAsked, QuestionReworded
from tertulia.domain.session.staff_fold import fold_staff, new_staff_room_view
from tertulia.domain.session.view import SessionView, StaffRoomView
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
from tertulia.projections import MySession, SessionCounts, Unread
from tertulia.wire.codec import encode_entry
from tertulia.wire.stored import Entry, decode_event, encode_event
from tests.simulation.fold import note_fact
from tests.simulation.model_counts import NOTHING_COUNTED, Counts

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Faults:
    """Chances in [0, 1] and a bound on how slow; all zero is a calm log."""

    random: Random = field(default_factory=lambda: Random(0))
    slow_s_max: float = 0.0
    lost_reply: float = 0.0
    refused: float = 0.0
    unreadable: float = 0.0

    async def pass_time(self) -> None:
        if self.slow_s_max:
            await asyncio.sleep(self.random.random() * self.slow_s_max)

    def maybe(self, chance: float, why: str) -> None:
        """Raises LogUnavailable with this chance."""
        if chance and self.random.random() < chance:
            raise LogUnavailable(why)

    async def answer(self, work: Callable[[], T]) -> T:
        """A read: it may take a while to get there, and its answer a while to come back."""
        await self.pass_time()
        self.maybe(self.unreadable, "planned: cannot read")
        found = work()
        await self.pass_time()
        return found


class Commit(NamedTuple):
    """One append. `effects[i]`: what decision i wrote, as it was then (a redaction may have changed it since)."""

    at_s: float
    append: Append
    effects: list[list[Entry]]


class ModelLog:
    """`epoch` is fixed, so that a run can be repeated from its seed."""

    epoch = "model"

    def __init__(self, faults: Faults | None = None, *, now_s: Callable[[], float] = lambda: 0.0) -> None:
        self.faults = faults or Faults()
        self.now_s = now_s
        self.streams: dict[StreamName, list[Entry]] = {}
        self.receipts_by_key: dict[tuple[PersonId, str], Receipt] = {}
        self.checkpoints: dict[StreamName, Checkpoint] = {}
        self.commits: list[Commit] = []
        self.versions: dict[tuple[StreamName, int], list[bytes]] = {}
        """Each entry's event record as it is, after all it ever was (a redaction takes text out)."""
        self.written_s: dict[tuple[StreamName, int], float] = {}

    async def append(self, append: Append) -> Appended | Conflict | Duplicates:
        faults = self.faults
        await faults.pass_time()
        faults.maybe(faults.refused, "planned: cannot write")
        outcome = self.commit(append)
        await faults.pass_time()
        faults.maybe(faults.lost_reply, "planned: the reply was lost")
        return outcome

    async def read(self, stream: StreamName, *, after: int, limit: int) -> list[Entry]:
        return await self.faults.answer(lambda: self.streams.get(stream, [])[after : after + limit])

    async def heads(self, streams: Sequence[StreamName]) -> dict[StreamName, int]:
        return await self.faults.answer(lambda: {stream: self.head(stream) for stream in streams})

    async def receipts(self, author: PersonId, keys: Sequence[str]) -> dict[str, Receipt]:
        return await self.faults.answer(
            lambda: {key: self.receipts_by_key[author, key] for key in keys if (author, key) in self.receipts_by_key}
        )

    async def checkpoint(self, owner: StreamName, *, version: int) -> Checkpoint | None:
        found = await self.faults.answer(lambda: self.checkpoints.get(owner))
        return found if found is not None and found.version == version else None

    async def close(self) -> None:
        return None

    def head(self, stream: StreamName) -> int:
        return len(self.streams.get(stream, ()))

    # --- the commit: no await, so nothing comes between ----------------------------------------------------------

    def commit(self, append: Append) -> Appended | Conflict | Duplicates:
        known = {
            place: self.receipts_by_key[decided.author, decided.key]
            for place, decided in enumerate(append.decisions)
            if decided.key is not None and (decided.author, decided.key) in self.receipts_by_key
        }
        if known:
            return Duplicates(known)
        heads = {stream: self.head(stream) for stream in append.expect}
        if heads != dict(append.expect):
            return Conflict(heads)
        entries: list[Entry] = []
        receipts: list[Receipt] = []
        effects: list[list[Entry]] = []
        for decided in append.decisions:
            written = [self._write(planned, decided.at) for planned in decided.events]
            entries += written
            effects.append(written)
            seq = written[0].seq if written else self.head(decided.stream)
            receipt = Receipt(decided.stream, seq, decided.at, decided.fingerprint)
            receipts.append(receipt)
            if decided.key is not None:
                self.receipts_by_key[decided.author, decided.key] = receipt
            for stream, message in decided.redacts:
                self._redact(stream, message)
        if append.checkpoint is not None:
            self.checkpoints[append.checkpoint.owner] = append.checkpoint
        self.commits.append(Commit(self.now_s(), append, effects))
        return Appended(receipts, entries)

    def _write(self, planned: Any, at: int) -> Entry:
        entries = self.streams.setdefault(planned.stream, [])
        entry = Entry(planned.stream, len(entries) + 1, at, planned.by, planned.name, planned.data)  # type: ignore[arg-type]
        entries.append(entry)
        self.versions[entry.stream, entry.seq] = [encode_entry(entry).json]
        self.written_s[entry.stream, entry.seq] = self.now_s()
        return entry

    def _redact(self, stream: StreamName, message: int) -> None:
        posted = self.streams[stream][message - 1]
        said = decode_event(posted)
        if isinstance(said, MessagePosted):
            self._redact_copies(posted, said)
        for place, entry in enumerate(self.streams[stream]):
            event = decode_event(entry)
            is_it = isinstance(event, MessagePosted) and entry.seq == message
            if is_it or (isinstance(event, MessageEdited) and event.message == message):
                self._rewrite(entry, place, text="", mentions=[], links=[], redacted=True)

    def _redact_copies(self, posted: Entry, said: MessagePosted) -> None:
        """What staff and its author were told of it while it waited."""
        for entries in self.streams.values():
            for place, entry in enumerate(entries):
                match decode_event(entry):
                    case QuestionAsked(question=question) | QuestionReworded(question=question):
                        if question == said.question:
                            self._rewrite(entry, place, text="")
                    case MessageHeld(text=said.text) if (entry.at, entry.by) == (said.held_at, posted.by):
                        self._rewrite(entry, place, text="")
                    case _:
                        pass

    def _rewrite(self, entry: Entry, place: int, **fields: Any) -> None:
        bare = msgspec.structs.replace(decode_event(entry), **fields)
        changed = self.streams[entry.stream][place] = entry._replace(data=encode_event(bare)[1])
        self.versions[entry.stream, entry.seq].append(encode_entry(changed).json)


class ModelReading:
    """`projections.Reading` by folding the whole log anew each time; the parts a node needs."""

    def __init__(self, log: ModelLog) -> None:
        self._log = log

    async def message_facts(self, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
        def work() -> dict[int, MessageFact]:
            facts: dict[int, MessageFact] = {}
            for entry in self._log.streams.get(room_stream(room), []):
                note_fact(facts, entry)
            return {seq: facts[seq] for seq in seqs if seq in facts}

        return await self._log.faults.answer(work)

    async def room_view(self, room: RoomId) -> tuple[int, RoomView] | None:
        return await self._log.faults.answer(lambda: self.room_now(room))

    async def cohort_view(self, cohort: CohortId) -> tuple[int, CohortView] | None:
        return await self._log.faults.answer(lambda: self.cohort_now(cohort))

    async def user_view(self, person: PersonId) -> tuple[int, UserView]:
        return await self._log.faults.answer(lambda: self.user_now(person))

    async def staff_view(self, room: RoomId) -> tuple[int, StaffRoomView]:
        return await self._log.faults.answer(lambda: self.staff_now(room))

    async def tallies(self, room: RoomId, messages: Sequence[int]) -> dict[str, dict[str, int]]:
        def work() -> dict[str, dict[str, int]]:
            tallies = self.tallies_now(room)
            return {str(message): tallies.get(str(message), {}) for message in messages}

        return await self._log.faults.answer(work)

    async def mine(self, room: RoomId, person: PersonId, messages: Sequence[int]) -> dict[str, list[str]]:
        return await self._log.faults.answer(lambda: self.mine_now(room, person, messages))

    async def session_counts(self, room: RoomId) -> SessionCounts:
        return await self._log.faults.answer(lambda: self.counts_now(room))

    async def my_session(self, room: RoomId, person: PersonId) -> MySession:
        return await self._log.faults.answer(lambda: self.my_session_now(room, person))

    async def unread(self, person: PersonId, rooms: Sequence[RoomId]) -> dict[RoomId, Unread]:
        return await self._log.faults.answer(lambda: {room: self.unread_now(person, room) for room in rooms})

    # --- as it is now -------------------------------------------------------------------------------------------

    def room_now(self, room: RoomId) -> tuple[int, RoomView] | None:
        entries = self._log.streams.get(room_stream(room), [])
        view = new_room_view(room)
        for entry in entries:
            apply_room(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        apply_tally(view, self.tallies_now(room))
        if view.session is not None:
            view.session.votes = self._counts(room, view.session).votes()
        return (len(entries), view) if entries else None

    def counts_now(self, room: RoomId) -> SessionCounts:
        found = self.room_now(room)
        session = None if found is None else found[1].session
        return NOTHING_COUNTED if session is None else self._counts(room, session).all()

    def my_session_now(self, room: RoomId, person: PersonId) -> MySession:
        found = self.room_now(room)
        session = None if found is None else found[1].session
        return MySession([], {}, None) if session is None else self._counts(room, session).mine(person)

    def _counts(self, room: RoomId, session: SessionView) -> Counts:
        streams = self._log.streams
        return Counts(session, streams.get(room_signals_stream(room), []), streams.get(room_staff_stream(room), []))

    def cohort_now(self, cohort: CohortId) -> tuple[int, CohortView] | None:
        entries = self._log.streams.get(cohort_stream(cohort), [])
        view = new_cohort_view(cohort)
        for entry in entries:
            apply_cohort(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        return (len(entries), view) if entries else None

    def user_now(self, person: PersonId) -> tuple[int, UserView]:
        entries = self._log.streams.get(user_stream(person), [])
        view = new_user_view()
        for entry in entries:
            apply_user(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        return len(entries), view

    def staff_now(self, room: RoomId) -> tuple[int, StaffRoomView]:
        entries = self._log.streams.get(room_staff_stream(room), [])
        view = new_staff_room_view()
        for entry in entries:
            fold_staff(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        return len(entries), view

    def unread_now(self, person: PersonId, room: RoomId) -> Unread:
        _, view = self.user_now(person)
        entries = self._log.streams.get(room_stream(room), [])
        marker = view.markers.get(room, {}).get("", 0)
        unread = sum(e.name == "message_posted" and e.seq > marker and e.by != person for e in entries)
        return Unread(len(entries), marker, min(unread, limits.unread_count_max))

    def mine_now(self, room: RoomId, person: PersonId, messages: Sequence[int]) -> dict[str, list[str]]:
        reactions = self._reactions(room)
        return {
            str(message): [emoji for (m, emoji), people in reactions.items() if m == message and person in people]
            for message in messages
        }

    def tallies_now(self, room: RoomId) -> dict[str, dict[str, int]]:
        """A redacted message has none."""
        tallies: dict[str, dict[str, int]] = {}
        for (message, emoji), people in self._reactions(room).items():
            if people:
                tallies.setdefault(str(message), {})[emoji] = len(people)
        return tallies

    def _reactions(self, room: RoomId) -> dict[tuple[int, str], set[PersonId]]:
        reactions: dict[tuple[int, str], set[PersonId]] = {}
        said = self._log.streams.get(room_stream(room), [])
        redacted = {e.message for entry in said if isinstance(e := decode_event(entry), MessageRedacted)}
        for entry in self._log.streams.get(room_signals_stream(room), []):
            event = decode_event(entry)
            if isinstance(event, ReactionSet) and event.message not in redacted:
                people = reactions.setdefault((event.message, event.emoji), set())
                (people.add if event.on else people.discard)(entry.by)
        return reactions
