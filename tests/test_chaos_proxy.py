"""The chaos proxy does what it says, to real sockets: each fault is there, nothing else is, and it ends."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.chaos_proxy import ChaosProxy, Cut, Way

PATIENCE_S = 10.0
SILENCE_S = 0.15
"""So long nothing is awaited of a direction that is dead."""


class Ends:
    """Both ends of a connection through the proxy."""

    def __init__(self, proxy: ChaosProxy, listener: socket.socket, stack: ExitStack) -> None:
        self.client = stack.enter_context(closing(socket.create_connection(("127.0.0.1", proxy.port), PATIENCE_S)))
        accepted, _ = listener.accept()
        self.server = stack.enter_context(closing(accepted))
        self.server.settimeout(PATIENCE_S)

    def of(self, way: Way) -> tuple[socket.socket, socket.socket]:
        """Who sends this way, and who hears."""
        return (self.client, self.server) if way == "there" else (self.server, self.client)

    def goes(self, way: Way, data: bytes = b"hello") -> bool:
        sender, hearer = self.of(way)
        sender.sendall(data)
        return heard(hearer, len(data)) == data


def heard(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := sock.recv(size - len(data))):
        data += piece
    return data


def hears_nothing(sock: socket.socket) -> bool:
    sock.settimeout(SILENCE_S)
    try:
        return sock.recv(1) is None
    except TimeoutError:
        return True
    finally:
        sock.settimeout(PATIENCE_S)


class Scene:
    def __init__(self, stack: ExitStack) -> None:
        self.listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.listener.settimeout(PATIENCE_S)
        self.proxy = stack.enter_context(ChaosProxy(self.listener.getsockname()[1], seed=5))
        self._stack = stack

    def connect(self) -> Ends:
        return Ends(self.proxy, self.listener, self._stack)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack)


def test_bytes_and_a_clean_end_go_both_ways(scene: Scene) -> None:
    ends = scene.connect()
    assert ends.goes("there")
    assert ends.goes("back", b"x" * 100_000)
    assert scene.proxy.passed == {"there": 5, "back": 100_000}
    ends.client.shutdown(socket.SHUT_WR)
    assert ends.server.recv(1) == b""
    assert ends.goes("back"), "one side has ended, the other goes on"
    ends.server.close()
    assert ends.client.recv(1) == b""
    assert scene.proxy.taken == 1


def test_latency_delays_and_keeps_the_order(scene: Scene) -> None:
    ends = scene.connect()
    scene.proxy.slow(latency_s=0.05, jitter_s=0.05)
    began = time.monotonic()
    for number in range(10):
        ends.client.sendall(b"%d" % number)
        time.sleep(0.002)
    assert heard(ends.server, 10) == b"0123456789"
    assert time.monotonic() - began >= 0.05
    scene.proxy.heal()
    assert ends.goes("there")


def test_a_bandwidth_is_kept(scene: Scene) -> None:
    ends = scene.connect()
    scene.proxy.slow(bytes_per_s=20_000)
    began = time.monotonic()
    assert ends.goes("there", b"x" * 5_000)
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("how", ["reset", "end"])
def test_a_cut_reaches_both_sides(scene: Scene, how: Cut) -> None:
    ends = scene.connect()
    assert ends.goes("there")
    assert scene.proxy.cut(how) == 1
    for sock in (ends.client, ends.server):
        if how == "end":
            assert sock.recv(1) == b""
        else:
            with pytest.raises(ConnectionResetError):
                sock.recv(1)
    assert scene.connect().goes("back"), "new connections go on"


@pytest.mark.parametrize(("dead", "alive"), [("there", "back"), ("back", "there")])
def test_half_open_one_direction_dies_silently(scene: Scene, dead: Way, alive: Way) -> None:
    ends = scene.connect()
    assert ends.goes(dead)
    assert scene.proxy.silence(dead) == 1
    sender, hearer = ends.of(dead)
    sender.sendall(b"lost")
    assert hears_nothing(hearer)
    assert ends.goes(alive)
    assert scene.connect().goes(dead), "a new connection is whole"
    sender.shutdown(socket.SHUT_WR)
    assert hears_nothing(hearer), "its end is not told either"
    scene.proxy.heal()
    with pytest.raises(ConnectionResetError):
        hearer.recv(1)


def test_who_is_not_read_blocks_and_loses_nothing(scene: Scene) -> None:
    ends = scene.connect()
    scene.proxy.stop_reading("there")
    ends.client.setblocking(False)
    sent = 0
    deadline = time.monotonic() + PATIENCE_S
    blocked_at = None
    while time.monotonic() < deadline:
        try:
            sent += ends.client.send(b"x" * 65_536)
            blocked_at = None
        except BlockingIOError:
            blocked_at = blocked_at or time.monotonic()
            if time.monotonic() > blocked_at + SILENCE_S:
                break
            time.sleep(0.01)
    else:
        pytest.fail("it never blocked")
    ends.client.settimeout(PATIENCE_S)
    assert hears_nothing(ends.server)
    assert ends.goes("back")
    scene.proxy.heal()
    assert len(heard(ends.server, sent)) == sent


def test_new_connections_are_refused_and_those_that_are_there_go_on(scene: Scene) -> None:
    ends = scene.connect()
    scene.proxy.refuse()
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", scene.proxy.port), PATIENCE_S)
    assert ends.goes("there")
    scene.proxy.heal()
    assert scene.connect().goes("there"), "on the same port"


def test_new_connections_go_to_another_target(scene: Scene) -> None:
    first = scene.connect()
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(PATIENCE_S)
        scene.proxy.target_port = other.getsockname()[1]
        with ExitStack() as stack:
            second = Ends(scene.proxy, other, stack)
            assert second.goes("there")
    assert first.goes("there")


def test_a_target_that_is_not_there_is_a_reset(scene: Scene) -> None:
    scene.listener.close()

    def knock() -> None:
        with closing(socket.create_connection(("127.0.0.1", scene.proxy.port), PATIENCE_S)) as client:
            client.recv(1)

    with pytest.raises(ConnectionResetError):  # while it connects, or right after
        knock()
