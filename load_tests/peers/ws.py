"""ws, the WebSocket server of Node. As its README broadcasts, at its best: no compression; a Buffer is sent, so that
the text is not encoded again for each reader; it sets TCP_NODELAY itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from load_tests.peers.plain import NODE_MODULES, PROGRAMS, Plain, started
from tests.redis_server import free_port

NAME = "ws"


def missing() -> str:
    if not shutil.which("node"):
        return "Node"
    return "" if (NODE_MODULES / "ws").is_dir() else "the npm package ws"


@contextmanager
def running(folder: Path) -> Iterator[Plain]:
    port = free_port()
    with started(["node", str(PROGRAMS / "ws.js"), str(port)], port=port, folder=folder) as process:
        yield Plain(NAME, port, (process.pid,))
