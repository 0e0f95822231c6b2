"""One connection to Redis that never mends itself, where it leads, and what to tell when it does not work.

redis-py's own clients reconnect silently and then miss what was published; so its `Connection` is used bare:
any failure ends it, and whoever holds it decides what to do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio.connection import Connection, SSLConnection
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

CHANNEL_PREFIX: Final = "tertulia:"
LOST: Final = (RedisError, OSError)
"""What a connection fails with. Deadlines raise `TimeoutError`, which is an `OSError`."""

_PORT: Final = 6379
_HOW_TO_WRITE: Final = (
    "Write it as redis://[user:password@]host[:port], or rediss://… for TLS, with the characters / ? # @ : % of a "
    "password percent-encoded"
)


class Address:
    """Where Redis is and who we are there. Raises `BusRefused` for a URL that cannot be used. Shown without secrets."""

    def __init__(self, url: str) -> None:
        scheme, separator, _ = url.partition("://")
        if scheme.lower() not in ("redis", "rediss"):
            said = f"begins with {scheme}://, which is not known" if separator else "has no scheme"
            raise BusRefused(f"The bus URL {said}. {_HOW_TO_WRITE}.")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or _PORT
        except ValueError:
            raise BusRefused(f"The bus URL cannot be read: is its port a number? {_HOW_TO_WRITE}.") from None
        if not host or "@" in parts.path + parts.query + parts.fragment:
            raise BusRefused(f"The bus URL names no host. {_HOW_TO_WRITE}.")
        self.is_tls = parts.scheme == "rediss"
        self.host = unquote(host)
        self.port = port
        self.user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._options = _tls_options(parts.query, is_tls=self.is_tls)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connection(self) -> Connection:
        make: type[Connection] = SSLConnection if self.is_tls else Connection
        return make(
            host=self.host,
            port=self.port,
            username=self.user,
            password=self._password,
            protocol=2,
            driver_info=None,  # no CLIENT SETINFO: one permission less to need
            socket_timeout=None,  # deadlines are kept by the caller, around whole conversations
            **self._options,
        )

    def reason(self, error: BaseException) -> str:
        """The error in words, without the password, whatever the other side put into its answer."""
        words = " ".join(str(error).split()) or type(error).__name__
        return words.replace(self._password, "***") if self._password else words

    def refusal(self, error: Exception) -> BusRefused:
        """What to do about a connection that could not be opened."""
        reason = self.reason(error)
        match error:
            case AuthenticationError() | AuthenticationWrongNumberOfArgsError() if self._password is None:
                words = f"wants a password ({reason}). Put it into the bus URL. {_HOW_TO_WRITE}."
            case AuthenticationError() | AuthenticationWrongNumberOfArgsError():
                words = f"does not take the user or password of the bus URL ({reason}). Correct the URL."
            case NoPermissionError():
                words = (
                    f"does not allow what the bus needs ({reason}). As its administrator: ACL SETUSER "
                    f"{self.user or 'default'} +subscribe +unsubscribe +publish +ping &{CHANNEL_PREFIX}*"
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
        return BusRefused(f"Redis at {self} {words}")


class Wire:
    """A redis-py connection without retries. Any exception leaves it closed, or to be closed."""

    __slots__ = ("_connection",)

    def __init__(self, address: Address) -> None:
        self._connection = address.connection()

    async def connect(self) -> None:
        await self._connection.connect()  # type: ignore[no-untyped-call]

    async def send(self, *commands: Iterable[str | bytes]) -> None:
        """Write the commands in one go; their replies are still to be read."""
        if not self._connection.is_connected:
            # Asked now, it would quietly connect anew, without our subscriptions.
            raise RedisConnectionError("Connection closed.")
        await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)

    async def read(self) -> Any:
        """The next reply: bytes, an integer or a list. Raises what Redis answered as an error."""
        return await self._connection.read_response(disable_decoding=True, timeout=math.inf)

    async def close(self) -> None:
        await self._connection.disconnect(nowait=True)


def _tls_options(query: str, *, is_tls: bool) -> dict[str, Any]:
    options: dict[str, Any] = {name: values[-1] for name, values in parse_qs(query).items()}
    for name in options:
        if not is_tls or name not in ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs"):
            raise BusRefused(
                f"The bus URL has the option {name!r}, which is not known. Known, for rediss://, are ssl_ca_certs, "
                "ssl_certfile, ssl_keyfile and ssl_cert_reqs."
            )
    return options
