"""How the log keeps projections in step: made, remade, caught up, resumed; and what a failing one may and may not do.

Method: projections of the test's own, which write down the positions they were handed.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, StreamName
from tertulia.eventlog import Append, Appended, LogRefused, LogUnavailable
from tertulia.eventlog.projection import Projection
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading

ROOT = Path(__file__).resolve().parent.parent

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import OTHER, ROOM, decided, planned, post  # noqa: E402


@dataclass(slots=True)
class Diary:
    """Keeps each entry's position and data, in the order they were handed over; fails where it is told to."""

    name: str = "diary"
    version: int = 1
    is_behind: bool = False
    names: frozenset[str] | None = None
    slices: list[tuple[int, int]] = field(default_factory=list)
    redacted: list[tuple[StreamName, int]] = field(default_factory=list)
    finished: int = 0
    fails_at: int | None = None
    error: Exception = field(default_factory=lambda: ValueError("a bug in a projection"))

    def create(self, connection: apsw.Connection, /) -> None:
        connection.execute(f"CREATE TABLE {self.name} (number INTEGER PRIMARY KEY, position INTEGER, data TEXT)")

    def drop(self, connection: apsw.Connection, /) -> None:
        connection.execute(f"DROP TABLE IF EXISTS {self.name}")

    def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
        if self.fails_at is not None and after < self.fails_at <= upto:
            raise self.error
        self.slices.append((after, upto))
        connection.execute(
            f"INSERT INTO {self.name} (position, data) SELECT position, data FROM entry_read "
            "WHERE position > ? AND position <= ? ORDER BY position",
            (after, upto),
        )

    def finish(self, connection: apsw.Connection, /) -> None:
        """Makes what a fold does not need."""
        self.finished += 1
        connection.execute(f"CREATE INDEX IF NOT EXISTS {self.name}_data ON {self.name} (data)")

    def redact(self, connection: apsw.Connection, messages: Sequence[tuple[StreamName, int]], /) -> None:
        self.redacted += messages


async def opened(path: Path, *projections: Projection, shared: bool = False) -> SqliteLog:
    return await SqliteLog.open(path, projections=projections, shared=shared)


async def positions(log: SqliteLog, name: str = "diary") -> list[int]:
    rows = await log.readers.run(
        lambda connection: connection.execute(f"SELECT position FROM {name} ORDER BY number").fetchall()
    )
    return [row[0] for row in rows]


async def write(log: SqliteLog, entries: int) -> None:
    for start in range(0, entries, 1_000):
        posts = [post(text=str(n)) for n in range(start, min(start + 1_000, entries))]
        assert isinstance(await log.append(Append(posts, {})), Appended)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


async def test_each_append_is_folded_before_it_is_answered(path: Path) -> None:
    log = await opened(path, Diary())
    for count in range(1, 4):
        await write(log, 1)
        assert await positions(log) == list(range(1, count + 1))
    await log.close()


async def test_a_new_projection_is_made_from_the_whole_log(path: Path) -> None:
    log = await opened(path)
    await write(log, 5)
    await log.close()
    diary = Diary()
    log = await opened(path, diary)
    await write(log, 2)
    assert await positions(log) == [1, 2, 3, 4, 5, 6, 7]
    assert diary.slices == [(0, 5), (5, 7)]
    await log.close()


async def test_one_of_another_version_is_dropped_and_remade_and_tells_how_far_it_is(path: Path) -> None:
    log = await opened(path, Diary())
    await write(log, 3)
    await log.close()
    log = await opened(path, same := Diary())
    assert same.slices == []
    await log.close()
    told: list[tuple[str, int, int]] = []
    newer = Diary(version=2)
    log = await SqliteLog.open(path, projections=[newer], progress=lambda *one: told.append(one))
    assert await positions(log) == [1, 2, 3]
    assert told == [("diary", 3, 3)]
    await log.close()


async def test_a_remake_goes_by_slices_and_goes_on_where_it_was_cut(path: Path) -> None:
    size = limits.rebuild_slice_entries
    log = await opened(path)
    await write(log, 2 * size + 5)
    await log.close()
    failing = Diary(fails_at=size + 1)
    with pytest.raises(ValueError, match="a bug"):
        await opened(path, failing)
    assert failing.slices == [(0, size)]
    mended = Diary()
    log = await opened(path, mended)
    assert mended.slices == [(size, 2 * size), (2 * size, 2 * size + 5)]
    assert await positions(log) == list(range(1, 2 * size + 6))
    await log.close()


async def test_what_is_only_for_reading_is_made_when_all_is_folded(path: Path) -> None:
    """And made later when it failed, or when the program ended before it."""

    class Unfinished(Diary):
        def finish(self, connection: apsw.Connection, /) -> None:
            assert self.slices == [(0, 3)]
            raise self.error

    log = await opened(path)
    await write(log, 3)
    await log.close()
    with pytest.raises(ValueError, match="a bug"):
        await opened(path, Unfinished())
    log = await opened(path, diary := Diary())
    assert (diary.slices, diary.finished) == ([], 1)
    await write(log, 1)
    await log.close()
    log = await opened(path, again := Diary())
    assert again.finished == 0
    await log.rebuild()
    assert (again.slices, again.finished) == ([(0, 4)], 1)
    assert await positions(log) == [1, 2, 3, 4]
    await log.close()


async def test_one_that_a_program_did_not_carry_catches_up_later(path: Path) -> None:
    log = await opened(path, Diary())
    await write(log, 2)
    await log.close()
    log = await opened(path)  # a tool that knows nothing of diaries
    await write(log, 3)
    await log.close()
    log = await opened(path, Diary())
    await write(log, 1)
    assert await positions(log) == [1, 2, 3, 4, 5, 6]
    await log.close()


async def test_rebuild_remakes_all_and_is_told_about(path: Path) -> None:
    log = await opened(path, diary := Diary(), lagging := Diary("late", is_behind=True))
    await write(log, 4)
    await log.settle()
    told: list[str] = []
    await log.rebuild(lambda name, folded, total: told.append(f"{name} {folded}/{total}"))
    assert told == ["diary 4/4", "late 4/4"]
    assert (diary.slices[-1], lagging.slices[-1]) == ((0, 4), (0, 4))
    await write(log, 1)
    await log.settle()
    assert await positions(log) == await positions(log, "late") == [1, 2, 3, 4, 5]
    await log.close()


async def test_rebuild_of_everything_a_server_carries_changes_nothing_to_see(path: Path) -> None:
    log = await opened(path, ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
    await write(log, 60)
    await log.settle()
    reading = SqliteReading(log.readers)

    async def seen() -> object:
        found = await reading.search([RoomId("a")], "5", limit=50)
        return [found, await reading.unread(post().author, [RoomId("a")])]

    before = await seen()
    await log.rebuild()
    assert await seen() == before
    await log.close()


@pytest.mark.parametrize("told", ["room", "people", "session", "session_view", "search"])
async def test_a_rebuild_that_is_killed_leaves_the_log_and_goes_on_at_the_next_start(path: Path, told: str) -> None:
    """Method: SIGKILL when it has just folded the last slice of one of them: its indexes and the next are missing."""
    log = await opened(path, ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
    await write(log, 60)
    await log.settle()
    reading = SqliteReading(log.readers)

    async def seen() -> object:
        found = await reading.search([RoomId("a")], "5", limit=50)
        page = await reading.messages(RoomId("a"), person=post().author, limit=50)
        return [found, page, await log.read(ROOM, after=0, limit=100)]

    before = await seen()
    await log.close()
    program = (
        "import asyncio, os, signal\n"
        "from pathlib import Path\n"
        "from tests.test_eventlog_projections import LINKS, PEOPLE, ROOMS, SESSIONS, SearchIndex, SessionViews\n"
        "from tests.test_eventlog_projections import opened\n"
        "async def main():\n"
        f"    log = await opened(Path({str(path)!r}), ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())\n"
        f"    await log.rebuild(lambda name, *_: name == {told!r} and os.kill(os.getpid(), signal.SIGKILL))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    log = await opened(path, ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
    await log.settle()
    reading = SqliteReading(log.readers)
    assert await seen() == before
    await log.close()


async def test_nodes_that_share_a_log_do_not_rebuild_nor_bring_another_version(path: Path) -> None:
    log = await opened(path, Diary(), shared=True)
    with pytest.raises(LogRefused, match="stop the nodes"):
        await log.rebuild()
    with pytest.raises(LogRefused, match="stop them first"):
        await opened(path, Diary(version=2), shared=True)
    with pytest.raises(LogRefused, match="stop them first"):
        await opened(path, shared=True)  # it would append and not keep the diary
    await write(log, 1)
    assert await positions(log) == [1]
    await log.close()


# --- lagging ones --------------------------------------------------------------------------------------------


async def test_a_lagging_one_is_caught_up_when_there_is_nothing_else_to_do(path: Path) -> None:
    log = await opened(path, diary := Diary(is_behind=True))
    await write(log, 3 * limits.fold_slice_entries)
    await log.settle()
    assert await positions(log) == list(range(1, 3 * limits.fold_slice_entries + 1))
    assert max(upto - after for after, upto in diary.slices) <= limits.fold_slice_entries
    await log.close()


async def test_a_lagging_one_never_lags_far_even_when_appends_never_pause(path: Path) -> None:
    """More appends are queued than may lag: the last ones are not answered before the first are folded."""
    log = await opened(path, diary := Diary(is_behind=True))
    entries = 32
    appends = [
        log.append(Append([decided(*(planned(ROOM) for _ in range(entries)))], {}))
        for _ in range(2 * limits.fold_behind_entries_max // entries)
    ]
    await asyncio.gather(*appends)
    head, folded = 2 * limits.fold_behind_entries_max, diary.slices[-1][1]
    assert head - folded <= limits.fold_behind_entries_max + limits.log_batch_appends_max * entries
    await log.settle()
    assert diary.slices[-1][1] == head
    await log.close()


async def test_one_that_lags_goes_on_after_opening_again(path: Path) -> None:
    log = await opened(path, Diary(is_behind=True, fails_at=3))
    await write(log, 2)
    await log.settle()
    await write(log, 3)
    await log.close()
    log = await opened(path, diary := Diary(is_behind=True))
    await log.settle()
    assert diary.slices == [(2, 5)]
    await log.close()


# --- failing ones --------------------------------------------------------------------------------------------


async def test_a_bug_in_a_projection_refuses_the_append_it_chokes_on_and_no_other(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the diagnostics say where, but not what people wrote."""

    class ChokesOnPlum(Diary):
        def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
            Diary.fold(self, connection, after=after, upto=upto)
            if connection.execute("SELECT count(*) FROM diary WHERE data LIKE '%plum%'").get:
                raise self.error

    log = await opened(path, ChokesOnPlum())
    appends = [log.append(Append([post(text=text)], {})) for text in ("apple", "plum", "pear", "fig")]
    outcomes = await asyncio.gather(*appends, return_exceptions=True)
    assert [isinstance(outcome, Appended) for outcome in outcomes] == [True, False, True, True]
    assert isinstance(outcomes[1], LogUnavailable)
    assert await log.heads([ROOM]) == {ROOM: 3}
    assert await positions(log) == [1, 2, 3]
    await log.close()
    printed = "".join(capsys.readouterr())
    assert "test_eventlog_projections.py" in printed
    assert "plum" not in printed


@pytest.mark.parametrize("error", [ValueError("a bug"), apsw.SQLError("bad SQL"), OSError(errno.EIO, "disk")])
async def test_a_bug_in_a_lagging_one_stops_nothing_and_is_tried_again(path: Path, error: Exception) -> None:
    log = await opened(path, diary := Diary(is_behind=True, fails_at=2, error=error))
    await write(log, 2)
    await log.settle()  # it gives up for now
    await write(log, 1)
    assert await log.heads([ROOM]) == {ROOM: 3}
    diary.fails_at = None
    await write(log, 1)
    await log.settle()
    assert await positions(log) == [1, 2, 3, 4]
    await log.close()


async def test_every_projection_is_told_what_to_forget(path: Path) -> None:
    log = await opened(path, diary := Diary(), lagging := Diary("late", is_behind=True))
    await write(log, 2)
    redaction = decided(planned(OTHER), redacts=[(ROOM, 1), (ROOM, 2)])
    assert isinstance(await log.append(Append([redaction], {})), Appended)
    assert diary.redacted == lagging.redacted == [(ROOM, 1), (ROOM, 2)]
    await log.close()
