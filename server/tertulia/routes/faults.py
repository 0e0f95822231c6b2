"""Faults as the diagnostics tell them: what and where, never the words of a request, an event or a token.

A traceback's lines are safe; the message of an exception may quote what it choked on, so it is left out.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def described(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {
        "error": type(error).__name__,
        "at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
