"""What is worth knowing in a room: for who comes late, for who asks, and the shelf of resources."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import RoomId
from tertulia.domain.refusals import Refusal
from tertulia.domain.session.view import QuestionView, SessionView
from tertulia.domain.view import RoomView
from tertulia.projections import Resource, SimilarQuestion
from tertulia.routes.asking import Ask
from tertulia.routes.reading import OfRoom, SeqText

_ITEMS_MAX: Final = 5
_SIMILAR_MAX: Final = 5
_TEXT_CHARS_MAX: Final = 280
_LAST: Final = 2**53 - 1


class SimilarTo(OfRoom, frozen=True, kw_only=True):
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=limits.question_chars_max)]


class ResourcesOf(OfRoom, frozen=True, kw_only=True):
    """`before`: a message; those older than it."""

    before: SeqText = _LAST
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.page_messages_max)] = 50


class CatchUpItem(msgspec.Struct, frozen=True, kw_only=True):
    """`text`: how it begins. `message`: where to read on. `question`, `poll`: its id, for one that is."""

    kind: Literal["answering", "answered", "poll", "pin", "unanswered"]
    text: str
    at: int
    message: int | None = None
    question: str | None = None
    poll: int | None = None


class CatchUpItems(msgspec.Struct, frozen=True, kw_only=True):
    """At most five, the first to be read first. `seq`: the room's newest entry when this was true."""

    items: list[CatchUpItem]
    seq: int


class Similar(msgspec.Struct, frozen=True, kw_only=True):
    """Best first, at most five."""

    results: list[SimilarQuestion]


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    resources: list[Resource]
    has_more: bool


# --- calls -------------------------------------------------------------------------------------------------------


async def catch_up(ask: Ask, takes: OfRoom) -> CatchUpItems | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    found = await ask.site.flow.node.reading.room_view(takes.room)
    if found is None:
        return Refusal("unknown_room")
    seq, view = found
    pins = await _pins(ask, takes.room, view)
    return CatchUpItems(items=_chosen(view.session, pins), seq=seq)


async def similar(ask: Ask, takes: SimilarTo) -> Similar | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    found = await ask.site.flow.node.reading.similar(ask.cohort, ask.person, takes.q, limit=_SIMILAR_MAX)
    return Similar(results=found)


async def resources(ask: Ask, takes: ResourcesOf) -> Resources | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    found, has_more = await ask.site.flow.node.reading.resources(takes.room, before=takes.before, limit=takes.limit)
    return Resources(resources=found, has_more=has_more)


# --- for who comes late ------------------------------------------------------------------------------------------


async def _pins(ask: Ask, room: RoomId, view: RoomView) -> list[CatchUpItem]:
    """The newest first."""
    items = []
    for pin in reversed(view.pins[-_ITEMS_MAX:]):
        found = await ask.site.flow.node.reading.message(room, pin)
        if found is not None and found[0].hidden is None and not found[0].redacted:
            items.append(CatchUpItem(kind="pin", message=pin, text=_short(found[0].text), at=found[0].at))
    return items


def _chosen(session: SessionView | None, pins: list[CatchUpItem]) -> list[CatchUpItem]:
    """One of each kind first; then more of them, in the same order, until there are five."""
    if session is None:
        return pins[:_ITEMS_MAX]
    said = [question for question in session.questions if question.text and not question.hidden]
    answered = [question for question in said if question.status.startswith("answered")]
    queued = [question for question in said if question.status == "published"]
    queued.sort(key=lambda one: (not one.highlighted, -session.votes.get(one.question, 0), one.seq))
    polls = [
        CatchUpItem(kind="poll", poll=poll.poll, message=None, text=_short(poll.text), at=poll.at)
        for poll in reversed(session.polls)
        if not poll.closed
    ]
    lines = [
        [_question("answering", question) for question in said if question.status == "answering"],
        polls,
        [_question("answered", question) for question in reversed(answered)],
        [_question("unanswered", question) for question in queued],
        pins,
    ]
    order = [id(item) for line in lines for item in line]
    chosen = [item for place in range(_ITEMS_MAX) for line in lines for item in line[place : place + 1]][:_ITEMS_MAX]
    return sorted(chosen, key=lambda item: order.index(id(item)))


def _question(kind: Literal["answering", "answered", "unanswered"], question: QuestionView) -> CatchUpItem:
    return CatchUpItem(
        kind=kind,
        question=question.question,
        message=question.message if question.answer is None else question.answer,
        text=_short(question.text),
        at=question.asked_at,
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_CHARS_MAX else line[: _TEXT_CHARS_MAX - 1].rstrip() + "…"
