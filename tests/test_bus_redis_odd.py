"""Sentinels and nodes of a cluster that answer what makes no sense: no answer, never the end of whoever asks.

Real ones do not, so these are played: a port where each command is answered as the test says.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import structlog

from tertulia.bus import BusCounts
from tertulia.bus.redis_cluster import ClusterRoute
from tertulia.bus.redis_sentinel import Sentinels
from tertulia.bus.redis_shard import Owner
from tertulia.bus.redis_url import Host, target_of
from tertulia.bus.redis_wire import Address, Unfit
from tertulia.domain import limits
from tests.contracts.bus_contract import until

NO_MASTER = b"*-1\r\n"


def words(*said: str) -> bytes:
    return b"*%d\r\n" % len(said) + b"".join(b"$%d\r\n%b\r\n" % (len(one), one.encode()) for one in said)


def named(*ports: int) -> bytes:
    """As in `SENTINEL sentinels`."""
    return b"*%d\r\n" % len(ports) + b"".join(words("ip", "127.0.0.1", "port", str(port)) for port in ports)


class Played:
    """`master` and `others` are the replies to the two questions."""

    def __init__(self) -> None:
        self.port = 0
        self.master = words("127.0.0.1", "7000")
        self.others = b"*0\r\n"
        self.asked = 0
        self.serving: set[asyncio.Task[None] | None] = set()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    @property
    def host(self) -> Host:
        return Host("127.0.0.1", self.port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        with suppress(OSError):
            while request := await reader.read(4_096):
                if b"SUBSCRIBE" in request:
                    writer.write(b"*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n")
                elif b"get-master" in request:
                    self.asked += 1
                    await self.may_answer.wait()
                    writer.write(self.master + self.others)
                elif b"CLUSTER" in request:
                    self.asked += 1
                    writer.write(self.master)
                else:
                    writer.write(words("pong", ""))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def played(count: int) -> AsyncIterator[list[Played]]:
    them = [Played() for _ in range(count)]
    servers = [await asyncio.start_server(one.serve, "127.0.0.1", 0) for one in them]
    for one, server in zip(them, servers, strict=True):
        one.port = server.sockets[0].getsockname()[1]
    yield them
    for one, server in zip(them, servers, strict=True):
        server.close()
        await asyncio.gather(*filter(None, one.serving))


def sentinels_at(*them: Played) -> Sentinels:
    return Sentinels(target_of(f"redis+sentinel://{','.join(str(one.host) for one in them)}/m"))


@pytest.mark.parametrize(
    ("master", "others"),
    [
        (words("127.0.0.1", "abc"), b"*0\r\n"),
        (words("127.0.0.1", "70000"), b"*0\r\n"),
        (b"*2\r\n$1\r\n\xff\r\n$4\r\n7000\r\n", b"*0\r\n"),
        (b":seven\r\n", b""),
        (b"-MOVED nowhere\r\n", b"*0\r\n"),
        (NO_MASTER, b"*0\r\n"),
    ],
)
async def test_a_sentinel_that_talks_nonsense_is_watched_on(
    master: bytes, others: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once; when it makes sense again, it is heard."""
    monkeypatch.setattr(limits, "bus_check_s", 0.01)
    told: list[Address] = []
    async with played(1) as (one,):
        one.master, one.others = master, others
        with structlog.testing.capture_logs() as logs:
            watching = asyncio.create_task(sentinels_at(one).watch(told.append))
            await until(lambda: one.asked >= 4 or watching.done(), "it is asked again and again")
            assert not told
            one.master, one.others = words("127.0.0.1", "7000"), b"*0\r\n"
            await until(lambda: bool(told) or watching.done(), "it is heard")
        watching.cancel()
        await asyncio.wait([watching])
    assert [address.host for address in told[:1]] == [Host("127.0.0.1", 7_000)]
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == ["sentinel_lost"]


async def test_a_bug_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "bus_check_s", 0.01)
    told: list[Address] = []

    def switched(address: Address) -> None:
        told.append(address)
        raise ArithmeticError("a bug")

    async with played(1) as (one,):
        watching = asyncio.create_task(sentinels_at(one).watch(switched))
        await until(lambda: len(told) >= 3 or watching.done(), "it goes on")
        assert not watching.done()
        watching.cancel()
        await asyncio.wait([watching])


async def test_sentinels_that_nobody_names_any_more_are_forgotten() -> None:
    """As when they are containers that come back elsewhere, again and again."""
    async with played(1) as (one,):
        sentinels = sentinels_at(one)
        for first in (7_001, 7_003, 7_005):
            one.others = named(first, first + 1)
            await sentinels.master()
            assert list(sentinels._hosts) == [one.host, Host("127.0.0.1", first), Host("127.0.0.1", first + 1)]
        one.others = b"*4\r\n:1\r\n*1\r\n:2\r\n" + words("ip", "x", "port", "abc") + words("ip", "x", "port", "70000")
        await sentinels.master()
        assert list(sentinels._hosts) == [one.host], "nonsense names nobody"


async def test_who_is_asked_may_change_meanwhile() -> None:
    """The watch hears of more sentinels while the master is looked for: the refusal is still a sentence."""
    async with played(2) as (one, two):
        sentinels = sentinels_at(one, two)
        one.may_answer.clear()
        one.master = NO_MASTER
        asking = asyncio.create_task(sentinels.master())
        await until(lambda: one.asked == 1, "the first is asked")
        two.others = named(7_001, 7_002)
        await sentinels._ask(two.host)
        two.master = NO_MASTER
        one.may_answer.set()
        with pytest.raises(Unfit, match=f"{one.port} knows no master named 'm'"):
            await asking


@pytest.mark.parametrize("answer", [b":seven\r\n", b"-MOVED nowhere\r\n", b"-ASK 7\r\n", b":7\r\n:7\r\n"])
async def test_a_cluster_that_talks_nonsense_is_asked_again(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "bus_view_every_s", 0.01)
    owner = Owner(
        counts=BusCounts(),
        deployment="",
        chance=random.random,
        hear=lambda payload: None,
        confirmed=lambda topic: None,
        back=lambda: None,
    )
    async with played(1) as (one,):
        one.master = answer
        route = ClusterRoute(owner, target_of(f"redis+cluster://{one.host}"), hello=b"", moved=lambda topics: None)
        with structlog.testing.capture_logs() as logs:
            following = asyncio.create_task(route._follow())
            await until(lambda: one.asked >= 3 or following.done(), "it is asked again")
        assert not following.done()
        following.cancel()
        await asyncio.wait([following])
    assert {log["event"] for log in logs} == {"bus_view_unknown"}
