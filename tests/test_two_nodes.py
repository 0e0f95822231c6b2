"""Two nodes of one machine on one log and a real Redis: what is said on one is heard on the other, whatever Redis does.

Goal: nothing acked is lost, nothing is doubled, everybody hears the same order. Method: real processes, real sockets,
the Python client; Redis is cut, restarted and away while people talk; then each reader's list is compared with the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tertulia.client import Client, Event, Stopped, new_key
from tertulia.domain.commands import BanMember
from tertulia.domain.ids import PersonId
from tests.redis_server import RedisServer
from tests.school import make_school
from tests.servers import Server

pytestmark = pytest.mark.redis

PEOPLE = 6
POSTS_EACH = 200
DEADLINE_S = 60.0


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as server:
        yield server


@pytest.fixture
async def nodes(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[tuple[Server, Server]]:
    data = tmp_path / "data"
    await make_school(data)
    options = ["--bus", redis_server.url, "--no-rate-limits", "--drain-window-s", "0"]
    with (
        Server(tmp_path / "a", data=data, options=options) as first,
        Server(tmp_path / "b", data=data, options=options) as second,
    ):
        yield first, second


class Person:
    """Somebody on one node, who writes down every event of the room."""

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self.client = client
        self.heard: list[Event] = []
        self._task: asyncio.Task[None] | None = None

    def listen(self) -> None:
        self.client.follow("room/general", after="head")
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with suppress(Stopped):
            async for event in self.client.events():
                self.heard.append(event)

    async def speak(self, count: int) -> list[int]:
        """Post one after another; the seqs that were acked."""
        return [(await self.client.post("general", f"{self.name} {number}")).seq for number in range(count)]

    async def is_sent_away(self) -> None:
        assert self._task is not None, "they listen"
        await self._task

    async def hears(self, seq: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not self.heard or self.heard[-1].seq < seq:
                await asyncio.sleep(0.02)


async def arrive(stack: AsyncExitStack, server: Server, name: str) -> Person:
    token, refresh = server.token(name), server.refresh_token(name)
    client = await stack.enter_async_context(Client(server.url, token=token, refresh=refresh))
    person = Person(name, client)
    person.listen()
    return person


async def log_of(server: Server, room: str = "general") -> list[dict[str, object]]:
    """All events of the room, as the API pages them."""
    events: list[dict[str, object]] = []
    headers = {"Authorization": f"Bearer {server.token('Auditor', role='observer')}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as http:
        while True:
            query = {"stream": f"room/{room}", "after": str(len(events)), "limit": "500"}
            page = (await http.get("/api/events", params=query)).raise_for_status().json()
            events += page["events"]
            if not page["events"]:
                return events


def check(people: list[Person], acked: dict[str, list[int]], log: list[dict[str, object]]) -> None:
    """Everybody's list is the log's, and each acked post stands where its author was told, once."""
    order = {int(str(entry["seq"])): entry for entry in log}
    assert list(order) == list(range(1, len(log) + 1))
    for person in people:
        seqs = [event.seq for event in person.heard]
        assert seqs == list(range(seqs[0], len(log) + 1)), f"{person.name} heard a hole, a repeat or too little"
        for event in person.heard:
            assert event.data == order[event.seq]["data"]
    texts = [str(entry["data"]["text"]) for entry in log if entry["name"] == "message_posted"]  # type: ignore[index]
    assert len(texts) == len(set(texts)) == len(people) * POSTS_EACH, "each post is there exactly once"
    for name, seqs in acked.items():
        assert [order[seq]["data"]["text"] for seq in seqs] == [f"{name} {n}" for n in range(POSTS_EACH)]  # type: ignore[index]


async def talk_while(nodes: tuple[Server, Server], disturb: object) -> None:
    """Everybody posts while `disturb()` runs; then all is compared."""
    async with AsyncExitStack() as stack:
        people = [await arrive(stack, nodes[n % 2], f"Person {n}") for n in range(PEOPLE)]
        await asyncio.sleep(0)
        talking = [asyncio.create_task(person.speak(POSTS_EACH)) for person in people]
        await disturb()  # type: ignore[operator]
        acked = dict(zip([p.name for p in people], await asyncio.gather(*talking), strict=True))
        log = await log_of(nodes[0])
        await asyncio.gather(*(person.hears(len(log)) for person in people))
        check(people, acked, log)


async def test_two_nodes_write_to_one_room_and_everybody_hears_one_order(nodes: tuple[Server, Server]) -> None:
    async def nothing() -> None:
        return None

    await talk_while(nodes, nothing)


async def test_nothing_is_lost_when_redis_cuts_its_clients(
    nodes: tuple[Server, Server], redis_server: RedisServer
) -> None:
    async def cut() -> None:
        for _ in range(5):
            await asyncio.sleep(0.1)
            await asyncio.to_thread(redis_server.kill_clients, "pubsub")
            await asyncio.to_thread(redis_server.kill_clients, "normal")

    await talk_while(nodes, cut)


async def test_nothing_is_lost_when_redis_is_killed_and_comes_back(
    nodes: tuple[Server, Server], redis_server: RedisServer
) -> None:
    async def away() -> None:
        await asyncio.sleep(0.1)
        await asyncio.to_thread(redis_server.stop)
        await asyncio.sleep(1.5)
        await asyncio.to_thread(redis_server.start)

    await talk_while(nodes, away)


async def test_without_redis_the_other_node_hears_within_two_seconds(
    nodes: tuple[Server, Server], redis_server: RedisServer
) -> None:
    async with AsyncExitStack() as stack:
        ana = await arrive(stack, nodes[0], "Ana")
        ben = await arrive(stack, nodes[1], "Ben")
        await ana.client.post("general", "before")
        await ben.hears(2)
        await asyncio.to_thread(redis_server.stop)
        accepted = await ana.client.post("general", "while Redis is away")
        async with asyncio.timeout(2.5):
            await ben.hears(accepted.seq)


async def test_a_killed_node_comes_back_and_its_people_missed_nothing(nodes: tuple[Server, Server]) -> None:
    async def kill() -> None:
        await asyncio.sleep(0.2)
        await asyncio.to_thread(nodes[1].restart)

    await talk_while(nodes, kill)


@pytest.mark.parametrize("is_redis_there", [True, False])
async def test_a_ban_on_one_node_closes_sockets_on_the_other(
    nodes: tuple[Server, Server], redis_server: RedisServer, is_redis_there: bool
) -> None:
    async with AsyncExitStack() as stack:
        olga = await stack.enter_async_context(Client(nodes[0].url, token=nodes[0].token("Olga", role="owner")))
        ben = await arrive(stack, nodes[1], "Ben")
        if not is_redis_there:
            await asyncio.to_thread(redis_server.stop)
        await olga.send(BanMember(key=new_key(), person=PersonId(ben.client.person), reason="spam"))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.timeout(5.0):
            await ben.is_sent_away()
        assert loop.time() - begun < (1.0 if is_redis_there else 2.0)
