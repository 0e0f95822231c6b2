"""Tables of live sessions, folded like those of sqlite_fold.py: what is counted (votes, answers to polls, pace), who
attended and who is behind an alias, and the dates in the life of each question. What readers see of a session is
folded by session_views.py."""

from __future__ import annotations

from typing import Final

from tertulia.domain.events import EVENTS
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

_THIS_SESSION: Final = "coalesce((SELECT max(opened) FROM session WHERE room = NEW.owner), 0)"
_OF_QUESTION: Final = "WHERE room = NEW.owner AND question = NEW.data ->> '$.question'"
_OPEN_HAND: Final = "WHERE room = NEW.owner AND hand = NEW.data ->> '$.hand' AND lowered_at IS NULL"

_FREQUENT: Final = ("message_posted", "message_edited", "reaction_set", "mentioned", "replied", "read_marked")
_MOMENTS: Final = " ".join(name for name in EVENTS if name not in _FREQUENT)

_ROOM_EVENTS: Final = (
    # `room_created` comes first among them, so that the rule is called after no other one's event.
    f"""{_MOMENTS}
    INSERT INTO moment (room, seq, position) VALUES (NEW.owner, NEW.seq, NEW.position);""",
    """session_opened
    INSERT INTO session (room, opened, opened_at, title)
    VALUES (NEW.owner, NEW.seq, NEW.at, coalesce(NEW.data ->> '$.title', ''));""",
    f"""session_closed
    UPDATE session SET closed = NEW.seq, closed_at = NEW.at WHERE room = NEW.owner AND opened = {_THIS_SESSION};
    UPDATE question SET status = 'published' WHERE room = NEW.owner AND status = 'answering';
    UPDATE hand SET lowered_at = NEW.at WHERE room = NEW.owner AND lowered_at IS NULL;""",
    """session_marked
    INSERT INTO mark (room, seq, at, media_position_ms, label)
    VALUES (NEW.owner, NEW.seq, NEW.at, NEW.data ->> '$.media_position_ms', coalesce(NEW.data ->> '$.label', ''));""",
    f"""question_received
    INSERT INTO question (room, question, session, by, status, asked_at)
    VALUES (NEW.owner, NEW.data ->> '$.question', {_THIS_SESSION}, NEW.by, 'pending', NEW.at)
    ON CONFLICT (room, question) DO UPDATE SET status = 'pending', reason = NULL;""",
    f"""question_published
    INSERT INTO question (room, question, session, by, status, message, asked_at, published_at)
    VALUES (NEW.owner, NEW.data ->> '$.question', {_THIS_SESSION}, NEW.data ->> '$.asker', 'published',
        NEW.data ->> '$.message', NEW.data ->> '$.asked_at', NEW.at)
    ON CONFLICT (room, question) DO UPDATE
    SET by = excluded.by, status = 'published', message = excluded.message, published_at = excluded.published_at;""",
    f"""question_merged
    UPDATE question SET status = 'merged', merged_into = NEW.data ->> '$.into' {_OF_QUESTION};""",
    f"""question_unmerged question_reopened
    UPDATE question SET status = iif(message IS NULL, 'pending', 'published'), merged_into = NULL, reason = NULL
    {_OF_QUESTION};""",
    f"""question_restored
    UPDATE question SET status = NEW.data ->> '$.status', merged_into = NULL, reason = NULL,
        answered_at = iif(NEW.data ->> '$.status' GLOB 'answered*', answered_at, NULL), answer = NULL
    {_OF_QUESTION};""",
    f"""question_answering
    UPDATE question SET status = 'published' WHERE room = NEW.owner AND status = 'answering';
    UPDATE question SET status = 'answering' {_OF_QUESTION};""",
    f"""question_answered
    UPDATE question SET status = iif(NEW.data ->> '$.message' IS NULL, 'answered_live', 'answered_text'),
        answered_at = coalesce(answered_at, NEW.at), answer = NEW.data ->> '$.message' {_OF_QUESTION};""",
    f"""answer_accepted
    UPDATE question SET accepted = NEW.data ->> '$.message' {_OF_QUESTION};""",
    f"""question_dismissed
    UPDATE question SET status = 'dismissed', reason = NEW.data ->> '$.reason' {_OF_QUESTION};""",
    f"""question_withdrawn question_carried
    UPDATE question SET status = iif(NEW.name = 'question_carried', 'carried', 'withdrawn') {_OF_QUESTION};""",
    """message_redacted
    UPDATE question SET status = 'withdrawn'
    WHERE room = NEW.owner AND message = NEW.data ->> '$.message' AND status IN ('published', 'answering');""",
    f"""hand_raised
    INSERT INTO hand (room, seq, session, hand, raised_at)
    VALUES (NEW.owner, NEW.seq, {_THIS_SESSION}, NEW.data ->> '$.hand', NEW.at);""",
    f"""hand_called
    UPDATE hand SET called_at = NEW.at {_OPEN_HAND};""",
    f"""hand_lowered
    UPDATE hand SET lowered_at = NEW.at {_OPEN_HAND};""",
)

_POLL_ANSWERED: Final = """poll_answered
    INSERT OR REPLACE INTO poll_answer (room, poll, person, choices, text)
    VALUES (NEW.owner, NEW.data ->> '$.poll', NEW.by, coalesce(NEW.data -> '$.choices', '[]'),
        coalesce(NEW.data ->> '$.text', ''));"""


def _alias_taken(sealed: int) -> str:
    return f"""alias_taken
    INSERT INTO alias (room, alias, person, sealed)
    VALUES (NEW.owner, NEW.data ->> '$.alias', NEW.data ->> '$.person', {sealed});"""


_SIGNAL_EVENTS: Final = (
    """vote_set
    INSERT OR IGNORE INTO vote (room, question, person)
    SELECT NEW.owner, NEW.data ->> '$.question', NEW.by WHERE coalesce(NEW.data ->> '$.on', 1);
    DELETE FROM vote
    WHERE NOT coalesce(NEW.data ->> '$.on', 1) AND room = NEW.owner
        AND question = NEW.data ->> '$.question' AND person = NEW.by;""",
    _POLL_ANSWERED,
    """pace_set
    INSERT INTO pace (room, seq, at, person, pace)
    VALUES (NEW.owner, NEW.seq, NEW.at, NEW.by, NEW.data ->> '$.pace');""",
    _alias_taken(1),
)
_STAFF_EVENTS: Final = (
    _POLL_ANSWERED,
    _alias_taken(0),
    f"""question_asked
    UPDATE question SET by = NEW.by {_OF_QUESTION};""",
    """message_held
    INSERT INTO held (room, held, position) VALUES (NEW.owner, NEW.seq, NEW.position);""",
    """held_released
    DELETE FROM held WHERE room = NEW.owner AND held IN (SELECT value FROM json_each(NEW.data, '$.held'));""",
    """held_rejected
    DELETE FROM held WHERE room = NEW.owner AND held = NEW.data ->> '$.held';""",
    f"""attendance_noted
    INSERT OR IGNORE INTO attendance (room, session, person, at)
    SELECT NEW.owner, coalesce(NEW.data ->> '$.session', {_THIS_SESSION}), value, NEW.at
    FROM json_each(NEW.data, '$.people');""",
)

SESSIONS: Final = FoldedTables(
    "session",
    5,
    tables=_TABLES,
    indexes=_INDEXES,
    events={"room": _ROOM_EVENTS, "room/signals": _SIGNAL_EVENTS, "room/staff": _STAFF_EVENTS},
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
