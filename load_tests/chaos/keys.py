"""R4: one effect per key. Each command is sent one to four times, over either node, while connections are cut.

Method: people with a connection to each node. A command's copies go out in a random order over random connections,
some of them after a connection was cut, so that an answer is lost and the same key comes again, elsewhere. All answers
to a key must be the same; afterwards the log must hold each text once.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import click
import msgspec

from load_tests.chaos.play import Outcome, Size
from load_tests.chaos.records import PING, PONG, TEXT, control, frames
from load_tests.chaos.stage import COHORT, Stage
from load_tests.chaos.verdict import Acked, Faults, history, judge
from load_tests.frames import masked, upgrade
from tertulia.cli.tokens import issue_with
from tertulia.client import new_key

PEOPLE: Final = 16
ROOMS: Final = 8
RETRIES_MAX: Final = 3
IN_FLIGHT_OF_ONE: Final = 80
"""Commands of a person that are not answered yet."""
CUT_EVERY: Final = 400
"""Commands of a person between cuts of one of its connections."""
SILENCE_S: Final = 60.0


@dataclass(slots=True)
class Sent:
    """A command and what was said about it. `owed`: copies that are still to be sent, or to be answered."""

    key: str
    room: str
    text: str
    owed: int
    seq: int = 0


class _Answer(msgspec.Struct):
    type: str
    id: int | None = None
    stream: str = ""
    seq: int = 0
    dup: bool = False
    code: str = ""
    retry: str = ""


_answer = msgspec.json.Decoder(_Answer)


class Person:
    """One author, on all nodes at once."""

    def __init__(
        self, number: int, stage: Stage, rooms: list[str], *, count: int, cut_every: int, faults: Faults
    ) -> None:
        self.chance = random.Random(number)
        self.faults = faults
        self.sent: list[Sent] = []
        self.copies = self.dups = self.cuts = self.later = 0
        self.token = issue_with(stage.secret, cohort=COHORT, name=f"Author {number}", role="learner", hours=5.0).access
        self._number, self._rooms, self._count, self._cut_every = number, rooms, count, cut_every
        self._ports = [node.port for node in stage.nodes]
        self._lines: list[_Line | None] = [None for _ in self._ports]
        self._waiting: deque[Sent] = deque()
        """Copies to be sent, one each."""
        self._open = 0
        self._moved = asyncio.Event()

    async def speak(self) -> list[Acked]:
        while len(self.sent) < self._count or self._open:
            await self._connect()
            self._go_on()
            if len(self.sent) >= (self.cuts + 1) * self._cut_every:
                self._cut()
            self._moved.clear()
            async with asyncio.timeout(SILENCE_S):
                await self._moved.wait()
        for line in self._lines:
            if line is not None:
                line.close()
        return [Acked(f"room/{one.room}", one.seq, one.text) for one in self.sent]

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        for node, port in enumerate(self._ports):
            if self._lines[node] is None:
                _, line = await loop.create_connection(lambda port=port: _Line(self, port), "127.0.0.1", port)  # type: ignore[misc]
                await line.welcomed.wait()
                self._lines[node] = None if line.is_over else line

    def _go_on(self) -> None:
        while self._open < IN_FLIGHT_OF_ONE and len(self.sent) < self._count:
            copies = 1 + self.chance.randint(0, RETRIES_MAX)
            number = len(self.sent)
            one = Sent(new_key(), self.chance.choice(self._rooms), f"author {self._number} says {number}", copies)
            self.sent.append(one)
            self._open += 1
            self._waiting.extend([one] * copies)
        ready = [line for line in self._lines if line is not None and not line.is_over]
        waiting, self._waiting = [*self._waiting], deque()
        self.chance.shuffle(waiting)
        for one in waiting:
            if not ready:
                self._waiting.append(one)
            else:
                self.copies += 1
                self.chance.choice(ready).send(one)

    def _cut(self) -> None:
        """Right after something was sent over it: whatever is under way has no answer."""
        self.cuts += 1
        there = [line for line in self._lines if line is not None and not line.is_over]
        if there:
            self.chance.choice(there).cut()

    def answered(self, one: Sent, answer: _Answer) -> None:
        if answer.type == "accepted":
            self.dups += answer.dup
            if one.seq and one.seq != answer.seq:
                self.faults.note("duplicate", f"“{one.text}” was accepted as {one.seq} and as {answer.seq}")
            one.seq = one.seq or answer.seq
            self._settle(one)
        elif answer.retry == "later":
            self.later += 1
            self._waiting.append(one)
        else:
            self.faults.note("other", f"“{one.text}” was refused: {answer.code}")
            self._settle(one)
        self._moved.set()

    def lost(self, line: _Line, unanswered: list[Sent]) -> None:
        """What was not answered goes out again."""
        self._lines = [None if mine is line else mine for mine in self._lines]
        self._waiting.extend(unanswered)
        self._moved.set()

    def _settle(self, one: Sent) -> None:
        one.owed -= 1
        self._open -= one.owed == 0


class _Line(asyncio.Protocol):
    """One connection of a person."""

    def __init__(self, person: Person, port: int) -> None:
        self.welcomed = asyncio.Event()
        self.is_over = False
        self._person = person
        self._port = port
        self._buffer = bytearray()
        self._is_upgraded = False
        self._flying: dict[int, Sent] = {}
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(upgrade(self._port, subprotocol="tertulia.v1.json"))

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over = True
        self.welcomed.set()
        unanswered, self._flying = [*self._flying.values()], {}
        self._person.lost(self, unanswered)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_upgraded:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), bytes(head)
            del self._buffer[: len(head) + len(found)]
            self._is_upgraded = True
            self._write({"type": "hello", "token": self._person.token, "streams": {}})
        for opcode, payload in frames(self._buffer):
            if opcode == TEXT:
                for record in payload.split(b"\n"):
                    self._hear(_answer.decode(record))
            elif opcode == PING and self._transport is not None:
                self._transport.write(control(PONG, payload))

    def send(self, one: Sent) -> None:
        id = self._person.copies
        self._flying[id] = one
        self._write({"type": "post_message", "id": id, "key": one.key, "room": one.room, "text": one.text})

    def cut(self) -> None:
        assert self._transport is not None, "it is connected"
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _hear(self, answer: _Answer) -> None:
        if answer.type == "welcome":
            self.welcomed.set()
        elif answer.type in ("accepted", "refused") and answer.id is not None:
            self._person.answered(self._flying.pop(answer.id), answer)

    def _write(self, request: dict[str, object]) -> None:
        assert self._transport is not None, "it is connected"
        self._transport.write(masked(msgspec.json.encode(request)))


def keys(folder: Path, size: Size, count: int) -> Outcome:
    """`count` commands, shared among the people."""
    with Stage(folder, nodes=size.nodes) as stage:
        return asyncio.run(speak_all(stage, count))


async def speak_all(stage: Stage, count: int, *, cut_every: int = CUT_EVERY) -> Outcome:
    outcome = Outcome()
    rooms = await stage.make_rooms(ROOMS)
    each = max(1, count // PEOPLE)
    people = [
        Person(number, stage, rooms, count=each, cut_every=cut_every, faults=outcome.faults) for number in range(PEOPLE)
    ]
    telling = asyncio.create_task(_tell(people, each * PEOPLE))
    acked = [one for some in await asyncio.gather(*(person.speak() for person in people)) for one in some]
    telling.cancel()
    logs = []
    for number in range(len(stage.nodes)):
        async with stage.http(number) as http:
            logs.append({f"room/{room}": await history(http, f"room/{room}") for room in rooms})
    judge(outcome.faults, logs, acked=acked, refused=[], told={}, readers=[])
    outcome.messages = len(acked)
    outcome.notes |= {
        "copies_sent": sum(person.copies for person in people),
        "answered_as_repeated": sum(person.dups for person in people),
        "cuts": sum(person.cuts for person in people),
        "later": sum(person.later for person in people),
    }
    return outcome


async def _tell(people: list[Person], count: int) -> None:
    while True:
        await asyncio.sleep(10.0)
        click.echo(f"  {sum(len(person.sent) for person in people):,} of {count:,}", err=True)
