"""A full disk refuses appends and nothing else: reading goes on, and when there is room again, so does writing."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tertulia.domain.ids import RoomId
from tertulia.eventlog import Append, Appended, LogFull, LogRefused
from tertulia.eventlog.projection import Projection
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import ROOM, entries_of, post  # noqa: E402

ALL: tuple[Projection, ...] = (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
KIB = 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MiB. Needs root and a kernel that lets it mount; elsewhere the other test stands for this one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small tmpfs cannot be mounted here (root only)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def fill(log: SqliteLog, acked: list[str], numbers: count[int]) -> None:
    """Append until the disk is full; `acked` gets what was answered."""
    while True:
        keys = [f"key-{next(numbers)}" for _ in range(8)]
        appends = [log.append(Append([post(text=f"{key} " + "x" * 500, key=key)], {})) for key in keys]
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
        acked += [key for key, outcome in zip(keys, outcomes, strict=True) if isinstance(outcome, Appended)]
        if full := [outcome for outcome in outcomes if not isinstance(outcome, Appended)]:
            assert all(isinstance(outcome, LogFull) for outcome in full), full
            return


async def keys_in(log: SqliteLog) -> list[str]:
    return [entry.data.split(b'"')[3].split()[0].decode() for entry in await entries_of(log, ROOM)]


async def check_reading_goes_on(log: SqliteLog, acked: list[str]) -> None:
    assert await keys_in(log) == acked
    found = await SqliteReading(log.readers).message(RoomId("a"), len(acked))
    assert found is not None
    assert found[0].text.startswith(acked[-1])
    assert await log.heads([ROOM]) == {ROOM: len(acked)}


async def test_a_disk_that_is_full_refuses_and_recovers(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1024 * KIB))
    log = await SqliteLog.open(small_disk / "data" / "log.sqlite3", projections=ALL)
    acked: list[str] = []
    numbers = count()
    await fill(log, acked, numbers)
    assert len(acked) > 100
    await check_reading_goes_on(log, acked)
    for _ in range(3):  # it stays so, and each one is told; the little that still fits is kept
        await fill(log, acked, numbers)
    await check_reading_goes_on(log, acked)
    ballast.unlink()
    before = len(acked)
    await fill(log, acked, numbers)
    assert len(acked) > before + 100
    await check_reading_goes_on(log, acked)
    await log.close()
    shutil.copytree(small_disk / "data", small_disk.parent / "moved")
    log = await SqliteLog.open(small_disk.parent / "moved" / "log.sqlite3", projections=ALL)
    await check_reading_goes_on(log, acked)
    assert set(await log.receipts(post().author, acked)) == set(acked)
    await log.settle()
    assert await SqliteReading(log.readers).search([RoomId("a")], f'"{acked[-1]}"', limit=5)
    await log.close()


async def test_a_database_that_may_not_grow_refuses_and_recovers(tmp_path: Path) -> None:
    log = await SqliteLog.open(tmp_path / "log.sqlite3", projections=ALL)
    acked: list[str] = []
    numbers = count()

    async def limit_pages(pages: int) -> None:
        await log._errand(lambda connection: connection.pragma("max_page_count", pages))

    await limit_pages(200)
    await fill(log, acked, numbers)
    assert len(acked) > 20
    await check_reading_goes_on(log, acked)
    await limit_pages(400)
    before = len(acked)
    await fill(log, acked, numbers)
    assert len(acked) > before + 20
    await limit_pages(2**30)
    assert isinstance(await log.append(Append([post(text="last words", key="key-last")], {})), Appended)
    await log.settle()
    assert len(await SqliteReading(log.readers).search([RoomId("a")], "last words", limit=5)) == 1
    await log.close()


async def test_a_log_that_finds_no_room_to_be_made_is_refused(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(3 * 1024 * KIB - 8 * KIB))
    with pytest.raises(LogRefused, match=r"disk|cannot be used"):
        await SqliteLog.open(small_disk / "log.sqlite3", projections=ALL)
    (small_disk / "ballast").unlink()
    await (await SqliteLog.open(small_disk / "log.sqlite3", projections=ALL)).close()
