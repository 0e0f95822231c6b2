"""Tables of live sessions, folded like those of sqlite_fold.py: what is counted (votes, answers to polls, pace), who
attended and who is behind an alias, and the dates in the life of each question. What readers see of a session is
folded by session_views.py."""

from __future__ import annotations

from typing import Final

from tertulia.projections.session_rules import SESSION_RULES
from tertulia.projections.sqlite_fold import FoldedTables

_TABLES: Final = """
-- `opened`: the seq of its first event.
CREATE TABLE session (
    room TEXT NOT NULL,
    opened INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed INTEGER,
    closed_at INTEGER,
    title TEXT NOT NULL,
    PRIMARY KEY (room, opened)
) STRICT, WITHOUT ROWID;

CREATE TABLE mark (
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    media_position_ms INTEGER NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- `message` is NULL for one that was never published. `by`: who readers see, '~' for nobody.
CREATE TABLE question (
    room TEXT NOT NULL,
    question TEXT NOT NULL,
    session INTEGER NOT NULL,
    by TEXT NOT NULL,
    status TEXT NOT NULL,
    message INTEGER,
    asked_at INTEGER NOT NULL,
    published_at INTEGER,
    answered_at INTEGER,
    answer INTEGER,
    accepted INTEGER,
    merged_into TEXT,
    reason TEXT,
    PRIMARY KEY (room, question)
) STRICT, WITHOUT ROWID;

CREATE TABLE vote (
    room TEXT NOT NULL,
    question TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (room, question, person)
) STRICT, WITHOUT ROWID;

-- The last answer of each person. `choices`: JSON, places in the options.
CREATE TABLE poll_answer (
    room TEXT NOT NULL,
    poll INTEGER NOT NULL,
    person TEXT NOT NULL,
    choices TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (room, poll, person)
) STRICT, WITHOUT ROWID;

-- `pace` is NULL for one who takes it back. The last of each person in a session holds.
CREATE TABLE pace (
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    person TEXT NOT NULL,
    pace TEXT,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE attendance (
    room TEXT NOT NULL,
    session INTEGER NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (room, session, person)
) STRICT, WITHOUT ROWID;

-- `sealed`: staff may not know.
CREATE TABLE alias (
    room TEXT NOT NULL,
    alias TEXT NOT NULL,
    person TEXT NOT NULL,
    sealed INTEGER NOT NULL,
    PRIMARY KEY (room, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE hand (
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    session INTEGER NOT NULL,
    hand TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    called_at INTEGER,
    lowered_at INTEGER,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- Messages that wait to be shown. `held`: the seq of the entry in room/<id>/staff.
CREATE TABLE held (
    room TEXT NOT NULL,
    held INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (room, held)
) STRICT, WITHOUT ROWID;

-- Where the entries of a room stand that are neither messages nor edits: few, so that a past moment is folded quickly.
CREATE TABLE moment (
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
"""

_INDEXES: Final = """
CREATE INDEX IF NOT EXISTS vote_by ON vote (room, person);
CREATE INDEX IF NOT EXISTS question_message ON question (room, message);
CREATE INDEX IF NOT EXISTS alias_of ON alias (person, room);
"""

SESSIONS: Final = FoldedTables(
    "session",
    5,
    tables=_TABLES,
    indexes=_INDEXES,
    rules=SESSION_RULES,
    made=(
        "session",
        "mark",
        "question",
        "vote",
        "poll_answer",
        "pace",
        "attendance",
        "alias",
        "hand",
        "link",
        "held",
        "moment",
    ),
)
