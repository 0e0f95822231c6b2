"""Reading from PostgreSQL costs the same in a room of 8,000 messages as in one of 400: counted in rows it looks at.

Method: each statement a question sends is explained with the rows that its plan really touches (what an index gave,
what a filter threw away), with a plan made for any values and before the database has counted its tables, when plans
are worst. The rooms are those of test_projections_scale.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
import pytest

from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.eventlog import Append, Appended
from tertulia.eventlog.postgres import PostgresLog
from tertulia.projections import Found, SimilarQuestion
from tertulia.projections.asking import Asking
from tertulia.projections.log_reading import LogReading, Make
from tertulia.projections.postgres_projections import PostgresProjections
from tertulia.projections.postgres_reading import STATEMENTS, bound, row_of
from tertulia.projections.postgres_search import TagLexicon, search_messages
from tertulia.projections.search_terms import Wanted
from tertulia.projections.similar import similar_questions
from tests.postgres_server import PostgresServer, postgres
from tests.test_projections_scale import ANA, LARGE, QUESTIONS, SMALL, history

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

T = TypeVar("T")
MESSAGES = {SMALL: 400, LARGE: 8_000}
MORE = 1.5
BIG = {"entry", "message", "reaction", "tally", "searched", "marker", "mention", "member", "alias", "moment"}


class CountingAsker:
    def __init__(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self.rows = 0

    async def ask(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        return await self._answered(make())

    async def ask_together(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        return await self._answered(make())

    async def similar(self, cohort: CohortId, person: PersonId, text: str, /, *, limit: int) -> list[SimilarQuestion]:
        return await self._answered(similar_questions(TagLexicon(), cohort, person, text, limit=limit))

    async def search(self, rooms: Sequence[RoomId], query: str, wanted: Wanted, /, *, limit: int) -> list[Found]:
        return await self._answered(search_messages(rooms, query, wanted, limit=limit))

    def person_export(self, person: PersonId, /) -> Iterator[dict[str, Any]]:
        raise AssertionError("an export reads everything")

    async def _answered(self, asking: Asking[T]) -> T:
        try:
            ask = next(asking)
            while True:
                explained = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + STATEMENTS[ask.statement]
                cursor = await self._connection.execute(explained, bound(ask.bindings), prepare=True)
                ((plans,),) = await cursor.fetchall()
                self.rows += touched(plans[0]["Plan"])
                ask = asking.send(await row_of(self._connection, ask))
        except StopIteration as done:
            answer: T = done.value
            return answer


def touched(plan: dict[str, Any]) -> int:
    rows = 0
    if plan.get("Relation Name") in BIG:
        removed = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck", "Join Filter"))
        rows = (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    return rows + sum(touched(part) for part in plan.get("Plans", ()))


async def fill(url: str) -> None:
    log = await PostgresLog.open(url, cluster="school", projections=PostgresProjections())
    for room, messages in MESSAGES.items():
        happened = history(room, messages)
        for start in range(0, len(happened), 2_000):
            assert isinstance(await log.append(Append(happened[start : start + 2_000], {})), Appended)
    await log.close()


@pytest.fixture(scope="module")
def filled(postgres: PostgresServer) -> str:
    postgres.set("autovacuum", "off")
    asyncio.run(fill(url := postgres.new_database()))
    return url


@pytest.fixture
async def asker(filled: str) -> AsyncIterator[CountingAsker]:
    async with await psycopg.AsyncConnection.connect(filled, autocommit=True) as connection:
        for setting in ("search_path = tertulia", "plan_cache_mode = force_generic_plan", "jit = off"):
            await connection.execute(f"SET {setting}")  # type: ignore[arg-type]
        for way in ("seqscan", "hashjoin", "mergejoin"):
            await connection.execute(f"SET enable_{way} = off")  # type: ignore[arg-type]
        yield CountingAsker(connection)


async def test_a_large_room_costs_no_more_than_a_small_one(asker: CountingAsker) -> None:
    costs = {}
    for name, question in QUESTIONS.items():
        for room in (SMALL, LARGE):
            asker.rows = 0
            assert await question(LogReading(asker), room, MESSAGES[room] // 2)  # type: ignore[arg-type]
            costs[name, room] = asker.rows
    dear = {name: costs[name, LARGE] for name in QUESTIONS if costs[name, LARGE] > MORE * costs[name, SMALL] + 5}
    assert not dear, costs
    assert all(cost < 2_000 for cost in costs.values()), costs


async def test_a_word_that_is_everywhere_is_looked_for_in_a_bounded_number_of_messages(asker: CountingAsker) -> None:
    """In the newest slices of the room, or among its newest messages when it is only begun."""
    for query, messages in (('"common"', 2 * limits.search_slice_messages), ("comm", limits.search_newest_max)):
        asker.rows = 0
        assert len(await LogReading(asker).search([LARGE], query, limit=20)) == 20
        assert asker.rows <= messages + 4 * limits.search_candidates_max, query
    asker.rows = 0
    assert await LogReading(asker).search([LARGE], '"common number77"', by=ANA, limit=20) == []
    assert asker.rows <= MESSAGES[LARGE] // 40
