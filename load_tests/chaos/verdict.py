"""What was wrong: what each reader was told and what each writer was answered, against the log.

Counted by kind, with examples. `lost`: an accepted message that is not in the log where it was said to be, or one of
the log that a reader was never told. `gap`: a seq that does not follow the last one, unsaid. `duplicate`: an event told
twice over one connection, or one key with two effects. `other`: whatever else must not be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import httpx

from load_tests.chaos.records import Heard, heard_in_page

Kind = Literal["lost", "gap", "duplicate", "other"]
EXAMPLES_MAX: Final = 12
PAGE: Final = 500


class Faults:
    """Counts by kind; the first few in words."""

    def __init__(self) -> None:
        self.counts: Counter[Kind] = Counter()
        self.examples: list[str] = []

    def note(self, kind: Kind, sentence: str) -> None:
        self.counts[kind] += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(f"{kind}: {sentence}")

    @property
    def total(self) -> int:
        return self.counts.total()


class Acked(NamedTuple):
    """A message that was accepted."""

    stream: str
    seq: int
    text: str


class Reached(NamedTuple):
    """Where a reader stands in its stream: it has been told everything after `began` up to `last`."""

    name: str
    stream: str
    began: int
    last: int


def judge(
    faults: Faults,
    logs: Sequence[Mapping[str, Sequence[Heard]]],
    *,
    acked: Iterable[Acked],
    refused: Iterable[str],
    told: Mapping[str, Mapping[int, int]],
    readers: Iterable[Reached],
) -> None:
    """`logs`: stream → its entries, as each node tells them. `refused`: texts that were refused for good, or answered
    `later` and not sent again. `told`: stream → seq → digest of what readers were told."""
    log = logs[0]
    for stream, entries in log.items():
        _judge_stream(faults, stream, entries)
        if any(other[stream] != entries for other in logs[1:]):
            faults.note("other", f"{stream}: two nodes tell two histories")
    by_place = {(stream, entry.seq): entry for stream, entries in log.items() for entry in entries}
    for one in acked:
        entry = by_place.get((one.stream, one.seq))
        if entry is None or entry.text != one.text:
            what = "nothing" if entry is None else f"“{entry.text}”"
            faults.note("lost", f"{one.stream}: “{one.text}” was accepted as {one.seq}; there is {what}")
    texts = {entry.text for entries in log.values() for entry in entries}
    for text in texts.intersection(refused):
        faults.note("other", f"“{text}” was refused, and it is in the log")
    for stream, digests in told.items():
        for seq, digest in digests.items():
            known = by_place.get((stream, seq))
            if known is None or known.digest != digest:
                faults.note("other", f"{stream}: readers were told a {seq} that is not the log's")
    for reader in readers:
        missing = (log[reader.stream][-1].seq if log[reader.stream] else 0) - reader.last
        if missing > 0:
            faults.note("lost", f"{reader.name} was never told the last {missing} of {reader.stream}")
        elif missing < 0:
            faults.note("other", f"{reader.name} was told {-missing} more of {reader.stream} than there are")


def _judge_stream(faults: Faults, stream: str, entries: Sequence[Heard]) -> None:
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number:
            faults.note("gap", f"{stream}: the log has a hole before {entry.seq}")
            break
    for text, times in Counter(entry.text for entry in entries if entry.text).items():
        if times > 1:
            faults.note("duplicate", f"{stream}: “{text}” is there {times} times")


async def history(http: httpx.AsyncClient, stream: str) -> list[Heard]:
    """All of a stream, as a node pages it."""
    entries: list[Heard] = []
    while True:
        query: dict[str, Any] = {"stream": stream, "after": entries[-1].seq if entries else 0, "limit": PAGE}
        answer = (await http.get("/api/events", params=query)).raise_for_status().json()
        entries += [heard_in_page(stream, event) for event in answer["events"]]
        if not answer["events"] or entries[-1].seq >= answer["head"]:
            return entries
