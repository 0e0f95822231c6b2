"""A real `tertulia serve` for tests: its own process, a free port of 127.0.0.1, a data folder of the test's own.

    def test_something(server: Server) -> None:            # the fixture: started, stopped at the end
    with Server(tmp_path, options=["--no-rate-limits"]) as server: ...

`server.url` leads there; `server.token("Ana")` speaks for a learner (of the cohort `demo`, which the first owner's or
instructor's token makes); `kill()` is SIGKILL, `stop()` SIGTERM and the drain, `start()` is on the same port and data.
What is *not* here: redis-server (`redis_server.py`), clients.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import httpx
import pytest

from tertulia.domain.policy import Role
from tests.redis_server import free_port

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 20.0
TRIES = 3
TERTULIA = Path(sys.executable).with_name("tertulia")


class Server:
    """One node. `folder` holds its data (`folder/data`, or `data` to share one) and what it printed."""

    def __init__(
        self,
        folder: Path,
        *,
        data: Path | None = None,
        port: int | None = None,
        options: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.data = data or folder / "data"
        self.port = port or free_port()
        self._is_port_given = port is not None
        self._options = list(options)
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    @property
    def output(self) -> str:
        """All it has printed, over all its starts."""
        path = self._output_path
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def _output_path(self) -> Path:
        return self.folder / f"server-{self.port}.txt"

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start (again) and wait until `/readyz` says so. Another try on another port when this one was taken."""
        assert self._process is None, "it is running"
        for attempt in range(TRIES):
            self._launch()
            if self._becomes_ready():
                return
            self.kill()
            if self._is_port_given or attempt == TRIES - 1 or "in use" not in self.output:
                break
            self.port = free_port()
        pytest.fail(f"the server did not start:\n{self.output[-3000:]}")

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_DEADLINE_S)
            self._process = None

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and wait; its exit code."""
        assert self._process is not None, "it is not running"
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(STOP_DEADLINE_S)
        self._process = None
        return code

    def restart(self) -> None:
        """A crash, and a start on the same port and data."""
        self._is_port_given = True
        self.kill()
        self.start()

    def token(self, name: str, *, role: Role = "learner", cohort: str = "demo", hours: float = 1.0) -> str:
        """An access token as `tertulia token` prints it. The same name in the same cohort is the same person."""
        from tertulia.cli.tokens import issue

        return issue(self.data, cohort=cohort, name=name, role=role, hours=hours).access

    def refresh_token(self, name: str, *, role: Role = "learner", cohort: str = "demo") -> str:
        from tertulia.cli.tokens import issue

        return issue(self.data, cohort=cohort, name=name, role=role, hours=1.0).refresh

    def _launch(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TERTULIA_")}
        command = [str(TERTULIA), "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._output_path.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *self._options],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=environment | self._environment,
            )

    def _becomes_ready(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + START_DEADLINE_S
        with httpx.Client(trust_env=False, timeout=5.0) as http:
            while self._process.poll() is None and time.monotonic() < deadline:
                try:
                    if http.get(f"{self.url}/readyz").status_code == 200:
                        return True
                except httpx.TransportError:
                    pass
                time.sleep(0.02)
        return False


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests that do it no harm; each makes a cohort of its own. Without rate limits."""
    with Server(tmp_path_factory.mktemp("shared-server"), options=["--no-rate-limits"]) as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, without rate limits."""
    with Server(tmp_path, options=["--no-rate-limits"]) as running:
        yield running


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """`make_server(options=[...])`: not started yet; ended with the test."""
    made: list[Server] = []

    def make(**arguments: object) -> Server:
        folder = tmp_path / f"server-{len(made)}"
        made.append(Server(folder, **arguments))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for running in made:
        running.kill()
