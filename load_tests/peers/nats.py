"""nats-server over WebSocket: NATS' own protocol inside binary frames (CONNECT, SUB, PUB, PING).

At its best: no TLS, no compression, no accounts, pings an hour apart, and one scheduler thread for the one core it
has (`GOMAXPROCS`). It joins what waits for a connection into one write.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from load_tests.frames import masked, upgrade
from load_tests.peers.plain import started
from load_tests.target import TEXT_BYTES, TEXT_DELIVERED, TEXT_NUMBERED, numbered_text
from tests.redis_server import free_port

NAME = "nats-server"
SETTINGS = """
listen: "127.0.0.1:{inner}"
ping_interval: "1h"
websocket {{
    listen: "127.0.0.1:{port}"
    no_tls: true
    compression: false
}}
"""


class Nats:
    name = NAME
    joined = b"PONG\r\n"
    delivered = TEXT_DELIVERED
    numbered = TEXT_NUMBERED
    acked = b""

    def __init__(self, port: int, pids: Sequence[int]) -> None:
        self.port = port
        self.pids = pids

    def upgrade(self, *, is_reader: bool) -> bytes:
        return upgrade(self.port, path="/")

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        subscribe = f"SUB {room} 1\r\n" if is_reader else ""
        return masked(f'CONNECT {{"verbose":false,"pedantic":false}}\r\n{subscribe}PING\r\n'.encode(), is_binary=True)

    def post(self, number: int, *, room: str) -> bytes:
        return masked(f"PUB {room} {TEXT_BYTES}\r\n{numbered_text(number)}\r\n".encode(), is_binary=True)


def missing() -> str:
    return "" if _program() else "nats-server"


@contextmanager
def running(folder: Path) -> Iterator[Nats]:
    port, inner, settings, program = free_port(), free_port(), folder / "nats.conf", _program()
    assert program, "missing() tells"
    settings.write_text(SETTINGS.format(port=port, inner=inner))
    command = [program, "-c", str(settings)]
    with started(command, port=port, folder=folder, environment={"GOMAXPROCS": "1"}) as process:
        yield Nats(port, (process.pid,))


def _program() -> str | None:
    """Debian keeps it where only root's PATH leads."""
    return shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
