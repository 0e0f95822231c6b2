"""One connection to PostgreSQL that never mends itself, where it leads, and what to tell when it does not work.

A failure ends the connection, and whoever holds it decides what is known and what to do: a driver that reconnects
silently would hide that a commit's answer was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any, Final, LiteralString
from urllib.parse import parse_qsl

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tertulia.domain import limits
from tertulia.eventlog import LogFull, LogRefused, LogUnavailable, LogUnreached, LogUrlRefused
from tertulia.eventlog.stats import Cause

SERVER_VERSION_MIN: Final = 14
FAILURES: Final = (psycopg.Error, OSError)
"""What a connection fails with."""

_HOW_TO_WRITE: Final = (
    "Write it as postgresql://user:password@host:5432/database, with the characters / ? # @ : % of a password "
    "percent-encoded"
)
_DEFAULTS: Final = {
    "application_name": "tertulia",
    "client_encoding": "utf8",
    "connect_timeout": str(round(limits.log_connect_s)),
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
# A weaker synchronous_commit than `on` would answer before the disk has it; a stronger one is left. Plans must be by
# index whatever the statistics say of a table that was just made. A node that is gone must not hold its locks.
_SETTINGS: Final[LiteralString] = """
SELECT set_config(name, value, false) FROM (VALUES
    ('statement_timeout', %s), ('lock_timeout', %s), ('idle_in_transaction_session_timeout', %s),
    ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'),
    ('search_path', 'tertulia'), ('jit', 'off'),
    ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
    ('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
        THEN 'on' ELSE current_setting('synchronous_commit') END)
) AS setting (name, value)
"""
_FULL: Final = ("53100",)
READ_ONLY: Final = "25006"
_STARTING: Final = "57P03"
# What libpq says when a connection is not granted comes without its SQLSTATE: it is known by its words.
_SAID: Final = (
    ("28P01", ("password authentication failed", "no password supplied")),
    ("3D000", ("does not exist",)),
    ("28000", ("no pg_hba.conf entry", "is not permitted to log in", "authentication failed")),
    ("53300", ("too many clients", "too many connections", "remaining connection slots")),
    (_STARTING, ("the database system is starting up", "not yet accepting connections", "is shutting down")),
)

_CAUSES: Final[tuple[tuple[tuple[str, ...], Cause], ...]] = (
    (_FULL, "full"),
    (("53300",), "connections"),
    ((READ_ONLY,), "read_only"),
    (("28", "3D", "42501"), "denied"),
    (("57P",), "ended"),
    (("57014", "55P03", "25P03"), "timeout"),
    (("08",), "unreachable"),
)


def _unknown_parameters(url: str) -> list[str]:
    """Their names, quoted; none when it is not sure that they are no part of a password."""
    query = url.partition("?")[2]
    if "@" in query:
        return []
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    return [repr(name) for name, value in parse_qsl(query, keep_blank_values=True) if name not in known]


class Address:
    """Where the database is and who we are there. Raises `LogUrlRefused` for a URL that cannot be used, naming the
    `setting` it is from. Shown without secrets."""

    def __init__(self, url: str, *, setting: str = "log URL", is_replica: bool = False) -> None:
        if not url.startswith(("postgresql://", "postgres://")):
            raise LogUrlRefused(f"The {setting} does not begin with postgresql://. {_HOW_TO_WRITE}.")
        try:
            given = conninfo_to_dict(url)
        except (psycopg.Error, UnicodeError):
            if unknown := _unknown_parameters(url):
                raise LogUrlRefused(
                    f"The {setting} has a parameter that is not known: {', '.join(unknown)}. Parameters are those of "
                    "PostgreSQL's own programs, such as ?sslmode=verify-full."
                ) from None
            raise LogUrlRefused(f"The {setting} cannot be read. {_HOW_TO_WRITE}.") from None
        if not str(given.get("port", "0")).replace(",", "").isdigit():
            raise LogUrlRefused(f"The port in the {setting} is not a number. {_HOW_TO_WRITE}.")
        if not given.get("dbname"):
            raise LogUrlRefused(f"The {setting} names no database. {_HOW_TO_WRITE}.")
        wanted = "prefer-standby" if is_replica else "read-write"
        several = {"target_session_attrs": wanted} if "," in str(given.get("host", "")) else {}
        self._password = str(given.get("password") or "")
        self.user = str(given.get("user") or "")
        self.database = str(given["dbname"])
        self.parameters: dict[str, Any] = _DEFAULTS | several | given
        self._where = f"{given.get('host') or 'the local socket'}:{given.get('port') or 5432}"

    def __str__(self) -> str:
        return f"{self._where}/{self.database}"

    def reason(self, error: BaseException) -> str:
        """The error in words, without the password, whatever the other side put into its answer; and without the
        values, which are what people wrote."""
        said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        words = " ".join((said or str(error)).split()) or type(error).__name__
        return words.replace(self._password, "***") if self._password else words

    def refusal(self, error: Exception) -> LogRefused:
        """What to do about a connection that was not granted."""
        kind = LogRefused
        match state_of(error):
            case "28P01":
                what = "does not take the user or password of the log URL. Correct the URL"
            case "3D000":
                what = (
                    f"does not know the database {self.database!r} or the user of the log URL. Correct the URL, or "
                    f'create it: CREATE DATABASE "{self.database}" ENCODING UTF8 TEMPLATE template0'
                )
            case "28000":
                what = "does not let this user in from here. Correct the log URL, or the server's pg_hba.conf"
            case "53300":
                kind = LogUnreached
                what = (
                    f"has no connection left. Raise its max_connections (a node takes up to "
                    f"{limits.log_connections_max}), or end what holds them"
                )
            case "57P03":
                kind = LogUnreached
                what = "is starting or shutting down. Try again when it is up"
            case _:
                kind = LogUnreached
                what = "cannot be reached. Start it, or correct the log URL"
        return kind(f"PostgreSQL at {self} {what} ({self.reason(error)}).")


class Link:
    """An open connection in autocommit. After any failure but an ERROR of the server it is lost: close it."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        self.connection = connection

    @classmethod
    async def open(cls, address: Address) -> Link:
        """Raises one of `FAILURES`; `LogRefused` when the server is too old."""
        connection = await psycopg.AsyncConnection.connect(**address.parameters, autocommit=True)
        link = cls(connection)
        version = connection.info.server_version // 10_000
        if version < SERVER_VERSION_MIN:
            await link.close()
            raise LogRefused(
                f"PostgreSQL at {address} is of version {version}; it must be {SERVER_VERSION_MIN} or newer. Upgrade "
                "the server."
            )
        milliseconds = [
            str(round(seconds * 1000))
            for seconds in (limits.log_statement_s, limits.log_lock_s, limits.log_idle_in_transaction_s)
        ]
        try:
            with link.deadline(limits.log_connect_s):
                await connection.execute(_SETTINGS, milliseconds)
        except BaseException:
            await link.close()
            raise
        return link

    @contextlib.contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """When it passes, the socket is shut down and what waits for the server fails: also when the server is there
        and says nothing."""
        timer = asyncio.get_running_loop().call_later(seconds, self._hang_up)
        try:
            yield
        finally:
            timer.cancel()

    def is_lost_by(self, error: BaseException) -> bool:
        """Whether this failure left nothing to rely on: neither the connection, nor what became of a statement."""
        if self.connection.closed or not isinstance(error, psycopg.Error):
            return True
        if error.sqlstate is None:
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return error.diag.severity_nonlocalized in ("FATAL", "PANIC")

    async def close(self) -> None:
        with contextlib.suppress(*FAILURES):
            await self.connection.close()

    def _hang_up(self) -> None:
        with contextlib.suppress(*FAILURES), socket.socket(fileno=os.dup(self.connection.pgconn.socket)) as twin:
            twin.shutdown(socket.SHUT_RDWR)


def state_of(error: BaseException) -> str:
    """The SQLSTATE of an error; empty when there is none."""
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        return error.sqlstate
    words = str(error)
    return next((state for state, patterns in _SAID if any(pattern in words for pattern in patterns)), "")


def is_starting(error: BaseException) -> bool:
    return state_of(error) == _STARTING


def cause_of(error: BaseException) -> Cause:
    """For metrics and the diagnostics."""
    state = state_of(error)
    for prefixes, cause in _CAUSES:
        if state.startswith(prefixes):
            return cause
    return "unreachable" if not state and isinstance(error, FAILURES) else "other"


def refusal_of(error: BaseException, address: Address) -> LogFull | LogUnavailable:
    """What an append or a read that failed is answered with."""
    if state_of(error) in _FULL:
        return LogFull("The disk of the database is full.")
    return LogUnavailable(f"PostgreSQL at {address}: {address.reason(error)}")
