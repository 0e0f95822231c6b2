"""Reports, hiding, approval, words that are not allowed, notes among staff; and that what staff did is undone."""

from __future__ import annotations

import pytest

from tertulia.domain import limits
from tertulia.domain.commands import CloseRoom, EditMessage, PostMessage, RedactMessage, SetReaction
from tertulia.domain.session.commands import (
    ApproveQuestion,
    AskQuestion,
    DismissQuestion,
    HideMessage,
    HighlightQuestion,
    MergeQuestion,
    NoteStaff,
    OpenSession,
    ReportMessage,
    RequireApproval,
    ResendQuestion,
    SetWordFilter,
    UndoAction,
    UnhideMessage,
)
from tertulia.domain.session.events import (
    ApprovalRequired,
    MessageHidden,
    MessageReported,
    MessageUnhidden,
    QuestionHighlighted,
    StaffNoted,
    WordFilterSet,
)
from tests.classroom import Classroom

STAFF = "room/general/staff"


@pytest.fixture
def here() -> Classroom:
    room = Classroom(kind="session")
    room.gives("ina", OpenSession)
    return room


def asks(here: Classroom, name: str, text: str = "Why?") -> str:
    here.gives(name, AskQuestion, text=text)
    return list(here.room.session.questions)[-1]


def status(here: Classroom, question: str) -> str:
    return here.room.session.questions[question].status


# --- reports ---------------------------------------------------------------------------------------------------------


def test_anybody_reports_a_message_and_staff_are_told_once(here: Classroom) -> None:
    seq = here.says("len", "Rubbish.")
    for name in ("lea", "obi"):
        assert here.gives(name, ReportMessage, message=seq, reason="Rude.") == [
            MessageReported(message=seq, reason="Rude.")
        ]
        assert here.gives(name, ReportMessage, message=seq, reason="Very rude.") == []
    assert len(here.in_stream(STAFF)) == 2
    assert [entry.by for entry in here.entries if entry.stream == STAFF] == ["lea", "obi"]


def test_what_cannot_be_reported(here: Classroom) -> None:
    seq = here.says("len", "Rubbish.")
    assert here.refusal("lea", ReportMessage, message=seq, reason=" ").code == "reason_required"
    assert here.refusal("lea", ReportMessage, message=99, reason="x").code == "unknown_message"
    here.gives("len", RedactMessage, message=seq)
    assert here.refusal("lea", ReportMessage, message=seq, reason="x").code == "already_redacted"


def test_only_the_newest_reports_are_remembered(here: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "reports_known_max", 2)
    seqs = [here.says("len", "Rubbish.") for _ in range(3)]
    for seq in seqs:
        here.gives("lea", ReportMessage, message=seq, reason="Rude.")
    assert list(here.room.session.reported) == [f"{seq}/lea" for seq in seqs[1:]]


# --- hiding ----------------------------------------------------------------------------------------------------------


def test_staff_hide_a_message_and_show_it_again(here: Classroom) -> None:
    first = here.says("len", "Rubbish.")
    seq = here.says("lea", "No.", reply_to=first)
    assert here.refusal("tad", UnhideMessage, message=seq).code == "not_hidden"
    assert here.refusal("tad", HideMessage, message=seq, reason="").code == "reason_required"
    hidden = MessageHidden(message=seq, thread=first, reason="Rude.")
    assert here.gives("tad", HideMessage, message=seq, reason="Rude.") == [hidden]
    assert here.refusal("ina", HideMessage, message=seq, reason="x").code == "already_hidden"
    assert here.gives("tad", UnhideMessage, message=seq) == [MessageUnhidden(message=seq, thread=first)]
    assert here.refusal("tad", UnhideMessage, message=seq).code == "not_hidden"


def test_who_may_hide_what(here: Classroom) -> None:
    by_staff, own = here.says("ina", "Well."), here.says("tad", "So.")
    assert here.refusal("tad", HideMessage, message=by_staff, reason="x").code == "not_allowed"
    assert here.refusal("lea", HideMessage, message=own, reason="x").code == "not_allowed"
    here.gives("tad", HideMessage, message=own, reason="I was wrong.")
    seq = here.says("len", "Rubbish.")
    here.gives("len", RedactMessage, message=seq)
    assert here.refusal("tad", HideMessage, message=seq, reason="x").code == "already_redacted"
    assert here.refusal("tad", HideMessage, message=99, reason="x").code == "unknown_message"


# --- approval --------------------------------------------------------------------------------------------------------


def test_whose_words_wait_is_told_so(here: Classroom) -> None:
    required = ApprovalRequired(room="general", person="len", reason="Careful.")
    assert here.gives("tad", RequireApproval, person="len", reason="Careful.") == [required, required]
    assert here.in_stream(STAFF)[-1] == here.in_stream("user/len")[-1] == required
    assert here.gives("tad", RequireApproval, person="len", reason="Again.") == []
    assert status(here, asks(here, "len")) == "pending"
    assert status(here, asks(here, "lea")) == "published"
    here.gives("tad", RequireApproval, person="len", on=False, reason="Fine.")
    assert status(here, asks(here, "len")) == "published"


def test_of_whom_approval_cannot_be_required(here: Classroom) -> None:
    for person, code in (("nobody", "unknown_member"), ("~blue-heron.k3f9", "unknown_alias"), ("ina", "not_allowed")):
        assert here.refusal("tad", RequireApproval, person=person, reason="x").code == code
    assert here.refusal("tad", RequireApproval, person="len", reason="").code == "reason_required"


# --- words -----------------------------------------------------------------------------------------------------------


def test_words_are_cleaned_and_told_to_staff(here: Classroom) -> None:
    assert here.gives("ina", SetWordFilter, words=[" Damn ", "so  what", "Damn"]) == [
        WordFilterSet(words=["Damn", "so what"])
    ]
    assert here.gives("ina", SetWordFilter, words=["Damn", "so what"]) == []
    assert here.in_stream(STAFF) == [WordFilterSet(words=["Damn", "so what"])]
    for bad in ("", "...", "x" * (limits.filter_word_chars_max + 1)):
        assert here.refusal("ina", SetWordFilter, words=[bad]).code == "name_invalid"


def test_what_holds_such_a_word_is_not_said_by_learners(here: Classroom) -> None:
    dismissed = asks(here, "lea")
    seq = here.says("lea", "Fine.")
    here.gives("ina", DismissQuestion, question=dismissed, reason="unclear")
    here.gives("ina", SetWordFilter, words=["damn"])
    for kind, fields in (
        (PostMessage, {"text": "Dámn it"}),
        (EditMessage, {"message": seq, "text": "D A M N"}),
        (AskQuestion, {"text": "Why, damn?"}),
        (ResendQuestion, {"question": dismissed, "text": "damn"}),
        (SetReaction, {"message": seq, "emoji": "challenge", "sentence": "damn"}),
    ):
        assert here.refusal("lea", kind, **fields).code == "words_blocked"  # type: ignore[arg-type]
    here.says("tad", "We do not say damn here.")
    here.says("lea", "A dam is no damnation.")
    here.gives("ina", SetWordFilter, words=[])
    here.says("lea", "Damn.")


def test_staff_write_notes_to_each_other(here: Classroom) -> None:
    assert here.gives("botty", NoteStaff, text="Look at 7.") == [StaffNoted(text="Look at 7.")]
    assert here.in_stream(STAFF) == [StaffNoted(text="Look at 7.")]
    assert here.refusal("tad", NoteStaff, text=" ").code == "text_empty"
    assert here.refusal("lea", NoteStaff, text="x").code == "not_allowed"


# --- undoing ---------------------------------------------------------------------------------------------------------


def test_hiding_is_undone(here: Classroom) -> None:
    seq = here.says("len", "Rubbish.")
    here.gives("tad", HideMessage, message=seq, reason="Rude.")
    event = here.room.head
    assert here.gives("ina", UndoAction, event=event) == [MessageUnhidden(message=seq)]
    assert here.refusal("ina", UndoAction, event=event).code == "nothing_to_undo"


def test_highlighting_is_undone_whatever_else_was_done(here: Classroom) -> None:
    question, other = asks(here, "lea"), asks(here, "len")
    here.gives("tad", HighlightQuestion, question=question)
    highlighted = here.room.head
    here.gives("tad", MergeQuestion, question=question, into=other)
    merged = here.room.head
    assert here.gives("ina", UndoAction, event=highlighted)[0] == QuestionHighlighted(question=question, on=False)
    assert here.refusal("ina", UndoAction, event=highlighted).code == "nothing_to_undo"
    here.gives("ina", UndoAction, event=merged)
    assert here.room.session.questions[question].status == "published"


def test_what_the_world_has_moved_on_from_is_not_undone(here: Classroom) -> None:
    seq = here.says("len", "Rubbish.")
    here.gives("tad", HideMessage, message=seq, reason="Rude.")
    first = here.room.head
    here.gives("tad", UnhideMessage, message=seq)
    assert here.refusal("ina", UndoAction, event=first).code == "nothing_to_undo"
    here.gives("tad", HideMessage, message=seq, reason="Rude.")
    assert here.refusal("ina", UndoAction, event=first).code == "nothing_to_undo", "the newest alone"
    second = here.room.head
    here.gives("len", RedactMessage, message=seq)
    assert here.refusal("ina", UndoAction, event=second).code == "nothing_to_undo"
    assert here.refusal("ina", UndoAction, event=99).code == "nothing_to_undo"
    assert here.refusal("lea", UndoAction, event=second).code == "not_allowed"


def test_nothing_is_undone_in_a_closed_room(here: Classroom) -> None:
    seq = here.says("len", "Rubbish.")
    here.gives("tad", HideMessage, message=seq, reason="Rude.")
    event = here.room.head
    here.gives("ina", CloseRoom)
    assert here.refusal("tad", UndoAction, event=event).code == "nothing_to_undo"


def test_an_approval_that_is_undone_hides_what_it_published(here: Classroom) -> None:
    here.gives("tad", RequireApproval, person="len", reason="Careful.")
    question = asks(here, "len")
    here.gives("tad", ApproveQuestion, question=question)
    message = here.room.session.questions[question].message
    assert message is not None
    here.gives("tad", UndoAction, event=message + 1)
    assert here.room.session.questions[question].status == "pending"
    assert message in here.room.session.hidden
