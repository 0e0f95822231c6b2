"""How fast one person may give commands: signals (reactions) have a budget of their own.

Each node counts what is spent on it, and charges what the others say was spent on them, so that whoever uses many
nodes has in the long run about what one node allows. No command waits for that: a node says once a second who spent
more than a little (`spent_told_min` in `spent_window_s`), as a soft message on the channel every node hears. What is
lost on the way is forgiven, and so is a little on each node: on n nodes one may have the rate and n times half a
command a second.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec

from tertulia.auth.rates import Rates
from tertulia.domain import limits
from tertulia.domain.ids import PersonId, StreamName

SPENT: Final = StreamName("spent")
"""What these messages are called on the bus."""

_Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Spent(msgspec.Struct, frozen=True, omit_defaults=True):
    """Commands and signals of people on one node since it last said so."""

    commands: dict[PersonId, _Count] = {}
    signals: dict[PersonId, _Count] = {}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Spent).decode


class CommandRates:
    """`is_limited` false lifts the limits, for imports and load tests."""

    def __init__(self, *, is_limited: bool = True) -> None:
        self._is_limited = is_limited
        self._commands = _Budget(limits.commands_burst, limits.commands_per_s)
        self._signals = _Budget(limits.signals_burst, limits.signals_per_s)

    def take(self, person: PersonId, now_s: float, *, is_signal: bool) -> int | None:
        """None: go on. Otherwise the milliseconds to wait."""
        if not self._is_limited:
            return None
        return (self._signals if is_signal else self._commands).take(person, now_s)

    def tell(self, now_s: float) -> Iterator[bytes]:
        """What the other nodes are to charge, ready for the bus; call it every `spent_tick_s`."""
        commands, signals = self._commands.tell(now_s), self._signals.tell(now_s)
        step = limits.spent_people_max
        for begin in range(0, max(len(commands), len(signals)), step):
            end = begin + step
            yield _encode(Spent(dict(commands[begin:end]), dict(signals[begin:end])))

    def hear(self, payload: bytes, now_s: float) -> None:
        """What was spent on another node. What cannot be read is ignored."""
        try:
            spent = _decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        for budget, people in ((self._commands, spent.commands), (self._signals, spent.signals)):
            for person, count in people.items():
                budget.rates.charge(person, count, now_s, debt_s_max=limits.rate_debt_s_max)


class _Budget:
    """Buckets, and what was taken from them that the other nodes were not told: person → (count, since when)."""

    def __init__(self, burst: int, per_s: float) -> None:
        self.rates = Rates(burst, per_s)
        self._untold: OrderedDict[PersonId, tuple[int, float]] = OrderedDict()

    def take(self, person: PersonId, now_s: float) -> int | None:
        wait_ms = self.rates.take(person, now_s)
        if wait_ms is None:
            count, since_s = self._untold.get(person, (0, now_s))
            self._untold[person] = count + 1, since_s
            if len(self._untold) > limits.rate_keys_max:
                self._untold.popitem(last=False)
        return wait_ms

    def tell(self, now_s: float) -> list[tuple[PersonId, int]]:
        told = [(person, count) for person, (count, _) in self._untold.items() if count >= limits.spent_told_min]
        for person, _ in told:
            del self._untold[person]
        while self._untold:  # in the order in which they began
            person, (_, since_s) = next(iter(self._untold.items()))
            if 0 <= now_s - since_s < limits.spent_window_s:
                break
            del self._untold[person]
        return told
