"""The event log: the truth. The port, and what every implementation promises.

- A stream's entries have seq 1, 2, 3, … without a hole. Two readers never see different entries at the same
  seq.
- `append` returns after the commit: what was answered is on disk (for SQLite: WAL with `synchronous=FULL`).
- An append names the version it follows (`expect`); when a stream has moved on, nothing is written:
  `Conflict`.
- (author, key) is unique for as long as the log is kept. When a planned decision's key is there already,
  nothing of the whole append is written: `Duplicates` says which, with the receipts of the first time.
- All of one append is written, or nothing.
- `epoch` says which incarnation of the log this is; it changes when a log is made anew, never while it lives.

Errors: `LogFull` and `LogUnavailable` while running (the caller refuses with `later`, reading goes on);
`LogRefused` when opening (damaged, newer than the program, in use), with a sentence that says what to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import NamedTuple, Protocol

from tertulia.domain.ids import PersonId, StreamName
from tertulia.wire.stored import Entry


class LogFull(Exception):
    """Nothing can be written: the disk is full."""


class LogUnavailable(Exception):
    """The log cannot be reached or is closing."""


class LogRefused(Exception):
    """The log is not opened and was not touched; the message says why and what to do."""


class LogUrlRefused(LogRefused):
    """The URL of the log makes no sense."""


class LogUnreached(LogRefused):
    """The log's database does not answer, or takes nobody in now."""


class Planned(NamedTuple):
    """An event to be written: its stream, who readers see as author, its name and data."""

    stream: StreamName
    by: PersonId
    name: str
    data: bytes


class Receipt(NamedTuple):
    """What a command's key was answered with. `fingerprint` tells whether another body came under the same key."""

    stream: StreamName
    seq: int
    at: int
    fingerprint: bytes


class Decided(NamedTuple):
    """One accepted command. `author` is the real one and never leaves the log. `events` may be empty (a repeat that
    changes nothing); the receipt then names `stream` at its head. `key` is None for what the server itself decides.
    The receipt names the first event, which must stand in `stream`."""

    author: PersonId
    key: str | None
    fingerprint: bytes
    at: int
    stream: StreamName
    events: tuple[Planned, ...]
    redacts: tuple[tuple[StreamName, int], ...] = ()
    """Entries whose text goes out of the log in the same transaction."""


class Checkpoint(NamedTuple):
    """A saved state of what decides on a stream, so that loading it does not read all of its history. A cache: it may
    be dropped at any time. `positions` holds the seq of each stream folded into `state`."""

    owner: StreamName
    version: int
    positions: dict[StreamName, int]
    state: bytes


class Append(NamedTuple):
    """Decisions in order, all or nothing. `expect`: stream → its head before the first event (0: empty)."""

    decisions: Sequence[Decided]
    expect: Mapping[StreamName, int]
    checkpoint: Checkpoint | None = None


class Appended(NamedTuple):
    """`receipts[i]` answers `decisions[i]`; `entries` are all that was written, in order."""

    receipts: list[Receipt]
    entries: list[Entry]


class Conflict(NamedTuple):
    """Nothing was written: these streams have other heads than expected."""

    heads: dict[StreamName, int]


class Duplicates(NamedTuple):
    """Nothing was written: the decisions at these places were answered before."""

    receipts: dict[int, Receipt]


class EventLog(Protocol):
    @property
    def epoch(self) -> str: ...

    def append(self, append: Append, /) -> Awaitable[Appended | Conflict | Duplicates]:
        """Taken at once, in the order of the calls; awaited for the answer. Of `Duplicates` and `Conflict`, when both
        are so, the former is told. What is awaited may be let go: the append then still happens, or does not.
        """
        ...

    async def read(self, stream: StreamName, *, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries with seq > `after`, in order."""
        ...

    async def heads(self, streams: Sequence[StreamName]) -> dict[StreamName, int]:
        """The newest seq of each stream in one query; 0 for one that has no entry."""
        ...

    async def receipts(self, author: PersonId, keys: Sequence[str]) -> dict[str, Receipt]:
        """What these keys of this author were answered with; unknown keys are left out."""
        ...

    async def checkpoint(self, owner: StreamName, *, version: int) -> Checkpoint | None: ...

    async def close(self) -> None:
        """Answers what is under way, then lets go of the files or connections."""
        ...
