"""How both databases share what Python does around their queries: a function asks for statements by their names, and
whoever runs it answers with rows.

    def read_thing(room: RoomId) -> Asking[Thing]:
        found = yield Ask("thing", {"room": room})
        return decode(found)

What is asked is the same on every database, and so is what is made of the answer. The statements' texts are each
database's own (`sqlite_…_sql.py`, `postgres_…_sql.py`), and so is who runs them: a thread that waits for SQLite, or the
event loop that does not wait for PostgreSQL. An answer is the one row that a statement gives: its value when it has one
column, a tuple when it has several, None when there is no row. JSON comes as text or bytes.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")


class Ask(NamedTuple):
    """A statement by its name, and the values it is to have."""

    statement: str
    bindings: Mapping[str, Any]


Asking: TypeAlias = Generator[Ask, Any, T]
"""A question under way: it gives what it asks, takes the answers, and returns a `T`."""
