"""One connection to Redis that never mends itself, where it leads, and what to tell when it does not work.

redis-py's own clients reconnect silently and then miss what was published; so its `Connection` is used bare: any
failure ends it, and whoever holds it decides what to do.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from redis.asyncio.connection import Connection, RedisSSLContext, SSLConnection
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    InvalidResponse,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from tertulia.bus import BusRefused
from tertulia.bus.redis_url import Access, Host
from tertulia.domain import limits

LOST: Final = (RedisError, OSError)
"""What a connection fails with. Deadlines raise `TimeoutError`, which is an `OSError`."""
_ODD: Final = (ValueError, IndexError, RecursionError)
"""What redis-py makes of bytes that are no reply of a Redis, where it does not say so itself."""


class Unfit(RedisConnectionError):
    """What answers cannot be the bus as it is; the message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Shown without secrets. `what` begins a sentence about it."""

    host: Host
    access: Access
    what: str = "Redis at"

    def __str__(self) -> str:
        return str(self.host)

    def connection(self) -> Connection:
        tls = self.access.tls
        make: type[Connection] = Connection if tls is None else SSLConnection
        connection = make(
            host=self.host.name,
            port=self.host.port,
            username=self.access.user,
            password=self.access.password,
            protocol=2,
            driver_info=None,  # no CLIENT SETINFO: one permission less to need
            socket_timeout=None,  # deadlines are kept by the caller, around whole conversations
            **_typed(tls or {}),
        )
        if isinstance(connection, SSLConnection) and tls is not None:
            connection.ssl_context = _tls_context(tuple(tls.items()), _stamps(tls))
        return connection

    def reason(self, error: BaseException) -> str:
        """The error in words, without the password."""
        return self.access.hide(" ".join(str(error).split()) or type(error).__name__)

    def refusal(self, error: Exception) -> BusRefused:
        """What to do about a connection that could not be opened."""
        if isinstance(error, Unfit):
            return BusRefused(str(error))
        reason = self.reason(error)
        match error:
            case AuthenticationError() | AuthenticationWrongNumberOfArgsError() if self.access.password is None:
                words = f"wants a password ({reason}). Put it into the bus URL, before the host: user:password@."
            case AuthenticationError() | AuthenticationWrongNumberOfArgsError():
                words = f"does not take the user or password of the bus URL ({reason}). Correct the URL."
            case NoPermissionError():
                words = (
                    f"does not allow what the bus needs ({reason}). As its administrator: ACL SETUSER "
                    f"{self.access.user or 'default'} {self.access.needs}"
                )
            case InvalidResponse():
                words = f"does not answer like a Redis ({reason}). Correct host, port and TLS in the bus URL."
            case ResponseError():
                words = f"refuses ({reason}). Is it a Redis, and does its configuration allow clients?"
            case _:
                words = (
                    f"cannot be reached ({reason}). Start it, or correct the bus URL. A single node needs no Redis: "
                    "leave the bus URL out."
                )
        return BusRefused(f"{self.what} {self} {words}")


class Wire:
    """A redis-py connection without retries. Any exception leaves it closed, or to be closed."""

    __slots__ = ("_connection", "_tls_writer")

    def __init__(self, address: Address) -> None:
        self._connection = address.connection()
        self._tls_writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]
        except _ODD as error:
            raise InvalidResponse(str(error)) from None
        if isinstance(self._connection, SSLConnection):
            self._tls_writer = self._connection._writer

    async def send(self, *commands: Iterable[str | bytes]) -> None:
        """Write the commands in one go; their replies are still to be read."""
        if not self._connection.is_connected:
            # Asked now, it would quietly connect anew, without our subscriptions.
            raise RedisConnectionError("Connection closed.")
        try:
            await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
        except RuntimeError:  # what uvloop says of a transport that has been reset meanwhile
            raise RedisConnectionError("Connection closed.") from None

    async def read(self) -> Any:
        """The next reply: bytes, an integer or a list. Raises what Redis answered as an error."""
        try:
            return await self._connection.read_response(disable_decoding=True, timeout=math.inf)
        except _ODD as error:
            raise InvalidResponse(str(error)) from None

    async def close(self) -> None:
        await self._connection.disconnect(nowait=True)
        if self._tls_writer is not None:
            self._tls_writer.transport.abort()  # else TLS waits for the other side's goodbye, which may never come


async def ask(address: Address, *commands: tuple[str, ...]) -> list[Any]:
    """The replies to a few commands, on a connection of their own; one that is an error is among them. Raises LOST."""
    wire = Wire(address)
    try:
        async with deadline(limits.bus_ask_s):
            await wire.connect()
            await wire.send(*commands)
            replies = []
            for _ in commands:
                try:
                    replies.append(await wire.read())
                except ResponseError as error:
                    replies.append(error)
            return replies
    finally:
        await wire.close()


@asynccontextmanager
async def deadline(seconds: float = limits.bus_deadline_s) -> AsyncIterator[asyncio.Timeout]:
    """What takes longer raises a LOST. Whoever gets on may move it."""
    try:
        async with asyncio.timeout(seconds) as running:
            yield running
    except TimeoutError:
        raise silent(seconds) from None


def silent(seconds: float = limits.bus_deadline_s) -> OSError:
    return OSError(f"no answer within {seconds} s")


@lru_cache(maxsize=limits.bus_tls_contexts_max)
def _tls_context(tls: tuple[tuple[str, Any], ...], stamps: tuple[int, ...]) -> RedisSSLContext:
    """Shared by connections while the files are the same: making one takes tens of milliseconds of the event loop."""
    return SSLConnection(**_typed(dict(tls))).ssl_context


def _stamps(tls: dict[str, Any]) -> tuple[int, ...]:
    """When the files were changed; a missing one is reported by whoever connects."""
    files = [Path(tls[name]) for name in ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile") if name in tls]
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


def _typed(tls: dict[str, Any]) -> dict[str, Any]:
    if "ssl_check_hostname" not in tls:
        return tls
    return {**tls, "ssl_check_hostname": tls["ssl_check_hostname"].lower() not in ("0", "no", "false")}
