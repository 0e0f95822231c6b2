"""Messages: pages, threads, one message with its wordings, tallies. One statement each, so that each is true at one
moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.room import MessageFact
from tertulia.domain.view import MessageView
from tertulia.projections import Fate, MessagesPage, Revision
from tertulia.projections.asking import Ask, Asking

_SEQ_MAX: Final = 2**62
_encode = msgspec.json.Encoder().encode
_decode_page = msgspec.json.Decoder(MessagesPage).decode
_decode_message = msgspec.json.Decoder(tuple[MessageView, list[Revision]]).decode
_decode_listed = msgspec.json.Decoder(list[MessageView]).decode
_decode_fates = msgspec.json.Decoder(dict[str, Fate]).decode
_decode_facts = msgspec.json.Decoder(list[MessageFact]).decode
_decode_tallies = msgspec.json.Decoder(dict[str, dict[str, int]]).decode
_decode_mine = msgspec.json.Decoder(dict[str, list[str]]).decode


def within(number: int) -> int:
    """A number that came from outside, such that a database can hold it; beyond any seq it makes no difference."""
    return min(max(number, 0), _SEQ_MAX)


def read_page(room: RoomId, *, person: PersonId, where: dict[str, int | None], limit: int) -> Asking[MessagesPage]:
    """`where`: at most one of before, after, around is a number."""
    bindings: dict[str, Any] = {"before": None, "after": None}
    bindings |= {side: None if seq is None else within(seq) for side, seq in where.items()}
    bindings |= {"room": room, "person": person, "limit": within(limit)}
    statement = "newest_page"
    if where.get("around") is not None:
        statement = "around_page"
    elif where.get("after") is not None:
        statement = "after_page"
    elif where.get("before") is None:
        bindings["before"] = _SEQ_MAX
    found = yield Ask(statement, bindings)
    return _decode_page(found)


def read_thread(room: RoomId, thread: int, *, person: PersonId, after: int, limit: int) -> Asking[MessagesPage | None]:
    bindings: dict[str, Any] = {"room": room, "person": person}
    bindings |= {"thread": within(thread), "after": within(after), "limit": within(limit)}
    found = yield Ask("thread_page", bindings)
    return None if found is None else _decode_page(found)


def read_message(room: RoomId, seq: int) -> Asking[tuple[MessageView, list[Revision]] | None]:
    found = yield Ask("message", {"room": room, "seq": within(seq)})
    return None if found is None else _decode_message(found)


def read_facts(room: RoomId, seqs: Sequence[int]) -> Asking[dict[int, MessageFact]]:
    found = yield Ask("facts", {"room": room, "seqs": _encode(list(seqs)).decode()})
    return {fact.seq: fact for fact in _decode_facts(found)}


def read_listed(room: RoomId, seqs: Sequence[int]) -> Asking[list[MessageView]]:
    found = yield Ask("listed", {"room": room, "seqs": _encode(list(seqs)).decode()})
    return _decode_listed(found)


def read_fates(room: RoomId, seqs: Sequence[int]) -> Asking[dict[str, Fate]]:
    found = yield Ask("fates", {"room": room, "seqs": _encode(list(seqs)).decode()})
    return _decode_fates(found)


def read_tallies(room: RoomId, messages: Sequence[int]) -> Asking[dict[str, dict[str, int]]]:
    found = yield Ask("tallies", {"room": room, "seqs": _encode(list(messages)).decode()})
    return {str(message): {} for message in messages} | _decode_tallies(found)


def read_mine(room: RoomId, messages: Sequence[int], *, person: PersonId) -> Asking[dict[str, list[str]]]:
    bindings = {"room": room, "person": person, "seqs": _encode(list(messages)).decode()}
    return {str(message): [] for message in messages} | _decode_mine((yield Ask("mine", bindings)))
