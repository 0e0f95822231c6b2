"""Projections in PostgreSQL: what is to be done for them in the log's transactions (the port is
`eventlog/postgres_projection.py`).

The tables are folded by the database itself (postgres_fold.py). From here comes what is not said in SQL: the views of
sessions, folded by the domain (session_views.py), and the words that are searched (words.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString

import msgspec
import psycopg
from psycopg import sql

from tertulia.domain import limits
from tertulia.domain.ids import StreamName, stream_kind, stream_owner
from tertulia.projections.postgres_fold import functions
from tertulia.projections.postgres_tables import OWNED, STEPS
from tertulia.projections.session_views import VIEW_KINDS, SessionViews, folded_views
from tertulia.projections.words import tsvector_of
from tertulia.wire.stored import Entry

Statement = tuple[LiteralString, str, Sequence[tuple[Any, ...]]]
"""A statement on rows that come as one array for each column; for each a letter: `n` numbers, `t` texts."""

_KEPT: Final[LiteralString] = """
SELECT kept.kind, kept.owner, kept.view::text
FROM unnest(%s::text[], %s::text[]) AS asked (kind, owner)
JOIN tertulia.session_view AS kept ON kept.kind = asked.kind AND kept.owner = asked.owner
"""
_KEEP: Final[LiteralString] = """
INSERT INTO tertulia.session_view (kind, owner, view)
SELECT kind, owner, view::json FROM unnest(%s::text[], %s::text[], %s::text[]) AS folded (kind, owner, view)
ON CONFLICT (kind, owner) DO UPDATE SET view = excluded.view
"""
_INDEX: Final[LiteralString] = f"""
INSERT INTO tertulia.searched (room, seq, position, words)
SELECT message.room, message.seq, message.position, said.words::tsvector || array_to_tsvector(
    ARRAY['/room/' || message.room, '/room/' || message.room || '/' || message.seq / {limits.search_slice_messages},
        '/by/' || message.by]
    || CASE message.kind WHEN '' THEN '{{}}' ELSE ARRAY['/kind/' || message.kind] END)
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS said (room, seq, words)
JOIN tertulia.message ON message.room = said.room AND message.seq = said.seq
WHERE NOT message.redacted
ON CONFLICT (room, seq) DO UPDATE SET words = excluded.words
"""
_FORGET: Final[LiteralString] = """
DELETE FROM tertulia.searched USING unnest(%s::text[], %s::bigint[]) AS gone (room, seq)
WHERE searched.room = gone.room AND searched.seq = gone.seq
"""
_SESSION_ENTRIES: Final[LiteralString] = """
SELECT kind, owner, seq, at, by, name, convert_to(data::text, 'UTF8') FROM tertulia.entry_read
WHERE stream = ANY(%s) AND kind = ANY(%s) AND name = ANY(%s) ORDER BY position + 0
"""
_TEXTS: Final[LiteralString] = """
SELECT message.room, message.seq, convert_to(entry.data::text, 'UTF8')
FROM tertulia.message JOIN tertulia.entry ON entry.position = message.text_position
WHERE message.room = ANY(%s) AND NOT message.redacted
"""


class _Said(msgspec.Struct):
    text: str = ""
    message: int = 0
    redacted: bool = False


_decode_said = msgspec.json.Decoder(_Said).decode


class PostgresProjections:
    """All there are, with the same tables and versions for every node."""

    versions: Mapping[str, int] = {"tables": 1, "search": 1, SessionViews.name: SessionViews.version}
    """`tables` is raised when a rule is changed (or a table's shape, which has a step of its own)."""
    folded_here = SessionViews.name
    steps: Sequence[str] = STEPS
    functions = functions()

    def asks(self, events: Iterable[tuple[StreamName, str]]) -> Statement | None:
        """What must be known, under the locks, to fold these events (stream, name)."""
        names = SessionViews.names
        changed = {stream for stream, name in events if name in names}
        asked = [(kind, stream_owner(stream)) for stream in changed if (kind := stream_kind(stream)) in VIEW_KINDS]
        return (_KEPT, "tt", asked) if asked else None

    def writes(
        self,
        entries: Iterable[Entry],
        found: Sequence[tuple[Any, ...]],
        redacted: Sequence[tuple[StreamName, int]],
    ) -> list[Statement]:
        """What is to be written after these entries. `found`: what was asked for."""
        words: dict[tuple[str, int], str] = {}
        of_sessions = []
        for entry in entries:
            if entry.name in _TEXT_NAMES:
                _, _, room = entry.stream.partition("/")
                said = _decode_said(entry.data)
                if not said.redacted:
                    words[room, said.message or entry.seq] = tsvector_of(said.text)
            elif entry.name in SessionViews.names and (kind := stream_kind(entry.stream)) in VIEW_KINDS:
                of_sessions.append((kind, stream_owner(entry.stream), *entry[1:]))
        statements: list[Statement] = []
        if words:
            statements.append((_INDEX, "tnt", [(*place, text) for place, text in words.items()]))
        if redacted:
            gone = [(stream_owner(stream), seq) for stream, seq in redacted if stream_kind(stream) == "room"]
            statements.append((_FORGET, "tn", gone))
        if of_sessions:
            views = {(kind, owner): view for kind, owner, view in found}
            statements += _keep(folded_views(of_sessions, lambda kind, owner: views.get((kind, owner))))
        return statements

    async def remake(
        self,
        connection: psycopg.AsyncConnection[Any],
        owners: Mapping[str, Sequence[str]],
        streams: Sequence[int],
        *,
        run: Callable[[Statement], Awaitable[None]],
        tell: Callable[[int], None],
    ) -> None:
        """Fold anew all that is of these owners (by kind), whose streams have these numbers, in the transaction that is
        open. `tell` hears of entries folded."""
        await _clear(connection, owners)
        await connection.execute("SELECT tertulia.fold_open(%s)", [list(streams)])
        folded = entries_max = limits.rebuild_slice_entries
        while folded == entries_max:
            cursor = await connection.execute("SELECT tertulia.fold_next(%s)", [entries_max])
            ((folded,),) = await cursor.fetchall()
            tell(folded)
        views: dict[tuple[str, str], str] = {}

        def kept(kind: str, owner: str) -> str | None:
            return views.get((kind, owner))

        async with connection.cursor(name="session_entries") as cursor:
            asked = [list(streams), list(VIEW_KINDS), list(SessionViews.names)]
            await cursor.execute(_SESSION_ENTRIES, asked)
            while rows := await cursor.fetchmany(_ROWS):
                views |= folded_views(rows, kept)
        for statement in _keep(views):
            await run(statement)
        async with connection.cursor(name="texts") as cursor:
            await cursor.execute(_TEXTS, [list(owners.get("room", ()))])
            while rows := await cursor.fetchmany(_ROWS):
                await run(
                    (_INDEX, "tnt", [(room, seq, tsvector_of(_decode_said(data).text)) for room, seq, data in rows])
                )


_TEXT_NAMES: Final = ("message_posted", "message_edited")
_ROWS: Final = 1_000


def _keep(views: Mapping[tuple[str, str], str]) -> list[Statement]:
    return [(_KEEP, "ttt", [(kind, owner, view) for (kind, owner), view in views.items()])] if views else []


async def _clear(connection: psycopg.AsyncConnection[Any], owners: Mapping[str, Sequence[str]]) -> None:
    for kind, tables in OWNED.items():
        if not (ids := list(owners.get(kind, ()))):
            continue
        for column, names in tables.items():
            for table in names:
                statement = sql.SQL("DELETE FROM tertulia.{} WHERE {} = ANY(%s)")
                await connection.execute(statement.format(sql.Identifier(table), sql.Identifier(column)), [ids])
        await connection.execute(
            "DELETE FROM tertulia.session_view WHERE split_part(kind, '/', 1) = %s AND owner = ANY(%s)", [kind, ids]
        )
