"""P11: twenty who read nothing and twenty who read a kilobyte a second, among a thousand who read.

Rounds with and without them alternate on one server, so that what the machine does to one it does to the other. What
is held for a slow reader is seen from outside: by `ss`, what the kernel holds; by /metrics, what the server does.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple

import httpx

from load_tests import process
from load_tests.crowd import Crowd, Member
from load_tests.fan_out import READERS, Unsound
from load_tests.figures import Figure, at_least, at_most, part, plain
from load_tests.frames import masked
from load_tests.target import Tertulia, numbered_text
from tests.servers import Server

DEAF = 20
SLOW = 20
SLOW_BYTES_PER_S = 1_000
PER_S = 20.0
TEXT_BYTES = 3_000
ROUNDS = 3
FIRST_SLOW = 10_000
CUT_DEADLINE_S = 25.0
HELD_BYTES_MAX = 262_144


class Long(Tertulia):
    """Longer messages, so that a reader who reads nothing is soon full."""

    def post(self, number: int, *, room: str) -> bytes:
        text = numbered_text(number).ljust(TEXT_BYTES, "x").encode()
        return masked(
            b'{"type":"post_message","id":%d,"key":"slow-%d-%012d","room":"%b","text":"%b"}'
            % (number, self._run, number, room.encode(), text)
        )


class Talk:
    """The healthy readers and their writer, who says `PER_S` messages a second."""

    def __init__(self, target: Tertulia) -> None:
        self.crowd = Crowd(target)
        self.healthy = self.crowd.connect(READERS)
        (self.writer,) = self.crowd.connect(1, is_reader=False)
        self.said = 0
        self.before = 0

    def go_on(self, seconds: float, meanwhile: Meanwhile, *, is_watched: bool = False) -> list[float]:
        """How long each message took to the last healthy reader, from when it was to be said. `is_watched`: what is
        held for the slow ones is looked at, which holds this process up."""
        crowd, target = self.crowd, self.crowd.target
        due: list[float] = []
        heard = crowd.deliveries
        waits_s: list[float] = []
        begun = time.perf_counter()
        count = int(seconds * PER_S)
        while len(waits_s) < count:
            now = time.perf_counter()
            if len(due) < count and now >= begun + len(due) / PER_S:
                due.append(begun + len(due) / PER_S)
                self.said += 1
                crowd.say(self.writer, target.post(self.said, room="general"))
            meanwhile.turn(now, is_watched=is_watched)
            crowd.read(0.005)
            now = time.perf_counter()
            while len(waits_s) < (crowd.deliveries - heard) // READERS:
                waits_s.append(now - due[len(waits_s)])
            assert now < begun + seconds + 30, "the healthy readers did not get everything"
        return waits_s

    def faults(self) -> list[str]:
        found = self.crowd.faults()
        if self.crowd.refused or self.crowd.ended:
            found.append(f"{self.crowd.refused} posts refused, {self.crowd.ended} healthy readers cut")
        return found


class Held(NamedTuple):
    """The most that was held for one slow reader: by the kernel, by the server."""

    kernel_bytes: int
    server_bytes: int


class Meanwhile:
    """The slow ones: connected when told to, then read by nobody, or a little at a time."""

    def __init__(self, target: Tertulia, server: Server) -> None:
        self._target = target
        self._server = server
        self._crowd: Crowd | None = None
        self._deaf: Sequence[Member] = ()
        self._slow: Sequence[Member] = ()
        self._looked_at = 0.0
        self._read_at = 0.0
        self._begun = 0.0
        self.cut_after_s: list[float] = []
        self.held = Held(0, 0)

    def come(self) -> None:
        self._crowd = Crowd(self._target, first=FIRST_SLOW)
        self._deaf = self._crowd.connect(DEAF)
        self._slow = self._crowd.connect(SLOW)
        for member in [*self._deaf, *self._slow]:
            member.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self._begun = time.perf_counter()

    def go(self) -> None:
        if self._crowd is not None:
            self._crowd.close()
        self._crowd, self._deaf, self._slow = None, (), ()

    def turn(self, now: float, *, is_watched: bool) -> None:
        if self._crowd is None:
            return
        if now > self._read_at + 1.0:
            self._read_at = now
            for member in self._slow:
                try:
                    member.sock.recv(SLOW_BYTES_PER_S)
                except (BlockingIOError, ConnectionResetError):
                    continue
        if is_watched and now > self._looked_at + 0.5:
            self._looked_at = now
            self._look(now)

    def _look(self, now: float) -> None:
        ports = {member.sock.getsockname()[1] for member in [*self._deaf, *self._slow]}
        queues = send_queues(self._server.port)
        self.held = Held(
            max([self.held.kernel_bytes, *(queue for port, queue in queues.items() if port in ports)]),
            max(self.held.server_bytes, largest_queue(self._server)),
        )
        gone = sum(member.sock.getsockname()[1] not in queues for member in self._deaf)
        self.cut_after_s += [now - self._begun] * (gone - len(self.cut_after_s))


def send_queues(port: int) -> dict[int, int]:
    """Peer's port → bytes the kernel holds for it on the server's side, from `ss`."""
    listed = subprocess.run(
        ["ss", "-Htn", "state", "established", f"( sport = :{port} )"], capture_output=True, text=True, check=True
    ).stdout
    queues = {}
    for row in listed.splitlines():
        _, queue, _, peer = row.split()[:4]
        queues[int(peer.rpartition(":")[2])] = int(queue)
    return queues


def largest_queue(server: Server) -> int:
    """The most bytes that the server's own memory holds for one connection now, from /metrics."""
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    found = re.search(r"^tertulia_queue_bytes_largest (\S+)", text, re.M)
    assert found is not None, "the server tells its largest queue"
    return int(float(found[1]))


def slow_readers(server: Server, seconds: float) -> dict[str, Figure]:
    with process.apart([server.pid]):
        target = Long(server)
        talk, meanwhile = Talk(target), Meanwhile(target, server)
        try:
            alone, beside = list[float](), list[float]()
            talk.go_on(1.0, meanwhile)
            for _ in range(ROUNDS):
                alone += talk.go_on(seconds, meanwhile)
                meanwhile.come()
                beside += talk.go_on(seconds, meanwhile)
                meanwhile.go()
            meanwhile.come()
            talk.go_on(CUT_DEADLINE_S, meanwhile, is_watched=True)
            if faults := talk.faults():
                raise Unsound(faults)
        finally:
            meanwhile.go()
            talk.crowd.close()
    ratio = part(beside, 0.99) / part(alone, 0.99)
    cut = len(meanwhile.cut_after_s)
    return {
        "P11": at_most(ratio, "× healthy p99 without slow readers", 1.10),
        "P11_p99_ms_alone": plain(part(alone, 0.99) * 1000, "ms to the last healthy reader"),
        "P11_p99_ms_beside": plain(part(beside, 0.99) * 1000, "ms to the last healthy reader"),
        "P11_p50_ratio": plain(part(beside, 0.5) / part(alone, 0.5), "× healthy p50 without slow readers"),
        "P11_held_by_server": at_most(meanwhile.held.server_bytes, "bytes for one reader, at most", HELD_BYTES_MAX),
        "P11_held_by_kernel": at_most(meanwhile.held.kernel_bytes, "bytes for one reader, at most", HELD_BYTES_MAX),
        "P11_deaf_cut": at_least(cut, f"of {DEAF} who read nothing", DEAF),
        "P11_cut_after_s": plain(max(meanwhile.cut_after_s, default=0.0), "s after they came, all of them"),
    }
