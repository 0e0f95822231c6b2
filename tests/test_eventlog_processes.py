"""What was answered is there: after kill -9 at any moment, and when several processes write to one file.

Method: `tests/log_writer.py` says what it was answered, in processes of their own; then the log is opened and counted.
"""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from tertulia.domain.ids import PersonId, RoomId, StreamName
from tertulia.domain.view import apply_room, new_room_view
from tertulia.eventlog import Append, Appended, EventLog
from tertulia.eventlog.projection import Projection
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.wire.stored import Entry, decode_event

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import ROOM, SIGNALS, entries_of, post  # noqa: E402

ALL: tuple[Projection, ...] = (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
KILLS = 20
DEADLINE_S = 60.0


def start(path: Path, name: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.log_writer", str(path), name, *options]
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root)


def answered(output: bytes) -> dict[str, int]:
    """Key → seq, of whole lines only."""
    lines = output.decode().split("\n")[:-1]
    return {key: int(seq) for key, seq in (line.split() for line in lines)}


def kill_after_first_answers(process: subprocess.Popen[bytes], wait_s: float) -> dict[str, int]:
    """Kill it `wait_s` after it was first answered; all that it was answered by then."""
    assert process.stdout is not None
    output = b""
    deadline = time.monotonic() + DEADLINE_S
    while not output:
        assert time.monotonic() < deadline, "it was never answered"
        if select.select([process.stdout], [], [], 1.0)[0]:
            output = os.read(process.stdout.fileno(), 1)
            assert output or process.poll() is None, process.stderr and process.stderr.read()
    until = time.monotonic() + wait_s
    while (left := until - time.monotonic()) > 0:
        if select.select([process.stdout], [], [], left)[0]:
            output += os.read(process.stdout.fileno(), 65_536)
    process.kill()
    return answered(output + process.communicate()[0])


async def check(log: SqliteLog, acked: dict[str, int]) -> None:
    """Every answer is in the log at its place, nothing is doubled or torn, and the tables are the fold of it."""
    entries = await entries_of(log, ROOM)
    keys = [key_of(entry) for entry in entries]
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert len(set(keys)) == len(keys)
    assert [key for key, seq in acked.items() if keys[seq - 1 : seq] != [key]] == []
    assert await log.heads([ROOM, SIGNALS]) == {ROOM: len(entries), SIGNALS: len(entries)}
    for name in {key.split("-")[0] for key in keys}:
        mine = {key: entry.seq for key, entry in zip(keys, entries, strict=True) if key.split("-")[0] == name}
        receipts = await log.receipts(PersonId(f"p-{name}"), list(mine))
        assert {key: receipt.seq for key, receipt in receipts.items()} == mine
    view = new_room_view("a")
    for entry in entries:
        apply_room(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
    page = await SqliteReading(log.readers).messages(RoomId("a"), person=PersonId("p-ana"), limit=50)
    assert page.messages == view.messages


def key_of(entry: Entry) -> str:
    return entry.data.split(b'"')[3].split()[0].decode()


@pytest.mark.slow
async def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    chance = random.Random(20)  # the operating system adds its own
    path, acked = tmp_path / "log.sqlite3", dict[str, int]()
    for kill in range(KILLS):
        process = start(path, f"run{kill}")
        acked |= kill_after_first_answers(process, chance.uniform(0, 0.3))
        if kill % 4 == 3:
            log = await SqliteLog.open(path, projections=ALL)
            await check(log, acked)
            await log.close()
    assert len(acked) > KILLS


async def run_together(path: Path, names: Sequence[str], *options: str) -> dict[str, int]:
    processes = [start(path, name, "--shared", *options) for name in names]
    acked: dict[str, int] = {}
    for process in processes:
        output, errors = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0, errors.decode()
        assert b"rror" not in errors
        acked |= answered(output)
    return acked


async def test_two_processes_share_a_log_without_a_hole(tmp_path: Path) -> None:
    """Freely and with expectations: the second kind conflicts all the time and goes through all the same."""
    path = tmp_path / "log.sqlite3"
    acked = await run_together(path, ["ana", "ben"], "--appends", "150")
    acked |= await run_together(path, ["eve", "obi"], "--appends", "60", "--expect")
    assert len(acked) == 2 * 150 + 2 * 60
    log = await SqliteLog.open(path, projections=ALL)
    await check(log, acked)
    await log.settle()
    found = await SqliteReading(log.readers).search([RoomId("a")], '"obi-59 says"', limit=5)
    assert len(found) == 1
    await log.close()


async def test_a_node_sees_at_once_what_another_wrote(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    ana, ben = [await SqliteLog.open(path, projections=ALL, shared=True) for _ in range(2)]

    async def write(log: EventLog, head: int) -> int:
        outcome = await log.append(Append([post()], {ROOM: head}))
        assert isinstance(outcome, Appended)
        return outcome.receipts[0].seq

    head = 0
    for log, other in ((ana, ben), (ben, ana), (ana, ben)):
        head = await write(log, head)
        assert await other.heads([ROOM]) == {ROOM: head}
        assert len(await entries_of(other, ROOM)) == head
    new = StreamName("room/new")
    assert isinstance(await ana.append(Append([post(new)], {new: 0})), Appended)
    assert not isinstance(await ben.append(Append([post(new)], {new: 0})), Appended)
    await ana.settle()
    await ben.settle()
    assert len(await SqliteReading(ben.readers).search([RoomId("a"), RoomId("new")], "hello", limit=9)) == 4
    await ana.close()
    assert await write(ben, head) == head + 1
    await ben.close()


async def test_another_process_that_holds_the_file_for_a_while_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    log = await SqliteLog.open(path, projections=ALL, shared=True)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    waiting = log.append(Append([post()], {}))
    assert await log.heads([ROOM]) == {ROOM: 0}  # readers do not wait
    assert not waiting.done()
    other.execute("COMMIT")
    assert isinstance(await waiting, Appended)
    other.close()
    await log.close()
