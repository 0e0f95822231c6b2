"""socket.io on Node, over WebSocket from the first byte, in Engine.IO's framing: `42["message","…"]`.

At its best: no polling, no compression, a ping an hour; an emit to a room, which it encodes and frames once for all
(`wsPreEncodedFrame`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from load_tests.frames import masked, upgrade
from load_tests.peers.plain import NODE_MODULES, PROGRAMS, started
from load_tests.target import numbered_text
from tests.redis_server import free_port

NAME = "socket.io"


class SocketIo:
    name = NAME
    joined = b'40{"sid"'
    delivered = b'42["message"'
    numbered = re.compile(rb'42\["message","#(\d{12})#')
    acked = b""

    def __init__(self, port: int, pids: Sequence[int]) -> None:
        self.port = port
        self.pids = pids

    def upgrade(self, *, is_reader: bool) -> bytes:
        return upgrade(self.port, path="/socket.io/?EIO=4&transport=websocket")

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        return masked(b'40{"reader":true}' if is_reader else b"40")

    def post(self, number: int, *, room: str) -> bytes:
        return masked(f'42["post","{numbered_text(number)}"]'.encode())


def missing() -> str:
    if not shutil.which("node"):
        return "Node"
    return "" if (NODE_MODULES / "socket.io").is_dir() else "the npm package socket.io"


@contextmanager
def running(folder: Path) -> Iterator[SocketIo]:
    port = free_port()
    with started(["node", str(PROGRAMS / "socketio.js"), str(port)], port=port, folder=folder) as process:
        yield SocketIo(port, (process.pid,))
