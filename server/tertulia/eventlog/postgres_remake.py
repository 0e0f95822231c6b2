"""Brings the projections of a PostgreSQL log to this program's version, while other nodes go on appending.

Their versions stand in the database. A program whose own are newer installs its tables and folds, in one short
transaction, and raises the generation; from then on every node's appends are folded by the new folds. What older folds
have made is still there and still folded on, until each owner (a room, a cohort, a person) is remade, some at a time,
under the locks of their streams: an owner's rows go and come within a transaction, no reader sees them half made.
A stream's `generation` says by which its owner was made: so a cut loses nothing but the owners that were under way.
A program whose versions are older leaves all as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString

import psycopg
import structlog

from tertulia.domain import limits
from tertulia.eventlog import LogRefused
from tertulia.eventlog.postgres_link import Address, Link
from tertulia.eventlog.postgres_projection import PostgresProjections, Statement, arrays_of
from tertulia.eventlog.postgres_schema import MIGRATIONS_LOCK
from tertulia.eventlog.projection import Progress

logger = structlog.get_logger("tertulia.eventlog")

_REMAKE_LOCK: Final = MIGRATIONS_LOCK + 1
_STEPS: Final = "steps"
_VERSIONS: Final[LiteralString] = "SELECT name, version FROM tertulia.projection"
_SET_VERSION: Final[LiteralString] = """
INSERT INTO tertulia.projection (name, version) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET version = excluded.version
"""
# As appends take them: entries before streams. With these no append is under way, and no new stream comes with the
# generation that was.
_HOLD: Final[LiteralString] = "LOCK TABLE tertulia.entry, tertulia.stream IN SHARE ROW EXCLUSIVE MODE"
_NEXT_GENERATION: Final[LiteralString] = """
UPDATE tertulia.meta SET value = (value::bigint + 1)::text WHERE key = 'generation'
"""
_GENERATION: Final[LiteralString] = "SELECT value::bigint FROM tertulia.meta WHERE key = 'generation'"
_BEHIND: Final[LiteralString] = """
SELECT name, head FROM tertulia.stream WHERE generation < %s ORDER BY generation, id LIMIT %s
"""
_COUNT_BEHIND: Final[LiteralString] = """
SELECT coalesce(sum(head) FILTER (WHERE generation < %s), 0)::bigint, coalesce(sum(head), 0)::bigint
FROM tertulia.stream
"""
_STREAMS_OF: Final[LiteralString] = """
SELECT id, kind, owner, head FROM tertulia.stream WHERE name = ANY(%s) ORDER BY id
"""
_LOCK_STREAMS_OF: Final[LiteralString] = _STREAMS_OF + "FOR NO KEY UPDATE"
_REMADE: Final[LiteralString] = "UPDATE tertulia.stream SET generation = %s WHERE id = ANY(%s)"
_WAIT_S: Final = 0.2

Rows = list[tuple[Any, ...]]


async def install(link: Link, address: Address, projections: PostgresProjections) -> None:
    """Tables, folds and versions, unless they are there. Raises `LogRefused`, and what the connection fails with."""
    if _is_left(await _versions(link), projections):
        return
    try:
        await _install(link, projections)
    except psycopg.errors.LockNotAvailable as error:
        raise LogRefused(
            f"The projections at {address} could not be brought to this version: for {limits.log_open_wait_s:.0f} s "
            "others held the tables. Try again."
        ) from error
    except psycopg.errors.DiskFull as error:
        raise LogRefused(f"The disk of PostgreSQL at {address} is full: projections cannot be made.") from error
    logger.info("projections installed", database=str(address), versions=dict(projections.versions))


async def remake(address: Address, projections: PostgresProjections, progress: Progress | None) -> None:
    """Remake the owners that older folds have made, or none; when another node is at it, wait until they are remade.
    On a connection of its own."""
    link = await Link.open(address)
    try:
        await link.connection.execute("SELECT set_config('statement_timeout', '0', false)")
        await link.connection.execute(
            "SELECT set_config('lock_timeout', %s, false)", [f"{round(limits.log_open_wait_s)}s"]
        )
        work = _Remaking(link, projections, progress)
        while await work.count() and not await _is_mine(link):  # noqa: ASYNC110 - another node is waited for
            await asyncio.sleep(_WAIT_S)
        while await work.count() and await work.some():
            pass
    finally:
        await link.close()


async def remake_all(address: Address, projections: PostgresProjections, progress: Progress | None) -> None:
    """Remake every owner, whatever made it."""
    link = await Link.open(address)
    try:
        if _is_newer(await _versions(link), projections):
            raise LogRefused("The projections are of a newer Tertulia: rebuild them with that one.")
        async with link.connection.transaction():
            await link.connection.execute(_HOLD)
            await link.connection.execute(_NEXT_GENERATION)
    finally:
        await link.close()
    await remake(address, projections, progress)


async def _install(link: Link, projections: PostgresProjections) -> None:
    execute = link.connection.execute
    async with link.connection.transaction():
        await execute("SELECT set_config('statement_timeout', '0', true), set_config('search_path', 'tertulia', true)")
        await execute("SELECT set_config('lock_timeout', %s, true)", [f"{round(limits.log_open_wait_s)}s"])
        await execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATIONS_LOCK])
        stored = await _versions(link)
        if _is_left(stored, projections):
            return
        await execute(_HOLD)
        for step in projections.steps[stored.get(_STEPS, 0) :]:
            await execute(step)
        await execute(projections.functions.encode())
        if not stored:
            await execute("UPDATE tertulia.stream SET generation = 0")
        for row in _all_versions(projections).items():
            await execute(_SET_VERSION, row)
        await execute(_NEXT_GENERATION)


class _Remaking:
    def __init__(self, link: Link, projections: PostgresProjections, progress: Progress | None) -> None:
        self._link = link
        self._projections = projections
        self._progress = progress
        self._folded = 0
        self._total = 0

    async def count(self) -> bool:
        """Whether there is something to remake; and how much."""
        generation = await self._generation()
        if not await self._rows(_BEHIND, [generation, 1]):
            return False
        ((behind, self._total),) = await self._rows(_COUNT_BEHIND, [generation])
        self._folded = self._total - behind
        return True

    async def some(self) -> bool:
        """Remake the next few owners in a transaction; False when there are none left."""
        generation = await self._generation()
        behind = await self._rows(_BEHIND, [generation, limits.rebuild_slice_owners])
        if not behind:
            return False
        firsts: dict[str, None] = {}
        entries = 0
        for name, head in behind:
            firsts["/".join(name.split("/")[:2])] = None
            entries += head
            if entries >= limits.rebuild_slice_entries:
                break
        names = [name + rest for name in firsts for rest in ("", "/signals", "/staff")]
        async with self._link.connection.transaction():
            locked = [number for number, *_ in await self._rows(_LOCK_STREAMS_OF, [names])]
            streams = await self._rows(_STREAMS_OF, [names])
            if any(head and number not in locked for number, _, _, head in streams):
                raise psycopg.Rollback  # written to for the first time between the two: once more
            await self._remake([row for row in streams if row[3]])
            await self._link.connection.execute(_REMADE, [generation, locked])
        return True

    async def _remake(self, streams: Rows) -> None:
        owners: dict[str, dict[str, None]] = {}
        for _, kind, owner, _ in streams:
            owners.setdefault(kind.split("/")[0], {})[owner] = None
        named = {kind: list(ids) for kind, ids in owners.items()}
        connection, numbers = self._link.connection, [number for number, *_ in streams]
        await self._projections.remake(connection, named, numbers, run=self._run, tell=self._tell)

    async def _run(self, statement: Statement) -> None:
        words, letters, rows = statement
        await self._link.connection.execute(words, arrays_of(letters, rows))

    def _tell(self, folded: int) -> None:
        self._folded += folded
        if self._progress is not None:
            self._progress("projections", min(self._folded, self._total), self._total)

    async def _generation(self) -> int:
        ((generation,),) = await self._rows(_GENERATION, [])
        number: int = generation
        return number

    async def _rows(self, query: LiteralString, values: Sequence[Any]) -> Rows:
        return await (await self._link.connection.execute(query, values)).fetchall()


async def _versions(link: Link) -> dict[str, int]:
    return dict(await (await link.connection.execute(_VERSIONS)).fetchall())


def _is_left(stored: Mapping[str, int], projections: PostgresProjections) -> bool:
    """Whether this program leaves the folds that are there: its own, or newer ones."""
    return _is_newer(stored, projections) or stored.items() >= _all_versions(projections).items()


def _is_newer(stored: Mapping[str, int], projections: PostgresProjections) -> bool:
    return any(stored.get(name, 0) > version for name, version in _all_versions(projections).items())


def _all_versions(projections: PostgresProjections) -> dict[str, int]:
    return dict(projections.versions) | {_STEPS: len(projections.steps)}


async def _is_mine(link: Link) -> bool:
    ((is_mine,),) = await (await link.connection.execute("SELECT pg_try_advisory_lock(%s)", [_REMAKE_LOCK])).fetchall()
    return bool(is_mine)
