"""What happened in one run, in order: the lines to read when a seed fails, and a digest to compare two runs by."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b


class Trace:
    """Lines are kept as tuples and only written out when they are read."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._lines: list[tuple[float, str, str, tuple[object, ...]]] = []

    def note(self, who: str, what: str, *details: object) -> None:
        self._lines.append((self._now_s(), who, what, details))

    def __len__(self) -> int:
        return len(self._lines)

    def lines(self) -> list[str]:
        return [
            f"{at:9.4f}  {who:<8} {what}" + "".join(f" {detail}" for detail in details)
            for at, who, what, details in self._lines
        ]

    def trimmed(self, *, around: str = "", lines_max: int = 60) -> str:
        """The last lines; when `around` is given, first those of them that name it."""
        lines = self.lines()
        about = [line for line in lines if around and around in line]
        chosen = about[-lines_max:] if about else lines[-lines_max:]
        left_out = len(lines) - len(chosen)
        return "\n".join([f"… {left_out} other lines", *chosen]) if left_out else "\n".join(chosen)

    def digest(self) -> str:
        return blake2b("\n".join(self.lines()).encode(), digest_size=16).hexdigest()
