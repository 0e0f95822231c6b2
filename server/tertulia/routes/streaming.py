"""Answers that come piece by piece: written at the reader's pace, cut when it takes nothing, ended when it is gone.

Memory stays flat: the next piece is made when the one before was taken. What goes wrong on the way cannot be told with
a status any more; the connection is cut, so that the reader sees that the answer is not whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any, Final, cast

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tertulia.domain import limits
from tertulia.routes.faults import described

logger = structlog.get_logger("tertulia.routes.streaming")

ABORT: Final = "tertulia.abort"
"""In the scope: cuts the connection at once."""


def abort_of(send: Send) -> Callable[[], None]:
    """What cuts the connection. uvicorn's `send` is a method of the object that holds the transport; with another
    server nothing can be cut, and its own timeouts must do."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    return cast("Callable[[], None]", getattr(transport, "abort", _nothing))


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
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            writing.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)
            await self._chunks.aclose()
        if writing.cancelled():
            return  # the reader left
        if (error := writing.exception()) is not None:
            if not isinstance(error, TimeoutError):
                logger.error("stream broke off", **described(error))
            scope.get(ABORT, _nothing)()

    async def _write(self, send: Send) -> None:
        await _send(send, {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self._chunks:
            await _send(send, {"type": "http.response.body", "body": chunk, "more_body": True})
        await _send(send, {"type": "http.response.body", "body": b"", "more_body": False})


async def in_thread(
    lines: Iterator[bytes], *, chunk_bytes: int = limits.message_bytes_max
) -> AsyncGenerator[bytes, None]:
    """A blocking iterator's lines, gathered to chunks in a thread."""

    def gather() -> bytes:
        chunk = bytearray()
        for line in lines:
            chunk += line
            if len(chunk) >= chunk_bytes:
                break
        return bytes(chunk)

    try:
        while chunk := await run_in_threadpool(gather):
            yield chunk
    finally:
        close = getattr(lines, "close", None)
        if close is not None:
            await run_in_threadpool(close)


async def _send(send: Send, message: dict[str, Any]) -> None:
    async with asyncio.timeout(limits.write_deadline_s):
        await send(message)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _nothing() -> None:
    pass
