"""Everything kept about a person, object by object: who they are, what they wrote (each wording; under an alias too),
reacted, read, were told, and what they did in sessions.

Blocking; a page at a time, so that a long export holds neither memory nor the log's old pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import PersonId
from tertulia.projections.asking import Ask

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


Answer = Callable[[Ask], Any]
"""Blocks until there is the row."""


def export_person(answer: Answer, person: PersonId) -> Iterator[dict[str, Any]]:
    bindings: dict[str, Any] = {"person": person, "limit": limits.page_events_max}
    yield {"kind": "person", "person": person}
    yield from _decode(answer(Ask("memberships", bindings)))
    first, aliases = msgspec.json.decode(answer(Ask("personas", bindings)))
    personas = [first, *aliases]
    for persona in personas:
        yield from _pages(answer, "messages_by", bindings | {"by": persona})
    yield from _decode(answer(Ask("in_sessions", bindings | {"personas": msgspec.json.encode(personas).decode()})))
    yield from _pages(answer, "reactions", bindings)
    yield from _decode(answer(Ask("markers", bindings)))
    for told in _pages(answer, "told", bindings):
        if told["kind"] != "read_marked":
            yield told


def _pages(answer: Answer, statement: str, bindings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All rows, asked for page by page: each begins after the last one's room, seq and emoji, as far as it has them."""
    last: dict[str, Any] = {"room": "", "seq": 0, "emoji": ""}
    while page := _decode(answer(Ask(statement, bindings | last))):
        yield from page
        end = page[-1]
        last = {"room": end.get("room", ""), "seq": end.get("seq", end.get("message")), "emoji": end.get("emoji", "")}
