"""What a client finds in one WebSocket message from a server."""

from __future__ import annotations

from typing import Any

import msgpack
import msgspec

from tertulia.outbox import Framing

_read = msgspec.json.Decoder().decode


def records_of(frame: bytes, framing: Framing) -> list[tuple[bytes, dict[str, Any]]]:
    """Its records, each with its bytes when they are JSON."""
    size = frame[1]
    payload = frame[2 if size < 126 else 4 if size == 126 else 10 :]
    if framing == "text":
        return [(line, _read(line)) for line in payload.split(b"\n")]
    unpacker = msgpack.Unpacker()
    unpacker.feed(payload)
    return [(b"", record) for record in unpacker]
