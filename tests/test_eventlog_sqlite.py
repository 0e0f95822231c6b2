"""The SQLite log keeps the contract, alone and shared, with the projections a server carries and without any."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tertulia.eventlog import EventLog
from tertulia.eventlog.projection import Projection
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import LogContract, OpenLog  # noqa: E402

ALL: tuple[Projection, ...] = (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())


class TestSqliteLog(LogContract):
    @pytest.fixture(params=["alone", "shared", "bare"])
    async def open_log(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenLog]:
        opened: list[SqliteLog] = []

        async def open_one() -> EventLog:
            projections = () if request.param == "bare" else ALL
            log = await SqliteLog.open(
                tmp_path / "log.sqlite3", projections=projections, shared=request.param == "shared"
            )
            opened.append(log)
            return log

        yield open_one
        for log in opened:
            await log.close()
