"""What a front costs: nginx, one worker, before a real node, passing sockets on. Skipped where there is no nginx."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from load_tests import process
from load_tests.crowd import Crowd
from load_tests.fan_out import IN_FLIGHT, closed_loop
from load_tests.frames import upgrade
from load_tests.peers.plain import started
from load_tests.target import Tertulia
from tests.redis_server import free_port
from tests.school import make_school
from tests.servers import Server

READERS = 500
CONNECTIONS = 1_000
CALM_S = 1.0
SETTINGS = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/error.txt error;
events {{
    worker_connections 8192;
    multi_accept on;
}}
http {{
    access_log off;
    tcp_nodelay on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://127.0.0.1:{node};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_set_header Host $http_host;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


class Fronted(Tertulia):
    """A node behind nginx. `pids`: nginx' worker, whose CPU counts."""

    def __init__(self, server: Server, *, port: int, pids: Sequence[int]) -> None:
        super().__init__(server, connections_of_one=15)
        self._port = port
        self._workers = tuple(pids)

    @property
    def port(self) -> int:
        return self._port

    @property
    def pids(self) -> Sequence[int]:
        return self._workers

    def upgrade(self, *, is_reader: bool) -> bytes:
        return upgrade(self._port, subprotocol="tertulia.v1.json")


def measure(seconds: float) -> dict[str, float]:
    """About 3 × `seconds` and ten seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(make_school(folder / "data"))
        with Server(folder, options=["--no-rate-limits"]) as server, _nginx(folder, server.port) as (port, pids):

            def target() -> Fronted:
                return Fronted(server, port=port, pids=pids)

            connect_us, bytes_each = _connections(target())
            alone = closed_loop(target(), seconds=seconds, in_flight=1, readers=READERS)
            full = closed_loop(target(), seconds=seconds, in_flight=IN_FLIGHT, readers=READERS)
    return {
        "front_deliver_alone_us": alone.cost_us,
        "front_deliver_full_us": full.cost_us,
        "front_connect_us": connect_us,
        "front_connection_bytes": bytes_each,
    }


def _connections(target: Fronted) -> tuple[float, float]:
    crowd = Crowd(target)
    try:
        crowd.connect(100)
        time.sleep(CALM_S)
        memory, cpu_s = process.rss_bytes(target.pids), process.cpu_s(target.pids)
        crowd.connect(CONNECTIONS)
        used_s = process.cpu_s(target.pids) - cpu_s
        return used_s / CONNECTIONS * 1e6, (process.rss_bytes(target.pids) - memory) / CONNECTIONS
    finally:
        crowd.close()


@contextmanager
def _nginx(folder: Path, node: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    port, settings, program = free_port(), folder / "nginx.conf", program_path()
    assert program, "nginx is missing"
    settings.write_text(SETTINGS.format(folder=folder, port=port, node=node))
    command = [program, "-p", str(folder), "-c", str(settings), "-e", str(folder / "error.txt")]
    with started(command, port=port, folder=folder) as master:
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        yield port, tuple(int(pid) for pid in children)


def program_path() -> str | None:
    """Debian keeps it where only root's PATH leads."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
