"""`websockets.broadcast`: the frame is built once, and written to each connection without waiting.

At its best: uvloop, no compression, no pings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from load_tests.peers.plain import PROGRAMS, Plain, started
from tests.redis_server import free_port

NAME = "websockets.broadcast"


def missing() -> str:
    return ""


@contextmanager
def running(folder: Path) -> Iterator[Plain]:
    port = free_port()
    with started([sys.executable, str(PROGRAMS / "broadcast.py"), str(port)], port=port, folder=folder) as process:
        yield Plain(NAME, port, (process.pid,))
