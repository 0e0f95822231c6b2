"""What the PostgreSQL log is given and cannot use: refused when it is opened, with a sentence on what to do."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from psycopg import sql

from tertulia.eventlog import LogRefused
from tertulia.eventlog.postgres import PostgresLog
from tests.postgres_server import PASSWORD, PostgresServer, postgres
from tests.redis_server import free_port

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres


async def refusal(url: str, *, cluster: str = "school") -> str:
    """What it says; never the password."""
    with pytest.raises(LogRefused) as caught:
        await PostgresLog.open(url, cluster=cluster)
    said = str(caught.value)
    assert PASSWORD not in said
    assert "wrong-secret" not in said
    return said


async def open_and_close(url: str, *, cluster: str = "school") -> str:
    log = await PostgresLog.open(url, cluster=cluster)
    await log.close()
    return log.epoch


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "postgresql://user:password@host"),
        ("mysql://u:wrong-secret@h/d", "does not begin with postgresql://"),
        ("postgresql://u:wrong-secret@h:port/d", "port"),
        ("postgresql://u:wrong-secret@h", "names no database"),
        ("postgresql://u:wrong-secret@h/d?sslmod=require", "a parameter that is not known: 'sslmod'"),
        ("postgresql://u:wrong-secret@h/d?ssl=1&password=wrong-secret", "a parameter that is not known: 'ssl'"),
        ("postgresql://u:a/b?wrong-secret=x@h/d", "percent-encoded"),
        ("postgresql://u:wrong-secret%zz@h/d", "percent-encoded"),
        ("postgresql://u:wrong-secret@[::1/d", "cannot be read"),
        ("postgresql://u:wrong-secret@h:5432/%00", "cannot be read"),
    ],
)
async def test_a_url_that_makes_no_sense(url: str, words: str) -> None:
    assert words in await refusal(url)


async def test_a_server_that_is_not_there() -> None:
    said = await refusal(f"postgresql://u:wrong-secret@127.0.0.1:{free_port()}/d")
    assert "cannot be reached" in said
    assert "Start it, or correct the log URL" in said


async def test_a_host_that_is_not_known() -> None:
    assert "cannot be reached" in await refusal("postgresql://u:wrong-secret@nowhere.invalid/d")


async def test_a_server_that_says_nothing() -> None:
    async with fake_server(b"") as port:
        assert "cannot be reached" in await refusal(f"postgresql://u:wrong-secret@127.0.0.1:{port}/d?sslmode=disable")


async def test_another_kind_of_server() -> None:
    async with fake_server(b"-ERR unknown command\r\n") as port:
        assert "cannot be reached" in await refusal(f"postgresql://u:wrong-secret@127.0.0.1:{port}/d?sslmode=disable")


async def test_a_server_that_is_too_old() -> None:
    async with fake_server(greeting("13.9")) as port:
        said = await refusal(f"postgresql://u:wrong-secret@127.0.0.1:{port}/d?sslmode=disable")
        assert "is of version 13; it must be 14 or newer" in said


async def test_a_wrong_password_or_user(postgres: PostgresServer) -> None:
    url = postgres.empty_database()
    assert "user or password" in await refusal(url.replace(PASSWORD.replace(" ", "%20"), "wrong-secret"))
    assert "user or password" in await refusal(url.replace("tertulia:", "nobody:"))
    assert "user or password" in await refusal(url.replace(":" + PASSWORD.replace(" ", "%20"), ""))


async def test_a_database_that_is_not_there(postgres: PostgresServer) -> None:
    assert "CREATE DATABASE" in await refusal(postgres.url("nowhere"))


async def test_a_user_who_may_not_make_tables(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    postgres.ask(sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(sql.Identifier(postgres.last_database)))
    said = await refusal(url)
    assert f'GRANT CREATE ON DATABASE "{postgres.last_database}" TO "tertulia"' in said
    postgres.ask(sql.SQL("GRANT CREATE ON DATABASE {} TO tertulia").format(sql.Identifier(postgres.last_database)))
    await open_and_close(url)


async def test_a_user_who_may_not_read_them(postgres: PostgresServer) -> None:
    url = postgres.empty_database()
    await open_and_close(url)
    postgres.ask("ALTER SCHEMA tertulia OWNER TO postgres", postgres.last_database)
    assert "its user may not read it" in await refusal(url)


async def test_no_connection_is_left(postgres: PostgresServer) -> None:
    url = postgres.empty_database()
    postgres.ask("ALTER ROLE tertulia CONNECTION LIMIT 0")
    try:
        assert "has no connection left" in await refusal(url)
    finally:
        postgres.ask("ALTER ROLE tertulia CONNECTION LIMIT -1")
    await open_and_close(url)


async def test_a_read_only_server(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    name = sql.Identifier(postgres.last_database)
    postgres.ask(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    said = await refusal(url)
    assert "default_transaction_read_only is on" in said
    assert "primary" not in said


async def test_a_database_in_another_encoding(postgres: PostgresServer) -> None:
    url = postgres.new_database("ENCODING SQL_ASCII TEMPLATE template0")
    assert "ENCODING UTF8" in await refusal(url)


async def test_a_server_that_may_lose_what_it_committed(postgres: PostgresServer) -> None:
    url = postgres.empty_database()
    postgres.set("fsync", "off")
    try:
        assert "Set fsync=on" in await refusal(url)
    finally:
        postgres.set("fsync", "on")


async def test_tables_of_a_newer_program_are_not_touched(postgres: PostgresServer) -> None:
    url = postgres.empty_database()
    await open_and_close(url)
    postgres.ask("UPDATE tertulia.meta SET value = '99' WHERE key = 'version'", postgres.last_database)
    assert "newer Tertulia" in await refusal(url)
    assert postgres.ask("SELECT value FROM tertulia.meta WHERE key = 'version'", postgres.last_database) == [("99",)]


async def test_two_clusters_on_one_database(postgres: PostgresServer) -> None:
    url = postgres.empty_database()
    epoch = await open_and_close(url, cluster="school")
    said = await refusal(url, cluster="academy")
    assert "'school'" in said
    assert "'academy'" in said
    assert "a database of its own" in said
    assert await open_and_close(url, cluster="school") == epoch


async def test_a_schema_of_another_program_is_not_touched(postgres: PostgresServer) -> None:
    for statements in (
        "CREATE SCHEMA tertulia",
        "CREATE SCHEMA tertulia; CREATE TABLE tertulia.meta (key text)",
        "CREATE SCHEMA tertulia; CREATE TABLE tertulia.meta (key text, value text)",
    ):
        url = postgres.empty_database()
        postgres.ask(statements, postgres.last_database)
        postgres.ask("GRANT ALL ON SCHEMA tertulia TO tertulia", postgres.last_database)
        assert "was not made by this program" in await refusal(url)
        assert postgres.ask("SELECT to_regclass('tertulia.entry')", postgres.last_database) == [(None,)]


async def test_a_weak_commit_is_made_a_durable_one_and_a_stronger_one_is_left(postgres: PostgresServer) -> None:
    from tertulia.eventlog.postgres_link import Address, Link

    url = postgres.new_database()
    name = sql.Identifier(postgres.last_database)
    for given, used in (("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")):
        postgres.ask(sql.SQL("ALTER DATABASE {} SET synchronous_commit = {}").format(name, sql.Literal(given)))
        link = await Link.open(Address(url))
        assert await (await link.connection.execute("SHOW synchronous_commit")).fetchone() == (used,)
        await link.close()


@asynccontextmanager
async def fake_server(answer: bytes) -> AsyncIterator[int]:
    """Answers whoever connects with these bytes; the port."""

    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read(1)
        writer.write(answer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


def greeting(version: str) -> bytes:
    """What a PostgreSQL says when it lets somebody in."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", len(body) + 4) + body

    parameters = {"server_version": version, "client_encoding": "UTF8", "standard_conforming_strings": "on"}
    return b"".join(
        [
            message(b"R", struct.pack("!I", 0)),
            *(message(b"S", f"{name}\0{value}\0".encode()) for name, value in parameters.items()),
            message(b"K", struct.pack("!II", 1, 1)),
            message(b"Z", b"I"),
        ]
    )
