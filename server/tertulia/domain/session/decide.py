"""Where a command on a live session is decided: one `match`, one module for each topic. Called by `decide_room`."""

from __future__ import annotations

from typing import assert_never

from tertulia.domain import talk
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import aliases, floor, hands, life, moderation, polls, questions, teams, undo
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerPoll,
    AnswerQuestion,
    AnySessionCommand,
    ApproveQuestion,
    AskQuestion,
    CallHand,
    ClosePoll,
    CloseSession,
    DismissQuestion,
    EndorseAnswer,
    FormTeams,
    HideMessage,
    HighlightQuestion,
    HoldFloor,
    LowerHand,
    MarkMindChanged,
    MarkSession,
    MergeQuestion,
    NoteStaff,
    OpenPoll,
    OpenSession,
    RaiseHand,
    RecallTeams,
    RejectHeld,
    ReleaseFloor,
    ReleaseHeld,
    ReopenQuestion,
    ReportMessage,
    ReportResult,
    RequireApproval,
    ResendQuestion,
    RewordQuestion,
    SetPace,
    SetWordFilter,
    TakeAlias,
    UndoAction,
    UnhideMessage,
    UnmaskAlias,
    UnmergeQuestion,
    VoteQuestion,
    WithdrawQuestion,
)

OnStage = (
    RaiseHand
    | LowerHand
    | CallHand
    | OpenPoll
    | AnswerPoll
    | ClosePoll
    | SetPace
    | HoldFloor
    | ReleaseFloor
    | ReleaseHeld
    | RejectHeld
)


def decide_session(
    state: RoomState, command: AnySessionCommand, *, asker: Asker, setting: Setting, at: int
) -> Decision | Refusal:
    if isinstance(command, OnStage):
        return _decide_stage(state, command, asker=asker, setting=setting, at=at)
    match command:
        case OpenSession():
            return life.open_session(state, command)
        case CloseSession():
            return life.close_session(state, command, setting=setting)
        case MarkSession():
            return life.mark(state, command)
        case AskQuestion():
            return questions.ask(state, command, asker=asker, setting=setting, at=at)
        case VoteQuestion():
            return questions.vote(state, command, asker=asker)
        case EndorseAnswer():
            return questions.endorse(state, command, asker=asker)
        case UndoAction():
            return undo.undo(state, command)
        case (
            ApproveQuestion()
            | RewordQuestion()
            | MergeQuestion()
            | UnmergeQuestion()
            | HighlightQuestion()
            | AnswerQuestion()
            | DismissQuestion()
            | ReopenQuestion()
            | ResendQuestion()
            | WithdrawQuestion()
            | AcceptAnswer()
        ):
            return questions.change(state, command, asker=asker, setting=setting)
        case TakeAlias():
            return aliases.take(state, command, asker=asker, new_id=setting.alias_id)
        case UnmaskAlias():
            return aliases.unmask(state, command, asker=asker)
        case FormTeams():
            return teams.form(state, command, setting=setting, at=at)
        case RecallTeams():
            return teams.recall(state, setting=setting)
        case ReportResult():
            return teams.report_result(state, command, asker=asker, setting=setting, at=at)
        case ReportMessage():
            return moderation.report(state, command, asker=asker)
        case HideMessage() | UnhideMessage():
            return moderation.hide(state, command, asker=asker, roles=setting.roles)
        case RequireApproval():
            return moderation.require_approval(state, command, asker=asker, roles=setting.roles)
        case SetWordFilter():
            return moderation.set_words(state, command)
        case NoteStaff():
            return moderation.note(state, command)
        case MarkMindChanged():
            return talk.mark_mind_changed(state, command, asker=asker)
        case _:
            assert_never(command)


def _decide_stage(state: RoomState, command: OnStage, *, asker: Asker, setting: Setting, at: int) -> Decision | Refusal:
    match command:
        case RaiseHand():
            return hands.raise_hand(state, command, asker=asker, setting=setting, at=at)
        case LowerHand():
            return hands.lower_hand(state, command, asker=asker)
        case CallHand():
            return hands.call_hand(state, command)
        case OpenPoll():
            return polls.open_poll(state, command)
        case AnswerPoll():
            return polls.answer_poll(state, command, asker=asker)
        case ClosePoll():
            return polls.close_poll(state, command)
        case SetPace():
            return polls.set_pace(state, command)
        case HoldFloor():
            return floor.hold_floor(state, command, at=at)
        case ReleaseFloor():
            return floor.free_floor(state, command, setting=setting)
        case ReleaseHeld():
            return floor.release_held(state, command, setting=setting)
        case RejectHeld():
            return floor.reject_held(state, command)
        case _:
            assert_never(command)
