"""A payload as the bytes of one WebSocket message from the server: unmasked, unfragmented (RFC 6455, 5.2).

Done here and not by the library because the same bytes go to a thousand readers: built once per flush, handed to each
transport as they are.
"""

from __future__ import annotations

from typing import Final, Literal

from tertulia.wire.codec import CodecName

Framing = Literal["text", "binary", "plain"]
"""`plain`: no frame at all, for shells that wrap records themselves (server-sent events)."""

CODEC_OF: Final[dict[Framing, CodecName]] = {"text": "json", "binary": "msgpack", "plain": "json"}
_FIRST_BYTE: Final[dict[Framing, bytes]] = {"text": b"\x81", "binary": b"\x82"}


def frame(payload: bytes, framing: Framing) -> bytes:
    if framing == "plain":
        return payload
    size = len(payload)
    if size < 126:
        head = size.to_bytes(1, "big")
    elif size < 65_536:
        head = b"\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x7f" + size.to_bytes(8, "big")
    return _FIRST_BYTE[framing] + head + payload
