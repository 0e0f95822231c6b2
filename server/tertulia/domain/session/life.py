"""A session opens, closes, is marked against its recording. Called by `decide_room`; who is there is noted by
`live/session_clock.py`."""

from __future__ import annotations

from collections.abc import Iterable

from tertulia.domain import limits
from tertulia.domain.alias import is_alias
from tertulia.domain.decision import Decision, Happening, Setting
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import PersonId, RoomId, room_staff_stream, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import CloseSession, MarkSession, OpenSession
from tertulia.domain.session.dismissal import dismissal
from tertulia.domain.session.events import (
    AttendanceNoted,
    QuestionCarried,
    SessionClosed,
    SessionMarked,
    SessionOpened,
)
from tertulia.domain.session.held import called_is_heard
from tertulia.domain.session.poll_results import poll_results
from tertulia.domain.session.release import release_floor
from tertulia.domain.session.state import NOBODY, QUEUED
from tertulia.domain.text import clean_line


def must_be_open(state: RoomState) -> Refusal | None:
    """Why nothing of a session can be done in this room now."""
    if state.closed:
        return Refusal("room_closed")
    return None if state.session.is_open else Refusal("session_not_open")


def open_session(state: RoomState, command: OpenSession) -> Decision | Refusal:
    if state.closed:
        return Refusal("room_closed")
    if state.kind != "session":
        return Refusal("not_a_session")
    if state.session.is_open:
        return Refusal("session_open")
    title = clean_line(command.title, chars_max=limits.session_title_chars_max) if command.title.strip() else ""
    if title is None:
        return Refusal("name_invalid")
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, SessionOpened(title=title)),))


def close_session(state: RoomState, command: CloseSession, *, setting: Setting) -> Decision | Refusal:
    """First the floor is released, who was called has been heard, and open polls are closed. Open questions go on as
    threads in `carry_to`, each said again there by who asked it, under the same id; those that still wait for approval
    are dismissed, so that who asked is told."""
    if refusal := must_be_open(state):
        return refusal
    hidden, questions = state.session.hidden, state.session.questions.values()
    queued = [one for one in questions if one.status in QUEUED and one.text and one.message not in hidden]
    to = _carried_to(state, command, setting) if queued or command.carry_to is not None else None
    if isinstance(to, Refusal):
        return to
    stream = room_stream(state.room)
    happenings = [] if state.session.floor is None else release_floor(state, setting.roles)
    happenings += called_is_heard(state)
    for id, poll in state.session.polls.items():
        if not poll.closed:
            happenings.append(Happening(stream, poll_results(state.session, id)))
    for question in state.session.all_questions():
        if question.status == "pending":
            happenings += dismissal(state, question, reason="not_now")
    for question in queued if to is not None else ():
        assert to is not None, "checked in the loop's head"
        thread = MessagePosted(text=question.text, kind="question", question=question.question, source=state.room)
        happenings.append(Happening(stream, QuestionCarried(question=question.question, to=to)))
        by = NOBODY if is_alias(question.by) else PersonId(question.by)  # an alias is another one in each room
        happenings.append(Happening(room_stream(to), thread, by))
    return Decision(stream, (*happenings, Happening(stream, SessionClosed())))


def _carried_to(state: RoomState, command: CloseSession, setting: Setting) -> RoomId | Refusal | None:
    """The room named, or the first of the cohort's rooms for discussion that is open; None: there is none."""
    if command.carry_to is None:
        open_rooms = (room.room for room in setting.rooms.values() if room.kind == "discussion" and not room.closed)
        return next(open_rooms, None)
    room = setting.rooms.get(command.carry_to)
    if room is None or room.room == state.room:
        return Refusal("unknown_room")
    return Refusal("room_closed") if room.closed else room.room


def mark(state: RoomState, command: MarkSession) -> Decision | Refusal:
    if refusal := must_be_open(state):
        return refusal
    label = clean_line(command.label, chars_max=limits.mark_label_chars_max) if command.label.strip() else ""
    if label is None:
        return Refusal("name_invalid")
    last = state.session.mark_ms
    if last is not None and command.media_position_ms < last and not command.rewound:
        return Refusal("mark_goes_back")
    marked = SessionMarked(media_position_ms=command.media_position_ms, label=label, rewound=command.rewound)
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, marked),))


def note_attendance(state: RoomState, people: Iterable[PersonId]) -> Decision:
    """These follow the room of an open session: those not noted yet are, once each. At most
    `attendance_people_max` at a time; the others come next."""
    stream = room_staff_stream(state.room)
    new = [person for person in dict.fromkeys(people) if not state.session.attends(person)]
    if not state.session.is_open or not new:
        return Decision(stream)
    noted = AttendanceNoted(session=state.session.opened, people=new[: limits.attendance_people_max])
    return Decision(stream, (Happening(stream, noted, NOBODY),))
