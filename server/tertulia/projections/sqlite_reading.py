"""`Reading` on the SQLite log: each question is answered by one of the log's readers, in its thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar

import apsw

from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.projections import Found, SimilarQuestion
from tertulia.projections.asking import Ask, Asking
from tertulia.projections.log_reading import LogReading, Make
from tertulia.projections.person_export import export_person
from tertulia.projections.search import FtsLexicon, search_messages
from tertulia.projections.search_terms import Wanted
from tertulia.projections.similar import similar_questions
from tertulia.projections.sqlite_message_sql import MESSAGES
from tertulia.projections.sqlite_past_sql import PAST
from tertulia.projections.sqlite_people_sql import PEOPLE
from tertulia.projections.sqlite_view_sql import VIEWS

T = TypeVar("T")
STATEMENTS: Final = MESSAGES | VIEWS | PAST | PEOPLE


class Readers(Protocol):
    """Where queries run: `eventlog/sqlite_readers.py`."""

    async def run(self, query: Callable[[apsw.Connection], T], /) -> T: ...

    def connect(self) -> apsw.Connection: ...


class SqliteReading(LogReading):
    def __init__(self, readers: Readers) -> None:
        super().__init__(_SqliteAsker(readers))


class _SqliteAsker:
    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def ask(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        return await self._readers.run(lambda connection: _answered(connection, make()))

    async def ask_together(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        def in_one_transaction(connection: apsw.Connection) -> T:
            with connection:
                answer = _answered(connection, make())
            return answer

        return await self._readers.run(in_one_transaction)

    async def similar(self, cohort: CohortId, person: PersonId, text: str, /, *, limit: int) -> list[SimilarQuestion]:
        def find(connection: apsw.Connection) -> list[SimilarQuestion]:
            question = similar_questions(FtsLexicon(connection), cohort, person, text, limit=limit)
            return _answered(connection, question)

        return await self._readers.run(find)

    async def search(self, rooms: Sequence[RoomId], query: str, wanted: Wanted, /, *, limit: int) -> list[Found]:
        return await self._readers.run(
            lambda connection: search_messages(connection, rooms, query, wanted, limit=limit)
        )

    def person_export(self, person: PersonId, /) -> Iterator[dict[str, Any]]:
        connection = self._readers.connect()
        try:
            yield from export_person(lambda ask: _row(connection, ask), person)
        finally:
            connection.close()


def _row(connection: apsw.Connection, ask: Ask) -> Any:
    return connection.execute(STATEMENTS[ask.statement], ask.bindings).get


def _answered(connection: apsw.Connection, asking: Asking[T]) -> T:
    try:
        ask = next(asking)
        while True:
            ask = asking.send(_row(connection, ask))
    except StopIteration as done:
        answer: T = done.value
        return answer
