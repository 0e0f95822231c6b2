"""Reading and searching on the PostgreSQL log keep their contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tertulia.eventlog.postgres import PostgresLog
from tertulia.projections.postgres_projections import PostgresProjections
from tertulia.projections.postgres_reading import PostgresReading
from tests.postgres_server import PostgresServer, postgres

pytest.register_assert_rewrite("tests.contracts.reading_contract", "tests.contracts.search_contract")
from tests.contracts.reading_contract import OpenSchool, ReadingContract, School  # noqa: E402
from tests.contracts.search_contract import SearchContract  # noqa: E402

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres


async def settled() -> None:
    """Search is folded with each append."""


@pytest.fixture
async def open_school(postgres: PostgresServer) -> AsyncIterator[OpenSchool]:
    opened: list[PostgresLog] = []

    async def open_one() -> School:
        log = await PostgresLog.open(postgres.emptied_database(), cluster="school", projections=PostgresProjections())
        opened.append(log)
        return School(log, PostgresReading(log.readers), settled)

    yield open_one
    for log in opened:
        await log.close()


class TestPostgresReading(ReadingContract):
    @pytest.fixture
    async def open_school(self, open_school: OpenSchool) -> OpenSchool:
        return open_school


class TestPostgresSearch(SearchContract):
    @pytest.fixture
    async def open_school(self, open_school: OpenSchool) -> OpenSchool:
        return open_school
