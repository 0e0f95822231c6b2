"""A target that says nothing of its own: what a writer sends is what each reader gets. And how a peer is started."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from load_tests.frames import masked, upgrade
from load_tests.target import TEXT_DELIVERED, TEXT_NUMBERED, numbered_text

START_DEADLINE_S = 15.0
STOP_DEADLINE_S = 5.0
PROGRAMS = Path(__file__).with_name("programs")
NODE_MODULES = Path(__file__).with_name("node_modules")


class Plain:
    """Readers are those who asked for `/read`. A delivery is a text frame with the text and nothing else."""

    joined = b""
    delivered = TEXT_DELIVERED
    numbered = TEXT_NUMBERED
    acked = b""

    def __init__(self, name: str, port: int, pids: Sequence[int]) -> None:
        self.name = name
        self.port = port
        self.pids = pids

    def upgrade(self, *, is_reader: bool) -> bytes:
        return upgrade(self.port, path="/read" if is_reader else "/write")

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        return b""

    def post(self, number: int, *, room: str) -> bytes:
        return masked(numbered_text(number).encode())


@contextmanager
def started(
    command: Sequence[str], *, port: int, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that listens on `port` of 127.0.0.1; it is asked to end (SIGTERM), then made to."""
    log = folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=os.environ | (environment or {})
        )
    try:
        deadline = time.monotonic() + START_DEADLINE_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
