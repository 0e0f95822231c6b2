"""A TCP relay to PostgreSQL that cuts the connection at a COMMIT, when it is told to: so that the answer is lost.

Goes by the word in the stream of the client; the driver says it in full for the first few commits of a connection,
before it is prepared by number.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal
from urllib.parse import urlsplit

Cut = Literal["command lost", "answer lost", "command late"]
LATE_S = 0.7


class CommitCutter:
    """`cut_next` says what happens to the next COMMIT: it never arrives; it arrives and its answer does not; it arrives
    when the client is long gone. `cuts` counts."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self.cut_next: Cut | None = None
        self.cuts = 0

    @property
    def url(self) -> str:
        assert self._server is not None, "it is not running"
        port = self._server.sockets[0].getsockname()[1]
        return self._url._replace(netloc=self._url.netloc.rpartition(":")[0] + f":{port}").geturl()

    def silence(self) -> None:
        """From now on the connections of now take what they are sent and give no answer; new ones work."""
        for task in self._answering:
            task.cancel()

    async def __aenter__(self) -> CommitCutter:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None, "it is not running"
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there_reader, there_writer = await asyncio.open_connection(self._url.hostname, self._url.port)
        back = asyncio.create_task(_relay(there_reader, writer))
        self._answering.add(back)
        try:
            while data := await reader.read(65_536):
                if b"COMMIT\0" in data and (cut := self.cut_next):
                    self.cut_next = None
                    self.cuts += 1
                    back.cancel()
                    await self._cut(cut, data, writer, there_reader, there_writer)
                    return
                there_writer.write(data)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            back.cancel()
            self._answering.discard(back)
            writer.transport.abort()
            there_writer.transport.abort()
            self._tasks.discard(task)

    async def _cut(
        self,
        cut: Cut,
        data: bytes,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)  # the relay back has let go of the reader
        if cut == "command late":
            writer.transport.abort()
            await asyncio.sleep(LATE_S)
        if cut != "command lost":
            there_writer.write(data)
            await there_reader.read(65_536)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()
