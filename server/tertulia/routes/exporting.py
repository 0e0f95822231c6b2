"""Exports: a room as JSON lines or Markdown, everything kept about me. Streamed, whatever the size.

Authors are named by `entry.by`, which is what readers see: an alias stays an alias. A redacted message has no text here
either: it has left the log.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.cohort import MemberState
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import ID_PATTERN, PersonId, RoomId, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import MessageFact
from tertulia.domain.view import MessageView
from tertulia.live.flow import Flow
from tertulia.routes.asking import Ask, Nothing
from tertulia.routes.reading import OfRoom
from tertulia.routes.streaming import Streamed, in_thread
from tertulia.wire.stored import Entry, decode_event

_encode = msgspec.json.Encoder().encode

_MARKDOWN_SIGNS: Final = re.compile(r"([\\`*_\[\]<>#|~&])")
_MENTION: Final = re.compile(rf"@\[([^\]\n]{{1,{limits.name_chars_max}}})\]\({ID_PATTERN}\)")


class ExportOf(OfRoom, frozen=True, kw_only=True):
    format: Literal["jsonl", "markdown"] = "jsonl"


class ExportedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the JSONL export: a message as it is now. `at`: Unix ms."""

    seq: int
    at: int
    by: PersonId
    name: str
    text: str
    reply_to: int | None = None
    thread: int | None = None
    revision: int = 0
    redacted: bool = False


async def export_room(ask: Ask, takes: ExportOf) -> Streamed | Refusal:
    if takes.room not in ask.state.rooms:
        return Refusal("unknown_room")
    flow, stream = ask.site.flow, room_stream(takes.room)
    head = (await flow.node.log.heads([stream]))[stream]
    members = ask.state.members
    if takes.format == "jsonl":
        chunks = _jsonl(flow, takes.room, members, head=head)
        return Streamed(chunks, media_type="application/x-ndjson", headers=_named(f"{takes.room}.jsonl"))
    title = ask.state.rooms[takes.room].name
    lines = _markdown(flow, takes.room, members, title=title, asker=ask.person)
    return Streamed(lines, media_type="text/markdown", headers=_named(f"{takes.room}.md"))


async def export_me(ask: Ask, _: Nothing) -> Streamed:
    kept = ask.site.flow.node.reading.person_export(ask.person)
    chunks = in_thread(_lines(kept))
    return Streamed(chunks, media_type="application/x-ndjson", headers=_named(f"{ask.person}.jsonl"))


def _lines(kept: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for one in kept:
        yield _encode(one) + b"\n"


def _named(file: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{file}"'}


def _name(members: Mapping[PersonId, MemberState], person: str) -> str:
    member = members.get(PersonId(person))
    return member.name if member is not None else person


# --- JSON lines: by seq, each message as it is now ----------------------------------------------------------------


async def _jsonl(
    flow: Flow, room: RoomId, members: Mapping[PersonId, MemberState], *, head: int
) -> AsyncGenerator[bytes, None]:
    stream, after = room_stream(room), 0
    while after < head:
        entries = await flow.node.log.read(stream, after=after, limit=limits.page_messages_max)
        posted = [entry for entry in entries if entry.name == "message_posted" and entry.seq <= head]
        facts = await flow.node.reading.message_facts(room, [entry.seq for entry in posted]) if posted else {}
        lines = [_encode(await _exported(flow, room, entry, facts, members=members)) for entry in posted]
        if lines:
            yield b"\n".join(lines) + b"\n"
        if not entries:
            return
        after = entries[-1].seq


async def _exported(
    flow: Flow,
    room: RoomId,
    entry: Entry,
    facts: Mapping[int, MessageFact],
    *,
    members: Mapping[PersonId, MemberState],
) -> ExportedMessage:
    """The log has the first text of a message; one that was edited is read as it is now."""
    event, fact = decode_event(entry), facts.get(entry.seq)
    assert isinstance(event, MessagePosted), "the name says so"
    text = event.text
    redacted = event.redacted or (fact is not None and fact.redacted)
    if fact is not None and fact.revision and not redacted:
        found = await flow.node.reading.message(room, entry.seq)
        if found is not None:
            text, redacted = found[0].text, found[0].redacted
    return ExportedMessage(
        seq=entry.seq,
        at=entry.at,
        by=entry.by,
        name=_name(members, entry.by),
        text="" if redacted else text,
        reply_to=event.reply_to,
        thread=event.thread,
        revision=fact.revision if fact is not None else 0,
        redacted=redacted,
    )


# --- Markdown: by thread ------------------------------------------------------------------------------------------


async def _markdown(
    flow: Flow, room: RoomId, members: Mapping[PersonId, MemberState], *, title: str, asker: PersonId
) -> AsyncGenerator[bytes, None]:
    """What people wrote stands in block quotes, so that nobody can write a line that looks like another's."""
    reading, after = flow.node.reading, 0
    yield f"# {_plain(title)}\n".encode()
    while True:
        page = await reading.messages(room, person=asker, after=after, limit=limits.page_messages_max)
        for message in page.messages:
            yield _said(message, members, page.tallies).encode()
            if message.replies:
                async for reply in _replies(flow, room, message.seq, members, asker=asker):
                    yield reply
        if not page.has_after or not page.messages:
            return
        after = page.messages[-1].seq


async def _replies(
    flow: Flow, room: RoomId, thread: int, members: Mapping[PersonId, MemberState], *, asker: PersonId
) -> AsyncGenerator[bytes, None]:
    after = thread  # the first message is told already
    while True:
        page = await flow.node.reading.thread(room, thread, person=asker, after=after, limit=limits.page_messages_max)
        if page is None or not page.messages:
            return
        yield "".join(_said(message, members, page.tallies, depth=1) for message in page.messages).encode()
        if not page.has_after:
            return
        after = page.messages[-1].seq


def _said(
    message: MessageView,
    members: Mapping[PersonId, MemberState],
    tallies: Mapping[str, Mapping[str, int]],
    *,
    depth: int = 0,
) -> str:
    when = datetime.fromtimestamp(message.at / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    facts = [f"**{_plain(_name(members, message.by))}**", when, f"#{message.seq}"]
    if message.reply_to is not None and message.reply_to != message.thread:
        facts.append(f"to #{message.reply_to}")
    if message.redacted:
        facts.append("redacted")
    elif message.revision:
        facts.append("edited")
    facts += [f"{emoji} {count}" for emoji, count in tallies.get(str(message.seq), {}).items()]
    text = "" if message.redacted else _MENTION.sub(lambda found: "@" + _plain(found[1]), message.text)
    head, indent = ("- ", "  ") if depth else ("", "")
    body = "".join(f"{indent}> {line}\n" if line else f"{indent}>\n" for line in text.split("\n")) if text else ""
    return f"\n{head}{' · '.join(facts)}\n" + (f"\n{body}" if body else "")


def _plain(name: str) -> str:
    return _MARKDOWN_SIGNS.sub(r"\\\1", name)
