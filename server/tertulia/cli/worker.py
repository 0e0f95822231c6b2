"""One worker of `serve --workers N`, seen from both sides: how it is started, and what the two processes say.

The parent hands down the sockets that listen, and one end of a socket pair. Over that the worker says `ready`; the
parent says `listen no more`; and when the parent's end closes, however the parent ended, the worker ends too. Signals
do the rest: SIGTERM is a drain, as for a single process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tertulia.domain import limits

VARIABLE: Final = "TERTULIA_WORKER"
"""`number,channel,socket,socket…`: set for workers only, by their parent. File descriptors, as they are inherited."""

_READY: Final = b"R"
_LISTEN_NO_MORE: Final = b"L"


def leaving_s(drain_window_s: float) -> float:
    """How long a worker may take to drain and to end."""
    return drain_window_s * limits.drain_s / limits.drain_window_s + limits.worker_end_s


# --- the parent's side --------------------------------------------------------------------------------------------


class Worker:
    """One process. It is in a process group of its own, so that a Ctrl-C reaches only the parent."""

    def __init__(self, number: int, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.number = number
        self.born_s = time.monotonic()
        self._process = process
        self._channel = channel
        self._ended = asyncio.create_task(self._wait())

    @classmethod
    async def start(cls, number: int, sockets: Sequence[socket.socket]) -> Worker:
        """The command this process was started with, in a new interpreter: what was installed or configured anew
        counts."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        files = [theirs.fileno(), *(one.fileno() for one in sockets)]
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "tertulia", *sys.argv[1:]),
                stdin=subprocess.DEVNULL,
                env=os.environ | {VARIABLE: ",".join(map(str, [number, *files]))},
                pass_fds=files,
                process_group=0,
            )
        return cls(number, process, ours)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lived_s(self) -> float:
        return time.monotonic() - self.born_s

    async def ended(self) -> int:
        """Waits for its exit code; negative for a signal."""
        return await asyncio.shield(self._ended)

    def when_ended(self, then: Callable[[], None]) -> None:
        self._ended.add_done_callback(lambda _: then())

    async def is_ready(self) -> bool:
        """Waits until it serves; False when it ended instead."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._channel, 1) == _READY
        except OSError:
            return False

    def listen_no_more(self) -> None:
        """Who comes from now on is for others; who is there stays."""
        with contextlib.suppress(OSError):  # it has ended
            self._channel.send(_LISTEN_NO_MORE)

    def signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def _wait(self) -> int:
        code = await self._process.wait()
        self._channel.close()
        return code


# --- the worker's side --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Post:
    """What a worker was given. `leaving_s`: how long it may take to end once the parent is gone."""

    number: int
    sockets: list[socket.socket]
    channel: socket.socket
    leaving_s: float = 0.0

    def ready(self, listen_no_more: Callable[[], None]) -> None:
        """Called in the node's loop."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # the parent is gone; that is seen to below
            self.channel.send(_READY)

        def obey() -> None:
            while self.channel.recv(1) == _LISTEN_NO_MORE:
                loop.call_soon_threadsafe(listen_no_more)

        threading.Thread(target=self._until_orphaned, args=(obey,), name="parent", daemon=True).start()

    def _until_orphaned(self, obey: Callable[[], None]) -> None:
        """A thread of its own, so that a node that hangs ends as well."""
        with contextlib.suppress(OSError, RuntimeError):  # cut, or the loop has ended before the process
            obey()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(self.leaving_s)
        os._exit(1)


def post_of_this_process() -> Post | None:
    """None: it is no worker. A worker leaves SIGHUP to its parent."""
    given = os.environ.pop(VARIABLE, "")
    if not given:
        return None
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    number, channel, *sockets = map(int, given.split(","))
    return Post(number, [_inherited(file) for file in sockets], _inherited(channel))


def _inherited(file: int) -> socket.socket:
    os.set_inheritable(file, False)
    return socket.socket(fileno=file)
