"""Equal voice: how evenly a session's people are heard, measured from its log alone; for staff only.

People are named by the persona they are counted under. Present are those said to be, and all who had a turn, though
they may have left since. Percentiles are by nearest rank: of n values in order, the one at ⌈n · percent / 100⌉.
What is *not* here: who was present, what a turn is, and the sentence that tells staff what to do next.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

NextCode = Literal["call_unheard_hand", "answer_unheard_question", "invite_unheard", "give_time_to_write", "all_heard"]


class Waited(NamedTuple):
    """A question's life, Unix ms. One that was not answered has None and still waits."""

    person: str
    asked_at: int
    answered_at: int | None


class NextAction(msgspec.Struct, frozen=True, kw_only=True):
    """What would make the session more equal: a code, and the numbers for its sentence.

    - `call_unheard_hand`: someone unheard has a hand up. `person`: whose hand is up longest.
    - `answer_unheard_question`: no such hand, but a question that waits. `person`: whose waits longest.
    - `give_time_to_write`: at least half are unheard and none of them asks to be: the room needs time to think.
    - `invite_unheard`: fewer than half are; they may be invited. Nobody is named, as nobody asked to be called.
    - `all_heard`: nobody present is unheard.

    `unheard`: how many are present and had no turn; `with_hand`, `with_question`: how many of these have a hand up, an
    open question.
    """

    code: NextCode
    unheard: int
    with_hand: int
    with_question: int
    person: str | None


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """A session measured. Times are ms."""

    effective_voices: float
    """As many people, speaking equally often, would be as even: from 0 (nobody spoke) to `present`."""
    present: int
    heard: int
    """People with a turn or more."""
    silent: int
    questions: int
    answered: int
    median_answer_ms: int | None
    """From asking to the answer, of the answered questions; None when there are none. So is `p90_answer_ms`."""
    p90_answer_ms: int | None
    wait_ratio: float | None
    """p90 wait of the least active quarter ÷ p90 wait of the most active one; the aim is 1 or less."""
    next_action: NextAction


def equal_voice(
    turns: Mapping[str, int], present: Collection[str], waited: Iterable[Waited], hands: Collection[str], *, at: int
) -> Voice:
    """Measure a session as it is `at` (Unix ms). `turns`: person → how often they spoke. `hands`: who has one up, the
    first to raise it first."""
    counts = dict.fromkeys(present, 0) | {person: count for person, count in turns.items() if count > 0}
    lives = list(waited)
    answers = sorted(_wait_ms(life, at=at) for life in lives if life.answered_at is not None)
    heard = sum(count > 0 for count in counts.values())
    return Voice(
        effective_voices=effective_voices(counts.values()),
        present=len(counts),
        heard=heard,
        silent=len(counts) - heard,
        questions=len(lives),
        answered=len(answers),
        median_answer_ms=_percentile(answers, 50),
        p90_answer_ms=_percentile(answers, 90),
        wait_ratio=_wait_ratio(counts, lives, at=at),
        next_action=_next_action(counts, lives, hands),
    )


def effective_voices(turns: Collection[int]) -> float:
    """exp(−Σ p·ln p), p each person's share of the turns (Shannon's entropy as a number of equals, Hill's of order 1).
    Those without a turn add nothing. 0.0 when nobody spoke."""
    total = sum(turns)
    if total == 0:
        return 0.0
    return math.exp(-math.fsum(count / total * math.log(count / total) for count in turns if count > 0))


def _wait_ratio(counts: Mapping[str, int], lives: Iterable[Waited], *, at: int) -> float | None:
    """None when one of the quarters has no question. An open one has waited until now; less than 1 ms counts as 1."""
    least, most = _quarters(counts)
    waits = [(life.person, max(1, _wait_ms(life, at=at))) for life in lives]
    of_least = _percentile(sorted(wait for person, wait in waits if person in least), 90)
    of_most = _percentile(sorted(wait for person, wait in waits if person in most), 90)
    return None if of_least is None or of_most is None else of_least / of_most


def _quarters(counts: Mapping[str, int]) -> tuple[set[str], set[str]]:
    """The least and the most active quarter by turns. Who is equal to the last of a quarter belongs to it too, for
    nothing but chance could tell them apart. Where that would make one of all the middle, as in a room with one
    talker, they are those below and those above the middle; the middle itself stands in for one that is empty."""
    ordered = sorted(counts.values())
    low, high = _percentile(ordered, 25), _percentile(ordered[::-1], 25)
    if low is None or high is None:
        return set(), set()
    if low < high:
        return _people(counts, -1, low), _people(counts, high, ordered[-1])
    middle = _people(counts, low, low)
    return _people(counts, -1, low - 1) or middle, _people(counts, low + 1, ordered[-1]) or middle


def _people(counts: Mapping[str, int], low: int, high: int) -> set[str]:
    return {person for person, count in counts.items() if low <= count <= high}


def _next_action(counts: Mapping[str, int], lives: Iterable[Waited], hands: Collection[str]) -> NextAction:
    unheard = {person for person, count in counts.items() if count == 0}
    with_hand = [person for person in dict.fromkeys(hands) if person in unheard]
    waiting = sorted((life.asked_at, life.person) for life in lives if life.answered_at is None)
    with_question = [person for person in dict.fromkeys(person for _, person in waiting) if person in unheard]
    code: NextCode
    person = None
    if with_hand:
        code, person = "call_unheard_hand", with_hand[0]
    elif with_question:
        code, person = "answer_unheard_question", with_question[0]
    elif not unheard:
        code = "all_heard"
    else:
        code = "give_time_to_write" if len(unheard) * 2 >= len(counts) else "invite_unheard"
    return NextAction(
        code=code,
        unheard=len(unheard),
        with_hand=len(with_hand),
        with_question=len(with_question),
        person=person,
    )


def _wait_ms(life: Waited, *, at: int) -> int:
    """Never negative: the clock of a server may have been set back."""
    return max(0, (at if life.answered_at is None else life.answered_at) - life.asked_at)


def _percentile(ordered: Sequence[int], percent: int) -> int | None:
    """By nearest rank; None of nothing."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
