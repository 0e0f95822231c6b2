"""The checker of `make chaos` can fail: each kind of wrong, planted on purpose, is named; what is right is not blamed.

Planted in what a node sends to one reader (over a real WebSocket that a relay of ours spoils), and in what is compared
at the end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence

import pytest

from load_tests.chaos.play import Outcome
from load_tests.chaos.readers import Crowd
from load_tests.chaos.records import Heard, Messages, frames, heard_in_page, words
from load_tests.chaos.verdict import Acked, Faults, Kind, Reached, judge

SECRET = b"a secret of the tests, long enough for them"
STREAM = "room/general"


def event(seq: int, text: str = "") -> dict[str, object]:
    said = {"text": text or words(0, 0, seq)}
    return {"type": "event", "stream": STREAM, "seq": seq, "at": 1_000 + seq, "by": "p-1", "name": "message_posted",
            "data": said}  # fmt: skip


LIVE = {"type": "live", "stream": STREAM, "epoch": "e", "seq": 3}
SNAPSHOT = {"type": "snapshot", "stream": STREAM, "epoch": "e", "seq": 9, "state": {}}


def welcome(result: str = "ok") -> dict[str, object]:
    return {"type": "welcome", "streams": {STREAM: {"result": result, "epoch": "e", "seq": 3}}}


class Told:
    """A node that says to each connection what it is given, one script a connection, and then closes it; the last one
    stays."""

    def __init__(self, *scripts: Sequence[dict[str, object]]) -> None:
        self._scripts = list(scripts)
        self.hellos: list[dict[str, object]] = []
        self.has_come = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    async def end(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        head = await reader.readexactly(2)
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        await reader.readexactly(4)
        self.hellos.append(json.loads(await reader.readexactly(size)))
        for record in self._scripts.pop(0):
            payload = json.dumps(record).encode()
            writer.write(b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload)
        if self._scripts:
            await self.has_come.wait()
            writer.close()


async def told(*scripts: Sequence[dict[str, object]], until: int) -> tuple[Crowd, list[dict[str, object]]]:
    """A crowd of one that was told this, and what it said hello with."""
    node = Told(*scripts)
    async with await asyncio.start_server(node.serve, "127.0.0.1", 0) as server:
        crowd = Crowd([server.sockets[0].getsockname()[1]], secret=SECRET, cohort="demo")
        await crowd.come(1, streams=[STREAM])
        node.has_come.set()
        async with asyncio.timeout(20.0):
            while crowd.readers[0].last < until and not crowd.faults.total:
                await asyncio.sleep(0.01)
        await crowd.close()
        await node.end()
    return crowd, node.hellos


async def test_a_reader_that_is_told_all_over_two_connections_blames_nobody() -> None:
    resumed = [welcome(), event(6), {**LIVE, "seq": 6}, event(7)]
    crowd, hellos = await told([welcome(), LIVE, event(4), event(5)], resumed, until=7)
    assert (crowd.faults.examples, crowd.deliveries) == ([], 4)
    assert hellos[1]["streams"] == {STREAM: {"epoch": "e", "seq": 5}}
    (reached,) = crowd.reached()
    assert (reached.began, reached.last) == (3, 7)


WRONG: dict[str, tuple[Kind, tuple[Sequence[dict[str, object]], ...]]] = {
    "one is dropped": ("gap", ([welcome(), LIVE, event(4), event(6)],)),
    "one is repeated": ("duplicate", ([welcome(), LIVE, event(4), event(4)],)),
    "one is dropped at the resume": ("gap", ([welcome(), LIVE, event(4)], [welcome(), event(6), {**LIVE, "seq": 6}])),
    "one is told again at the resume": ("duplicate", ([welcome(), LIVE, event(4)], [welcome(), event(4)])),
    "live says more than was told": ("gap", ([welcome(), LIVE, event(4)], [welcome(), {**LIVE, "seq": 5}])),
    "the position is void": ("other", ([welcome(), LIVE, event(4)], [welcome("reset"), SNAPSHOT])),
    "the stream is denied": ("other", ([welcome("denied")], [welcome(), LIVE])),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_a_node_tells_a_reader_wrongly_is_named(wrong: str) -> None:
    kind, scripts = WRONG[wrong]
    if wrong == "the stream is denied":
        scripts = ([welcome("denied"), LIVE], *scripts[1:])
    crowd, _ = await told(*scripts, until=99)
    assert crowd.faults.counts[kind], crowd.faults.examples


# --- at the end -------------------------------------------------------------------------------------------------


def heard(seq: int, text: str) -> Heard:
    return heard_in_page(STREAM, event(seq, text))


class End:
    """What is compared, all of it right until a test changes it."""

    def __init__(self) -> None:
        log = [heard(1, "one"), heard(2, "two"), heard(3, "three")]
        self.logs = [{STREAM: list(log)}, {STREAM: list(log)}]
        self.acked = [Acked(STREAM, entry.seq, entry.text) for entry in log]
        self.refused = ["four"]
        self.told = {STREAM: {entry.seq: entry.digest for entry in log}}
        self.readers = [Reached("reader 0", STREAM, 0, 3), Reached("reader 1", STREAM, 1, 3)]

    def judged(self) -> Faults:
        faults = Faults()
        judge(faults, self.logs, acked=self.acked, refused=self.refused, told=self.told, readers=self.readers)
        return faults

    def write(self, *entries: Heard) -> None:
        for log in self.logs:
            log[STREAM] = list(entries)


def test_an_end_that_is_right_is_found_right() -> None:
    assert End().judged().examples == []


def _acked_is_lost(end: End) -> None:
    end.acked.append(Acked(STREAM, 4, "five"))


def _acked_stands_elsewhere(end: End) -> None:
    end.acked[0], end.acked[1] = Acked(STREAM, 2, "one"), Acked(STREAM, 1, "two")


def _a_reader_was_not_told_the_end(end: End) -> None:
    end.readers[1] = Reached("reader 1", STREAM, 1, 2)


def _a_reader_was_told_too_much(end: End) -> None:
    end.readers[1] = Reached("reader 1", STREAM, 1, 4)


def _a_key_has_two_effects(end: End) -> None:
    end.write(heard(1, "one"), heard(2, "two"), heard(3, "three"), heard(4, "two"))
    end.readers = [Reached("reader 0", STREAM, 0, 4)]


def _the_log_has_a_hole(end: End) -> None:
    end.write(heard(1, "one"), heard(3, "three"))


def _what_was_refused_is_there(end: End) -> None:
    end.refused.append("two")


def _what_was_told_is_not_in_the_log(end: End) -> None:
    end.told[STREAM][2] = heard(2, "something else").digest


def _nodes_differ(end: End) -> None:
    end.logs[1][STREAM].pop()


DAMAGE: list[tuple[Kind, Callable[[End], None]]] = [
    ("lost", _acked_is_lost),
    ("lost", _acked_stands_elsewhere),
    ("lost", _a_reader_was_not_told_the_end),
    ("other", _a_reader_was_told_too_much),
    ("duplicate", _a_key_has_two_effects),
    ("gap", _the_log_has_a_hole),
    ("other", _what_was_refused_is_there),
    ("other", _what_was_told_is_not_in_the_log),
    ("other", _nodes_differ),
]


@pytest.mark.parametrize(("kind", "damage"), DAMAGE)
def test_what_is_wrong_at_the_end_is_named(kind: Kind, damage: Callable[[End], None]) -> None:
    end = End()
    damage(end)
    assert end.judged().counts[kind]


def test_a_missed_target_or_a_fault_is_not_kept() -> None:
    slow, faulty = Outcome(), Outcome()
    slow.bound("late_s", 2.5, 2.0)
    faulty.faults.note("lost", "one")
    assert [Outcome().is_kept, slow.is_kept, faulty.is_kept] == [True, False, False]


# --- reading ----------------------------------------------------------------------------------------------------


def test_an_event_is_the_same_over_the_socket_and_in_a_page_and_decoded_once() -> None:
    messages = Messages()
    message = json.dumps(event(4)).encode() + b"\n" + json.dumps(LIVE).encode()
    first, live = messages.read(message)
    assert first == heard_in_page(STREAM, event(4))
    assert (first.voice, live.type) == (0, "live")  # type: ignore[union-attr]
    assert messages.read(message) == [first, live]
    assert (messages.asked, messages.decoded) == (2, 1)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_frames_are_whole_however_they_are_cut(size: int) -> None:
    payloads = [b"x" * 3, b"y" * 300, b"z" * 70_000]
    stream = b"\x81\x03" + payloads[0] + b"\x81\x7e\x01\x2c" + payloads[1]
    stream += b"\x81\x7f" + (70_000).to_bytes(8, "big") + payloads[2]
    buffer, found = bytearray(), list[tuple[int, bytes]]()
    for place in range(0, len(stream), size):
        buffer += stream[place : place + size]
        found += frames(buffer)
    assert found == [(1, payload) for payload in payloads]
