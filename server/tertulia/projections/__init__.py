"""Projections: state for reading, folded from the log, remade by `tertulia rebuild`. The port for reading.

Promises: what `Reading` gives is consistent at one seq per stream (one read transaction per call). A message,
thread, tally or marker is there when the append that made it was answered; full-text search may be behind by
a moment. Shapes of rooms, messages and tallies are those of protocol.md, chapter 4 (`domain/view.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.room import MessageFact
from tertulia.domain.session.view import HeldView, MarkView, SessionView, StaffRoomView
from tertulia.domain.view import CohortView, MessageView, RoomView, UserView


class MessagesPage(NamedTuple):
    """Messages oldest first, with the tallies they have and the reactions that are the asker's own."""

    messages: list[MessageView]
    tallies: dict[str, dict[str, int]]
    mine: dict[str, list[str]]
    has_before: bool
    has_after: bool
    seq: int
    """The head of the room's stream at which this is true."""


class Found(NamedTuple):
    """One search result. `snippet` is plain text with the matched words between U+E000 and U+E001."""

    room: RoomId
    message: MessageView
    snippet: str


class Revision(NamedTuple):
    seq: int
    at: int
    text: str


class Unread(NamedTuple):
    """`head` of the room, the person's marker (0: none), unread messages by others (at most `unread_count_max`)."""

    head: int
    marker: int
    unread: int


class SessionCounts(NamedTuple):
    """What is counted in a room's last session. `votes`: question → people, merged ones at the one they were merged
    into. `answered`: poll → people. `bars`: poll → place of the option → people. `pace`: word → people."""

    votes: dict[str, int]
    answered: dict[str, int]
    bars: dict[str, dict[str, int]]
    pace: dict[str, int]


class MySession(NamedTuple):
    """What a person did in a room's last session that others do not see: questions voted for, answers to polls
    (`choices`, `text`), pace."""

    votes: list[str]
    answers: dict[str, dict[str, str | list[int]]]
    pace: str | None


class TallyStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was counted by `at`, after entry `seq` of the room: votes by question, how many answered by poll. One of
    the two is left out when it had not changed."""

    seq: int
    at: int
    votes: dict[str, int] | None = None
    answered: dict[str, int] | None = None


class PastSession(msgspec.Struct, frozen=True, kw_only=True):
    """`session`: the seq of its first event. `closed`: of its last one. `questions`: that were published."""

    session: int
    title: str
    opened_at: int
    closed: int | None
    closed_at: int | None
    questions: int
    answered: int
    marks: list[MarkView]


class QuestionRecord(NamedTuple):
    """`by`: who readers see. `person`: as far as staff may know."""

    question: str
    by: str
    person: str
    status: str
    asked_at: int
    published_at: int | None
    answered_at: int | None
    merged_into: str | None


class Fate(NamedTuple):
    """What became of a question, and how many voted for it."""

    status: str
    votes: int


class HandRecord(NamedTuple):
    hand: str
    person: str


class PaceRecord(NamedTuple):
    at: int
    person: str
    pace: str | None


class SessionRecord(NamedTuple):
    """A session for those who measure it. `turns`: person → messages said and hands called. `hands`: that are up now,
    the first to be raised first. `present`: who attended."""

    view: SessionView
    opened_at: int
    closed_at: int | None
    marks: list[MarkView]
    questions: list[QuestionRecord]
    turns: dict[str, int]
    hands: list[HandRecord]
    present: list[str]
    pace: list[PaceRecord]


class SimilarQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question like the one that is being typed. `room` and `message` are null for who may not read them there.
    `score`: from 0 to 1, the share of rare words they have in common. `answer`: what the answer in text says."""

    question: str | None
    room: str | None
    message: int | None
    text: str
    status: str
    votes: int
    answer: str | None
    cohort: str
    score: float


class ResolvedQuestion(NamedTuple):
    """`name`: what tells it from the others of its room. `question`: its id, if it was asked in a session."""

    name: str
    question: str | None
    text: str
    answer: str


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A message with addresses in it, or of kind `resource`."""

    message: int
    thread: int | None
    at: int
    by: str
    kind: str
    text: str
    links: list[str]


class Reading(Protocol):
    async def message_facts(self, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
        """What decisions need to know of old messages; a seq that is no message is left out."""
        ...

    async def room_view(self, room: RoomId) -> tuple[int, RoomView] | None:
        """The room's snapshot and the exact seq it stands at; None when there is no such room."""
        ...

    async def room_at(
        self, room: RoomId, *, seq: int | None = None, at: int | None = None
    ) -> tuple[int, RoomView] | None:
        """What the snapshot was when `seq` was the room's newest entry (or at a time, Unix ms), until the next one;
        without what is redacted or hidden by now. None beyond the log's end."""
        ...

    async def cohort_view(self, cohort: CohortId) -> tuple[int, CohortView] | None: ...

    async def user_view(self, person: PersonId) -> tuple[int, UserView]: ...

    async def staff_view(self, room: RoomId) -> tuple[int, StaffRoomView]:
        """The state of `room/<id>/staff`: for staff only."""
        ...

    async def cohort_of(self, room: RoomId) -> CohortId | None: ...

    async def members(self, cohort: CohortId, people: Sequence[PersonId]) -> dict[PersonId, dict[str, Any]]:
        """`name`, `role` and whether they are `here`; also of those who left. Who never came is left out."""
        ...

    async def messages(
        self,
        room: RoomId,
        *,
        person: PersonId,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int,
    ) -> MessagesPage:
        """Messages that begin a thread. At most one of before, after, around; none means the newest. `around` shows
        that message (for a reply: its thread) with as many before it as after."""
        ...

    async def thread(
        self, room: RoomId, thread: int, *, person: PersonId, after: int, limit: int
    ) -> MessagesPage | None:
        """The first message (when `after` is 0) and its replies with seq > after; None: no such thread."""
        ...

    async def message(self, room: RoomId, seq: int) -> tuple[MessageView, list[Revision]] | None:
        """The message and every wording it had, oldest first, the present one last; none when it is redacted."""
        ...

    async def listed(self, room: RoomId, seqs: Sequence[int]) -> list[MessageView]:
        """These messages, replies too, oldest first."""
        ...

    async def fates(self, room: RoomId, messages: Sequence[int]) -> dict[str, Fate]:
        """Of those messages that are questions of a session of this room."""
        ...

    async def tallies(self, room: RoomId, messages: Sequence[int]) -> dict[str, dict[str, int]]:
        """For each message asked for, also one whose tally is empty now."""
        ...

    async def mine(self, room: RoomId, person: PersonId, messages: Sequence[int]) -> dict[str, list[str]]:
        """For each message asked for, this person's reactions to it (perhaps none)."""
        ...

    async def session_counts(self, room: RoomId) -> SessionCounts: ...

    async def my_session(self, room: RoomId, person: PersonId) -> MySession: ...

    async def tally_steps(
        self, room: RoomId, *, session: int, after: int, limit: int
    ) -> tuple[list[TallyStep], bool] | None:
        """How votes moved in a session, later than `after` (Unix ms): at most a step every 250 ms of a moment of the
        room; whether there are more. None: there is no such session."""
        ...

    async def sessions(self, room: RoomId) -> list[PastSession]:
        """All of a room's sessions, oldest first."""
        ...

    async def session_record(self, room: RoomId, session: int | None = None) -> SessionRecord | None:
        """The last one, unless one is named; None when there is none. For staff only."""
        ...

    async def similar(self, cohort: CohortId, person: PersonId, text: str, *, limit: int) -> list[SimilarQuestion]:
        """Questions that all may see: of this cohort, and of earlier ones of its course those that were answered."""
        ...

    async def resolved(self, room: RoomId) -> list[ResolvedQuestion]:
        """The room's questions that have an answer in text that may be read, in the order they were asked."""
        ...

    async def resources(self, room: RoomId, *, before: int, limit: int) -> tuple[list[Resource], bool]:
        """Newest first, those of messages before this one; whether there are older ones."""
        ...

    async def held(self, room: RoomId, person: PersonId, *, is_staff: bool) -> list[HeldView]:
        """What waits to be shown, as far as this person may see it: see protocol.md, chapter 11."""
        ...

    async def unread(self, person: PersonId, rooms: Sequence[RoomId]) -> dict[RoomId, Unread]: ...

    async def search(
        self,
        rooms: Sequence[RoomId],
        query: str,
        *,
        by: PersonId | None = None,
        since: int | None = None,
        until: int | None = None,
        kind: str | None = None,
        answered: bool | None = None,
        with_hidden: bool = False,
        limit: int,
    ) -> list[Found]:
        """Best first, within these rooms; `since`, `until` in Unix ms. `answered`: only questions that are, or are
        not. Any text is a valid query: words, all of which
        must occur (prefixes match), or "a phrase" in quotes."""
        ...

    def person_export(self, person: PersonId) -> Iterator[dict[str, Any]]:
        """Everything kept about a person, one object a line; blocking, for a thread."""
        ...
