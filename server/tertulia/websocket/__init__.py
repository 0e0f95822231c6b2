"""The WebSocket shell: one socket each. uvicorn hands connections to `/ws` over to `connection.Connection` (`ws=`).

The library (`websockets`, Sans-I/O) does handshake, framing, masking and close rules; here is scheduling: bytes in by
plain calls, ready-framed bytes out, deadlines by one timing wheel. No task, queue or ASGI scope per connection.
"""
