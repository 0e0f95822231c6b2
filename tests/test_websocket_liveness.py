"""Deadlines of all connections on one wheel; and, over real sockets, what a peer that does not read costs."""

from __future__ import annotations

import asyncio
import select
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tertulia.client import Client
from tertulia.domain import limits
from tertulia.websocket.liveness import TimingWheel, What
from tests.raw_socket import Peer, raw_socket
from tests.school import make_school
from tests.servers import Server
from tests.simulation.virtual_loop import VirtualLoop
from tests.test_websocket_hostile import memory_mb

# --- the wheel ---------------------------------------------------------------------------------------------------


class Timed:
    def __init__(self) -> None:
        self.told: list[What] = []

    def due(self, what: What) -> None:
        self.told.append(what)


@pytest.mark.parametrize("seconds", [0, 0.2, 1, 1.9, 10, 25.5])
def test_a_deadline_is_told_not_before_its_time_and_at_most_a_second_after(seconds: float) -> None:
    wheel, timed = TimingWheel(), Timed()
    for _ in range(3):
        wheel.advance()
    wheel.after(seconds, timed, "hello")
    turns = 0
    while not timed.told:
        wheel.advance()
        turns += 1
    assert seconds <= turns <= seconds + 1
    for _ in range(100):
        wheel.advance()
    assert timed.told == ["hello"], "once"


def test_deadlines_are_told_in_the_order_of_their_time() -> None:
    wheel, timed = TimingWheel(), Timed()
    wheel.after(3, timed, "ping")
    wheel.after(1, timed, "hello")
    wheel.after(3, timed, "write")
    for _ in range(5):
        wheel.advance()
    assert timed.told == ["hello", "ping", "write"]


def test_one_who_asks_again_when_told_is_told_again() -> None:
    wheel = TimingWheel()

    class Again(Timed):
        def due(self, what: What) -> None:
            super().due(what)
            wheel.after(0, self, what)

    again = Again()
    wheel.after(0, again, "ping")
    for _ in range(10):
        wheel.advance()
    assert len(again.told) == 10


def test_a_fault_of_one_does_not_end_the_deadlines_of_others() -> None:
    wheel, timed = TimingWheel(), Timed()

    class Faulty:
        def due(self, what: What) -> None:
            raise RuntimeError("a bug")

    wheel.after(0, timed, "ping")
    wheel.after(0, Faulty(), "ping")
    wheel.after(0, timed, "write")
    wheel.after(1, timed, "close")
    wheel.advance()
    wheel.advance()
    assert timed.told == ["ping", "write", "close"]


def test_the_wheel_turns_once_a_second_and_makes_up_for_a_stall() -> None:
    """On a virtual clock: a callback that holds the loop up for five seconds delays deadlines, and loses none."""
    loop = VirtualLoop()

    async def main() -> list[tuple[float, str]]:
        wheel, told = TimingWheel(), list[tuple[float, str]]()

        class Noted(Timed):
            def due(self, what: What) -> None:
                told.append((loop.time(), what))

        wheel.start()
        wheel.after(2, Noted(), "hello")
        wheel.after(4, Noted(), "ping")
        wheel.after(12, Noted(), "write")
        await asyncio.sleep(3.5)
        loop._now_s += 5  # the stall
        await asyncio.sleep(6)
        await wheel.stop()
        wheel.after(0, Noted(), "close")
        await asyncio.sleep(5)
        return told

    assert loop.run(main()) == [(3.0, "hello"), (8.5, "ping"), (13.0, "write")]


# --- a peer that does not read -----------------------------------------------------------------------------------

STUCK = 12


@pytest.mark.slow
async def test_one_who_reads_nothing_is_cut_and_harms_nobody(tmp_path: Path) -> None:
    """R8. Goal: peers that read nothing are cut about ten seconds after their buffers are full, hold no more than their
    budget until then, and others hear everything at once. Method: real sockets, 12 of them with small buffers that
    never read; one who reads 2,000 bytes a second; a member who talks and one who listens; memory before and while.
    """
    loop = asyncio.get_running_loop()
    await make_school(tmp_path / "data")
    async with AsyncExitStack() as stack:
        server = stack.enter_context(Server(tmp_path, options=["--no-rate-limits"]))
        ana = await stack.enter_async_context(Client(server.url, token=server.token("Ana")))
        ben = await stack.enter_async_context(Client(server.url, token=server.token("Ben")))
        await ben.follow("room/general", after="head")
        heard = asyncio.create_task(listen(ben))
        await ana.post("general", "First")
        peers = [await follower(stack, server, f"Peer {number}") for number in range(STUCK + 1)]
        *stuck, slow = peers
        for peer in stuck:
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        trickle = asyncio.create_task(read_slowly(slow))
        before, begun, slowest_s, posts, most_mb = memory_mb(server), loop.time(), 0.0, 0, 0.0
        cut: dict[int, float] = {}
        while len(cut) < STUCK and loop.time() < begun + 40:
            posted = loop.time()
            await ana.post("general", "x" * 7_000)
            posts += 1
            slowest_s = max(slowest_s, loop.time() - posted)
            most_mb = max(most_mb, memory_mb(server) - before)
            cut |= {n: loop.time() - begun for n, peer in enumerate(stuck) if n not in cut and is_cut(peer)}
            await asyncio.sleep(0.05)
        assert len(cut) == STUCK
        assert limits.write_deadline_s - 1 < min(cut.values()) <= max(cut.values()) < 2 * limits.write_deadline_s + 5
        assert not is_cut(slow), "one who reads slowly goes on"
        assert most_mb < STUCK * limits.queue_bytes_max / 2**20 + 12
        assert slowest_s < limits.write_deadline_s / 2, "nobody waits for those who do not read"
        await ana.post("general", "Last")
        async with asyncio.timeout(10):
            assert len(await heard) == posts + 2
        trickle.cancel()
        assert "Traceback" not in server.output


async def follower(stack: AsyncExitStack, server: Server, name: str) -> Peer:
    """One who follows the room, and hears of it into a small buffer."""
    peer = await stack.enter_async_context(raw_socket(server, receive_buffer=4_096))
    await peer.upgrade()
    await peer.say({"type": "hello", "token": server.token(name), "streams": {"room/general": "head"}})
    return peer


async def listen(client: Client) -> list[str]:
    texts = list[str]()
    async for event in client.events():
        texts.append(str(event.data.get("text")))
        if texts[-1] == "Last":
            break
    return texts


async def read_slowly(peer: Peer) -> None:
    while await peer.reader.read(500):
        await asyncio.sleep(0.25)


def is_cut(peer: Peer) -> bool:
    """Whether the server has reset the connection; one who does not read must look at the socket to know."""
    poller = select.poll()
    poller.register(peer.writer.transport.get_extra_info("socket").fileno(), 0)
    return bool(poller.poll(0))
