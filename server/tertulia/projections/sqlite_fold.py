"""Tables folded from the log's entries in the transaction that appends them: rooms and their messages,
cohorts and people.

What each event changes (room_rules.py) becomes a trigger on a view that holds nothing: inserting entries into
`room_fold` or `people_fold` runs them, entry by entry, in order, without coming back to Python. One statement
folds an append or a slice of a rebuild alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import apsw

from tertulia.domain.ids import StreamName
from tertulia.projections.room_rules import PEOPLE_RULES, ROOM_RULES
from tertulia.projections.rules import Rules, for_sqlite, names_in, parsed

_ROOM_TABLES: Final = """
CREATE TABLE room (
    room TEXT PRIMARY KEY,
    cohort TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    emoji TEXT NOT NULL,
    slow_mode_s INTEGER NOT NULL,
    slow_modes TEXT NOT NULL,
    anonymity TEXT NOT NULL,
    approve_questions INTEGER NOT NULL,
    hands_order TEXT NOT NULL,
    parent TEXT,
    locked INTEGER NOT NULL DEFAULT 0,
    closed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- `thread` is NULL for a message that begins one. `position`: of the entry that posted it. `hidden`: the reason for
-- which staff hid it. `endorsed`: JSON, how many endorsed it for each reason.
CREATE TABLE message (
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    reply_to INTEGER,
    thread INTEGER,
    position INTEGER NOT NULL,
    text_position INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    redacted INTEGER NOT NULL,
    resolved INTEGER NOT NULL DEFAULT 0,
    replies INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER,
    last_at INTEGER,
    last_by TEXT,
    kind TEXT NOT NULL,
    question TEXT,
    held_at INTEGER,
    source TEXT,
    hidden TEXT,
    endorsed TEXT NOT NULL DEFAULT '{}',
    minds_changed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE pin (
    room TEXT NOT NULL,
    message INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE reaction (
    room TEXT NOT NULL,
    message INTEGER NOT NULL,
    person TEXT NOT NULL,
    emoji TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (room, message, person, emoji)
) STRICT, WITHOUT ROWID;

-- How many people are in `reaction`: kept by its triggers alone.
CREATE TABLE tally (
    room TEXT NOT NULL,
    message INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    people INTEGER NOT NULL,
    PRIMARY KEY (room, message, emoji)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER reaction_added AFTER INSERT ON reaction BEGIN
    INSERT INTO tally (room, message, emoji, people) VALUES (NEW.room, NEW.message, NEW.emoji, 1)
    ON CONFLICT (room, message, emoji) DO UPDATE SET people = people + 1;
END;
CREATE TRIGGER reaction_removed AFTER DELETE ON reaction BEGIN
    UPDATE tally SET people = people - 1
    WHERE room = OLD.room AND message = OLD.message AND emoji = OLD.emoji;
    DELETE FROM tally
    WHERE room = OLD.room AND message = OLD.message AND emoji = OLD.emoji AND people = 0;
END;
"""

_ROOM_INDEXES: Final = """
CREATE INDEX IF NOT EXISTS message_begins ON message (room, seq) WHERE thread IS NULL;
CREATE INDEX IF NOT EXISTS message_answers ON message (room, thread, seq) WHERE thread IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_by ON message (by, room, seq);
CREATE INDEX IF NOT EXISTS reaction_by ON reaction (person);
"""


_PEOPLE_TABLES: Final = """
CREATE TABLE cohort (
    cohort TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    course TEXT NOT NULL,
    course_name TEXT NOT NULL,
    member_count INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- `listed_seq`: of the first event that listed it; the order of the list.
CREATE TABLE listed_room (
    cohort TEXT NOT NULL,
    room TEXT NOT NULL,
    listed_seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (cohort, room)
) STRICT, WITHOUT ROWID;

-- `joined_seq`: of the last event that brought the person in.
CREATE TABLE member (
    cohort TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    goal TEXT NOT NULL,
    here INTEGER NOT NULL DEFAULT 1,
    joined_seq INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (cohort, person)
) STRICT, WITHOUT ROWID;

-- `thread` is 0 for the room itself.
CREATE TABLE marker (
    person TEXT NOT NULL,
    room TEXT NOT NULL,
    thread INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, room, thread)
) STRICT, WITHOUT ROWID;

-- `seq`: of the event in the person's own stream.
CREATE TABLE mention (
    person TEXT NOT NULL,
    seq INTEGER NOT NULL,
    room TEXT NOT NULL,
    message INTEGER NOT NULL,
    thread INTEGER,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (person, seq)
) STRICT, WITHOUT ROWID;
"""

_PEOPLE_INDEXES: Final = """
CREATE INDEX IF NOT EXISTS member_newest ON member (cohort, joined_seq) WHERE here;
CREATE INDEX IF NOT EXISTS member_person ON member (person);
"""


@cache
def _names_of(rules: tuple[tuple[str, tuple[str, ...]], ...]) -> frozenset[str]:
    return names_in(dict(rules))


class FoldedTables(NamedTuple):
    """A projection (`eventlog/projection.py`) made of tables and of the rules by which events change them. `indexes`:
    for reading, no fold needs them. `made`: every table that any version ever had."""

    name: str
    version: int
    tables: str
    indexes: str
    rules: Rules
    made: tuple[str, ...]
    is_behind: bool = False
    only: str = "true"

    @property
    def names(self) -> frozenset[str]:
        return _names_of(tuple((kind, tuple(rules)) for kind, rules in self.rules.items()))

    def create(self, connection: apsw.Connection, /) -> None:
        connection.execute(self.tables)
        columns = ("position", "kind", "owner", "seq", "at", "by", "name", "data")
        empty = ", ".join(f"NULL AS {column}" for column in columns)
        connection.execute(f"CREATE VIEW {self.name}_fold AS SELECT {empty}")
        for kind, rules in self.rules.items():
            for number, (names, condition, change) in enumerate(map(parsed, rules)):
                listed = ", ".join(f"'{name}'" for name in names)
                trigger = f"{self.name}_{kind.replace('/', '_')}_{number}"
                only = f" AND {for_sqlite(condition)}" if condition else ""
                connection.execute(
                    f"CREATE TRIGGER {trigger} INSTEAD OF INSERT ON {self.name}_fold "
                    f"WHEN NEW.name IN ({listed}) AND NEW.kind = '{kind}'{only} BEGIN {for_sqlite(change)} END"
                )

    def drop(self, connection: apsw.Connection, /) -> None:
        connection.execute(f"DROP VIEW IF EXISTS {self.name}_fold")
        for table in self.made:
            connection.execute(f"DROP TABLE IF EXISTS {table}")

    def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
        kinds = ", ".join(f"'{kind}'" for kind in self.rules)
        connection.execute(
            f"INSERT INTO {self.name}_fold (position, kind, owner, seq, at, by, name, data) "
            "SELECT position, kind, owner, seq, at, by, name, data FROM entry_read "
            f"WHERE position > ? AND position <= ? AND kind IN ({kinds}) AND {self.only} ORDER BY position",
            (after, upto),
        )

    def finish(self, connection: apsw.Connection, /) -> None:
        connection.execute(self.indexes)

    def redact(self, connection: apsw.Connection, messages: Sequence[tuple[StreamName, int]], /) -> None:
        """There is no text here."""


ROOMS: Final = FoldedTables(
    "room",
    2,
    tables=_ROOM_TABLES,
    indexes=_ROOM_INDEXES,
    rules=ROOM_RULES,
    made=("room", "message", "pin", "reaction", "tally"),
)
PEOPLE: Final = FoldedTables(
    "people",
    1,
    tables=_PEOPLE_TABLES,
    indexes=_PEOPLE_INDEXES,
    rules=PEOPLE_RULES,
    made=("cohort", "listed_room", "member", "marker", "mention"),
)
