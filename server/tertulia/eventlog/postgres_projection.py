"""What projections are to the PostgreSQL log that carries them: tables beside its own, in the same schema, folded from
its entries in the transaction that appends them.

Rules for those who write them: an owner's rows (of a room, a cohort, a person) are folded from the owner's streams
alone, so that the lock of the owner's first stream keeps two nodes from folding them at once. New folds must work on
rows that older folds have made (until these are remade), and older nodes on tables that newer ones have extended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString, Protocol

import psycopg

from tertulia.domain.ids import StreamName
from tertulia.eventlog.postgres_rows import numbers, texts
from tertulia.wire.stored import Entry

Statement = tuple[LiteralString, str, Sequence[tuple[Any, ...]]]
"""A statement on rows that come as one array for each column; for each a letter: `n` numbers, `t` texts."""


class PostgresProjections(Protocol):
    @property
    def versions(self) -> Mapping[str, int]:
        """By name. When one of them is raised, all owners are remade."""
        ...

    @property
    def folded_here(self) -> str:
        """The name of what nodes fold and not the database: a node must not when a newer one has been there."""
        ...

    @property
    def steps(self) -> Sequence[LiteralString]:
        """What makes the tables, each step done once; with `tertulia` as the search path."""
        ...

    @property
    def functions(self) -> str:
        """What makes the folds, or makes them anew."""
        ...

    def asks(self, events: Iterable[tuple[StreamName, str]], /) -> Statement | None:
        """What must be known, under the locks, to fold these events (stream, name)."""
        ...

    def writes(
        self,
        entries: Iterable[Entry],
        found: Sequence[tuple[Any, ...]],
        redacted: Sequence[tuple[StreamName, int]],
        /,
    ) -> list[Statement]:
        """What is to be written after these entries, whose insert has run the folds of the database. `found`: what was
        asked for. `redacted`: messages whose text goes."""
        ...

    async def remake(
        self,
        connection: psycopg.AsyncConnection[Any],
        owners: Mapping[str, Sequence[str]],
        streams: Sequence[int],
        /,
        *,
        run: Callable[[Statement], Awaitable[None]],
        tell: Callable[[int], None],
    ) -> None:
        """Fold anew all that is of these owners (by kind), whose streams have these numbers, in the transaction that is
        open. `tell` hears of entries folded."""
        ...


_ARRAYS: Final[Mapping[str, Callable[[Iterable[Any]], str]]] = {"n": numbers, "t": texts}


def arrays_of(letters: str, rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """The parameters of a `Statement`."""
    return [_ARRAYS[letter](column) for letter, column in zip(letters, zip(*rows, strict=True), strict=True)]
