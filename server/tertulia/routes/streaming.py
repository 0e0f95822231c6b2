"""Answers that come piece by piece: written at the reader's pace, cut when it takes nothing, ended when it is gone.

Memory stays flat: the next piece is made when the one before was taken. What goes wrong on the way cannot be told with
a status any more; the connection is cut, so that the reader sees that the answer is not whole.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping
from typing import Any, Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tertulia.domain import limits
from tertulia.routes.faults import described

logger = structlog.get_logger("tertulia.routes.streaming")

TRANSPORT: Final = "tertulia.transport"
"""In the scope: the connection's transport, or None."""


class TakesNothing(Exception):
    """The reader has taken nothing for `write_deadline_s`."""


def transport_of(send: Send) -> Any:
    """uvicorn's `send` is a method of the object that holds the transport. With another server there is none to be
    had: then a reader that takes nothing is left to that server's own deadlines."""
    return getattr(getattr(send, "__self__", None), "transport", None)


def bound_kernel_buffer(scope: Scope) -> None:
    """What the kernel holds for a reader that stopped is bounded too, not grown to megabytes."""
    transport = scope.get(TRANSPORT)
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.socket_send_buffer_bytes)


async def cut(scope: Scope, receive: Receive) -> None:
    """End the connection at once, and drop what it was still owed. Returns when the server has seen it end."""
    transport = scope.get(TRANSPORT)
    if transport is not None:
        transport.abort()
        await _gone(receive)


async def write(scope: Scope, send: Send, message: dict[str, Any]) -> None:
    """Send, however slowly the reader takes it, as long as it takes anything. Raises TakesNothing."""
    transport = scope.get(TRANSPORT)
    left = _unsent(transport)
    while True:
        try:
            # uvicorn waits before it writes: a send that was given up has written nothing, and may be tried again.
            async with asyncio.timeout(limits.write_deadline_s):
                return await send(message)
        except TimeoutError:
            before, left = left, _unsent(transport)
            if left >= before:
                raise TakesNothing from None


def _unsent(transport: Any) -> int:
    return 0 if transport is None else int(transport.get_write_buffer_size())


async def until_gone(work: Awaitable[None], scope: Scope, receive: Receive, *, what: str) -> None:
    """Do the work until it is done or the peer is gone. A failure cuts the connection."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        working.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
    error = None if working.cancelled() else working.exception()
    if error is not None:
        if not isinstance(error, TakesNothing):
            logger.error("stream broke off", what=what, **described(error))
        await cut(scope, receive)


class Streamed(Response):
    def __init__(
        self,
        chunks: AsyncGenerator[bytes, None],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers({"cache-control": "no-store", **(headers or {})})
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await until_gone(self._write(scope, send), scope, receive, what=scope["path"])
        finally:
            await self._chunks.aclose()

    async def _write(self, scope: Scope, send: Send) -> None:
        await write(scope, send, begin(self))
        if scope["method"] != "HEAD":
            async for chunk in self._chunks:
                await write(scope, send, {"type": "http.response.body", "body": chunk, "more_body": True})
        await write(scope, send, {"type": "http.response.body", "body": b"", "more_body": False})


def begin(response: Response) -> dict[str, Any]:
    return {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}


async def in_thread(lines: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    """A blocking iterator's lines, gathered to chunks in a thread."""

    def gather() -> bytes:
        chunk = bytearray()
        for line in lines:
            chunk += line
            if len(chunk) >= limits.message_bytes_max:
                break
        return bytes(chunk)

    try:
        while chunk := await run_in_threadpool(gather):
            yield chunk
    finally:
        close = getattr(lines, "close", None)
        if close is not None:
            await run_in_threadpool(close)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
