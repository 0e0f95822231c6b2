"""A room as a text to be read, thread by thread: Markdown, or HTML that needs nothing beside itself.

What people wrote is quoted (Markdown) or escaped (HTML), so that nobody can write a line that looks like another's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple

from tertulia.domain import limits
from tertulia.domain.alias import alias_name, is_alias
from tertulia.domain.cohort import MemberState
from tertulia.domain.ids import ID_PATTERN, PersonId, RoomId
from tertulia.domain.view import MessageView
from tertulia.live.flow import Flow
from tertulia.projections import Fate

_MARKDOWN_SIGNS: Final = re.compile(r"([\\`*_\[\]<>#|~&])")
_MENTION: Final = re.compile(rf"@\[([^\]\n]{{1,{limits.name_chars_max}}})\]\({ID_PATTERN}\)")


class Span(NamedTuple):
    """Of seqs: after the first, up to and with the last. `title`: of the session it is."""

    after: int
    upto: int
    title: str


class Exported(NamedTuple):
    """What is exported, and for whom."""

    flow: Flow
    room: RoomId
    members: Mapping[PersonId, MemberState]
    person: PersonId
    is_staff: bool
    title: str
    span: Span

    def name(self, by: str) -> str:
        if is_alias(by):
            return alias_name(by)
        member = self.members.get(PersonId(by))
        return member.name if member is not None else by

    def text(self, message: MessageView) -> str:
        """What this reader may read of it."""
        return "" if message.redacted or (message.hidden is not None and not self.is_staff) else message.text


class _Said(NamedTuple):
    message: MessageView
    tallies: Mapping[str, int]
    fate: Fate | None
    is_reply: bool


async def markdown(of: Exported) -> AsyncGenerator[bytes, None]:
    yield f"# {_plain(of.title)}\n".encode()
    async for page in _pages(of):
        yield "".join(_as_markdown(of, said) for said in page).encode()


async def html(of: Exported) -> AsyncGenerator[bytes, None]:
    yield _HTML_HEAD.format(title=escape(of.title)).encode()
    async for page in _pages(of):
        yield "".join(_as_html(of, said) for said in page).encode()
    yield b"</main>\n</body>\n</html>\n"


async def _pages(of: Exported) -> AsyncGenerator[list[_Said], None]:
    """Threads in the order they began, each with its replies; those that began within the span."""
    reading, after = of.flow.node.reading, of.span.after
    while True:
        page = await reading.messages(of.room, person=of.person, after=after, limit=limits.page_messages_max)
        shown = [message for message in page.messages if message.seq <= of.span.upto]
        fates = await reading.fates(of.room, [message.seq for message in shown if message.kind == "question"])
        for message in shown:
            key = str(message.seq)
            yield [_Said(message, page.tallies.get(key, {}), fates.get(key), is_reply=False)]
            if message.replies:
                async for replies in _replies(of, message.seq):
                    yield replies
        if not page.has_after or len(shown) < len(page.messages) or not shown:
            return
        after = shown[-1].seq


async def _replies(of: Exported, thread: int) -> AsyncGenerator[list[_Said], None]:
    after = thread  # the first message is told already
    while True:
        page = await of.flow.node.reading.thread(
            of.room, thread, person=of.person, after=after, limit=limits.page_messages_max
        )
        if page is None or not page.messages:
            return
        yield [_Said(message, page.tallies.get(str(message.seq), {}), None, is_reply=True) for message in page.messages]
        if not page.has_after:
            return
        after = page.messages[-1].seq


def _facts(said: _Said) -> list[str]:
    """What is told of a message beside who said it and when."""
    message, facts = said.message, [f"#{said.message.seq}"]
    if message.reply_to is not None and message.reply_to != message.thread:
        facts.append(f"to #{message.reply_to}")
    if message.kind:
        facts.append(message.kind)
    if said.fate is not None:
        facts += [
            said.fate.status.replace("_", " "),
            f"{said.fate.votes} {'vote' if said.fate.votes == 1 else 'votes'}",
        ]
    if message.source is not None:
        facts.append(f"from room {message.source}")
    if message.redacted:
        facts.append("redacted")
    elif message.hidden is not None:
        facts.append("hidden")
    elif message.revision:
        facts.append("edited")
    facts += [f"endorsed as {reason.replace('_', ' ')} {count}" for reason, count in message.endorsed.items()]
    return facts + [f"{emoji} {count}" for emoji, count in said.tallies.items()]


def _when(message: MessageView) -> str:
    return datetime.fromtimestamp(message.at / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


# --- Markdown ----------------------------------------------------------------------------------------------------


def _as_markdown(of: Exported, said: _Said) -> str:
    facts = [f"**{_plain(of.name(said.message.by))}**", _when(said.message), *_facts(said)]
    text = _MENTION.sub(lambda found: "@" + _plain(found[1]), of.text(said.message))
    head, indent = ("- ", "  ") if said.is_reply else ("", "")
    body = "".join(f"{indent}> {line}\n" if line else f"{indent}>\n" for line in text.split("\n")) if text else ""
    return f"\n{head}{' · '.join(facts)}\n" + (f"\n{body}" if body else "")


def _plain(name: str) -> str:
    return _MARKDOWN_SIGNS.sub(r"\\\1", name)


# --- HTML --------------------------------------------------------------------------------------------------------

_HTML_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; padding: 1rem; max-width: 44rem; font: 1rem/1.5 system-ui, sans-serif; }}
article {{ margin: 1rem 0; }}
article.reply {{ margin-left: 2rem; padding-left: 1rem; border-left: 2px solid #8886; }}
header {{ color: GrayText; font-size: .875rem; }}
header b {{ color: CanvasText; }}
p {{ margin: .25rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
"""


def _as_html(of: Exported, said: _Said) -> str:
    message = said.message
    text = _MENTION.sub(lambda found: "@" + found[1], of.text(message))
    facts = " · ".join(escape(fact) for fact in (_when(message), *_facts(said)))
    place = ' class="reply"' if said.is_reply else ""
    body = f"<p>{escape(text)}</p>\n" if text else ""
    name = escape(of.name(message.by))
    return f'<article id="m{message.seq}"{place}>\n<header><b>{name}</b> · {facts}</header>\n{body}</article>\n'
