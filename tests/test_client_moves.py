"""A rolling restart as clients live it: two nodes over Redis behind one address; the one in use goes away in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tertulia.client import Client, Event, new_key
from tertulia.domain.commands import CreateRoom
from tests.redis_server import RedisServer
from tests.servers import Server

pytestmark = pytest.mark.redis


class Balancer:
    """Gives each new connection to the node that is `target` at that time."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Balancer]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        for task in (self._pipe(reader, there_writer), self._pipe(there_reader, writer)):
            self._tasks.add(asyncio.get_running_loop().create_task(task))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


async def test_nobody_misses_anything_when_a_node_goes_away(make_server: Callable[..., Server], tmp_path: Path) -> None:
    """People talk all the while. Each moves once, without ever being without a connection, and hears each seq once."""
    with RedisServer(tmp_path) as redis:
        options = ["--no-rate-limits", "--drain-window-s", "1", "--bus", redis.url]
        old, new = (make_server(data=tmp_path / "data", options=options) for _ in range(2))
        old.start()
        new.start()
        async with Balancer(old.port).running() as balancer:
            states: dict[str, list[str]] = {name: [] for name in ("Olga", "Ana", "Ben")}
            clients = [
                Client(
                    balancer.url,
                    token=old.token(name, role="owner" if name == "Olga" else "learner"),
                    on_state=states[name].append,
                    codec="msgpack" if name == "Ben" else "json",
                )
                for name in states
            ]
            olga, ana, ben = clients
            async with olga, ana, ben:
                room = (await olga.send(CreateRoom(key=new_key(), name="General"))).stream.split("/")[1]
                for client in clients:
                    await client.follow(f"room/{room}", "head")
                is_over = asyncio.Event()
                talking = [asyncio.create_task(_talk(client, room, is_over)) for client in clients]
                balancer.target = new.port
                assert await asyncio.to_thread(old.stop) == 0
                is_over.set()
                said = sum([await task for task in talking])
                for client in clients:
                    heard = [event.seq for event in await _take(client, said)]
                    assert heard == list(range(2, said + 2))
                    assert client.counts.welcomes == 2
            for seen in states.values():
                assert seen[seen.index("live") :] == [
                    "live", "leaving", "leaving_opening", "leaving_greeting", "live", "stopped",
                ]  # fmt: skip


async def _talk(client: Client, room: str, is_over: asyncio.Event) -> int:
    said = 0
    while not is_over.is_set() or said < 10:
        await client.post(room, f"{client.person} {said}")
        said += 1
    return said


async def _take(client: Client, count: int) -> list[Event]:
    taken: list[Event] = []
    async for event in client.events():
        taken.append(event)
        if len(taken) == count:
            break
    return taken
