"""`Reading` on the PostgreSQL log: each question is answered over one of the log's read connections, in the event loop.

The statements are PostgreSQL's, the questions and what is made of the answers are those of every log
(`log_reading.py`). Histories name the streams they are about, so that readers with a replica may ask that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import psycopg
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8

from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    StreamName,
    room_signals_stream,
    room_staff_stream,
    room_stream,
)
from tertulia.projections import Found, SimilarQuestion
from tertulia.projections.asking import Ask, Asking
from tertulia.projections.log_reading import LogReading, Make
from tertulia.projections.person_export import export_person
from tertulia.projections.postgres_message_sql import MESSAGES
from tertulia.projections.postgres_past_sql import PAST
from tertulia.projections.postgres_people_sql import PEOPLE
from tertulia.projections.postgres_search import TagLexicon, search_messages
from tertulia.projections.postgres_search_sql import SEARCH
from tertulia.projections.postgres_view_sql import VIEWS
from tertulia.projections.search_terms import Wanted
from tertulia.projections.similar import similar_questions

T = TypeVar("T")
Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
STATEMENTS: Final = MESSAGES | VIEWS | PAST | PEOPLE | SEARCH
_LEXICON: Final = TagLexicon()


class Readers(Protocol):
    """Where queries run: `eventlog/postgres_readers.py`, `postgres_replica.py`."""

    async def run(
        self,
        query: Callable[[Connection], Awaitable[T]],
        *,
        is_together: bool = False,
        history: Sequence[StreamName] = (),
    ) -> T: ...

    async def alone(self) -> Readers: ...

    async def close(self) -> None: ...


class PostgresReading(LogReading):
    def __init__(self, readers: Readers) -> None:
        super().__init__(_PostgresAsker(readers))


class _PostgresAsker:
    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def ask(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        return await self._run(make, is_together=False, history=history)

    async def ask_together(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        return await self._run(make, is_together=True, history=history)

    async def similar(self, cohort: CohortId, person: PersonId, text: str, /, *, limit: int) -> list[SimilarQuestion]:
        return await self.ask_together(lambda: similar_questions(_LEXICON, cohort, person, text, limit=limit))

    async def search(self, rooms: Sequence[RoomId], query: str, wanted: Wanted, /, *, limit: int) -> list[Found]:
        return await self.ask_together(lambda: search_messages(rooms, query, wanted, limit=limit), history=rooms)

    def person_export(self, person: PersonId, /) -> Iterator[dict[str, Any]]:
        """In an event loop of its own, for it blocks the thread it is in."""
        runner = asyncio.Runner()
        try:
            readers = runner.run(self._readers.alone())
            try:
                yield from export_person(
                    lambda ask: runner.run(readers.run(lambda connection: row_of(connection, ask))), person
                )
            finally:
                runner.run(readers.close())
        finally:
            runner.close()

    async def _run(self, make: Make[T], *, is_together: bool, history: Sequence[RoomId]) -> T:
        streams = [stream for room in history for stream in _streams_of(room)]
        return await self._readers.run(
            lambda connection: _answered(connection, make()), is_together=is_together, history=streams
        )


def _streams_of(room: RoomId) -> tuple[StreamName, ...]:
    return room_stream(room), room_signals_stream(room), room_staff_stream(room)


async def _answered(connection: Connection, asking: Asking[T]) -> T:
    try:
        ask = next(asking)
        while True:
            ask = asking.send(await row_of(connection, ask))
    except StopIteration as done:
        answer: T = done.value
        return answer


async def row_of(connection: Connection, ask: Ask) -> Any:
    """The answer: see `asking.py`."""
    cursor = connection.cursor(binary=True)
    cursor.adapters.register_loader("json", _JsonBytes)
    await cursor.execute(STATEMENTS[ask.statement], bound(ask.bindings), prepare=True)
    row = await cursor.fetchone()
    return row[0] if row is not None and len(row) == 1 else row


def bound(bindings: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers in one size, so that a statement is prepared once; and no text that PostgreSQL cannot take."""
    return {name: _value(value) for name, value in bindings.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _storable(value)
    return Int8(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


class _JsonBytes(Loader):
    """JSON as it came, for msgspec."""

    format = Format.BINARY

    def load(self, data: Any) -> bytes:
        return bytes(data)
