"""The bus: a hint from node to node that something happened. The port, and what every implementation promises.

Promised: messages of this node reach this node's own `receive` at once, without the network. Nothing else: a message
for another node may be lost, repeated or come out of order, and the receiver mends that from the log. `publish` never
blocks, never fails to the caller and holds a bounded queue. `receive` is called in the event loop, one message at a
time, and must not raise.

Kinds: `entry` (an entry of a stream, ready as JSON record), `soft` (presence, typing: not in the log).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from tertulia.domain.ids import StreamName


class BusRefused(Exception):
    """The bus cannot be used as configured; the message says why and what to do."""


class BusMessage(NamedTuple):
    """`channel` routes: the stream's owner, `room/<id>`, `cohort/<id>` or `user/<id>` (side streams share it).

    An entry: `stream`, `epoch`, `seq` and `record`, the entry's `event` record in JSON (`codec.encode_entry`).
    Soft state: `stream` is its kind (`"presence"`, `"typing"`), `seq` is 0, `record` JSON that its owner knows.
    """

    channel: str
    stream: StreamName
    epoch: str
    seq: int
    record: bytes
    node: str = ""


Receive = Callable[[BusMessage], None]


class Bus(Protocol):
    @property
    def is_connected(self) -> bool:
        """Whether other nodes hear us now, as far as is known. Always true in process."""
        ...

    async def start(self, receive: Receive, /) -> None:
        """Begin. Raises `BusRefused` when the configuration can never work (wrong password, not a Redis)."""
        ...

    def publish(self, message: BusMessage, /) -> None: ...

    async def subscribe(self, channel: str) -> None:
        """After it returns, messages of this channel that other nodes publish are received while connected."""
        ...

    async def unsubscribe(self, channel: str) -> None: ...

    async def stop(self) -> None: ...
