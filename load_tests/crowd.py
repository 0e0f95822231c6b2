"""A crowd of raw non-blocking sockets on one core: the load generator for Tertulia, the floor program and the peers.

A delivery is counted, not parsed: one `recv` and one `count` for whatever came. A sample of readers is audited: every
number they are sent must follow the one before. Every reader's count is kept, so that a loss or a repeat anywhere
shows, and the order on the sample. What to say and when is the scenarios' business.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable, Mapping

from load_tests.target import Target

BUFFER_BYTES = 1 << 20
CONNECT_DEADLINE_S = 60.0
CONNECTING_AT_ONCE = 256
AUDITED_EVERY = 100
CARRY_BYTES_MAX = 4_096
REFUSED = b'"type":"refused"'


class Audit:
    """The numbers one reader was sent, each of which must follow the one before."""

    def __init__(self, target: Target, *, last: int = 0) -> None:
        self._find = target.numbered.finditer
        self._carry = b""
        self.last = last
        self.faults: list[str] = []

    def hear(self, data: bytes) -> None:
        data = self._carry + data
        end = 0
        for match in self._find(data):
            end = match.end()
            number = int(match[1])
            if self.last and number != self.last + 1:
                what = "repeated" if number == self.last else "lost" if number > self.last else "out of order"
                self.faults.append(f"{what}: {number} after {self.last}")
            self.last = number
        self._carry = data[max(end, len(data) - CARRY_BYTES_MAX) :]


class Member:
    """One connection. `room` is what it follows, or posts to. Answers to posts are counted when it `is_writer`: who
    does not read is one; a scenario may make a reader one too."""

    __slots__ = ("acks", "audit", "deliveries", "is_reader", "is_writer", "number", "rest", "room", "sock")

    def __init__(self, number: int, room: str, sock: socket.socket, *, is_reader: bool, audit: Audit | None) -> None:
        self.number = number
        self.room = room
        self.sock = sock
        self.is_reader = is_reader
        self.is_writer = not is_reader
        self.audit = audit
        self.deliveries = 0
        self.acks = 0
        self.rest = b""
        """The end of what came last, when a word that is counted may go on in what comes next."""


class Crowd:
    """`deliveries`, `acks`, `refused`: over all members, since it began. `answered`: who got how many acks in the last
    `read`."""

    def __init__(self, target: Target, *, first: int = 0, lasts: Mapping[str, int] | None = None) -> None:
        """`first`: the number of the first member; crowds that are there together begin at different ones. `lasts`:
        for each room that is taken up from a position, the number that what is missed there follows."""
        self._lasts = lasts or {}
        self.target = target
        self._next = first
        self.members: list[Member] = []
        self.deliveries = 0
        self.acks = 0
        self.refused = 0
        self.ended = 0
        """Connections the server has closed."""
        self.answered: list[tuple[Member, int]] = []
        self.connect_s: list[float] = []
        self._by_fd: dict[int, Member] = {}
        self._poll = select.epoll()
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        words = (target.delivered, target.acked, REFUSED)
        beginnings = {word[:size] for word in words for size in range(1, len(word))}
        self._beginnings = tuple(sorted(beginnings, key=len, reverse=True))

    # --- coming and going ---------------------------------------------------------------------------------------

    def connect(self, count: int, *, room: str = "general", is_reader: bool = True) -> list[Member]:
        """`count` more members, many at once; returns when each has joined."""
        return self.connect_all([(room, is_reader)] * count)

    def connect_all(self, wanted: Iterable[tuple[str, bool]], *, at_once: int = CONNECTING_AT_ONCE) -> list[Member]:
        """A member for each (room, is_reader). `connect_s` gets how long each took, from its first packet."""
        waiting = deque(enumerate(wanted, start=self._next))
        self._next += len(waiting)
        coming: dict[int, _Coming] = {}
        come: list[Member] = []
        poll = select.epoll()
        deadline = time.perf_counter() + CONNECT_DEADLINE_S
        while waiting or coming:
            assert time.perf_counter() < deadline, f"{len(waiting) + len(coming)} of the crowd could not join in time"
            while waiting and len(coming) < at_once:
                number, (room, is_reader) = waiting.popleft()
                one = _Coming(self.target, number, room, is_reader=is_reader)
                coming[one.sock.fileno()] = one
                poll.register(one.sock.fileno(), select.EPOLLOUT)
            for fd, _ in poll.poll(0.1):
                one = coming[fd]
                events = one.go_on()
                if events:
                    poll.modify(fd, events)
                    continue
                poll.unregister(fd)
                del coming[fd]
                self.connect_s.append(time.perf_counter() - one.began)
                come.append(self._take_in(one))
        poll.close()
        return come

    def _take_in(self, one: _Coming) -> Member:
        is_audited = one.is_reader and one.number % AUDITED_EVERY == 0
        audit = Audit(self.target, last=self._lasts.get(one.room, 0)) if is_audited else None
        member = Member(one.number, one.room, one.sock, is_reader=one.is_reader, audit=audit)
        self.members.append(member)
        self._by_fd[one.sock.fileno()] = member
        self._poll.register(one.sock.fileno(), select.EPOLLIN)
        self.hear(member, one.heard if one.room in self._lasts else one.after_joined())
        return member

    def leave(self, member: Member) -> None:
        self._poll.unregister(member.sock.fileno())
        del self._by_fd[member.sock.fileno()]
        self.members.remove(member)
        member.sock.close()

    def close(self) -> None:
        for member in self.members:
            member.sock.close()
        self._poll.close()

    def cut(self) -> None:
        """All at once and without a word, as by a network that failed: a reset for each."""
        for member in self.members:
            member.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    # --- talking and listening ----------------------------------------------------------------------------------

    def fileno(self) -> int:
        """For `select`: there is something to `read`."""
        return self._poll.fileno()

    def say(self, member: Member, frames: bytes) -> None:
        """Send it all; the server reads, or the run is over."""
        sock, rest = member.sock, memoryview(frames)
        while rest:
            try:
                rest = rest[sock.send(rest) :]
            except BlockingIOError:
                select.select([], [sock], [], 5.0)

    def read(self, timeout_s: float) -> None:
        """Take what has come, one `recv` a member."""
        self.answered.clear()
        by_fd, buffer, view = self._by_fd, self._buffer, self._view
        for fd, _ in self._poll.poll(timeout_s, 4_096):
            member = by_fd[fd]
            try:
                size = member.sock.recv_into(buffer)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                size = 0
            if size:
                self.hear(member, bytes(view[:size]))
            else:
                self.ended += 1
                self.leave(member)

    def hear(self, member: Member, data: bytes) -> None:
        """Count and check what came to a member, wherever it was cut."""
        if member.audit is not None:
            member.audit.hear(data)
        if member.rest:
            data = member.rest + data
            member.rest = b""
        if member.is_reader:
            count = data.count(self.target.delivered)
            member.deliveries += count
            self.deliveries += count
        if member.is_writer:
            self._count_answers(member, data)
        if data.endswith(self._beginnings):
            member.rest = next(word for word in self._beginnings if data.endswith(word))

    def _count_answers(self, member: Member, data: bytes) -> None:
        acks = data.count(self.target.acked) if self.target.acked else 0
        if acks:
            member.acks += acks
            self.acks += acks
            self.answered.append((member, acks))
        self.refused += data.count(REFUSED)

    # --- judging ------------------------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """What is wrong with what was delivered; to be asked when all that was posted has arrived."""
        found = [fault for member in self.members if member.audit for fault in member.audit.faults]
        counts: dict[str, set[int]] = {}
        for member in self.members:
            if member.is_reader:
                counts.setdefault(member.room, set()).add(member.deliveries)
        for room, seen in counts.items():
            if len(seen) > 1:
                found.append(f"{room}: some readers were told {min(seen)} messages, others {max(seen)}")
        return found


class _Coming:
    """A connection on its way in: connected → upgraded → joined."""

    def __init__(self, target: Target, number: int, room: str, *, is_reader: bool) -> None:
        self.number, self.room, self.is_reader = number, room, is_reader
        self._target = target
        self._frames = target.join(number, room=room, is_reader=is_reader)
        self._stage = "connecting"
        self.heard = b""
        """Since the upgrade."""
        self.began = time.perf_counter()
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect_ex(("127.0.0.1", target.port))

    def go_on(self) -> int:
        """What to wait for next; 0 when it has joined."""
        if self._stage == "connecting":
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            assert error == 0, f"the server cannot be reached: {error}"
            self.sock.send(self._target.upgrade(is_reader=self.is_reader))
            self._stage = "upgrading"
            return select.EPOLLIN
        data = self.sock.recv(65_536)
        assert data, f"{self._target.name} closed while {self._stage}: {self.heard[:300]!r}"
        self.heard += data
        if self._stage == "upgrading" and b"\r\n\r\n" in self.heard:
            assert self.heard.startswith(b"HTTP/1.1 101"), self.heard[:200]
            self.heard = self.heard.partition(b"\r\n\r\n")[2]
            self._stage = "joining"
            if self._frames:
                self.sock.send(self._frames)
        if self._stage == "joining" and (not self._target.joined or self._target.joined in self.heard):
            return 0
        return select.EPOLLIN

    def after_joined(self) -> bytes:
        """What came behind the word that it has joined."""
        return self.heard.partition(self._target.joined)[2] if self._target.joined else self.heard
