"""The outbox of one connection."""

from __future__ import annotations

from collections.abc import Callable

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, StreamName
from tertulia.outbox.framing import CODEC_OF, Framing, frame
from tertulia.wire.codec import encode_one, join
from tertulia.wire.records import Record

Write = Callable[[bytes], object]


class Outbox:
    """`write(frame)` goes straight to the transport: the fast path of a fan-out is `if out.is_clear: out.write(frame)`.

    The shell calls `blocked` and `cleared` as its transport's buffer passes `queue_bytes_low`. `queued()` tells the
    bytes the transport holds. `soon(f)` runs f at the end of this loop turn. `replies`: records of this reader's own
    that wait for that; who pushes before it takes them along (`write_with_replies`).
    """

    __slots__ = (
        "_is_flush_due",
        "_queued",
        "_soon",
        "codec",
        "framing",
        "is_clear",
        "lagging",
        "missed_presence",
        "missed_sessions",
        "missed_tallies",
        "on_cleared",
        "replies",
        "write",
    )

    def __init__(
        self,
        write: Write,
        *,
        queued: Callable[[], int],
        soon: Callable[[Callable[[], None]], object],
        framing: Framing,
    ) -> None:
        self.write = write
        self.framing: Framing = framing
        self.codec = CODEC_OF[framing]
        self.is_clear = True
        self.lagging: dict[StreamName, int] = {}
        """Streams that no longer fitted, with the last seq that was sent."""
        self.missed_tallies: dict[RoomId, set[int]] = {}
        self.missed_presence: dict[RoomId, None] = {}
        self.missed_sessions: dict[RoomId, None] = {}
        self.on_cleared: Callable[[], None] = _nothing
        self._queued = queued
        self._soon = soon
        self.replies: list[bytes] = []
        self._is_flush_due = False

    def say(self, record: Record) -> None:
        """Owe this reader a record of its own; all of one loop turn leave as one message."""
        self.say_bytes(encode_one(record, self.codec))

    def say_bytes(self, record: bytes) -> None:
        self.replies.append(record)
        if not self._is_flush_due:
            self._is_flush_due = True
            self._soon(self.flush)

    def flush(self) -> None:
        """Write what is owed now, before anything else is written."""
        self._is_flush_due = False
        if self.replies:
            self.write(self._take_replies())

    def write_with_replies(self, frames: list[bytes]) -> None:
        """What is owed, then these frames: in one write, where frames tell by themselves where they end."""
        if self.framing == "plain":
            self.flush()
            for bytes_ in frames:
                self.write(bytes_)
        else:
            self.write(b"".join([self._take_replies(), *frames]))

    def _take_replies(self) -> bytes:
        replies, self.replies = self.replies, []
        return frame(join(replies, self.codec), self.framing)

    @property
    def queue_bytes(self) -> int:
        """What waits in the server's own memory for the peer to take it."""
        return self._queued()

    def fits(self, size_bytes: int) -> bool:
        return self._queued() + size_bytes <= limits.queue_bytes_max

    def lag(self, stream: StreamName, *, last: int) -> None:
        """Durable records of this stream no longer fit: the reader will be told, and pull."""
        self.lagging.setdefault(stream, last)

    def miss_tally(self, room: RoomId, messages: set[int]) -> None:
        self.missed_tallies.setdefault(room, set()).update(messages)

    def blocked(self) -> None:
        self.is_clear = False

    def cleared(self) -> None:
        self.is_clear = True
        self.on_cleared()


def _nothing() -> None:
    pass
