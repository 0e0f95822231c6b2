"""Reading: the cohort, rooms, messages, threads, events by seq, search. Nothing here tells how far others have read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId, StreamName, cohort_stream, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.session.words import PostKind
from tertulia.domain.view import CohortView, ListedMember, MessageView, RoomView
from tertulia.projections import MessagesPage
from tertulia.routes.asking import Ask, Nothing, Takes
from tertulia.wire.codec import encode_entry

SeqText = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
AfterText = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_PageLimit = Annotated[int, msgspec.Meta(ge=1, le=limits.page_messages_max)]

_IDS_CHARS_MAX = limits.members_page_max * 49


# --- what is asked -----------------------------------------------------------------------------------------------


class MembersOf(Takes, frozen=True, kw_only=True):
    """`ids`: people, parted by commas."""

    ids: Annotated[str, msgspec.Meta(min_length=1, max_length=_IDS_CHARS_MAX)]


class OfRoom(Takes, frozen=True, kw_only=True):
    room: RoomId


class RoomWhen(OfRoom, frozen=True, kw_only=True):
    """`at`: a seq of the room; `at_ms`: Unix ms. At most one of them; neither: now."""

    at: AfterText | None = None
    at_ms: AfterText | None = None


class PageOfRoom(OfRoom, frozen=True, kw_only=True):
    """At most one of before, after and around (a seq); none of them: the newest page."""

    before: SeqText | None = None
    after: AfterText | None = None
    around: SeqText | None = None
    limit: _PageLimit = 50


class OfMessage(OfRoom, frozen=True, kw_only=True):
    seq: SeqText


class PageOfThread(OfMessage, frozen=True, kw_only=True):
    after: AfterText = 0
    limit: _PageLimit = limits.page_messages_max


class PageOfEvents(Takes, frozen=True, kw_only=True):
    stream: Annotated[str, msgspec.Meta(max_length=80)]
    after: AfterText = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.page_events_max)] = limits.page_events_max


class SearchFor(Takes, frozen=True, kw_only=True, rename={"from_": "from"}):
    """`from` (included) and `to` (not included): Unix ms. `answered`: only questions that are, or are not."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=limits.search_chars_max)]
    room: RoomId | None = None
    by: PersonId | None = None
    from_: AfterText | None = None
    to: AfterText | None = None
    kind: PostKind | None = None
    answered: Literal["yes", "no"] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.search_results_max)] = 20


# --- what is answered --------------------------------------------------------------------------------------------


class RoomPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The newest seq of a room, and how many messages by others I have not read (at most 100)."""

    head: int
    unread: int


class CohortSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    stream: StreamName
    epoch: str
    seq: int
    state: CohortView
    rooms: dict[RoomId, RoomPlace]


class RoomSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    stream: StreamName
    epoch: str
    seq: int
    state: RoomView


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """By person; one who is not known is left out."""

    members: dict[PersonId, ListedMember]


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that begin threads, oldest first. `seq`: the room's head when this was true."""

    messages: list[MessageView]
    tallies: dict[str, dict[str, int]]
    mine: dict[str, list[str]]
    has_before: bool
    has_after: bool
    seq: int


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """The thread's first message (on the first page) and its replies, oldest first."""

    thread: int
    messages: list[MessageView]
    tallies: dict[str, dict[str, int]]
    mine: dict[str, list[str]]
    has_after: bool
    seq: int


class RevisionOf(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    at: int
    text: str


class MessageWithRevisions(msgspec.Struct, frozen=True, kw_only=True):
    """`revisions`: the texts it had, oldest first; none of a redacted message."""

    message: MessageView
    revisions: list[RevisionOf]


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """`events`: the `event` records with seq > after, as they stand in the log."""

    stream: StreamName
    epoch: str
    head: int
    events: list[msgspec.Raw]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`snippet`: plain text, matched words between U+E000 and U+E001."""

    room: RoomId
    message: MessageView
    snippet: str


class Results(msgspec.Struct, frozen=True, kw_only=True):
    results: list[Result]


# --- calls -------------------------------------------------------------------------------------------------------


async def cohort(ask: Ask, _: Nothing) -> CohortSnapshot:
    flow, stream = ask.site.flow, cohort_stream(ask.cohort)
    seq, state = await flow.catch_up.view(stream)
    rooms = [RoomId(listed.room) for listed in state.rooms]
    places = await flow.node.reading.unread(ask.person, rooms)
    return CohortSnapshot(
        stream=stream,
        epoch=flow.node.log.epoch,
        seq=seq,
        state=state,
        rooms={room: RoomPlace(head=place.head, unread=place.unread) for room, place in places.items()},
    )


async def members(ask: Ask, takes: MembersOf) -> Members | Refusal:
    people = [PersonId(person) for person in dict.fromkeys(takes.ids.split(",")) if person]
    if len(people) > limits.members_page_max:
        return Refusal("malformed", f"Ask for at most {limits.members_page_max} members at once.")
    found = await ask.site.flow.node.reading.members(ask.cohort, people)
    return Members(members={person: msgspec.convert(member, ListedMember) for person, member in found.items()})


async def room(ask: Ask, takes: RoomWhen) -> RoomSnapshot | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    if takes.at is not None and takes.at_ms is not None:
        return Refusal("malformed", "Give at most one of `at` and `at_ms`.")
    flow, stream = ask.site.flow, room_stream(takes.room)
    if takes.at is None and takes.at_ms is None:
        seq, state = await flow.catch_up.view(stream)
    else:
        is_to_come = takes.at_ms is not None and takes.at_ms > flow.node.clock.now_ms()
        past = None if is_to_come else await flow.node.reading.room_at(takes.room, seq=takes.at, at=takes.at_ms)
        if past is None:
            return Refusal("malformed", "That moment is yet to come.")
        seq, state = past
    return RoomSnapshot(stream=stream, epoch=flow.node.log.epoch, seq=seq, state=state)


async def messages(ask: Ask, takes: PageOfRoom) -> Messages | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    if sum(place is not None for place in (takes.before, takes.after, takes.around)) > 1:
        return Refusal("malformed", "Give at most one of `before`, `after` and `around`.")
    page = await ask.site.flow.node.reading.messages(
        takes.room,
        person=ask.person,
        before=takes.before,
        after=takes.after,
        around=takes.around,
        limit=takes.limit,
    )
    return Messages(has_before=page.has_before, **_shown(page))


async def message(ask: Ask, takes: OfMessage) -> MessageWithRevisions | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    found = await ask.site.flow.node.reading.message(takes.room, takes.seq)
    if found is None:
        return Refusal("unknown_message")
    view, revisions = found
    return MessageWithRevisions(
        message=view,
        revisions=[RevisionOf(seq=old.seq, at=old.at, text=old.text) for old in revisions],
    )


async def thread(ask: Ask, takes: PageOfThread) -> Thread | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    page = await ask.site.flow.node.reading.thread(
        takes.room, takes.seq, person=ask.person, after=takes.after, limit=takes.limit
    )
    return Refusal("unknown_message") if page is None else Thread(thread=takes.seq, **_shown(page))


async def events(ask: Ask, takes: PageOfEvents) -> Events | Refusal:
    flow = ask.site.flow
    if why_not := flow.catch_up.may_not_read(takes.stream, ask.asker, ask.cohort):
        return Refusal(why_not)
    log, stream = flow.node.log, StreamName(takes.stream)
    entries = await log.read(stream, after=takes.after, limit=takes.limit)
    heads = await log.heads([stream])
    return Events(
        stream=stream,
        epoch=log.epoch,
        head=heads[stream],
        events=[msgspec.Raw(encode_entry(entry).json) for entry in entries],
    )


async def search(ask: Ask, takes: SearchFor) -> Results | Refusal:
    if takes.room is not None and takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    found = await ask.site.flow.node.reading.search(
        list(ask.state.rooms) if takes.room is None else [takes.room],
        takes.q,
        by=takes.by,
        since=takes.from_,
        until=takes.to,
        kind=takes.kind,
        answered=None if takes.answered is None else takes.answered == "yes",
        with_hidden=ask.asker.is_staff,
        limit=takes.limit,
    )
    return Results(results=[Result(room=hit.room, message=hit.message, snippet=hit.snippet) for hit in found])


def _shown(page: MessagesPage) -> dict[str, Any]:
    return {
        "messages": page.messages,
        "tallies": page.tallies,
        "mine": page.mine,
        "has_after": page.has_after,
        "seq": page.seq,
    }
