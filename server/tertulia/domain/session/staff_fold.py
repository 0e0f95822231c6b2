"""How events change what staff see of a room beside what all see: the state of `room/<id>/staff`. The twin of
`foldStaff` in `client_js/sdk/session_fold.js`; tests/vectors/staff.json tests both."""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import MemberMuted, MemberUnmuted
from tertulia.domain.session.events import (
    AliasTaken,
    AliasUnmasked,
    ApprovalRequired,
    AttendanceNoted,
    HeldRejected,
    HeldReleased,
    MessageHeld,
    MessageReported,
    QuestionAsked,
    QuestionReworded,
    StaffNoted,
    WordFilterSet,
)
from tertulia.domain.session.view import AskedView, HeldView, NoteView, ReportView, StaffRoomView


def new_staff_room_view() -> StaffRoomView:
    """The state of `room/<id>/staff` at seq 0."""
    return StaffRoomView()


def fold_staff(view: StaffRoomView, *, seq: int, at: int, by: str, event: Event | None) -> None:
    """Fold one entry. `event` is None for one a newer program wrote: nothing changes."""
    match event:
        case QuestionAsked() | QuestionReworded():
            _fold_asked(view, at, by, event)
        case MessageHeld() | HeldReleased() | HeldRejected():
            _fold_held(view, seq, at, by, event)
        case MessageReported():
            view.reports.append(ReportView(seq=seq, at=at, by=by, message=event.message, reason=event.reason))
            del view.reports[: -limits.snapshot_reports]
        case StaffNoted():
            view.notes.append(NoteView(seq=seq, at=at, by=by, text=event.text))
            del view.notes[: -limits.snapshot_notes]
        case MemberMuted():
            view.muted[event.person] = event.until
        case MemberUnmuted():
            view.muted.pop(event.person, None)
        case AliasTaken():
            view.aliases[event.alias] = event.person
        case AliasUnmasked():
            view.aliases[event.alias] = event.person
            view.unmasked = _with(view.unmasked, event.alias)
        case AttendanceNoted():
            known = set(view.attended)
            view.attended += [person for person in event.people if person not in known]
        case ApprovalRequired():
            whom = event.person or event.alias or ""
            others = [one for one in view.approvals if one != whom]
            view.approvals = [*others, whom] if event.on else others
        case WordFilterSet():
            view.words = list(event.words)
        case _:
            pass


def _fold_asked(view: StaffRoomView, at: int, by: str, event: QuestionAsked | QuestionReworded) -> None:
    """One that is sent again stands where it was sent last."""
    if isinstance(event, QuestionReworded):
        for asked in view.asked:
            if asked.question == event.question:
                asked.text = event.text
        return
    view.asked = [asked for asked in view.asked if asked.question != event.question]
    view.asked.append(AskedView(question=event.question, by=by, text=event.text, at=at, again=event.again))
    del view.asked[: -limits.snapshot_asked]


def _fold_held(
    view: StaffRoomView, seq: int, at: int, by: str, event: MessageHeld | HeldReleased | HeldRejected
) -> None:
    match event:
        case MessageHeld():
            held = HeldView(
                held=seq,
                by=by,
                at=at,
                text=event.text,
                kind=event.kind,
                reply_to=event.reply_to,
                thread=event.thread,
                why=event.why,
            )
            view.held.append(held)
        case HeldReleased():
            view.held = [held for held in view.held if held.held not in event.held]
        case HeldRejected():
            view.held = [held for held in view.held if held.held != event.held]


def _with(names: list[str], name: str) -> list[str]:
    return names if name in names else [*names, name]
