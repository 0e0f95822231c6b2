"""The floor program (`floor.c`), compiled when it is needed: one `write()` per delivery and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from load_tests.peers.plain import Plain, started
from tests.redis_server import free_port

NAME = "floor"
SOURCE = Path(__file__).with_name("floor.c")


def missing() -> str:
    """What must be installed first; empty when it can run."""
    return "" if shutil.which("cc") else "a C compiler (gcc)"


@contextmanager
def running(folder: Path) -> Iterator[Plain]:
    program, port = folder / "floor", free_port()
    subprocess.run(["cc", "-O2", "-o", str(program), str(SOURCE)], check=True)
    with started([str(program), str(port)], port=port, folder=folder) as process:
        yield Plain(NAME, port, (process.pid,))
