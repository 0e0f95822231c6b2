"""A real redis-server for tests: its own process in its own folder, on a free port of 127.0.0.1, gone at the end."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import redis

START_DEADLINE_S = 10.0
STOP_DEADLINE_S = 10.0
EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
USERS = {"aclfile": str(EXAMPLES / "redis-users.acl")}
"""Options of a server with the users that operators are told to make; tests ask it as `ADMIN`."""
ADMIN = ("admin", "change-me-admin")


class RedisServer:
    """`with RedisServer(folder) as server:` — `url` leads there. No persistence unless `options` say so.

    `options` are redis-server's own, without the dashes: `{"requirepass": "secret"}`; with `USERS` it has the users of
    docs/examples, and `url` leads there as the one for a single server.
    """

    def __init__(self, folder: Path, *, options: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self._folder = folder
        self._options = {"save": "", "appendonly": "no"} | (options or {})
        self._login: tuple[str | None, str | None]
        self._login = ADMIN if "aclfile" in self._options else (None, self.password)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def password(self) -> str | None:
        return self._options.get("requirepass")

    @property
    def url(self) -> str:
        if "aclfile" in self._options:
            return f"redis://tertulia:change-me@127.0.0.1:{self.port}"
        return f"redis://:{self.password}@127.0.0.1:{self.port}" if self.password else self.bare_url

    @property
    def bare_url(self) -> str:
        """Without the password."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start (again, on the same port) and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start, and do not wait."""
        assert self._process is None, "it is running"
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("redis-server is missing: apt-get install redis-server")
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *self._arguments()], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def wait(self) -> None:
        """Until it answers."""
        assert self._process is not None, "it was not launched"
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"redis-server did not start:\n{(self._folder / 'redis.log').read_text()}")
            time.sleep(0.01)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def stop(self) -> None:
        """End it at once, as a crash would (SIGKILL; it works on a paused one too)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_DEADLINE_S)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, it accepts connections and bytes and answers nothing (SIGSTOP)."""
        assert self._process is not None, "it is not running"
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill_clients(self, kind: str) -> int:
        """`CLIENT KILL TYPE normal|pubsub`; how many were cut."""
        return int(self.ask("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"))

    def pause_clients(self, duration_ms: int) -> None:
        """`CLIENT PAUSE … WRITE`: PUBLISH waits. (With `ALL`, `unpause_clients` would wait too.)"""
        self.ask("CLIENT", "PAUSE", str(duration_ms), "WRITE")

    def unpause_clients(self) -> None:
        self.ask("CLIENT", "UNPAUSE")

    def ask(self, *command: str | bytes) -> Any:
        with self._client() as client:
            return client.execute_command(*command)

    def ask_raw(self, *command: str | bytes) -> Any:
        """The reply as Redis gives it: bytes, integers, lists."""
        with self._client() as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    @property
    def cluster_port(self) -> str:
        return self._options["cluster-port"]

    def _client(self) -> redis.Redis:
        return redis.Redis(
            port=self.port,
            username=self._login[0],
            password=self._login[1],
            socket_timeout=10.0,
            protocol=2,
            driver_info=None,
        )

    def _arguments(self) -> list[str]:
        arguments = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder)]
        for name, value in self._options.items():
            arguments += [f"--{name}", *(value.split() if name == "rename-command" else [value])]
        return arguments

    def _answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except redis.RedisError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
