"""How far a person has read: markers go forward only, and there are not endlessly many."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.commands import MarkRead
from tertulia.domain.decision import Decision
from tertulia.domain.events import Mentioned, ReadMarked
from tertulia.domain.ids import PersonId
from tertulia.domain.person import PersonState, apply_person, decide_mark_read
from tertulia.domain.refusals import Refusal
from tests.classroom import command, unpacked


def marks(state: PersonState, seq: int, *, room: str = "general", thread: int | None = None) -> Decision | Refusal:
    decided = decide_mark_read(state, command(MarkRead, room=room, seq=seq, thread=thread))
    if isinstance(decided, Decision):
        for happening in decided.happenings:
            assert happening.stream == "user/lea"
            apply_person(state, seq=state.head + 1, event=happening.event)
    return decided


@pytest.fixture
def lea() -> PersonState:
    return PersonState(PersonId("lea"))


def test_a_marker_goes_forward_and_never_back(lea: PersonState) -> None:
    decided = marks(lea, 5)
    assert isinstance(decided, Decision)
    assert [happening.event for happening in decided.happenings] == [ReadMarked(room="general", seq=5)]
    for seq in (5, 4, 1):
        again = marks(lea, seq)
        assert isinstance(again, Decision)
        assert again.happenings == ()
        assert again.stream == "user/lea"
    marks(lea, 6)
    assert (lea.markers, lea.head) == ({"general": 6}, 2)


def test_a_room_and_each_of_its_threads_are_marked_apart(lea: PersonState) -> None:
    marks(lea, 9), marks(lea, 3, thread=2), marks(lea, 4, thread=7), marks(lea, 1, room="quiet")
    assert lea.markers == {"general": 9, "general/2": 3, "general/7": 4, "quiet": 1}


def test_so_many_threads_are_marked_and_no_more_but_rooms_always(lea: PersonState) -> None:
    for thread in range(1, limits.thread_markers_max + 1):
        marks(lea, 1, thread=thread)
    refusal = marks(lea, 1, thread=limits.thread_markers_max + 1)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_many"
    assert len(lea.markers) == limits.thread_markers_max
    assert isinstance(marks(lea, 2, thread=1), Decision), "one that is there goes on"
    marks(lea, 7)
    assert lea.markers["general"] == 7


def test_other_events_of_ones_stream_and_unknown_ones_only_move_the_head(lea: PersonState) -> None:
    apply_person(lea, seq=1, event=Mentioned(room="general", message=2))
    apply_person(lea, seq=2, event=None)
    assert lea == PersonState(PersonId("lea"), head=2)


MARKS = st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["general", "quiet"]), st.sampled_from([None, 1, 2])))


@given(MARKS, st.integers(0, 50))
def test_the_state_is_the_highest_mark_of_each_place_from_any_checkpoint(
    given: list[tuple[int, str, int | None]], k: int
) -> None:
    state, copy = PersonState(PersonId("lea")), None
    for number, (seq, room, thread) in enumerate(given):
        if number == k:
            copy = unpacked(state)
        before = msgspec.structs.replace(state)
        decided = marks(state, seq, room=room, thread=thread)
        assert isinstance(decided, Decision)
        if copy is not None:
            for happening in decided.happenings:
                apply_person(copy, seq=before.head + 1, event=happening.event)
    best: dict[str, int] = {}
    for seq, room, thread in given:
        place = room if thread is None else f"{room}/{thread}"
        best[place] = max(best.get(place, 0), seq)
    assert state.markers == best
    assert copy is None or copy == state
