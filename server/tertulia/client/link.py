"""One socket: opened, read and written until it is closed. Knows bytes and close codes, nothing of what they mean."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxyStatus,
    InvalidStatus,
    NegotiationError,
)
from websockets.typing import Subprotocol

from tertulia.client import limits
from tertulia.client.core import Verdict
from tertulia.wire.codec import SUBPROTOCOLS, CodecName

_TRY_AGAIN = frozenset({408, 425, 429})


class Hears(Protocol):
    """What a link tells its client."""

    def opened(self, number: int) -> None: ...
    def received(self, number: int, payload: bytes) -> None: ...
    def closed(self, number: int, code: int, reason: str, verdict: Verdict | None) -> None: ...


class Link:
    """`run` lives as long as the socket. `say` never waits: what does not go at once is kept in order."""

    def __init__(self, number: int, url: str, *, codec: CodecName, hears: Hears) -> None:
        self._number = number
        self._url = url
        self._codec: CodecName = codec
        self._hears = hears
        self._owed: deque[bytes] = deque()
        self._has_owed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """The task ends when the socket is gone."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"tertulia link {self._number}")
        return self._task

    def say(self, payload: bytes) -> None:
        self._owed.append(payload)
        self._has_owed.set()

    def shut(self) -> None:
        """Begin to close it."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        subprotocol = next(name for name, codec in SUBPROTOCOLS.items() if codec == self._codec)
        code, reason = 1006, "the connection was cut"
        verdict: Verdict | None = None
        try:
            async with connect(
                self._url,
                subprotocols=[Subprotocol(subprotocol)],
                compression=None,
                open_timeout=limits.open_deadline_s,
                close_timeout=limits.close_deadline_s,
                ping_interval=None,  # the server pings; the client asks by itself when it hears nothing
                max_size=limits.message_bytes_max,
                max_queue=64,
                user_agent_header=None,
            ) as socket:
                if socket.subprotocol != subprotocol:
                    raise NegotiationError(f"the server does not speak {subprotocol}")
                await self._exchange(socket)
                code, reason = socket.close_code or 1006, socket.close_reason or ""
        except ConnectionClosed as error:
            if error.rcvd is not None:
                code, reason = error.rcvd.code, error.rcvd.reason
        except NegotiationError as error:
            code, reason, verdict = 1002, str(error), "barred"
        except InvalidStatus as error:
            code = error.response.status_code
            reason = f"the server refused the connection with HTTP status {code}"
            verdict = "barred" if 400 <= code < 500 and code not in _TRY_AGAIN else "lost"
        except (InvalidHandshake, InvalidMessage, InvalidProxyStatus) as error:
            reason = f"there is no WebSocket: {error}"
        except TimeoutError:
            reason = f"no connection within {limits.open_deadline_s:.0f} s"
        except OSError as error:
            reason = f"no connection: {error.strerror or error}"
        self._hears.closed(self._number, code, reason, verdict)

    async def _exchange(self, socket: ClientConnection) -> None:
        binary = self._codec == "msgpack"
        writer = asyncio.get_running_loop().create_task(self._write(socket, is_text=not binary))
        try:
            self._hears.opened(self._number)
            hear: Callable[[int, bytes], None] = self._hears.received
            while True:
                hear(self._number, await socket.recv(decode=False))
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed, OSError):
                await writer

    async def _write(self, socket: ClientConnection, *, is_text: bool) -> None:
        while True:
            await self._has_owed.wait()
            self._has_owed.clear()
            while self._owed:
                await socket.send(self._owed.popleft(), text=is_text)
