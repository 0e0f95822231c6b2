"""The tables of projections in PostgreSQL: those of SQLite (sqlite_fold.py, session_tables.py, link_table.py) by the
same names and columns, in the log's schema `tertulia`. What a column means is said there.

Flags are `boolean`; small JSON is `json` and keeps the order of its keys. A step that was once released is never
changed, a new one goes to the end of `STEPS`: it may add columns and tables, and older nodes go on beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString

_ROOMS: Final[LiteralString] = """
CREATE TABLE room (
    room text COLLATE "C" PRIMARY KEY,
    cohort text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    emoji json NOT NULL,
    slow_mode_s bigint NOT NULL,
    slow_modes json NOT NULL,
    anonymity text COLLATE "C" NOT NULL,
    approve_questions boolean NOT NULL,
    hands_order text COLLATE "C" NOT NULL,
    parent text COLLATE "C",
    locked boolean NOT NULL DEFAULT false,
    closed boolean NOT NULL DEFAULT false
);

CREATE TABLE message (
    room text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    by text COLLATE "C" NOT NULL,
    reply_to bigint,
    thread bigint,
    position bigint NOT NULL,
    text_position bigint NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    redacted boolean NOT NULL,
    resolved boolean NOT NULL DEFAULT false,
    replies bigint NOT NULL DEFAULT 0,
    last_seq bigint,
    last_at bigint,
    last_by text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    question text COLLATE "C",
    held_at bigint,
    source text COLLATE "C",
    hidden text COLLATE "C",
    endorsed json NOT NULL DEFAULT '{}',
    minds_changed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (room, seq)
) WITH (fillfactor = 90);
CREATE INDEX message_begins ON message (room, seq) WHERE thread IS NULL;
CREATE INDEX message_answers ON message (room, thread, seq) WHERE thread IS NOT NULL;
CREATE INDEX message_by ON message (by, room, seq);

CREATE TABLE pin (
    room text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (room, message)
);

CREATE TABLE reaction (
    room text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    person text COLLATE "C" NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (room, message, person, emoji)
);
CREATE INDEX reaction_by ON reaction (person);

CREATE TABLE tally (
    room text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    people bigint NOT NULL,
    PRIMARY KEY (room, message, emoji)
) WITH (fillfactor = 80);

CREATE FUNCTION count_reaction() RETURNS trigger LANGUAGE plpgsql AS $fold$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tertulia.tally (room, message, emoji, people) VALUES (NEW.room, NEW.message, NEW.emoji, 1)
        ON CONFLICT (room, message, emoji) DO UPDATE SET people = tally.people + 1;
    ELSE
        UPDATE tertulia.tally SET people = people - 1
        WHERE room = OLD.room AND message = OLD.message AND emoji = OLD.emoji;
        DELETE FROM tertulia.tally
        WHERE room = OLD.room AND message = OLD.message AND emoji = OLD.emoji AND people = 0;
    END IF;
    RETURN NULL;
END $fold$;
CREATE TRIGGER count AFTER INSERT OR DELETE ON reaction FOR EACH ROW EXECUTE FUNCTION count_reaction();
"""

_PEOPLE: Final[LiteralString] = """
CREATE TABLE cohort (
    cohort text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    course text COLLATE "C" NOT NULL,
    course_name text COLLATE "C" NOT NULL,
    member_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);

CREATE TABLE listed_room (
    cohort text COLLATE "C" NOT NULL,
    room text COLLATE "C" NOT NULL,
    listed_seq bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    closed boolean NOT NULL,
    PRIMARY KEY (cohort, room)
);

CREATE TABLE member (
    cohort text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    goal text COLLATE "C" NOT NULL,
    here boolean NOT NULL DEFAULT true,
    joined_seq bigint NOT NULL,
    joined_at bigint NOT NULL,
    PRIMARY KEY (cohort, person)
);
CREATE INDEX member_newest ON member (cohort, joined_seq) WHERE here;
CREATE INDEX member_person ON member (person);

CREATE TABLE marker (
    person text COLLATE "C" NOT NULL,
    room text COLLATE "C" NOT NULL,
    thread bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (person, room, thread)
) WITH (fillfactor = 80);

CREATE TABLE mention (
    person text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    room text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    thread bigint,
    at bigint NOT NULL,
    by text COLLATE "C" NOT NULL,
    PRIMARY KEY (person, seq)
);
"""

_SESSIONS: Final[LiteralString] = """
CREATE TABLE session (
    room text COLLATE "C" NOT NULL,
    opened bigint NOT NULL,
    opened_at bigint NOT NULL,
    closed bigint,
    closed_at bigint,
    title text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, opened)
);

CREATE TABLE mark (
    room text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    media_position_ms bigint NOT NULL,
    label text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, seq)
);

CREATE TABLE question (
    room text COLLATE "C" NOT NULL,
    question text COLLATE "C" NOT NULL,
    session bigint NOT NULL,
    by text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    message bigint,
    asked_at bigint NOT NULL,
    published_at bigint,
    answered_at bigint,
    answer bigint,
    accepted bigint,
    merged_into text COLLATE "C",
    reason text COLLATE "C",
    PRIMARY KEY (room, question)
) WITH (fillfactor = 80);
CREATE INDEX question_message ON question (room, message);

CREATE TABLE vote (
    room text COLLATE "C" NOT NULL,
    question text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, question, person)
);
CREATE INDEX vote_by ON vote (room, person);

CREATE TABLE poll_answer (
    room text COLLATE "C" NOT NULL,
    poll bigint NOT NULL,
    person text COLLATE "C" NOT NULL,
    choices json NOT NULL,
    text text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, poll, person)
);

CREATE TABLE pace (
    room text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    person text COLLATE "C" NOT NULL,
    pace text COLLATE "C",
    PRIMARY KEY (room, seq)
);

CREATE TABLE attendance (
    room text COLLATE "C" NOT NULL,
    session bigint NOT NULL,
    person text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (room, session, person)
);

CREATE TABLE alias (
    room text COLLATE "C" NOT NULL,
    alias text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    sealed boolean NOT NULL,
    PRIMARY KEY (room, alias)
);
CREATE INDEX alias_of ON alias (person, room);

CREATE TABLE hand (
    room text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    session bigint NOT NULL,
    hand text COLLATE "C" NOT NULL,
    raised_at bigint NOT NULL,
    called_at bigint,
    lowered_at bigint,
    PRIMARY KEY (room, seq)
);

CREATE TABLE held (
    room text COLLATE "C" NOT NULL,
    held bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (room, held)
);

CREATE TABLE moment (
    room text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (room, seq)
);

-- `kind`: of the stream that `view` is folded from.
CREATE TABLE session_view (
    kind text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    view json NOT NULL,
    PRIMARY KEY (kind, owner)
);
"""

# `words`: those of the message's present text with their places (words.py), and, without a place and begun by a slash,
# as no word is, what is looked for with them: '/room/general', '/room/general/7' (the slice of its room: see
# postgres_search.py), '/by/ana', '/kind/question'. A redacted one has no row.
_TEXTS: Final[LiteralString] = """
CREATE TABLE link (
    room text COLLATE "C" NOT NULL,
    message bigint NOT NULL,
    place bigint NOT NULL,
    url text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, message, place)
);

CREATE TABLE searched (
    room text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    position bigint NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (room, seq)
);
-- What is not yet in its place in the index is read by every search: little, therefore.
CREATE INDEX searched_words ON searched USING gin (words) WITH (gin_pending_list_limit = 64);
"""

STEPS: Final[Sequence[LiteralString]] = (_ROOMS + _PEOPLE + _SESSIONS + _TEXTS,)

OWNED: Final[Mapping[str, Mapping[LiteralString, Sequence[LiteralString]]]] = {
    "room": {
        "room": (
            "room", "message", "pin", "tally", "reaction", "session", "mark", "question", "vote", "poll_answer",
            "pace", "attendance", "alias", "hand", "held", "moment", "link", "searched",
        ),
    },
    "cohort": {"cohort": ("cohort", "listed_room", "member")},
    "user": {"person": ("marker", "mention")},
}  # fmt: skip
"""Kind of owner → column with its id → the tables where all rows with that id are folded from the owner's streams.
(`session_view` has the owner in `owner`. `tally` comes before `reaction`, whose triggers then have nothing to do.)"""
