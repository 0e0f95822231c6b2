"""Histories come from a replica that has all of them, and from the primary when it has not, is away, or is another's.

Method: a real streaming replica whose replay is stopped and started; what was answered says the answer, the log's
counts say by whom.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from structlog.testing import capture_logs

from tertulia.domain.events import MessageRedacted
from tertulia.domain.ids import room_stream
from tertulia.eventlog import LogRefused
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.stats import LogStats
from tertulia.projections.postgres_projections import PostgresProjections
from tertulia.projections.postgres_reading import PostgresReading
from tests.postgres_server import PostgresServer, postgres

pytest.register_assert_rewrite("tests.contracts.reading_contract")
from tests.contracts.reading_contract import ANA, BEN, ROOM, School  # noqa: E402

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

WITHIN_S = 15.0
Open = Callable[[str], Awaitable[tuple[School, LogStats]]]


@pytest.fixture(scope="module")
def replica(postgres: PostgresServer) -> Iterator[PostgresServer]:
    with PostgresServer(replica_of=postgres) as running:
        yield running


@pytest.fixture
async def opened(postgres: PostgresServer) -> AsyncIterator[Open]:
    """`await opened(URL of the replica)`: a school of an empty log, and what its log counts."""
    logs: list[PostgresLog] = []
    url = postgres.emptied_database()

    async def open_one(replica: str) -> tuple[School, LogStats]:
        stats = LogStats()
        log = await PostgresLog.open(
            url, cluster="school", replica=replica, projections=PostgresProjections(), stats=stats
        )
        logs.append(log)
        return School(log, PostgresReading(log.readers), settled), stats

    yield open_one
    await asyncio.gather(*(log.close() for log in logs))


async def settled() -> None:
    """Nothing lags."""


async def histories(school: School) -> tuple[list[str], list[str], list[int], int, int]:
    """Texts of a page, of a thread, what is found, the seq of a past moment, how many lines an export has."""
    page = await school.page(after=0)
    thread = await school.reading.thread(ROOM, 2, person=ANA, after=0, limit=9)
    found = await school.reading.search([ROOM], "apple", limit=9)
    past = await school.reading.room_at(ROOM, at=2**50)
    lines = await asyncio.to_thread(lambda: list(school.reading.person_export(ANA)))
    assert thread is not None
    assert past is not None
    texts = [message.text for message in page.messages]
    return texts, [message.text for message in thread.messages], [f.message.seq for f in found], past[0], len(lines)


async def until_read_from(school: School, stats: LogStats) -> None:
    until_s, before = time.monotonic() + WITHIN_S, stats.replica_reads
    while stats.replica_reads == before:
        assert time.monotonic() < until_s, "the replica is not read"
        await school.page(after=0)
        await asyncio.sleep(0.05)


async def test_what_a_replica_has_not_seen_the_primary_tells(
    postgres: PostgresServer, replica: PostgresServer, opened: Open
) -> None:
    school, stats = await opened(replica.url(postgres.last_database))
    await school.room()
    await school.say("apple", "apple pie")
    await until_read_from(school, stats)
    reads = stats.replica_reads
    assert await histories(school) == (["apple", "apple pie"], ["apple"], [2, 3], 3, 3)
    assert stats.replica_reads == reads + 5
    assert stats.replica_away == 0
    replica.ask("SELECT pg_wal_replay_pause()")
    try:
        await school.say("apple reply", by=BEN, reply_to=2)
        await school.do(MessageRedacted(message=3))
        reads, behind = stats.replica_reads, stats.replica_behind
        assert await histories(school) == (["apple", ""], ["apple", "apple reply"], [2, 4], 5, 3)
        assert (stats.replica_reads, stats.replica_behind) == (reads, behind + 5)
        _, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert [message.replies for message in view.messages] == [1, 0]
        assert (await school.reading.unread(ANA, [ROOM]))[ROOM].head == 5
        assert stats.replica_behind == behind + 5  # those never ask it
    finally:
        replica.ask("SELECT pg_wal_replay_resume()")
    await until_read_from(school, stats)
    assert await histories(school) == (["apple", ""], ["apple", "apple reply"], [2, 4], 5, 3)


async def test_a_replica_that_dies_is_missed_by_nobody_and_read_again_when_it_is_back(
    postgres: PostgresServer, replica: PostgresServer, opened: Open
) -> None:
    school, stats = await opened(replica.url(postgres.last_database))
    await school.room()
    await school.say("apple")
    await until_read_from(school, stats)
    replica.kill()
    with capture_logs() as said:
        for _ in range(3):
            assert await histories(school) == (["apple"], ["apple"], [2], 2, 2)
    assert stats.replica_away >= 12
    assert [(one["event"], one["log_level"]) for one in said] == [
        ("the replica cannot be read: the primary answers", "warning")
    ]
    replica.start()
    await until_read_from(school, stats)
    assert await histories(school) == (["apple"], ["apple"], [2], 2, 2)


async def test_another_log_is_no_replica(postgres: PostgresServer, opened: Open) -> None:
    other = await PostgresLog.open(postgres.new_database(), cluster="school", projections=PostgresProjections())
    await other.close()
    school, stats = await opened(postgres.url(postgres.last_database))
    await school.room()
    await school.say("apple")
    with capture_logs() as said:
        assert await histories(school) == (["apple"], ["apple"], [2], 2, 2)
    assert stats.replica_reads == 0
    assert stats.replica_away == 5
    assert "Another log is there" in said[0]["error"]
    heads = await school.log.heads([room_stream(ROOM)])
    assert heads == {room_stream(ROOM): 2}


async def test_a_replica_url_that_cannot_be_used_is_refused_by_its_name(postgres: PostgresServer, opened: Open) -> None:
    with pytest.raises(LogRefused, match="The log replica URL names no database"):
        await opened("postgresql://localhost")
