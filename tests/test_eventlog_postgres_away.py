"""PostgreSQL dies, says nothing, is full or read-only: appends are refused, nothing answered is lost, nothing refused
is written, and all goes on without a restart."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tertulia.domain import limits
from tertulia.eventlog import Append, Appended, Conflict, Decided, Duplicates, EventLog, LogFull, LogUnavailable
from tertulia.eventlog.postgres import PostgresLog
from tests.commit_cutter import LATE_S, CommitCutter, Cut
from tests.postgres_server import PostgresServer, postgres

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import (  # noqa: E402
    ANA,
    OTHER,
    ROOM,
    SIGNALS,
    appended,
    decided,
    entries_of,
    planned,
    post,
)

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

RECOVERY_S = 5.0
Open = Callable[[str], Awaitable[PostgresLog]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """`await opened(url)`; closed at the end."""
    logs: list[PostgresLog] = []

    async def open_one(url: str) -> PostgresLog:
        logs.append(await PostgresLog.open(url, cluster="school"))
        return logs[-1]

    yield open_one
    await asyncio.gather(*(log.close() for log in logs))


async def until_taken(log: EventLog, append: Append, *, within_s: float = RECOVERY_S) -> Appended:
    """Ask again and again until it is taken."""
    until_s = time.monotonic() + within_s
    while True:
        try:
            outcome = await log.append(append)
        except LogUnavailable:
            assert time.monotonic() < until_s, "it does not recover"
            await asyncio.sleep(0.02)
        else:
            assert isinstance(outcome, Appended), outcome
            return outcome


# --- a commit whose answer is lost ------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_keys", [True, False], ids=["keys", "no keys"])
@pytest.mark.parametrize("cut", ["command lost", "answer lost", "command late"])
async def test_a_commit_whose_answer_is_lost_is_asked_about_before_anything_is_said(
    postgres: PostgresServer, opened: Open, cut: Cut, has_keys: bool
) -> None:
    """Each append is answered as if nothing had happened, and is in the log once; wherever the connection was cut."""

    def one(text: str, *streams: object) -> Decided:
        events = (planned(ROOM, text), planned(SIGNALS, text))
        return decided(*events, key=f"key-{text}") if has_keys else Decided(ANA, None, b"", 1, ROOM, events)

    async with CommitCutter(postgres.empty_database()) as relay:
        log = await opened(relay.url)
        await appended(log, post(key="key-known"))
        relay.cut_next = cut
        began_s = time.monotonic()
        outcomes = await asyncio.gather(
            log.append(Append([one("first")], {ROOM: 1})),
            log.append(Append([one("late")], {ROOM: 1})),
            log.append(Append([one("second"), one("third")], {})),
            log.append(Append([post(key="key-known")], {})),
            log.append(Append([post(OTHER)], {OTHER: 0})),
        )
        assert relay.cuts == 1
        assert [type(outcome) for outcome in outcomes] == [Appended, Conflict, Appended, Duplicates, Appended]
        assert time.monotonic() - began_s > (LATE_S if cut == "command late" else 0)
        entries = await entries_of(log, ROOM)
        assert [entry.data[9:-2] for entry in entries] == [b"hello", b"first", b"second", b"third"]
        assert await log.heads([ROOM, SIGNALS, OTHER]) == {ROOM: 4, SIGNALS: 3, OTHER: 1}
        written = [entry for outcome in outcomes if isinstance(outcome, Appended) for entry in outcome.entries]
        assert sorted(entry for entry in written if entry.stream == ROOM) == entries[1:]
        await appended(log, post(), room=4)


async def test_what_is_not_known_is_not_answered_while_the_database_is_away(
    postgres: PostgresServer, opened: Open
) -> None:
    """The commit is done and its answer lost; then nothing answers for a while. Others are refused; this one waits."""
    async with CommitCutter(postgres.empty_database()) as relay:
        log = await opened(relay.url)
        await appended(log, post())
        role = "ALTER ROLE tertulia CONNECTION LIMIT "
        postgres.ask(role + "0")  # type: ignore[arg-type]
        try:
            relay.cut_next = "answer lost"
            waiting = log.append(Append([post(key="key-lost")], {ROOM: 1}))
            await asyncio.sleep(0.5)
            assert not waiting.done()
            with pytest.raises(LogUnavailable, match="too many connections"):
                await log.append(Append([post(key="key-refused")], {}))
            assert not waiting.done()
        finally:
            postgres.ask(role + "-1")  # type: ignore[arg-type]
        outcome = await asyncio.wait_for(waiting, RECOVERY_S)
        assert isinstance(outcome, Appended)
        assert await log.receipts(ANA, ["key-lost", "key-refused"]) == {"key-lost": outcome.receipts[0]}


async def test_closing_does_not_wait_for_ever_for_what_is_not_known(
    postgres: PostgresServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "log_close_s", 0.3)
    async with CommitCutter(postgres.empty_database()) as relay:
        log = await opened(relay.url)
        await appended(log, post())
        relay.cut_next = "answer lost"
        waiting = log.append(Append([post()], {ROOM: 1}))
        postgres.ask("ALTER ROLE tertulia CONNECTION LIMIT 0")
        try:
            await asyncio.gather(log.close(), return_exceptions=True)
        finally:
            postgres.ask("ALTER ROLE tertulia CONNECTION LIMIT -1")
        with pytest.raises(LogUnavailable, match="not known"):
            await waiting


# --- the server dies --------------------------------------------------------------------------------------------------


class Load:
    """Writers that send each key once: acked ones must be in the log, refused ones must not."""

    def __init__(self, logs: list[PostgresLog], *, writers: int) -> None:
        self.acked: dict[str, int] = {}
        self.refused: set[str] = set()
        self._is_over = False
        self._tasks = [
            asyncio.create_task(self._write(log, f"n{n}w{w}")) for n, log in enumerate(logs) for w in range(writers)
        ]

    async def end(self) -> None:
        self._is_over = True
        await asyncio.gather(*self._tasks)

    async def more(self, number: int, *, within_s: float) -> None:
        """Wait until that many more are acked."""
        wanted, until_s = len(self.acked) + number, time.monotonic() + within_s
        while len(self.acked) < wanted:
            assert time.monotonic() < until_s, "it does not recover"
            await asyncio.sleep(0.01)

    async def _write(self, log: PostgresLog, name: str) -> None:
        for number in count():
            if self._is_over:
                return
            key = f"{name}-{number}"
            try:
                outcome = await log.append(Append([decided(planned(ROOM, key), planned(SIGNALS, key), key=key)], {}))
            except LogUnavailable:
                self.refused.add(key)
                await asyncio.sleep(0.01)
            else:
                assert isinstance(outcome, Appended), outcome
                self.acked[key] = outcome.receipts[0].seq

    async def check(self, log: PostgresLog) -> None:
        entries = await entries_of(log, ROOM)
        keys = [entry.data.split(b'"')[3].decode() for entry in entries]
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert {key: seq for seq, key in enumerate(keys, start=1)} == self.acked
        assert len(keys) == len(self.acked)
        assert await log.heads([ROOM, SIGNALS]) == {ROOM: len(keys), SIGNALS: len(keys)}
        assert not self.refused & set(keys)


@pytest.mark.slow
async def test_nothing_answered_is_lost_and_nothing_refused_is_written_when_the_server_is_killed(
    postgres: PostgresServer, opened: Open
) -> None:
    """Under load: kill -9 of all its processes, of one backend (it then ends all others), and a fast shutdown."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - the moments of the kills; the operating system adds its own
    chance = random.Random(seed)
    url = postgres.empty_database()
    logs = [await opened(url) for _ in range(2)]
    load = Load(logs, writers=8)
    for kill in range(6):
        await load.more(20, within_s=RECOVERY_S)
        await asyncio.sleep(chance.uniform(0, 0.1))
        if kill % 3 == 0:
            await asyncio.to_thread(postgres.restart)
        elif kill % 3 == 1:
            await asyncio.to_thread(postgres.kill_backend)
        else:
            await asyncio.to_thread(postgres.stop)
            await asyncio.to_thread(postgres.start)
    await load.more(20, within_s=RECOVERY_S)
    await load.end()
    assert load.refused
    await load.check(logs[0])


async def test_connections_that_are_ended_are_opened_anew_without_a_refusal(
    postgres: PostgresServer, opened: Open
) -> None:
    """Idle ones: nobody had noticed that they were gone."""
    log = await opened(postgres.empty_database())
    await appended(log, post())
    await asyncio.gather(*(log.heads([ROOM]) for _ in range(20)))
    end_all(postgres)
    assert await log.heads([ROOM]) == {ROOM: 1}
    await appended(log, post(), room=1)


async def test_a_server_that_says_nothing_is_hung_up_on(
    postgres: PostgresServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was under way is not answered until it is known; when the server goes on, it is."""
    monkeypatch.setattr(limits, "log_answer_s", 0.3)
    monkeypatch.setattr(limits, "log_connect_s", 1.0)
    log = await opened(postgres.empty_database())
    await appended(log, post())
    with postgres.paused():
        refused = log.append(Append([post(key="key-refused")], {ROOM: 1}))
        with pytest.raises(LogUnavailable):
            await log.heads([ROOM])
        with pytest.raises(LogUnavailable):
            await refused
    await until_taken(log, Append([post()], {ROOM: 1}))
    assert await log.receipts(ANA, ["key-refused"]) == {}


# --- what it cannot do for now ----------------------------------------------------------------------------------------


async def test_a_server_that_became_read_only_refuses_appends_and_serves_reading(
    postgres: PostgresServer, opened: Open
) -> None:
    log = await opened(postgres.empty_database())
    await appended(log, post())
    database = sql.Identifier(postgres.last_database)
    postgres.ask(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(database))
    end_all(postgres)
    with pytest.raises(LogUnavailable, match="read-only"):
        await log.append(Append([post()], {ROOM: 1}))
    assert len(await entries_of(log, ROOM)) == 1
    postgres.ask(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(database))
    await until_taken(log, Append([post()], {ROOM: 1}))


async def test_another_log_under_the_same_address_is_not_written_to(postgres: PostgresServer, opened: Open) -> None:
    log = await opened(postgres.empty_database())
    await appended(log, post())
    end_all(postgres)
    other = await opened(postgres.empty_database())
    for ask in (log.append(Append([post()], {})), log.heads([ROOM])):
        with pytest.raises(LogUnavailable, match="Another log is there now"):
            await ask
    assert await other.heads([ROOM]) == {ROOM: 0}


@pytest.fixture
def small_disk(postgres: PostgresServer) -> Iterator[Path]:
    """A disk of 8 MiB on which new tables are made."""
    folder = postgres.folder / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small tmpfs cannot be mounted here (root only)")
    shutil.chown(folder, "postgres", "postgres")
    postgres.ask(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(folder))))
    postgres.ask("GRANT ALL ON TABLESPACE small TO tertulia")
    postgres.ask("ALTER ROLE tertulia SET default_tablespace = small")
    yield folder
    postgres.ask("ALTER ROLE tertulia RESET default_tablespace")
    postgres.empty_database()
    with suppress(psycopg.Error):
        postgres.ask("DROP TABLESPACE small")
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_refuses_appends_and_recovers(
    postgres: PostgresServer, opened: Open, small_disk: Path
) -> None:
    log = await opened(postgres.empty_database())
    acked: list[str] = []
    numbers = count()

    async def fill() -> None:
        while True:
            keys = [f"key-{next(numbers)}" for _ in range(50)]
            appends = [log.append(Append([post(text=f"{key} " + "x" * 500, key=key)], {})) for key in keys]
            outcomes = await asyncio.gather(*appends, return_exceptions=True)
            acked.extend(key for key, outcome in zip(keys, outcomes, strict=True) if isinstance(outcome, Appended))
            if full := [outcome for outcome in outcomes if not isinstance(outcome, Appended)]:
                assert all(isinstance(outcome, LogFull) for outcome in full), full
                return

    with ballast(small_disk):
        await fill()
        await fill()
        keys = [entry.data.split(b'"')[3].split()[0].decode() for entry in await entries_of(log, ROOM)]
        assert keys == acked != []
    before = len(acked)
    await fill()
    assert len(acked) > before + 100
    assert set(await log.receipts(ANA, acked)) == set(acked)


@contextmanager
def ballast(folder: Path) -> Iterator[None]:
    path = folder / "ballast"
    path.write_bytes(bytes(4 * 1024 * 1024))
    yield
    path.unlink()


def end_all(server: PostgresServer) -> None:
    """End the connections of the log, as an administrator would."""
    server.ask("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'tertulia'")
