"""Time and chance, handed in so that a simulation can hold them."""

from __future__ import annotations

import secrets
import time
from typing import Final, Protocol

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class Clock(Protocol):
    def now_ms(self) -> int:
        """Unix milliseconds."""
        ...


class IdSource(Protocol):
    def new_id(self) -> str:
        """A short random id of small letters and digits, unguessable enough to be unique, not to be a secret."""
        ...

    def chance(self) -> float:
        """A random number in [0, 1)."""
        ...


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class RandomIds:
    def new_id(self) -> str:
        return "".join(secrets.choice(_LETTERS) for _ in range(10))

    def chance(self) -> float:
        return secrets.randbelow(2**32) / 2**32
