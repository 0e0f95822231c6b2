"""What there is to know of a PostgreSQL server and of the log in it, looked at without changing anything."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg

from tertulia.domain import limits
from tertulia.eventlog.postgres_link import FAILURES, Address

_SERVER: Final[LiteralString] = """
SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::boolean, current_setting('server_encoding'),
    current_setting('fsync')::boolean, current_setting('synchronous_commit'),
    current_setting('synchronous_standby_names'), current_setting('full_page_writes')::boolean,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    (SELECT sum(numbackends)::int FROM pg_stat_database),
    (SELECT least(nullif(rolconnlimit, -1), nullif(datconnlimit, -1)) FROM pg_roles, pg_database
        WHERE rolname = current_user AND datname = current_database()),
    has_database_privilege(current_database(), 'CREATE'), current_user, extract(epoch FROM clock_timestamp())::float8
"""
_LAG: Final[LiteralString] = """
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END,
    EXISTS (SELECT FROM pg_stat_get_wal_receiver() AS receiver WHERE receiver.pid IS NOT NULL)
"""
_SCHEMA: Final[LiteralString] = """
SELECT to_regclass('tertulia.meta') IS NOT NULL, to_regnamespace('tertulia') IS NOT NULL
"""
_META: Final[LiteralString] = "SELECT key, value FROM tertulia.meta"
_FORBIDDEN: Final[LiteralString] = """
SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('tertulia') AND relkind = 'r'
    AND NOT (has_table_privilege(oid, 'SELECT') AND (%s OR has_table_privilege(oid, 'INSERT')
        AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')))
ORDER BY relname LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`meta`: what the log says of itself; None when there is none yet, empty when it may not be read. `lag_s`: how far
    a replica is behind, None when it does not know. `ahead_s`: how far the server's clock is ahead of ours, to
    `unsure_s`. `connections_max`: that the server gives to us, `connections`: that are open now."""

    where: str
    version: int
    is_replica: bool
    is_read_only: bool
    encoding: str
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str
    standbys: str
    connections_max: int
    connections: int
    may_create: bool
    user: str
    forbidden: str
    """A table of the log that our user may not use as it must; empty when it may."""
    meta: dict[str, str] | None
    lag_s: float | None
    is_fed: bool
    is_encrypted: bool
    is_local: bool
    ahead_s: float
    unsure_s: float


async def health(url: str) -> Health:
    """Raises `LogRefused`: the URL makes no sense, nobody answers, nobody is let in."""
    address = Address(url)
    try:
        async with asyncio.timeout(limits.log_answer_s):
            connection = await psycopg.AsyncConnection.connect(
                **(address.parameters | {"target_session_attrs": "any"}), autocommit=True
            )
            try:
                return await _look(connection, address)
            finally:
                await connection.close()
    except (*FAILURES, TimeoutError) as error:
        raise address.refusal(error) from error


async def _look(connection: psycopg.AsyncConnection[Any], address: Address) -> Health:
    asked_s = time.time()
    server = await _one(connection, _SERVER)
    unsure_s = (time.time() - asked_s) / 2
    is_replica, is_read_only, encoding, fsync, synchronous, standbys, full_pages, most, now, own_most, *rest = server
    may_create, user, their_s = rest
    has_meta, has_schema = await _one(connection, _SCHEMA)
    meta: dict[str, str] | None = {} if has_schema else None
    forbidden = ""
    if has_meta:
        try:
            meta = dict(await (await connection.execute(_META)).fetchall())
            row = await (await connection.execute(_FORBIDDEN, [is_replica])).fetchone()
            forbidden = "" if row is None else row[0]
        except psycopg.errors.InsufficientPrivilege:
            forbidden = "meta"
    lag_s, is_fed = await _one(connection, _LAG) if is_replica else (0.0, True)
    host = connection.info.host
    return Health(
        where=str(address),
        version=connection.info.server_version // 10_000,
        is_replica=is_replica,
        is_read_only=is_read_only,
        encoding=encoding,
        fsync=fsync,
        full_page_writes=full_pages,
        synchronous_commit=synchronous,
        standbys=standbys,
        connections_max=most if own_most is None else min(most, own_most),
        connections=now,
        may_create=may_create,
        user=user,
        forbidden=forbidden,
        meta=meta,
        lag_s=lag_s,
        is_fed=is_fed,
        is_encrypted=connection.pgconn.ssl_in_use,
        is_local=host.startswith("/") or host in ("localhost", "127.0.0.1", "::1"),
        ahead_s=their_s - asked_s - unsure_s,
        unsure_s=unsure_s,
    )


async def _one(connection: psycopg.AsyncConnection[Any], query: LiteralString) -> tuple[Any, ...]:
    row = await (await connection.execute(query)).fetchone()
    assert row is not None, "it selects values"
    return tuple(row)
