"""What is said in a room: post, edit, redact, react, pin, resolve. Called by `decide_room`.

Nothing here changes state.
"""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.commands import (
    EditMessage,
    PinMessage,
    PostMessage,
    RedactMessage,
    ReopenThread,
    ResolveThread,
    SetReaction,
    UnpinMessage,
)
from tertulia.domain.decision import Asker, Decision, Happening, Roles
from tertulia.domain.events import (
    Mentioned,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ReactionSet,
    Replied,
    ThreadReopened,
    ThreadResolved,
)
from tertulia.domain.ids import PersonId, room_signals_stream, room_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.text import clean_reason, clean_text, mentioned_people

# --- writing -----------------------------------------------------------------------------------------------------


def _may_write(state: RoomState, asker: Asker, at: int) -> Refusal | None:
    if not state.closed and state.locked and not asker.is_staff:
        return Refusal("room_locked")
    return _may_take_part(state, asker, at)


def _may_take_part(state: RoomState, asker: Asker, at: int) -> Refusal | None:
    """React, and say that a thread is resolved: in a locked room too."""
    if state.closed:
        return Refusal("room_closed")
    until = state.muted.get(asker.person, 0)
    return Refusal("muted", after_ms=until - at) if until > at else None


def post(state: RoomState, command: PostMessage, *, asker: Asker, roles: Roles, at: int) -> Decision | Refusal:
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
        Happening(stream, MessagePosted(text=text, reply_to=command.reply_to, thread=thread, mentions=mentions))
    ]
    happenings += [
        Happening(user_stream(person), Mentioned(room=state.room, message=seq, thread=thread)) for person in mentions
    ]
    if answered and answered.author in roles and answered.author not in (asker.person, *mentions):
        replied = Replied(room=state.room, message=seq, to=answered.seq, thread=answered.thread)
        happenings.append(Happening(user_stream(answered.author), replied))
    return Decision(stream, tuple(happenings))


def _slow_mode(state: RoomState, asker: Asker, at: int) -> Refusal | None:
    if not state.slow_mode_s or asker.is_staff or asker.role == "bot":
        return None
    wait_ms = state.last_post_at.get(asker.person, 0) + state.slow_mode_s * 1000 - at
    return Refusal("slow_mode", after_ms=wait_ms) if wait_ms > 0 else None


def _members_mentioned(text: str, asker: Asker, roles: Roles) -> list[PersonId]:
    return [person for person in mentioned_people(text) if person in roles and person != asker.person]


def edit(state: RoomState, command: EditMessage, *, asker: Asker, roles: Roles, at: int) -> Decision | Refusal:
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


def redact(state: RoomState, command: RedactMessage, *, asker: Asker, roles: Roles) -> Decision | Refusal:
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


def react(state: RoomState, command: SetReaction, *, asker: Asker, at: int) -> Decision | Refusal:
    if refusal := _may_take_part(state, asker, at):
        return refusal
    # One that is no longer allowed can still be taken back; one that never was could be anything, of any length.
    if command.emoji not in state.emoji and (command.on or not 0 < len(command.emoji) <= limits.emoji_chars_max):
        return Refusal("emoji_not_allowed")
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    if fact.redacted:
        return Refusal("already_redacted")
    stream = room_signals_stream(state.room)
    return Decision(stream, (Happening(stream, ReactionSet(message=fact.seq, emoji=command.emoji, on=command.on)),))


def pin(state: RoomState, command: PinMessage | UnpinMessage) -> Decision | Refusal:
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


def resolve(state: RoomState, command: ResolveThread | ReopenThread, *, asker: Asker, at: int) -> Decision | Refusal:
    if refusal := _may_take_part(state, asker, at):
        return refusal
    fact = state.facts.get(command.thread)
    if fact is None or fact.thread != fact.seq:
        return Refusal("unknown_message", "There is no such thread in this room.")
    if fact.author != asker.person and not asker.is_staff:
        return Refusal("not_author", "Only who began the thread, or staff, may do this.")
    stream = room_stream(state.room)
    happened = (
        ThreadResolved(thread=fact.seq) if isinstance(command, ResolveThread) else ThreadReopened(thread=fact.seq)
    )
    return Decision(stream, (Happening(stream, happened),))
