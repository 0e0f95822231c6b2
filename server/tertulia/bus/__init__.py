"""The bus: a hint from node to node that something happened. The port, and what each implementation promises.

Promised: messages of this node reach this node's own `receive` at once, without the network. Nothing else: a
message for another node may be lost, repeated or come out of order, and the receiver mends that from the log.
`publish` never blocks, never fails to the caller and holds a bounded queue. `receive` is called in the event
loop, one message at a time (what is published inside `receive` comes after it), and must not raise; if it
does, that is logged and nothing else. A message of this node reaches `receive` whether or not its channel is
subscribed to, and only once.

Kinds: `entry` (an entry of a stream, ready as JSON record), `soft` (presence, typing: not in the log).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from tertulia.domain.ids import StreamName
from tertulia.wire.stored import Entry

NODES: Final = "nodes"
"""A channel of soft messages from node to node, which every node hears without subscribing to it."""


class BusRefused(Exception):
    """The bus cannot be used as configured; the message says why and what to do."""


class BusMessage(NamedTuple):
    """`channel` routes: the stream's owner, `room/<id>`, `cohort/<id>` or `user/<id>`; side streams share it.

    An entry: `stream`, `epoch`, `seq` and `record`, its `event` record in JSON (`codec.encode_entry`).
    Soft state: `stream` is its kind (`"presence"`, `"typing"`), `seq` is 0, `record` JSON its owner knows.
    """

    channel: str
    stream: StreamName
    epoch: str
    seq: int
    record: bytes
    node: str = ""
    entry: Entry | None = None
    """The entry itself, for this node's own ears; it does not travel."""


Receive = Callable[[BusMessage], None]
OnMissed = Callable[[frozenset[str] | None], None]
"""The channels on which something may have been missed; None: on all of them."""


class BusCounts:
    """Totals since the start, for metrics.

    `published`: messages of this node. `received`: other nodes' messages. `dropped`: own messages that other
    nodes are not told (the queue was full, or they were soft and the network was away). `foreign`: messages
    on our channels that are not ours to read: garbled, of another program, version or installation. `unwanted`:
    other nodes' messages for channels that this node does not want, but that share a way with one it does.
    `reconnects`: times a connection was made anew.
    """

    __slots__ = ("dropped", "foreign", "published", "received", "reconnects", "unwanted")

    def __init__(self) -> None:
        self.published = 0
        self.received = 0
        self.dropped = 0
        self.foreign = 0
        self.unwanted = 0
        self.reconnects = 0


class Bus(Protocol):
    @property
    def counts(self) -> BusCounts: ...

    @property
    def is_connected(self) -> bool:
        """Whether other nodes hear us now, as far as is known. Always true in process."""
        ...

    async def start(self, receive: Receive, on_missed: OnMissed) -> None:
        """Begin. Raises `BusRefused` when it does not work now (wrong password, not a Redis, nobody there).

        `on_missed` is called in the event loop when what other nodes published lately may be missing, so
        that the log is asked for heads: with None after each outage, when all channels are subscribed to
        again; with the channels whose subscription came about later than `subscribe` could wait, or had
        to be made anew elsewhere, once they are heard. Each of those that is still wanted is told, whatever
        becomes of others; those that come at the same time are told together. It must not raise.
        """
        ...

    def publish(self, message: BusMessage, /) -> None:
        """Tell this node now and the others soon. `message.node` is filled in by the bus."""
        ...

    async def subscribe(self, channel: str) -> None:
        """After it returns, messages of this channel that other nodes publish are received while connected.

        Without a connection it returns at once, with one that does not answer after `bus_subscribe_wait_s`;
        the wish is kept, and `on_missed` says when it came true. Channels are a set: twice is once.
        """
        ...

    async def unsubscribe(self, channel: str) -> None: ...

    async def stop(self) -> None:
        """Tell what is still queued, for at most `bus_stop_wait_s`, then end. Nothing is received after it."""
        ...
