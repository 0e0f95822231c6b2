"""A room: the state open decisions need, what `decide` says and what `apply` changes.

The state does not grow with the room's history. What a decision needs to know of an old message is a `MessageFact`,
kept for the newest ones and handed in for others (`facts_needed`). Projections and pictures are not here (view.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

import msgspec

from tertulia.domain import limits
from tertulia.domain.commands import (
    AnyRoomCommand,
    ChangeRoom,
    CloseRoom,
    EditMessage,
    LockRoom,
    MuteMember,
    OpenRoom,
    PinMessage,
    PostMessage,
    RedactMessage,
    ReopenThread,
    ResolveThread,
    SetReaction,
    UnlockRoom,
    UnmuteMember,
    UnpinMessage,
    command_name,
)
from tertulia.domain.decision import Asker, Decision, Happening
from tertulia.domain.events import (
    Event,
    MemberMuted,
    MemberUnmuted,
    Mentioned,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ReactionSet,
    Replied,
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
from tertulia.domain.policy import Role, is_allowed
from tertulia.domain.refusals import Refusal
from tertulia.domain.text import clean_line, clean_reason, clean_text, mentioned_people

DEFAULT_EMOJI: Final = ("👍", "❤️", "😄", "🎉", "🙋", "💡", "🤔", "👏", "🙏", "✅")
STATE_VERSION: Final = 1
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
    """`head` and `staff_head` are the seqs folded so far; `kind` is empty until the room exists."""

    room: RoomId
    cohort: CohortId = CohortId("")
    name: str = ""
    kind: str = ""
    topic: str = ""
    emoji: list[str] = []
    slow_mode_s: int = 0
    locked: bool = False
    closed: bool = False
    pins: list[int] = []
    muted: dict[PersonId, int] = {}
    last_post_at: dict[PersonId, int] = {}
    head: int = 0
    staff_head: int = 0
    facts: dict[int, MessageFact] = {}

    @property
    def exists(self) -> bool:
        return self.kind != ""


Roles = Mapping[PersonId, Role]
"""The cohort's members who are here now, by person."""


def facts_needed(command: AnyRoomCommand) -> int | None:
    """The seq of the old message a decision on this command must know."""
    match command:
        case PostMessage():
            return command.reply_to
        case EditMessage() | RedactMessage() | SetReaction() | PinMessage() | UnpinMessage():
            return command.message
        case ResolveThread() | ReopenThread():
            return command.thread
        case _:
            return None


def decide_room(
    state: RoomState, command: AnyRoomCommand, *, asker: Asker, roles: Roles, at: int
) -> Decision | Refusal:
    """What happens when `asker` gives `command` at `at` (Unix ms). Facts it needs are in `state.facts`."""
    if not state.exists:
        return Refusal("unknown_room")
    if not is_allowed(asker.role, command_name(command)):
        return Refusal("not_allowed")
    match command:
        case PostMessage():
            return _post(state, command, asker=asker, roles=roles, at=at)
        case EditMessage():
            return _edit(state, command, asker=asker, roles=roles, at=at)
        case RedactMessage():
            return _redact(state, command, asker=asker, roles=roles)
        case SetReaction():
            return _react(state, command, asker=asker, at=at)
        case PinMessage() | UnpinMessage():
            return _pin(state, command)
        case ResolveThread() | ReopenThread():
            return _resolve(state, command, asker=asker)
        case ChangeRoom():
            return _change(state, command)
        case LockRoom() | UnlockRoom() | CloseRoom() | OpenRoom():
            return _open_or_shut(state, command)
        case MuteMember() | UnmuteMember():
            return _mute(state, command, asker=asker, roles=roles, at=at)
        case _:
            assert_never(command)


def apply_room(state: RoomState, *, seq: int, at: int, by: PersonId, event: Event | None) -> None:
    """Fold one entry of `room/<id>`. `event` is None for one a newer program wrote: only the head moves."""
    state.head = seq
    match event:
        case RoomCreated():
            state.cohort, state.name, state.kind = event.cohort, event.name, event.kind
            state.topic, state.emoji, state.slow_mode_s = event.topic, list(event.emoji), event.slow_mode_s
        case RoomChanged():
            state.name = state.name if event.name is None else event.name
            state.topic = state.topic if event.topic is None else event.topic
            state.emoji = state.emoji if event.emoji is None else list(event.emoji)
            if event.slow_mode_s is not None:
                state.slow_mode_s, state.last_post_at = event.slow_mode_s, {}
        case RoomLocked() | RoomUnlocked():
            state.locked = isinstance(event, RoomLocked)
        case RoomClosed() | RoomOpened():
            state.closed = isinstance(event, RoomClosed)
        case MessagePosted():
            remember(state, MessageFact(seq, by, event.thread or seq, event.redacted))
            _note_post(state, by, at)
        case MessageEdited():
            _change_fact(state, event.message, revision=event.revision)
        case MessageRedacted():
            _change_fact(state, event.message, redacted=True)
            state.pins = [pin for pin in state.pins if pin != event.message]
        case MessagePinned():
            state.pins = [*(pin for pin in state.pins if pin != event.message), event.message]
        case MessageUnpinned():
            state.pins = [pin for pin in state.pins if pin != event.message]
        case _:
            pass


def apply_room_staff(state: RoomState, *, seq: int, event: Event | None) -> None:
    """Fold one entry of `room/<id>/staff`."""
    state.staff_head = seq
    match event:
        case MemberMuted():
            state.muted[event.person] = event.until
        case MemberUnmuted():
            state.muted.pop(event.person, None)
        case _:
            pass


def remember(state: RoomState, fact: MessageFact) -> None:
    """Keep a fact; the oldest kept one goes when there are too many."""
    state.facts[fact.seq] = fact
    if len(state.facts) > limits.message_facts_max:
        del state.facts[next(iter(state.facts))]


# --- writing -----------------------------------------------------------------------------------------------------


def _may_write(state: RoomState, asker: Asker, at: int) -> Refusal | None:
    if state.closed:
        return Refusal("room_closed")
    if state.locked and not asker.is_staff:
        return Refusal("room_locked")
    until = state.muted.get(asker.person, 0)
    return Refusal("muted", after_ms=until - at) if until > at else None


def _post(
    state: RoomState, command: PostMessage, *, asker: Asker, roles: Roles, at: int
) -> Decision | Refusal:
    text = clean_text(command.text)
    if refusal := _may_write(state, asker, at) or _slow_mode(state, asker, at):
        return refusal
    if isinstance(text, Refusal):
        return text
    answered = None
    if command.reply_to is not None:
        answered = state.facts.get(command.reply_to)
        if answered is None:
            return Refusal("unknown_message")
    stream, seq = room_stream(state.room), state.head + 1
    thread = answered.thread if answered else None
    mentions = _members_mentioned(text, asker, roles)
    happenings = [
        Happening(
            stream, MessagePosted(text=text, reply_to=command.reply_to, thread=thread, mentions=mentions)
        )
    ]
    happenings += [
        Happening(user_stream(person), Mentioned(room=state.room, message=seq, thread=thread))
        for person in mentions
    ]
    if answered and answered.author != asker.person and answered.author not in mentions:
        if answered.author in roles:
            replied = Replied(room=state.room, message=seq, to=answered.seq, thread=answered.thread)
            happenings.append(Happening(user_stream(answered.author), replied))
    return Decision(stream, tuple(happenings))


def _slow_mode(state: RoomState, asker: Asker, at: int) -> Refusal | None:
    if not state.slow_mode_s or asker.is_staff or asker.role == "bot":
        return None
    wait_ms = state.last_post_at.get(asker.person, 0) + state.slow_mode_s * 1000 - at
    return Refusal("slow_mode", after_ms=wait_ms) if wait_ms > 0 else None


def _note_post(state: RoomState, by: PersonId, at: int) -> None:
    if not state.slow_mode_s:
        return
    state.last_post_at.pop(by, None)
    state.last_post_at[by] = at
    horizon = at - state.slow_mode_s * 1000
    while (oldest := next(iter(state.last_post_at))) != by and state.last_post_at[oldest] <= horizon:
        del state.last_post_at[oldest]


def _members_mentioned(text: str, asker: Asker, roles: Roles) -> list[PersonId]:
    return [person for person in mentioned_people(text) if person in roles and person != asker.person]


def _edit(
    state: RoomState, command: EditMessage, *, asker: Asker, roles: Roles, at: int
) -> Decision | Refusal:
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    if fact.author != asker.person:
        return Refusal("not_author")
    if refusal := _may_write(state, asker, at):
        return refusal
    if fact.redacted:
        return Refusal("already_redacted")
    if command.if_ is not None and command.if_.revision != fact.revision:
        return Refusal("precondition_failed")
    text = clean_text(command.text)
    if isinstance(text, Refusal):
        return text
    edited = MessageEdited(
        message=fact.seq,
        text=text,
        revision=fact.revision + 1,
        thread=fact.thread if fact.thread != fact.seq else None,
        mentions=_members_mentioned(text, asker, roles),
    )
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, edited),))


def _redact(state: RoomState, command: RedactMessage, *, asker: Asker, roles: Roles) -> Decision | Refusal:
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    is_own = fact.author == asker.person
    if not is_own and not asker.outranks(roles.get(fact.author)):
        return Refusal("not_author" if not asker.is_staff else "not_allowed")
    reason = clean_reason(command.reason)
    if reason is None and (not is_own or command.reason is not None):
        return Refusal("reason_required")
    if fact.redacted:
        return Refusal("already_redacted")
    stream = room_stream(state.room)
    redacted = MessageRedacted(
        message=fact.seq,
        thread=fact.thread if fact.thread != fact.seq else None,
        by_staff=not is_own,
        reason=reason,
    )
    return Decision(stream, (Happening(stream, redacted),), redacts=((stream, fact.seq),))


def _react(state: RoomState, command: SetReaction, *, asker: Asker, at: int) -> Decision | Refusal:
    if state.closed:
        return Refusal("room_closed")
    until = state.muted.get(asker.person, 0)
    if until > at:
        return Refusal("muted", after_ms=until - at)
    if command.on and command.emoji not in state.emoji:
        return Refusal("emoji_not_allowed")
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    if fact.redacted:
        return Refusal("already_redacted")
    stream = room_signals_stream(state.room)
    return Decision(
        stream, (Happening(stream, ReactionSet(message=fact.seq, emoji=command.emoji, on=command.on)),)
    )


def _pin(state: RoomState, command: PinMessage | UnpinMessage) -> Decision | Refusal:
    stream = room_stream(state.room)
    if state.closed:
        return Refusal("room_closed")
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    if isinstance(command, UnpinMessage):
        if fact.seq not in state.pins:
            return Decision(stream)
        return Decision(stream, (Happening(stream, MessageUnpinned(message=fact.seq)),))
    if fact.redacted:
        return Refusal("already_redacted")
    if fact.seq in state.pins:
        return Decision(stream)
    if len(state.pins) >= limits.pins_max:
        return Refusal("too_many", f"A room has at most {limits.pins_max} pins.")
    return Decision(stream, (Happening(stream, MessagePinned(message=fact.seq)),))


def _resolve(
    state: RoomState, command: ResolveThread | ReopenThread, *, asker: Asker
) -> Decision | Refusal:
    if state.closed:
        return Refusal("room_closed")
    fact = state.facts.get(command.thread)
    if fact is None or fact.thread != fact.seq:
        return Refusal("unknown_message", "There is no such thread in this room.")
    if fact.author != asker.person and not asker.is_staff:
        return Refusal("not_author", "Only who began the thread, or staff, may do this.")
    stream = room_stream(state.room)
    happened = (
        ThreadResolved(thread=fact.seq)
        if isinstance(command, ResolveThread)
        else ThreadReopened(thread=fact.seq)
    )
    return Decision(stream, (Happening(stream, happened),))


# --- the room itself ---------------------------------------------------------------------------------------------


def _change(state: RoomState, command: ChangeRoom) -> Decision | Refusal:
    name = topic = emoji = slow_mode_s = None
    if command.name is not None:
        name = clean_line(command.name, chars_max=limits.room_name_chars_max)
        if name is None:
            return Refusal("name_invalid")
    if command.topic is not None:
        topic = clean_line(command.topic, chars_max=limits.topic_chars_max) or ""
        if not topic and command.topic.strip():
            return Refusal("text_too_long", f"A topic has at most {limits.topic_chars_max} characters.")
    if command.emoji is not None:
        emoji = list(dict.fromkeys(command.emoji))
        if len(emoji) > limits.room_emoji_max:
            return Refusal("too_many", f"A room allows at most {limits.room_emoji_max} reactions.")
        if any(not 0 < len(one) <= limits.emoji_chars_max or one != one.strip() for one in emoji):
            return Refusal("emoji_not_allowed", "A reaction is one emoji or a short word.")
    if command.slow_mode_s is not None:
        slow_mode_s = command.slow_mode_s
    changed = RoomChanged(
        name=name if name != state.name else None,
        topic=topic if topic != state.topic else None,
        emoji=emoji if emoji != state.emoji else None,
        slow_mode_s=slow_mode_s if slow_mode_s != state.slow_mode_s else None,
    )
    stream = room_stream(state.room)
    if changed == RoomChanged():
        return Decision(stream)
    happenings = [Happening(stream, changed)]
    if changed.name is not None:
        happenings.append(_listed(state, name=changed.name, closed=state.closed))
    return Decision(stream, tuple(happenings))


def _open_or_shut(
    state: RoomState, command: LockRoom | UnlockRoom | CloseRoom | OpenRoom
) -> Decision | Refusal:
    stream = room_stream(state.room)
    match command:
        case LockRoom() | UnlockRoom():
            if state.closed:
                return Refusal("room_closed")
            locks = isinstance(command, LockRoom)
            if state.locked == locks:
                return Decision(stream)
            happened = RoomLocked(reason=clean_reason(command.reason)) if locks else RoomUnlocked()  # type: ignore[union-attr]
            return Decision(stream, (Happening(stream, happened),))
        case CloseRoom() | OpenRoom():
            closes = isinstance(command, CloseRoom)
            if state.closed == closes:
                return Decision(stream)
            shut: Event = RoomClosed(reason=clean_reason(command.reason)) if closes else RoomOpened()  # type: ignore[union-attr]
            return Decision(
                stream, (Happening(stream, shut), _listed(state, name=state.name, closed=closes))
            )
        case _:
            assert_never(command)


def _listed(state: RoomState, *, name: str, closed: bool) -> Happening:
    listed = RoomListed(room=state.room, name=name, kind=state.kind, closed=closed)  # type: ignore[arg-type]
    return Happening(cohort_stream(state.cohort), listed)


def _mute(
    state: RoomState, command: MuteMember | UnmuteMember, *, asker: Asker, roles: Roles, at: int
) -> Decision | Refusal:
    role = roles.get(command.person)
    if role is None:
        return Refusal("unknown_member")
    if not asker.outranks(role):
        return Refusal("not_allowed", "You may do this only to people of a lower role.")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    stream = room_staff_stream(state.room)
    if isinstance(command, MuteMember):
        happened: Event = MemberMuted(
            room=state.room, person=command.person, until=at + command.for_s * 1000, reason=reason
        )
    elif state.muted.get(command.person, 0) <= at:
        return Decision(stream)
    else:
        happened = MemberUnmuted(room=state.room, person=command.person, reason=reason)
    return Decision(stream, (Happening(stream, happened), Happening(user_stream(command.person), happened)))


def _change_fact(
    state: RoomState, seq: int, *, revision: int | None = None, redacted: bool | None = None
) -> None:
    fact = state.facts.get(seq)
    if fact is not None:
        state.facts[seq] = MessageFact(
            seq,
            fact.author,
            fact.thread,
            fact.redacted if redacted is None else redacted,
            fact.revision if revision is None else revision,
        )


def state_streams(room: RoomId) -> tuple[StreamName, StreamName]:
    """The streams folded into the state: their heads are what an append expects."""
    return room_stream(room), room_staff_stream(room)
