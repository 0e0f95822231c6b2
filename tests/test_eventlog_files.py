"""Opening: what is made, what is refused with a sentence and without a byte changed, and whose folder it is."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, StreamName
from tertulia.eventlog import Append, Appended, LogRefused
from tertulia.eventlog.folder_lock import NAME as LOCK_NAME
from tertulia.eventlog.folder_lock import is_held
from tertulia.eventlog.migrations import APPLICATION_ID, MIGRATIONS, migrate
from tertulia.eventlog.projection import Projection
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.eventlog.sqlite_file import check
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import ROOM, entries_of, post  # noqa: E402

ALL: tuple[Projection, ...] = (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
PAGE = 4096


async def opened(path: Path, *, shared: bool = False) -> SqliteLog:
    return await SqliteLog.open(path, projections=ALL, shared=shared)


async def filled(path: Path, messages: int = 400) -> list[bytes]:
    """A log with messages over many pages, closed cleanly; what was written."""
    log = await opened(path)
    chance = random.Random(1)
    texts = [" ".join(f"word{chance.randrange(5000)}" for _ in range(40)) for _ in range(messages)]
    outcome = await log.append(Append([post(StreamName(f"room/r{n % 7}"), text) for n, text in enumerate(texts)], {}))
    assert isinstance(outcome, Appended)
    await log.close()
    return [entry.data for entry in outcome.entries]


def crashed(path: Path, messages: int = 50) -> None:
    """A log whose last commits are only in the write-ahead log, as a kill -9 leaves it."""
    program = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from tests.test_eventlog_files import opened\n"
        "from tests.contracts.log_contract import post\n"
        "from tertulia.eventlog import Append\n"
        "async def main():\n"
        "    log = await opened(Path(sys.argv[1]))\n"
        "    await log.append(Append([post(text=str(n)) for n in range(int(sys.argv[2]))], {}))\n"
        "    os._exit(9)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path), str(messages)], timeout=60, check=False)
    assert done.returncode == 9
    assert path.with_name(path.name + "-wal").stat().st_size > 0


def snapshot(folder: Path) -> dict[str, bytes]:
    """All files but SQLite's shared memory, which says nothing, and the lock."""
    return {
        file.name: file.read_bytes()
        for file in sorted(folder.iterdir())
        if not file.name.endswith("-shm") and file.name != LOCK_NAME
    }


async def refusal(path: Path) -> str:
    """The sentence; nothing of the folder may have changed."""
    before, files = snapshot(path.parent), {*os.listdir(path.parent), LOCK_NAME}
    with pytest.raises(LogRefused) as caught:
        await opened(path)
    assert snapshot(path.parent) == before
    assert {*os.listdir(path.parent)} == files
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "log.sqlite3"


# --- made ----------------------------------------------------------------------------------------------------


async def test_a_new_log_is_private_and_has_an_epoch_of_its_own(path: Path, tmp_path: Path) -> None:
    log, other = await opened(path), await opened(tmp_path / "other" / "log.sqlite3")
    assert log.epoch != other.epoch
    assert len(log.epoch) == 16
    await log.close()
    await other.close()
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, LOCK_NAME]
    assert all(file.stat().st_mode & 0o077 == 0 for file in path.parent.iterdir())


async def test_a_log_that_was_half_made_is_made_anew(path: Path) -> None:
    path.parent.mkdir()
    path.with_name(path.name + ".new").write_bytes(b"half of it")
    log = await opened(path)
    assert await log.heads([ROOM]) == {ROOM: 0}
    await log.close()
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, LOCK_NAME]


async def test_after_a_crash_everything_is_there(path: Path) -> None:
    crashed(path, messages=50)
    log = await opened(path)
    assert [entry.data for entry in await entries_of(log, ROOM)] == [b'{"text":"%d"}' % n for n in range(50)]
    await log.close()


# --- refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is damaged (it is empty)"),
        (b"SQLite format 3\0", "not even an SQLite one"),
        (b"just some text, long enough to be a header of a hundred bytes " * 3, "not even an SQLite one"),
        (bytes(8192), "not even an SQLite one"),
    ],
    ids=["empty", "short", "text", "zeros"],
)
async def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes, sentence: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert sentence in await refusal(path)


async def test_the_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE entry (position INTEGER PRIMARY KEY)")
    connection.close()
    assert "another program made it" in await refusal(path)


async def test_a_newer_database_is_refused_whether_closed_or_crashed(path: Path, tmp_path: Path) -> None:
    await filled(path)
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", len(MIGRATIONS) + 1)
    connection.close()
    assert "written by a newer Tertulia" in await refusal(path)
    other = tmp_path / "crashed" / "log.sqlite3"
    crashed(other)
    keeps = apsw.Connection(str(other))  # the newer version stands in the write-ahead log only
    keeps.wal_autocheckpoint(0)
    keeps.pragma("user_version", len(MIGRATIONS) + 1)
    copy = tmp_path / "copy" / "log.sqlite3"
    copy.parent.mkdir()
    for end in ("", "-wal"):
        copy.with_name(copy.name + end).write_bytes(other.with_name(other.name + end).read_bytes())
    keeps.close()
    assert "written by a newer Tertulia" in await refusal(copy)


def cut_at(size: int) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, size)


def overwrite(page: int, content: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(page * PAGE)
            file.write(content)

    return damage


@pytest.mark.parametrize(
    "damage",
    [cut_at(100), cut_at(PAGE), cut_at(20 * PAGE), cut_at(20 * PAGE + 17), overwrite(0, bytes(range(100, 200)) * 30)],
    ids=["to its header", "to a page", "to 20 pages", "within a page", "header garbled"],
)
async def test_a_truncated_file_is_refused(path: Path, damage: Callable[[Path], None]) -> None:
    await filled(path)
    damage(path)
    assert "not changed" in await refusal(path)


@pytest.mark.parametrize("content", [random.Random(5).randbytes(PAGE), bytes(PAGE)], ids=["garbage", "zeros"])
async def test_any_page_overwritten_is_noticed(path: Path, content: bytes) -> None:
    """Every page of the file in turn, except those that hold nothing (the free list)."""
    await filled(path, messages=150)
    whole = path.read_bytes()
    connection = apsw.Connection(str(path))
    assert connection.pragma("freelist_count") == 0
    connection.close()
    pages = len(whole) // PAGE
    assert pages > 30
    for page in range(1, pages):
        path.write_bytes(whole)
        overwrite(page, content)(path)
        assert "is damaged" in await refusal(path), page
    path.write_bytes(whole)
    await (await opened(path)).close()


async def test_damage_is_noticed_after_a_crash_too(path: Path) -> None:
    await filled(path)
    crashed(path)
    overwrite(30, random.Random(5).randbytes(PAGE * 4))(path)
    assert "is damaged" in await refusal(path)


async def test_a_write_ahead_log_without_its_database_is_refused(path: Path) -> None:
    crashed(path)
    path.unlink()
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    assert "is missing" in await refusal(path)


async def test_a_log_without_its_tables_is_refused(path: Path) -> None:
    path.parent.mkdir()
    connection = apsw.Connection(str(path))
    connection.pragma("application_id", APPLICATION_ID)
    connection.pragma("user_version", len(MIGRATIONS))
    connection.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    connection.close()
    assert "it has no table" in await refusal(path)


async def test_a_folder_where_a_file_should_be_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(LogRefused, match="cannot be used"):
        await opened(path)


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LogRefused, match="cannot be used"):
        await opened(tmp_path / "file" / "log.sqlite3")


# --- migrations ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
async def test_a_log_of_every_version_so_far_is_brought_up_to_date_and_keeps_its_entries(
    path: Path, version: int
) -> None:
    path.parent.mkdir()
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.pragma("application_id", APPLICATION_ID)
    migrate(connection, MIGRATIONS[:version])
    connection.execute("""
        INSERT INTO meta VALUES ('epoch', 'abc');
        INSERT INTO stream VALUES (1, 'room/a', 'room', 'a');
        INSERT INTO entry VALUES (1, 1, 1, 5, 'p-ana', 'message_posted', 1, '{"text":"old"}');
    """)
    assert connection.pragma("user_version") == version
    connection.close()
    log = await opened(path)
    assert log.epoch == "abc"
    assert isinstance(await log.append(Append([post()], {ROOM: 1})), Appended)
    assert [entry.data for entry in await entries_of(log, ROOM)] == [b'{"text":"old"}', b'{"text":"hello"}']
    view = await SqliteReading(log.readers).message(RoomId("a"), 1)
    assert view is not None
    assert view[0].text == "old"
    await log.close()


def test_migrations_go_forward_one_by_one_and_stop_where_one_fails(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "steps"))
    steps = ["CREATE TABLE one (x)", "CREATE TABLE two (x); INSERT INTO one VALUES (1)", "no SQL"]
    migrate(connection, steps[:1])
    migrate(connection, steps[:1])
    with pytest.raises(apsw.SQLError):
        migrate(connection, steps)
    assert connection.pragma("user_version") == 2
    assert connection.execute("SELECT count(*) FROM one").get == 1
    migrate(connection, [*steps[:2], "CREATE TABLE three (x); DROP TABLE two"])
    assert connection.pragma("user_version") == 3
    connection.close()


# --- whose folder it is --------------------------------------------------------------------------------------


async def test_a_folder_in_use_is_refused_and_says_by_whom(path: Path) -> None:
    log = await opened(path)
    for shared in (False, True):
        with pytest.raises(LogRefused, match=f"in use by process {os.getpid()}"):
            await opened(path, shared=shared)
    assert isinstance(await log.append(Append([post()], {})), Appended)
    await log.close()
    await (await opened(path)).close()


async def test_nodes_share_a_folder_and_keep_one_that_wants_it_alone_out(path: Path) -> None:
    nodes = [await opened(path, shared=True) for _ in range(3)]
    assert len({node.epoch for node in nodes}) == 1
    with pytest.raises(LogRefused, match="in use by process"):
        await opened(path)
    for node in nodes[1:]:
        await node.close()
    with pytest.raises(LogRefused):
        await opened(path)
    assert isinstance(await nodes[0].append(Append([post()], {})), Appended)
    await nodes[0].close()
    log = await opened(path)
    assert await log.heads([ROOM]) == {ROOM: 1}
    await log.close()


async def test_nodes_that_start_at_the_same_moment_all_open(path: Path) -> None:
    nodes = await asyncio.gather(*(opened(path, shared=True) for _ in range(4)))
    assert len({node.epoch for node in nodes}) == 1
    for node in nodes:
        await node.close()


async def test_a_lock_file_left_behind_by_a_crash_locks_nothing(path: Path) -> None:
    path.parent.mkdir()
    path.with_name(LOCK_NAME).write_text("alone 1")
    await (await opened(path)).close()


async def test_a_folder_held_by_something_that_did_not_sign_is_refused_all_the_same(path: Path) -> None:
    path.parent.mkdir()
    with path.with_name(LOCK_NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(LogRefused, match="in use by another process"):
            await opened(path)


async def test_a_refused_opening_lets_go_of_the_folder(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database")
    await refusal(path)
    path.unlink()
    await (await opened(path)).close()


async def test_a_log_in_use_is_looked_at_without_being_disturbed(path: Path) -> None:
    """What `doctor` does. A server that works has its `-wal` and `-shm`; they stay as they are."""
    log = await opened(path)
    assert is_held(path.parent)
    for _ in range(3):
        assert isinstance(await log.append(Append([post()], {})), Appended)
        before = set(os.listdir(path.parent))
        check(path)
        assert set(os.listdir(path.parent)) == before
    await log.close()
    assert not is_held(path.parent)
    check(path)
    assert not is_held(path.parent / "nowhere")
    overwrite(10, bytes(PAGE))(path)
    with pytest.raises(LogRefused, match="is damaged"):
        check(path)


async def test_a_large_log_that_was_closed_cleanly_is_sampled_and_must_be_as_long_as_it_says(path: Path) -> None:
    """The limit is far above what a test can write: a sparse tail beyond it stands for a large file."""
    await filled(path, messages=20)
    with path.open("r+b") as file:
        size = limits.log_check_bytes_max + PAGE
        file.truncate(size)
        file.seek(28)
        file.write((size // PAGE).to_bytes(4, "big"))
    log = await opened(path)
    assert await log.heads([StreamName("room/r0")]) == {StreamName("room/r0"): 3}
    await log.close()
    cut_at(path.stat().st_size - PAGE)(path)
    with pytest.raises(LogRefused, match="it should have"):
        check(path)


async def test_a_large_log_is_looked_at_whole_by_who_asks_for_it(path: Path) -> None:
    await filled(path)
    connection = apsw.Connection(str(path))
    leaves = connection.execute("SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf'").fetchall()
    connection.close()
    overwrite(leaves[len(leaves) // 2][0] - 1, bytes(PAGE))(path)
    with pytest.raises(LogRefused, match="is damaged"):
        check(path)
    with path.open("r+b") as file:
        size = limits.log_check_bytes_max + PAGE
        file.truncate(size)
        file.seek(28)
        file.write((size // PAGE).to_bytes(4, "big"))
    check(path)
    with pytest.raises(LogRefused, match="is damaged"):
        check(path, is_thorough=True)
