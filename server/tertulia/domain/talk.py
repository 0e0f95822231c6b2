"""What is said in a room: post, edit, redact, react, pin, resolve. Called by `decide_room`.

Nothing here changes state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

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
from tertulia.domain.decision import Asker, Decision, Happening, Roles, Setting
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
from tertulia.domain.ids import PersonId, RoomId, room_signals_stream, room_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import MessageFact, RoomState
from tertulia.domain.session import aliases, held
from tertulia.domain.session.commands import MarkMindChanged
from tertulia.domain.session.events import MindChanged
from tertulia.domain.session.words import MessageKind
from tertulia.domain.text import clean_reason, clean_text, links_in, mentioned_people, words_blocked

CHALLENGE: Final = "challenge"
"""The reaction that needs a sentence."""

# --- writing -----------------------------------------------------------------------------------------------------


def may_write(state: RoomState, asker: Asker, at: int, *, alias: bool = False) -> Refusal | None:
    """`alias`: under the one the asker has, or is about to have."""
    if not state.closed and state.locked and (alias or not asker.is_staff):
        return Refusal("room_locked")
    return may_take_part(state, asker, at, alias=alias)


def may_take_part(state: RoomState, asker: Asker, at: int, *, alias: bool = False) -> Refusal | None:
    """React, and say that a thread is resolved: in a locked room too."""
    if state.closed:
        return Refusal("room_closed")
    until = state.muted.get(asker.person, 0)
    if alias:
        until = max(until, state.muted.get(state.session.persona(asker.person, alias=True) or "", 0))
    return Refusal("muted", after_ms=until - at) if until > at else None


def post(state: RoomState, command: PostMessage, *, asker: Asker, setting: Setting, at: int) -> Decision | Refusal:
    said = say(
        state,
        command.text,
        kind=command.kind,
        reply_to=command.reply_to,
        alias=command.alias,
        asker=asker,
        setting=setting,
        at=at,
    )
    return said if isinstance(said, Refusal) else Decision(said[0].stream, tuple(said))


def say(
    state: RoomState,
    raw: str,
    *,
    kind: MessageKind,
    reply_to: int | None,
    alias: bool,
    asker: Asker,
    setting: Setting,
    at: int,
) -> list[Happening] | Refusal:
    """Whatever somebody says now: the message, who is told of it, and the alias if it was taken for it. It is held
    back if it must wait for staff or for the floor; who was called and says something has been heard."""
    text = clean_text(raw)
    if alias:
        asker = asker.as_alias()
    if refusal := may_write(state, asker, at, alias=alias) or _slow_mode(state, asker, at, alias=alias):
        return refusal
    if isinstance(text, Refusal):
        return text
    if kind == "question" and state.session.is_open and state.approve_questions and not asker.is_staff:
        return Refusal("not_allowed", "Questions are seen by staff first here: ask it in the queue.")
    answered = None
    if reply_to is not None:
        answered = state.facts.get(reply_to)
        if answered is None:
            return Refusal("unknown_message")
    if refusal := words_refusal(state, text, asker):
        return refusal
    speaker = aliases.speaker(state, asker, alias=alias, new_id=setting.alias_id)
    if isinstance(speaker, Refusal):
        return speaker
    person, by = asker.person, speaker.by
    if (why := held.why_held(state, asker, by)) is not None:
        kept = held.hold(state, why, text=text, kind=kind, person=person, by=by, answered=answered)
        return kept if isinstance(kept, Refusal) else [*kept, *speaker.happenings]
    said = Said(text=text, kind=kind, person=person, by=by, answered=answered)
    happenings = post_happenings(state, said, seq=state.head + 1, roles=setting.roles)
    return [*happenings, *held.called_is_heard(state, by=by), *speaker.happenings]


def words_refusal(state: RoomState, text: str, asker: Asker) -> Refusal | None:
    """Why this text may not be said here; staff may say anything."""
    is_blocked = not asker.is_staff and words_blocked(state.session.words, text)
    return Refusal("words_blocked") if is_blocked else None


class Said(NamedTuple):
    """What becomes a message: who said it really, and who readers see."""

    text: str
    kind: MessageKind
    person: PersonId
    by: PersonId
    answered: MessageFact | None = None
    question: str | None = None
    held_at: int | None = None
    source: RoomId | None = None


def post_happenings(state: RoomState, said: Said, *, seq: int, roles: Roles) -> list[Happening]:
    """`message_posted` at `seq`, and whom it concerns is told."""
    stream, by, answered = room_stream(state.room), said.by, said.answered
    thread = answered.thread if answered else None
    mentions = _members_mentioned(said.text, said.by, roles)
    message = MessagePosted(
        text=said.text,
        links=links_in(said.text),
        reply_to=answered.seq if answered else None,
        thread=thread,
        mentions=mentions,
        kind=said.kind,
        question=said.question,
        held_at=said.held_at,
        source=said.source,
    )
    happenings = [Happening(stream, message, by)]
    happenings += [
        Happening(user_stream(person), Mentioned(room=state.room, message=seq, thread=thread), by)
        for person in mentions
    ]
    author = state.session.person_behind(answered.author) if answered else None
    if answered and author is not None and author in roles and author not in (said.person, *mentions):
        replied = Replied(room=state.room, message=seq, to=answered.seq, thread=answered.thread)
        happenings.append(Happening(user_stream(author), replied, by))
    return happenings


def _slow_mode(state: RoomState, asker: Asker, at: int, *, alias: bool) -> Refusal | None:
    """Staff and bots wait only where their role is named. An alias waits for itself alone: if it had to wait for the
    person behind it, it would not be that of anybody who has spoken just now."""
    is_spared = asker.is_staff or asker.role == "bot"
    wait_s = state.slow_modes.get(asker.role, 0 if is_spared else state.slow_mode_s)
    if not wait_s:
        return None
    persona = state.session.persona(asker.person, alias=alias) or ""
    said_at = max(state.last_post_at.get(persona, 0), state.last_held_at.get(persona, 0))
    wait_ms = said_at + wait_s * 1000 - at
    return Refusal("slow_mode", after_ms=wait_ms) if wait_ms > 0 else None


def _members_mentioned(text: str, by: PersonId, roles: Roles) -> list[PersonId]:
    """One does not mention oneself. But an alias mentions the person behind it like anybody else: else the one who is
    missing would be known."""
    return [mentioned for mentioned in mentioned_people(text) if mentioned in roles and mentioned != by]


def edit(state: RoomState, command: EditMessage, *, asker: Asker, roles: Roles, at: int) -> Decision | Refusal:
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    if not state.session.is_persona_of(fact.author, asker.person):
        return Refusal("not_author")
    is_alias = fact.author != asker.person
    if is_alias:
        asker = asker.as_alias()
    if refusal := may_write(state, asker, at, alias=is_alias):
        return refusal
    if fact.redacted:
        return Refusal("already_redacted")
    if command.if_ is not None and command.if_.revision != fact.revision:
        return Refusal("precondition_failed")
    text = clean_text(command.text)
    if isinstance(text, Refusal):
        return text
    if refusal := words_refusal(state, text, asker) or _edit_refusal(state, fact, asker):
        return refusal
    edited = MessageEdited(
        message=fact.seq,
        text=text,
        links=links_in(text),
        revision=fact.revision + 1,
        thread=fact.thread if fact.thread != fact.seq else None,
        mentions=_members_mentioned(text, fact.author, roles),
    )
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, edited, fact.author),))


def _edit_refusal(state: RoomState, fact: MessageFact, asker: Asker) -> Refusal | None:
    """An edit is no way round what must wait to be said."""
    if held.why_held(state, asker, fact.author) is not None:
        return Refusal("not_allowed", "What you say waits now: it cannot be changed meanwhile.")
    is_question = any(question.message == fact.seq for question in state.session.questions.values())
    if is_question and state.approve_questions and not asker.is_staff:
        return Refusal("not_allowed", "Questions are seen by staff first: withdraw it, and ask anew.")
    return None


def redact(state: RoomState, command: RedactMessage, *, asker: Asker, roles: Roles) -> Decision | Refusal:
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    is_own = state.session.is_persona_of(fact.author, asker.person)
    author = state.session.person_known_to_staff(fact.author)
    if not is_own and not asker.outranks(None if author is None else roles.get(author)):
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
    happening = Happening(stream, redacted, fact.author if is_own else None)
    return Decision(stream, (happening,), redacts=((stream, fact.seq),))


def react(state: RoomState, command: SetReaction, *, asker: Asker, setting: Setting, at: int) -> Decision | Refusal:
    if refusal := may_take_part(state, asker, at):
        return refusal
    # One that is no longer allowed can still be taken back; one that never was could be anything, of any length.
    if command.emoji not in state.emoji and (command.on or not 0 < len(command.emoji) <= limits.emoji_chars_max):
        return Refusal("emoji_not_allowed")
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    if fact.redacted:
        return Refusal("already_redacted")
    if command.emoji == CHALLENGE:
        return _challenge(state, command, asker=asker, setting=setting, at=at)
    return _reaction(state, command, by=None)


def _challenge(
    state: RoomState, command: SetReaction, *, asker: Asker, setting: Setting, at: int
) -> Decision | Refusal:
    """Its sentence becomes a reply. It is counted for who readers see: one by an alias and one by the person behind it
    are two, else that they are the same would show."""
    if not command.on:
        by = state.session.persona(asker.person, alias=command.alias)
        return _reaction(state, command, by=None if by is None else PersonId(by))
    if not command.sentence.strip():
        return Refusal("sentence_required")
    said = say(
        state,
        command.sentence,
        kind="challenge",
        reply_to=command.message,
        alias=command.alias,
        asker=asker,
        setting=setting,
        at=at,
    )
    return said if isinstance(said, Refusal) else _reaction(state, command, by=said[0].by, said=said)


def _reaction(
    state: RoomState, command: SetReaction, *, by: PersonId | None, said: Sequence[Happening] = ()
) -> Decision:
    stream = room_signals_stream(state.room)
    reaction = ReactionSet(message=command.message, emoji=command.emoji, on=command.on)
    return Decision(stream, (Happening(stream, reaction, by), *said))


def mark_mind_changed(state: RoomState, command: MarkMindChanged, *, asker: Asker) -> Decision | Refusal:
    """An edge from my message to the other's that did it."""
    if state.closed:
        return Refusal("room_closed")
    mine, because = state.facts.get(command.message), state.facts.get(command.because)
    if mine is None or because is None:
        return Refusal("unknown_message")
    if not state.session.is_persona_of(mine.author, asker.person):
        return Refusal("not_author")
    if because.author == mine.author:
        return Refusal("not_allowed", "It takes somebody else to change one's mind.")
    if mine.redacted or because.redacted:
        return Refusal("already_redacted")
    stream = room_stream(state.room)
    changed = MindChanged(message=mine.seq, because=because.seq)
    return Decision(stream, (Happening(stream, changed, mine.author),))


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
    if refusal := may_take_part(state, asker, at):
        return refusal
    fact = state.facts.get(command.thread)
    if fact is None or fact.thread != fact.seq:
        return Refusal("unknown_message", "There is no such thread in this room.")
    is_own = state.session.is_persona_of(fact.author, asker.person)
    if not is_own and not asker.is_staff:
        return Refusal("not_author", "Only who began the thread, or staff, may do this.")
    stream = room_stream(state.room)
    happened = (
        ThreadResolved(thread=fact.seq) if isinstance(command, ResolveThread) else ThreadReopened(thread=fact.seq)
    )
    return Decision(stream, (Happening(stream, happened, fact.author if is_own else None),))
