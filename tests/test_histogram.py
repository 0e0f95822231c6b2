"""Histograms: what is added is counted once, under the right bound."""

from __future__ import annotations

from tertulia.histogram import Histogram


def test_a_value_is_counted_under_the_first_bound_that_holds_it() -> None:
    histogram = Histogram((1, 2, 4))
    for value in (0.5, 1, 1.5, 4, 5):
        histogram.add(value)
    assert histogram.cumulative() == [("1", 2), ("2", 3), ("4", 4), ("+Inf", 5)]
    assert (histogram.count, histogram.total) == (5, 12.0)


def test_an_empty_one_counts_nothing() -> None:
    assert Histogram((1,)).cumulative() == [("1", 0), ("+Inf", 0)]
