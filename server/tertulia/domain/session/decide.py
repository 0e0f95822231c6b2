"""Where a command on a live session is decided: one `match`, one module for each topic. Called by `decide_room`."""

from __future__ import annotations

from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import life, questions
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerQuestion,
    AnySessionCommand,
    ApproveQuestion,
    AskQuestion,
    CloseSession,
    DismissQuestion,
    EndorseAnswer,
    HighlightQuestion,
    MarkSession,
    MergeQuestion,
    OpenSession,
    ReopenQuestion,
    ResendQuestion,
    RewordQuestion,
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
        case _:
            return Refusal("unavailable")  # not built yet
