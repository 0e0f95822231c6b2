"""Token buckets: the burst, then the rate; what one is told to wait is enough; memory is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tertulia.auth.rates import Rates

START_S = 1_790_000_000.0


def test_a_burst_then_a_steady_rate() -> None:
    rates = Rates(burst=3, per_s=2.0)
    assert [rates.take("ana", START_S) for _ in range(4)] == [None, None, None, 500]
    assert rates.take("ana", START_S + 0.4) == 100
    assert rates.take("ana", START_S + 0.5) is None
    assert rates.take("ana", START_S + 0.5) == 500
    assert [rates.take("ana", START_S + 60) for _ in range(4)] == [None, None, None, 500]


def test_what_is_refused_costs_nothing() -> None:
    rates = Rates(burst=1, per_s=1.0)
    assert rates.take("ana", START_S) is None
    assert {rates.take("ana", START_S + 0.5) for _ in range(100)} == {500}
    assert rates.take("ana", START_S + 1.0) is None


def test_one_key_costs_another_nothing() -> None:
    rates = Rates(burst=1, per_s=1.0)
    assert rates.take("ana", START_S) is None
    assert rates.take("ben", START_S) is None
    assert rates.take("ana", START_S) == 1_000


def test_a_clock_that_goes_back_harms_little() -> None:
    rates = Rates(burst=2, per_s=1.0)
    assert rates.take("ana", START_S) is None
    assert rates.take("ana", START_S - 10) == 10_000
    assert rates.take("ana", START_S) is None


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    rates = Rates(burst=1, per_s=0.001, keys_max=100)
    assert rates.take("ana", START_S) is None
    for number in range(10_000):
        assert rates.take(f"someone {number}", START_S) is None
        assert rates.take("ana", START_S) is not None
    assert len(rates) == 100


def test_whoever_goes_on_asking_is_remembered_too() -> None:
    rates = Rates(burst=50, per_s=0.001, keys_max=100)
    for number in range(2_500):
        assert rates.take(f"someone {number}", START_S) is None
        if number % 50 == 0:
            assert rates.take("ana", START_S) is None
    assert rates.take("ana", START_S) is not None


def test_who_keeps_to_the_beat_is_never_refused_for_a_rounding() -> None:
    for every_s in (0.1, 0.3, 0.7, 1.1, 2.9):
        rates = Rates(burst=1, per_s=1 / every_s)
        assert [rates.take("ana", START_S + beat * every_s) for beat in range(1_000)] == [None] * 1_000


def test_those_who_left_are_forgotten() -> None:
    rates = Rates(burst=1, per_s=1.0)
    for number in range(100):
        rates.take(f"someone {number}", START_S)
    for second in range(100):
        rates.take("ana", START_S + 2.0 + second)
    assert len(rates) == 1


@given(
    burst=st.integers(1, 50),
    per_s=st.floats(0.01, 1_000),
    pauses_s=st.lists(st.floats(0, 5), max_size=60),
)
def test_it_is_a_token_bucket(burst: int, per_s: float, pauses_s: list[float]) -> None:
    """Against the plain form: a level that rises with time and falls by one; leaving out what hangs by a rounding."""
    rates = Rates(burst, per_s)
    now_s, level, seen_s = START_S, float(burst), START_S
    for pause_s in pauses_s:
        now_s += pause_s
        level, seen_s = min(burst, level + (now_s - seen_s) * per_s), now_s
        after_ms = rates.take("ana", now_s)
        if abs(level - 1) > 0.01 + per_s / 1_000:
            assert (after_ms is None) == (level > 1)
        if after_ms is None:
            level -= 1


@given(burst=st.integers(1, 20), per_s=st.floats(0.01, 1_000), pauses_s=st.lists(st.floats(0, 2), max_size=40))
def test_after_the_wait_it_is_allowed(burst: int, per_s: float, pauses_s: list[float]) -> None:
    rates = Rates(burst, per_s)
    now_s = START_S
    for pause_s in pauses_s:
        now_s += pause_s
        after_ms = rates.take("ana", now_s)
        if after_ms is not None:
            now_s += after_ms / 1_000
            assert rates.take("ana", now_s) is None
