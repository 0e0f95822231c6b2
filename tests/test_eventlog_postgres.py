"""The PostgreSQL log keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tertulia.eventlog import EventLog
from tertulia.eventlog.postgres import PostgresLog
from tests.postgres_server import PostgresServer, postgres

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import LogContract, OpenLog  # noqa: E402

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres


class TestPostgresLog(LogContract):
    @pytest.fixture
    async def open_log(self, postgres: PostgresServer) -> AsyncIterator[OpenLog]:
        url = postgres.empty_database()
        opened: list[PostgresLog] = []

        async def open_one() -> EventLog:
            log = await PostgresLog.open(url, cluster="school")
            opened.append(log)
            return log

        yield open_one
        for log in opened:
            await log.close()
