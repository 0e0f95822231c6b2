"""A real PostgreSQL for tests: its own cluster in its own folder, on a free port of 127.0.0.1, gone at the end.

    with PostgresServer() as server: url = server.new_database()

fsync is on: what it has committed survives `kill`. It refuses to run as root; then it runs as the user `postgres`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.redis_server import free_port

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 20.0
PASSWORD = "not secret"  # with a space, so that it is quoted wherever it must be
_numbers = count(1)


class PostgresServer:
    """One cluster. `settings` go to its configuration: `{"max_connections": "5"}`. `replica_of`: a streaming replica of
    one that runs."""

    def __init__(self, *, settings: dict[str, str] | None = None, replica_of: PostgresServer | None = None) -> None:
        self._primary = replica_of
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="tertulia-postgres-"))
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "16MB",
            "max_connections": "50",
            "fsync": "on",
            "max_wal_size": "64MB",
            "min_wal_size": "16MB",
            "dynamic_shared_memory_type": "mmap",
        } | (settings or {})
        self.last_database = ""
        """The name of the one asked for last."""
        self._empty = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._user = {"user": "postgres", "group": "postgres", "extra_groups": []}

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    def url(self, database: str, *, user: str = "tertulia", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def empty_database(self) -> str:
        """The URL of a database with nothing in it; always the same one, which is quicker than a new one."""
        if not self._empty:
            self._empty = self.new_database()
        name = self._empty.rpartition("/")[2]
        self.ask("DROP SCHEMA IF EXISTS tertulia CASCADE", name)
        self.last_database = name
        return self._empty

    def emptied_database(self) -> str:
        """The URL of a database in which nothing has happened: always the same one, whose tables are kept once they are
        made, which is quicker by far."""
        url = self._empty or self.empty_database()
        name = url.rpartition("/")[2]
        tables = self.ask(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'tertulia' AND tablename NOT IN ('meta', 'projection')",
            name,
        )
        emptied = [sql.SQL("DELETE FROM tertulia.{}").format(sql.Identifier(table)) for (table,) in tables]
        if emptied:
            self.ask(sql.SQL("; ").join([sql.SQL("SET session_replication_role = replica"), *emptied]), name)
        return url

    def new_database(self, *options: LiteralString) -> str:
        """The URL of a new, empty database that belongs to the user `tertulia`."""
        self.last_database = name = f"log_{next(_numbers)}"
        statement = sql.SQL("CREATE DATABASE {} OWNER tertulia").format(sql.Identifier(name))
        self.ask(sql.SQL(" ").join([statement, *map(sql.SQL, options)]))
        return self.url(name)

    def __enter__(self) -> PostgresServer:
        try:
            if self._primary is not None:
                self._copy(self._primary)
                self.start()
                return self
            self._make()
            self.start()
            self.ask(sql.SQL("CREATE ROLE tertulia LOGIN PASSWORD {}").format(sql.Literal(PASSWORD)))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start (again, on the same port) and wait until it answers."""
        assert self._process is None, "it is running"
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            process = self._launch()
            while process.poll() is None and time.monotonic() < deadline:
                if self._answers():
                    return
                time.sleep(0.02)
            # What a killed one left behind may need a moment to be gone.
            self.kill()
            if time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{self.output[-3000:]}")
            time.sleep(0.1)

    def wait(self) -> None:
        """Until it answers: it may be about to recover, or already at it."""
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._answers():
            assert time.monotonic() < deadline, self.output[-3000:]
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once with all its processes, as a crash of the machine would, but for what the kernel holds."""
        if self._process is not None:
            children = self.children()
            for pid in [self._process.pid, *children]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait(STOP_DEADLINE_S)
            self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def kill_backend(self) -> None:
        """SIGKILL one that serves the log: the server then ends all, recovers and takes connections again."""
        for (pid,) in self.ask("SELECT pid FROM pg_stat_activity WHERE usename = 'tertulia' LIMIT 1"):
            assert pid in self.children(), "it is ours"
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, clients told (57P01)."""
        assert self._process is not None, "it is not running"
        self._process.send_signal(signal.SIGINT)
        self._process.wait(STOP_DEADLINE_S)
        self._process = None

    def children(self) -> list[int]:
        """The process ids of its backends and workers."""
        task = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in task.read_text().split()] if task.exists() else []

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, it takes bytes and answers nothing (SIGSTOP of all its processes)."""
        stopped = [self.pid, *self.children()]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def ask(
        self, statement: LiteralString | sql.SQL | sql.Composed, database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """As the superuser."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user="postgres", autocommit=True, connect_timeout=10
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def set(self, name: str, value: str) -> None:
        """A setting that needs no restart, from now on."""
        self.ask(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        self.ask("SELECT pg_reload_conf()")
        deadline = time.monotonic() + START_DEADLINE_S
        while self.ask(sql.SQL("SELECT current_setting({})").format(sql.Literal(name))) != [(value,)]:
            assert time.monotonic() < deadline, "it was not taken"
            time.sleep(0.02)

    @property
    def output(self) -> str:
        path = self.folder / "output.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def _make(self) -> None:
        data = self.folder / "data"
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        command = [_program("initdb"), "-D", str(data), "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]
        command += ["--wal-segsize", "4"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._user)
        (data / "pg_hba.conf").write_text(
            "host all postgres 127.0.0.1/32 trust\nhost replication postgres 127.0.0.1/32 trust\n"
            "host all all 127.0.0.1/32 scram-sha-256\n"
        )
        settings = "".join(f"{name} = '{value}'\n" for name, value in self._settings.items())
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(settings)

    def _copy(self, primary: PostgresServer) -> None:
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        command = [_program("pg_basebackup"), "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres"]
        command += ["-D", str(self.folder / "data"), "-c", "fast", "-X", "stream", "-R", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._user)

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [_program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        with (self.folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=self.folder, **self._user
            )
        return self._process

    def _answers(self) -> bool:
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg.OperationalError:
            return False


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql")
    return program


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A server for the tests of one file, each with a database of its own."""
    with PostgresServer() as running:
        yield running
