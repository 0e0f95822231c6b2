"""What a projection is to the log that carries it: tables beside the log's own, folded from its entries.

A projection sees the log as one view, in the order of the commits:

    entry_read(position, stream, kind, owner, seq, at, by, name, data)

`position` counts all entries of the log from 1 without a hole; `stream` is a number that stays the stream's;
`kind` and `owner` are the parts of its name ("room/signals", "general"); `data` is JSON text. A fold must not
depend on where one slice ends and the next begins: the log may hand it one entry or ten thousand at a time.

Everything is SQL on the connection that is handed in, inside the log's transaction. Each statement lets go of
Python's lock and takes it again, which costs milliseconds while the event loop is busy; so few statements,
not one per entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import apsw

from tertulia.domain.ids import StreamName

Progress = Callable[[str, int, int], None]
"""Told (projection, entries folded, entries in all) from time to time while one is remade; from any thread."""


class Projection(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int:
        """Changed whenever its tables or its fold do: the stored ones are then dropped and remade."""
        ...

    @property
    def is_behind(self) -> bool:
        """Whether it may lag: folded in slices when the writer has nothing else to do, not with each append."""
        ...

    @property
    def names(self) -> frozenset[str] | None:
        """The events it folds: what is appended without any of them passes it over. None: it sees every event."""
        ...

    def create(self, connection: apsw.Connection, /) -> None: ...

    def drop(self, connection: apsw.Connection, /) -> None:
        """Remove all that any version of it ever made, or nothing."""
        ...

    def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
        """Fold the entries with `after` < position <= `upto`."""
        ...

    def finish(self, connection: apsw.Connection, /) -> None:
        """Make what is there only for reading and is quicker made all at once (indexes), unless it is there already.
        Called when a remade or late projection has come up to the log's head, before anything is read or appended."""
        ...

    def redact(self, connection: apsw.Connection, messages: Sequence[tuple[StreamName, int]], /) -> None:
        """Forget the text of these messages (stream, seq), which the log still has; after this, it has not."""
        ...
