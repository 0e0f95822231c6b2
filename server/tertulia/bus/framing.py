"""A bus message as bytes: a msgpack array `["t2", deployment, channel, node, stream, epoch, seq, record]`.

The first element names the framing: another version, or anything that is not such an array, is `None` and not an error.
Elements after the eighth are ignored, so that later versions may add some. The channel travels inside, because several
share one Redis channel on a cluster. `deployment` tells one installation of Tertulia from another on the same Redis.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tertulia.bus import BusMessage
from tertulia.domain.ids import StreamName


class Framed(msgspec.Struct, frozen=True, array_like=True, tag="t2", gc=False):
    deployment: str
    channel: str
    node: str
    stream: StreamName
    epoch: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    record: bytes

    def message(self) -> BusMessage:
        return BusMessage(self.channel, self.stream, self.epoch, self.seq, self.record, self.node)


_encode = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Framed).decode


def frame(message: BusMessage, deployment: str = "") -> bytes:
    channel, stream, epoch, seq, record, node, _ = message
    return _encode(Framed(deployment, channel, node, stream, epoch, seq, record))


def unframe(payload: bytes) -> Framed | None:
    try:
        return _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
