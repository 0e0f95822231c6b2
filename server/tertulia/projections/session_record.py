"""What was done in a session, for measuring it, and a room's sessions.

People are those staff may know: an alias that was taken where they may not is a person of its own.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tertulia.domain.ids import RoomId
from tertulia.domain.session.view import MarkView, SessionView
from tertulia.projections import HandRecord, PaceRecord, PastSession, QuestionRecord, SessionRecord
from tertulia.projections.asking import Ask, Asking
from tertulia.projections.past_queries import read_session_view

_LAST: Final = 2**62
_decode_sessions = msgspec.json.Decoder(list[PastSession]).decode
_decode_opened = msgspec.json.Decoder(tuple[int, int, int | None, list[MarkView]]).decode
_decode_questions = msgspec.json.Decoder(list[QuestionRecord]).decode
_decode_turns = msgspec.json.Decoder(dict[str, int]).decode
_decode_hands = msgspec.json.Decoder(list[HandRecord]).decode
_decode_present = msgspec.json.Decoder(list[str]).decode
_decode_pace = msgspec.json.Decoder(list[PaceRecord]).decode


def read_sessions(room: RoomId) -> Asking[list[PastSession]]:
    found = yield Ask("sessions", {"room": room, "last": _LAST})
    return _decode_sessions(found)


def read_session_record(room: RoomId, session: int | None) -> Asking[SessionRecord | None]:
    found = yield Ask("recorded", {"room": room, "session": session, "last": _LAST})
    if found is None:
        return None
    opened, opened_at, closed_at, marks = _decode_opened(found)
    view = yield from read_session_view(room, opened)
    return (yield from _record(room, view, opened_at=opened_at, closed_at=closed_at, marks=marks))


def _record(
    room: RoomId,
    view: SessionView,
    *,
    opened_at: int,
    closed_at: int | None,
    marks: list[MarkView],
) -> Asking[SessionRecord]:
    bindings: dict[str, Any] = {"room": room, "opened": view.opened, "opened_at": opened_at, "last": _LAST}
    bindings["closed_at"] = _LAST if closed_at is None else closed_at
    bindings["closed"] = yield Ask("closed", bindings)
    return SessionRecord(
        view=view,
        opened_at=opened_at,
        closed_at=closed_at,
        marks=marks,
        questions=_decode_questions((yield Ask("questions", bindings))),
        turns=_decode_turns((yield Ask("turns", bindings))),
        hands=_decode_hands((yield Ask("hands", bindings))),
        present=_decode_present((yield Ask("present", bindings))),
        pace=_decode_pace((yield Ask("pace", bindings))),
    )
