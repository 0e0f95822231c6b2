"""The words of the protocol: what a client may send, what it is told, how both become bytes and how events are kept.

Pure like `domain`: no socket, no clock, no await. protocol.md is the source of truth; tests compare the two.

- `requests`: client → server, decoded in one typed pass.
- `records`: server → client.
- `codec`: JSON and msgpack, both ways, and the record that is encoded once for all readers.
- `closing`: the close codes with their verdicts.
- `stored`: the entry of the log, its version, and how an old one is read.
"""
