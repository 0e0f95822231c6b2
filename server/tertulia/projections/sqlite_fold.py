"""Tables folded from the log's entries in the transaction that appends them: rooms and their messages,
cohorts and people.

What each event changes is written as a trigger on a view that holds nothing: inserting entries into
`room_fold` or `people_fold` runs them, entry by entry, in order, without coming back to Python. One statement
folds an append or a slice of a rebuild alike. No text of a message is copied: `text_position` names the entry
that holds it now, so a redaction in the log is a redaction here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

import apsw

from tertulia.domain.ids import StreamName

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

_ROOM_EVENTS: Final = (
    """message_posted
    INSERT INTO message (room, seq, at, by, reply_to, thread, position, text_position, redacted, kind, question,
        held_at, source)
    VALUES (NEW.owner, NEW.seq, NEW.at, NEW.by, NEW.data ->> '$.reply_to', NEW.data ->> '$.thread',
        NEW.position, NEW.position, coalesce(NEW.data ->> '$.redacted', 0), coalesce(NEW.data ->> '$.kind', ''),
        NEW.data ->> '$.question', NEW.data ->> '$.held_at', NEW.data ->> '$.source');
    UPDATE message SET replies = replies + 1, last_seq = NEW.seq, last_at = NEW.at, last_by = NEW.by
    WHERE room = NEW.owner AND seq = NEW.data ->> '$.thread';""",
    """message_edited
    UPDATE message SET text_position = NEW.position, revision = NEW.data ->> '$.revision'
    WHERE room = NEW.owner AND seq = NEW.data ->> '$.message';""",
    """message_redacted
    UPDATE message SET redacted = 1 WHERE room = NEW.owner AND seq = NEW.data ->> '$.message';
    DELETE FROM pin WHERE room = NEW.owner AND message = NEW.data ->> '$.message';
    DELETE FROM reaction WHERE room = NEW.owner AND message = NEW.data ->> '$.message';""",
    """message_pinned
    INSERT OR REPLACE INTO pin (room, message, seq) VALUES (NEW.owner, NEW.data ->> '$.message', NEW.seq);""",
    """message_unpinned
    DELETE FROM pin WHERE room = NEW.owner AND message = NEW.data ->> '$.message';""",
    """thread_resolved thread_reopened
    UPDATE message SET resolved = NEW.name = 'thread_resolved'
    WHERE room = NEW.owner AND seq = NEW.data ->> '$.thread';""",
    """message_hidden message_unhidden
    UPDATE message SET hidden = NEW.data ->> '$.reason' WHERE room = NEW.owner AND seq = NEW.data ->> '$.message';""",
    """answer_endorsed
    UPDATE message SET endorsed = json_set(endorsed, '$.' || (NEW.data ->> '$.reason'),
        coalesce(endorsed ->> (NEW.data ->> '$.reason'), 0) + 1)
    WHERE room = NEW.owner AND seq = NEW.data ->> '$.message';""",
    """mind_changed
    UPDATE message SET minds_changed = minds_changed + 1 WHERE room = NEW.owner AND seq = NEW.data ->> '$.because';""",
    """room_created
    INSERT INTO room (room, cohort, name, kind, topic, emoji, slow_mode_s, slow_modes, anonymity, approve_questions,
        hands_order, parent)
    VALUES (NEW.owner, NEW.data ->> '$.cohort', NEW.data ->> '$.name',
        coalesce(NEW.data ->> '$.kind', 'discussion'), coalesce(NEW.data ->> '$.topic', ''),
        coalesce(NEW.data -> '$.emoji', '[]'), coalesce(NEW.data ->> '$.slow_mode_s', 0),
        coalesce(NEW.data -> '$.slow_modes', '{}'), coalesce(NEW.data ->> '$.anonymity', 'off'),
        coalesce(NEW.data ->> '$.approve_questions', 0), coalesce(NEW.data ->> '$.hands_order', 'first_raised'),
        NEW.data ->> '$.parent');""",
    """room_changed
    UPDATE room SET name = coalesce(NEW.data ->> '$.name', name), topic = coalesce(NEW.data ->> '$.topic', topic),
        emoji = coalesce(NEW.data -> '$.emoji', emoji),
        slow_mode_s = coalesce(NEW.data ->> '$.slow_mode_s', slow_mode_s),
        slow_modes = coalesce(NEW.data -> '$.slow_modes', slow_modes),
        anonymity = coalesce(NEW.data ->> '$.anonymity', anonymity),
        approve_questions = coalesce(NEW.data ->> '$.approve_questions', approve_questions),
        hands_order = coalesce(NEW.data ->> '$.hands_order', hands_order)
    WHERE room = NEW.owner;""",
    """room_locked room_unlocked
    UPDATE room SET locked = NEW.name = 'room_locked' WHERE room = NEW.owner;""",
    """room_closed room_opened
    UPDATE room SET closed = NEW.name = 'room_closed' WHERE room = NEW.owner;""",
)

# A reaction to a message that is redacted by now does not count, in whatever order the two are folded.
_SIGNAL_EVENTS: Final = (
    """reaction_set
    INSERT OR IGNORE INTO reaction (room, message, person, emoji, at)
    SELECT NEW.owner, NEW.data ->> '$.message', NEW.by, NEW.data ->> '$.emoji', NEW.at
    WHERE coalesce(NEW.data ->> '$.on', 1) AND EXISTS (
        SELECT 1 FROM message WHERE room = NEW.owner AND seq = NEW.data ->> '$.message' AND NOT redacted);
    DELETE FROM reaction
    WHERE NOT coalesce(NEW.data ->> '$.on', 1) AND room = NEW.owner AND message = NEW.data ->> '$.message'
        AND person = NEW.by AND emoji = NEW.data ->> '$.emoji';""",
)

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

_COHORT_EVENTS: Final = (
    """cohort_created
    INSERT INTO cohort (cohort, name, course, course_name)
    VALUES (NEW.owner, NEW.data ->> '$.name', NEW.data ->> '$.course', NEW.data ->> '$.course_name');""",
    """room_listed
    INSERT INTO listed_room (cohort, room, listed_seq, name, kind, closed)
    VALUES (NEW.owner, NEW.data ->> '$.room', NEW.seq, NEW.data ->> '$.name',
        coalesce(NEW.data ->> '$.kind', 'discussion'), coalesce(NEW.data ->> '$.closed', 0))
    ON CONFLICT (cohort, room) DO UPDATE SET name = excluded.name, kind = excluded.kind, closed = excluded.closed;""",
    """member_joined member_returned
    INSERT INTO member (cohort, person, name, role, goal, joined_seq, joined_at)
    VALUES (NEW.owner, NEW.data ->> '$.person', NEW.data ->> '$.name', NEW.data ->> '$.role',
        coalesce(NEW.data ->> '$.goal', ''), NEW.seq, NEW.at)
    ON CONFLICT (cohort, person) DO UPDATE
    SET name = excluded.name, role = excluded.role, here = 1, joined_seq = excluded.joined_seq;
    UPDATE cohort SET member_count = member_count + 1 WHERE cohort = NEW.owner;""",
    """member_renamed
    UPDATE member SET name = NEW.data ->> '$.name'
    WHERE cohort = NEW.owner AND person = NEW.data ->> '$.person';""",
    """role_changed
    UPDATE member SET role = NEW.data ->> '$.role'
    WHERE cohort = NEW.owner AND person = NEW.data ->> '$.person';""",
    """member_left
    UPDATE member SET here = 0 WHERE cohort = NEW.owner AND person = NEW.data ->> '$.person';
    UPDATE cohort SET member_count = member_count - 1 WHERE cohort = NEW.owner;""",
)

_USER_EVENTS: Final = (
    """read_marked
    INSERT INTO marker (person, room, thread, seq)
    VALUES (NEW.owner, NEW.data ->> '$.room', coalesce(NEW.data ->> '$.thread', 0), NEW.data ->> '$.seq')
    ON CONFLICT (person, room, thread) DO UPDATE SET seq = max(seq, excluded.seq);""",
    """mentioned
    INSERT INTO mention (person, seq, room, message, thread, at, by)
    VALUES (NEW.owner, NEW.seq, NEW.data ->> '$.room', NEW.data ->> '$.message', NEW.data ->> '$.thread',
        NEW.at, NEW.by);""",
)


@cache
def _names_of(rules: tuple[str, ...]) -> frozenset[str]:
    """Those on the first lines of the rules."""
    return frozenset(name for rule in rules for name in rule.split("\n", 1)[0].split())


class FoldedTables(NamedTuple):
    """A projection (`eventlog/projection.py`) made of tables and, by kind of stream, of what its events change in
    them: the first line of a rule names the events it is for. `indexes`: for reading, no fold needs them. `made`: every
    table that any version ever had."""

    name: str
    version: int
    tables: str
    indexes: str
    events: Mapping[str, Sequence[str]]
    made: tuple[str, ...]
    is_behind: bool = False
    only: str = "true"

    @property
    def names(self) -> frozenset[str]:
        return _names_of(tuple(rule for rules in self.events.values() for rule in rules))

    def create(self, connection: apsw.Connection, /) -> None:
        connection.execute(self.tables)
        columns = ("position", "kind", "owner", "seq", "at", "by", "name", "data")
        empty = ", ".join(f"NULL AS {column}" for column in columns)
        connection.execute(f"CREATE VIEW {self.name}_fold AS SELECT {empty}")
        for kind, rules in self.events.items():
            for rule in rules:
                names, change = rule.split("\n", 1)
                listed = ", ".join(f"'{name}'" for name in names.split())
                trigger = f"{self.name}_{kind.replace('/', '_')}_{names.split()[0]}"
                connection.execute(
                    f"CREATE TRIGGER {trigger} INSTEAD OF INSERT ON {self.name}_fold "
                    f"WHEN NEW.name IN ({listed}) AND NEW.kind = '{kind}' BEGIN {change} END"
                )

    def drop(self, connection: apsw.Connection, /) -> None:
        connection.execute(f"DROP VIEW IF EXISTS {self.name}_fold")
        for table in self.made:
            connection.execute(f"DROP TABLE IF EXISTS {table}")

    def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
        kinds = ", ".join(f"'{kind}'" for kind in self.events)
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
    events={"room": _ROOM_EVENTS, "room/signals": _SIGNAL_EVENTS},
    made=("room", "message", "pin", "reaction", "tally"),
)
PEOPLE: Final = FoldedTables(
    "people",
    1,
    tables=_PEOPLE_TABLES,
    indexes=_PEOPLE_INDEXES,
    events={"cohort": _COHORT_EVENTS, "user": _USER_EVENTS},
    made=("cohort", "listed_room", "member", "marker", "mention"),
)
