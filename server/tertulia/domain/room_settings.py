"""What happens to the room itself: its settings, lock and close, who is muted. Called by `decide_room`."""

from __future__ import annotations

from typing import assert_never

from tertulia.domain import limits
from tertulia.domain.commands import (
    ChangeRoom,
    CloseRoom,
    LockRoom,
    MuteMember,
    OpenRoom,
    RoomKind,
    UnlockRoom,
    UnmuteMember,
)
from tertulia.domain.decision import Asker, Decision, Happening, Roles
from tertulia.domain.event import Event
from tertulia.domain.events import (
    MemberMuted,
    MemberUnmuted,
    RoomChanged,
    RoomClosed,
    RoomListed,
    RoomLocked,
    RoomOpened,
    RoomUnlocked,
)
from tertulia.domain.ids import PersonId, cohort_stream, room_staff_stream, room_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.words import Anonymity
from tertulia.domain.text import clean_line, clean_reason, clean_topic

# --- the room itself ---------------------------------------------------------------------------------------------


def change(state: RoomState, command: ChangeRoom) -> Decision | Refusal:
    name = topic = emoji = slow_mode_s = None
    if command.name is not None:
        name = clean_line(command.name, chars_max=limits.room_name_chars_max)
        if name is None:
            return Refusal("name_invalid")
    if command.topic is not None:
        cleaned = clean_topic(command.topic)
        if isinstance(cleaned, Refusal):
            return cleaned
        topic = cleaned
    if command.emoji is not None:
        emoji = list(dict.fromkeys(command.emoji))
        if len(emoji) > limits.room_emoji_max:
            return Refusal("too_many", f"A room allows at most {limits.room_emoji_max} reactions.")
        if any(clean_line(one, chars_max=limits.emoji_chars_max) != one for one in emoji):
            return Refusal("emoji_not_allowed", "A reaction is one emoji or a short word.")
    if command.slow_mode_s is not None:
        slow_mode_s = command.slow_mode_s
    slow_modes = command.slow_modes
    changed = RoomChanged(
        name=name if name != state.name else None,
        topic=topic if topic != state.topic else None,
        emoji=emoji if emoji != state.emoji else None,
        slow_mode_s=slow_mode_s if slow_mode_s != state.slow_mode_s else None,
        slow_modes=slow_modes if slow_modes != state.slow_modes else None,
        anonymity=command.anonymity if command.anonymity != state.anonymity else None,
        approve_questions=command.approve_questions if command.approve_questions != state.approve_questions else None,
        hands_order=command.hands_order if command.hands_order != state.hands_order else None,
    )
    stream = room_stream(state.room)
    if changed == RoomChanged():
        return Decision(stream)
    happenings = [Happening(stream, changed)]
    if changed.name is not None or changed.anonymity is not None:
        name, anonymity = changed.name or state.name, changed.anonymity or state.anonymity
        happenings.append(_listed(state, name=name, anonymity=anonymity, closed=state.closed))
    return Decision(stream, tuple(happenings))


def open_or_shut(state: RoomState, command: LockRoom | UnlockRoom | CloseRoom | OpenRoom) -> Decision | Refusal:
    stream = room_stream(state.room)
    given = command.reason if isinstance(command, LockRoom | CloseRoom) else None
    reason = clean_reason(given)
    if reason is None and given is not None and given.strip():
        return Refusal("reason_required")
    match command:
        case LockRoom() | UnlockRoom():
            if state.closed:
                return Refusal("room_closed")
            locks = isinstance(command, LockRoom)
            if state.locked == locks:
                return Decision(stream)
            happened = RoomLocked(reason=reason) if locks else RoomUnlocked()
            return Decision(stream, (Happening(stream, happened),))
        case CloseRoom() | OpenRoom():
            closes = isinstance(command, CloseRoom)
            if state.closed == closes:
                return Decision(stream)
            shut: Event = RoomClosed(reason=reason) if closes else RoomOpened()
            return Decision(
                stream,
                (Happening(stream, shut), _listed(state, name=state.name, anonymity=state.anonymity, closed=closes)),
            )
        case _:
            assert_never(command)


def _listed(state: RoomState, *, name: str, anonymity: Anonymity, closed: bool) -> Happening:
    kind: RoomKind = state.kind  # type: ignore[assignment]
    listed = RoomListed(room=state.room, name=name, kind=kind, closed=closed, anonymity=anonymity)
    return Happening(cohort_stream(state.cohort), listed)


def may_act_on(state: RoomState, persona: str, asker: Asker, roles: Roles) -> Refusal | None:
    """Why staff may not act on who they know, or know under an alias. On one that is sealed: whoever it is."""
    if state.session.is_sealed(persona):
        return None
    person = state.session.person_behind(persona)
    role = None if person is None else roles.get(person)
    if role is None:
        return Refusal("unknown_member")
    return None if asker.outranks(role) else Refusal("not_allowed", "You may do this only to people of a lower role.")


def mute(
    state: RoomState, command: MuteMember | UnmuteMember, *, asker: Asker, roles: Roles, at: int
) -> Decision | Refusal:
    """A person, with their aliases; or an alias alone: else who falls silent too would be known for it."""
    person = state.session.person_behind(command.person)
    if person is None:
        return Refusal("unknown_member")
    if refusal := may_act_on(state, command.person, asker, roles):
        return refusal
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    stream, whom = room_staff_stream(state.room), PersonId(command.person)
    if isinstance(command, MuteMember):
        happened: Event = MemberMuted(room=state.room, person=whom, until=at + command.for_s * 1000, reason=reason)
    elif state.muted.get(whom, 0) <= at:
        return Decision(stream)
    else:
        happened = MemberUnmuted(room=state.room, person=whom, reason=reason)
    return Decision(stream, (Happening(stream, happened), Happening(user_stream(person), happened)))
