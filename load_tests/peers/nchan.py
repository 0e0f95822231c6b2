"""nchan, the publish/subscribe module of nginx, over WebSocket both ways.

At its best: one worker, which holds all connections; no access log, no compression, no pings, readers start at the
newest message. The worker's CPU counts, the master does nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from load_tests.peers.plain import Plain, started
from tests.redis_server import free_port

NAME = "nchan"
MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
BUFFERED_MESSAGES = 200
"""What nchan keeps of the channel, for readers that are behind: more than are ever in flight."""

SETTINGS = """
load_module {module};
daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid {folder}/nginx.pid;
error_log {folder}/error.txt error;
events {{
    worker_connections 4096;
    multi_accept on;
}}
http {{
    access_log off;
    tcp_nodelay on;
    nchan_shared_memory_size 64M;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        nchan_channel_id general;
        nchan_message_buffer_length {buffered};
        location = /read {{
            nchan_subscriber websocket;
            nchan_subscriber_first_message newest;
        }}
        location = /write {{
            nchan_publisher websocket;
        }}
    }}
}}
"""


def missing() -> str:
    if not _program():
        return "nginx"
    return "" if MODULE.exists() else "nchan (Debian: libnginx-mod-nchan)"


@contextmanager
def running(folder: Path) -> Iterator[Plain]:
    port, settings, program = free_port(), folder / "nginx.conf", _program()
    assert program, "missing() tells"
    settings.write_text(SETTINGS.format(module=MODULE, folder=folder, port=port, buffered=BUFFERED_MESSAGES))
    command = [program, "-p", str(folder), "-c", str(settings), "-e", str(folder / "error.txt")]
    with started(command, port=port, folder=folder) as master:
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        yield Plain(NAME, port, tuple(int(pid) for pid in children))


def _program() -> str | None:
    """Debian keeps it where only root's PATH leads."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
