"""`tertulia migrate`: a SQLite log in PostgreSQL is the same log; a cut at any moment is gone on from; what must not be
moved is refused, and nothing is changed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tertulia.auth.secret import deployment_name, own_secret
from tertulia.cli.exits import DATA, UNREACHED, USAGE
from tertulia.domain import limits
from tertulia.domain.ids import PersonId, StreamName, room_staff_stream, room_stream, user_stream
from tertulia.eventlog import Append, Appended, Checkpoint, Decided, Duplicates, EventLog, LogRefused, Planned, move
from tertulia.eventlog.folder_lock import FolderLock
from tertulia.eventlog.move_check import verify
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.sqlite import SqliteLog
from tests.commands import bare_environment, said, tertulia
from tests.postgres_server import PostgresServer, postgres
from tests.redis_server import free_port
from tests.servers import TERTULIA
from tests.test_projections_fold import ACTS, CUTS, PEOPLE_IDS, PRELUDE, ROOM, SIGNALS, Play

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
KEYS = [f"Key-{n:02d}" for n in range(9)] + ["a.b:c", "Z", "a", "_", "~"]


def quiet(name: str, done: int, total: int) -> None: ...


def odd_appends() -> list[Append]:
    data = [json.dumps({"text": "x"}).replace("x", text).encode() for text in TEXTS]
    events = tuple(Planned(StreamName("room/odd"), ODD, "message_posted", one) for one in data)
    post = [
        Decided(ODD, key, bytes([n, 0, 255, 92]), 1_700_000_000_000 + n, StreamName("room/odd"), events)
        for n, key in enumerate(KEYS)
    ]
    repeat = Decided(ODD, "changes-nothing", b"\0", 5, StreamName("room/empty"), ())
    saved = Checkpoint(StreamName("room/odd"), 3, {StreamName("room/odd"): 2}, b"\x00\\state\xff")
    return [Append(post, {}, saved), Append([repeat], {})]


async def fill(path: Path, appends: list[Append]) -> None:
    log = await SqliteLog.open(path, projections=())
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


async def move_all(path: Path, url: str, *, progress: Callable[[str, int, int], None] = quiet) -> None:
    async with move.opened(path, url, cluster="school") as opened:
        await opened.copy(progress)
        await verify(opened, progress)
        await opened.finish()


class Cut(Exception):
    """The process ends here."""


@given(acts=ACTS, cuts=CUTS, ends=st.lists(st.integers(1, 12), max_size=3))
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
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
        old = await SqliteLog.open(path, projections=())
        new = await PostgresLog.open(url, cluster="school")
        assert await all_of(new) == await all_of(old)
        again = [Append([decided[-1]], {}), Append([decided[0]._replace(key="new")], {}), *odd_appends()]
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
