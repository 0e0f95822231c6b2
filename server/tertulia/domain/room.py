"""A room: the state open decisions need, what `decide` says and what `apply` changes.

The state does not grow with the room's history. What a decision needs to know of an old message is a `MessageFact`,
kept for the newest ones and handed in for others (`facts_needed`). Projections and pictures are not here (view.py).
"""

from __future__ import annotations

from copy import copy
from typing import Final

import msgspec

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import (
    MemberMuted,
    MemberUnmuted,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    RoomChanged,
    RoomClosed,
    RoomCreated,
    RoomLocked,
    RoomOpened,
    RoomUnlocked,
)
from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    StreamName,
    room_signals_stream,
    room_staff_stream,
    room_stream,
)
from tertulia.domain.policy import Role
from tertulia.domain.session.apply import (
    OF_SESSION,
    apply_session,
    apply_session_signals,
    apply_session_staff,
    posted,
    reworded,
)
from tertulia.domain.session.events import MessageHeld
from tertulia.domain.session.state import SessionState
from tertulia.domain.session.words import Anonymity, HandsOrder

TYPED_REACTIONS: Final = ("me too", "thanks", "agree", "challenge", "evidence?")
"""Words that say more than a picture; `challenge` comes with a sentence."""
DEFAULT_EMOJI: Final = ("👍", "❤️", "😄", "🎉", "🙋", "💡", "🤔", "👏", "🙏", "✅", *TYPED_REACTIONS)
STATE_VERSION: Final = 6
"""Of the checkpoint: changed whenever `RoomState` or `apply_room` does, so that old ones are folded anew."""


class MessageFact(msgspec.Struct, frozen=True):
    """What a decision needs to know of an old message. `thread` is the seq of the thread's first message, its own
    when it begins one."""

    seq: int
    author: PersonId
    thread: int
    redacted: bool = False
    revision: int = 0


class RoomState(msgspec.Struct):
    """`head`, `staff_head` and `signals_head` are the seqs folded so far; `kind` is empty until the room exists."""

    room: RoomId
    cohort: CohortId = CohortId("")
    name: str = ""
    kind: str = ""
    topic: str = ""
    emoji: list[str] = []
    slow_mode_s: int = 0
    slow_modes: dict[Role, int] = {}
    anonymity: Anonymity = "off"
    approve_questions: bool = False
    hands_order: HandsOrder = "first_raised"
    parent: RoomId | None = None
    locked: bool = False
    closed: bool = False
    pins: list[int] = []
    muted: dict[str, int] = {}
    last_post_at: dict[str, int] = {}
    last_held_at: dict[str, int] = {}
    head: int = 0
    staff_head: int = 0
    signals_head: int = 0
    session: SessionState = msgspec.field(default_factory=SessionState)
    facts: dict[int, MessageFact] = {}

    @property
    def exists(self) -> bool:
        return self.kind != ""


def apply_room(state: RoomState, *, seq: int, at: int, by: PersonId, event: Event | None) -> None:
    """Fold one entry of `room/<id>`. `event` is None for one a newer program wrote: only the head moves."""
    state.head = seq
    match event:
        case RoomCreated():
            state.cohort, state.name, state.kind = event.cohort, event.name, event.kind
            state.topic, state.emoji, state.slow_mode_s = event.topic, list(event.emoji), event.slow_mode_s
            state.slow_modes, state.anonymity, state.parent = event.slow_modes, event.anonymity, event.parent
            state.approve_questions, state.hands_order = event.approve_questions, event.hands_order
        case RoomChanged():
            _change_room(state, event)
        case RoomLocked() | RoomUnlocked():
            state.locked = isinstance(event, RoomLocked)
        case RoomClosed() | RoomOpened():
            state.closed = isinstance(event, RoomClosed)
        case MessagePosted():
            remember(state, MessageFact(seq, by, event.thread or seq, event.redacted))
            if event.held_at is None:
                _note_post(state, by, at)
            if state.session.is_open or event.question is not None:
                posted(state.session, at=at, by=by, event=event)
        case MessageEdited():
            _change_fact(state, event.message, revision=event.revision)
            reworded(state.session, event)
        case MessageRedacted():
            _change_fact(state, event.message, redacted=True)
            state.pins = [pin for pin in state.pins if pin != event.message]
            reworded(state.session, event)
        case MessagePinned():
            state.pins = [*(pin for pin in state.pins if pin != event.message), event.message]
        case MessageUnpinned():
            state.pins = [pin for pin in state.pins if pin != event.message]
        case _ if event is not None and type(event) in OF_SESSION:
            apply_session(state.session, seq=seq, at=at, by=by, event=event)
        case _:
            pass


def _change_room(state: RoomState, event: RoomChanged) -> None:
    for name in event.__struct_fields__:
        if (value := getattr(event, name)) is not None:
            setattr(state, name, copy(value))
    if event.slow_mode_s is not None or event.slow_modes is not None:
        state.last_post_at = {}


def apply_room_signals(state: RoomState, *, seq: int, at: int, by: PersonId, event: Event | None) -> None:
    """Fold one entry of `room/<id>/signals`; reactions are not needed to decide."""
    state.signals_head = seq
    if event is not None and type(event) in OF_SESSION:
        apply_session_signals(state.session, seq=seq, at=at, by=by, event=event)


def apply_room_staff(state: RoomState, *, seq: int, at: int, by: PersonId, event: Event | None) -> None:
    """Fold one entry of `room/<id>/staff`."""
    state.staff_head = seq
    match event:
        case MemberMuted():
            state.muted[event.person] = event.until
        case MemberUnmuted():
            state.muted.pop(event.person, None)
        case MessageHeld():
            state.last_held_at = dict(list({**state.last_held_at, by: at}.items())[-limits.held_messages_max :])
            apply_session_staff(state.session, seq=seq, at=at, by=by, event=event)
        case _ if event is not None and type(event) in OF_SESSION:
            apply_session_staff(state.session, seq=seq, at=at, by=by, event=event)
        case _:
            pass


def remember(state: RoomState, fact: MessageFact) -> None:
    """Keep a fact, as the newest; the oldest kept one goes when there are too many."""
    state.facts.pop(fact.seq, None)
    state.facts[fact.seq] = fact
    if len(state.facts) > limits.message_facts_max:
        del state.facts[next(iter(state.facts))]


def _note_post(state: RoomState, by: PersonId, at: int) -> None:
    longest_s = max([state.slow_mode_s, *state.slow_modes.values()])
    if not longest_s:
        return
    state.last_post_at.pop(by, None)
    state.last_post_at[by] = at
    horizon = at - longest_s * 1000
    while (oldest := next(iter(state.last_post_at))) != by and state.last_post_at[oldest] <= horizon:
        del state.last_post_at[oldest]


def _change_fact(state: RoomState, seq: int, *, revision: int | None = None, redacted: bool | None = None) -> None:
    fact = state.facts.get(seq)
    if fact is not None:
        state.facts[seq] = MessageFact(
            seq,
            fact.author,
            fact.thread,
            fact.redacted if redacted is None else redacted,
            fact.revision if revision is None else revision,
        )


def state_streams(room: RoomId) -> tuple[StreamName, StreamName, StreamName]:
    """The streams folded into the state: their heads are what an append expects."""
    return room_stream(room), room_staff_stream(room), room_signals_stream(room)
