"""The flood (`flood.c`): no server, but a sender that is faster than the generator, to measure that one."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from load_tests.peers.plain import Plain, started
from load_tests.target import Tertulia, numbered_text
from tests.redis_server import free_port

SOURCE = Path(__file__).with_name("flood.c")


class Wording(NamedTuple):
    """A delivery is head, number, tail; how it is counted and its number found."""

    name: str
    head: str
    tail: str
    delivered: bytes
    numbered: re.Pattern[bytes]


AS_TERTULIA = Wording(
    "tertulia",
    '{"type":"event","stream":"room/general","seq":',
    f',"at":1795542369167,"by":"p-n5vklizcwpdv","name":"message_posted","data":{{"text":"{numbered_text(1)}"}}}}',
    Tertulia.delivered,
    Tertulia.numbered,
)
AS_PLAIN = Wording("plain", "#", numbered_text(1)[13:], Plain.delivered, Plain.numbered)


class Flood(Plain):
    def __init__(self, wording: Wording, port: int, pid: int) -> None:
        super().__init__(f"flood, as {wording.name}", port, (pid,))
        self.delivered = wording.delivered
        self.numbered = wording.numbered


@contextmanager
def running(folder: Path, wording: Wording, *, readers: int, batch: int, batches: int) -> Iterator[Flood]:
    """Each of `readers` connections gets `batches` writes of `batch` deliveries, once all are there."""
    program, port = folder / "flood", free_port()
    subprocess.run(["cc", "-O2", "-o", str(program), str(SOURCE)], check=True)
    numbers = [str(number) for number in (port, readers, batch, batches)]
    with started([str(program), *numbers, wording.head, wording.tail], port=port, folder=folder) as process:
        yield Flood(wording, port, process.pid)
