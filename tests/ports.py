"""Free ports of 127.0.0.1, several that belong together."""

from __future__ import annotations

import socket

from tests.redis_server import free_port


def free_ports(count: int, *, step: int = 1) -> int:
    """The first of `count`, each `step` above the one before."""
    while True:
        ports = range(first := free_port(), first + count * step, step)
        if ports[-1] < 65_536 and all(map(_is_free, ports)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
