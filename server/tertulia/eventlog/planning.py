"""What a group of appends is answered with, and what is to be written for it: the part of a commit that is the same
for every log. No disk, no SQL; the transaction around it sees to it that what the draft knows stays true.

Each append of the group is answered by itself, and sees the ones before it as written.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from tertulia.domain.ids import PersonId, Seq, StreamName, stream_kind, stream_owner
from tertulia.eventlog import Append, Appended, Checkpoint, Conflict, Decided, Duplicates, Receipt
from tertulia.wire.stored import STORED_VERSION, Entry

Outcome = Appended | Conflict | Duplicates
Place = tuple[int, int]
"""A stream's number and its head."""


class Draft:
    """What this transaction is going to write, and what it knows so far."""

    def __init__(
        self,
        known: dict[tuple[PersonId, str], Receipt],
        places: dict[StreamName, Place],
        *,
        position: int,
        last_stream: int,
    ) -> None:
        self.known = known
        self.places = places
        self.position = position
        self.last_stream = last_stream
        self.streams: list[tuple[Any, ...]] = []
        self.entries: list[tuple[Any, ...]] = []
        self.appended: list[Entry] = []
        """The same, as readers see them."""
        self.receipts: list[tuple[Any, ...]] = []
        self.redacts: list[tuple[StreamName, int]] = []
        self.checkpoints: list[Checkpoint] = []

    def head(self, stream: StreamName) -> int:
        return self.places.get(stream, (0, 0))[1]


def streams_of(append: Append) -> Iterable[StreamName]:
    yield from append.expect
    for decided in append.decisions:
        yield decided.stream
        for planned in decided.events:
            yield planned.stream
        for stream, _ in decided.redacts:
            yield stream


def answer(draft: Draft, append: Append) -> Outcome:
    known = draft.known
    repeated = {
        place: known[decided.author, decided.key]
        for place, decided in enumerate(append.decisions)
        if decided.key is not None and (decided.author, decided.key) in known
    }
    if repeated:
        return Duplicates(repeated)
    moved = {stream: head for stream, seq in append.expect.items() if (head := draft.head(stream)) != seq}
    if moved:
        return Conflict(moved)
    return _plan(draft, append)


def _plan(draft: Draft, append: Append) -> Appended:
    """Give every event its place."""
    heads: dict[StreamName, int] = {}
    entries: list[Entry] = []
    receipts: list[Receipt] = []
    keys: dict[tuple[PersonId, str], Receipt] = {}
    for decided in append.decisions:
        for planned in decided.events:
            seq = heads[planned.stream] = heads.get(planned.stream, draft.head(planned.stream)) + 1
            entries.append(Entry(planned.stream, Seq(seq), decided.at, planned.by, planned.name, planned.data))
        receipt = _receipt(decided, heads.get(decided.stream, draft.head(decided.stream)))
        receipts.append(receipt)
        if decided.key is not None:
            assert (decided.author, decided.key) not in keys, "a key is used once in an append"
            keys[decided.author, decided.key] = receipt
    texts = [entry.data.decode() for entry in entries]
    redacts = [redact for decided in append.decisions for redact in decided.redacts]
    assert all(stream in draft.places or stream in heads for stream, _ in redacts), "what is redacted exists"
    for stream in dict.fromkeys(itertools.chain(heads, (receipt.stream for receipt in receipts))):
        _number(draft, stream)
    for stream, seq in heads.items():
        draft.places[stream] = (draft.places[stream][0], seq)
    for entry, text in zip(entries, texts, strict=True):
        draft.position += 1
        number = draft.places[entry.stream][0]
        draft.entries.append((draft.position, number, entry.seq, entry.at, entry.by, entry.name, STORED_VERSION, text))
    draft.appended.extend(entries)
    for (author, key), receipt in keys.items():
        number = draft.places[receipt.stream][0]
        draft.receipts.append((author, key, number, receipt.seq, receipt.at, receipt.fingerprint.hex()))
    draft.known.update(keys)
    draft.redacts.extend(redacts)
    if append.checkpoint is not None:
        draft.checkpoints.append(append.checkpoint)
    return Appended(receipts, entries)


def _receipt(decided: Decided, head: int) -> Receipt:
    """`head`: of the decision's stream, after its events."""
    if decided.events:
        assert decided.events[0].stream == decided.stream, "the receipt names the first event"
        head -= sum(planned.stream == decided.stream for planned in decided.events) - 1
    return Receipt(decided.stream, head, decided.at, decided.fingerprint)


def _number(draft: Draft, stream: StreamName) -> None:
    if stream not in draft.places:
        draft.last_stream += 1
        draft.places[stream] = (draft.last_stream, 0)
        draft.streams.append((draft.last_stream, stream, stream_kind(stream), stream_owner(stream)))
