"""Reading and searching on the SQLite log keep their contracts, alone and shared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading

pytest.register_assert_rewrite("tests.contracts.reading_contract", "tests.contracts.search_contract")
from tests.contracts.reading_contract import OpenSchool, ReadingContract, School  # noqa: E402
from tests.contracts.search_contract import SearchContract  # noqa: E402


@pytest.fixture(params=["alone", "shared"])
async def open_school(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenSchool]:
    opened: list[SqliteLog] = []

    async def open_one() -> School:
        log = await SqliteLog.open(
            tmp_path / "log.sqlite3",
            projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex()),
            shared=request.param == "shared",
        )
        opened.append(log)
        return School(log, SqliteReading(log.readers), log.settle)

    yield open_one
    for log in opened:
        await log.close()


class TestSqliteReading(ReadingContract):
    @pytest.fixture
    async def open_school(self, open_school: OpenSchool) -> OpenSchool:
        return open_school


class TestSqliteSearch(SearchContract):
    @pytest.fixture
    async def open_school(self, open_school: OpenSchool) -> OpenSchool:
        return open_school
