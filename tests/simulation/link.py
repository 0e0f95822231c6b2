"""A connection without sockets: bytes in order, with latency, until it is cut; what is in flight then is lost.

On the server's side it is what `websocket/connection.py` and its transport are: it makes the `Conversation` with its
outbox, tells them when the buffer is full (`blocked`) and has room again (`cleared`), reads nothing from a peer that
does not read, and cuts one that takes nothing at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from random import Random
from typing import TYPE_CHECKING, Protocol

from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.outbox import Framing, Outbox
from tertulia.wire.closing import Closing

if TYPE_CHECKING:
    from tests.simulation.host import Host


class Peer(Protocol):
    """The client's end."""

    def heard(self, link: Link, frame: bytes) -> None: ...
    def lost(self, link: Link, code: int) -> None:
        """`code`: the close code, 1006 when there was none."""
        ...


class Link:
    """`bytes_per_s` None: the peer reads as fast as it comes. `freeze` and `thaw`: it stops reading for a while."""

    def __init__(
        self, host: Host, peer: Peer, *, random: Random, latency_s: float, bytes_per_s: float | None, framing: Framing
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._host = host
        self._owner = host.owner
        self._peer = peer
        self._random = random
        self._latency_s = latency_s
        self._bytes_per_s = bytes_per_s
        self.framing: Framing = framing
        self.is_up = True
        """The client believes in it."""
        self.is_served = True
        """The server believes in it."""
        self._is_whole = True
        self._up_at = self._down_at = 0.0
        self._going_up: deque[bytes] = deque()
        self._going_down: deque[bytes | int] = deque()
        """In flight, in order: timers of the same moment fire in any order, bytes do not arrive in any. An int is the
        close code."""
        self._unread: deque[bytes] = deque()
        self._is_reading = True
        self._buffer: deque[bytes] = deque()
        self._buffered = 0
        self._taken = 0
        self._is_frozen = False
        self._is_draining = False
        self.is_flowing = bytes_per_s is None
        """It was never frozen nor slow."""
        outbox = Outbox(self.write, queued=self._queued, soon=self._soon, framing=framing)
        self.conversation = Conversation(host.desk, outbox, self)

    # --- the client's side ----------------------------------------------------------------------------------------

    def send(self, payload: bytes) -> None:
        if self.is_up:
            self._up_at = max(self._up_at, self._loop.time() + self._delay_s())
            self._going_up.append(payload)
            self._loop.call_at(self._up_at, self._arrive_up, context=self._owner.context)

    def cut(self, *, client_after_s: float, server_after_s: float) -> None:
        """Nothing passes any more; each side finds out in its own time."""
        if self._is_whole:
            self._is_whole = False
            self._loop.call_later(client_after_s, self._client_loses, 1006, context=self._host.world.owner.context)
            self._loop.call_later(server_after_s, self._server_loses, context=self._owner.context)

    def freeze(self) -> None:
        self._is_frozen, self.is_flowing = True, False

    def thaw(self) -> None:
        self._is_frozen = False
        self._drain_soon()

    def _client_loses(self, code: int) -> None:
        if self.is_up:
            self.is_up = False
            self._peer.lost(self, code)

    def _arrive_down(self) -> None:
        arrived = self._going_down.popleft()
        if not self._is_whole:
            return
        if isinstance(arrived, int):
            self._is_whole = False
            self._client_loses(arrived)
        elif self.is_up:
            self._peer.heard(self, arrived)

    # --- the server's side ------------------------------------------------------------------------------------------

    def write(self, frame: bytes) -> None:
        """What `transport.write` does: never blocks, buffers what the peer does not take."""
        if not self.is_served:
            return
        self._host.world.wrote(self, frame)
        if self._bytes_per_s is None and not self._is_frozen and not self._buffer:
            self._depart(frame)
            return
        self._buffer.append(frame)
        self._buffered += len(frame)
        if self._buffered > limits.queue_bytes_low and self._is_reading:
            self._is_reading = False
            self._loop.call_later(limits.write_deadline_s, self._abort_if_stuck, self._taken)
            self.conversation.outbox.blocked()
        self._drain_soon()

    def close(self, closing: Closing) -> None:
        """After what was written. (`conversation.Link`)"""
        self.is_served = False
        self._host.links.pop(self, None)
        self._depart(closing.code)

    def die(self) -> None:
        """The server's process is gone: nobody says `gone` to anybody."""
        self.is_served = False
        self._host.links.pop(self, None)
        if self._is_whole:
            self._is_whole = False
            self._loop.call_later(self._delay_s(), self._client_loses, 1006, context=self._host.world.owner.context)

    def _server_loses(self) -> None:
        self.is_served = False
        self._host.links.pop(self, None)
        self.conversation.gone()

    def _arrive_up(self) -> None:
        payload = self._going_up.popleft()
        if self._is_whole and self.is_served:
            self._unread.append(payload)
            self._read()

    def _read(self) -> None:
        while self._unread and self._is_reading and self.is_served:
            self.conversation.receive(self._unread.popleft())

    def _queued(self) -> int:
        return self._buffered

    def _soon(self, flush: object) -> None:
        self._loop.call_soon(flush)  # type: ignore[arg-type]

    def _depart(self, frame: bytes | int) -> None:
        self._down_at = max(self._down_at, self._loop.time() + self._delay_s())
        self._going_down.append(frame)
        self._loop.call_at(self._down_at, self._arrive_down, context=self._host.world.owner.context)

    def _drain_soon(self) -> None:
        if self._buffer and not self._is_draining and not self._is_frozen:
            self._is_draining = True
            seconds = len(self._buffer[0]) / self._bytes_per_s if self._bytes_per_s else 0.0
            self._loop.call_later(seconds, self._drain, context=self._owner.context)

    def _drain(self) -> None:
        self._is_draining = False
        if self._is_frozen or not self._buffer:
            return
        frame = self._buffer.popleft()
        self._buffered -= len(frame)
        self._taken += len(frame)
        self._depart(frame)
        if not self._is_reading and self._buffered <= limits.queue_bytes_low // 4:
            self._is_reading = True
            if self.is_served:
                self.conversation.outbox.cleared()
            self._read()
        self._drain_soon()

    def _abort_if_stuck(self, taken: int) -> None:
        if self._is_reading or not self.is_served:
            return
        if self._taken == taken:
            self.cut(client_after_s=self._delay_s(), server_after_s=0.0)
        else:
            self._loop.call_later(limits.write_deadline_s, self._abort_if_stuck, self._taken)

    def _delay_s(self) -> float:
        return self._latency_s * (0.5 + self._random.random())
