"""What a crowd talks to: a Tertulia, the floor program, or a peer. One generator for all of them.

A target says how to join, how to post, and how a delivery is known in the bytes. `delivered` stands exactly once in
each delivery; `numbered` finds, in the bytes one reader is sent, a number that must grow by one from delivery to
delivery.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from load_tests.frames import masked, upgrade
from tests.servers import Server

TEXT_BYTES = 200
_runs = itertools.count()


def numbered_text(number: int) -> str:
    """A message of `TEXT_BYTES`; the same for every target."""
    return f"#{number:012}#said".ljust(TEXT_BYTES, "x")


TEXT_DELIVERED = b"#said"
"""Stands once in each such text, and none of its letters in the filling: so it is found several times as fast."""
TEXT_NUMBERED = re.compile(rb"#(\d{12})#said")


class Target(Protocol):
    name: str
    joined: bytes
    """What a connection is sent once its joining is done."""
    delivered: bytes
    numbered: re.Pattern[bytes]
    acked: bytes
    """Stands once in each answer to a post; empty when this target does not answer."""

    @property
    def port(self) -> int: ...

    @property
    def pids(self) -> Sequence[int]:
        """The processes whose CPU counts."""

    def upgrade(self, *, is_reader: bool) -> bytes: ...

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        """What connection `number` sends after its upgrade."""

    def post(self, number: int, *, room: str) -> bytes:
        """The frame of post `number`."""


class Tertulia:
    """`connections_of_one`: how many one person has (the server allows 20). `positions`: epoch and seq from which a
    room is taken up; without one, from its head."""

    name = "tertulia"
    joined = b'"type":"live"'
    delivered = b'"message_posted"'
    numbered = re.compile(rb'"seq":(\d+),"at":\d+,"by":"[^"]*","name":"message_posted"')
    acked = b'"accepted"'

    def __init__(
        self,
        server: Server,
        *,
        connections_of_one: int = 15,
        positions: Mapping[str, tuple[str, int]] | None = None,
    ) -> None:
        self.server = server
        self._connections_of_one = connections_of_one
        self._positions = positions or {}
        self._run = next(_runs)  # its posts are not those of another run: keys differ
        self._tokens: dict[int, str] = {}

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def pids(self) -> Sequence[int]:
        return (self.server.pid,)

    def upgrade(self, *, is_reader: bool) -> bytes:
        return upgrade(self.server.port, subprotocol="tertulia.v1.json")

    def token(self, number: int) -> str:
        person = number // self._connections_of_one
        if person not in self._tokens:
            self._tokens[person] = self.server.token(f"Person {person}", hours=5.0)
        return self._tokens[person]

    def hello(self, number: int, streams: dict[str, object]) -> bytes:
        return masked(json.dumps({"type": "hello", "token": self.token(number), "streams": streams}).encode())

    def join(self, number: int, *, room: str, is_reader: bool) -> bytes:
        if not is_reader:
            return self.hello(number, {"cohort/demo": "head"})
        if room not in self._positions:
            return self.hello(number, {f"room/{room}": "head"})
        epoch, seq = self._positions[room]
        return self.hello(number, {f"room/{room}": {"epoch": epoch, "seq": seq}})

    def post(self, number: int, *, room: str) -> bytes:
        return masked(
            b'{"type":"post_message","id":%d,"key":"post-%d-%03d-%012d","room":"%b","text":"%b"}'
            % (number, self.server.port, self._run, number, room.encode(), numbered_text(number).encode())
        )
