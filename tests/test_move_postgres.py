"""`tertulia migrate`: a SQLite log in PostgreSQL is the same log; a cut at any moment is gone on from; what must not be
moved is refused, and nothing is changed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tertulia.app import PROJECTIONS, open_postgres
from tertulia.auth.secret import deployment_name, own_secret
from tertulia.cli.exits import DATA, TROUBLE, UNREACHED, USAGE
from tertulia.domain import limits
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import PersonId, StreamName, room_staff_stream, room_stream, user_stream
from tertulia.eventlog import Append, Appended, Checkpoint, Decided, Duplicates, EventLog, LogRefused, Planned, move
from tertulia.eventlog.folder_lock import FolderLock
from tertulia.eventlog.move_check import verify
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections import Reading
from tertulia.projections.postgres_reading import PostgresReading
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.wire.stored import encode_event
from tests.commands import bare_environment
from tests.postgres_server import PostgresServer, postgres
from tests.redis_server import free_port
from tests.school import make_school
from tests.servers import TERTULIA
from tests.test_cli_bad_input import must_be_one_sentence
from tests.test_cli_postgres import run
from tests.test_projections_fold import ACTS, COHORT, CUTS, PEOPLE_IDS, PRELUDE, ROOM, SIGNALS, Play

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

STREAMS = [
    room_stream(ROOM),
    room_staff_stream(ROOM),
    SIGNALS,
    *map(user_stream, PEOPLE_IDS),
    *map(StreamName, ("cohort/demo", "cohort/demo/staff", "room/lounge", "room/odd")),
]
ODD = PersonId("p-odd")
# What COPY, JSON or a collation could spoil.
TEXTS = [r"\u0000 \\N \t", "tab\\tand\\nline \\\\. end", "ä 𝄞 \u2028 '$", r"\\x00"]
SAID = encode_event(MessagePosted(text="And on it goes."))
KEYS = [f"Key-{n:02d}" for n in range(9)] + ["a.b:c", "Z", "a", "_", "~"]


def quiet(name: str, done: int, total: int) -> None: ...


def odd_appends() -> list[Append]:
    data = [json.dumps({"text": "x"}).replace("x", text).encode() for text in TEXTS]
    events = tuple(Planned(StreamName("room/odd"), ODD, "message_posted", one) for one in data)
    events += (Planned(StreamName("room/odd"), ODD, "message_edited", b'{"message":1,"revision":1,"text":"Edited"}'),)
    post = [
        Decided(ODD, key, bytes([n, 0, 255, 92]), 1_700_000_000_000 + n, StreamName("room/odd"), events)
        for n, key in enumerate(KEYS)
    ]
    repeat = Decided(ODD, "changes-nothing", b"\0", 5, StreamName("room/empty"), ())
    saved = Checkpoint(StreamName("room/odd"), 3, {StreamName("room/odd"): 2}, b"\x00\\state\xff")
    return [Append(post, {}, saved), Append([repeat], {})]


async def fill(path: Path, appends: list[Append]) -> None:
    log = await SqliteLog.open(path, projections=PROJECTIONS)
    for outcome in await asyncio.gather(*map(log.append, appends)):
        assert isinstance(outcome, Appended)
    await log.close()


async def all_of(log: EventLog) -> dict[str, Any]:
    """All that the port tells."""
    return {
        "epoch": log.epoch,
        "entries": [await log.read(stream, after=0, limit=100_000) for stream in STREAMS],
        "heads": await log.heads([*STREAMS, StreamName("room/empty"), StreamName("room/none")]),
        "receipts": [await log.receipts(PersonId(author), [*KEYS, "changes-nothing"]) for author in (*PEOPLE_IDS, ODD)],
        "checkpoint": await log.checkpoint(StreamName("room/odd"), version=3),
    }


async def read_from(reading: Reading) -> list[Any]:
    """Some of what is derived, of each kind of stream."""
    people = [await reading.user_view(person) for person in PEOPLE_IDS]
    views = [await reading.room_view(ROOM), await reading.cohort_view(COHORT), await reading.staff_view(ROOM)]
    return [*people, *views, await reading.messages(ROOM, person=PEOPLE_IDS[0], limit=100)]


async def move_all(path: Path, url: str, *, progress: Callable[[str, int, int], None] = quiet) -> None:
    async with move.opened(path, url, cluster="school") as opened:
        await opened.copy(progress)
        await verify(opened, progress)
        made = await open_postgres(url, cluster="school", moved=opened.epoch, progress=progress)
        await made.close()
        await opened.finish()


class Cut(Exception):
    """The process ends here."""


@given(acts=ACTS, cuts=CUTS, ends=st.lists(st.integers(1, 12), max_size=3))
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_a_moved_log_gives_the_same_answers(
    postgres: PostgresServer, acts: list[Any], cuts: list[int], ends: list[int]
) -> None:
    """Random history, moved in slices of seven rows, cut again and again; both logs answer alike, and go on alike."""
    play = Play()
    for person, command in [*PRELUDE, *acts]:
        play.act(person, command)
    decided = [one._replace(key=f"{KEYS[n % 9]}-{n}") for n, one in enumerate(play.decided)]
    appends = [Append([one], {}) for one in decided]

    async def story(folder: Path) -> None:
        path, url = folder / "tertulia.sqlite3", postgres.empty_database()
        await fill(path, [*appends, *odd_appends()])
        for end in ends:
            steps = iter(range(end))

            def cut(name: str, done: int, total: int, steps: Iterator[int] = steps) -> None:
                if next(steps, None) is None:
                    raise Cut

            with contextlib.suppress(Cut):
                await move_all(path, url, progress=cut)
                pytest.fail("it was cut")
        await move_all(path, url)
        with pytest.raises(LogRefused, match="was moved"):
            await SqliteLog.open(path, projections=())
        (folder / "tertulia.sqlite3-moved").unlink()
        old = await SqliteLog.open(path, projections=PROJECTIONS)
        new = await open_postgres(url, cluster="school")
        assert await all_of(new) == await all_of(old)
        assert await read_from(PostgresReading(new.readers)) == await read_from(SqliteReading(old.readers))
        unmarked = "SELECT count(*) FROM tertulia.entry WHERE name = 'message_edited' AND about IS NULL"
        assert postgres.ask(unmarked, postgres.last_database) == [(0,)], "a redaction finds edits by it"
        post = Decided(ODD, "new", b"", play.at, room_stream(ROOM), (Planned(room_stream(ROOM), ODD, *SAID),))
        again = [Append([decided[-1]], {}), Append([post], {}), *odd_appends()]
        for append in again:
            there, here = await new.append(append), await old.append(append)
            assert there == here
            assert isinstance(here, Duplicates) == (append is not again[1])
        await old.close()
        await new.close()

    before = limits.move_slice_rows
    limits.move_slice_rows = 7  # type: ignore[misc]
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(story(Path(folder)))
    finally:
        limits.move_slice_rows = before  # type: ignore[misc]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 12,000 messages; not to be changed."""
    folder = tmp_path_factory.mktemp("school")
    own_secret(folder)
    asyncio.run(make_school(folder))
    numbers = range(200)
    events = tuple(Planned(room_stream(ROOM), ODD, "message_posted", b'{"text":"word %d"}' % n) for n in numbers)
    decisions = [Decided(ODD, f"key-{n}", b"", 2_000_000_000_000, room_stream(ROOM), events) for n in range(60)]
    asyncio.run(fill(folder / "tertulia.sqlite3", [Append([one], {}) for one in decisions]))
    return folder


_WAITING: LiteralString = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def interrupted(command: list[str], postgres: PostgresServer) -> str:
    """Ctrl-C while it waits for a lock of ours; what it says."""
    where = postgres.url(postgres.last_database)
    with psycopg.connect(where) as held:
        held.execute("LOCK TABLE tertulia.meta IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            command, env=bare_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 60
        while not postgres.ask(_WAITING, postgres.last_database):
            assert process.poll() is None
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == TROUBLE
    return said


def copy_of(school: Path, folder: Path) -> Path:
    shutil.copytree(school, folder / "data")
    return folder / "data"


def test_a_killed_migration_is_gone_on_with(postgres: PostgresServer, school: Path, tmp_path: Path) -> None:
    """SIGKILL when part of the entries is there; again; then both are the same and the folder is marked."""
    data, url = copy_of(school, tmp_path), postgres.new_database()
    command = [str(TERTULIA), "migrate", "--data", str(data), "--log", url]
    process = subprocess.Popen(command, env=bare_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    entries = 0
    deadline = time.monotonic() + 60
    while not entries:
        assert process.poll() is None, "it was not slow enough to be killed"
        assert time.monotonic() < deadline
        with contextlib.suppress(psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            ((entries,),) = postgres.ask("SELECT count(*) FROM tertulia.entry", postgres.last_database)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ((before,),) = postgres.ask("SELECT count(*) FROM tertulia.entry", postgres.last_database)
    refused = run("export", "--data", str(data), "--cohort", "demo", "--room", "general", "--log", url)
    must_be_one_sentence(refused.stderr, ("is being moved", "tertulia migrate"))
    assert refused.returncode == DATA

    must_be_one_sentence(interrupted(command, postgres), ("Give the same command again",))
    done = run("migrate", "--data", str(data), "--log", url)
    assert done.returncode == 0, done.stderr
    assert "Verified" in done.stdout
    assert before
    export = ["export", "--data", str(data), "--cohort", "demo", "--room", "general", "--format", "jsonl"]
    there = run(*export, "--log", url)
    assert there.returncode == 0, there.stderr
    assert there.stdout.count("\n") == 12_000
    here = run(*export)
    must_be_one_sentence(here.stderr, ("was moved: to PostgreSQL at 127.0.0.1", "--log postgresql://", "rm "))
    assert here.returncode == DATA
    (data / "tertulia.sqlite3-moved").unlink()
    assert run(*export).stdout == there.stdout

    again = run("migrate", "--data", str(data), "--log", url)
    must_be_one_sentence(again.stderr, ("holds this folder's log already",))
    assert again.returncode == DATA


def test_what_must_not_be_moved_is_refused(postgres: PostgresServer, school: Path, tmp_path: Path) -> None:
    data, url = copy_of(school, tmp_path), postgres.new_database()
    lock = FolderLock(data, shared=False)
    done = run("migrate", "--data", str(data), "--log", url)
    lock.release()
    must_be_one_sentence(done.stderr, ("is in use by process", "Stop it first"))
    assert done.returncode == DATA
    assert postgres.ask("SELECT to_regnamespace('tertulia')", postgres.last_database) == [(None,)]

    async def make_another() -> None:
        await (await PostgresLog.open(url, cluster=deployment_name(own_secret(data)))).close()

    asyncio.run(make_another())
    cases = {
        url: (DATA, "is not empty: it holds another log"),
        f"postgresql://u:p@127.0.0.1:{free_port()}/d": (UNREACHED, "cannot be reached"),
        "sqlite:///somewhere": (USAGE, "give postgresql://"),
    }
    for target, (code, words) in cases.items():
        done = run("migrate", "--data", str(data), "--log", target)
        must_be_one_sentence(done.stderr, (words,))
        assert done.returncode == code
    done = run("migrate", "--data", str(tmp_path), "--log", url)
    must_be_one_sentence(done.stderr, ("There is no log", "--data"))
    assert not (data / "tertulia.sqlite3-moved").exists()


async def test_a_difference_is_found_and_a_log_that_grew_meanwhile_is_moved_anew(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    path, url = tmp_path / "tertulia.sqlite3", postgres.new_database()
    await fill(path, odd_appends())
    async with move.opened(path, url, cluster="school") as opened:
        await opened.copy(quiet)
    await fill(
        path, [Append([Decided(ODD, "A", b"", 9, room_stream(ROOM), odd_appends()[0].decisions[0].events[:0])], {})]
    )
    await move_all_but_the_end(path, url)
    for spoil in (
        "UPDATE tertulia.entry SET data = '{}' WHERE seq = 3 AND stream = 1",
        "UPDATE tertulia.receipt SET at = at + 1 WHERE key = 'Z'",
        "DELETE FROM tertulia.receipt WHERE key = '~'",
        "INSERT INTO tertulia.entry SELECT 1000, stream, 1000, at, by, name, version, about, data FROM tertulia.entry "
        "LIMIT 1",
        "UPDATE tertulia.stream SET head = head + 1 WHERE name = 'room/odd'",
    ):
        async with move.opened(path, url, cluster="school") as opened:
            await verify(opened, quiet)
            postgres.ask(spoil, postgres.last_database)
            with pytest.raises(LogRefused, match=r"differs\. The old log was not changed"):
                await verify(opened, quiet)
            postgres.ask("UPDATE tertulia.meta SET value = '' WHERE key = 'moving'", postgres.last_database)
            await opened.copy(quiet)


async def move_all_but_the_end(path: Path, url: str) -> None:
    async with move.opened(path, url, cluster="school") as opened:
        await opened.copy(quiet)
        await verify(opened, quiet)
