"""What events change in the tables of live sessions (session_tables.py)."""

from __future__ import annotations

from typing import Final

from tertulia.domain.events import EVENTS
from tertulia.projections.rules import Rules

_THIS_SESSION: Final = "coalesce((SELECT max(opened) FROM session WHERE room = NEW.owner), 0)"
_OF_QUESTION: Final = "WHERE room = NEW.owner AND question = @question"
_OPEN_HAND: Final = "WHERE room = NEW.owner AND hand = @hand AND lowered_at IS NULL"

_FREQUENT: Final = ("message_posted", "message_edited", "reaction_set", "mentioned", "replied", "read_marked")
_MOMENTS: Final = " ".join(name for name in EVENTS if name not in _FREQUENT)

_ROOM_RULES: Final = (
    f"""{_MOMENTS}
    INSERT INTO moment (room, seq, position) VALUES (NEW.owner, NEW.seq, NEW.position);""",
    """session_opened
    INSERT INTO session (room, opened, opened_at, title)
    VALUES (NEW.owner, NEW.seq, NEW.at, coalesce(@title, ''));""",
    f"""session_closed
    UPDATE session SET closed = NEW.seq, closed_at = NEW.at WHERE room = NEW.owner AND opened = {_THIS_SESSION};
    UPDATE question SET status = 'published' WHERE room = NEW.owner AND status = 'answering';
    UPDATE hand SET lowered_at = NEW.at WHERE room = NEW.owner AND lowered_at IS NULL;""",
    """session_marked
    INSERT INTO mark (room, seq, at, media_position_ms, label)
    VALUES (NEW.owner, NEW.seq, NEW.at, @media_position_ms:int, coalesce(@label, ''));""",
    f"""question_received
    INSERT INTO question (room, question, session, by, status, asked_at)
    VALUES (NEW.owner, @question, {_THIS_SESSION}, NEW.by, 'pending', NEW.at)
    ON CONFLICT (room, question) DO UPDATE SET status = 'pending', reason = NULL;""",
    f"""question_published
    INSERT INTO question (room, question, session, by, status, message, asked_at, published_at)
    VALUES (NEW.owner, @question, {_THIS_SESSION}, @asker, 'published',
        @message:int, @asked_at:int, NEW.at)
    ON CONFLICT (room, question) DO UPDATE
    SET by = excluded.by, status = 'published', message = excluded.message, published_at = excluded.published_at;""",
    f"""question_merged
    UPDATE question SET status = 'merged', merged_into = @into {_OF_QUESTION};""",
    f"""question_unmerged question_reopened
    UPDATE question SET status = CASE WHEN message IS NULL THEN 'pending' ELSE 'published' END,
        merged_into = NULL, reason = NULL
    {_OF_QUESTION};""",
    f"""question_restored
    UPDATE question SET status = @status, merged_into = NULL, reason = NULL,
        answered_at = CASE WHEN @status LIKE 'answered%' THEN answered_at END, answer = NULL
    {_OF_QUESTION};""",
    f"""question_answering
    UPDATE question SET status = 'published' WHERE room = NEW.owner AND status = 'answering';
    UPDATE question SET status = 'answering' {_OF_QUESTION};""",
    f"""question_answered
    UPDATE question SET status = CASE WHEN @message IS NULL THEN 'answered_live' ELSE 'answered_text' END,
        answered_at = coalesce(answered_at, NEW.at), answer = @message:int {_OF_QUESTION};""",
    f"""answer_accepted
    UPDATE question SET accepted = @message:int {_OF_QUESTION};""",
    f"""question_dismissed
    UPDATE question SET status = 'dismissed', reason = @reason {_OF_QUESTION};""",
    f"""question_withdrawn question_carried
    UPDATE question SET status = CASE NEW.name WHEN 'question_carried' THEN 'carried' ELSE 'withdrawn' END
    {_OF_QUESTION};""",
    """message_redacted
    UPDATE question SET status = 'withdrawn'
    WHERE room = NEW.owner AND message = @message:int AND status IN ('published', 'answering');""",
    f"""hand_raised
    INSERT INTO hand (room, seq, session, hand, raised_at)
    VALUES (NEW.owner, NEW.seq, {_THIS_SESSION}, @hand, NEW.at);""",
    f"""hand_called
    UPDATE hand SET called_at = NEW.at {_OPEN_HAND};""",
    f"""hand_lowered
    UPDATE hand SET lowered_at = NEW.at {_OPEN_HAND};""",
)

_POLL_ANSWERED: Final = """poll_answered
    INSERT INTO poll_answer (room, poll, person, choices, text)
    VALUES (NEW.owner, @poll:int, NEW.by, coalesce(@choices:json, '[]'), coalesce(@text, ''))
    ON CONFLICT (room, poll, person) DO UPDATE SET choices = excluded.choices, text = excluded.text;"""


def _alias_taken(sealed: str) -> str:
    return f"""alias_taken
    INSERT INTO alias (room, alias, person, sealed)
    VALUES (NEW.owner, @alias, @person, {sealed});"""


_SIGNAL_RULES: Final = (
    """vote_set
    INSERT INTO vote (room, question, person)
    SELECT NEW.owner, @question, NEW.by WHERE coalesce(@on:bool, true) ON CONFLICT DO NOTHING;
    DELETE FROM vote
    WHERE NOT coalesce(@on:bool, true) AND room = NEW.owner
        AND question = @question AND person = NEW.by;""",
    _POLL_ANSWERED,
    """pace_set
    INSERT INTO pace (room, seq, at, person, pace)
    VALUES (NEW.owner, NEW.seq, NEW.at, NEW.by, @pace);""",
    _alias_taken("true"),
)
_STAFF_RULES: Final = (
    _POLL_ANSWERED,
    _alias_taken("false"),
    f"""question_asked
    UPDATE question SET by = NEW.by {_OF_QUESTION};""",
    """message_held
    INSERT INTO held (room, held, position) VALUES (NEW.owner, NEW.seq, NEW.position);""",
    """held_released
    DELETE FROM held WHERE room = NEW.owner AND held IN (SELECT CAST(value AS bigint) FROM @held:rows);""",
    """held_rejected
    DELETE FROM held WHERE room = NEW.owner AND held = @held:int;""",
    f"""attendance_noted
    INSERT INTO attendance (room, session, person, at)
    SELECT NEW.owner, coalesce(@session:int, {_THIS_SESSION}), value, NEW.at
    FROM @people:rows WHERE true ON CONFLICT DO NOTHING;""",
)

SESSION_RULES: Final[Rules] = {"room": _ROOM_RULES, "room/signals": _SIGNAL_RULES, "room/staff": _STAFF_RULES}
