"""Questions in a live session: what may be done to one when, and what all, staff and the asker are told."""

from __future__ import annotations

import pytest

from tertulia.domain.session.commands import (
    AskQuestion,
    MergeQuestion,
    OpenSession,
    UndoAction,
    UnmergeQuestion,
    VoteQuestion,
)
from tests.classroom import Classroom


@pytest.fixture
def here() -> Classroom:
    room = Classroom(kind="session")
    room.gives("ina", OpenSession, title="Heaps")
    return room


def asks(here: Classroom, name: str, text: str) -> str:
    before = set(here.room.session.questions)
    here.gives(name, AskQuestion, text=text)
    (question,) = set(here.room.session.questions) - before
    return question


def test_a_question_is_a_message_and_its_asker_has_voted(here: Classroom) -> None:
    id = asks(here, "lea", "Why is it O(n)?")
    question = here.room.session.questions[id]
    assert (question.status, question.by, question.voters) == ("published", "lea", {"lea"})
    assert question.message == here.room.head - 1
    assert here.refusal("lea", VoteQuestion, question=id).code == "already_voted"


def test_merging_and_its_undoing(here: Classroom) -> None:
    first, second = asks(here, "lea", "Why?"), asks(here, "len", "But why?")
    here.gives("ina", MergeQuestion, question=second, into=first)
    assert here.refusal("ina", MergeQuestion, question=first, into=second).code in ("merge_circle", "question_status")
    assert here.refusal("ina", MergeQuestion, question=first, into=first).code == "merge_circle"
    here.gives("ina", UndoAction, event=here.room.head)
    assert here.room.session.questions[second].status == "published"
    assert here.refusal("ina", UnmergeQuestion, question=second).code == "question_status"
