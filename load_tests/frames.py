"""The bytes of a WebSocket client, as a load generator needs them: prebuilt, with a masking key of zero.

What is *not* here: reading frames. The generator counts records in the bytes as they come (`crowd.py`).
"""

from __future__ import annotations

import base64

_KEY = base64.b64encode(b"0123456789abcdef").decode()


def upgrade(port: int, *, path: str = "/ws", subprotocol: str = "") -> bytes:
    """The request that turns a connection into a WebSocket."""
    wanted = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n{wanted}\r\n"
    ).encode()


def masked(payload: bytes, *, is_binary: bool = False) -> bytes:
    """A client's frame. The masking key is zero, so that the payload stands as it is."""
    size, first = len(payload), 0x82 if is_binary else 0x81
    if size < 126:
        head = bytes([first, 0x80 | size])
    elif size < 65_536:
        head = bytes([first, 0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, 0x80 | 127]) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload
