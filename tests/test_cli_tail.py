"""`tertulia tail`: what is said, on a terminal and as JSON; over a restart; nothing that moves the cursor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tertulia.cli.tailing import plain
from tertulia.client import Client, new_key
from tertulia.domain.commands import CreateRoom
from tests.commands import bare_environment, said
from tests.servers import TERTULIA, Server


@asynccontextmanager
async def tail(server: Server, cohort: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Running, and connected."""
    process = await asyncio.create_subprocess_exec(
        str(TERTULIA), "tail", "--url", server.url, "--data", str(server.data), "--cohort", cohort, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=bare_environment(),
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert await process.stderr.readline() == b"(connected)\n"
        assert (await process.stderr.readline()).startswith(b"(following ")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().rstrip("\n")


@pytest.fixture
async def olga(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, token=server.token("Olga", role="owner", cohort="tailed")) as client:
        yield client


async def make_room(owner: Client, name: str) -> str:
    return (await owner.send(CreateRoom(key=new_key(), name=name))).stream.split("/")[1]


async def test_rooms_that_are_made_meanwhile_are_followed_and_a_restart_is_survived(
    server: Server, olga: Client
) -> None:
    async with tail(server, "tailed") as process:
        room = await make_room(olga, "General")
        assert "room_created" in await line(process)
        posted = await olga.post(room, "Hello\nthere")
        first = await line(process)
        assert first.endswith(f" {room} Olga: #{posted.seq} Hello")
        assert await line(process) == "    there"
        await asyncio.to_thread(server.restart)
        await olga.post(room, "Again", reply_to=posted.seq)
        assert (await line(process)).endswith(f" Olga: #3 → #{posted.seq} Again")


async def test_json_lines_are_the_records_of_the_wire(server: Server, olga: Client, tmp_path: Path) -> None:
    room = await make_room(olga, "General")
    posted = await olga.post(room, "¿Qué tal?")
    options = ["--url", server.url, "--data", str(server.data), "--cohort", "tailed", "--from-start", "--json"]
    text = await asyncio.to_thread(lambda: said("tail", *options, "--count", "2", folder=tmp_path))
    created, message = map(json.loads, text.splitlines())
    assert (created["seq"], created["name"]) == (1, "room_created")
    assert message == {
        "type": "event", "stream": f"room/{room}", "seq": 2, "at": posted.at, "by": olga.person,
        "name": "message_posted", "data": {"text": "¿Qué tal?"},
    }  # fmt: skip


async def test_only_the_rooms_asked_for(server: Server, olga: Client) -> None:
    one, other = await make_room(olga, "One"), await make_room(olga, "Other")
    async with tail(server, "tailed", "--room", other, "--from-start") as process:
        assert "room_created" in await line(process)
        await olga.post(one, "unheard")
        await olga.post(other, "heard")
        assert (await line(process)).endswith("heard")


def test_nothing_that_people_write_can_move_the_cursor() -> None:
    assert plain("a\x1b[2Jb\x07c\u202ed\ne") == "a�[2Jb�c�d\n    e"
