"""What the log in PostgreSQL costs, without nodes: a real PostgreSQL on this disk, fsync and synchronous_commit on."""

from __future__ import annotations

import time

import uvloop

from load_tests import process
from load_tests.postgres_posts import measure as measure_posts
from tertulia.domain.ids import StreamName
from tertulia.eventlog.postgres import PostgresLog
from tests.postgres_server import PostgresServer

STREAMS = 50_000
ASKED = 20_000
SETTINGS = {"shared_buffers": "128MB", "max_wal_size": "2GB"}


def measure(seconds: float) -> dict[str, float]:
    """About 3 × `seconds` and ten seconds."""
    with PostgresServer(settings=SETTINGS) as server:
        url = server.new_database()

        def pids() -> list[int]:
            return [server.pid, *server.children()]

        def posting(rooms: int) -> dict[str, float]:
            figures = uvloop.run(measure_posts(url, seconds=seconds, rooms=rooms, writers=1, pids=pids))
            return {name: figure["value"] for name, figure in figures.items()}

        database, wal, posts = server.last_database, _wal_bytes(server), 0
        many = posting(100)
        posts = server.ask("SELECT sum(head) FROM tertulia.stream", database)[0][0]
        wal = _wal_bytes(server) - wal
        alone = posting(1)
        head_us, node_head_us = uvloop.run(_heads(server, url, database, seconds))
    return {
        "postgres_post_us": many["server_cpu"],
        "postgres_post_wal_bytes": wal / float(posts),
        "postgres_commit_us": max(0.0, alone["server_cpu"] - many["server_cpu"]),
        "postgres_flush_ms": alone["wait_p50"],
        "postgres_head_us": head_us,
        "node_head_us": node_head_us,
    }


async def _heads(server: PostgresServer, url: str, database: str, seconds: float) -> tuple[float, float]:
    """µs a stream, of PostgreSQL and of the node that asks."""
    server.ask(
        "INSERT INTO tertulia.stream (name, kind, owner, head) "
        f"SELECT 'room/' || md5(n::text), 'room', md5(n::text), n FROM generate_series(1, {STREAMS}) n",  # type: ignore[arg-type]
        database,
    )
    server.ask("ANALYZE tertulia.stream", database)
    names = [StreamName(name) for (name,) in server.ask("SELECT name FROM tertulia.stream", database)][:ASKED]
    log = await PostgresLog.open(url, cluster="load")
    await log.heads(names)
    server_pids = [server.pid, *server.children()]
    asked, begun = 0, time.perf_counter()
    mine_s, theirs_s = time.process_time(), process.cpu_s(server_pids)
    while time.perf_counter() < begun + seconds:
        heads = await log.heads(names)
        assert all(heads.values()), "each has one"
        asked += len(names)
    mine_s, theirs_s = time.process_time() - mine_s, process.cpu_s(server_pids) - theirs_s
    await log.close()
    return theirs_s / asked * 1e6, mine_s / asked * 1e6


def _wal_bytes(server: PostgresServer) -> float:
    return float(server.ask("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")[0][0])
