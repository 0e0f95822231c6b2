"""The tables of the log, as numbered steps that only go forward. What projections keep is not here: they are
remade.

The number of steps done is the database's `user_version`; `APPLICATION_ID` says whose database it is. A step
that was once released is never changed; a new one goes to the end of `MIGRATIONS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

APPLICATION_ID: Final = 0x74657274
"""The letters "tert"."""

_LOG: Final = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL
) STRICT;

CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE UNIQUE INDEX entry_place ON entry (stream, seq);

-- The edits of a message: so that its redaction finds them, and its history is read.
CREATE INDEX entry_edit ON entry (stream, data ->> '$.message') WHERE name = 'message_edited';

CREATE TABLE receipt (
    author TEXT NOT NULL,
    key TEXT NOT NULL,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    PRIMARY KEY (author, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    owner TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    positions TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- `position`: folded up to here; NULL: folded with each append.
CREATE TABLE projection (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    position INTEGER
) STRICT, WITHOUT ROWID;

CREATE VIEW entry_read AS
SELECT entry.position, entry.stream, stream.kind, stream.owner, entry.seq, entry.at, entry.by, entry.name, entry.data
FROM entry JOIN stream ON stream.id = entry.stream;
"""

_COPIES: Final = """
-- What staff and the asker were told of a question, and of a message that was held: so that redactions find it.
CREATE INDEX entry_question ON entry (data ->> '$.question')
WHERE name = 'question_asked' OR name = 'question_reworded';
CREATE INDEX entry_held ON entry (at, by) WHERE name = 'message_held';
"""

MIGRATIONS: Final[Sequence[str]] = (_LOG, _COPIES)


def migrate(connection: apsw.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Do the steps that this database has not seen yet, each in a transaction of its own."""
    done = connection.pragma("user_version")
    assert isinstance(done, int), "user_version is a number in the file's header"
    for number, step in enumerate(migrations[done:], start=done + 1):
        with connection:
            connection.execute(step)
            connection.pragma("user_version", number)
