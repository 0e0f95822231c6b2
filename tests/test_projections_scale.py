"""Reading costs the same in a room of 40,000 messages as in one of 400: counted in SQLite's own steps, not in
time.

Method: a connection whose progress handler counts the virtual machine's steps runs each question on both
rooms. The rooms have the same pattern of threads, replies, reactions and authors, so an answer must be as
long; only a search may look at a bounded number of candidates more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import MessageEdited, MessagePosted, ReactionSet, ReadMarked, RoomCreated
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName, room_signals_stream, room_stream, user_stream
from tertulia.eventlog import Append, Appended, Decided, Planned, sqlite, sqlite_commit
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.wire.stored import encode_event

T = TypeVar("T")
SMALL, LARGE = RoomId("small"), RoomId("large")
MESSAGES = {SMALL: 400, LARGE: 40_000}
ANA = PersonId("p-0")
STEPS_BETWEEN_COUNTS = 50
ROOM_FOR_DEEPER_TREES = 1.5


class CountingReaders:
    """Runs queries at once, and counts."""

    def __init__(self, path: Path) -> None:
        self.connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        self.steps = 0
        self.connection.set_progress_handler(self._count, STEPS_BETWEEN_COUNTS)

    def _count(self) -> bool:
        self.steps += STEPS_BETWEEN_COUNTS
        return False

    async def run(self, query: Callable[[apsw.Connection], T], /) -> T:
        return query(self.connection)

    def connect(self) -> apsw.Connection:
        raise AssertionError("an export reads everything")


def decided(stream: StreamName, event: Event, by: PersonId = ANA) -> Decided:
    return Decided(by, None, b"", 1, stream, (Planned(stream, by, *encode_event(event)),))


def history(room: RoomId, messages: int) -> list[Decided]:
    """Every fifth message begins a thread; the first thread gets half of all replies. Each 50th is edited, some get
    reactions; the word "common" is in all of them."""
    stream = room_stream(room)
    happened = [decided(stream, RoomCreated(cohort=CohortId("demo"), name=room, emoji=["👍"]))]
    begun = [2]
    for number in range(messages):
        seq, by = len(happened) + 1, PersonId(f"p-{number % 40}")
        thread = None if number % 5 == 0 else begun[0] if number % 2 else begun[-1]
        if thread is None and number:
            begun.append(seq)
        text = f"common word{number % 100} number{number}"
        happened.append(decided(stream, MessagePosted(text=text, reply_to=thread, thread=thread), by))
        if number % 50 == 49:
            happened.append(decided(stream, MessageEdited(message=seq, text=f"{text} edited", revision=1), by))
    signals = room_signals_stream(room)
    happened += [decided(signals, ReactionSet(message=seq, emoji="👍"), PersonId(f"p-{seq % 7}")) for seq in begun]
    return [*happened, decided(user_stream(ANA), ReadMarked(room=room, seq=5))]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scale") / "log.sqlite3"

    async def write() -> None:
        log = await SqliteLog.open(path, projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex()))
        for room, messages in MESSAGES.items():
            happened = history(room, messages)
            for start in range(0, len(happened), 2_000):
                outcome = await log.append(Append(happened[start : start + 2_000], {}))
                assert isinstance(outcome, Appended)
        await log.settle()
        await log.close()

    asyncio.run(write())
    return path


Question = Callable[[SqliteReading, RoomId, int], Any]
QUESTIONS: dict[str, Question] = {
    "room_view": lambda reading, room, middle: reading.room_view(room),
    "newest": lambda reading, room, middle: reading.messages(room, person=ANA, limit=50),
    "before": lambda reading, room, middle: reading.messages(room, person=ANA, before=middle, limit=20),
    "after": lambda reading, room, middle: reading.messages(room, person=ANA, after=middle, limit=20),
    "around": lambda reading, room, middle: reading.messages(room, person=ANA, around=middle, limit=20),
    "thread": lambda reading, room, middle: reading.thread(room, 2, person=ANA, after=0, limit=20),
    "thread in the middle": lambda reading, room, middle: reading.thread(room, 2, person=ANA, after=middle, limit=20),
    "message": lambda reading, room, middle: reading.message(room, 51),
    "facts": lambda reading, room, middle: reading.message_facts(room, range(2, 60)),
    "tallies": lambda reading, room, middle: reading.tallies(room, range(2, 60)),
    "mine": lambda reading, room, middle: reading.mine(room, ANA, range(2, 60)),
    "unread": lambda reading, room, middle: reading.unread(ANA, [room]),
    "cohort_of": lambda reading, room, middle: reading.cohort_of(room),
    "search for what is rare": lambda reading, room, middle: reading.search([room], '"number77"', limit=20),
    "search by an author": lambda reading, room, middle: reading.search(
        [room], '"number7"', by=PersonId("p-7"), limit=20
    ),
}


async def cost(path: Path, question: Question, room: RoomId) -> tuple[int, Any]:
    readers = CountingReaders(path)
    answer = await question(SqliteReading(readers), room, MESSAGES[room] // 2)
    readers.connection.close()
    return readers.steps, answer


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_large_room_costs_no_more_than_a_small_one(path: Path, name: str) -> None:
    small, in_small = await cost(path, QUESTIONS[name], SMALL)
    large, in_large = await cost(path, QUESTIONS[name], LARGE)
    assert in_small
    assert in_large
    assert large <= ROOM_FOR_DEEPER_TREES * small + STEPS_BETWEEN_COUNTS, (small, large)


BIG_TABLES = ("entry", "receipt", "message", "reaction", "tally", "searched", "member", "mention", "marker")


def scans(connection: apsw.Connection, statement: str, bindings: Any) -> list[str]:
    """Steps of the plan that walk through all of a table that grows with the history."""
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", bindings or (None,) * statement.count("?")).fetchall()
    assert plan
    steps = [str(step[3]) for step in plan]
    return [step for step in steps if step.startswith("SCAN ") and step.split()[1] in BIG_TABLES]


async def test_no_question_walks_through_a_table_that_grows(path: Path) -> None:
    """Method: every statement that the questions send is explained by SQLite, and so are the log's own."""
    readers = CountingReaders(path)
    asked: dict[str, Any] = {}

    def note(cursor: Any, statement: str, bindings: Any) -> bool:
        asked[statement] = bindings
        return True

    readers.connection.exec_trace = note
    reading = SqliteReading(readers)
    for question in QUESTIONS.values():
        await question(reading, LARGE, MESSAGES[LARGE] // 2)
    await reading.user_view(ANA)
    await reading.cohort_view(CohortId("demo"))
    await reading.members(CohortId("demo"), [ANA])
    readers.connection.exec_trace = None
    asked |= dict.fromkeys((sqlite._HEADS, sqlite._CHECKPOINT, sqlite._RECEIPTS, sqlite._READ))
    asked |= {sqlite_commit._LOOK_UP: None}
    assert len(asked) > 20
    found = {
        statement: walked
        for statement, bindings in asked.items()
        if (walked := scans(readers.connection, statement, bindings))
    }
    assert not found
    assert scans(readers.connection, "SELECT * FROM message WHERE at = 5", None) == ["SCAN message"]
    readers.connection.close()


async def test_a_word_that_is_everywhere_is_looked_for_in_a_bounded_number_of_messages(path: Path) -> None:
    """All messages of the small room are fewer than the candidates; so it is compared with a room as large as those."""
    small, in_small = await cost(path, lambda reading, room, middle: reading.search([room], "common", limit=20), SMALL)
    large, in_large = await cost(path, lambda reading, room, middle: reading.search([room], "common", limit=20), LARGE)
    assert len(in_small) == len(in_large) == 20
    assert MESSAGES[SMALL] >= limits.search_candidates_max
    assert large <= ROOM_FOR_DEEPER_TREES * small, (small, large)
