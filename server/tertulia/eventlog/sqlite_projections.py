"""Keeps projections in step with the log: made at first sight, remade when their version changed, folded on
when behind.

The table `projection` remembers for each one its version and how far it is folded; NULL is for one that is
folded in every append's transaction. Remaking goes in slices with a commit each: memory stays flat, and after
a cut it goes on where it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import apsw

from tertulia.domain import limits
from tertulia.eventlog.projection import Progress, Projection


class Projections:
    """Those of one open log. Used by the writer's thread only."""

    def __init__(self, projections: Sequence[Projection]) -> None:
        self.all = projections
        self._lagging = [projection for projection in projections if projection.is_behind]
        self._folded: dict[str, int] = {}
        self._head = 0
        self._is_paused = False

    def prepare(self, connection: apsw.Connection, progress: Progress | None) -> None:
        """Make, remake and catch up what needs it. Before the first append."""
        stored = _stored(connection)
        for projection in self.all:
            version, _ = stored.get(projection.name, (None, None))
            if version != projection.version:
                _make(connection, projection)
            _catch_up(connection, projection, progress)
        self._leave_behind(connection, stored.keys() - {projection.name for projection in self.all})
        self._folded = {projection.name: _head(connection) for projection in self._lagging}
        self.note(_head(connection))

    def rebuild(self, connection: apsw.Connection, progress: Progress | None) -> None:
        """Remake them all. What is read meanwhile is not complete."""
        for projection in self.all:
            _make(connection, projection)
            _catch_up(connection, projection, progress)
        self._folded = {projection.name: _head(connection) for projection in self._lagging}

    # --- those that lag -------------------------------------------------------------------------------------------

    def note(self, head: int) -> None:
        """The log's last entry stands at this position now."""
        self._head = head
        self._is_paused = False

    def pause(self) -> None:
        """Folding failed (the disk is full, say): try again after the next append."""
        self._is_paused = True

    @property
    def is_behind(self) -> bool:
        return not self._is_paused and any(folded < self._head for folded in self._folded.values())

    @property
    def is_far_behind(self) -> bool:
        limit = self._head - limits.fold_behind_entries_max
        return not self._is_paused and any(folded < limit for folded in self._folded.values())

    def fold_slice(self, connection: apsw.Connection) -> None:
        """One slice of each that lags. Not waited for to be on disk: a lost slice is folded again."""
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            for projection in self._lagging:
                self._folded[projection.name] = _fold_on(connection, projection, limits.fold_slice_entries)
        finally:
            connection.execute("PRAGMA synchronous = FULL")

    def _leave_behind(self, connection: apsw.Connection, absent: set[str]) -> None:
        """Those that this program does not carry will miss what is appended now: remember from where."""
        for name in absent:
            connection.execute(
                "UPDATE projection SET position = ? WHERE name = ? AND position IS NULL", (_head(connection), name)
            )


def _stored(connection: apsw.Connection) -> dict[str, tuple[int, int | None]]:
    return {
        name: (version, position)
        for name, version, position in connection.execute("SELECT name, version, position FROM projection")
    }


def is_prepared(connection: apsw.Connection, projections: Sequence[Projection]) -> bool:
    """Whether a node may join others that are writing: there is nothing to be made or caught up, and it carries what
    the others fold with each append."""
    stored = _stored(connection)
    head = _head(connection)
    names = {projection.name for projection in projections}
    if any(position is None and name not in names for name, (_, position) in stored.items()):
        return False
    for projection in projections:
        version, position = stored.get(projection.name, (None, 0))
        if version != projection.version or not (projection.is_behind or position in (None, head)):
            return False
    return True


def _head(connection: apsw.Connection) -> int:
    head = connection.execute("SELECT coalesce(max(position), 0) FROM entry").get
    assert isinstance(head, int), "a position is a number"
    return head


def _make(connection: apsw.Connection, projection: Projection) -> None:
    # Dropping keeps a copy of every page of the old tables until it is done.
    with _spilling(connection), connection:
        projection.drop(connection)
        projection.create(connection)
        connection.execute(
            "INSERT OR REPLACE INTO projection (name, version, position) VALUES (?, ?, 0)",
            (projection.name, projection.version),
        )


def _catch_up(connection: apsw.Connection, projection: Projection, progress: Progress | None) -> None:
    """Fold it up to the log's head, and mark it as in step when it is of that kind. A slice is not waited for to be on
    disk (the log is, before any of it is moved): one that is lost is folded again."""
    total = _head(connection)
    folded = connection.execute("SELECT position FROM projection WHERE name = ?", (projection.name,)).get
    if folded is None:
        return
    connection.pragma("synchronous", "normal")
    try:
        while folded < total:
            folded = _fold_on(connection, projection, limits.rebuild_slice_entries)
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if progress is not None:
                progress(projection.name, folded, total)
    finally:
        connection.pragma("synchronous", "full")
    with _spilling(connection), connection:
        projection.finish(connection)
        if not projection.is_behind:
            connection.execute("UPDATE projection SET position = NULL WHERE name = ?", (projection.name,))


@contextlib.contextmanager
def _spilling(connection: apsw.Connection) -> Iterator[None]:
    """What a statement must put aside goes to a file: it may be as large as the log, and memory is not."""
    connection.pragma("temp_store", "file")
    try:
        yield
    finally:
        connection.pragma("temp_store", "memory")


def _fold_on(connection: apsw.Connection, projection: Projection, entries_max: int) -> int:
    """Fold the next entries in a transaction of their own; the position reached."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        after, head = connection.execute(
            "SELECT position, (SELECT coalesce(max(position), 0) FROM entry) FROM projection WHERE name = ?",
            (projection.name,),
        ).get
        upto: int = min(head, after + entries_max)
        if after < upto:
            projection.fold(connection, after=after, upto=upto)
            connection.execute("UPDATE projection SET position = ? WHERE name = ?", (upto, projection.name))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return upto
