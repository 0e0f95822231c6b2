"""Posts on the PostgreSQL log with projections: one node, a hundred rooms, every append answered when it is durable.

    python -m load_tests.postgres_posts [--seconds 10] [--rooms 100] [--writers 10] [--bare] [--url postgresql://…]

Each writer appends a post with a key, waits for the answer and appends the next; a room's appends name the head they
follow, as a lane's do, so that a room has one under way, of as many posts as are waiting (`--writers`). Without `--url`
it starts a PostgreSQL of its own on this disk, fsync and synchronous_commit on. The last line is one JSON object.
What is not here: sockets and decisions; with `--bare` neither projections.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import uvloop

from load_tests import process
from load_tests.figures import Figure, at_least, line, plain
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import PersonId, StreamName
from tertulia.eventlog import Append, Appended, Decided, Planned
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.stats import LogStats
from tertulia.projections.postgres_projections import PostgresProjections
from tertulia.wire.stored import encode_event
from tests.postgres_server import PostgresServer

Pids = Callable[[], list[int]]
"""The processes of the server, when they are on this machine and ours."""

TARGET = 5_000
WARM_S = 1.0
TEXT = "I think the second slide says it better: a fold forgets nothing, it only sums up. "


class _Posts:
    """What was acked, and when it began to count."""

    def __init__(self) -> None:
        self.acked = 0
        self.is_over = False
        self.waits_s: list[float] = []


def _decided(room: StreamName, writer: int, number: int) -> Decided:
    author = PersonId(f"p-{room}-{writer}")
    post = Planned(room, author, *encode_event(MessagePosted(text=f"{TEXT}{number}")))
    return Decided(author, f"k-{number}", b"0123456789abcdef", 1_700_000_000_000 + number, room, (post,))


async def _talk(log: PostgresLog, room: StreamName, writers: int, posts: _Posts) -> None:
    head = (await log.heads([room]))[room]
    for number in count(head):
        if posts.is_over:
            return
        decisions = [_decided(room, writer, number) for writer in range(writers)]
        began_s = time.perf_counter()
        outcome = await log.append(Append(decisions, {room: head}))
        assert isinstance(outcome, Appended), outcome
        posts.waits_s.append(time.perf_counter() - began_s)
        head += writers
        posts.acked += writers


async def _measure(
    url: str, *, seconds: float, rooms: int, writers: int, pids: Pids, is_bare: bool
) -> dict[str, Figure]:
    stats = LogStats()
    projections = None if is_bare else PostgresProjections()
    log = await PostgresLog.open(url, cluster="load", projections=projections, stats=stats)
    posts = _Posts()
    talking = [
        asyncio.create_task(_talk(log, StreamName(f"room/r{number:03}"), writers, posts)) for number in range(rooms)
    ]
    await asyncio.sleep(WARM_S)
    posts.waits_s.clear()
    before, began_s, commits = posts.acked, time.perf_counter(), stats.commit_seconds.count
    server = pids()
    mine_s, theirs_s = process.cpu_s([os.getpid()]), process.cpu_s(server)
    await asyncio.sleep(seconds)
    took_s, acked = time.perf_counter() - began_s, posts.acked - before
    commits = stats.commit_seconds.count - commits
    mine_s, theirs_s = process.cpu_s([os.getpid()]) - mine_s, process.cpu_s(server) - theirs_s
    posts.is_over = True
    await asyncio.gather(*talking)
    heads = await log.heads([StreamName(f"room/r{number:03}") for number in range(rooms)])
    assert sum(heads.values()) >= posts.acked, "what was acked is there"
    await log.close()
    waits_s = sorted(posts.waits_s)
    figures = {
        "posts": at_least(acked / took_s, "acked posts/s", TARGET),
        "posts_per_commit": plain(acked / commits, "posts"),
        "wait_p50": plain(waits_s[len(waits_s) // 2] * 1000, "ms to the ack"),
        "wait_p99": plain(waits_s[len(waits_s) * 99 // 100] * 1000, "ms to the ack"),
        "node_cpu": plain(mine_s / acked * 1e6, "µs CPU a post, node"),
    }
    if server:
        figures["server_cpu"] = plain(theirs_s / acked * 1e6, "µs CPU a post, PostgreSQL")
    return figures


@contextmanager
def _database(url: str | None) -> Iterator[tuple[str, Pids]]:
    if url is not None:
        yield url, list
        return
    with PostgresServer(settings={"shared_buffers": "128MB", "max_wal_size": "2GB"}) as server:
        database = server.new_database()
        yield database, lambda: [server.pid, *server.children()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--writers", type=int, default=10, help="in each room")
    parser.add_argument("--bare", action="store_true", help="without projections")
    parser.add_argument("--url", help="of an empty database; without it, a server is started")
    options = parser.parse_args()
    with _database(options.url) as (url, pids):
        measured = _measure(
            url,
            seconds=options.seconds,
            rooms=options.rooms,
            writers=options.writers,
            pids=pids,
            is_bare=options.bare,
        )
        figures = uvloop.run(measured)
    for name, figure in figures.items():
        print(line(name, figure))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
