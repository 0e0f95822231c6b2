"""The life of a question, as a table: what may be done to it in which status. Called by `decide_room`.

asked → pending → published → answering → answered live or in text; merged, dismissed, withdrawn, carried; reopened.
"""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from tertulia.domain import limits, talk
from tertulia.domain.decision import Asker, Decision, Happening, Setting
from tertulia.domain.event import Event
from tertulia.domain.events import MessageEdited
from tertulia.domain.ids import PersonId, room_signals_stream, room_staff_stream, room_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import aliases
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerQuestion,
    ApproveQuestion,
    AskQuestion,
    DismissQuestion,
    EndorseAnswer,
    HighlightQuestion,
    MergeQuestion,
    ReopenQuestion,
    ResendQuestion,
    RewordQuestion,
    UnmergeQuestion,
    VoteQuestion,
    WithdrawQuestion,
)
from tertulia.domain.session.dismissal import dismissal
from tertulia.domain.session.events import (
    AnswerAccepted,
    AnswerEndorsed,
    QuestionAnswered,
    QuestionAnswering,
    QuestionAsked,
    QuestionHighlighted,
    QuestionMerged,
    QuestionPublished,
    QuestionReceived,
    QuestionReopened,
    QuestionRestored,
    QuestionReworded,
    QuestionUnmerged,
    QuestionWithdrawn,
    VoteSet,
)
from tertulia.domain.session.life import must_be_open
from tertulia.domain.session.state import NOBODY, QUEUED, Question
from tertulia.domain.session.words import QuestionStatus
from tertulia.domain.text import clean_line, clean_text

Change = (
    ApproveQuestion
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
)

_OPEN: Final[frozenset[QuestionStatus]] = frozenset({"pending", "published", "answering"})
_ANSWERED: Final[frozenset[QuestionStatus]] = frozenset({"answered_live", "answered_text"})

MAY: Final[dict[type[Change], frozenset[QuestionStatus]]] = {
    ApproveQuestion: frozenset({"pending"}),
    RewordQuestion: _OPEN,
    MergeQuestion: _OPEN,
    UnmergeQuestion: frozenset({"merged"}),
    HighlightQuestion: QUEUED,
    AnswerQuestion: QUEUED | {"answered_live"},
    DismissQuestion: _OPEN,
    ReopenQuestion: _ANSWERED | {"dismissed", "carried"},
    ResendQuestion: frozenset({"dismissed"}),
    WithdrawQuestion: _OPEN - {"answering"},
    AcceptAnswer: _ANSWERED,
}
"""The statuses in which a question may be changed so."""


def ask(state: RoomState, command: AskQuestion, *, asker: Asker, setting: Setting, at: int) -> Decision | Refusal:
    if command.alias:
        asker = asker.as_alias()
    if refusal := must_be_open(state) or talk.may_write(state, asker, at, alias=command.alias):
        return refusal
    text = _clean(command.text)
    if isinstance(text, Refusal):
        return text
    session = state.session
    by = session.persona(asker.person, alias=command.alias)
    # For each persona, not for each person: else an alias that may still ask is not that of who has asked too much.
    mine = [question for question in session.all_questions() if question.status in _OPEN and question.by == by]
    if len(mine) >= limits.questions_per_person_max or len(session.questions) >= limits.questions_max:
        return Refusal("too_many", "There are too many open questions already.")
    if refusal := talk.words_refusal(state, text, asker):
        return refusal
    speaker = aliases.speaker(state, asker, alias=command.alias, new_id=setting.alias_id)
    if isinstance(speaker, Refusal):
        return speaker
    question = Question(f"q-{setting.new_id}", speaker.by, at, text=text)
    if not asker.is_staff and (state.approve_questions or session.waits_for_approval(speaker.by)):
        happenings = _received(state, question, person=asker.person, again=False)
    else:
        happenings = _published(state, question, person=asker.person, setting=setting, by=speaker.by)
    return Decision(room_stream(state.room), (*happenings, *speaker.happenings))


def vote(state: RoomState, command: VoteQuestion, *, asker: Asker) -> Decision | Refusal:
    if refusal := must_be_open(state):
        return refusal
    question = state.session.question(command.question)
    if question is None or question.status == "pending":
        return Refusal("unknown_question")
    if question.status not in QUEUED:
        return Refusal("question_status")
    has_voted = asker.person in state.session.votes.get(question.question, ())
    if has_voted == command.on:
        return Refusal("already_voted" if has_voted else "not_voted")
    stream = room_signals_stream(state.room)
    return Decision(stream, (Happening(stream, VoteSet(question=question.question, on=command.on)),))


def change(state: RoomState, command: Change, *, asker: Asker, setting: Setting) -> Decision | Refusal:
    """One step in a question's life, if the table allows it. Questions of a closed session may still be changed."""
    question = state.session.question(command.question)
    own = isinstance(command, ResendQuestion | WithdrawQuestion | AcceptAnswer)
    if question is None or (question.status == "pending" and not own and not asker.is_staff):
        return Refusal("unknown_question")
    if state.closed:
        return Refusal("room_closed")
    if own and not state.session.is_persona_of(question.by, asker.person):
        return Refusal("not_author", "Only who asked may do this.")
    if command.if_ is not None and command.if_.status != question.status:
        return Refusal("precondition_failed", "The question's status has changed since you read it.")
    if question.status not in MAY[type(command)]:
        return Refusal("question_status")
    match command:
        case ApproveQuestion():
            return _approve(state, question, asker=asker, setting=setting)
        case RewordQuestion():
            return _reword(state, question, command)
        case ResendQuestion():
            return _resend(state, question, command, asker=asker)
        case MergeQuestion():
            return _merge(state, question, command)
        case AnswerQuestion():
            return _answer(state, question, command)
        case DismissQuestion():
            return _dismiss(state, question, command)
        case ReopenQuestion() if question.message is None:
            return Refusal("question_status", "It was never published: its author may send it again.")
        case HighlightQuestion() if question.highlighted == command.on:
            return Decision(room_stream(state.room))
        case AcceptAnswer():
            return _accept(state, question, command)
        case UnmergeQuestion():
            return done(state, question, QuestionUnmerged(question=question.question))
        case HighlightQuestion():
            return done(state, question, QuestionHighlighted(question=question.question, on=command.on))
        case ReopenQuestion():
            return done(state, question, QuestionReopened(question=question.question))
        case WithdrawQuestion():
            return done(state, question, QuestionWithdrawn(question=question.question), by=_seen(question))
        case _:
            assert_never(command)


def endorse(state: RoomState, command: EndorseAnswer, *, asker: Asker) -> Decision | Refusal:
    fact = state.facts.get(command.message)
    if state.closed:
        return Refusal("room_closed")
    if fact is None:
        return Refusal("unknown_message")
    if fact.redacted:
        return Refusal("already_redacted")
    if fact.author == asker.person:  # that of one's own alias one may: who may not would be known for it
        return Refusal("not_allowed", "One does not endorse one's own answer.")
    if f"{command.message}/{asker.person}" in state.session.endorsed:
        return Refusal("already_endorsed")
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, AnswerEndorsed(message=fact.seq, reason=command.reason)),))


# --- what happens ------------------------------------------------------------------------------------------------


def _received(state: RoomState, question: Question, *, person: PersonId, again: bool) -> list[Happening]:
    """It waits for approval: all are told that one does, staff and the asker which. Who asks has voted for it, so that
    they count when it is merged unseen."""
    asked = QuestionAsked(room=state.room, question=question.question, text=question.text, again=again)
    by = PersonId(question.by)
    return [
        Happening(room_stream(state.room), QuestionReceived(question=question.question, again=again), NOBODY),
        Happening(room_staff_stream(state.room), asked, by),
        Happening(user_stream(person), asked, by),
        *_own_vote(state, question),
    ]


def _published(
    state: RoomState, question: Question, *, person: PersonId | None, setting: Setting, by: PersonId
) -> list[Happening]:
    """Its message, then that it is a question; who asked has voted for it. `by`: who published it."""
    stream, seq = room_stream(state.room), state.head + 1
    said = talk.Said(
        text=question.text,
        kind="question",
        person=person or NOBODY,
        by=PersonId(question.by),
        question=question.question,
    )
    published = QuestionPublished(
        question=question.question, message=seq, asker=question.by, asked_at=question.asked_at
    )
    happenings = talk.post_happenings(state, said, seq=seq, roles=setting.roles)
    happenings.append(Happening(stream, published, by))
    return [*happenings, *_own_vote(state, question)]


def _own_vote(state: RoomState, question: Question) -> list[Happening]:
    """By who readers see. One vote of an alias, one of the person behind it: as one, they would show in a sum that is
    smaller than its parts when questions are merged."""
    if question.by in state.session.votes.get(question.question, ()):
        return []
    vote = VoteSet(question=question.question)
    return [Happening(room_signals_stream(state.room), vote, PersonId(question.by))]


def _approve(state: RoomState, question: Question, *, asker: Asker, setting: Setting) -> Decision:
    person = state.session.person_behind(question.by)
    happenings = _published(state, question, person=person, setting=setting, by=asker.person)
    published = next(h.event for h in happenings if isinstance(h.event, QuestionPublished))
    return Decision(room_stream(state.room), (*happenings, *tell(state, question, published)))


def _reword(state: RoomState, question: Question, command: RewordQuestion) -> Decision | Refusal:
    """Both wordings are kept: as revisions of the message, or in the staff stream."""
    text = _clean(command.text)
    if isinstance(text, Refusal):
        return text
    stream = room_stream(state.room)
    if question.message is None:
        staff = room_staff_stream(state.room)
        return Decision(staff, (Happening(staff, QuestionReworded(question=question.question, text=text)),))
    edited = MessageEdited(message=question.message, text=text, revision=question.revision + 1)
    reworded = QuestionReworded(question=question.question)
    return Decision(stream, (Happening(stream, edited), Happening(stream, reworded)))


def _resend(state: RoomState, question: Question, command: ResendQuestion, *, asker: Asker) -> Decision | Refusal:
    if refusal := must_be_open(state):
        return refusal
    text = _clean(command.text)
    if isinstance(text, Refusal):
        return text
    if refusal := talk.words_refusal(state, text, asker if question.by == asker.person else asker.as_alias()):
        return refusal
    again = replace(question, text=text)
    return Decision(room_stream(state.room), tuple(_received(state, again, person=asker.person, again=True)))


def _merge(state: RoomState, question: Question, command: MergeQuestion) -> Decision | Refusal:
    into = state.session.questions.get(command.into)
    if into is None:
        return Refusal("unknown_question")
    seen = {question.question}
    while into is not None:
        if into.question in seen:
            return Refusal("merge_circle")
        seen.add(into.question)
        into = state.session.questions.get(into.merged_into) if into.merged_into is not None else None
    target = state.session.questions[command.into]
    if target.status not in QUEUED:
        return Refusal("question_status", "A question can only be merged into one that is in the queue.")
    return done(state, question, QuestionMerged(question=question.question, into=target.question))


def _answer(state: RoomState, question: Question, command: AnswerQuestion) -> Decision | Refusal:
    if question.status == "answered_live" and command.how != "text":
        return Refusal("question_status")
    if command.how == "now":
        if refusal := must_be_open(state):
            return refusal
        if question.status == "answering":
            return Decision(room_stream(state.room))
        return done(state, question, QuestionAnswering(question=question.question))
    if command.how == "live":
        answered = QuestionAnswered(question=question.question, media_position_ms=state.session.mark_ms)
        return done(state, question, answered)
    fact = None if command.message is None else state.facts.get(command.message)
    if fact is None or fact.thread != question.message or fact.seq == question.message:
        return Refusal("unknown_message", "An answer in text is a reply in the question's thread.")
    return done(state, question, QuestionAnswered(question=question.question, message=fact.seq))


def _dismiss(state: RoomState, question: Question, command: DismissQuestion) -> Decision | Refusal:
    note = clean_line(command.note, chars_max=limits.note_chars_max) if command.note.strip() else ""
    if note is None:
        return Refusal("reason_required", f"A note has at most {limits.note_chars_max} characters.")
    return Decision(room_stream(state.room), tuple(dismissal(state, question, reason=command.reason, note=note)))


def _accept(state: RoomState, question: Question, command: AcceptAnswer) -> Decision | Refusal:
    fact = state.facts.get(command.message)
    if fact is None or fact.thread != question.message or fact.seq == question.message or fact.redacted:
        return Refusal("unknown_message", "An answer is a reply in the question's thread.")
    accepted = AnswerAccepted(question=question.question, message=fact.seq)
    return done(state, question, accepted, by=question.by)


def done(state: RoomState, question: Question, event: Event, *, by: str | None = None) -> Decision:
    """It happens to the question. `by`: when readers are not to see the asker as who did it."""
    stream = room_stream(state.room)
    happening = Happening(stream, event, None if by is None else PersonId(by))
    return Decision(stream, (happening, *tell(state, question, event)))


def _seen(question: Question) -> str:
    """Who readers see as the author of what the asker does to it: of one that is not public, nobody."""
    return NOBODY if question.message is None else question.by


def tell(state: RoomState, question: Question, event: Event) -> list[Happening]:
    """Who asked a question that waits, or waited, follows it in their own stream, since others could not."""
    person = state.session.person_behind(question.by)
    if person is None or not (question.status in ("pending", "dismissed") or isinstance(event, QuestionRestored)):
        return []
    return [Happening(user_stream(person), event)]


def _clean(raw: str) -> str | Refusal:
    text = clean_text(raw)
    if not isinstance(text, Refusal) and len(text) > limits.question_chars_max:
        return Refusal("text_too_long", f"A question has at most {limits.question_chars_max} characters.")
    return text
