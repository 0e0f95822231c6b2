"""How fast one may ask: a token bucket for each key (a person, an address), told the time, in bounded memory."""

from __future__ import annotations

import math
from collections import OrderedDict

from tertulia.domain import limits


class Rates:
    """`burst` at once, then `per_s`. Of more than `keys_max` keys, the ones asked for longest ago are forgotten.

    A bucket is one number, the time at which it is full again (GCRA): a full one needs no memory.
    """

    def __init__(self, burst: int, per_s: float, *, keys_max: int = limits.rate_keys_max) -> None:
        assert burst >= 1, "a bucket holds at least one"
        assert per_s > 0, "a bucket fills again"
        self._interval_s = 1.0 / per_s
        self._depth_s = burst / per_s
        self._keys_max = keys_max
        self._full_at_s: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at_s)

    def take(self, key: str, now_s: float) -> int | None:
        """Take one. None: go on. Otherwise nothing was taken; the milliseconds after which it will be allowed."""
        full_at_s = max(self._full_at_s.get(key, now_s), now_s) + self._interval_s
        wait_s = full_at_s - self._depth_s - now_s
        if wait_s > _ROUNDING_S:
            self._full_at_s.move_to_end(key)
            return math.ceil(wait_s * 1_000)
        self._full_at_s[key] = full_at_s
        self._full_at_s.move_to_end(key)
        self._forget(now_s)
        return None

    def charge(self, key: str, count: int, now_s: float, *, debt_s_max: float) -> None:
        """What this person spent elsewhere. It may empty the bucket and more, so that it takes at most `debt_s_max`
        until one is allowed again."""
        full_at_s = max(self._full_at_s.get(key, now_s), now_s) + count * self._interval_s
        self._full_at_s[key] = min(full_at_s, now_s + self._depth_s - self._interval_s + debt_s_max)
        self._full_at_s.move_to_end(key)
        self._forget(now_s)

    def _forget(self, now_s: float) -> None:
        """Drop the oldest when there are too many, or when it is full again. A call adds at most one."""
        oldest = next(iter(self._full_at_s))
        if len(self._full_at_s) > self._keys_max or self._full_at_s[oldest] <= now_s:
            del self._full_at_s[oldest]


_ROUNDING_S = 0.001
"""A wait of less than a millisecond is none: times are large floats, and their errors add up."""
