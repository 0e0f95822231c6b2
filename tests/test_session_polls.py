"""Polls and pace: what can be asked, how it is answered, what is told when it is over."""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.commands import CloseRoom
from tertulia.domain.session.commands import AnswerPoll, ClosePoll, CloseSession, OpenPoll, OpenSession, SetPace
from tertulia.domain.session.events import PaceSet, PollAnswered, PollClosed, PollOpened
from tertulia.domain.session.state import PollChoice
from tests.classroom import Classroom

SIGNALS, STAFF = "room/general/signals", "room/general/staff"


@pytest.fixture
def here() -> Classroom:
    room = Classroom(kind="session")
    room.gives("ina", OpenSession)
    return room


def asks(here: Classroom, **fields: Any) -> int:
    """The poll's id."""
    fields = {"text": "Clear?", "options": ["Yes", "No", "Half"]} | fields
    here.gives("tad", OpenPoll, **fields)
    return here.room.head


def answers(here: Classroom, poll: int, **by_name: Any) -> None:
    for name, answer in by_name.items():
        fields = {"text": answer} if isinstance(answer, str) else {"choices": answer}
        here.gives(name, AnswerPoll, poll=poll, **fields)


# --- asking -------------------------------------------------------------------------------------------------------


def test_a_poll_is_named_by_its_seq_and_anonymous_unless_said_otherwise(here: Classroom) -> None:
    assert here.refusal("lea", OpenPoll, text="?", options=["a", "b"]).code == "not_allowed"
    (opened,) = here.gives("botty", OpenPoll, text="Clear? ", options=[" Yes", "No "])
    assert opened == PollOpened(text="Clear?", options=["Yes", "No"], anonymous=True)
    poll = here.room.session.polls[here.room.head]
    assert (poll.kind, poll.closed) == ("single", False)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"options": []}, "options_invalid"),
        ({"options": ["One"]}, "options_invalid"),
        ({"options": ["One", "  "]}, "options_invalid"),
        ({"options": ["One", "one "]}, "options_invalid"),
        ({"options": ["One", "x" * (limits.poll_option_chars_max + 1)]}, "options_invalid"),
        ({"options": [str(n) for n in range(limits.poll_options_max + 1)]}, "options_invalid"),
        ({"options": ["One"], "kind": "scale"}, "options_invalid"),
        ({"kind": "short"}, "options_invalid"),
        ({"text": " "}, "text_empty"),
        ({"text": "x" * (limits.poll_text_chars_max + 1)}, "text_too_long"),
        ({"again": 99}, "unknown_poll"),
    ],
)
def test_a_poll_that_cannot_be_asked(here: Classroom, fields: dict[str, Any], code: str) -> None:
    fields = {"text": "Clear?", "options": ["Yes", "No"]} | fields
    assert here.refusal("tad", OpenPoll, **fields).code == code


def test_polls_are_asked_in_an_open_session_and_not_without_end(here: Classroom) -> None:
    for _ in range(limits.polls_max):
        asks(here)
    assert here.refusal("tad", OpenPoll, text="?", options=["a", "b"]).code == "too_many"
    here.gives("ina", CloseSession)
    assert here.refusal("tad", OpenPoll, text="?", options=["a", "b"]).code == "session_not_open"
    here.gives("ina", OpenSession)
    assert here.room.session.polls == {}
    here.gives("olga", CloseRoom)
    assert here.refusal("tad", OpenPoll, text="?", options=["a", "b"]).code == "room_closed"


def test_a_poll_asked_again_is_the_same_one_unless_it_is_worded_anew(here: Classroom) -> None:
    first = asks(here, kind="multiple", anonymous=False)
    assert here.refusal("tad", OpenPoll, again=first).code == "precondition_failed", "it is still open"
    here.gives("tad", ClosePoll, poll=first)
    (second,) = here.gives("tad", OpenPoll, again=first)
    options = ["Yes", "No", "Half"]
    assert second == PollOpened(text="Clear?", kind="multiple", options=options, anonymous=False, again=first)
    (third,) = here.gives("tad", OpenPoll, again=first, text="Now?", options=["Y", "N"])
    assert third == PollOpened(text="Now?", kind="multiple", options=["Y", "N"], anonymous=False, again=first)


# --- answering ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "answer", "code"),
    [
        ("single", {"choices": []}, "answer_invalid"),
        ("single", {"choices": [0, 1]}, "answer_invalid"),
        ("single", {"choices": [0], "text": "Yes"}, "answer_invalid"),
        ("single", {"text": "Yes"}, "answer_invalid"),
        ("single", {"choices": [3]}, "unknown_option"),
        ("single", {"choices": [-1]}, "unknown_option"),
        ("scale", {"choices": [0, 1]}, "answer_invalid"),
        ("multiple", {"choices": [0, 0]}, "answer_invalid"),
        ("multiple", {"choices": [0, 3]}, "unknown_option"),
        ("multiple", {"choices": []}, "answer_invalid"),
        ("short", {"choices": [0]}, "answer_invalid"),
        ("short", {"text": "  "}, "answer_invalid"),
        ("short", {"text": "x", "choices": [0]}, "answer_invalid"),
        ("short", {"text": "x" * (limits.poll_text_chars_max + 1)}, "answer_invalid"),
    ],
)
def test_what_is_no_answer(here: Classroom, kind: str, answer: dict[str, Any], code: str) -> None:
    poll = asks(here, kind=kind, options=[] if kind == "short" else ["Yes", "No", "Half"])
    assert here.refusal("lea", AnswerPoll, poll=poll, **answer).code == code


def test_a_second_answer_takes_the_place_of_the_first(here: Classroom) -> None:
    poll = asks(here)
    answers(here, poll, lea=[0])
    assert here.gives("lea", AnswerPoll, poll=poll, choices=[0]) == [], "it is so already"
    answers(here, poll, lea=[2], len=[2])
    assert here.room.session.answers[poll] == {"lea": PollChoice([2]), "len": PollChoice([2])}
    (closed,) = here.gives("tad", ClosePoll, poll=poll)
    assert closed == PollClosed(poll=poll, answered=2, results=[0, 0, 2])


def test_answers_are_in_signals_unless_the_poll_says_that_they_are_not_anonymous(here: Classroom) -> None:
    for anonymous, stream in ((True, SIGNALS), (False, STAFF)):
        poll = asks(here, anonymous=anonymous)
        before = {name: len(here.in_stream(name)) for name in (SIGNALS, STAFF)}
        answers(here, poll, lea=[1])
        (entry,) = [here.entries[-1]]
        assert (entry.stream, entry.by) == (stream, "lea")
        assert here.in_stream(stream)[-1] == PollAnswered(poll=poll, choices=[1])
        assert sum(len(here.in_stream(name)) - before[name] for name in before) == 1
        assert here.room.session.answers[poll] == {"lea": PollChoice([1])}


def test_who_may_not_answer_and_what_cannot_be(here: Classroom) -> None:
    poll = asks(here)
    assert here.refusal("obi", AnswerPoll, poll=poll, choices=[0]).code == "not_allowed"
    assert here.refusal("botty", AnswerPoll, poll=poll, choices=[0]).code == "not_allowed"
    assert here.refusal("lea", AnswerPoll, poll=poll - 1, choices=[0]).code == "unknown_poll"
    here.gives("tad", ClosePoll, poll=poll)
    assert here.refusal("lea", AnswerPoll, poll=poll, choices=[0]).code == "poll_closed"
    assert here.refusal("tad", ClosePoll, poll=poll).code == "poll_closed"
    assert here.refusal("tad", ClosePoll, poll=poll - 1).code == "unknown_poll"
    assert here.refusal("lea", ClosePoll, poll=poll).code == "not_allowed"


# --- closing ------------------------------------------------------------------------------------------------------


def test_results_are_counted_by_option_and_several_polls_are_open_at_once(here: Classroom) -> None:
    one, many = asks(here), asks(here, kind="multiple")
    answers(here, one, lea=[0], len=[1], tad=[1])
    answers(here, many, lea=[2, 0], len=[0])
    assert here.gives("tad", ClosePoll, poll=many) == [PollClosed(poll=many, answered=2, results=[2, 0, 1])]
    assert here.gives("tad", ClosePoll, poll=one) == [PollClosed(poll=one, answered=3, results=[1, 2, 0])]


def test_short_answers_are_told_in_the_order_of_the_alphabet(here: Classroom) -> None:
    poll = asks(here, kind="short", options=[])
    answers(here, poll, lea="quick", len="Heap", ina="array", olga="heap")
    (closed,) = here.gives("tad", ClosePoll, poll=poll)
    assert closed == PollClosed(poll=poll, answered=4, texts=["array", "Heap", "heap", "quick"])


def test_no_more_short_answers_are_told_than_are_read(here: Classroom) -> None:
    poll = asks(here, kind="short", options=[])
    many = {f"p{n}": PollChoice(text=f"{n:05}") for n in range(limits.poll_texts_max + 5)}
    here.room.session.answers = {poll: many}
    (closed,) = here.gives("tad", ClosePoll, poll=poll)
    assert isinstance(closed, PollClosed)
    assert (closed.answered, len(closed.texts)) == (limits.poll_texts_max + 5, limits.poll_texts_max)


def test_polls_that_are_open_are_closed_with_their_session(here: Classroom) -> None:
    done, still = asks(here), asks(here)
    here.gives("tad", ClosePoll, poll=done)
    answers(here, still, lea=[1])
    closed = [event for event in here.gives("ina", CloseSession) if isinstance(event, PollClosed)]
    assert closed == [PollClosed(poll=still, answered=1, results=[0, 1, 0])]
    assert here.refusal("lea", AnswerPoll, poll=still, choices=[0]).code == "poll_closed"


# --- pace ---------------------------------------------------------------------------------------------------------


def test_ones_pace_is_told_to_nobody_and_can_be_taken_back(here: Classroom) -> None:
    assert here.gives("lea", SetPace, pace="lost") == [PaceSet(pace="lost")]
    assert here.entries[-1].stream == SIGNALS
    here.gives("len", SetPace, pace="ok")
    said = [(entry.by, entry.data) for entry in here.entries if entry.name == "pace_set"]
    assert said == [("lea", b'{"pace":"lost"}'), ("len", b'{"pace":"ok"}')]
    here.gives("lea", SetPace)
    assert here.in_stream(SIGNALS)[-1] == PaceSet()
    assert here.refusal("obi", SetPace, pace="ok").code == "not_allowed"
    here.gives("ina", CloseSession)
    assert here.refusal("lea", SetPace, pace="ok").code == "session_not_open"
