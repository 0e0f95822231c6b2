"""The floor is held and released, and messages that wait for staff are shown or turned down. Called by `decide_room`.

held.py decides what waits; release.py posts it.
"""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.decision import Decision, Happening, Setting
from tertulia.domain.ids import room_staff_stream, room_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import HoldFloor, RejectHeld, ReleaseFloor, ReleaseHeld
from tertulia.domain.session.events import FloorHeld, HeldRejected
from tertulia.domain.session.life import must_be_open
from tertulia.domain.session.release import post_held, release_floor
from tertulia.domain.text import clean_line, clean_reason


def hold_floor(state: RoomState, command: HoldFloor, *, at: int) -> Decision | Refusal:
    if refusal := must_be_open(state):
        return refusal
    if state.session.floor is not None:
        return Refusal("floor_held")
    prompt = clean_line(command.prompt, chars_max=limits.note_chars_max) if command.prompt.strip() else ""
    if prompt is None:
        return Refusal("text_too_long", f"A prompt is one line of at most {limits.note_chars_max} characters.")
    until = None if command.for_s is None else at + command.for_s * 1000
    stream = room_stream(state.room)
    held = FloorHeld(until=until, prompt=prompt, shown_to=command.shown_to)
    return Decision(stream, (Happening(stream, held),))


def free_floor(state: RoomState, command: ReleaseFloor, *, setting: Setting) -> Decision | Refusal:
    if state.closed:
        return Refusal("room_closed")
    if state.session.floor is None:
        return Refusal("floor_not_held")
    return Decision(room_stream(state.room), tuple(release_floor(state, setting.roles)))


def release_held(state: RoomState, command: ReleaseHeld, *, setting: Setting) -> Decision | Refusal:
    """What waits for approval is shown, also while the floor is held; what waits for the floor comes with it."""
    held = state.session.held.get(command.held)
    if held is None:
        return Refusal("unknown_held")
    if state.closed:
        return Refusal("room_closed")
    if held.why == "floor":
        return Refusal("floor_held", "It is shown when the floor is released.")
    happenings = post_held(state, [command.held], setting.roles, seq=state.head + 1)
    return Decision(room_stream(state.room), tuple(happenings))


def reject_held(state: RoomState, command: RejectHeld) -> Decision | Refusal:
    """It is never shown; who said it is told why."""
    held = state.session.held.get(command.held)
    if held is None:
        return Refusal("unknown_held")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    staff = room_staff_stream(state.room)
    rejected = HeldRejected(room=state.room, held=command.held, reason=reason)
    happenings = [Happening(staff, rejected)]
    if (person := state.session.person_behind(held.by)) is not None:
        happenings.append(Happening(user_stream(person), rejected))
    return Decision(staff, tuple(happenings))
