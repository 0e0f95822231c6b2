"""PostgreSQL's text format for COPY: a line for each row, as the server itself would write it. So the same bytes fill
a table and are compared with what the table gives back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

Value = str | int | bytes | None

_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
)


def line(values: Iterable[Value]) -> bytes:
    return ("\t".join(map(_field, values)) + "\n").encode()


def _field(value: Value) -> str:
    if isinstance(value, str):
        return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)
    if isinstance(value, int):
        return str(value)
    return "\\N" if value is None else "\\\\x" + value.hex()
