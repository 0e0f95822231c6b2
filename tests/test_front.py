"""docs/examples/nginx.conf and nginx-by-cohort.conf in a real nginx: where people come to, also when nodes die.

Goal: one cohort's people on at most two nodes, many cohorts' on all; when a node dies its people get to another one,
and nobody else moves; a node that is back takes all of them at once, when the others go. Method: both examples as they
stand, with ports of the test's own and three nodes that only say who they are.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import Server, ServerConnection, serve

from tests.ports import free_ports
from tests.redis_server import free_port

pytestmark = pytest.mark.slow  # it needs nginx

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
NODES = 3
COHORTS = [f"spring-{number}" for number in range(24)]
PEOPLE = 10
STARTS_WITHIN_S = 20.0
MAIN = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log access.txt;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {site}
    {by_cohort}
}}
"""


class Front:
    """nginx before nodes that tell whoever connects which of them they are, and take nobody in particular.

    `places`: whether sockets go by nginx-by-cohort.conf."""

    def __init__(self, folder: Path, *, places: bool = True) -> None:
        self.folder = folder
        self._places = places
        self.port = free_port()
        self._first = free_ports(NODES)
        self._nodes: list[Server] = []

    async def start(self, stack: AsyncExitStack) -> None:
        for number in range(NODES):
            self._nodes.append(await self._node(number))
        stack.push_async_callback(self._end)
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            pytest.fail("nginx is missing: apt-get install nginx")
        by_cohort = self._example("nginx-by-cohort.conf")
        (self.folder / "nginx.conf").write_text(MAIN.format(site=self._site(), by_cohort=by_cohort))
        command = [program, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]
        tested = await asyncio.to_thread(subprocess.run, [*command, "-t"], capture_output=True, text=True, check=False)
        assert tested.returncode == 0, tested.stderr
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        stack.callback(process.wait, STARTS_WITHIN_S)
        stack.callback(process.terminate)
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not await self._listens():
                assert process.poll() is None
                await asyncio.sleep(0.02)

    def _site(self) -> str:
        site = self._example("nginx.conf").replace("127.0.0.1:8080;", f"127.0.0.1:{self.port};")
        before, sockets, after = site.partition("location = /ws {")
        if self._places:
            after = after.replace("http://tertulia;", "http://tertulia_by_cohort;", 1)
        return before + sockets + after

    def _example(self, name: str) -> str:
        """With as many servers as there are nodes."""
        text = (EXAMPLES / name).read_text()
        (server, *_) = re.findall(r"^ +server 127\.0\.0\.1:8081 .*;$", text, re.MULTILINE)
        servers = [server.replace("8081", str(self._first + number)) for number in range(NODES)]
        return re.sub(r"(?:^ +server 127.*;\n)+", "\n".join(servers) + "\n", text, flags=re.MULTILINE)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def reached(self, query: str, people: int) -> set[int]:
        """The nodes that so many people come to."""
        return set(await asyncio.gather(*(self._reached(query) for _ in range(people))))

    async def _reached(self, query: str) -> int:
        async with connect(f"ws://127.0.0.1:{self.port}/ws{query}", proxy=None) as socket:
            return int(await socket.recv())

    async def kill(self, number: int) -> None:
        self._nodes[number].close()
        await self._nodes[number].wait_closed()

    async def revive(self, number: int) -> None:
        self._nodes[number] = await self._node(number)

    async def _node(self, number: int) -> Server:
        return await serve(_told(number), "127.0.0.1", self._first + number)

    async def _end(self) -> None:
        for number in range(NODES):
            await self.kill(number)


def _told(number: int) -> Callable[[ServerConnection], Awaitable[None]]:
    async def tell(connection: ServerConnection) -> None:
        await connection.send(str(number))
        await connection.wait_closed()

    return tell


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    front = Front(tmp_path)
    async with AsyncExitStack() as stack:
        await front.start(stack)
        yield front


async def reached_by_cohort(front: Front) -> dict[str, set[int]]:
    return {cohort: await front.reached(f"?cohort={cohort}", PEOPLE) for cohort in COHORTS}


async def test_a_cohort_is_on_two_nodes_and_on_others_only_while_one_of_them_is_dead(front: Front) -> None:
    before = await reached_by_cohort(front)
    assert max(map(len, before.values())) == 2
    assert all_of(before.values()) == set(range(NODES))
    assert await front.reached("", 60) == set(range(NODES)), "who names no cohort is put anywhere"

    await front.kill(0)
    after = await reached_by_cohort(front)
    assert all_of(after.values()) == {1, 2}
    stayed = [cohort for cohort in COHORTS if 0 not in before[cohort]]
    assert stayed
    assert all(len(before[cohort] | after[cohort]) <= 2 for cohort in stayed), "nobody else moves"


@pytest.mark.parametrize("places", [False, True])
async def test_a_node_that_is_back_takes_all_people_at_once_when_the_others_die(tmp_path: Path, places: bool) -> None:
    async with AsyncExitStack() as stack:
        front = Front(tmp_path, places=places)
        await front.start(stack)
        queries = [f"?cohort={cohort}" for cohort in COHORTS]
        await front.kill(0)
        for query in queries:
            assert 0 not in await front.reached(query, 2), "nginx has found that it is dead"
        await front.revive(0)
        for number in range(1, NODES):
            await front.kill(number)
        reached = await asyncio.gather(*(front.reached(query, 2) for query in queries))
        assert all_of(reached) == {0}, "nobody was told to come again later"


def all_of(sets: Iterable[set[int]]) -> set[int]:
    return set().union(*sets)
