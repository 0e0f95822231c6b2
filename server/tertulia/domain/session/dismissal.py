"""A question is dismissed: all are told the reason, the asker (and staff, in the staff stream) the note too. By staff
(questions.py), or because the session closes before anybody approved it (life.py)."""

from __future__ import annotations

from tertulia.domain.decision import Happening
from tertulia.domain.ids import room_staff_stream, room_stream, user_stream
from tertulia.domain.room import RoomState
from tertulia.domain.session.events import QuestionDismissed
from tertulia.domain.session.state import Question
from tertulia.domain.session.words import DismissReason


def dismissal(state: RoomState, question: Question, *, reason: DismissReason, note: str = "") -> list[Happening]:
    id, person = question.question, state.session.person_behind(question.by)
    told = QuestionDismissed(question=id, reason=reason, note=note, room=state.room)
    happenings = [
        Happening(room_stream(state.room), QuestionDismissed(question=id, reason=reason)),
        Happening(room_staff_stream(state.room), told),
    ]
    if person is not None:
        happenings.append(Happening(user_stream(person), told))
    return happenings
