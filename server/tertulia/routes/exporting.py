"""Exports: a room, or one session of it, as JSON lines, Markdown or HTML; everything kept about me. Streamed, whatever
the size.

Authors are named by `entry.by`, which is what readers see: an alias stays an alias. A redacted message has no text here
either: it has left the log; a hidden one has none for learners. Staff may have their own stream too, with who is behind
an alias as far as they may know.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, room_staff_stream, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.view import MessageView
from tertulia.projections import Fate
from tertulia.routes.asking import Ask, Nothing
from tertulia.routes.reading import OfRoom, SeqText
from tertulia.routes.streaming import Streamed, in_thread
from tertulia.routes.transcript import Exported, Span, html, markdown

_encode = msgspec.json.Encoder().encode


class ExportOf(OfRoom, frozen=True, kw_only=True):
    """`session`: only what was said in it. `staff`: with what stands in the room's staff stream (JSON lines only)."""

    format: Literal["jsonl", "markdown", "html"] = "jsonl"
    session: SeqText | None = None
    staff: bool = False


class ExportedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the JSONL export: a message as it is now. `at`: Unix ms. `status` and `votes`: of a question."""

    seq: int
    at: int
    by: PersonId
    name: str
    text: str
    reply_to: int | None = None
    thread: int | None = None
    revision: int = 0
    redacted: bool = False
    kind: str = ""
    question: str | None = None
    status: str | None = None
    votes: int = 0
    held_at: int | None = None
    source: str | None = None
    hidden: str | None = None
    endorsed: dict[str, int] = {}


class ExportedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the staff's export, after the messages: an entry of `room/<id>/staff`."""

    staff_seq: int
    at: int
    by: PersonId
    name: str
    event: str
    data: msgspec.Raw


async def export_room(ask: Ask, takes: ExportOf) -> Streamed | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    if takes.staff and not ask.asker.is_staff:
        return Refusal("not_allowed")
    if takes.staff and takes.format != "jsonl":
        return Refusal("malformed", "The staff stream is exported as JSON lines.")
    span = await _span(ask, takes)
    if span is None:
        return Refusal("session_not_open", "There is no such session in this room.")
    title = ask.state.rooms[takes.room].name + (f" · {span.title}" if span.title else "")
    file = takes.room if takes.session is None else f"{takes.room}-{takes.session}"
    of = Exported(ask.site.flow, takes.room, ask.state.members, ask.person, ask.asker.is_staff, title, span)
    if takes.format == "jsonl":
        chunks = _jsonl(of, with_staff=takes.staff)
        return Streamed(chunks, media_type="application/x-ndjson", headers=_named(f"{file}.jsonl"))
    if takes.format == "html":
        return Streamed(html(of), media_type="text/html; charset=utf-8", headers=_named(f"{file}.html"))
    return Streamed(markdown(of), media_type="text/markdown", headers=_named(f"{file}.md"))


async def _span(ask: Ask, takes: ExportOf) -> Span | None:
    flow, stream = ask.site.flow, room_stream(takes.room)
    if takes.session is None:
        return Span(0, (await flow.node.log.heads([stream]))[stream], "")
    for past in await flow.node.reading.sessions(takes.room):
        if past.session == takes.session:
            head = (await flow.node.log.heads([stream]))[stream]
            return Span(past.session, head if past.closed is None else past.closed, past.title)
    return None


async def export_me(ask: Ask, _: Nothing) -> Streamed:
    kept = ask.site.flow.node.reading.person_export(ask.person)
    chunks = in_thread(_lines(kept))
    return Streamed(chunks, media_type="application/x-ndjson", headers=_named(f"{ask.person}.jsonl"))


def _lines(kept: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for one in kept:
        yield _encode(one) + b"\n"


def _named(file: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{file}"'}


# --- JSON lines: by seq, each message as it is now ----------------------------------------------------------------


async def _jsonl(of: Exported, *, with_staff: bool) -> AsyncGenerator[bytes, None]:
    """The log says where there are messages; the tables how they are now."""
    reading, stream, after = of.flow.node.reading, room_stream(of.room), of.span.after
    while after < of.span.upto:
        entries = await of.flow.node.log.read(stream, after=after, limit=limits.page_messages_max)
        posted = [entry.seq for entry in entries if entry.name == "message_posted" and entry.seq <= of.span.upto]
        if posted:
            messages, fates = await reading.listed(of.room, posted), await reading.fates(of.room, posted)
            yield b"".join(_encode(_exported(of, message, fates)) + b"\n" for message in messages)
        if not entries:
            break
        after = entries[-1].seq
    if with_staff:
        async for chunk in _staff(of):
            yield chunk


def _exported(of: Exported, message: MessageView, fates: Mapping[str, Fate]) -> ExportedMessage:
    fate = fates.get(str(message.seq))
    return ExportedMessage(
        seq=message.seq,
        at=message.at,
        by=PersonId(message.by),
        name=of.name(message.by),
        text=of.text(message),
        reply_to=message.reply_to,
        thread=message.thread,
        revision=message.revision,
        redacted=message.redacted,
        kind=message.kind,
        question=message.question,
        status=fate.status if fate else None,
        votes=fate.votes if fate else 0,
        held_at=message.held_at,
        source=message.source,
        hidden=message.hidden,
        endorsed=message.endorsed,
    )


async def _staff(of: Exported) -> AsyncGenerator[bytes, None]:
    stream, after = room_staff_stream(of.room), 0
    while entries := await of.flow.node.log.read(stream, after=after, limit=limits.page_events_max):
        lines = [
            ExportedEntry(
                staff_seq=entry.seq,
                at=entry.at,
                by=entry.by,
                name=of.name(entry.by),
                event=entry.name,
                data=msgspec.Raw(entry.data),
            )
            for entry in entries
        ]
        yield b"".join(_encode(line) + b"\n" for line in lines)
        after = entries[-1].seq
