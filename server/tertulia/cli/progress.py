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
