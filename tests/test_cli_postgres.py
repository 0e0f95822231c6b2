"""The command line and a log in PostgreSQL: bad input is a sentence and an exit code; `doctor` says what is and what to
do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from psycopg import sql

from tertulia.app import Settings, SettingsRefused, open_node
from tertulia.auth.secret import deployment_name, own_secret
from tertulia.cli import main
from tertulia.cli.exits import DATA, TROUBLE, UNREACHED, USAGE
from tertulia.eventlog.postgres import PostgresLog
from tests.commands import tertulia
from tests.postgres_server import PASSWORD, PostgresServer, postgres
from tests.redis_server import RedisServer, free_port
from tests.test_cli_bad_input import must_be_one_sentence
from tests.test_eventlog_postgres_refused import fake_server, greeting

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

QUOTED = PASSWORD.replace(" ", "%20")


def make_log(url: str, *, cluster: str = "other") -> None:
    async def make() -> None:
        await (await PostgresLog.open(url, cluster=cluster)).close()

    asyncio.run(make())


def spoilt(postgres: PostgresServer, what: str, *options: str, cluster: str = "other") -> str:
    """A database about which something is wrong; its URL."""
    url = postgres.new_database(*options)  # type: ignore[arg-type]
    name = sql.Identifier(postgres.last_database)
    match what:
        case "read-only":
            postgres.ask(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        case "not ours":
            postgres.ask(sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(name))
        case "another cluster":
            make_log(url)
        case "newer":
            make_log(url)
            postgres.ask("UPDATE tertulia.meta SET value = '99' WHERE key = 'version'", postgres.last_database)
        case "moving":
            make_log(url, cluster=cluster)
            postgres.ask("INSERT INTO tertulia.meta VALUES ('moving', '')", postgres.last_database)
    return url


class Said(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str) -> Said:
    """The command, in this process: a new one for each costs a second."""
    done = CliRunner().invoke(main, arguments)
    return Said(done.exit_code, done.stdout, done.stderr)


def test_doctor_looks_at_a_replica(postgres: PostgresServer, tmp_path: Path) -> None:
    """The first test: a copy of few databases is made sooner."""
    url = postgres.new_database()
    make_log(url, cluster=deployment_name(own_secret(tmp_path)))
    with PostgresServer(replica_of=postgres) as replica:
        there = replica.url(url.rpartition("/")[2])
        done = run("doctor", "--data", str(tmp_path), "--port", str(free_port()), "--log", url, "--log-replica", there)
        assert done.returncode == 0, done.stdout
        assert f"The replica at 127.0.0.1:{replica.port}/" in done.stdout
        assert " s behind." in done.stdout
        done = run("doctor", "--data", str(tmp_path), "--port", str(free_port()), "--log", there)
        assert "give the primary's URL" in done.stdout


def test_bad_input_is_a_sentence_and_an_exit_code(postgres: PostgresServer, tmp_path: Path) -> None:
    cluster = deployment_name(own_secret(tmp_path))
    good = postgres.new_database()
    away = f"postgresql://tertulia:{QUOTED}@127.0.0.1:{free_port()}/log"
    cases: list[tuple[str, int, tuple[str, ...]]] = [
        ("postgresql://", USAGE, ("names no database", "postgresql://user:password@host")),
        (f"postgres://u:{QUOTED}@h:port/d", USAGE, ("port",)),
        (good.replace(QUOTED, "wrong"), DATA, ("user or password", "Correct the URL")),
        (away, UNREACHED, ("cannot be reached", "Start it")),
        (postgres.url("nowhere"), DATA, ("does not know the database 'nowhere'", "CREATE DATABASE")),
        (spoilt(postgres, "read-only"), DATA, ("no replica, and read-only", "default_transaction_read_only is on")),
        (spoilt(postgres, "not ours"), DATA, ("GRANT CREATE ON DATABASE",)),
        (spoilt(postgres, "", "ENCODING SQL_ASCII TEMPLATE template0"), DATA, ("SQL_ASCII", "ENCODING UTF8")),
        (spoilt(postgres, "another cluster"), DATA, ("'other'", "--secret-file", "a database of its own")),
        (spoilt(postgres, "newer"), DATA, ("newer Tertulia", "Install that newer program")),
        (spoilt(postgres, "moving", cluster=cluster), DATA, ("is being moved", "tertulia migrate")),
    ]

    for url, code, says in cases:
        done = run("export", "--data", str(tmp_path), "--cohort", "c", "--room", "r", "--log", url)
        must_be_one_sentence(done.stderr, says)
        assert done.returncode == code, done.stderr
        assert PASSWORD not in done.stderr
        assert QUOTED not in done.stderr
    (url, code, says), options = cases[3], ["--port", str(free_port()), "--data", tmp_path]
    done = tertulia("serve", *options, "--log", url, folder=tmp_path)
    must_be_one_sentence(done.stderr, says)
    assert done.returncode == code


def test_a_server_that_is_too_old_and_a_driver_that_is_missing(tmp_path: Path) -> None:
    async def story() -> None:
        async with fake_server(greeting("13.9")) as port:
            url = f"postgresql://u:p@127.0.0.1:{port}/d?sslmode=disable"
            done = await asyncio.to_thread(run, "rebuild", "--data", str(tmp_path), "--log", url)
        must_be_one_sentence(done.stderr, ("version 13", "14 or newer"))
        assert done.returncode == DATA

    asyncio.run(story())
    (tmp_path / "psycopg.py").write_text("raise ImportError('no pq wrapper available')")
    options = ["--port", str(free_port()), "--data", "data", "--log", "postgresql://u:p@h/d"]
    done = tertulia("serve", *options, folder=tmp_path, environment={"PYTHONPATH": str(tmp_path)})
    must_be_one_sentence(done.stderr, (".venv/bin/pip install -e '.[postgres]'", ".whl[postgres]"))
    assert done.returncode == USAGE


def test_a_replica_without_a_log_in_postgresql(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="give --log postgresql://"):
        asyncio.run(open_node(Settings(data=tmp_path, log_replica="postgresql://u:p@h/d")))


def test_doctor_looks_at_the_servers(postgres: PostgresServer, tmp_path: Path) -> None:
    secret = own_secret(tmp_path)

    def look(*options: str) -> tuple[int, str]:
        done = run("doctor", "--data", str(tmp_path), "--port", str(free_port()), *options)
        assert "went wrong" not in done.stderr
        return done.returncode, done.stdout

    url = postgres.new_database()
    with RedisServer(tmp_path) as redis:
        code, text = look("--log", url, "--bus", redis.url)
    assert code == 0, text
    for part in (
        "answers at 127.0.0.1", "What was answered is on disk", "more nodes", "The database is empty",
        "clock and ours agree", "synchronous_standby_names", "Redis 7", "The bus answers",
    ):  # fmt: skip
        assert part in text, f"{part!r} is not said in:\n{text}"
    make_log(url, cluster=deployment_name(secret))
    code, text = look("--log", url)
    assert code == 0, text
    assert "as this program's" in text
    assert "belongs to this cluster" in text

    postgres.ask("REVOKE INSERT ON tertulia.entry FROM tertulia", postgres.last_database)
    postgres.ask("UPDATE tertulia.meta SET value = 'other' WHERE key = 'cluster'", postgres.last_database)
    postgres.ask("INSERT INTO tertulia.meta VALUES ('moving', '')", postgres.last_database)
    name = sql.Identifier(postgres.last_database)
    postgres.ask(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 3").format(name))
    postgres.ask(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
    code, text = look("--log", url, "--log-replica", url)
    assert code == TROUBLE
    for part in (
        "may not use tertulia.entry: GRANT ALL", "belongs to the cluster other", "run `tertulia migrate` again",
        "gives us 3 connections", "Raise max_connections", "raises it for itself", "is no replica",
    ):  # fmt: skip
        assert part in text, f"{part!r} is not said in:\n{text}"
    code, text = look("--log", spoilt(postgres, "read-only"))
    assert code == TROUBLE
    assert "turn default_transaction_read_only off" in text
    code, text = look("--log", f"postgresql://u:p@127.0.0.1:{free_port()}/d")
    assert code == TROUBLE
    assert "cannot be reached" in text
