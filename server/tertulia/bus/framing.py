"""A bus message as bytes: a msgpack array `["t1", node, stream, epoch, seq, record]`.

The first element names the framing: another version, or anything that is not such an array, is `None` and not
an error. Elements after the sixth are ignored, so that later versions may add some. The channel travels as
Redis' channel name.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tertulia.bus import BusMessage
from tertulia.domain.ids import StreamName


class _Framed(msgspec.Struct, frozen=True, array_like=True, tag="t1", gc=False):
    node: str
    stream: StreamName
    epoch: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    record: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Framed).decode


def frame(message: BusMessage) -> bytes:
    return _encode(_Framed(message.node, message.stream, message.epoch, message.seq, message.record))


def unframe(channel: str, payload: bytes) -> BusMessage | None:
    try:
        framed = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return BusMessage(channel, framed.stream, framed.epoch, framed.seq, framed.record, framed.node)
