"""How long to wait before the next try. Pure: chance is handed in, a number in [0, 1)."""

from __future__ import annotations

from tertulia.client import limits
from tertulia.domain import limits as shared


def reconnect_s(tries: int, chance: float) -> float:
    """Full jitter: between 0.5 s and a bound that doubles with each failed try from 1 s to 20 s."""
    return _jitter(chance, tries, shared.reconnect_min_s, limits.reconnect_first_s, shared.reconnect_max_s)


def later_s(tries: int, after_ms: int | None, chance: float) -> float:
    """Before a command that was refused with `later` is sent again; a little spread over what the server named."""
    if after_ms is not None:
        return after_ms / 1000 * (1 + chance / 10)
    return _jitter(chance, tries, limits.later_min_s, limits.later_first_s, limits.later_max_s)


def _jitter(chance: float, tries: int, least_s: float, first_s: float, last_s: float) -> float:
    bound_s = min(last_s, first_s * 2.0 ** min(tries, 30))
    return least_s + chance * (bound_s - least_s)
