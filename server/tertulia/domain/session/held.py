"""What talk.py must know of the stage: whether what somebody says is held back, and that who was called has spoken.

What is held is told to staff and to who said it, and to nobody else; release.py posts it.
"""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.decision import Asker, Happening
from tertulia.domain.ids import PersonId, room_staff_stream, room_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import MessageFact, RoomState
from tertulia.domain.session.events import HandLowered, MessageHeld
from tertulia.domain.session.words import HeldWhy, MessageKind


def why_held(state: RoomState, asker: Asker, by: PersonId) -> HeldWhy | None:
    """Staff and bots speak freely. `by`: who readers will see."""
    if asker.is_staff or asker.role == "bot":
        return None
    if state.session.waits_for_approval(by):
        return "approval"
    return None if state.session.floor is None else "floor"


def hold(
    state: RoomState,
    why: HeldWhy,
    *,
    text: str,
    kind: MessageKind,
    person: PersonId,
    by: PersonId,
    answered: MessageFact | None,
) -> list[Happening] | Refusal:
    """It is kept for later. Its id, its seq in the staff stream, is told to who said it as `held`. `by`: who readers
    will see."""
    if len(state.session.held) >= limits.held_messages_max:
        return Refusal("too_many", "Too many messages wait already.")
    staff = room_staff_stream(state.room)

    def message(held: int | None) -> MessageHeld:
        return MessageHeld(
            room=state.room,
            text=text,
            kind=kind,
            reply_to=answered.seq if answered else None,
            thread=answered.thread if answered else None,
            reply_author=answered.author if answered else None,
            why=why,
            held=held,
        )

    told = Happening(user_stream(person), message(state.staff_head + 1), by)
    return [Happening(staff, message(None), by), told]


def called_is_heard(state: RoomState, *, by: PersonId | None = None) -> list[Happening]:
    """Who has been called has been heard, if anybody: their hand goes down. `by`: only if it was this one."""
    called = state.session.called
    if called is None or by not in (None, called):
        return []
    return [Happening(room_stream(state.room), HandLowered(hand=called, why="heard"), by)]
