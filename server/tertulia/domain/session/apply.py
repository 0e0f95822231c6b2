"""How events change `SessionState`. The only thing that does; accepts every event that was ever decided.

Nothing is changed in place (state.py says why).
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from msgspec.structs import replace

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted
from tertulia.domain.ids import PersonId
from tertulia.domain.session.apply_stage import apply_stage, apply_stage_signals, apply_stage_staff
from tertulia.domain.session.events import (
    ALL_OF_SESSION,
    AliasTaken,
    AnswerAccepted,
    AnswerEndorsed,
    ApprovalRequired,
    MessageHidden,
    MessageReported,
    MessageUnhidden,
    QuestionAnswered,
    QuestionAnswering,
    QuestionAsked,
    QuestionCarried,
    QuestionDismissed,
    QuestionHighlighted,
    QuestionMerged,
    QuestionPublished,
    QuestionReceived,
    QuestionReopened,
    QuestionRestored,
    QuestionReworded,
    QuestionUnmerged,
    QuestionWithdrawn,
    SessionClosed,
    SessionMarked,
    SessionOpened,
    TeamsFormed,
    TeamsRecalled,
    VoteSet,
    WordFilterSet,
)
from tertulia.domain.session.state import NOBODY, QUEUED, Alias, Asked, Question, SessionState, Undoable
from tertulia.domain.session.words import QuestionStatus

K = TypeVar("K")
V = TypeVar("V")
OF_SESSION: Final = frozenset(ALL_OF_SESSION)


def apply_session(state: SessionState, *, seq: int, at: int, by: str, event: Event) -> None:
    """Fold one entry of `room/<id>`."""
    match event:
        case SessionOpened():
            _begin(state, seq)
        case SessionClosed():
            if state.answering is not None:
                _change(state, state.answering, status="published")
            state.is_open, state.answering, state.called = False, None, None
            state.hands, state.floor = {}, None
        case SessionMarked():
            state.mark_ms = event.media_position_ms
        case MessageHidden():
            state.hidden = {**state.hidden, event.message: event.thread}
            _note(state, seq, Undoable(message=event.message))
        case MessageUnhidden():
            state.hidden = _without(state.hidden, event.message)
        case AnswerEndorsed():
            state.endorsed = {**state.endorsed, f"{event.message}/{by}": None}
        case TeamsFormed():
            state.teams, state.teams_until = [team.room for team in event.teams], event.until
        case TeamsRecalled():
            state.teams, state.teams_until = [], None
        case _:
            _apply_question(state, seq, at, by, event)
            apply_stage(state, seq=seq, at=at, event=event)


def apply_session_staff(state: SessionState, *, seq: int, at: int, by: str, event: Event) -> None:
    """Fold one entry of `room/<id>/staff`."""
    match event:
        case QuestionAsked():
            state.asked = {**state.asked, event.question: Asked(by, event.text)}
        case QuestionReworded() if asked := state.asked.get(event.question):
            state.asked = {**state.asked, event.question: Asked(asked.by, event.text)}
        case AliasTaken():
            _take_alias(state, event, is_sealed=False)
        case ApprovalRequired():
            whose = event.person or event.alias or ""
            kept = _without(state.approvals, whose)
            state.approvals = {**kept, whose: None} if event.on else kept
        case WordFilterSet():
            state.words = event.words
        case MessageReported():
            reported = {**state.reported, f"{event.message}/{by}": None}
            state.reported = dict(list(reported.items())[-limits.reports_known_max :])
        case _:
            apply_stage_staff(state, seq=seq, at=at, by=by, event=event)


def apply_session_signals(state: SessionState, *, seq: int, at: int, by: PersonId, event: Event) -> None:
    """Fold one entry of `room/<id>/signals`."""
    match event:
        case VoteSet():
            voters = state.votes.get(event.question, frozenset())
            state.votes = {**state.votes, event.question: voters | {by} if event.on else voters - {by}}
        case AliasTaken():
            _take_alias(state, event, is_sealed=True)
        case _:
            apply_stage_signals(state, by=by, event=event)


def _take_alias(state: SessionState, event: AliasTaken, *, is_sealed: bool) -> None:
    """The streams may be read one after the other: which alias somebody has now must not depend on it."""
    state.behind = {**state.behind, event.alias: event.person}
    known = state.aliases.get(event.person)
    if known is None or is_sealed or not known.sealed:
        state.aliases = {**state.aliases, event.person: Alias(event.alias, is_sealed)}


# --- the session -------------------------------------------------------------------------------------------------


def _begin(state: SessionState, seq: int) -> None:
    """(What other streams say of the old questions and polls is not looked at any more, so it may go, soon or late.)"""
    state.asked = {id: asked for id, asked in state.asked.items() if id not in state.questions}
    state.votes = {id: voters for id, voters in state.votes.items() if id not in state.questions}
    state.answers = {poll: answers for poll, answers in state.answers.items() if poll not in state.polls}
    state.opened, state.is_open, state.mark_ms, state.answering, state.called = seq, True, None, None, None
    state.questions, state.heard, state.turns, state.hands, state.polls = {}, {}, {}, {}, {}
    state.undoable = {}


def posted(state: SessionState, *, at: int, by: str, event: MessagePosted) -> None:
    """A message, of whatever kind: a turn of who said it, and the text of the question it is."""
    if state.is_open:
        state.turns = {**state.turns, by: state.turns.get(by, 0) + 1}
    if event.question is not None and event.source is None:
        known = state.questions.get(event.question) or Question(event.question, by, at)
        _keep(state, replace(known, by=by, text=event.text))


def reworded(state: SessionState, event: MessageEdited | MessageRedacted) -> None:
    """The message of a question has another text, or none. What is redacted is not hidden any more: it is
    gone, and out of the queue."""
    if isinstance(event, MessageRedacted) and event.message in state.hidden:
        state.hidden = _without(state.hidden, event.message)
    for question in state.questions.values():
        if question.message == event.message:
            if isinstance(event, MessageEdited):
                _keep(state, replace(question, text=event.text, revision=event.revision))
            else:
                if state.answering == question.question:
                    state.answering = None
                status = "withdrawn" if question.status in QUEUED else question.status
                _keep(state, replace(question, text="", status=status))
                state.asked = _without(state.asked, question.question)  # it has a message: this is not looked at
            return


# --- questions ---------------------------------------------------------------------------------------------------


def _apply_question(state: SessionState, seq: int, at: int, by: str, event: Event) -> None:
    match event:
        case QuestionReceived():
            waiting = state.questions.get(event.question) or Question(event.question, NOBODY, at)
            _keep(state, replace(waiting, status="pending", waited=True, message=None, accepted=None))
        case QuestionPublished():
            if known := state.questions.get(event.question):
                published = replace(
                    known,
                    status="published",
                    seq=seq,
                    message=event.message,
                    revision=0,
                    asked_at=event.asked_at,
                )
                _keep(state, published)
                if known.waited:
                    _note(state, seq, Undoable(known.question, known.status, published.status))
        case QuestionMerged():
            _move(state, seq, event.question, "merged", merged_into=event.into, keep_before=True)
        case QuestionUnmerged() | QuestionRestored() | QuestionReopened():
            _put_back(state, seq, event)
        case QuestionHighlighted():
            _change(state, event.question, highlighted=event.on)
            _note(state, seq, Undoable(event.question, highlighted=event.on))
        case QuestionAnswering():
            if (other := state.answering) is not None and other != event.question:
                _change(state, other, status="published")
            _move(state, seq, event.question, "answering")
            state.answering = event.question
        case QuestionAnswered():
            question = state.questions.get(event.question)
            if question is not None and not question.status.startswith("answered"):
                state.hear(question.by)
            _move(state, seq, event.question, "answered_live" if event.message is None else "answered_text")
        case QuestionDismissed():
            _move(state, seq, event.question, "dismissed", keep_before=True)
        case QuestionWithdrawn():
            _move(state, seq, event.question, "withdrawn", is_undoable=False)
        case QuestionCarried():
            _move(state, seq, event.question, "carried")
        case AnswerAccepted():
            _change(state, event.question, accepted=event.message)
        case _:
            pass


def _put_back(state: SessionState, seq: int, event: QuestionUnmerged | QuestionRestored | QuestionReopened) -> None:
    question = state.questions.get(event.question)
    if question is None:
        return
    status_of = Undoable(event.question).what
    state.undoable = {at: done for at, done in state.undoable.items() if done.what != status_of}
    status: QuestionStatus = "published"
    match event:
        case QuestionUnmerged():
            status = question.before
        case QuestionRestored():
            status = event.status
            if question.status.startswith("answered") and not status.startswith("answered"):
                state.heard = {**state.heard, question.by: state.heard.get(question.by, 1) - 1}
        case _:
            pass
    merged_into = question.merged_into if status == "merged" else None
    if status == "pending":
        _keep(state, replace(question, message=None, accepted=None))
    is_undoable = isinstance(event, QuestionReopened)
    _move(state, seq, event.question, status, is_undoable=is_undoable, merged_into=merged_into)
    if status == "answering":
        state.answering = event.question


def _move(
    state: SessionState,
    seq: int,
    id: str,
    status: QuestionStatus,
    *,
    keep_before: bool = False,
    is_undoable: bool = True,
    **changes: Any,
) -> None:
    question = state.questions.get(id)
    if question is None:
        return
    if keep_before:
        changes["before"] = "published" if question.status == "answering" else question.status
    if state.answering == id and status != "answering":
        state.answering = None
    moved = replace(question, status=status, **changes)
    _keep(state, moved)
    if is_undoable:
        _note(state, seq, Undoable(id, question.status, moved.status))


def _note(state: SessionState, seq: int, done: Undoable) -> None:
    """What can be undone: the newest of what was done to each thing."""
    kept = {at: known for at, known in state.undoable.items() if known.what != done.what}
    kept[seq] = done
    if len(kept) > limits.undoable_max:
        del kept[next(iter(kept))]
    state.undoable = kept


def _change(state: SessionState, id: str, **changes: Any) -> None:
    if question := state.questions.get(id):
        _keep(state, replace(question, **changes))


def _keep(state: SessionState, question: Question) -> None:
    state.questions = {**state.questions, question.question: question}


def _without(kept: dict[K, V], key: K) -> dict[K, V]:
    return {one: value for one, value in kept.items() if one != key}
