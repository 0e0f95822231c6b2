"""State for reading: what a snapshot holds and how each event changes it; twin of `client_js/sdk/fold.js`.

`snapshot(n) == snapshot(k)` with the events k+1..n applied; tests/vectors hold the same cases for both.
Views are built to be shown and sent: plain mutable structs whose JSON is the shape of protocol.md, chapter 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import msgspec

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import (
    CohortCreated,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberReturned,
    Mentioned,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ReadMarked,
    RoleChanged,
    RoomChanged,
    RoomClosed,
    RoomCreated,
    RoomListed,
    RoomLocked,
    RoomOpened,
    RoomUnlocked,
    ThreadReopened,
    ThreadResolved,
)
from tertulia.domain.session.events import (
    AnswerEndorsed,
    MessageHidden,
    MessageUnhidden,
    MindChanged,
    QuestionPublished,
)
from tertulia.domain.session.fold import fold_mine, fold_session, reword
from tertulia.domain.session.view import MyQuestion, SessionView


class LastReply(msgspec.Struct):
    seq: int
    at: int
    by: str


class MessageView(msgspec.Struct, kw_only=True):
    """A message as readers see it. `reply_to` and `thread` are null for one that begins a thread."""

    seq: int
    at: int
    by: str
    text: str
    revision: int = 0
    redacted: bool = False
    mentions: list[str] = []
    reply_to: int | None = None
    thread: int | None = None
    replies: int = 0
    last_reply: LastReply | None = None
    resolved: bool = False
    kind: str = ""
    question: str | None = None
    held_at: int | None = None
    source: str | None = None
    hidden: str | None = None
    """The reason for which staff hid it."""
    endorsed: dict[str, int] = {}
    """Reason → how many people endorsed it as an answer."""
    minds_changed: int = 0


class RoomView(msgspec.Struct, kw_only=True):
    room: str
    cohort: str = ""
    name: str = ""
    kind: str = "discussion"
    topic: str = ""
    emoji: list[str] = []
    slow_mode_s: int = 0
    slow_modes: dict[str, int] = {}
    anonymity: str = "off"
    approve_questions: bool = False
    hands_order: str = "first_raised"
    parent: str | None = None
    locked: bool = False
    closed: bool = False
    messages: list[MessageView] = []
    pins: list[int] = []
    tallies: dict[str, dict[str, int]] = {}
    has_more: bool = False
    session: SessionView | None = None


class ListedRoom(msgspec.Struct, kw_only=True):
    room: str
    name: str
    kind: str
    closed: bool = False


class ListedMember(msgspec.Struct, kw_only=True):
    name: str
    role: str


class CohortView(msgspec.Struct, kw_only=True):
    cohort: str
    name: str = ""
    course: str = ""
    course_name: str = ""
    rooms: list[ListedRoom] = []
    members: dict[str, ListedMember] = {}
    member_count: int = 0


class MentionView(msgspec.Struct, kw_only=True):
    room: str
    message: int
    thread: int | None = None
    at: int
    by: str


class UserView(msgspec.Struct, kw_only=True):
    """`markers`: room → {"" or thread → seq}. `mentions`: the newest 50, oldest first. `aliases`: room → mine there.
    `questions`: those of mine that are not public."""

    markers: dict[str, dict[str, int]] = {}
    mentions: list[MentionView] = []
    aliases: dict[str, str] = {}
    questions: dict[str, MyQuestion] = {}


def new_room_view(room: str) -> RoomView:
    """The state of `room/<id>` at seq 0, before its `room_created`."""
    return RoomView(room=room)


def new_cohort_view(cohort: str) -> CohortView:
    """The state of `cohort/<id>` at seq 0."""
    return CohortView(cohort=cohort)


def new_user_view() -> UserView:
    """The state of `user/<id>` at seq 0."""
    return UserView()


def apply_room(view: RoomView, *, seq: int, at: int, by: str, event: Event | None) -> None:
    """Fold one entry of `room/<id>`. `event` is None for one a newer program wrote: nothing changes."""
    match event:
        case RoomCreated():
            view.cohort, view.name, view.kind = event.cohort, event.name, event.kind
            view.topic, view.emoji, view.slow_mode_s = event.topic, list(event.emoji), event.slow_mode_s
            view.slow_modes, view.anonymity, view.parent = (
                {str(role): seconds for role, seconds in event.slow_modes.items()},
                event.anonymity,
                event.parent,
            )
            view.approve_questions, view.hands_order = event.approve_questions, event.hands_order
        case RoomChanged():
            _change_room(view, event)
        case RoomLocked() | RoomUnlocked():
            view.locked = isinstance(event, RoomLocked)
        case RoomClosed() | RoomOpened():
            view.closed = isinstance(event, RoomClosed)
        case MessagePosted(thread=None):
            _begin_thread(view, event, seq=seq, at=at, by=by)
        case MessagePosted():
            if thread := _shown(view, event.thread):
                thread.replies += 1
                thread.last_reply = LastReply(seq, at, by)
        case MessageEdited():
            if message := _shown(view, event.message):
                message.text, message.mentions = event.text, list(event.mentions)
                message.revision = event.revision
            reword(view.session, event.message, event.text)
        case MessageRedacted():
            _redact(view, event.message)
            view.session = fold_session(view.session, seq=seq, at=at, by=by, event=event)
        case MessagePinned():
            _unpin(view, event.message)
            view.pins.append(event.message)
        case MessageUnpinned():
            _unpin(view, event.message)
        case ThreadResolved() | ThreadReopened():
            if thread := _shown(view, event.thread):
                thread.resolved = isinstance(event, ThreadResolved)
        case MessageHidden() | MessageUnhidden():
            if message := _shown(view, event.message):
                message.hidden = event.reason if isinstance(event, MessageHidden) else None
            view.session = fold_session(view.session, seq=seq, at=at, by=by, event=event)
        case AnswerEndorsed():
            if message := _shown(view, event.message):
                message.endorsed = message.endorsed | {event.reason: message.endorsed.get(event.reason, 0) + 1}
        case MindChanged():
            if message := _shown(view, event.because):
                message.minds_changed += 1
        case QuestionPublished():
            message = _shown(view, event.message)
            view.session = fold_session(
                view.session, seq=seq, at=at, by=by, event=event, text=message.text if message else ""
            )
        case _ if event is not None:
            view.session = fold_session(view.session, seq=seq, at=at, by=by, event=event)
        case _:
            pass


def apply_tally(view: RoomView, tallies: Mapping[str, Mapping[str, int]]) -> None:
    """Fold a `tally` record: whole tallies, by message; those of messages not shown are passed over."""
    for message, tally in tallies.items():
        if not message.isdecimal() or _shown(view, int(message)) is None:
            continue
        if tally:
            view.tallies[message] = dict(tally)
        else:
            view.tallies.pop(message, None)


def apply_cohort(view: CohortView, *, seq: int, at: int, by: str, event: Event | None) -> None:
    """Fold one entry of `cohort/<id>`. A snapshot lists at most `snapshot_members_max` members and the fold
    only adds to them, so someone who is not listed may well leave or be renamed."""
    match event:
        case CohortCreated():
            view.name, view.course, view.course_name = event.name, event.course, event.course_name
        case RoomListed():
            _list_room(view, event)
        case MemberJoined() | MemberReturned():
            view.members.pop(event.person, None)
            view.members[event.person] = ListedMember(name=event.name, role=event.role)
            view.member_count += 1
        case MemberRenamed() if event.person in view.members:
            view.members[event.person].name = event.name
        case RoleChanged() if event.person in view.members:
            view.members[event.person].role = event.role
        case MemberLeft():
            view.members.pop(event.person, None)
            view.member_count -= 1
        case _:
            pass


def apply_user(view: UserView, *, seq: int, at: int, by: str, event: Event | None) -> None:
    """Fold one entry of `user/<id>`. A marker never goes back."""
    match event:
        case ReadMarked():
            markers = view.markers.setdefault(event.room, {})
            place = "" if event.thread is None else str(event.thread)
            markers[place] = max(markers.get(place, 0), event.seq)
        case Mentioned():
            mention = MentionView(room=event.room, message=event.message, thread=event.thread, at=at, by=by)
            view.mentions.append(mention)
            del view.mentions[: -limits.snapshot_mentions]
        case _ if event is not None:
            fold_mine(view.aliases, view.questions, at=at, event=event)
        case _:
            pass


def _shown(view: RoomView, seq: int | None) -> MessageView | None:
    # From the newest: what is edited, answered or reacted to is mostly recent.
    return next((message for message in reversed(view.messages) if message.seq == seq), None)


def _change_room(view: RoomView, event: RoomChanged) -> None:
    for name in event.__struct_fields__:
        if (value := getattr(event, name)) is not None:
            setattr(view, name, copy(value))


def _begin_thread(view: RoomView, event: MessagePosted, *, seq: int, at: int, by: str) -> None:
    view.messages.append(
        MessageView(
            seq=seq,
            at=at,
            by=by,
            text=event.text,
            redacted=event.redacted,
            mentions=list(event.mentions),
            kind=event.kind,
            question=event.question,
            held_at=event.held_at,
            source=event.source,
        )
    )
    if len(view.messages) > limits.snapshot_messages:
        dropped = view.messages.pop(0)
        view.tallies.pop(str(dropped.seq), None)
        view.has_more = True


def _redact(view: RoomView, seq: int) -> None:
    # A pin may name a message that is not shown, so it goes in any case.
    _unpin(view, seq)
    if message := _shown(view, seq):
        message.text, message.mentions, message.redacted = "", [], True
        view.tallies.pop(str(seq), None)


def _unpin(view: RoomView, seq: int) -> None:
    view.pins = [pin for pin in view.pins if pin != seq]


def _list_room(view: CohortView, event: RoomListed) -> None:
    listed = ListedRoom(room=event.room, name=event.name, kind=event.kind, closed=event.closed)
    for place, room in enumerate(view.rooms):
        if room.room == event.room:
            view.rooms[place] = listed
            return
    view.rooms.append(listed)
