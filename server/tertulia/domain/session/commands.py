"""What may be asked for in a live session: opening it, questions, hands, polls, pace, the floor, aliases, teams,
moderation. Like commands.py, which joins these to the union of all."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.command import MessageSeq, RoomCommand
from tertulia.domain.ids import ID_PATTERN, PersonId, RoomId
from tertulia.domain.session.words import (
    DismissReason,
    EndorseReason,
    HeldAnswer,
    Pace,
    PollKind,
    QuestionStatus,
    TeamsHow,
)

QuestionId = Annotated[str, msgspec.Meta(pattern=rf"^(?:{ID_PATTERN})$(?!\n)")]
Persona = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""Who readers see: a person's id, or an alias (`~blue-heron.k3f9`)."""
PollSeq = MessageSeq
Seconds = Annotated[int, msgspec.Meta(ge=1, le=limits.floor_s_max)]

# --- the session itself ------------------------------------------------------------------------------------------


class OpenSession(RoomCommand, frozen=True, kw_only=True):
    title: str = ""


class CloseSession(RoomCommand, frozen=True, kw_only=True):
    """Open questions become threads in `carry_to`: the cohort's first open room for discussion, unless named."""

    carry_to: RoomId | None = None


class MarkSession(RoomCommand, frozen=True, kw_only=True):
    """Now the recording is at this place. One that lies before the last is refused, unless it says `rewound`."""

    media_position_ms: Annotated[int, msgspec.Meta(ge=0, le=2**40)]
    label: str = ""
    rewound: bool = False


# --- questions ---------------------------------------------------------------------------------------------------


class QuestionIf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`if`: the command is refused with `precondition_failed` when the question is not in this status any more."""

    status: QuestionStatus


class QuestionCommand(RoomCommand, frozen=True, kw_only=True, rename={"if_": "if"}):
    question: QuestionId
    if_: QuestionIf | None = None


class AskQuestion(RoomCommand, frozen=True, kw_only=True):
    text: str
    alias: bool = False


class ApproveQuestion(QuestionCommand, frozen=True, kw_only=True):
    pass


class RewordQuestion(QuestionCommand, frozen=True, kw_only=True):
    text: str


class MergeQuestion(QuestionCommand, frozen=True, kw_only=True):
    into: QuestionId


class UnmergeQuestion(QuestionCommand, frozen=True, kw_only=True):
    pass


class HighlightQuestion(QuestionCommand, frozen=True, kw_only=True):
    on: bool = True


class AnswerQuestion(QuestionCommand, frozen=True, kw_only=True):
    """`now`: it is being answered. `live`: it was, aloud. `text`: by `message`, a reply in its thread."""

    how: Literal["now", "live", "text"]
    message: MessageSeq | None = None


class DismissQuestion(QuestionCommand, frozen=True, kw_only=True):
    reason: DismissReason
    note: str = ""


class ReopenQuestion(QuestionCommand, frozen=True, kw_only=True):
    pass


class ResendQuestion(QuestionCommand, frozen=True, kw_only=True):
    text: str


class WithdrawQuestion(QuestionCommand, frozen=True, kw_only=True):
    pass


class AcceptAnswer(QuestionCommand, frozen=True, kw_only=True):
    message: MessageSeq


class EndorseAnswer(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq
    reason: EndorseReason


class VoteQuestion(RoomCommand, frozen=True, kw_only=True):
    question: QuestionId
    on: bool = True


class UndoAction(RoomCommand, frozen=True, kw_only=True):
    """Undo what staff did at `event` of the room's stream, by an event that puts it back."""

    event: MessageSeq


# --- hands -------------------------------------------------------------------------------------------------------


class RaiseHand(RoomCommand, frozen=True, kw_only=True):
    """My own; staff may raise another's."""

    alias: bool = False
    person: Persona | None = None


class LowerHand(RoomCommand, frozen=True, kw_only=True):
    """My own; staff may lower another's, or all."""

    person: Persona | None = None
    all: bool = False


class CallHand(RoomCommand, frozen=True, kw_only=True):
    person: Persona


# --- polls and pace ----------------------------------------------------------------------------------------------


class OpenPoll(RoomCommand, frozen=True, kw_only=True):
    """`again`: the poll this one repeats, whose text and options it has unless others are given."""

    text: str = ""
    kind: PollKind = "single"
    options: Annotated[list[str], msgspec.Meta(max_length=limits.poll_options_max)] = []
    anonymous: bool = True
    again: PollSeq | None = None


class AnswerPoll(RoomCommand, frozen=True, kw_only=True):
    """`choices`: places in the options, from 0. A second answer takes the place of the first."""

    poll: PollSeq
    choices: Annotated[list[int], msgspec.Meta(max_length=limits.poll_options_max)] = []
    text: str = ""


class ClosePoll(RoomCommand, frozen=True, kw_only=True):
    poll: PollSeq


class SetPace(RoomCommand, frozen=True, kw_only=True):
    """None takes it back."""

    pace: Pace | None = None


# --- the floor ---------------------------------------------------------------------------------------------------


class HoldFloor(RoomCommand, frozen=True, kw_only=True):
    """What learners say is accepted and ordered, but shown only when the floor is released (after `for_s`, or by
    hand); with `shown_to: answered`, also to each who has said something. With a `prompt` it is a think timer."""

    for_s: Seconds | None = None
    prompt: str = ""
    shown_to: HeldAnswer = "nobody"


class ReleaseFloor(RoomCommand, frozen=True, kw_only=True):
    pass


class ReleaseHeld(RoomCommand, frozen=True, kw_only=True):
    """Show a message that was held for approval."""

    held: MessageSeq


class RejectHeld(RoomCommand, frozen=True, kw_only=True):
    held: MessageSeq
    reason: str


# --- aliases -----------------------------------------------------------------------------------------------------


class TakeAlias(RoomCommand, frozen=True, kw_only=True):
    """Be given the alias one will have in this room."""


class UnmaskAlias(RoomCommand, frozen=True, kw_only=True):
    alias: Persona
    reason: str


# --- teams -------------------------------------------------------------------------------------------------------


class FormTeams(RoomCommand, frozen=True, kw_only=True):
    """Rooms for teams of those who attend: `random`, `mixed` (who spoke much with who spoke little), or the `groups`
    given (`manual`)."""

    how: TeamsHow = "random"
    teams: Annotated[int, msgspec.Meta(ge=2, le=limits.teams_max)] | None = None
    groups: Annotated[list[list[PersonId]], msgspec.Meta(max_length=limits.teams_max)] = []
    for_s: Seconds | None = None


class RecallTeams(RoomCommand, frozen=True, kw_only=True):
    pass


class ReportResult(RoomCommand, frozen=True, kw_only=True):
    """In a team's room: carry this back to the room it came from."""

    text: str


# --- moderation --------------------------------------------------------------------------------------------------


class ReportMessage(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq
    reason: str


class HideMessage(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq
    reason: str


class UnhideMessage(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq


class RequireApproval(RoomCommand, frozen=True, kw_only=True):
    """What this person says waits for staff."""

    person: Persona
    on: bool = True
    reason: str


class SetWordFilter(RoomCommand, frozen=True, kw_only=True):
    words: Annotated[list[str], msgspec.Meta(max_length=limits.filter_words_max)]


class NoteStaff(RoomCommand, frozen=True, kw_only=True):
    """A word among staff; bots use it too."""

    text: str


class MarkMindChanged(RoomCommand, frozen=True, kw_only=True):
    """`because` changed my mind about `message`, which is mine."""

    message: MessageSeq
    because: MessageSeq


AnySessionCommand = (
    OpenSession
    | CloseSession
    | MarkSession
    | AskQuestion
    | ApproveQuestion
    | RewordQuestion
    | MergeQuestion
    | UnmergeQuestion
    | HighlightQuestion
    | AnswerQuestion
    | DismissQuestion
    | ReopenQuestion
    | ResendQuestion
    | WithdrawQuestion
    | AcceptAnswer
    | EndorseAnswer
    | VoteQuestion
    | UndoAction
    | RaiseHand
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
    | TakeAlias
    | UnmaskAlias
    | FormTeams
    | RecallTeams
    | ReportResult
    | ReportMessage
    | HideMessage
    | UnhideMessage
    | RequireApproval
    | SetWordFilter
    | NoteStaff
    | MarkMindChanged
)
