"""The floor program (`floor.c`), compiled when it is needed: one `write()` per delivery and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from load_tests.frames import masked, upgrade
from load_tests.target import numbered_text
from tests.redis_server import free_port

SOURCE = Path(__file__).with_name("floor.c")


class Floor:
    """The floor program as a target. It does not answer posts; readers are those who asked for `/read`."""

    name = "floor"
    joined = b""
    delivered = b"#x"
    numbered = re.compile(rb"#(\d{12})#x")
    acked = b""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pids: Sequence[int] = (pid,)

    def upgrade(self, *, is_reader: bool) -> bytes:
        return upgrade(self.port, path="/read" if is_reader else "/write")

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        return b""

    def post(self, number: int, *, room: str) -> bytes:
        return masked(numbered_text(number).encode())


def missing() -> str:
    """What must be installed first; empty when it can run."""
    return "" if shutil.which("cc") else "a C compiler (gcc)"


@contextmanager
def running(folder: Path) -> Iterator[Floor]:
    program, port = folder / "floor", free_port()
    subprocess.run(["cc", "-O2", "-o", str(program), str(SOURCE)], check=True)
    with subprocess.Popen([str(program), str(port)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", "the floor program did not start"
            yield Floor(port, process.pid)
        finally:
            process.kill()
