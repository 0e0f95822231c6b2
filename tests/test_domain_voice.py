"""Equal voice: what is computed from a session's log, against what was computed by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.domain.voice import NextAction, Voice, Waited, effective_voices, equal_voice

PEOPLE = [f"p-{number:02}" for number in range(20)]
MINUTE_MS = 60_000
NOW = 1_700_000_000_000


def measured(
    turns: list[int], waited: list[Waited] | None = None, hands: list[str] | None = None, *, at: int = NOW
) -> Voice:
    """Everybody of `PEOPLE` for whom there is a number is present."""
    counts = dict(zip(PEOPLE, turns, strict=False))
    return equal_voice(counts, counts.keys(), waited or [], hands or [], at=at)


def asked(person: str, minutes: float, *, answered: bool = True) -> Waited:
    """A question that was answered after so many minutes, or has waited as long by now."""
    begun = NOW - round(minutes * MINUTE_MS)
    return Waited(person, begun, NOW) if answered else Waited(person, begun, None)


# --- effective voices -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "voices"),
    [
        ([1] * 20, 20.0),
        ([7] * 20, 20.0),
        ([5] + [0] * 19, 1.0),
        ([4, 4] + [0] * 18, 2.0),
        ([0] * 20, 0.0),
        ([], 0.0),
        # 51 turns, p of 10/51 three times and of 3/51 seven times: the product of p^-p.
        ([10] * 3 + [3] * 7 + [0] * 10, (51 / 10) ** (30 / 51) * (51 / 3) ** (21 / 51)),
    ],
)
def test_effective_voices_are_as_many_as_would_be_as_even(turns: list[int], voices: float) -> None:
    assert measured(turns).effective_voices == pytest.approx(voices, rel=1e-12)


def test_three_who_talk_a_lot_and_ten_who_say_nothing() -> None:
    """3 × 10, 7 × 3, 10 × 0 turns: 20 people sound like eight and a bit."""
    voice = measured([10] * 3 + [3] * 7 + [0] * 10)
    assert round(voice.effective_voices, 3) == 8.373
    assert (voice.present, voice.heard, voice.silent) == (20, 10, 10)


@given(st.lists(st.integers(0, 1_000), max_size=30), st.data())
def test_effective_voices_lie_between_one_and_those_heard(turns: list[int], data: st.DataObject) -> None:
    """And do not depend on who is who, nor on those who say nothing, nor on how much is said in all."""
    voices = effective_voices(turns)
    heard = sum(count > 0 for count in turns)
    assert min(1, heard) * (1 - 1e-9) <= voices <= heard * (1 + 1e-9)
    assert effective_voices(data.draw(st.permutations(turns))) == voices
    assert effective_voices([*turns, 0, 0]) == voices
    assert math.isclose(effective_voices([count * 3 for count in turns]), voices, rel_tol=1e-9)


def test_who_spoke_was_present() -> None:
    voice = equal_voice({"p-gone": 2, "p-ana": 2, "p-never": 0}, ["p-ana", "p-ben"], [], [], at=NOW)
    assert (voice.present, voice.heard, voice.silent) == (3, 2, 1)
    assert voice.effective_voices == pytest.approx(2.0)


# --- waiting --------------------------------------------------------------------------------------


def test_percentiles_are_by_nearest_rank_over_the_answered_questions() -> None:
    voice = measured(
        [1] * 20, [asked("p-00", minutes) for minutes in range(1, 11)] + [asked("p-01", 90, answered=False)]
    )
    assert (voice.questions, voice.answered) == (11, 10)
    assert voice.median_answer_ms == 5 * MINUTE_MS, "the 5th of 10"
    assert voice.p90_answer_ms == 9 * MINUTE_MS, "the 9th of 10"


@pytest.mark.parametrize(
    ("count", "median", "p90"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (9, 5, 9), (11, 6, 10), (20, 10, 18)]
)
def test_the_rank_is_rounded_up(count: int, median: int, p90: int) -> None:
    voice = measured([1], [asked("p-00", minutes) for minutes in range(count, 0, -1)])
    assert (voice.median_answer_ms, voice.p90_answer_ms) == (median * MINUTE_MS, p90 * MINUTE_MS)


def test_without_answers_there_is_no_time_to_an_answer() -> None:
    voice = measured([1, 2], [asked("p-00", 3, answered=False)])
    assert (voice.questions, voice.answered, voice.median_answer_ms, voice.p90_answer_ms) == (1, 0, None, None)


def test_an_answer_before_its_question_took_no_time() -> None:
    assert measured([1], [Waited("p-00", NOW, NOW - 5)]).median_answer_ms == 0


def test_the_wait_of_the_least_active_quarter_over_that_of_the_most_active() -> None:
    """8 people with 1 … 8 turns: p-00 and p-01 against p-06 and p-07; what the others wait does not count."""
    waited = [asked("p-00", 10), asked("p-01", 30), asked("p-06", 4), asked("p-07", 20)]
    others = [asked("p-02", 500), asked("p-05", 500)]
    assert measured([1, 2, 3, 4, 5, 6, 7, 8], waited + others).wait_ratio == 30 / 20


def test_an_open_question_has_waited_until_now() -> None:
    waited = [asked("p-00", 45, answered=False), asked("p-03", 15)]
    turns = [0, 2, 2, 9]
    assert measured(turns, waited).wait_ratio == 3.0
    assert measured(turns, waited, at=NOW + 15 * MINUTE_MS).wait_ratio == 4.0


def test_who_is_equal_to_the_last_of_a_quarter_belongs_to_it() -> None:
    """Four of eight said nothing: all four are the least active, whatever their names."""
    turns = [0, 0, 0, 0, 1, 2, 5, 5]
    for person in PEOPLE[:4]:
        assert measured(turns, [asked(person, 12), asked("p-06", 6)]).wait_ratio == 2.0
    assert measured(turns, [asked("p-04", 12), asked("p-06", 6)]).wait_ratio is None


def test_one_talker_is_compared_with_all_others() -> None:
    assert measured([0] * 19 + [9], [asked("p-00", 30), asked("p-19", 10)]).wait_ratio == 3.0
    assert measured([0] + [9] * 19, [asked("p-00", 30), asked("p-19", 10)]).wait_ratio == 3.0
    one_silent_one_loud = [asked("p-00", 30), asked("p-05", 500), asked("p-19", 10)]
    assert measured([0] + [9] * 18 + [12], one_silent_one_loud).wait_ratio == 3.0


def test_where_all_are_equal_so_are_their_waits() -> None:
    assert measured([2] * 8, [asked("p-00", 30), asked("p-07", 10)]).wait_ratio == 1.0


@pytest.mark.parametrize("waited", [[], [asked("p-00", 5)], [asked("p-07", 5)], [asked("p-gone", 5)]])
def test_without_a_question_in_either_quarter_there_is_no_ratio(waited: list[Waited]) -> None:
    assert measured([1, 2, 3, 4, 5, 6, 7, 8], waited).wait_ratio is None
    assert measured([], waited).wait_ratio is None


def test_a_question_answered_at_once_still_gives_a_ratio() -> None:
    assert measured([1, 2, 3, 4], [asked("p-00", 1), asked("p-03", 0)]).wait_ratio == MINUTE_MS


# --- what to do next ------------------------------------------------------------------------------


def test_a_hand_of_someone_unheard_comes_first_the_first_raised_of_them() -> None:
    voice = measured(
        [3, 0, 0, 0, 0],
        [asked("p-01", 50, answered=False), asked("p-02", 5, answered=False)],
        ["p-00", "p-03", "p-02", "p-03", "p-elsewhere"],
    )
    assert voice.next_action == NextAction(
        code="call_unheard_hand", unheard=4, with_hand=2, with_question=2, person="p-03"
    )


def test_then_the_oldest_open_question_of_someone_unheard() -> None:
    waited = [
        asked("p-00", 90, answered=False),
        asked("p-01", 80),
        asked("p-02", 5, answered=False),
        asked("p-03", 50, answered=False),
        asked("p-03", 2, answered=False),
        asked("p-gone", 99, answered=False),
    ]
    voice = measured([3, 0, 0, 0], waited, ["p-00"])
    assert voice.next_action == NextAction(
        code="answer_unheard_question", unheard=3, with_hand=0, with_question=2, person="p-03"
    )


@pytest.mark.parametrize(
    ("turns", "code", "unheard"),
    [
        ([1, 1, 1, 0], "invite_unheard", 1),
        ([1, 1, 0, 0], "give_time_to_write", 2),
        ([0, 0, 0, 0], "give_time_to_write", 4),
        ([1, 2, 3, 4], "all_heard", 0),
        ([], "all_heard", 0),
    ],
)
def test_where_nobody_unheard_asks_nobody_is_named(turns: list[int], code: str, unheard: int) -> None:
    action = measured(turns, [asked("p-00", 4)]).next_action
    assert (action.code, action.unheard, action.with_hand, action.with_question) == (code, unheard, 0, 0)
    assert action.person is None


@given(
    st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 4)),
    st.lists(st.sampled_from(PEOPLE), unique=True),
    st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 60), st.booleans())),
    st.lists(st.sampled_from(PEOPLE), unique=True),
    st.data(),
)
def test_the_numbers_agree_and_depend_on_no_order_but_that_of_the_hands(
    turns: dict[str, int],
    present: list[str],
    lives: list[tuple[str, int, bool]],
    hands: list[str],
    data: st.DataObject,
) -> None:
    waited = [asked(person, minutes, answered=answered) for person, minutes, answered in lives]
    voice = equal_voice(turns, present, waited, hands, at=NOW)
    shuffled = dict(data.draw(st.permutations(list(turns.items()))))
    assert equal_voice(shuffled, set(present), data.draw(st.permutations(waited)), hands, at=NOW) == voice
    action = voice.next_action
    assert voice.heard + voice.silent == voice.present
    assert voice.answered <= voice.questions
    assert action.unheard == voice.silent >= max(action.with_hand, action.with_question)
    assert (action.person is None) == (action.with_hand == action.with_question == 0)
    if action.person is not None:
        assert action.person in present
        assert turns.get(action.person, 0) == 0
