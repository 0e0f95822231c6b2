"""Where a command on a room is decided: one `match`, one function per kind in talk.py and room_settings.py."""

from __future__ import annotations

from tertulia.domain import room_settings, talk
from tertulia.domain.command import command_name
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
)
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.policy import is_allowed
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerQuestion,
    EndorseAnswer,
    HideMessage,
    MarkMindChanged,
    ReportMessage,
    UnhideMessage,
)
from tertulia.domain.session.decide import decide_session


def facts_needed(command: AnyRoomCommand) -> tuple[int, ...]:
    """The seqs of the old messages a decision on this command must know."""
    seqs: tuple[int | None, ...] = ()
    match command:
        case PostMessage():
            seqs = (command.reply_to,)
        case EditMessage() | RedactMessage() | SetReaction() | PinMessage() | UnpinMessage():
            seqs = (command.message,)
        case ResolveThread() | ReopenThread():
            seqs = (command.thread,)
        case AnswerQuestion() | AcceptAnswer() | EndorseAnswer() | ReportMessage() | HideMessage() | UnhideMessage():
            seqs = (command.message,)
        case MarkMindChanged():
            seqs = (command.message, command.because)
        case _:
            pass
    return tuple(seq for seq in seqs if seq is not None)


def decide_room(
    state: RoomState, command: AnyRoomCommand, *, asker: Asker, setting: Setting, at: int
) -> Decision | Refusal:
    """What happens when `asker` gives `command` at `at` (Unix ms). Facts it needs are in `state.facts`."""
    if not state.exists:
        return Refusal("unknown_room")
    if not is_allowed(asker.role, command_name(command)):
        return Refusal("not_allowed")
    roles = setting.roles
    match command:
        case PostMessage():
            return talk.post(state, command, asker=asker, setting=setting, at=at)
        case EditMessage():
            return talk.edit(state, command, asker=asker, roles=roles, at=at)
        case RedactMessage():
            return talk.redact(state, command, asker=asker, roles=roles)
        case SetReaction():
            return talk.react(state, command, asker=asker, setting=setting, at=at)
        case PinMessage() | UnpinMessage():
            return talk.pin(state, command)
        case ResolveThread() | ReopenThread():
            return talk.resolve(state, command, asker=asker, at=at)
        case ChangeRoom():
            return room_settings.change(state, command)
        case LockRoom() | UnlockRoom() | CloseRoom() | OpenRoom():
            return room_settings.open_or_shut(state, command)
        case MuteMember() | UnmuteMember():
            return room_settings.mute(state, command, asker=asker, roles=roles, at=at)
        case _:
            return decide_session(state, command, asker=asker, setting=setting, at=at)
