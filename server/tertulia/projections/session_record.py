"""What was done in a session, for measuring it, and a room's sessions. One read transaction each.

People are those staff may know: an alias that was taken where they may not is a person of its own.
"""

from __future__ import annotations

from typing import Any, Final

import apsw
import msgspec

from tertulia.domain.ids import RoomId
from tertulia.domain.session.view import MarkView, SessionView
from tertulia.projections import HandRecord, PaceRecord, PastSession, QuestionRecord, SessionRecord
from tertulia.projections.past_queries import read_session_view

_MARKS: Final = """json((
    SELECT json_group_array(json_object(
        'seq', seq, 'at', at, 'media_position_ms', media_position_ms, 'label', label) ORDER BY seq)
    FROM mark WHERE mark.room = :room AND mark.seq > session.opened AND mark.seq < coalesce(session.closed, :last)))"""
_SESSIONS: Final = f"""
SELECT json_group_array(json_object(
    'session', opened, 'title', title, 'opened_at', opened_at, 'closed', closed, 'closed_at', closed_at,
    'questions', (SELECT count(*) FROM question WHERE room = :room AND session = opened AND message IS NOT NULL),
    'answered', (SELECT count(*) FROM question
        WHERE room = :room AND session = opened AND status GLOB 'answered*'),
    'marks', {_MARKS}) ORDER BY opened)
FROM session WHERE room = :room
"""
_OPENED: Final = """
SELECT json_array(opened, opened_at, closed_at, {marks}) FROM session
WHERE room = :room AND opened = coalesce(:session, (SELECT max(opened) FROM session WHERE room = :room))
"""


def _person(by: str) -> str:
    return f"coalesce((SELECT person FROM alias WHERE alias.room = :room AND alias = {by} AND NOT sealed), {by})"


_QUESTIONS: Final = f"""
SELECT json_group_array(json_array(
    question, by, {_person("question.by")}, status, asked_at, published_at, answered_at, merged_into)
    ORDER BY asked_at, question)
FROM question WHERE room = :room AND session = :opened
"""
_TURNS: Final = f"""
SELECT json_group_object(person, turns) FROM (
    SELECT person, count(*) AS turns FROM (
        SELECT {_person("message.by")} AS person FROM message
        WHERE room = :room AND seq > :opened AND seq < :closed
        UNION ALL
        SELECT {_person("hand.hand")} FROM hand WHERE room = :room AND session = :opened AND called_at IS NOT NULL)
    GROUP BY person)
"""
_HANDS: Final = f"""
SELECT json_group_array(json_array(hand, {_person("hand.hand")}) ORDER BY seq)
FROM hand WHERE room = :room AND session = :opened AND lowered_at IS NULL
"""
_PRESENT: Final = "SELECT json_group_array(person) FROM attendance WHERE room = :room AND session = :opened"
_PACE: Final = """
SELECT json_group_array(json_array(at, person, pace) ORDER BY seq)
FROM pace WHERE room = :room AND at >= :opened_at AND at <= :closed_at
"""

_LAST: Final = 2**62
_decode_sessions = msgspec.json.Decoder(list[PastSession]).decode
_decode_opened = msgspec.json.Decoder(tuple[int, int, int | None, list[MarkView]]).decode
_decode_questions = msgspec.json.Decoder(list[QuestionRecord]).decode
_decode_turns = msgspec.json.Decoder(dict[str, int]).decode
_decode_hands = msgspec.json.Decoder(list[HandRecord]).decode
_decode_present = msgspec.json.Decoder(list[str]).decode
_decode_pace = msgspec.json.Decoder(list[PaceRecord]).decode


def read_sessions(connection: apsw.Connection, room: RoomId) -> list[PastSession]:
    return _decode_sessions(connection.execute(_SESSIONS, {"room": room, "last": _LAST}).get)


def read_session_record(connection: apsw.Connection, room: RoomId, session: int | None) -> SessionRecord | None:
    record = None
    with connection:  # all of it is read at one moment
        asked: dict[str, Any] = {"room": room, "session": session, "last": _LAST}
        found = connection.execute(_OPENED.format(marks=_MARKS), asked).get
        if found is not None:
            opened, opened_at, closed_at, marks = _decode_opened(found)
            view = read_session_view(connection, room, opened)
            record = _record(connection, room, view, opened_at=opened_at, closed_at=closed_at, marks=marks)
    return record


def _record(
    connection: apsw.Connection,
    room: RoomId,
    view: SessionView,
    *,
    opened_at: int,
    closed_at: int | None,
    marks: list[MarkView],
) -> SessionRecord:
    bindings: dict[str, Any] = {"room": room, "opened": view.opened, "opened_at": opened_at, "last": _LAST}
    bindings["closed_at"] = _LAST if closed_at is None else closed_at
    closed = "SELECT coalesce(closed, :last) FROM session WHERE room = :room AND opened = :opened"
    bindings["closed"] = connection.execute(closed, bindings).get
    return SessionRecord(
        view=view,
        opened_at=opened_at,
        closed_at=closed_at,
        marks=marks,
        questions=_decode_questions(connection.execute(_QUESTIONS, bindings).get),
        turns=_decode_turns(connection.execute(_TURNS, bindings).get),
        hands=_decode_hands(connection.execute(_HANDS, bindings).get),
        present=_decode_present(connection.execute(_PRESENT, bindings).get),
        pace=_decode_pace(connection.execute(_PACE, bindings).get),
    )
