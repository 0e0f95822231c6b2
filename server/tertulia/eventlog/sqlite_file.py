"""The database file: made whole or not at all, looked at before it is opened for writing, refused without
being touched.

What is checked, and why so much and not more:

- The header, read as plain bytes: SQLite's, ours, not newer than this program, as long as it says. Nothing is
  opened yet.
- `PRAGMA quick_check` of every table, 600 MB a second: it finds pages overwritten with garbage and pages that
  are missing. (Of the search index its pages, not whether its words agree: that takes longer than all the rest.)
  Always up to `log_check_bytes_max`; when the log was not closed cleanly, up to `log_check_unclean_bytes_max`.
  Of a larger file the schema and both ends of the log are looked at: a server that comes back the later the more
  was said is no help to anybody, and damage that is met later is not written over.
- `is_thorough` (`tertulia doctor`): all of the file, however large.
- All of it through a read-only connection. When the log was closed cleanly (no `-wal` beside it), that
  connection is also `immutable`: it makes no lock and no file. After a crash it must read the `-wal`, for
  which SQLite makes a `-shm`; it is removed again.
- Not found: bytes changed inside a text that leave the structure sound. That needs checksums per page, which
  SQLite's file format has no room for by default.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import urllib.parse
from pathlib import Path
from typing import Final

import apsw

from tertulia.domain import limits
from tertulia.eventlog import LogRefused
from tertulia.eventlog.folder_lock import is_held
from tertulia.eventlog.migrations import APPLICATION_ID, MIGRATIONS, migrate

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100


def make(path: Path) -> None:
    """A new, empty log: under another name first, so that there is never half a one."""
    if _is_waiting(path):
        raise LogRefused(
            f"{path} is missing, but {_wal(path).name} beside it holds the last of what was in it. Nothing was "
            "changed. Put the file back, or move the other one elsewhere to begin with an empty log."
        )
    fresh = path.with_name(path.name + ".new")
    for leftover in (fresh, _wal(fresh), _shm(fresh), _wal(path), _shm(path)):
        leftover.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = apsw.Connection(str(fresh))
    try:
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        with connection:
            connection.pragma("application_id", APPLICATION_ID)
        migrate(connection)
        connection.execute("INSERT INTO meta (key, value) VALUES ('epoch', ?)", (secrets.token_hex(8),))
    finally:
        connection.close()
    os.rename(fresh, path)
    sync_folder(path.parent)


def check(path: Path, *, is_in_use: bool | None = None, is_thorough: bool = False) -> None:
    """Raise `LogRefused` unless this is a whole log that this program can write. Changes nothing. When other processes
    write to it now, they have found it whole: then only its version is looked at. None: the folder's lock tells."""
    if is_in_use is None:
        is_in_use = is_held(path.parent)
    is_closed = not is_in_use and not _is_waiting(path)
    _check_header(path, is_closed=is_closed)
    had_shm = _shm(path).exists()
    try:
        connection = _connect_to_check(path, is_closed=is_closed)
        try:
            version = connection.pragma("user_version")
            assert isinstance(version, int), "user_version is a number in the file's header"
            _check_version(path, version)
            if not is_in_use:
                bytes_max = limits.log_check_bytes_max if is_closed else limits.log_check_unclean_bytes_max
                if is_thorough:
                    _check_whole(connection, path, "PRAGMA quick_check(1)")
                elif path.stat().st_size <= bytes_max:
                    _check_whole(connection, path, *_table_checks(connection))
                _check_ends(connection, path)
        finally:
            connection.close()
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError) as error:
        raise LogRefused(_damaged(path, str(error))) from error
    except apsw.Error as error:
        raise LogRefused(f"{path} cannot be read: {error}. Check its permissions and the disk.") from error
    finally:
        if not had_shm and not is_in_use:
            _shm(path).unlink(missing_ok=True)


def moved_marker(path: Path) -> Path:
    """The file that says that this log was moved, and where to; the log itself is left as it was."""
    return path.with_name(path.name + "-moved")


def check_not_moved(path: Path) -> None:
    """Raise `LogRefused` when the log goes on elsewhere (`tertulia migrate`)."""
    marker = moved_marker(path)
    if marker.exists():
        where = " ".join(marker.read_text(errors="replace").split())
        raise LogRefused(
            f"The log in {path} was moved: {where}. Start with --log postgresql://… of that database. To go back to "
            f"what it held then (what was said since is only there): rm {marker}"
        )


def connect_to_write(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(int(limits.log_busy_s * 1000))
    for name, value in (
        ("journal_mode", "wal"),
        ("synchronous", "full"),
        ("secure_delete", "on"),  # what is redacted is overwritten, not only unlinked
        ("cache_size", -limits.log_cache_kib),
        ("temp_store", "memory"),
        ("journal_size_limit", limits.log_wal_kept_bytes),
    ):
        connection.pragma(name, value)
    return connection


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _shm(path: Path) -> Path:
    return path.with_name(path.name + "-shm")


def _damaged(path: Path, what: str) -> str:
    return (
        f"{path} is damaged ({what}). It was not changed. Restore it from a backup; "
        "to begin with an empty log, move it and the files named like it elsewhere."
    )


def _check_header(path: Path, *, is_closed: bool) -> None:
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    size = path.stat().st_size
    if size == 0:
        raise LogRefused(_damaged(path, "it is empty"))
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise LogRefused(f"{path} is not a Tertulia database (not even an SQLite one). It was not changed.")
    (application,) = struct.unpack_from(">I", header, 68)
    if application != APPLICATION_ID:
        raise LogRefused(f"{path} is not a Tertulia database: another program made it. It was not changed.")
    (version,) = struct.unpack_from(">I", header, 60)
    _check_version(path, version)
    if is_closed:
        page_bytes, pages = struct.unpack_from(">H", header, 16)[0], struct.unpack_from(">I", header, 28)[0]
        page_bytes = 65_536 if page_bytes == 1 else page_bytes
        if size < page_bytes * pages or size % max(page_bytes, 512):
            raise LogRefused(_damaged(path, f"it should have {page_bytes * pages:,} bytes and has {size:,}"))


def _check_version(path: Path, version: int) -> None:
    if version > len(MIGRATIONS):
        raise LogRefused(
            f"{path} was written by a newer Tertulia (its tables are of version {version}, this program knows "
            f"{len(MIGRATIONS)}). It was not changed. Install that newer program again."
        )


def _is_waiting(path: Path) -> bool:
    """Whether commits are still in the write-ahead log: a crash, or another node at work."""
    with contextlib.suppress(FileNotFoundError):
        return _wal(path).stat().st_size > 0
    return False


def _connect_to_check(path: Path, *, is_closed: bool) -> apsw.Connection:
    options = "mode=ro&immutable=1" if is_closed else "mode=ro"
    name = f"file:{urllib.parse.quote(str(path.absolute()))}?{options}"
    connection = apsw.Connection(name, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    connection.set_busy_timeout(int(limits.log_busy_s * 1000))
    return connection


def _check_whole(connection: apsw.Connection, path: Path, *checks: str) -> None:
    for statement in checks:
        found = connection.execute(statement).get
        if found != "ok":
            raise LogRefused(_damaged(path, str(found)))


def _table_checks(connection: apsw.Connection) -> list[str]:
    """A check for each table that has pages of its own: a virtual one has only those of its shadows."""
    tables = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')"
    )
    return [f"PRAGMA quick_check('{name}')" for (name,) in tables]


def _check_ends(connection: apsw.Connection, path: Path) -> None:
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    if missing := {"meta", "stream", "entry", "receipt", "checkpoint", "projection"}.difference(tables):
        raise LogRefused(_damaged(path, f"it has no table {min(missing)}"))
    for table in tables:
        connection.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchall()
    connection.execute("SELECT * FROM entry ORDER BY position DESC LIMIT 1").fetchall()
    if connection.execute("SELECT value FROM meta WHERE key = 'epoch'").get is None:
        raise LogRefused(_damaged(path, "it does not say which incarnation of the log it is"))


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
