"""Projections in PostgreSQL are folded with the append: as SQLite folds the same history, whoever appends it."""

from __future__ import annotations

import asyncio
import json
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest
from hypothesis import Phase, given, settings
from psycopg import sql

from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted, ReactionSet, ReadMarked
from tertulia.domain.ids import PersonId, StreamName
from tertulia.domain.session.events import SessionOpened
from tertulia.eventlog import Append, Appended, Decided, LogRefused, LogUnavailable, Planned
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.postgres_projections import PostgresProjections
from tertulia.projections.postgres_tables import OWNED
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.words import tsvector_of, words_of
from tertulia.wire.stored import decode_event, encode_event
from tests.postgres_server import PostgresServer, postgres
from tests.test_projections_fold import ACTS, CUTS, PRELUDE, SCENES, Act, Play

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

TABLES = [name for columns in OWNED.values() for names in columns.values() for name in names]
ROOM, SIGNALS = StreamName("room/general"), StreamName("room/general/signals")
Dump = dict[str, list[str]]
Rows = psycopg.Connection[Any]


class Cut(Exception):
    pass


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def rows(url: str) -> Iterator[Rows]:
    """A connection to a log that was emptied, once it has been made."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=tertulia") as connection:
        empty(connection)
        yield connection


def empty(connection: Rows) -> None:
    made = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'tertulia'").fetchall()
    names = [sql.Identifier(name) for (name,) in made if name not in ("meta", "projection")]
    if names:
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[PostgresLog]:
    log = await PostgresLog.open(url, cluster="school", projections=PostgresProjections(), **options)
    try:
        yield log
    finally:
        await log.close()


def decided(stream: StreamName, *events: Any, by: str = "p-1") -> Decided:
    planned = tuple(Planned(stream, PersonId(by), *encode_event(event)) for event in events)
    return Decided(PersonId(by), None, b"", 1_700_000_000_000, stream, planned)


async def appended(log: PostgresLog, *decisions: Decided) -> Appended:
    outcome = await log.append(Append(list(decisions), {}))
    assert isinstance(outcome, Appended)
    return outcome


def played(acts: list[Act]) -> list[Decided]:
    play = Play()
    for person, command in acts:
        play.act(person, command)
    return play.decided


def dump(rows: Rows) -> Dump:
    """Every row of every table that is folded, positions as places in streams."""
    places = rows.execute("SELECT position, kind, owner, seq FROM entry_read").fetchall()
    at = {position: tuple(place) for position, *place in places}
    found: Dump = {}
    for name in (*TABLES, "session_view"):
        cursor = rows.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))
        columns = [column.name for column in cursor.description or ()]
        found[name] = sorted(_plain(dict(zip(columns, row, strict=True)), at) for row in cursor)
    return found


def dump_sqlite(path: Path) -> Dump:
    connection = apsw.Connection(str(path))
    at = {position: tuple(place) for position, *place in connection.execute(
        "SELECT position, kind, owner, seq FROM entry_read")}  # fmt: skip
    found: Dump = {}
    for name in (*TABLES, "session_view"):
        if name != "searched":
            columns = [column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})")]
            each = connection.execute(f"SELECT * FROM {name}")
            found[name] = sorted(_plain(dict(zip(columns, row, strict=True)), at) for row in each)
    connection.close()
    return found


def _plain(row: dict[str, Any], places: dict[int, tuple[Any, ...]]) -> str:
    for column, value in row.items():
        if column in ("position", "text_position"):
            row[column] = places[value]
        elif isinstance(value, bool):
            row[column] = int(value)
        elif column in ("emoji", "slow_modes", "endorsed", "choices", "view") and str(value)[:1] in "[{":
            row[column] = json.loads(value) if isinstance(value, str) else value
    return json.dumps(row)  # with the order of keys


def words_found(rows: Rows) -> dict[int, str]:
    """Message of the room → its words in the index and where they stand, without tags."""
    query = """SELECT seq, (SELECT string_agg(lexeme || ':' || place, ' ' ORDER BY place)
        FROM unnest(words), unnest(positions) AS place) FROM searched WHERE room = 'general'"""
    return dict(rows.execute(query).fetchall())


async def texts_of(log: PostgresLog) -> dict[int, str]:
    texts: dict[int, str] = {}
    for entry in await log.read(ROOM, after=0, limit=10_000):
        event = decode_event(entry)
        if isinstance(event, MessagePosted):
            texts[entry.seq] = event.text
        elif isinstance(event, MessageEdited):
            texts[event.message] = event.text
    return {seq: text for seq, text in texts.items() if text}


async def check(url: str, decisions: list[Decided], cuts: list[int]) -> None:
    """The same groups to both logs; then the tables, live and remade."""
    groups, waiting = [decisions[: len(PRELUDE)]], decisions[len(PRELUDE) :]
    while waiting:
        cut = cuts[len(groups) % len(cuts)]
        groups.append(waiting[:cut])
        waiting = waiting[cut:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.sqlite3"
        log = await SqliteLog.open(path, projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS))
        for group in groups:
            assert isinstance(await log.append(Append(group, {})), Appended)
        await log.settle()
        await log.close()
        expected = dump_sqlite(path)
    async with opened(url) as log:
        with psycopg.connect(url, autocommit=True, options="-c search_path=tertulia") as rows:
            empty(rows)
            for group in groups:
                await appended(log, *group)
            live = dump(rows)
            for name, table in expected.items():
                assert live[name] == table, name
            assert words_found(rows) == {seq: tsvector_of(text) for seq, text in (await texts_of(log)).items()}
            await log.rebuild()
            assert dump(rows) == live


@given(ACTS, CUTS)
@settings(deadline=None, max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_the_tables_are_those_of_sqlite_and_remade_they_are_the_same(
    url: str, acts: list[Act], cuts: list[int]
) -> None:
    asyncio.run(check(url, played(PRELUDE + acts), cuts))


def test_every_scene_is_folded_as_by_sqlite(url: str) -> None:
    asyncio.run(check(url, played(PRELUDE + [act for acts in SCENES for act in acts]), [1, 3]))


async def test_two_nodes_that_write_to_a_room_and_its_signals_fold_as_in_one_order(url: str, rows: Rows) -> None:
    """Goal: a reaction that is set on one node while another redacts its message is gone, and what is folded is what
    the log's order gives. Method: one node posts, edits and redacts, the other reacts, all under way at once."""
    async with opened(url) as one, opened(url) as other:
        empty(rows)
        posts = [decided(ROOM, MessagePosted(text=f"number {n}")) for n in range(40)]
        await appended(one, *posts)
        doing = []
        for n in range(1, 41):
            doing += [
                appended(one, decided(ROOM, MessagePosted(text="so be it", reply_to=n, thread=n), by="p-2")),
                appended(other, decided(SIGNALS, ReactionSet(message=n, emoji="🎉"))),
                appended(one, decided(ROOM, MessageRedacted(message=n, reason="Because"))),
                appended(other, decided(SIGNALS, ReactionSet(message=n, emoji="👍"))),
            ]
        await asyncio.gather(*doing)
        assert rows.execute("SELECT * FROM reaction").fetchall() == rows.execute("SELECT * FROM tally").fetchall() == []
        assert rows.execute("SELECT count(*), sum(replies) FROM message").fetchall() == [(80, 40)]
        live = dump(rows)
        await one.rebuild()
        assert dump(rows) == live


@pytest.mark.parametrize("stream", ["room/general/signals", "room/general/staff"])
async def test_an_append_beside_a_room_waits_for_the_room(
    url: str, rows: Rows, stream: StreamName, postgres: PostgresServer
) -> None:
    """The room's row is held, as by another node that folds; the append to its other stream goes on only after."""
    async with opened(url) as log:
        empty(rows)
        await appended(
            log, decided(ROOM, MessagePosted(text="hello")), decided(stream, ReactionSet(message=1, emoji="👍"))
        )
        with rows.transaction():
            rows.execute("SELECT FROM stream WHERE name = 'room/general' FOR UPDATE")
            waiting = asyncio.ensure_future(appended(log, decided(stream, ReactionSet(message=1, emoji="🎉"))))
            while postgres.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != [(1,)]:
                assert not waiting.done()
                await asyncio.sleep(0.02)
        assert (await waiting).receipts[0].seq == 2


async def test_an_edit_and_a_redaction_change_what_is_found(url: str, rows: Rows) -> None:
    def found(word: str) -> list[int]:
        query = "SELECT seq FROM searched WHERE words @@ %s::tsquery ORDER BY seq"
        return [seq for (seq,) in rows.execute(query, [word])]

    async with opened(url) as log:
        empty(rows)
        posted = MessagePosted(text="L'Étoile polaire, l'étoile", kind="idea")
        await appended(log, decided(ROOM, posted), decided(ROOM, MessagePosted(text="polaire étoile"), by="ana"))
        assert found("etoile & polaire") == [1, 2]
        assert found("etoile <-> polaire") == [1]
        assert found("'/room/general' & '/by/ana'") == [2]
        assert found("'/kind/idea' & pol:*") == [1]
        edited = MessageEdited(message=1, text="The north star", revision=1)
        await appended(log, decided(ROOM, MessageEdited(message=1, text="Wait", revision=1)), decided(ROOM, edited))
        assert (found("etoile"), found("north & '/kind/idea'"), found("wait")) == ([2], [1], [])
        gone = decided(ROOM, MessageRedacted(message=1, reason="Because"))._replace(redacts=((ROOM, 1),))
        await appended(log, decided(ROOM, MessageEdited(message=1, text="Too late", revision=2)), gone)
        assert (found("north"), found("late"), found("'/room/general'")) == ([], [], [2])
        both = decided(ROOM, MessagePosted(text="never"), MessageRedacted(message=7, reason="Because"))
        await appended(log, both._replace(redacts=((ROOM, 7),)))
        assert found("never") == []
        await log.rebuild()
        assert found("'/room/general'") == [2]


async def test_what_older_folds_made_is_remade_while_others_append_and_goes_on_after_a_cut(
    url: str, rows: Rows
) -> None:
    """More owners than fit in one transaction, folded by a program that is a version behind; what it made is spoilt, so
    that it shows who was remade. The first node to start with the new version is cut off after its first slice."""
    people = [StreamName(f"user/p-{n:04}") for n in range(1_100)]
    marked = ReadMarked(room="general", seq=7)
    async with opened(url) as old:
        empty(rows)
        await appended(old, *(decided(person, marked) for person in people))
        await appended(old, *played(PRELUDE))
        live = dump(rows)
        rows.execute("UPDATE marker SET seq = 1")
        rows.execute("DELETE FROM message")
        rows.execute("UPDATE projection SET version = version - 1 WHERE name = 'tables'")
        told: list[tuple[int, int]] = []

        def cut(name: str, folded: int, total: int) -> None:
            told.append((folded, total))
            if len(told) == 2:
                raise Cut

        with pytest.raises(Cut):
            async with opened(url, progress=cut):
                pytest.fail("it was cut")
        ((made,),) = rows.execute("SELECT count(*) FROM marker WHERE seq = 7").fetchall()
        assert 0 < made < len(people)
        await appended(old, decided(people[-1], ReadMarked(room="general", seq=9)))
        assert rows.execute("SELECT person, seq FROM marker WHERE seq > 7").fetchall() == [("p-1099", 9)]
        rest: list[tuple[int, int]] = []
        late = StreamName("user/p-late")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(appended(old, decided(late, marked)))
            new = [
                tasks.create_task(_opened_and_closed(url, lambda name, folded, total: rest.append((folded, total))))
                for _ in range(3)
            ]
        assert all(task.done() for task in new)
        assert rest[-1][0] == rest[-1][1] >= 1_100
        assert len(rest) == len(set(rest)), "one of the three has remade"
        remade = dump(rows)
        live["marker"] = remade["marker"]
        assert remade == live
        assert rows.execute("SELECT count(*) FILTER (WHERE seq = 7), count(*) FROM marker").fetchall() == [(1100, 1101)]


async def _opened_and_closed(url: str, progress: Any) -> None:
    async with opened(url, progress=progress):
        pass


async def test_a_program_that_is_older_than_the_folds_leaves_them_and_writes_no_views(url: str, rows: Rows) -> None:
    async with opened(url) as log:
        empty(rows)
        before = rows.execute("SELECT name, version FROM projection ORDER BY name").fetchall()
        rows.execute("UPDATE projection SET version = version + 1 WHERE name = 'session_view'")
        try:
            async with opened(url) as second:
                assert rows.execute("SELECT name, version FROM projection ORDER BY name").fetchall() != before
                post, opening = decided(ROOM, MessagePosted(text="hello")), decided(ROOM, SessionOpened(title="Trees"))
                outcomes = await asyncio.gather(
                    appended(log, post), appended(log, opening), appended(second, post), return_exceptions=True
                )
                with pytest.raises(LogRefused, match="newer Tertulia"):
                    await second.rebuild()
        finally:
            rows.execute("UPDATE projection SET version = version - 1 WHERE name = 'session_view'")
        assert [type(outcome) for outcome in outcomes] == [Appended, LogUnavailable, Appended]
        assert "Upgrade this node" in str(outcomes[1])
        assert rows.execute("SELECT count(*) FROM message").fetchall() == [(2,)]


async def test_what_cannot_be_folded_is_not_written_and_spoils_no_other(url: str, rows: Rows) -> None:
    async with opened(url) as log:
        empty(rows)
        senseless = Planned(ROOM, PersonId("p-1"), "session_marked", b'{"label":"without a place"}')
        bad = Decided(PersonId("p-1"), None, b"", 1, ROOM, (senseless,))
        odd = Planned(ROOM, PersonId("p-1"), "message_posted", rb'{"text":"a\\u0000\u0000b","kind":"idea"}')
        outcomes = await asyncio.gather(
            appended(log, decided(ROOM, MessagePosted(text="one"))),
            appended(log, decided(ROOM, MessagePosted(text="two")), bad),
            appended(log, bad._replace(events=(odd,))),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [Appended, LogUnavailable, Appended]
        assert rows.execute("SELECT seq, kind FROM message ORDER BY seq").fetchall() == [(1, ""), (2, "idea")]
        assert words_found(rows) == {1: "one:1", 2: "a:1 u0000:2 b:3"}
        await log.rebuild()
        assert words_found(rows) == {1: "one:1", 2: "a:1 u0000:2 b:3"}


def test_words_are_cut_as_sqlite_cuts_them() -> None:
    """All letters and digits of the alphabets that SQLite's tables know, and texts of several languages."""
    connection = apsw.Connection(":memory:")
    tokenize = connection.fts5_tokenizer("unicode61", ["remove_diacritics", "2"])

    def sqlite_words(text: str) -> list[str]:
        tokens = tokenize(text.encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False)
        return [word for token in tokens for word in token]

    letters = [chr(code) for code in (*range(0x20, 0x250), *range(0x386, 0x3CF), *range(0x400, 0x500))]
    letters += [chr(code) for code in (*range(0x5D0, 0x5EB), *range(0x620, 0x64B), *range(0x4E00, 0x4F00), 0x1F600)]
    odd = {"ǡ", "Ǡ", "ΐ", "ΰ"}
    known = {letter for letter in letters if unicodedata.category(letter) != "Cn"}
    for letter in known - odd:
        assert words_of(f"a{letter}b") == sqlite_words(f"a{letter}b"), hex(ord(letter))
    for text in ("L'été, 12½ x² don’t_stop", "ΣΊΣΥΦΟΣ ωραίος", "Ёлка И\u0306", "ÅNGSTRÖM", "数据结构 と 算法", "हिन्दी"):
        assert words_of(text) == sqlite_words(text)
    assert len(words_of("x" * 3_000)[0].encode()) <= 1_020
