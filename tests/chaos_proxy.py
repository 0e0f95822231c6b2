"""A TCP relay that does to connections what networks do to them: real sockets, in a thread of its own.

    with ChaosProxy(redis.port) as proxy:                  # whoever is to suffer connects to `proxy.port`
        proxy.slow(latency_s=0.05, jitter_s=0.02)          # or bytes_per_s=1_000
        proxy.cut("reset")                                 # all connections that are there; "end": a clean FIN
        proxy.silence("there")                             # half-open: what they send that way is gone, unsaid
        proxy.stop_reading("back")                         # back-pressure: whoever sends that way soon blocks
        proxy.refuse()                                     # new connections; those that are there go on
        proxy.heal()                                       # all of it is over

"there" is from who connects to who is reached, "back" the other way. `target_port` may be changed: it holds for new
connections. Calls come from any thread and return when it is so. Who is reached but not there is a reset at once.
What is *not* here: any knowledge of what is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Literal, TypeVar, get_args

Way = Literal["there", "back"]
Cut = Literal["reset", "end"]

WAYS: Final[tuple[Way, ...]] = get_args(Way)
HOST: Final = "127.0.0.1"
READ_BYTES: Final = 65_536
HELD_BYTES_MAX: Final = 65_536
"""What the relay itself holds in one direction; the kernel holds more."""
SLICES_PER_S: Final = 20
"""A bandwidth is kept in slices of so much of a second."""
END_WAIT_S: Final = 5.0
CALL_WAIT_S: Final = 10.0
BACKLOG: Final = 1_024

Result = TypeVar("Result")


class Weather:
    """What all connections go through now."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.latency_s = self.jitter_s = 0.0
        self.bytes_per_s: float | None = None
        self.is_read: dict[Way, asyncio.Event] = {way: asyncio.Event() for way in WAYS}
        self.clear()

    def clear(self) -> None:
        self.latency_s = self.jitter_s = 0.0
        self.bytes_per_s = None
        for event in self.is_read.values():
            event.set()

    def delay_s(self) -> float:
        return self.latency_s + self._chance.random() * self.jitter_s


class ChaosProxy:
    """`connections`: those that are there now. `passed`: bytes that were relayed, by way. `taken`: connections since
    the beginning."""

    def __init__(self, target_port: int, *, seed: int = 0) -> None:
        self.target_port = target_port
        self.passed: dict[Way, int] = dict.fromkeys(WAYS, 0)
        self.taken = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chaos-proxy", daemon=True)
        self._weather = Weather(random.Random(seed))
        self._connections: set[_Connection] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._keeper = _bound(0)  # never listens: it keeps the port while nobody is taken
        self.port = int(self._keeper.getsockname()[1])
        self._listener: socket.socket | None = None
        self._taking: asyncio.Task[None] | None = None

    def __enter__(self) -> ChaosProxy:
        self._thread.start()
        self._do(self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._refuse)
        self.cut("reset")
        asyncio.run_coroutine_threadsafe(_cancelled([*self._leaving]), self._loop).result(CALL_WAIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_WAIT_S)
        self._loop.close()
        self._keeper.close()

    @property
    def connections(self) -> int:
        return len(self._connections)

    # --- what can be done -----------------------------------------------------------------------------------------

    def slow(self, *, latency_s: float = 0.0, jitter_s: float = 0.0, bytes_per_s: float | None = None) -> None:
        """From now on each piece waits so long, and no more than so much a second goes each way of a connection."""

        def change() -> None:
            weather = self._weather
            weather.latency_s, weather.jitter_s, weather.bytes_per_s = latency_s, jitter_s, bytes_per_s

        self._do(change)

    def cut(self, how: Cut = "reset") -> int:
        """Both sides of all connections that are there; how many."""

        async def cut() -> int:
            ending = list(self._connections)
            await asyncio.gather(*(connection.end(how) for connection in ending))
            return len(ending)

        return asyncio.run_coroutine_threadsafe(cut(), self._loop).result(CALL_WAIT_S)

    def silence(self, *ways: Way) -> int:
        """Of the connections that are there: what is sent that way, an end too, arrives no more. How many."""

        def silence() -> int:
            for connection in self._connections:
                connection.silence(ways)
            return len(self._connections)

        return self._do(silence)

    def stop_reading(self, *ways: Way) -> None:
        """Of all connections, new ones too."""

        def stop() -> None:
            for way in ways:
                self._weather.is_read[way].clear()

        self._do(stop)

    def refuse(self) -> None:
        """As a host does on which nothing listens (ECONNREFUSED)."""
        self._do(self._refuse)

    def heal(self) -> None:
        """All is as at first. A connection with a hole in it cannot go on: it is reset."""

        def heal() -> None:
            self._weather.clear()
            self._take()

        self._do(heal)
        asyncio.run_coroutine_threadsafe(self._end_silenced(), self._loop).result(CALL_WAIT_S)

    # --- in its own thread ----------------------------------------------------------------------------------------

    def _do(self, work: Callable[[], Result]) -> Result:
        async def do() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result(CALL_WAIT_S)

    def _take(self) -> None:
        if self._listener is None:
            self._listener = _bound(self.port)
            self._listener.listen(BACKLOG)
            self._taking = self._loop.create_task(self._take_each(self._listener))

    def _refuse(self) -> None:
        if self._listener is not None and self._taking is not None:
            self._taking.cancel()
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = self._taking = None

    async def _take_each(self, listener: socket.socket) -> None:
        while True:
            here, _ = await self._loop.sock_accept(listener)
            connection = _Connection(self, here, self._weather)
            self.taken += 1
            self._connections.add(connection)
            connection.task.add_done_callback(lambda _, gone=connection: self._connections.discard(gone))  # type: ignore[misc]

    def see_out(self, sock: socket.socket) -> None:
        """A socket whose end has been told."""
        task = self._loop.create_task(_see_out(sock))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _end_silenced(self) -> None:
        silenced = [connection for connection in self._connections if connection.is_silenced]
        await asyncio.gather(*(connection.end("reset") for connection in silenced))


class _Connection:
    """Two sockets and a relay each way; over when both sides have ended, or one is reset."""

    def __init__(self, proxy: ChaosProxy, here: socket.socket, weather: Weather) -> None:
        self._proxy = proxy
        self._here = here
        self._there = socket.socket()
        for sock in (self._here, self._there):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._relays = {
            "there": _Relay("there", self._here, self._there, proxy=proxy, weather=weather),
            "back": _Relay("back", self._there, self._here, proxy=proxy, weather=weather),
        }
        self.task = asyncio.get_running_loop().create_task(self._run(proxy.target_port))

    @property
    def is_silenced(self) -> bool:
        return any(relay.is_silent for relay in self._relays.values())

    def silence(self, ways: tuple[Way, ...]) -> None:
        for way in ways:
            self._relays[way].is_silent = True

    async def end(self, how: Cut) -> None:
        """Cuts it off; returns when both sides have been told."""
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        if how == "reset":
            self._reset()
        else:
            for sock in (self._here, self._there):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_WR)
                self._proxy.see_out(sock)

    async def _run(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        work: list[asyncio.Task[None]] = []
        try:
            await loop.sock_connect(self._there, (HOST, port))
            work = [loop.create_task(run()) for relay in self._relays.values() for run in (relay.read, relay.write)]
            await asyncio.gather(*work)
            self._here.close()
            self._there.close()
        except OSError:
            await _cancelled(work)
            self._reset()
        except asyncio.CancelledError:
            await _cancelled(work)
            raise

    def _reset(self) -> None:
        for sock in (self._here, self._there):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()


class _Relay:
    """One direction of one connection. An empty piece is the end."""

    def __init__(
        self, way: Way, source: socket.socket, target: socket.socket, *, proxy: ChaosProxy, weather: Weather
    ) -> None:
        self._way: Way = way
        self._source = source
        self._target = target
        self._proxy = proxy
        self._weather = weather
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._held_bytes = 0
        self._changed = asyncio.Event()
        self.is_silent = False

    async def read(self) -> None:
        loop, is_read = asyncio.get_running_loop(), self._weather.is_read[self._way]
        data = b"before the first"
        while data:
            await is_read.wait()
            try:
                data = await loop.sock_recv(self._source, READ_BYTES)
            except OSError:
                if self.is_silent:
                    await asyncio.Event().wait()  # nobody is told
                raise
            await is_read.wait()  # it may have been stopped while this came
            if self.is_silent:
                if not data:
                    await asyncio.Event().wait()
                continue
            while self._held_bytes >= HELD_BYTES_MAX:
                await self._change()
            self._pieces.append((loop.time() + self._weather.delay_s(), data))
            self._held_bytes += len(data)
            self._changed.set()

    async def write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._pieces:
                await self._change()
            due_s, data = self._pieces.popleft()
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            if not data:
                self._target.shutdown(socket.SHUT_WR)
                return
            for piece in self._sliced(data):
                if not self.is_silent:
                    self._proxy.passed[self._way] += len(piece)
                    await loop.sock_sendall(self._target, piece)
                if rate := self._weather.bytes_per_s:
                    await asyncio.sleep(len(piece) / rate)
            self._held_bytes -= len(data)
            self._changed.set()

    def _sliced(self, data: bytes) -> Iterator[bytes]:
        place = 0
        while place < len(data):
            rate = self._weather.bytes_per_s
            size = max(1, int(rate / SLICES_PER_S)) if rate else len(data)
            yield data[place : place + size]
            place += size

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


async def _cancelled(work: list[asyncio.Task[None]]) -> None:
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)


async def _see_out(sock: socket.socket) -> None:
    """What still comes is taken and dropped until the other has ended too, or for a while."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(END_WAIT_S):
            while await asyncio.get_running_loop().sock_recv(sock, READ_BYTES):
                pass
    sock.close()


def _bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.setblocking(False)
    return sock
