"""What `tertulia doctor` finds."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """`sentence` says what is, and for trouble what to do."""

    kind: Literal["good", "note", "trouble"]
    sentence: str
