"""Live sessions, read: which there were, how votes moved, what waits; for staff, how they went. No voter and nobody
behind an alias that staff may not know is told to anyone."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Annotated, Any

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.domain.session.ledger import Ledger, ledger
from tertulia.domain.session.pace import PaceStep, pace_steps
from tertulia.domain.session.view import HeldView, MarkView, PollView
from tertulia.domain.voice import NextAction, Waited, equal_voice
from tertulia.projections import PastSession, QuestionRecord, SessionRecord, TallyStep
from tertulia.routes.asking import Ask
from tertulia.routes.reading import AfterText, OfRoom, SeqText


class OfSession(OfRoom, frozen=True, kw_only=True):
    """`session`: the seq of its `session_opened`; the last one unless it is given."""

    session: SeqText | None = None


class StepsOf(OfSession, frozen=True, kw_only=True):
    """`after`: the `next` of the page before."""

    after: AfterText = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.page_events_max)] = limits.page_events_max


# --- what is answered --------------------------------------------------------------------------------------------


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first."""

    sessions: list[PastSession]


class Tallies(msgspec.Struct, frozen=True, kw_only=True):
    """At most one step every 250 ms of each moment of the room, which lasts from an entry to the next. `next`: to ask
    for the steps that follow."""

    session: int
    steps: list[TallyStep]
    has_more: bool
    next: int


class HeldMessages(msgspec.Struct, frozen=True, kw_only=True):
    held: list[HeldView]


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is present. `hand`: it is up."""

    turns: int
    hand: bool


class VoiceOf(msgspec.Struct, frozen=True, kw_only=True):
    """Equal voice (domain/voice.py) of those who are no staff, observers or bots. Times are ms. `seats`: in an order
    that ranks nobody and stays the same. The person of `next_action` is named as readers see them."""

    session: int
    effective_voices: float
    present: int
    heard: int
    silent: int
    questions: int
    answered: int
    median_answer_ms: int | None
    p90_answer_ms: int | None
    wait_ratio: float | None
    next_action: NextAction
    seats: list[Seat]


class PaceOf(msgspec.Struct, frozen=True, kw_only=True):
    """Every 30 s, where five people or more have a say."""

    session: int
    steps: list[PaceStep]
    marks: list[MarkView]


class ReportedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Without who asked. `waited_ms`: from asking to the answer."""

    question: str
    text: str
    status: str
    votes: int
    asked_at: int
    published_at: int | None
    answered_at: int | None
    waited_ms: int | None
    reason: str | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    session: int
    title: str
    opened_at: int
    closed_at: int | None
    voice: VoiceOf
    questions: list[ReportedQuestion]
    polls: list[PollView]
    pace: list[PaceStep]
    marks: list[MarkView]
    ledger: Ledger


# --- calls -------------------------------------------------------------------------------------------------------


async def sessions(ask: Ask, takes: OfRoom) -> Sessions | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    return Sessions(sessions=await ask.site.flow.node.reading.sessions(takes.room))


async def tallies(ask: Ask, takes: StepsOf) -> Tallies | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    reading = ask.site.flow.node.reading
    session = takes.session
    if session is None:
        past = await reading.sessions(takes.room)
        session = past[-1].session if past else 0
    found = await reading.tally_steps(takes.room, session=session, after=takes.after, limit=takes.limit)
    if found is None:
        return _no_session()
    steps, has_more = found
    return Tallies(session=session, steps=steps, has_more=has_more, next=steps[-1].at if steps else takes.after)


async def held(ask: Ask, takes: OfRoom) -> HeldMessages | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    found = await ask.site.flow.node.reading.held(takes.room, ask.person, is_staff=ask.asker.is_staff)
    return HeldMessages(held=found)


async def voice(ask: Ask, takes: OfSession) -> VoiceOf | Refusal:
    record = await _record(ask, takes)
    return record if isinstance(record, Refusal) else _voice(ask, takes.room, record)


async def pace(ask: Ask, takes: OfSession) -> PaceOf | Refusal:
    record = await _record(ask, takes)
    if isinstance(record, Refusal):
        return record
    return PaceOf(session=record.view.opened, steps=_pace(ask, record), marks=record.marks)


async def report(ask: Ask, takes: OfSession) -> Report | Refusal:
    record = await _record(ask, takes)
    if isinstance(record, Refusal):
        return record
    view = record.view
    return Report(
        session=view.opened,
        title=view.title,
        opened_at=record.opened_at,
        closed_at=record.closed_at,
        voice=_voice(ask, takes.room, record),
        questions=[_reported(record, question) for question in record.questions],
        polls=view.polls,
        pace=_pace(ask, record),
        marks=record.marks,
        ledger=ledger(view),
    )


async def _record(ask: Ask, takes: OfSession) -> SessionRecord | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    if not ask.asker.is_staff:
        return Refusal("not_allowed")
    found = await ask.site.flow.node.reading.session_record(takes.room, takes.session)
    return _no_session() if found is None else found


def _no_session() -> Refusal:
    return Refusal("session_not_open", "There is no such session in this room.")


# --- measured ----------------------------------------------------------------------------------------------------


def _voice(ask: Ask, room: RoomId, record: SessionRecord) -> VoiceOf:
    roles = ask.state.roles
    at = ask.site.flow.node.clock.now_ms() if record.closed_at is None else record.closed_at
    turns = {person: count for person, count in record.turns.items() if _counts(roles, person)}
    hands = {hand.person: hand.hand for hand in record.hands if _counts(roles, hand.person)}
    lives = _lives(record, roles)
    present = {person for person in record.present if _counts(roles, person)}
    measured = equal_voice(turns, present, [life for life, _ in lives], list(hands), at=at)
    seen = {life.person: by for life, by in reversed(lives) if life.answered_at is None} | hands
    action = measured.next_action
    if action.person is not None:
        action = msgspec.structs.replace(action, person=seen.get(action.person, action.person))
    people = sorted(present | turns.keys(), key=lambda person: _shuffled(room, record.view.opened, person))
    measures: dict[str, Any] = msgspec.structs.asdict(measured) | {"next_action": action}
    seats = [Seat(turns=turns.get(person, 0), hand=person in hands) for person in people]
    return VoiceOf(session=record.view.opened, seats=seats, **measures)


def _counts(roles: Mapping[PersonId, Role], person: str) -> bool:
    """Those whose voices are to be equal: not staff, nor who only reads; of who left it is not known what they were."""
    return person != "~" and roles.get(PersonId(person), "learner") == "learner"


def _lives(record: SessionRecord, roles: Mapping[PersonId, Role]) -> list[tuple[Waited, str]]:
    """Questions that wait or were answered, each with who readers see as its asker. One that was merged is answered
    with the other; one that was dismissed or withdrawn does not wait any more."""
    by_id = {question.question: question for question in record.questions}
    lives = []
    for question in record.questions:
        root = _root(question, by_id)
        is_over = root.status in ("dismissed", "withdrawn") and root.answered_at is None
        if not is_over and _counts(roles, question.person):
            lives.append((Waited(question.person, question.asked_at, root.answered_at), question.by))
    return lives


def _root(question: QuestionRecord, by_id: Mapping[str, QuestionRecord]) -> QuestionRecord:
    while question.status == "merged" and (into := by_id.get(question.merged_into or "")) is not None:
        question = into
    return question


def _shuffled(room: RoomId, session: int, person: str) -> bytes:
    return blake2b(f"{room}/{session}/{person}".encode(), digest_size=16).digest()


def _pace(ask: Ask, record: SessionRecord) -> list[PaceStep]:
    until = ask.site.flow.node.clock.now_ms() if record.closed_at is None else record.closed_at
    return pace_steps(record.pace, opened_at=record.opened_at, until=until)


def _reported(record: SessionRecord, question: QuestionRecord) -> ReportedQuestion:
    published = {one.question: one for one in record.view.questions}.get(question.question)
    unpublished = record.view.unpublished.get(question.question)
    reason = published.reason if published else unpublished.reason if unpublished else None
    return ReportedQuestion(
        question=question.question,
        text=published.text if published else "",
        status=question.status,
        votes=record.view.votes.get(question.question, 0),
        asked_at=question.asked_at,
        published_at=question.published_at,
        answered_at=question.answered_at,
        waited_ms=None if question.answered_at is None else max(0, question.answered_at - question.asked_at),
        reason=reason,
    )
