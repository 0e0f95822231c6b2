"""Where a command on a live session is decided: one `match`, one module for each topic. Called by `decide_room`."""

from __future__ import annotations

from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import floor, hands, life, polls, questions
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
    HighlightQuestion,
    HoldFloor,
    LowerHand,
    MarkSession,
    MergeQuestion,
    OpenPoll,
    OpenSession,
    RaiseHand,
    RejectHeld,
    ReleaseFloor,
    ReleaseHeld,
    ReopenQuestion,
    ResendQuestion,
    RewordQuestion,
    SetPace,
    UndoAction,
    UnmergeQuestion,
    VoteQuestion,
    WithdrawQuestion,
)


def decide_session(
    state: RoomState, command: AnySessionCommand, *, asker: Asker, setting: Setting, at: int
) -> Decision | Refusal:
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
            return questions.undo(state, command)
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
            return polls.set_pace(state, command, asker=asker)
        case HoldFloor():
            return floor.hold_floor(state, command, at=at)
        case ReleaseFloor():
            return floor.free_floor(state, command, setting=setting)
        case ReleaseHeld():
            return floor.release_held(state, command, setting=setting)
        case RejectHeld():
            return floor.reject_held(state, command)
        case _:
            return Refusal("unavailable")  # not built yet
