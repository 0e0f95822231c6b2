"""What is to be told at the next tick, and stays due when it cannot be told now."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tertulia.eventlog import LogUnavailable

K = TypeVar("K")
V = TypeVar("V")


async def each(due: dict[K, dict[V, None]], tell: Callable[[K, dict[V, None]], Coroutine[Any, Any, None]]) -> None:
    """Tell all that is due; what cannot be told now stays due."""
    for key in list(due):
        what = due.pop(key)
        try:
            await tell(key, what)
        except LogUnavailable:
            due[key] = what | due.get(key, {})
            return
