"""The connections that write to PostgreSQL: one is lost while a commit is under way, and then its group cannot be
written; one is lost and the other is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from tertulia.domain import limits
from tertulia.domain.ids import StreamName
from tertulia.eventlog import Append, Appended, Decided, LogUnavailable
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.stats import LogStats, Outage
from tests.commit_cutter import CommitCutter
from tests.postgres_server import PostgresServer, postgres

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import ANA, OTHER, ROOM, appended, entries_of, planned, post  # noqa: E402

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

RECOVERY_S = 10.0
BOTH: Final = (StreamName("room/b"), StreamName("room/d"))
"""One room for each of the two connections that write."""
BEGUN, OVER = "the log fails", "the log works again"


class Open(Protocol):
    def __call__(self, url: str, stats: LogStats | None = None) -> Awaitable[PostgresLog]: ...


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """`await opened(url)`; closed at the end."""
    logs: list[PostgresLog] = []

    async def open_one(url: str, stats: LogStats | None = None) -> PostgresLog:
        logs.append(await PostgresLog.open(url, cluster="school", stats=stats))
        return logs[-1]

    yield open_one
    await asyncio.gather(*(log.close() for log in logs))


# --- a group that cannot be written, after its first commit was lost sight of -----------------------------------------


HARM = """
CREATE SEQUENCE tertulia.ended;
CREATE FUNCTION tertulia.harm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.data::text LIKE '%is not taken%' THEN RAISE division_by_zero; END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION tertulia.harm_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.data::text LIKE '%ends its backend%' THEN
        PERFORM nextval('tertulia.ended'), pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER harm BEFORE INSERT ON tertulia.entry FOR EACH ROW EXECUTE FUNCTION tertulia.harm();
CREATE CONSTRAINT TRIGGER harm_at_commit AFTER INSERT ON tertulia.entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tertulia.harm_at_commit();
GRANT ALL ON SEQUENCE tertulia.ended TO tertulia;
"""


@pytest.mark.parametrize("has_keys", [True, False], ids=["keys", "no keys"])
async def test_what_was_not_written_and_never_will_be_is_refused_and_all_others_are_written(
    postgres: PostgresServer, opened: Open, has_keys: bool
) -> None:
    """A commit is lost sight of, and when its group is written again, the database does not take one of it."""

    def one(text: str) -> Append:
        return Append([Decided(ANA, f"key-{text}" if has_keys else None, b"", 1, ROOM, (planned(ROOM, text),))], {})

    async with CommitCutter(postgres.empty_database()) as relay:
        log = await opened(relay.url)
        await appended(log, post())
        postgres.ask(HARM, postgres.last_database)
        relay.cut_next = "command lost"
        texts = ["first", "is not taken", "second", "third"]
        answers = asyncio.gather(*(log.append(one(text)) for text in texts), return_exceptions=True)
        first, refused, *others = await asyncio.wait_for(answers, RECOVERY_S)
        assert isinstance(refused, LogUnavailable)
        assert str(refused) == "The append could not be written."
        assert all(isinstance(outcome, Appended) for outcome in [first, *others]), [first, *others]
        assert [entry.data[9:-2] for entry in await entries_of(log, ROOM)] == [b"hello", b"first", b"second", b"third"]
        await appended(log, post(), room=4)


async def test_what_ends_its_backend_is_given_up_and_all_others_are_written(
    postgres: PostgresServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At COMMIT, so that each time it is not known at first whether that was done."""
    monkeypatch.setattr(limits, "log_reconnect_max_s", 0.1)
    log = await opened(postgres.empty_database())
    await appended(log, post())
    postgres.ask(HARM, postgres.last_database)
    appends = [Append([post(text=text)], {}) for text in ("first", "ends its backend", "second")]
    answers = asyncio.gather(*map(log.append, appends), return_exceptions=True)
    first, given_up, second = await asyncio.wait_for(answers, RECOVERY_S)
    assert isinstance(given_up, LogUnavailable)
    assert isinstance(first, Appended)
    assert isinstance(second, Appended)
    assert [entry.data[9:-2] for entry in await entries_of(log, ROOM)] == [b"hello", b"first", b"second"]
    ((ends,),) = postgres.ask("SELECT last_value FROM tertulia.ended", postgres.last_database)
    assert ends == limits.log_tries_max + 1


async def test_a_lock_that_one_of_a_group_waits_for_keeps_no_answer_from_the_others(
    postgres: PostgresServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit of all is done; its answer is lost. Whoever holds a stream then keeps it from being asked about."""
    monkeypatch.setattr(limits, "log_lock_s", 0.2)
    monkeypatch.setattr(limits, "log_write_connections", 1)
    async with CommitCutter(postgres.empty_database()) as relay:
        log = await opened(relay.url)
        await asyncio.gather(*(appended(log, post(stream)) for stream in (OTHER, ROOM)))
        relay.cut_next = "command lost"
        with psycopg.connect(postgres.url(postgres.last_database)) as other:
            role = "ALTER ROLE tertulia CONNECTION LIMIT "
            postgres.ask(role + "0")  # type: ignore[arg-type]
            waiting, free = (log.append(Append([post(stream)], {stream: 1})) for stream in (OTHER, ROOM))
            while not relay.cuts:
                await asyncio.sleep(0.01)
            other.execute("SELECT id FROM tertulia.stream WHERE name = %s FOR UPDATE", [OTHER])
            postgres.ask(role + "-1")  # type: ignore[arg-type]
            assert isinstance(await asyncio.wait_for(free, RECOVERY_S), Appended)
            assert not waiting.done()
        assert isinstance(await asyncio.wait_for(waiting, RECOVERY_S), Appended)


# --- one connection of several ----------------------------------------------------------------------------------------


async def test_when_one_connection_is_lost_the_others_that_write_are_opened_anew(
    postgres: PostgresServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They all fall silent: that costs one long wait, not one for each. And none stays at a server that others left."""
    monkeypatch.setattr(limits, "log_answer_s", 1.0)
    async with CommitCutter(postgres.empty_database()) as relay:
        stats = LogStats()
        log = await opened(relay.url, stats)
        for room in BOTH:
            await appended(log, post(room))
        assert stats.failures == {}
        relay.silence()
        for room in BOTH:
            assert isinstance(await log.append(Append([post(room)], {room: 1})), Appended)
        assert stats.failures == {"unreachable": 1}


async def test_an_outage_is_told_once_when_it_begins_and_once_when_it_is_over(
    postgres: PostgresServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when one of the connections goes on meanwhile, and when nobody writes through the other afterwards."""
    monkeypatch.setattr(limits, "log_lock_s", 0.2)
    busy, quiet = BOTH
    log = await opened(postgres.empty_database())
    for room in BOTH:
        await appended(log, post(room))

    async def must_be_refused(room: StreamName) -> None:
        with pytest.raises(LogUnavailable):
            await log.append(Append([post(room)], {}))

    async def until_told(*wanted: str) -> None:
        async with asyncio.timeout(RECOVERY_S):
            while [line["event"] for line in lines] != list(wanted):
                await asyncio.sleep(0.02)
        lines.clear()

    with only_connections(postgres, 1):
        await appended(log, post(busy))  # it has the only one now
        with capture_logs() as lines:
            for _ in range(5):
                await must_be_refused(quiet)
                await appended(log, post(busy))
            await until_told(BEGUN)
    with capture_logs() as lines:
        await until_told(OVER)

        with only_connections(postgres, 0):
            for room in BOTH:
                await must_be_refused(room)
            await until_told(BEGUN)
        await until_told(OVER)

        with psycopg.connect(postgres.url(postgres.last_database)) as other:
            other.execute("SELECT id FROM tertulia.stream WHERE name = %s FOR UPDATE", [quiet])
            await must_be_refused(quiet)
        await until_told(BEGUN)
        await appended(log, post(busy))
        await until_told(OVER)


def test_what_began_before_a_failure_does_not_end_the_outage() -> None:
    """One connection finds the disk full while a commit of the other is under way."""
    outage = Outage(LogStats(), log="db/tertulia")
    with capture_logs() as lines:
        began_s = time.monotonic() - 1
        outage.failed("write", "full", "No space is left.")
        outage.succeeded("write", began_s=began_s)
        assert [line["event"] for line in lines] == [BEGUN]
        outage.succeeded("write", began_s=time.monotonic())
        assert [line["event"] for line in lines] == [BEGUN, OVER]


@contextmanager
def only_connections(server: PostgresServer, number: int) -> Iterator[None]:
    """The log loses all it has and gets no more than that many."""
    limit = sql.SQL("ALTER ROLE tertulia CONNECTION LIMIT {}")
    server.ask(limit.format(number))
    server.ask("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'tertulia'")
    try:
        yield
    finally:
        server.ask(limit.format(-1))
