"""Live sessions: votes and texts that fill a snapshot, what is told at ticks, what is one's own."""

from __future__ import annotations

import msgspec

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.session.view import SessionView
from tertulia.projections import MySession, SessionCounts
from tertulia.projections.asking import Ask, Asking

_decode_texts = msgspec.json.Decoder(dict[str, str]).decode
_decode_people = msgspec.json.Decoder(dict[str, int]).decode
_decode_bars = msgspec.json.Decoder(dict[str, dict[str, int]]).decode
_decode_votes = msgspec.json.Decoder(list[str]).decode
_decode_answers = msgspec.json.Decoder(dict[str, dict[str, str | list[int]]]).decode


def fill_session(view: SessionView, texts: str | bytes | None, votes: str | bytes | None) -> None:
    """What the folded row leaves out: what questions say, and how many voted for them."""
    said = _decode_texts(texts or "{}")
    for question in view.questions:
        question.text = said.get(str(question.message), "")
    view.votes = _decode_people(votes or "{}")


def read_session_counts(room: RoomId) -> Asking[SessionCounts]:
    votes, answered, bars, pace = yield Ask("session_counts", {"room": room})
    return SessionCounts(_decode_people(votes), _decode_people(answered), _decode_bars(bars), _decode_people(pace))


def read_my_session(room: RoomId, person: PersonId) -> Asking[MySession]:
    votes, answers, pace = yield Ask("my_session", {"room": room, "person": person})
    return MySession(sorted(_decode_votes(votes)), _decode_answers(answers), pace)
