"""Reports, what is hidden, whose words wait, which words are not allowed, notes among staff. Called by `decide_room`.

Where staff may not know who is behind an alias, neither what they are told nor what they are refused depends on it.
"""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.decision import Asker, Decision, Happening, Roles
from tertulia.domain.ids import room_staff_stream, room_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.room_settings import may_act_on
from tertulia.domain.session.commands import (
    HideMessage,
    NoteStaff,
    ReportMessage,
    RequireApproval,
    SetWordFilter,
    UnhideMessage,
)
from tertulia.domain.session.events import (
    ApprovalRequired,
    MessageHidden,
    MessageReported,
    MessageUnhidden,
    StaffNoted,
    WordFilterSet,
)
from tertulia.domain.text import clean_line, clean_reason, clean_text, has_words


def report(state: RoomState, command: ReportMessage, *, asker: Asker) -> Decision | Refusal:
    """Told to staff, by whom. The same person's second report of a message changes nothing."""
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    if fact.redacted:
        return Refusal("already_redacted")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    stream = room_staff_stream(state.room)
    if f"{fact.seq}/{asker.person}" in state.session.reported:
        return Decision(stream)
    return Decision(stream, (Happening(stream, MessageReported(message=fact.seq, reason=reason)),))


def hide(state: RoomState, command: HideMessage | UnhideMessage, *, asker: Asker, roles: Roles) -> Decision | Refusal:
    fact = state.facts.get(command.message)
    if fact is None:
        return Refusal("unknown_message")
    author = state.session.person_known_to_staff(fact.author)
    if author != asker.person and not asker.outranks(None if author is None else roles.get(author)):
        return Refusal("not_allowed", "You may do this only to people of a lower role.")
    if fact.redacted:
        return Refusal("already_redacted")
    is_hidden = fact.seq in state.session.hidden
    thread = fact.thread if fact.thread != fact.seq else None
    stream = room_stream(state.room)
    if isinstance(command, UnhideMessage):
        if not is_hidden:
            return Refusal("not_hidden")
        return Decision(stream, (Happening(stream, MessageUnhidden(message=fact.seq, thread=thread)),))
    if is_hidden:
        return Refusal("already_hidden")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    return Decision(stream, (Happening(stream, MessageHidden(message=fact.seq, thread=thread, reason=reason)),))


def require_approval(state: RoomState, command: RequireApproval, *, asker: Asker, roles: Roles) -> Decision | Refusal:
    """Of an alias: of nothing that is said without it, else whose it is would show."""
    person = state.session.person_behind(command.person)
    if person is None:
        return Refusal("unknown_alias")
    if refusal := may_act_on(state, command.person, asker, roles):
        return refusal
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    stream = room_staff_stream(state.room)
    if (command.person in state.session.approvals) == command.on:
        return Decision(stream)
    is_alias = command.person != person
    required = ApprovalRequired(
        room=state.room,
        person=None if is_alias else person,
        alias=command.person if is_alias else None,
        on=command.on,
        reason=reason,
    )
    return Decision(stream, (Happening(stream, required), Happening(user_stream(person), required)))


def set_words(state: RoomState, command: SetWordFilter) -> Decision | Refusal:
    words: dict[str, None] = {}
    for raw in command.words:
        word = clean_line(raw, chars_max=limits.filter_word_chars_max)
        if word is None or not has_words(word):
            length = limits.filter_word_chars_max
            return Refusal("name_invalid", f"A word has letters or digits, and at most {length} characters.")
        words[word] = None
    stream = room_staff_stream(state.room)
    if list(words) == state.session.words:
        return Decision(stream)
    return Decision(stream, (Happening(stream, WordFilterSet(words=list(words))),))


def note(state: RoomState, command: NoteStaff) -> Decision | Refusal:
    text = clean_text(command.text)
    if isinstance(text, Refusal):
        return text
    stream = room_staff_stream(state.room)
    return Decision(stream, (Happening(stream, StaffNoted(text=text)),))
