"""How fast one person may give commands on this node: signals (reactions) have a budget of their own."""

from __future__ import annotations

from tertulia.auth.rates import Rates
from tertulia.domain import limits
from tertulia.domain.ids import PersonId


class CommandRates:
    """`is_limited` false lifts the limits, for imports and load tests."""

    def __init__(self, *, is_limited: bool = True) -> None:
        self._is_limited = is_limited
        self._commands = Rates(limits.commands_burst, limits.commands_per_s)
        self._signals = Rates(limits.signals_burst, limits.signals_per_s)

    def take(self, person: PersonId, now_s: float, *, is_signal: bool) -> int | None:
        """None: go on. Otherwise the milliseconds to wait."""
        if not self._is_limited:
            return None
        return (self._signals if is_signal else self._commands).take(person, now_s)
