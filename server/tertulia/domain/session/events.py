"""What happened in a live session. Like events.py, which joins these to the list of all.

The main stream `room/<id>` holds only what everybody may read: a question that waits for approval, a held message and
who is behind an alias are not in it.
"""

from __future__ import annotations

import msgspec

from tertulia.domain.event import Event
from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.session.words import (
    DismissReason,
    EndorseReason,
    HeldAnswer,
    HeldWhy,
    LoweredWhy,
    MessageKind,
    Pace,
    PollKind,
    QuestionStatus,
    TeamsHow,
)

# --- room/<id> ---------------------------------------------------------------------------------------------------


class SessionOpened(Event, frozen=True, kw_only=True):
    title: str = ""


class SessionClosed(Event, frozen=True, kw_only=True):
    pass


class SessionMarked(Event, frozen=True, kw_only=True):
    media_position_ms: int
    label: str = ""
    rewound: bool = False


class QuestionReceived(Event, frozen=True, kw_only=True):
    """One waits for approval: that it does is all that is public. `again`: it was sent anew after a dismissal."""

    question: str
    again: bool = False


class QuestionPublished(Event, frozen=True, kw_only=True):
    """The question is `message`, a message of kind `question` posted just before by `asker`. `by` is who published
    it: who asked, or staff who approved it."""

    question: str
    message: int
    asker: str
    asked_at: int


class QuestionReworded(Event, frozen=True, kw_only=True):
    """By staff. A published one: its message was edited just before. One that waits: `text`, in the staff stream."""

    question: str
    text: str = ""


class QuestionMerged(Event, frozen=True, kw_only=True):
    """Who voted for it counts for `into` now; it leaves the queue."""

    question: str
    into: str


class QuestionUnmerged(Event, frozen=True, kw_only=True):
    question: str


class QuestionHighlighted(Event, frozen=True, kw_only=True):
    question: str
    on: bool = True


class QuestionAnswering(Event, frozen=True, kw_only=True):
    """It is being answered now. Another one that was is back in the queue."""

    question: str


class QuestionAnswered(Event, frozen=True, kw_only=True):
    """Aloud (no `message`), at this place of the recording if the session has marks; or in text, by `message`."""

    question: str
    message: int | None = None
    media_position_ms: int | None = None


class QuestionDismissed(Event, frozen=True, kw_only=True):
    """In the room's stream without `note`; the asker is told in `user/` (with `room`), staff in theirs."""

    question: str
    reason: DismissReason
    note: str = ""
    room: RoomId | None = None


class QuestionReopened(Event, frozen=True, kw_only=True):
    question: str


class QuestionWithdrawn(Event, frozen=True, kw_only=True):
    question: str


class QuestionCarried(Event, frozen=True, kw_only=True):
    """It was open when the session closed: it goes on as a thread in `to`, where its message says the same id."""

    question: str
    to: RoomId


class QuestionRestored(Event, frozen=True, kw_only=True):
    """What staff did at `undoes` is undone: the question is in `status` again."""

    question: str
    status: QuestionStatus
    undoes: int


class AnswerAccepted(Event, frozen=True, kw_only=True):
    """By who asked."""

    question: str
    message: int


class AnswerEndorsed(Event, frozen=True, kw_only=True):
    message: int
    reason: EndorseReason


class HandRaised(Event, frozen=True, kw_only=True):
    """`hand`: whose it is, as readers see them."""

    hand: str


class HandLowered(Event, frozen=True, kw_only=True):
    hand: str
    why: LoweredWhy = "self"


class HandCalled(Event, frozen=True, kw_only=True):
    """The floor is theirs. Who was called before has been heard."""

    hand: str


class PollOpened(Event, frozen=True, kw_only=True):
    """Its id is the seq of its entry."""

    text: str
    kind: PollKind = "single"
    options: list[str] = []
    anonymous: bool = True
    again: int | None = None


class PollClosed(Event, frozen=True, kw_only=True):
    """`results`: how many chose each option, in their order. `texts`: short answers, in the order of the alphabet."""

    poll: int
    answered: int
    results: list[int] = []
    texts: list[str] = []


class FloorHeld(Event, frozen=True, kw_only=True):
    """`until`: Unix ms, when it is released by itself."""

    until: int | None = None
    prompt: str = ""
    shown_to: HeldAnswer = "nobody"


class FloorReleased(Event, frozen=True, kw_only=True):
    """What was held follows, as `message_posted` with `held_at`."""


class Team(msgspec.Struct, frozen=True, kw_only=True):
    room: RoomId
    name: str
    people: list[PersonId]


class TeamsFormed(Event, frozen=True, kw_only=True):
    teams: list[Team]
    how: TeamsHow = "random"
    until: int | None = None


class TeamsRecalled(Event, frozen=True, kw_only=True):
    pass


class MessageHidden(Event, frozen=True, kw_only=True):
    """By staff. Readers show that it is hidden, and not what it says."""

    message: int
    thread: int | None = None
    reason: str


class MessageUnhidden(Event, frozen=True, kw_only=True):
    message: int
    thread: int | None = None


class MindChanged(Event, frozen=True, kw_only=True):
    """The author of `message` says that `because` changed their mind."""

    message: int
    because: int


# --- room/<id>/signals: nobody reads it; it comes as tallies ---------------------------------------------------------


class VoteSet(Event, frozen=True, kw_only=True):
    question: str
    on: bool = True


class PollAnswered(Event, frozen=True, kw_only=True):
    """Of a poll that is not anonymous: in room/<id>/staff."""

    poll: int
    choices: list[int] = []
    text: str = ""


class PaceSet(Event, frozen=True, kw_only=True):
    pace: Pace | None = None


# --- room/<id>/staff; what concerns one person also in their user/<id> ----------------------------------------------


class QuestionAsked(Event, frozen=True, kw_only=True):
    """It waits for approval. `by` is who readers would see; told to the asker too."""

    room: RoomId
    question: str
    text: str = ""
    again: bool = False


class MessageHeld(Event, frozen=True, kw_only=True):
    """Said while the floor is held, or by one whose words wait for approval. Its id is its seq in room/<id>/staff (in
    `user/`: `held`). `by` is who readers will see. `reply_author`: who readers see as the author of `reply_to`."""

    room: RoomId
    text: str = ""
    kind: MessageKind = ""
    reply_to: int | None = None
    thread: int | None = None
    reply_author: str | None = None
    why: HeldWhy = "floor"
    held: int | None = None


class HeldReleased(Event, frozen=True, kw_only=True):
    """Staff only: these were posted, in this order."""

    held: list[int]


class HeldRejected(Event, frozen=True, kw_only=True):
    room: RoomId
    held: int
    reason: str


class AliasTaken(Event, frozen=True, kw_only=True):
    """Where even staff may not know, it stands in signals instead of the staff stream."""

    room: RoomId
    alias: str
    person: PersonId


class AliasUnmasked(Event, frozen=True, kw_only=True):
    """Staff looked behind an alias; the person is told by whom and why."""

    room: RoomId
    alias: str
    person: PersonId
    reason: str


class AttendanceNoted(Event, frozen=True, kw_only=True):
    """By the server: these people are here, for the first time in the session that opened at seq `session`."""

    session: int = 0
    people: list[PersonId]


class MessageReported(Event, frozen=True, kw_only=True):
    message: int
    reason: str


class ApprovalRequired(Event, frozen=True, kw_only=True):
    """`alias`: whom staff meant, when they did not know the person."""

    room: RoomId
    person: PersonId | None = None
    alias: str | None = None
    on: bool = True
    reason: str


class WordFilterSet(Event, frozen=True, kw_only=True):
    words: list[str]


class StaffNoted(Event, frozen=True, kw_only=True):
    text: str


ALL_OF_SESSION: tuple[type[Event], ...] = (
    SessionOpened,
    SessionClosed,
    SessionMarked,
    QuestionReceived,
    QuestionPublished,
    QuestionReworded,
    QuestionMerged,
    QuestionUnmerged,
    QuestionHighlighted,
    QuestionAnswering,
    QuestionAnswered,
    QuestionDismissed,
    QuestionReopened,
    QuestionWithdrawn,
    QuestionCarried,
    QuestionRestored,
    AnswerAccepted,
    AnswerEndorsed,
    HandRaised,
    HandLowered,
    HandCalled,
    PollOpened,
    PollClosed,
    FloorHeld,
    FloorReleased,
    TeamsFormed,
    TeamsRecalled,
    MessageHidden,
    MessageUnhidden,
    MindChanged,
    VoteSet,
    PollAnswered,
    PaceSet,
    QuestionAsked,
    MessageHeld,
    HeldReleased,
    HeldRejected,
    AliasTaken,
    AliasUnmasked,
    AttendanceNoted,
    MessageReported,
    ApprovalRequired,
    WordFilterSet,
    StaffNoted,
)
