"""What the log in PostgreSQL costs, without nodes and through one: a real PostgreSQL on this disk, fsync and
synchronous_commit on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import uvloop

from load_tests import postgres_node, process
from load_tests.figures import Figure
from load_tests.postgres_posts import decided
from load_tests.postgres_posts import measure as measure_posts
from tertulia.domain.ids import StreamName
from tertulia.eventlog import Append, Appended
from tertulia.eventlog.postgres import PostgresLog
from tests.postgres_server import PostgresServer

STREAMS = 20_000
AT_ONCE = 4_000
ENTRIES_READ = 20
NODES = 16
WARM_S = 0.5
SETTINGS = {"shared_buffers": "128MB", "max_wal_size": "2GB", "max_connections": "200"}


def measure(seconds: float) -> dict[str, float]:
    """About 3 × `seconds` and ten seconds."""
    with PostgresServer(settings=SETTINGS) as server:
        url = server.new_database()

        def pids() -> list[int]:
            return [server.pid, *server.children()]

        def posting(rooms: int) -> dict[str, float]:
            figures = uvloop.run(measure_posts(url, seconds=seconds, rooms=rooms, writers=1, pids=pids))
            return {name: figure["value"] for name, figure in figures.items()}

        database = server.last_database
        many = posting(100)
        alone = posting(1)
        many_nodes = uvloop.run(_nodes(server, url, seconds, posts=1, is_shared=False))
        in_the_way = uvloop.run(_nodes(server, url, seconds, posts=10, is_shared=True))
        reads = uvloop.run(_reading(server, url, database, seconds))
    return {
        "postgres_post_us": many["server_cpu"],
        "postgres_commit_alone_us": max(0.0, alone["server_cpu"] - many["server_cpu"]),
        "postgres_commit_full_us": max(0.0, many_nodes.cpu_us - many["server_cpu"]),
        "postgres_shared_posts_per_s": in_the_way.posts_per_s,
        "postgres_shared_tries": in_the_way.tries,
        "postgres_flush_ms": alone["wait_p50"],
    } | reads


class _Written(NamedTuple):
    """`cpu_us`: PostgreSQL's for a post. `tries`: appends for each that was written."""

    posts_per_s: float
    cpu_us: float
    tries: float


async def _nodes(server: PostgresServer, url: str, seconds: float, *, posts: int, is_shared: bool) -> _Written:
    """Sixteen nodes' logs, each appending one after the other: to a room of its own, or all to the same. Then who
    finds that another was faster asks for the head and appends again, as a lane does."""
    logs = [await PostgresLog.open(url, cluster="load") for _ in range(NODES)]
    written = tried = 0
    is_over = False

    async def append_on(number: int, log: PostgresLog) -> None:
        nonlocal written, tried
        room = StreamName(f"room/shared-{posts}" if is_shared else f"room/n{number:02}")
        head = (await log.heads([room]))[room]
        count = 0
        while not is_over:
            decisions = [decided(room, 1_000 * number + one, head + count) for one in range(posts)]
            outcome = await log.append(Append(decisions, {room: head}))
            tried += 1
            if isinstance(outcome, Appended):
                written += posts
                head += posts
            else:
                head = (await log.heads([room]))[room]
            count += 1

    appending = [asyncio.create_task(append_on(number, log)) for number, log in enumerate(logs)]
    await asyncio.sleep(WARM_S)
    pids = [server.pid, *server.children()]
    begun, cpu_s, before, tried_before = time.perf_counter(), process.cpu_s(pids), written, tried
    await asyncio.sleep(seconds)
    took_s, posted, appends = time.perf_counter() - begun, written - before, tried - tried_before
    cpu_s = process.cpu_s(pids) - cpu_s
    is_over = True
    await asyncio.gather(*appending)
    for log in logs:
        await log.close()
    return _Written(posted / took_s, cpu_s / posted * 1e6, appends * posts / posted)


async def _reading(server: PostgresServer, url: str, database: str, seconds: float) -> dict[str, float]:
    """The head check of many streams, and reads of a few entries."""
    rooms = [StreamName(f"room/r{number:03}") for number in range(100)]
    log = await PostgresLog.open(url, cluster="load")
    names = [StreamName(f"room/h{number:05}") for number in range(STREAMS)]
    for begin in range(0, STREAMS, AT_ONCE):
        await asyncio.gather(
            *(log.append(Append([decided(name, 0, 0)], {name: 0})) for name in names[begin : begin + AT_ONCE])
        )
    server.ask("ANALYZE", database)

    async def heads() -> int:
        assert all((await log.heads(names)).values()), "each has one"
        return STREAMS

    async def reads() -> int:
        read = await asyncio.gather(*(log.read(room, after=0, limit=ENTRIES_READ) for room in rooms))
        assert all(len(entries) == ENTRIES_READ for entries in read), "so many were posted"
        return len(rooms)

    found: dict[str, float] = {}
    for name, ask in (("head", heads), ("read", reads)):
        mine_us, theirs_us = await _costs(server, ask, seconds)
        found[f"node_{name}_us"], found[f"postgres_{name}_us"] = mine_us, theirs_us
    await log.close()
    return found


async def _costs(server: PostgresServer, ask: Callable[[], Awaitable[int]], seconds: float) -> tuple[float, float]:
    """µs of this process and of PostgreSQL, for each thing asked for."""
    await ask()
    pids = [server.pid, *server.children()]
    asked, begun = 0, time.perf_counter()
    mine_s, theirs_s = time.process_time(), process.cpu_s(pids)
    while time.perf_counter() < begun + seconds:
        asked += await ask()
    return (time.process_time() - mine_s) / asked * 1e6, (process.cpu_s(pids) - theirs_s) / asked * 1e6


def through_a_node(seconds: float) -> tuple[dict[str, float], dict[str, Figure]]:
    """The costs of a post with all that comes with it, and the scenario's figures."""
    figures = postgres_node.run(seconds)
    return {
        "postgres_node_post_us": figures["postgres_node_postgres_cpu"]["value"],
        "postgres_post_wal_bytes": figures["postgres_node_wal"]["value"],
    }, figures
