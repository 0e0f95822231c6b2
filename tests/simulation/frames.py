"""What a client finds in what a server wrote at once: one WebSocket message or more."""

from __future__ import annotations

from typing import Any

import msgpack
import msgspec

from tertulia.outbox import Framing

_read = msgspec.json.Decoder().decode


def records_of(written: bytes, framing: Framing) -> list[tuple[bytes, dict[str, Any]]]:
    """Its records, each with its bytes when they are JSON."""
    records: list[tuple[bytes, dict[str, Any]]] = []
    while written:
        payload, written = _first(written)
        if framing == "text":
            records += [(line, _read(line)) for line in payload.split(b"\n")]
        else:
            unpacker = msgpack.Unpacker()
            unpacker.feed(payload)
            records += [(b"", record) for record in unpacker]
    return records


def _first(written: bytes) -> tuple[bytes, bytes]:
    """The payload of the first frame, and what follows it."""
    head, size = 2, written[1]
    if size >= 126:
        head = 4 if size == 126 else 10
        size = int.from_bytes(written[2:head], "big")
    return written[head : head + size], written[head + size :]
