"""Where a command on a live session is decided: one `match`, one module for each topic. Called by `decide_room`."""

from __future__ import annotations

from tertulia.domain import talk
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import aliases, life, moderation, questions, teams, undo
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerQuestion,
    AnySessionCommand,
    ApproveQuestion,
    AskQuestion,
    CloseSession,
    DismissQuestion,
    EndorseAnswer,
    FormTeams,
    HideMessage,
    HighlightQuestion,
    MarkMindChanged,
    MarkSession,
    MergeQuestion,
    NoteStaff,
    OpenSession,
    RecallTeams,
    ReopenQuestion,
    ReportMessage,
    ReportResult,
    RequireApproval,
    ResendQuestion,
    RewordQuestion,
    SetWordFilter,
    TakeAlias,
    UndoAction,
    UnhideMessage,
    UnmaskAlias,
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
            return teams.recall(state, command, setting=setting)
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
            return Refusal("unavailable")  # not built yet
