"""How events change what readers see of a live session. The twin of `client_js/sdk/session_fold.js`; the same vectors
(tests/vectors) test both. Every event that was ever decided is accepted; one of a question that is not there changes
nothing."""

from __future__ import annotations

from tertulia.domain.event import Event
from tertulia.domain.events import MessageRedacted
from tertulia.domain.session.events import (
    AliasTaken,
    AnswerAccepted,
    MessageHidden,
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
)
from tertulia.domain.session.fold_stage import fold_stage
from tertulia.domain.session.view import MarkView, MyQuestion, QuestionView, SessionView, UnpublishedView


def fold_session(
    view: SessionView | None, *, seq: int, at: int, by: str, event: Event, text: str = ""
) -> SessionView | None:
    """Fold one entry of `room/<id>`; the view after it. `text`: of the message of a `question_published`."""
    if isinstance(event, SessionOpened):
        return SessionView(opened=seq, opened_at=at, title=event.title)
    if view is None:
        return None
    match event:
        case SessionClosed():
            if view.answering is not None:
                _move(view, view.answering, "published")
            view.closed_at, view.answering, view.called, view.hands, view.floor = at, None, None, [], None
        case MessageHidden() | MessageUnhidden() | MessageRedacted():
            _fold_message(view, event)
        case SessionMarked():
            view.mark = MarkView(seq=seq, at=at, media_position_ms=event.media_position_ms, label=event.label)
        case _:
            _fold_question(view, seq, event, text)
            fold_stage(view, seq=seq, at=at, event=event)
    return view


def reword(view: SessionView | None, message: int, text: str) -> None:
    """The message of a question says something else now."""
    for question in view.questions if view is not None else ():
        if question.message == message:
            question.text = text


def fold_mine(aliases: dict[str, str], questions: dict[str, MyQuestion], *, at: int, event: Event) -> None:
    """Fold one entry of `user/<id>` that tells of my alias or of a question of mine that is not public."""
    match event:
        case AliasTaken():
            aliases[event.room] = event.alias
        case QuestionAsked():
            questions[event.question] = MyQuestion(
                question=event.question, room=event.room, text=event.text, status="pending", at=at
            )
        case QuestionDismissed():
            if mine := questions.get(event.question):
                mine.status, mine.reason, mine.note = "dismissed", event.reason, event.note
        case QuestionRestored(status="pending"):
            if mine := questions.get(event.question):
                mine.status, mine.reason, mine.note = "pending", None, ""
        case QuestionPublished() | QuestionMerged() | QuestionRestored() | QuestionReopened() | QuestionWithdrawn():
            questions.pop(event.question, None)
        case _:
            pass


def _fold_message(view: SessionView, event: MessageHidden | MessageUnhidden | MessageRedacted) -> None:
    """The message of a question is hidden, or shown again; or gone, and the question out of the queue."""
    for question in view.questions:
        if question.message == event.message:
            question.hidden = isinstance(event, MessageHidden)
            if isinstance(event, MessageRedacted):
                question.text = ""
                if question.status in ("published", "answering"):
                    _move(view, question.question, "withdrawn")


# --- questions ---------------------------------------------------------------------------------------------------


def _fold_question(view: SessionView, seq: int, event: Event, text: str) -> None:
    match event:
        case QuestionReceived():
            if not _move(view, event.question, "pending"):
                view.unpublished[event.question] = UnpublishedView()
        case QuestionPublished():
            _publish(view, seq, event, text)
        case QuestionMerged():
            _move(view, event.question, "merged", merged_into=event.into)
        case QuestionUnmerged() | QuestionReopened():
            _move(view, event.question, "published")
        case QuestionRestored():
            _restore(view, event)
        case QuestionHighlighted():
            if question := find(view, event.question):
                question.highlighted = event.on
        case QuestionReworded():
            if question := find(view, event.question):
                question.reworded = True
        case QuestionAnswering():
            if view.answering is not None and view.answering != event.question:
                _move(view, view.answering, "published")
            _move(view, event.question, "answering")
            view.answering = event.question
        case QuestionAnswered():
            _answer(view, event)
        case QuestionDismissed():
            _move(view, event.question, "dismissed", reason=event.reason)
        case QuestionWithdrawn():
            _move(view, event.question, "withdrawn")
        case QuestionCarried():
            _move(view, event.question, "carried", to=event.to)
        case AnswerAccepted():
            if question := find(view, event.question):
                question.accepted = event.message
        case _:
            pass


def find(view: SessionView, id: str) -> QuestionView | None:
    return next((question for question in view.questions if question.question == id), None)


def _publish(view: SessionView, seq: int, event: QuestionPublished, text: str) -> None:
    view.unpublished.pop(event.question, None)
    view.questions = [question for question in view.questions if question.question != event.question]
    published = QuestionView(
        question=event.question,
        message=event.message,
        by=event.asker,
        text=text,
        asked_at=event.asked_at,
        seq=seq,
    )
    view.questions.append(published)


def _move(
    view: SessionView,
    id: str,
    status: str,
    *,
    reason: str | None = None,
    merged_into: str | None = None,
    to: str | None = None,
) -> QuestionView | None:
    """The question, published or not, has another status; the published one."""
    if view.answering == id and status != "answering":
        view.answering = None
    if unpublished := view.unpublished.get(id):
        status = "pending" if status == "published" else status
        unpublished.status, unpublished.reason, unpublished.merged_into = status, reason, merged_into
        return None
    if question := find(view, id):
        question.status, question.reason, question.merged_into, question.to = status, reason, merged_into, to
    return question


def _answer(view: SessionView, event: QuestionAnswered) -> None:
    question = find(view, event.question)
    if question is None:
        return
    if not question.status.startswith("answered"):
        view.heard[question.by] = view.heard.get(question.by, 0) + 1
        question.media_position_ms = event.media_position_ms
    question.answer = event.message
    _move(view, event.question, "answered_live" if event.message is None else "answered_text")


def _restore(view: SessionView, event: QuestionRestored) -> None:
    """What staff did to it is undone; who was heard by it was not."""
    question = find(view, event.question)
    if question is not None and question.status.startswith("answered"):
        question.answer = None
        if not event.status.startswith("answered"):
            view.heard[question.by] = view.heard.get(question.by, 1) - 1
            question.media_position_ms, question.accepted = None, None
    _move(view, event.question, event.status)
    if event.status == "answering":
        view.answering = event.question
