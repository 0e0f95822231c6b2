"""R2 over every log there is, through whole nodes: who comes back is told complete, fetch this or start anew.

The cases are those of `test_live_catch_up.py`, which plays them on the model log. Here a second node is asked each of
them too: positions are the log's, not a node's. One story a log, since a node takes a while to open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tertulia.app import Settings, open_node
from tertulia.domain import limits
from tertulia.domain.cohort import decide_room_made
from tertulia.domain.commands import PostMessage
from tertulia.domain.ids import RoomId, StreamName
from tertulia.live.flow import Flow
from tertulia.live.greet import found_cohort, join
from tertulia.live.jobs import Done
from tests.live_node import PEOPLE, ROOM, Device, at, told
from tests.postgres_server import PostgresServer, postgres
from tests.redis_server import RedisServer
from tests.simulation.people import COHORT, FOUNDER
from tests.test_live_catch_up import ANAS, CASES, EMPTY, STAFF

__all__ = ["postgres"]
GENERAL = RoomId("general")
PAGE = limits.page_events_max
ANSWER_S = 30.0


class Whole:
    """A whole node, as a `Device` needs it."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.tokens = flow.node.tokens


@asynccontextmanager
async def opened(settings: Sequence[Settings]) -> AsyncIterator[list[Whole]]:
    async with AsyncExitStack() as ends:
        nodes = []
        for one in settings:
            flow = await open_node(one)
            flow.node.log._epoch = "model"  # type: ignore[attr-defined]  # as the cases say it; else it is drawn
            ends.push_async_callback(flow.node.log.close)
            await flow.start()
            ends.push_async_callback(flow.stop)
            nodes.append(Whole(flow))
        yield nodes


async def say(node: Whole, count: int) -> None:
    for begin in range(0, count, 50):
        commands = [
            PostMessage(key=f"key-{begin}-{n:04}-{count}", room=GENERAL, text="Hi")
            for n in range(min(50, count - begin))
        ]
        verdicts = await asyncio.gather(
            *(node.flow.command(command, person=PEOPLE["Ben"].id, cohort=COHORT) for command in commands)
        )
        assert all(isinstance(verdict, Done) for verdict in verdicts), verdicts


async def result(node: Whole, name: str, stream: StreamName, origin: Any) -> tuple[Any, ...]:
    """What somebody who takes the stream up is told, until it is live."""
    device = Device(node, PEOPLE[name], streams={stream: origin})  # type: ignore[arg-type]
    async with asyncio.timeout(ANSWER_S):
        while not any(b'"live"' in message for message in device.written):
            await asyncio.sleep(0.002)
    answer = told(device, stream)
    device.conversation.gone()
    return answer


async def story(settings: Sequence[Settings]) -> None:
    async with opened(settings) as nodes:
        first = nodes[0]
        await found_cohort(first.flow.node, COHORT, founder=FOUNDER.id, name="Demo")
        for one in PEOPLE.values():
            await join(first.flow.node, COHORT, one.id, name=one.name, role=one.role)
        await first.flow.node.cohort_lane(COHORT).ask(
            lambda state, at_ms: decide_room_made(COHORT, GENERAL, name="General", kind="discussion"),
            author=FOUNDER.id,
        )
        await say(first, 5)
        for number, node in enumerate(nodes):
            for case, (origin, expected) in CASES.items():
                assert await result(node, "Ana", ROOM, origin) == expected, (case, number)
            for stream, name in ((ANAS, "Ana"), (STAFF, "Tad")):
                for case, (origin, expected) in EMPTY.items():
                    assert await result(node, name, stream, origin) == expected, (case, stream, number)
        await say(first, PAGE)
        last = PAGE + 6
        for number, node in enumerate(nodes):
            pushed = list(range(7, last + 1))
            assert await result(node, "Ana", ROOM, at(6)) == ("ok", *pushed, f"live {last}"), number
            assert await result(node, "Ana", ROOM, at(5)) == ("gap", f"live {last}"), number


@pytest.mark.redis
async def test_all_cases_of_coming_back_on_sqlite_and_two_nodes(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        await story([Settings(data=tmp_path / "data", bus=redis.url, rate_limits=False)] * 2)


@pytest.mark.redis
@pytest.mark.postgres
async def test_all_cases_of_coming_back_on_postgresql_and_two_nodes(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.new_database()
    with RedisServer(tmp_path) as redis:
        await story([Settings(data=tmp_path / "data", bus=redis.url, log=url, rate_limits=False)] * 2)
