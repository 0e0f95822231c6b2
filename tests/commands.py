"""The real command `tertulia`, run as people run it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.servers import TERTULIA

DEADLINE_S = 60.0


def tertulia(
    *arguments: str | Path, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs it to its end in `folder`."""
    return subprocess.run(
        [str(TERTULIA), *map(str, arguments)],
        cwd=folder,
        env=bare_environment() | (environment or {}),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def said(*arguments: str | Path, folder: Path) -> str:
    """Its stdout; it must end well."""
    done = tertulia(*arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def bare_environment() -> dict[str, str]:
    """Nothing that would set an option."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TERTULIA_")}
