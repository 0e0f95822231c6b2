"""Progress bars: on stderr, and only where somebody watches."""

from __future__ import annotations

import sys
from typing import Any

import click


def bar(label: str, length: int) -> Any:
    """`with bar("Importing", 100) as progress: progress.update(1)`."""
    return click.progressbar(
        length=max(length, 1),
        label=label,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        show_pos=True,
        update_min_steps=max(1, length // 200),
    )


class Bars:
    """One bar after the other; may be called from the log's thread."""

    def __init__(self) -> None:
        self.total = 0
        self._name = ""
        self._bar: Any = None
        self._done = 0

    def __call__(self, name: str, folded: int, total: int) -> None:
        self.total = max(self.total, total)
        if name != self._name:
            self.close()
            self._name, self._done = name, 0
            self._bar = bar(f"{name:<16}", total)
            self._bar.__enter__()
        self._bar.update(folded - self._done)
        self._done = folded

    def close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
