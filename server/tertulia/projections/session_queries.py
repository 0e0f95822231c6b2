"""Queries for live sessions: votes and texts that fill a snapshot, what is told at ticks, what is one's own."""

from __future__ import annotations

from typing import Final

import apsw
import msgspec

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.session.view import SessionView
from tertulia.projections import MySession, SessionCounts

TEXTS: Final = """(
    SELECT json_group_object(CAST(message.seq AS TEXT), coalesce(said.data ->> '$.text', ''))
    FROM json_each(session.view, '$.questions') AS listed
    CROSS JOIN message ON message.room = :room AND message.seq = listed.value ->> '$.message'
    CROSS JOIN entry AS said ON said.position = message.text_position)"""
"""What the questions of the row `session` of `session_view` say: message → text."""

# Merged questions count at the one they were merged into, whoever voted for several of them once.
_COUNTED: Final = """
    WITH RECURSIVE family (root, question) AS (
        SELECT question, question FROM question WHERE room = :room AND session = ({session})
        UNION
        SELECT family.root, merged.question FROM family CROSS JOIN question AS merged
            ON merged.room = :room AND merged.merged_into = family.question AND merged.status = 'merged')
    SELECT family.root AS question, count(DISTINCT vote.person) AS people
    FROM family CROSS JOIN vote ON vote.room = :room AND vote.question = family.question GROUP BY family.root"""
_LAST: Final = "SELECT max(opened) FROM session WHERE room = :room"

VOTES: Final = f"(SELECT json_group_object(question, people) FROM ({_COUNTED.format(session=_LAST)}))"
"""How many voted for each question of the room's last session."""

_BARS: Final = f"""(
    SELECT json_group_object(CAST(poll AS TEXT), json(bars)) FROM (
        SELECT poll, json_group_object(choice, people) AS bars FROM (
            SELECT answer.poll AS poll, CAST(chosen.value AS TEXT) AS choice, count(*) AS people
            FROM poll_answer AS answer, json_each(answer.choices) AS chosen
            WHERE answer.room = :room AND answer.poll > ({_LAST})
            GROUP BY answer.poll, chosen.value)
        GROUP BY poll))"""
_ANSWERED: Final = f"""(
    SELECT json_group_object(CAST(poll AS TEXT), people) FROM (
        SELECT poll, count(*) AS people FROM poll_answer
        WHERE room = :room AND poll > ({_LAST}) GROUP BY poll))"""
_PACE: Final = f"""(
    SELECT json_group_object(pace, people) FROM (
        SELECT pace, count(*) AS people FROM (
            SELECT person, pace, max(seq) FROM pace
            WHERE room = :room AND at >= (SELECT opened_at FROM session WHERE room = :room AND opened = ({_LAST}))
            GROUP BY person)
        WHERE pace IS NOT NULL GROUP BY pace))"""
_COUNTS: Final = f"SELECT {VOTES}, {_ANSWERED}, {_BARS}, {_PACE}"

_MINE: Final = f"""
SELECT
    (SELECT json_group_array(vote.question) FROM vote CROSS JOIN question
        ON question.room = vote.room AND question.question = vote.question
        WHERE vote.room = :room AND vote.person = :person AND question.session = ({_LAST})),
    (SELECT json_group_object(CAST(poll AS TEXT), json_object('choices', json(choices), 'text', text))
        FROM poll_answer WHERE room = :room AND person = :person AND poll > ({_LAST})),
    (SELECT pace FROM pace WHERE room = :room AND person = :person
        AND at >= (SELECT opened_at FROM session WHERE room = :room AND opened = ({_LAST}))
        ORDER BY seq DESC LIMIT 1)
"""

_decode_texts = msgspec.json.Decoder(dict[str, str]).decode
_decode_people = msgspec.json.Decoder(dict[str, int]).decode
_decode_bars = msgspec.json.Decoder(dict[str, dict[str, int]]).decode
_decode_votes = msgspec.json.Decoder(list[str]).decode
_decode_answers = msgspec.json.Decoder(dict[str, dict[str, str | list[int]]]).decode


def fill_session(view: SessionView, texts: str | None, votes: str | None) -> None:
    """What the folded row leaves out: what questions say, and how many voted for them."""
    said = _decode_texts(texts or "{}")
    for question in view.questions:
        question.text = said.get(str(question.message), "")
    view.votes = _decode_people(votes or "{}")


def read_session_counts(connection: apsw.Connection, room: RoomId) -> SessionCounts:
    votes, answered, bars, pace = connection.execute(_COUNTS, {"room": room}).get
    return SessionCounts(_decode_people(votes), _decode_people(answered), _decode_bars(bars), _decode_people(pace))


def read_my_session(connection: apsw.Connection, room: RoomId, person: PersonId) -> MySession:
    votes, answers, pace = connection.execute(_MINE, {"room": room, "person": person}).get
    return MySession(sorted(_decode_votes(votes)), _decode_answers(answers), pace)
