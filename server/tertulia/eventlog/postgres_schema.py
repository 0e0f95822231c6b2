"""The tables of the log in PostgreSQL, as numbered steps that only go forward; whose they are, and whether this
program may write to them. All of them are in the schema `tertulia`.

Steps are done under an advisory lock: of ten nodes that start at once, one does them and nine find them done. A step
that was once released is never changed; a new one goes to the end of `MIGRATIONS`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final, LiteralString, NamedTuple

import psycopg

from tertulia.domain import limits
from tertulia.eventlog import LogRefused
from tertulia.eventlog.postgres_link import Address, Link
from tertulia.eventlog.stats import Cause

_LOCK: Final = 0x74657274756C6961
"""The letters "tertulia"."""

# `head`: the newest seq, taken under the row's lock; room is left in the page, so that it moves without the index.
# `about`: what an entry says something of, when a redaction of that must find it (see postgres_redact.py).
_LOG: Final[LiteralString] = """
CREATE SCHEMA tertulia;

CREATE TABLE tertulia.meta (
    key text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE tertulia.stream (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    kind text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    head bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE tertulia.entry (
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    by text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version smallint NOT NULL,
    about text COLLATE "C",
    data json NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE INDEX entry_about ON tertulia.entry (about, stream) WHERE about IS NOT NULL;

CREATE TABLE tertulia.receipt (
    author text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    fingerprint bytea NOT NULL,
    PRIMARY KEY (author, key)
);

CREATE TABLE tertulia.checkpoint (
    owner text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    positions text NOT NULL,
    state bytea NOT NULL
) WITH (fillfactor = 50);
"""

MIGRATIONS: Final[Sequence[LiteralString]] = (_LOG,)

MOVING: Final = "moving"
"""The row of `meta` that says that a log is being moved here: how far it is (see move.py). Nobody else may use it."""

_SERVER: Final[LiteralString] = """
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
    current_setting('server_encoding'), current_setting('fsync')::boolean
"""
_IS_THERE: Final[LiteralString] = """
SELECT to_regclass('tertulia.meta') IS NOT NULL,
    EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'tertulia')
"""
_META: Final[LiteralString] = "SELECT key, value FROM tertulia.meta"
_IDENTITY: Final[LiteralString] = """
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
    (SELECT value FROM tertulia.meta WHERE key = 'epoch'),
    (SELECT value::int FROM tertulia.meta WHERE key = 'version')
"""


class Stranger(Exception):
    """What answers at the log's address is not the log that was opened there, or must not be written to."""

    def __init__(self, sentence: str, cause: Cause = "stranger") -> None:
        super().__init__(sentence)
        self.cause: Cause = cause


class _Meta(NamedTuple):
    version: int
    epoch: str
    cluster: str
    is_moving: bool


async def prepare(link: Link, address: Address, *, cluster: str, moved: str = "") -> str:
    """Look at the server and the database, make or migrate the tables; the log's epoch. `moved`: the epoch of a log
    that is being moved here; the tables are made with it, and none are taken but those that were made so. Raises
    `LogRefused`, and what the connection fails with."""
    with link.deadline(limits.log_answer_s):
        is_read_only, encoding, has_fsync = await _one(link, _SERVER)
        meta = await _meta(link, address)
    if is_read_only:
        raise LogRefused(
            f"PostgreSQL at {address} is read-only (a replica?): nothing can be written there. "
            "Give the URL of the primary."
        )
    if encoding != "UTF8":
        raise LogRefused(
            f"The database at {address} has the encoding {encoding}; it must be UTF8. Create another: "
            f'CREATE DATABASE "{address.database}" ENCODING UTF8 TEMPLATE template0.'
        )
    if not has_fsync:
        raise LogRefused(
            f"PostgreSQL at {address} runs with fsync=off: a power cut would lose what was answered. Set fsync=on."
        )
    if meta is None or meta.version < len(MIGRATIONS):
        await migrate(link, address, cluster=cluster, moved=moved)
        meta = await _meta(link, address)
        assert meta is not None, "it was just made"
    _check(meta, address, cluster=cluster, moved=moved)
    return meta.epoch


async def check_same(link: Link, *, epoch: str, is_written: bool = True) -> None:
    """After a reconnect: raise `Stranger` unless this is the log that was opened, and can be written if it must."""
    is_read_only, found, version = await _one(link, _IDENTITY)
    if is_read_only and is_written:
        raise Stranger("It is read-only (a replica?).", "read_only")
    if found != epoch:
        raise Stranger("Another log is there now than the one that was opened. Restart the node.")
    if version > len(MIGRATIONS):
        raise Stranger("A newer Tertulia has changed the tables. Upgrade this node.")


async def migrate(
    link: Link,
    address: Address,
    *,
    cluster: str,
    moved: str = "",
    migrations: Sequence[LiteralString] = MIGRATIONS,
) -> None:
    """Do the steps that this database has not seen yet, in one transaction: whoever comes meanwhile waits for it."""
    execute = link.connection.execute
    try:
        async with link.connection.transaction():
            await execute("SELECT set_config('statement_timeout', '0', true)")
            await execute("SELECT set_config('lock_timeout', %s, true)", [f"{round(limits.log_open_wait_s)}s"])
            await execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            meta = await _meta(link, address)
            done = 0 if meta is None else meta.version
            if meta is not None:
                _check(meta, address, cluster=cluster, moved=moved)
            for step in migrations[done:]:
                await execute(step)
            rows = {"version": str(max(done, len(migrations)))}
            if meta is None:
                rows |= {"epoch": moved or secrets.token_hex(8), "cluster": cluster}
                rows |= {MOVING: ""} if moved else {}
            for row in rows.items():
                await execute(
                    "INSERT INTO tertulia.meta (key, value) VALUES (%s, %s) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    row,
                )
    except psycopg.errors.InsufficientPrivilege as error:
        raise LogRefused(
            f"The user of the log URL may not make tables at {address} ({address.reason(error)}). As the "
            f'database\'s owner: GRANT CREATE ON DATABASE "{address.database}" TO "{address.user}".'
        ) from error
    except psycopg.errors.DiskFull as error:
        raise LogRefused(f"The disk of PostgreSQL at {address} is full: the tables cannot be made.") from error
    except psycopg.errors.LockNotAvailable as error:
        raise LogRefused(
            f"Another node has been bringing the database at {address} to its version for "
            f"{limits.log_open_wait_s:.0f} s. Try again when it is done."
        ) from error


async def _meta(link: Link, address: Address) -> _Meta | None:
    """None when there are no tables yet."""
    try:
        has_meta, has_schema = await _one(link, _IS_THERE)
        if not has_meta and not has_schema:
            return None
        rows: dict[str, str] = dict(await (await link.connection.execute(_META)).fetchall()) if has_meta else {}
        return _Meta(int(rows["version"]), rows["epoch"], rows["cluster"], is_moving=MOVING in rows)
    except (psycopg.ProgrammingError, KeyError, ValueError) as error:
        raise LogRefused(
            f"The schema tertulia in the database at {address} was not made by this program, or its user may not read "
            "it. Nothing was changed. Give the log a database of its own, or the right user."
        ) from error


def _check(meta: _Meta, address: Address, *, cluster: str, moved: str) -> None:
    if meta.version > len(MIGRATIONS):
        raise LogRefused(
            f"The log at {address} was written by a newer Tertulia (its tables are of version {meta.version}, this "
            f"program knows {len(MIGRATIONS)}). It was not changed. Install that newer program."
        )
    if meta.cluster != cluster:
        raise LogRefused(
            f"The log at {address} belongs to the cluster {meta.cluster!r}, and this node to {cluster!r}. Nothing was "
            "changed. Nodes of one cluster share one secret: give this one theirs with --secret-file. Give another "
            "cluster a database of its own. If the cluster's secret was changed on purpose: UPDATE tertulia.meta SET "
            f"value = '{cluster}' WHERE key = 'cluster'."
        )
    if moved and not (meta.is_moving and meta.epoch == moved):
        what = "holds this folder's log already" if meta.epoch == moved else "is not empty: it holds another log"
        raise LogRefused(
            f"The database at {address} {what}. Nothing was changed. Move it into an empty database; if nobody needs "
            "what is in this one: DROP SCHEMA tertulia CASCADE."
        )
    if meta.is_moving and not moved:
        raise LogRefused(
            f"A log is being moved into the database at {address}, and that is not done. Run `tertulia migrate` again: "
            "it goes on where it was. To give it up: DROP SCHEMA tertulia CASCADE."
        )


async def _one(link: Link, query: LiteralString) -> tuple[Any, ...]:
    row = await (await link.connection.execute(query)).fetchone()
    assert row is not None, "it selects values"
    return row
