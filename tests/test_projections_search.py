"""What people type becomes a query that is never a syntax error and finds what it names."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted
from tertulia.domain.ids import PersonId, RoomId, StreamName
from tertulia.eventlog import Append, Appended, Decided, Planned
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.search import SearchIndex, match_words, search_messages
from tertulia.projections.search_terms import Wanted
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.sqlite_fold import ROOMS
from tertulia.wire.stored import encode_event

ANA, ROOM = PersonId("p-ana"), StreamName("room/a")
TEXTS = (
    "Why is building a heap linear?",
    "Größe der Ähre: naïve café",
    "𞤀𞤣𞤤𞤢𞤥 and 学习代码",
    "x_y snake_case f(x)=2**n",
)
MANY_WORDS = " ".join(f"crowd{number:03}" for number in range(limits.search_words_max + 50))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("heap", '"heap" *'),
        ("Build  heap ", '"Build" "heap"'),
        ("is a", '"is" "a"'),
        ("c++", '"c++"'),
        ('"build a heap"', '"build a heap"'),
        ('fast "a heap" lin', '"fast" "a heap" "lin" *'),
        ('an "open phrase', '"an" "open" "phrase" *'),
        ('a""b', '"a" "b"'),
        ("学", '"学" *'),
        ("a AND NOT b*", '"a" "AND" "NOT" "b*"'),
        ("text:x", '"text:x"'),
        ("nul\0l", '"nul" "l"'),
        ("", ""),
        (' "" \t" "', ""),
    ],
)
def test_words_and_phrases_are_quoted_and_the_last_word_may_be_begun(typed: str, expected: str) -> None:
    assert match_words(typed) == expected


def test_a_query_has_an_end() -> None:
    assert len(match_words("ab " * 10_000)) <= 3 * limits.search_chars_max


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    """A small index to put random questions to, by SQLite's own hand."""
    import asyncio

    path: Path = tmp_path_factory.mktemp("search") / "log.sqlite3"

    async def write() -> None:
        log = await SqliteLog.open(path, projections=(ROOMS, SESSIONS, SearchIndex()))
        posts = [(Planned(ROOM, ANA, *encode_event(MessagePosted(text=text))),) for text in (*TEXTS, MANY_WORDS)]
        outcome = await log.append(Append([Decided(ANA, None, b"", 1, ROOM, post) for post in posts], {}))
        assert isinstance(outcome, Appended)
        await log.settle()
        await log.close()

    asyncio.run(write())
    connection = apsw.Connection(str(path))
    yield connection
    connection.close()


def ask(connection: apsw.Connection, query: str) -> list[str]:
    found = search_messages(connection, [RoomId("a")], query, Wanted(), limit=9)
    return [hit.message.text for hit in found]


@given(st.text() | st.text(alphabet='"*()^+-:{}. aAND\0\ud800'))
@example('"')
@example("NEAR(a b, 1)")
@settings(deadline=None, max_examples=400)
def test_no_text_is_a_wrong_query(connection: apsw.Connection, query: str) -> None:
    ask(connection, query)


@given(st.sampled_from(TEXTS), st.integers(0, 40), st.integers(3, 40))
@settings(deadline=None, max_examples=200)
def test_a_message_is_found_by_any_words_that_follow_each_other_in_it(
    connection: apsw.Connection, text: str, start: int, count: int
) -> None:
    words = text.split()[start % 4 :][:count]
    if not words:
        return
    assert text in ask(connection, " ".join(words))
    assert text in ask(connection, f'"{" ".join(words)}"')
    if len(words[-1].strip("?:")) > 3:
        assert text in ask(connection, " ".join(words).strip("?:")[:-1])
    shuffled = words[:-1]
    random.Random(start).shuffle(shuffled)
    assert text in ask(connection, " ".join([*shuffled, words[-1]]))


def test_words_without_letters_are_passed_over(connection: apsw.Connection) -> None:
    assert ask(connection, "heap +++ 😀") == [TEXTS[0]]
    assert ask(connection, "😀 heap") == [TEXTS[0]]
    assert ask(connection, "😀 +++") == []


@pytest.mark.parametrize(
    ("typed", "expected", "finds"),
    [
        ("line", ['text : ("linear")'], TEXTS[:1]),
        ("Ähr", ['text : ("Ähr" *)'], TEXTS[1:2]),
        ("a heap ", ['text : ("a" "heap")'], TEXTS[:1]),
        ("building heap", ['text : ("building") AND text : ("heap")'], TEXTS[:1]),
        ("😀 größ", ['text : ("große")'], TEXTS[1:2]),
        ("x_snak", ['text : ("x_snak" *)'], ()),
        ("nowhere", [], ()),
        ("crowd", ['text : ("crowd" *)'], (MANY_WORDS,)),
        ("crowd24", [" OR ".join(f'"crowd24{number}"' for number in range(10))], (MANY_WORDS,)),
    ],
)
def test_a_begun_word_is_looked_up_as_the_words_that_begin_so(
    connection: apsw.Connection, typed: str, expected: list[str], finds: tuple[str, ...]
) -> None:
    """Unless they are too many, or it is as short as FTS5's own index of beginnings. What FTS5 is asked is what tells:
    how much it collects shows in no count of steps."""
    asked: list[Any] = []
    connection.exec_trace = lambda cursor, sql, bindings: not asked.append(bindings)  # type: ignore[func-returns-value]
    try:
        assert ask(connection, typed) == list(finds)
    finally:
        connection.exec_trace = None
    matches = [bindings["match"] for bindings in asked if bindings and "match" in bindings]
    assert len(matches) == len(expected)
    assert all(wanted in match for wanted, match in zip(expected, matches, strict=True))


# --- folding ---------------------------------------------------------------------------------------------------------


async def test_the_index_is_the_same_wherever_its_slices_end(tmp_path: Path) -> None:
    """Method: messages that are edited again and again, some redacted, are folded with every length of slice; then the
    index is compared with the text it was made of (FTS5's own check), and one index with the other, word by word.
    And nothing is taken out of it again, which is what makes a rebuild slow."""
    chance = random.Random(3)
    happened: list[tuple[Event, int | None]] = [(MessagePosted(text=f"post number{n}"), None) for n in range(12)]
    happened += [
        (MessageEdited(message=chance.randint(1, 12), text=f"wording number{n}", revision=n), None) for n in range(20)
    ]
    happened += [(MessageRedacted(message=message), message) for message in (3, 7)]
    happened += [(MessagePosted(text="last"), None), (MessageEdited(message=35, text="really last", revision=1), None)]
    path = tmp_path / "log.sqlite3"
    log = await SqliteLog.open(path, projections=(ROOMS, SESSIONS, SearchIndex()))
    for event, gone in happened:
        redacts = () if gone is None else ((ROOM, gone),)
        decided = Decided(ANA, None, b"", 1, ROOM, (Planned(ROOM, ANA, *encode_event(event)),), redacts)
        assert isinstance(await log.append(Append([decided], {})), Appended)
    await log.settle()
    await log.close()
    connection = apsw.Connection(str(path))
    as_it_grew = words_of(connection)
    assert ("really", 35) in as_it_grew
    assert len({place for _, place in as_it_grew}) == 11
    done: list[str] = []
    connection.exec_trace = lambda cursor, sql, bindings: not done.append(sql)  # type: ignore[func-returns-value]
    for size in (1, 2, 3, 5, 13, len(happened)):
        with connection:
            SearchIndex().drop(connection)
            SearchIndex().create(connection)
            for after in range(0, len(happened), size):
                SearchIndex().fold(connection, after=after, upto=min(after + size, len(happened)))
        assert words_of(connection) == as_it_grew, size
    connection.close()
    assert len(done) > 100
    assert not any("'delete'" in sql for sql in done)


def words_of(connection: apsw.Connection) -> set[tuple[str, int]]:
    connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
    connection.execute("CREATE VIRTUAL TABLE temp.word USING fts5vocab('main', 'search', 'instance')")
    found = set(connection.execute("SELECT term, doc FROM word WHERE col = 'text'"))
    connection.execute("DROP TABLE temp.word")
    return found
