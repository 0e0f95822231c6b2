"""One transaction of the PostgreSQL log: many appends checked and written at once, in two round trips.

The rows of all streams of the group are locked, in the order of their numbers, before anything is looked up; then what
was looked up stays true until the commit. With a stream like room/x/signals the owner's first one is locked, room/x:
so that projections of an owner are folded by one node at a time, and its entries have one order (`position`). All nodes
lock alike: streams, receipts, checkpoints, each sorted; so none waits for one that waits for it. A stream's row is made
beforehand, by itself: an empty stream is no entry.

`written` raises `Unsure` when the connection was lost after COMMIT was sent. `found` then asks, in a transaction that
writes nothing, so that nothing that ails the group can ail the question. Who holds the same locks again knows: the lost
transaction has ended then, and what it planned is in the log or never will be.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, LiteralString

import msgspec
import psycopg

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, StreamName, stream_kind, stream_owner
from tertulia.eventlog import Append, Appended, LogUnavailable, Receipt
from tertulia.eventlog.planning import Draft, Outcome, answer, streams_of
from tertulia.eventlog.postgres_link import FAILURES, Link
from tertulia.eventlog.postgres_projection import PostgresProjections, Statement, arrays_of
from tertulia.eventlog.postgres_redact import about, redacted
from tertulia.eventlog.postgres_rows import numbers, texts
from tertulia.wire.stored import Entry

_NUMBERS: Final[LiteralString] = "SELECT name, id FROM tertulia.stream WHERE name = ANY(%s::text[])"
_ADD_STREAMS: Final[LiteralString] = """
INSERT INTO tertulia.stream (name, kind, owner, generation)
SELECT name, kind, owner, (SELECT value::bigint FROM tertulia.meta WHERE key = 'generation')
FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (name, kind, owner) ON CONFLICT (name) DO NOTHING
"""
_BEGIN: Final[LiteralString] = "BEGIN ISOLATION LEVEL READ COMMITTED"
_LOCK: Final[LiteralString] = """
SELECT id, head FROM tertulia.stream WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
_RECEIPTS: Final[LiteralString] = """
SELECT asked.place, stream.name, receipt.seq, receipt.at, receipt.fingerprint
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked (author, key, place)
JOIN tertulia.receipt ON receipt.author = asked.author AND receipt.key = asked.key
JOIN tertulia.stream ON stream.id = receipt.stream
"""
_ENTRIES: Final[LiteralString] = """
SELECT asked.place, entry.at, entry.by, entry.name, convert_to(entry.data::text, 'UTF8')
FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS asked (stream, seq, place)
JOIN tertulia.entry ON entry.stream = asked.stream AND entry.seq = asked.seq
"""
_ADD_ENTRIES: Final[LiteralString] = """
INSERT INTO tertulia.entry (stream, seq, at, by, name, version, about, data)
SELECT stream, seq, at, by, name, version, about, data::json
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[])
    AS planned (stream, seq, at, by, name, version, about, data)
"""
_ADD_RECEIPTS: Final[LiteralString] = """
INSERT INTO tertulia.receipt (author, key, stream, seq, at, fingerprint)
SELECT author, key, stream, seq, at, decode(fingerprint, 'hex')
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
    AS planned (author, key, stream, seq, at, fingerprint)
"""
_MOVE_HEADS: Final[LiteralString] = """
UPDATE tertulia.stream SET head = moved.head
FROM unnest(%s::bigint[], %s::bigint[]) AS moved (id, head) WHERE stream.id = moved.id
"""
_KEEP_CHECKPOINTS: Final[LiteralString] = """
INSERT INTO tertulia.checkpoint (owner, version, positions, state)
SELECT owner, version, positions, decode(state, 'hex')
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[]) AS kept (owner, version, positions, state)
ON CONFLICT (owner) DO UPDATE
SET version = excluded.version, positions = excluded.positions, state = excluded.state
"""
_REDACT: Final[LiteralString] = """
UPDATE tertulia.entry SET data = gone.data::json
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS gone (stream, seq, data)
WHERE entry.stream = gone.stream AND entry.seq = gone.seq
"""

_VERSION: Final[LiteralString] = "SELECT version FROM tertulia.projection WHERE name = %s"

_encode = msgspec.json.Encoder().encode

Rows = list[tuple[Any, ...]]
_Sent = tuple[LiteralString, list[str]]
"""A statement and its columns, one array each."""


class Unsure(Exception):
    """The connection was lost when the commit was under way: it is not known whether these outcomes are in the log."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        super().__init__("the answer to a commit was lost")
        self.outcomes = outcomes


class GroupCommit:
    """Writes groups of appends through whatever link it is given."""

    def __init__(self, projections: PostgresProjections | None = None) -> None:
        self._projections = projections
        self._numbers: dict[StreamName, int] = {}

    def forget(self) -> None:
        """Another connection: it may lead to another server."""
        self._numbers.clear()

    async def written(self, link: Link, appends: Sequence[Append]) -> list[Outcome]:
        """The answer to each append; all of it is on disk. Raises `Unsure`; whatever else is raised, nothing was
        written."""
        asks = self._projections.asks(_events_of(appends)) if self._projections is not None else None
        async with self._transaction(link, appends) as numbered:
            draft, kept = await self._look_up(link, appends, numbered, asks)
            outcomes = [answer(draft, append) for append in appends]
            statements = _rows(draft) + self._folded(draft, kept)
            await _commit(link, draft, outcomes, statements)
        return outcomes

    async def found(self, link: Link, appends: Sequence[Append], planned: Sequence[Outcome]) -> list[Outcome | None]:
        """Asks about a group whose commit was lost sight of: what was planned for an append, if it is in the log; None
        if it is not, and never will be by that commit. Whatever is raised, nothing is known."""
        async with self._transaction(link, appends) as numbered:
            draft, _ = await self._look_up(link, appends, numbered, None)
            there = await _there(link, draft, appends, planned, numbered)
            # Not a rollback: replicas that a commit waits for may not have yet what is seen here.
            _must_be_committed(await link.connection.execute("COMMIT"))
        return [outcome if place in there else None for place, outcome in enumerate(planned)]

    @asynccontextmanager
    async def _transaction(self, link: Link, appends: Sequence[Append]) -> AsyncIterator[dict[StreamName, int]]:
        """The numbers of the streams that are to be locked; rolled back when it fails."""
        with link.deadline(limits.log_answer_s):
            named = set(itertools.chain.from_iterable(map(streams_of, appends)))
            numbered = await self._number(link, named.union(map(_first_of, named)))
            try:
                yield numbered
            except BaseException:
                if not link.connection.closed:
                    with suppress(*FAILURES):
                        await link.connection.rollback()
                raise

    async def _number(self, link: Link, streams: set[StreamName]) -> dict[StreamName, int]:
        """The numbers of streams, made if they are new."""
        if missing := sorted(streams - self._numbers.keys()):
            execute = link.connection.execute
            asked = (texts(missing),)
            found = dict(await (await execute(_NUMBERS, asked)).fetchall())
            if new := [stream for stream in missing if stream not in found]:
                await execute(_ADD_STREAMS, (texts(new), texts(map(stream_kind, new)), texts(map(stream_owner, new))))
                found = dict(await (await execute(_NUMBERS, asked)).fetchall())
            if len(self._numbers) > limits.log_heads_cached_max:
                self._numbers = {stream: self._numbers[stream] for stream in streams & self._numbers.keys()}
            self._numbers.update(found)
        return {stream: self._numbers[stream] for stream in streams}

    async def _look_up(
        self, link: Link, appends: Sequence[Append], numbered: Mapping[StreamName, int], asks: Statement | None
    ) -> tuple[Draft, Rows]:
        """Begin, lock; the heads of all streams, the receipts of all keys, what projections ask for. One round trip."""
        execute = link.connection.execute
        keys = [
            (decided.author, decided.key)
            for append in appends
            for decided in append.decisions
            if decided.key is not None
        ]
        async with link.connection.pipeline():
            await execute(_BEGIN)
            locked = await execute(_LOCK, (numbers(sorted(numbered.values())),), prepare=True)
            asked = (texts(author for author, _ in keys), texts(key for _, key in keys))
            found = await execute(_RECEIPTS, asked, prepare=True)
            if self._projections is not None and asks is not None:
                version = await execute(_VERSION, (self._projections.folded_here,), prepare=True)
                kept = await execute(asks[0], arrays_of(*asks[1:]), prepare=True)
                asked_for = version, kept
            else:
                asked_for = None
        heads: dict[int, int] = dict(await locked.fetchall())
        known = {
            keys[place - 1]: Receipt(stream, seq, at, fingerprint)
            for place, stream, seq, at, fingerprint in await found.fetchall()
        }
        assert len(heads) == len(numbered), "a stream's row is never removed"
        places = {stream: (number, heads[number]) for stream, number in numbered.items()}
        draft = Draft(known, places, position=0, last_stream=0)
        if asked_for is None:
            return draft, []
        version, kept = asked_for
        self._check_version(await version.fetchall())
        return draft, await kept.fetchall()

    def _check_version(self, found: Rows) -> None:
        """A newer node's rows may hold what this one would lose."""
        assert self._projections is not None, "they have asked"
        for (version,) in found:
            if version > self._projections.versions[self._projections.folded_here]:
                raise LogUnavailable("A newer Tertulia has changed what sessions keep. Upgrade this node.")

    def _folded(self, draft: Draft, kept: Rows) -> list[_Sent]:
        if self._projections is None or not (draft.appended or draft.redacts):
            return []
        statements = self._projections.writes(draft.appended, kept, draft.redacts)
        return [(statement, arrays_of(letters, rows)) for statement, letters, rows in statements if rows]


def _first_of(stream: StreamName) -> StreamName:
    """The first stream of its owner: room/x of room/x/signals."""
    return StreamName(stream.rsplit("/", 1)[0]) if stream.count("/") > 1 else stream


def _events_of(appends: Sequence[Append]) -> Iterator[tuple[StreamName, str]]:
    for append in appends:
        for decided in append.decisions:
            for planned in decided.events:
                yield planned.stream, planned.name


async def _there(
    link: Link,
    draft: Draft,
    appends: Sequence[Append],
    planned: Sequence[Outcome],
    numbered: Mapping[StreamName, int],
) -> set[int]:
    """Which of these are in the log as they were planned: by their receipts; by their entries, if nothing has a key."""
    there: set[int] = set()
    keyless: dict[int, list[Entry]] = {}
    for place, (append, outcome) in enumerate(zip(appends, planned, strict=True)):
        if not isinstance(outcome, Appended):
            continue
        keyed = [
            draft.known.get((decided.author, decided.key)) == receipt
            for decided, receipt in zip(append.decisions, outcome.receipts, strict=True)
            if decided.key is not None
        ]
        if keyed and all(keyed):
            there.add(place)
        elif not keyed and outcome.entries:
            keyless[place] = outcome.entries
    if keyless:
        entries = list(itertools.chain.from_iterable(keyless.values()))
        arrays = (numbers(numbered[entry.stream] for entry in entries), numbers(entry.seq for entry in entries))
        found = {
            Entry(entries[place - 1].stream, entries[place - 1].seq, at, PersonId(by), name, data)
            for place, at, by, name, data in await (await link.connection.execute(_ENTRIES, arrays)).fetchall()
        }
        there.update(place for place, mine in keyless.items() if found.issuperset(mine))
    return there


async def _commit(link: Link, draft: Draft, outcomes: list[Outcome], statements: Sequence[_Sent]) -> None:
    """One round trip; one more when something is redacted, which must be looked at first."""
    connection = link.connection
    is_sent = False
    try:
        if draft.redacts:
            await _write(link, statements)
            messages = [(stream, draft.places[stream][0], seq) for stream, seq in draft.redacts]
            gone = await redacted(link, messages)
            statements = [(_REDACT, _columns(gone, numbers, numbers, texts))] if gone else []
        async with connection.pipeline():
            for statement, arrays in statements:
                await connection.execute(statement, arrays, prepare=True)
            is_sent = True
            done = await connection.execute("COMMIT")
    except Exception as error:
        if is_sent and link.is_lost_by(error):
            raise Unsure(outcomes) from error
        raise
    _must_be_committed(done)


def _must_be_committed(done: psycopg.AsyncCursor[tuple[Any, ...]]) -> None:
    if done.statusmessage != "COMMIT":
        raise psycopg.OperationalError("the server rolled the transaction back")


async def _write(link: Link, statements: Sequence[_Sent]) -> None:
    async with link.connection.pipeline():
        for statement, arrays in statements:
            await link.connection.execute(statement, arrays, prepare=True)


def _rows(draft: Draft) -> list[_Sent]:
    """The statements that write the draft, each with its columns."""
    entries = [
        (number, seq, at, by, name, version, about(name, at=at, by=by, data=text), text)
        for _, number, seq, at, by, name, version, text in draft.entries
    ]
    moved = {number: seq for number, seq, *_ in entries}
    kept = {checkpoint.owner: checkpoint for checkpoint in draft.checkpoints}
    checkpoints = [
        (owner, version, _encode(positions).decode(), state.hex())
        for owner, version, positions, state in (kept[owner] for owner in sorted(kept))
    ]
    tables: list[tuple[LiteralString, Sequence[tuple[Any, ...]], Sequence[Callable[[Iterable[Any]], str]]]] = [
        (_ADD_ENTRIES, entries, (numbers, numbers, numbers, texts, texts, numbers, texts, texts)),
        (_ADD_RECEIPTS, sorted(draft.receipts), (texts, texts, numbers, numbers, numbers, texts)),
        (_MOVE_HEADS, list(moved.items()), (numbers, numbers)),
        (_KEEP_CHECKPOINTS, checkpoints, (texts, numbers, texts, texts)),
    ]
    return [(statement, _columns(rows, *arrays)) for statement, rows, arrays in tables if rows]


def _columns(rows: Sequence[tuple[Any, ...]], *arrays: Callable[[Iterable[Any]], str]) -> list[str]:
    return [array(column) for array, column in zip(arrays, zip(*rows, strict=True), strict=True)]
