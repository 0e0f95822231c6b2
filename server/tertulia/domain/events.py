"""What happened: one frozen class per event, grouped by the stream it stands in.

`name` in a record and in the log is the snake_case name of the class (`event_name`); `EVENTS` is the way back. An
event says nothing about who may read it: its stream does. `by` and `at` belong to the entry, not to the event. Fields
at their default are left out of the bytes. Once written an event is never changed, except that a redacted message
loses its text everywhere (`MessagePosted.redacted`, `MessageEdited.redacted`).
"""

from __future__ import annotations

from typing import Final

from tertulia.domain.commands import RoomKind
from tertulia.domain.event import Event
from tertulia.domain.ids import CohortId, InviteId, PersonId, RoomId, snake
from tertulia.domain.policy import Role
from tertulia.domain.session.events import ALL_OF_SESSION
from tertulia.domain.session.words import Anonymity, HandsOrder, MessageKind

# --- room/<id> ---------------------------------------------------------------------------------------------------


class RoomCreated(Event, frozen=True, kw_only=True):
    cohort: CohortId
    name: str
    kind: RoomKind = "discussion"
    topic: str = ""
    emoji: list[str] = []
    slow_mode_s: int = 0
    slow_modes: dict[Role, int] = {}
    anonymity: Anonymity = "off"
    approve_questions: bool = False
    hands_order: HandsOrder = "first_raised"
    parent: RoomId | None = None
    """For a team's room: the room it was formed in."""


class RoomChanged(Event, frozen=True, kw_only=True):
    """Only what changed is present."""

    name: str | None = None
    topic: str | None = None
    emoji: list[str] | None = None
    slow_mode_s: int | None = None
    slow_modes: dict[Role, int] | None = None
    anonymity: Anonymity | None = None
    approve_questions: bool | None = None
    hands_order: HandsOrder | None = None


class RoomLocked(Event, frozen=True, kw_only=True):
    """Only staff may write from here on."""

    reason: str | None = None


class RoomUnlocked(Event, frozen=True, kw_only=True):
    pass


class RoomClosed(Event, frozen=True, kw_only=True):
    """Nobody writes any more; reading goes on."""

    reason: str | None = None


class RoomOpened(Event, frozen=True, kw_only=True):
    """A closed room is open again."""


class MessagePosted(Event, frozen=True, kw_only=True):
    """Its id is the seq of its entry. `thread` is the seq of the first message of the thread `reply_to` belongs to.
    `question`: the id of the question it is. `links`: addresses in the text. `held_at`: when it was said, if it was
    held back then. `source`: the room it was carried from."""

    text: str = ""
    reply_to: int | None = None
    thread: int | None = None
    mentions: list[PersonId] = []
    redacted: bool = False
    kind: MessageKind = ""
    question: str | None = None
    links: list[str] = []
    held_at: int | None = None
    source: RoomId | None = None


class MessageEdited(Event, frozen=True, kw_only=True):
    """`revision` counts from 1. `thread` is the message's own, so that a thread can be followed by itself."""

    message: int
    text: str = ""
    revision: int
    thread: int | None = None
    mentions: list[PersonId] = []
    redacted: bool = False
    links: list[str] = []


class MessageRedacted(Event, frozen=True, kw_only=True):
    """The text is gone from the log and from every reader. `by_staff` when it was not its author's doing."""

    message: int
    thread: int | None = None
    by_staff: bool = False
    reason: str | None = None


class MessagePinned(Event, frozen=True, kw_only=True):
    message: int


class MessageUnpinned(Event, frozen=True, kw_only=True):
    message: int


class ThreadResolved(Event, frozen=True, kw_only=True):
    thread: int


class ThreadReopened(Event, frozen=True, kw_only=True):
    thread: int


# --- room/<id>/signals -------------------------------------------------------------------------------------------


class ReactionSet(Event, frozen=True, kw_only=True):
    """Set semantics: per (person, message, emoji) the last one holds."""

    message: int
    emoji: str
    on: bool = True


# --- room/<id>/staff, and told to the person in user/<id> --------------------------------------------------------


class MemberMuted(Event, frozen=True, kw_only=True):
    room: RoomId
    person: PersonId
    until: int
    reason: str


class MemberUnmuted(Event, frozen=True, kw_only=True):
    room: RoomId
    person: PersonId
    reason: str


# --- cohort/<id> -------------------------------------------------------------------------------------------------


class CohortCreated(Event, frozen=True, kw_only=True):
    name: str
    course: str
    course_name: str


class RoomListed(Event, frozen=True, kw_only=True):
    """A room as the cohort's list shows it; the last one for a room holds."""

    room: RoomId
    name: str
    kind: RoomKind = "discussion"
    closed: bool = False
    anonymity: Anonymity = "off"


class MemberJoined(Event, frozen=True, kw_only=True):
    person: PersonId
    name: str
    role: Role
    invite: InviteId | None = None
    goal: str = ""


class MemberRenamed(Event, frozen=True, kw_only=True):
    person: PersonId
    name: str


class RoleChanged(Event, frozen=True, kw_only=True):
    """Stands in cohort/<id>, and in user/<id> so that the person is told."""

    person: PersonId
    role: Role


class MemberLeft(Event, frozen=True, kw_only=True):
    """Of their own will, or banned: which of the two is between them and staff."""

    person: PersonId


class MemberReturned(Event, frozen=True, kw_only=True):
    """A ban was lifted or is over, or a person who left came back by a new invite."""

    person: PersonId
    name: str
    role: Role
    invite: InviteId | None = None


# --- cohort/<id>/staff -------------------------------------------------------------------------------------------


class MemberBanned(Event, frozen=True, kw_only=True):
    """`until` is missing for good. Told to the person in user/<id>."""

    person: PersonId
    reason: str
    until: int | None = None


class MemberUnbanned(Event, frozen=True, kw_only=True):
    person: PersonId
    reason: str


class InviteCreated(Event, frozen=True, kw_only=True):
    invite: InviteId
    role: Role
    expires_at: int
    uses_max: int | None = None


class InviteRevoked(Event, frozen=True, kw_only=True):
    invite: InviteId


# --- user/<id> ---------------------------------------------------------------------------------------------------


class Mentioned(Event, frozen=True, kw_only=True):
    room: RoomId
    message: int
    thread: int | None = None


class Replied(Event, frozen=True, kw_only=True):
    """Somebody replied to `to`, a message of mine."""

    room: RoomId
    message: int
    to: int
    thread: int


class ReadMarked(Event, frozen=True, kw_only=True):
    """I have read the room (or the thread) up to `seq`."""

    room: RoomId
    seq: int
    thread: int | None = None


ALL: Final[tuple[type[Event], ...]] = (
    RoomCreated,
    RoomChanged,
    RoomLocked,
    RoomUnlocked,
    RoomClosed,
    RoomOpened,
    MessagePosted,
    MessageEdited,
    MessageRedacted,
    MessagePinned,
    MessageUnpinned,
    ThreadResolved,
    ThreadReopened,
    ReactionSet,
    MemberMuted,
    MemberUnmuted,
    CohortCreated,
    RoomListed,
    MemberJoined,
    MemberRenamed,
    RoleChanged,
    MemberLeft,
    MemberReturned,
    MemberBanned,
    MemberUnbanned,
    InviteCreated,
    InviteRevoked,
    Mentioned,
    Replied,
    ReadMarked,
    *ALL_OF_SESSION,
)


EVENTS: Final[dict[str, type[Event]]] = {snake(cls.__name__): cls for cls in ALL}
_NAMES: Final[dict[type[Event], str]] = {cls: name for name, cls in EVENTS.items()}


def event_name(event: Event) -> str:
    """`MessagePosted(...)` → `"message_posted"`."""
    return _NAMES[type(event)]
