"""Starlette and uvicorn, `await websocket.send_text` in a loop: how a first version of a chat is written.

At its best: uvloop, httptools, uvicorn's faster WebSocket implementation (Sans-I/O), no compression, no pings, no
access log. What is naive is the loop.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from load_tests.peers.plain import PROGRAMS, Plain, started
from tests.redis_server import free_port

NAME = "starlette loop"


def missing() -> str:
    return ""


@contextmanager
def running(folder: Path) -> Iterator[Plain]:
    port = free_port()
    with started([sys.executable, str(PROGRAMS / "starlette_loop.py"), str(port)], port=port, folder=folder) as process:
        yield Plain(NAME, port, (process.pid,))
