"""What is read from PostgreSQL is what is read from SQLite, for the same history.

Method: histories that the domain lets happen (those of test_projections_fold.py) are appended to a log of each kind, in
the same groups; then every method of `Reading` is asked the same of both. Search has texts of its own, of any
characters and lengths.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from tertulia.domain.events import MessageEdited, MessagePosted
from tertulia.domain.ids import PersonId, RoomId, room_stream
from tertulia.eventlog import Append, Appended, Decided, EventLog, Planned
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections import Reading
from tertulia.projections.link_table import LINKS
from tertulia.projections.postgres_projections import PostgresProjections
from tertulia.projections.postgres_reading import STATEMENTS as OF_POSTGRES
from tertulia.projections.postgres_reading import PostgresReading
from tertulia.projections.postgres_search_sql import SEARCH
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import STATEMENTS as OF_SQLITE
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.wire.stored import encode_event
from tests.postgres_server import PostgresServer, postgres
from tests.test_projections_fold import ACTS, COHORT, CUTS, OWNER, PEOPLE_IDS, PRELUDE, ROOM, WORDS, Act, Play

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

Check = Callable[[Reading, Reading], Awaitable[None]]


async def in_both(url: str, groups: list[list[Decided]], check: Check) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sqlite = await SqliteLog.open(
            Path(folder) / "log.sqlite3",
            projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex()),
        )
        postgresql = await PostgresLog.open(url, cluster="school", projections=PostgresProjections())
        try:
            logs: list[EventLog] = [sqlite, postgresql]
            for group in groups:
                for log in logs:
                    assert isinstance(await log.append(Append(group, {})), Appended)
            await sqlite.settle()
            await check(SqliteReading(sqlite.readers), PostgresReading(postgresql.readers))
        finally:
            await postgresql.close()
            await sqlite.close()


def questions(play: Told) -> Iterator[tuple[str, dict[str, Any]]]:
    """Methods and what they are asked, over all that happened."""
    head = play.heads[room_stream(ROOM)]
    seqs = list(range(head + 3))
    some = seqs[:: max(1, head // 9)]
    for room in (ROOM, RoomId("lounge"), RoomId("nowhere")):
        yield from (("room_view", {"room": room}), ("cohort_of", {"room": room}), ("staff_view", {"room": room}))
        yield from (("sessions", {"room": room}), ("resolved", {"room": room}), ("session_counts", {"room": room}))
        yield "message_facts", {"room": room, "seqs": seqs}
        yield from (("listed", {"room": room, "seqs": seqs}), ("fates", {"room": room, "messages": seqs}))
        yield "tallies", {"room": room, "messages": seqs}
        yield "resources", {"room": room, "before": head, "limit": 2}
    yield from (("room_at", {"room": ROOM, "seq": seq}) for seq in some)
    yield from (("room_at", {"room": ROOM, "at": one.at + shift}) for one in play.decided[::9] for shift in (-1, 0))
    yield from (("cohort_view", {"cohort": cohort}) for cohort in (COHORT, "none"))
    yield "members", {"cohort": COHORT, "people": [*PEOPLE_IDS, PersonId("p-none")]}
    for person in PEOPLE_IDS:
        yield "user_view", {"person": person}
        yield "unread", {"person": person, "rooms": [ROOM, RoomId("lounge"), RoomId("nowhere")]}
        yield from (("held", {"room": ROOM, "person": person, "is_staff": is_staff}) for is_staff in (True, False))
        yield from (("my_session", {"room": ROOM, "person": person}), ("person_export", {"person": person}))
        yield "mine", {"room": ROOM, "person": person, "messages": seqs}
        yield "messages", {"room": ROOM, "person": person, "limit": 5}
        yield from (("similar", {"cohort": COHORT, "person": person, "text": word, "limit": 9}) for word in WORDS)
    yield "similar", {"cohort": COHORT, "person": OWNER, "text": "an app or a quin", "limit": 2}
    for seq in some:
        for where in ("before", "after", "around"):
            yield "messages", {"room": ROOM, "person": OWNER, where: seq, "limit": 1 + seq % 5}
        yield "thread", {"room": ROOM, "thread": seq, "person": OWNER, "after": 0, "limit": 2}
        yield "thread", {"room": ROOM, "thread": seq, "person": OWNER, "after": seq + 1, "limit": 2}
        yield "session_record", {"room": ROOM, "session": seq}
    yield from (("message", {"room": ROOM, "seq": seq}) for seq in seqs)
    yield "session_record", {"room": ROOM}
    opened = [n for n in seqs if n in play.opened]
    yield from (("session_record", {"room": ROOM, "session": seq}) for seq in opened)
    for seq in [*opened, 1]:
        for after, limit in ((0, 100), (0, 3), (play.decided[len(play.decided) // 2].at, 2)):
            yield "tally_steps", {"room": ROOM, "session": seq, "after": after, "limit": limit}
    for query in (*WORDS, "hel", "plum fig", '"plum fig"', "app", "pe", "nothing"):
        yield "search", {"rooms": [ROOM, RoomId("lounge")], "query": query, "limit": 50, "with_hidden": True}
    at = play.decided[len(play.decided) // 2].at
    filters: list[dict[str, Any]] = [
        {"by": PEOPLE_IDS[1]}, {"by": "o'\\\0", "kind": "x'"}, {"kind": "question"}, {"answered": True},
        {"answered": False}, {"since": at}, {"until": at}, {"kind": "idea", "answered": True},
    ]  # fmt: skip
    for some_filters in filters:
        yield "search", {"rooms": [ROOM], "query": "fig", "limit": 50, **some_filters}
        yield "search", {"rooms": [ROOM], "query": "appl", "limit": 50, **some_filters}


class Told(Play):
    """Remembers where sessions begin."""

    def __init__(self) -> None:
        self.opened: set[int] = set()
        super().__init__()

    def _apply(self, stream: Any, seq: int, by: Any, event: Any) -> None:
        if type(event).__name__ == "SessionOpened":
            self.opened.add(seq)
        super()._apply(stream, seq, by, event)


async def answer(reading: Reading, method: str, asked: dict[str, Any]) -> Any:
    if method == "person_export":
        return await asyncio.to_thread(lambda: sorted(map(str, reading.person_export(**asked))))
    answered = await getattr(reading, method)(**asked)
    ordered = list(answered[1].members) if method == "cohort_view" and answered else None
    return msgspec.to_builtins(answered), ordered


@given(ACTS, CUTS)
@settings(deadline=None, max_examples=4)
def test_every_question_is_answered_alike(postgres: PostgresServer, acts: list[Act], cuts: list[int]) -> None:
    play = Told()
    for person, command in PRELUDE + acts:
        play.act(person, command)
    waiting = list(play.decided)
    groups: list[list[Decided]] = []
    while waiting:
        cut = cuts[len(groups) % len(cuts)] if groups else len(PRELUDE)
        groups.append(waiting[:cut])
        waiting = waiting[cut:]

    async def check(sqlite: Reading, postgresql: Reading) -> None:
        for method, asked in questions(play):
            expected = await answer(sqlite, method, asked)
            assert await answer(postgresql, method, asked) == expected, (method, asked)

    asyncio.run(in_both(postgres.emptied_database(), groups, check))


def test_both_databases_know_the_same_statements() -> None:
    assert OF_POSTGRES.keys() - SEARCH.keys() == OF_SQLITE.keys()


# --- search ----------------------------------------------------------------------------------------------------------

SAID = [
    "heap", "Heaps", "tree", "größe", "GRÖSSE", "naïve", "e\u0301te\u0301", "x_y", "c++", "2**n", "学习代码", "a",
    "the", "I'm", "ǅ", "İstanbul", "ﬁne", "https://a.b/heap?c", "`code`", "😀", "Ꙁ", "𝔘nicode", "٣",
]  # fmt: skip
AFTER = [" ", " ", " ", " ", ". ", ": ", "\n", ", ", "-", "  .\n"]
QUERIES = [
    "heap", "hea", "heap tree", '"heap tree"', "tre", '"the heap"', "the a", "große", "GROSSE", "naive", "ete", "y",
    "x_y", '"x y"', "c", "2 n", "学习", "学习代码", "I'm", "m", "dž", "ǆ", "istanbul", "fine", "ﬁne", "https", "code",
    "nicode", "𝔘nicode", "3", "٣", '"a" the hea', 'heap "tree the"', "heap heaps", '"heap 学习" hea',
]  # fmt: skip


def texts(seed: int) -> list[str]:
    chance = random.Random(seed)
    return [
        "".join(chance.choice(SAID) + chance.choice(AFTER) for _ in range(chance.choice((1, 3, 8, 23, 24, 25, 40, 90))))
        for _ in range(40)
    ]


def test_searches_find_and_show_the_same(postgres: PostgresServer) -> None:
    seed = random.randrange(2**32)
    posts = [MessagePosted(text=text) for text in texts(seed)]
    edits = [MessageEdited(message=n + 1, text=text, revision=1) for n, text in enumerate(texts(seed + 1)[:9])]
    stream = room_stream(ROOM)
    groups = [
        [Decided(OWNER, None, b"", 1, stream, (Planned(stream, OWNER, *encode_event(event)),)) for event in events]
        for events in (posts, edits)
    ]

    async def check(sqlite: Reading, postgresql: Reading) -> None:
        for query in QUERIES:
            for limit in (3, 50):
                expected = await sqlite.search([ROOM], query, limit=limit)
                assert await postgresql.search([ROOM], query, limit=limit) == expected, (seed, query)

    asyncio.run(in_both(postgres.emptied_database(), groups, check))
