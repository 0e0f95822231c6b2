"""Hands: one order for all, who is called, and who has been heard by it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.commands import ChangeRoom, CloseRoom, MuteMember, PostMessage
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import PersonId
from tertulia.domain.session.commands import CallHand, CloseSession, LowerHand, OpenSession, RaiseHand, TakeAlias
from tertulia.domain.session.events import HandCalled, HandLowered, HandRaised, SessionClosed
from tertulia.domain.session.hands import hands_in_order
from tests.classroom import Classroom


@pytest.fixture
def here() -> Classroom:
    room = Classroom(kind="session")
    room.gives("ina", OpenSession)
    return room


def with_alias(here: Classroom, name: str) -> str:
    here.gives("ina", ChangeRoom, anonymity="alias")
    here.gives(name, TakeAlias)
    return here.room.session.aliases[PersonId(name)].alias


def raised(here: Classroom, *names: str) -> None:
    for name in names:
        here.after(s=1)
        here.gives(name, RaiseHand)


def test_hands_stand_in_the_order_of_the_log_with_the_time_since_when(here: Classroom) -> None:
    raised(here, "len", "lea", "tad")
    assert list(here.room.session.hands) == ["len", "lea", "tad"]
    assert here.room.session.hands["lea"] - here.room.session.hands["len"] == 1_000
    assert here.refusal("lea", RaiseHand).code == "already_raised"


def test_hands_are_raised_in_an_open_session_by_those_who_may_speak(here: Classroom) -> None:
    assert here.refusal("obi", RaiseHand).code == "not_allowed"
    here.gives("ina", MuteMember, person="lea", for_s=60, reason="Noise")
    assert here.refusal("lea", RaiseHand).code == "muted"
    here.gives("ina", CloseSession)
    assert here.refusal("len", RaiseHand).code == "session_not_open"
    assert here.refusal("len", LowerHand).code == "session_not_open"
    assert here.refusal("tad", CallHand, person="len").code == "session_not_open"
    here.gives("ina", OpenSession)
    here.gives("olga", CloseRoom)
    assert here.refusal("len", RaiseHand).code == "room_closed"


def test_staff_raise_the_hand_of_another_and_learners_do_not(here: Classroom) -> None:
    assert here.refusal("lea", RaiseHand, person="len").code == "not_allowed"
    assert here.refusal("tad", RaiseHand, person="nobody").code == "unknown_member"
    assert here.refusal("tad", RaiseHand, person="~red-fox.0000").code == "unknown_alias"
    assert here.gives("tad", RaiseHand, person="len") == [HandRaised(hand="len")]
    assert here.entries[-1].by == "tad"
    assert here.refusal("tad", RaiseHand, person="len").code == "already_raised"
    assert here.refusal("len", RaiseHand).code == "already_raised"
    assert here.gives("lea", RaiseHand, person="lea") == [HandRaised(hand="lea")], "one's own, by name"


def test_there_is_an_end_to_how_many_hands_are_up(here: Classroom) -> None:
    here.room.session.hands = {f"p{n}": 0 for n in range(limits.hands_max)}
    assert here.refusal("lea", RaiseHand).code == "too_many"


def test_a_hand_is_lowered_by_its_owner_or_by_staff(here: Classroom) -> None:
    raised(here, "lea", "len")
    assert here.refusal("lea", LowerHand, person="len").code == "not_allowed"
    assert here.refusal("lea", LowerHand, person="~red-fox.0000").code == "not_allowed"
    assert here.refusal("lea", LowerHand, all=True).code == "not_allowed"
    assert here.gives("lea", LowerHand) == [HandLowered(hand="lea", why="self")]
    assert here.refusal("lea", LowerHand).code == "unknown_hand"
    assert here.refusal("lea", LowerHand, person="lea").code == "unknown_hand"
    assert here.gives("tad", LowerHand, person="len") == [HandLowered(hand="len", why="staff")]
    assert here.refusal("tad", LowerHand, person="len").code == "unknown_hand"
    assert here.gives("tad", LowerHand, all=True) == []
    assert (here.room.session.hands, here.room.session.heard) == ({}, {})


def test_who_was_called_has_been_heard_when_the_next_is_called(here: Classroom) -> None:
    raised(here, "lea", "len")
    assert here.refusal("lea", CallHand, person="lea").code == "not_allowed"
    assert here.refusal("tad", CallHand, person="obi").code == "unknown_hand"
    assert here.gives("tad", CallHand, person="lea") == [HandCalled(hand="lea")]
    assert (here.room.session.called, list(here.room.session.hands)) == ("lea", ["lea", "len"])
    assert here.gives("tad", CallHand, person="lea") == [], "they are called already"
    assert here.gives("tad", CallHand, person="len") == [HandLowered(hand="lea", why="heard"), HandCalled(hand="len")]
    assert (here.room.session.called, list(here.room.session.hands)) == ("len", ["len"])
    assert here.room.session.heard == {"lea": 1}


def test_who_was_called_has_been_heard_when_they_post(here: Classroom) -> None:
    raised(here, "lea", "len")
    here.gives("tad", CallHand, person="lea")
    assert [type(event) for event in here.gives("len", PostMessage, text="Me too")] == [MessagePosted]
    _, lowered = here.gives("lea", PostMessage, text="Because")
    assert (lowered, here.entries[-1].by) == (HandLowered(hand="lea", why="heard"), "lea")
    assert here.room.session.heard == {"lea": 1}
    assert [type(event) for event in here.gives("lea", PostMessage, text="And")] == [MessagePosted]
    assert here.gives("tad", CallHand, person="len") == [HandCalled(hand="len")], "nobody is heard twice"
    assert here.room.session.heard == {"lea": 1}


@pytest.mark.parametrize(
    ("how", "why", "heard"),
    [({"person": "lea"}, "heard", {"lea": 1}), ({"all": True}, "heard", {"lea": 1}), (None, "self", {})],
)
def test_who_was_called_has_been_heard_when_staff_lower_the_hand_but_not_when_they_take_it_down(
    here: Classroom, how: dict[str, object] | None, why: str, heard: dict[str, int]
) -> None:
    raised(here, "lea")
    here.gives("tad", CallHand, person="lea")
    happened = here.gives("lea", LowerHand) if how is None else here.gives("tad", LowerHand, **how)
    assert happened == [HandLowered(hand="lea", why=why)]
    assert (here.room.session.called, here.room.session.hands, here.room.session.heard) == (None, {}, heard)


def test_all_hands_go_down_and_only_the_one_who_was_called_was_heard(here: Classroom) -> None:
    raised(here, "lea", "len", "tad")
    here.gives("ina", CallHand, person="len")
    lowered = here.gives("ina", LowerHand, all=True)
    assert lowered == [
        HandLowered(hand="len", why="heard"),
        HandLowered(hand="lea", why="all"),
        HandLowered(hand="tad", why="all"),
    ]
    assert here.room.session.heard == {"len": 1}


def test_at_the_close_who_was_called_has_been_heard_and_no_hand_is_up(here: Classroom) -> None:
    raised(here, "lea", "len")
    here.gives("tad", CallHand, person="lea")
    assert here.gives("ina", CloseSession) == [HandLowered(hand="lea", why="heard"), SessionClosed()]
    assert (here.room.session.hands, here.room.session.called) == ({}, None)
    here.gives("ina", OpenSession)
    assert here.room.session.heard == {}


def test_the_hand_of_one_behind_an_alias_is_the_aliases(here: Classroom) -> None:
    """Goal: what the person does as themself never moves their alias's hand, and the other way round."""
    alias = with_alias(here, "lea")
    assert here.gives("lea", RaiseHand, alias=True) == [HandRaised(hand=alias)]
    assert here.entries[-1].by == alias
    assert here.refusal("tad", RaiseHand, person=alias).code == "already_raised"
    assert here.refusal("lea", RaiseHand).code == "already_raised", "told to herself alone"
    assert here.gives("tad", RaiseHand, person="lea") == [HandRaised(hand="lea")], "staff are not told that she has one"
    here.gives("tad", CallHand, person=alias)
    assert [type(event) for event in here.gives("lea", PostMessage, text="As myself")] == [MessagePosted]
    assert here.room.session.called == alias
    assert here.refusal("len", LowerHand, person=alias).code == "not_allowed"
    assert here.gives("lea", LowerHand, person=alias) == [HandLowered(hand=alias, why="self")]
    assert here.entries[-1].by == alias
    assert here.gives("lea", LowerHand) == [HandLowered(hand="lea", why="self")]
    assert here.entries[-1].by == "lea"


NAMES = st.sampled_from([f"p{n}" for n in range(8)])


@given(st.dictionaries(NAMES, st.integers(0, 9)), st.dictionaries(NAMES, st.integers(0, 3)))
def test_the_order_of_hands(hands: dict[str, int], heard: dict[str, int]) -> None:
    assert hands_in_order(hands, heard, "first_raised") == list(hands)
    order = hands_in_order(hands, heard, "least_heard")
    assert sorted(order) == sorted(hands)
    places = list(hands)
    for before, after in itertools.pairwise(order):
        assert (heard.get(before, 0), places.index(before)) < (heard.get(after, 0), places.index(after))
