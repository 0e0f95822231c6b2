"""Posts made durable in PostgreSQL through a real node: sockets, tokens, decisions, projections, a synchronous commit.

A thousand people in a hundred rooms of ten, each posts, hears the answer and posts again; ten hear each post. Node,
PostgreSQL and generator share the cores there are: nothing is pinned, PostgreSQL is many processes. Its database is on
this disk, fsync and synchronous_commit on.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from load_tests import process
from load_tests.figures import Figure, at_least, plain
from load_tests.posts import BUSY_ROOMS, Everybody
from load_tests.target import Tertulia
from tests.postgres_server import PostgresServer
from tests.school import make_school
from tests.servers import Server

SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "max_connections": "100"}
TARGET = 5_000
WARM_S = 2.0
SETTLE_S = 30.0


class Posted(NamedTuple):
    """In a span of time. `wal_bytes`: written ahead; `commits`: of the node."""

    seconds: float
    acked: int
    node_s: float
    postgres_s: float
    generator_s: float
    wal_bytes: float
    commits: int
    commit_s: float


@contextmanager
def node_on_postgres(rooms: tuple[str, ...]) -> Iterator[tuple[Server, PostgresServer]]:
    with PostgresServer(settings=SETTINGS) as postgres, tempfile.TemporaryDirectory() as name:
        url, folder = postgres.new_database(), Path(name)
        names = {room: room.capitalize() for room in rooms}
        asyncio.run(make_school(folder / "data", rooms=names, log=url))
        with Server(folder, options=["--no-rate-limits", "--log", url]) as server:
            yield server, postgres


def run(seconds: float) -> dict[str, Figure]:
    """For `make bench`."""
    with node_on_postgres(BUSY_ROOMS) as (server, postgres):
        done = post(server, postgres, seconds=seconds)
    return {
        "postgres_node": at_least(done.acked / done.seconds, "acked posts/s, node on PostgreSQL", TARGET),
        "postgres_node_cpu": plain(done.node_s / done.acked * 1e6, "µs CPU a post, node"),
        "postgres_node_postgres_cpu": plain(done.postgres_s / done.acked * 1e6, "µs CPU a post, PostgreSQL"),
        "postgres_node_generator_cpu": plain(done.generator_s / done.acked * 1e6, "µs CPU a post, generator"),
        "postgres_node_cores": plain(
            (done.node_s + done.postgres_s + done.generator_s) / done.seconds, "cores used by all three"
        ),
        "postgres_node_wal": plain(done.wal_bytes / done.acked, "bytes written ahead a post"),
        "postgres_node_commit": plain(done.acked / max(1, done.commits), "posts a commit"),
        "postgres_node_commit_ms": plain(done.commit_s / max(1, done.commits) * 1000, "ms a commit"),
        "postgres_node_committing": plain(done.commit_s / done.seconds * 100, "% of the time a commit is under way"),
    }


def post(server: Server, postgres: PostgresServer, *, seconds: float) -> Posted:
    with Everybody(Tertulia(server)) as people:
        people.go_on(WARM_S)
        before, begun, acked = _used(server, postgres), time.perf_counter(), people.crowd.acks
        people.go_on(seconds)
        took_s, acked = time.perf_counter() - begun, people.crowd.acks - acked
        used = [now - then for now, then in zip(_used(server, postgres), before, strict=True)]
        people.settle(wait_s=SETTLE_S)
    return Posted(took_s, acked, used[0], used[1], used[2], used[3], int(used[4]), used[5])


def _used(server: Server, postgres: PostgresServer) -> tuple[float, ...]:
    """CPU seconds of node, PostgreSQL and this process; bytes written ahead; commits, and how long they took."""
    wal = postgres.ask("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")[0][0]
    lines = httpx.get(f"{server.url}/metrics", trust_env=False, timeout=30.0).text.splitlines()
    commits, commit_s = (
        next(float(line.split()[1]) for line in lines if line.startswith(f"tertulia_commit_seconds_{name} "))
        for name in ("count", "sum")
    )
    return (
        process.cpu_s([server.pid]),
        process.cpu_s([postgres.pid, *postgres.children()]),
        process.cpu_s([os.getpid()]),
        float(wal),
        commits,
        commit_s,
    )
