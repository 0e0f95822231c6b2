"""Two nodes, each with a data folder of its own as on two machines, on one PostgreSQL and one Redis.

Goal: what is said on one is heard on the other, nothing acked is lost when a node dies; and when PostgreSQL is away,
takes nobody in, is read-only or ends its connections, everybody is told `later`, the diagnostics have one line, and all
heals without a restart. Method: real processes and sockets, the Python client, HTTP.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg import sql

from tertulia.client import Client, new_key
from tertulia.domain.ids import RoomId
from tertulia.domain.session.commands import AnswerQuestion, AskQuestion, OpenSession, VoteQuestion
from tests.commands import said
from tests.postgres_server import PostgresServer, postgres
from tests.redis_server import RedisServer
from tests.school import make_school
from tests.servers import Server
from tests.talkers import arrive, check, log_of

__all__ = ["postgres"]
pytestmark = [pytest.mark.postgres, pytest.mark.redis]

LECTURE = RoomId("lecture")
PEOPLE, POSTS_EACH, DEADLINE_S = 4, 40, 60.0
Nodes = tuple[Server, Server]


@pytest.fixture(scope="module")
def log_url(postgres: PostgresServer) -> str:
    """As docs/operating.md has it: the nodes' user owns no database, and may make tables in this one at first."""
    url = postgres.new_database()
    name = sql.Identifier(postgres.last_database)
    postgres.ask(sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(name))
    postgres.ask(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    postgres.ask(sql.SQL("GRANT CONNECT, CREATE ON DATABASE {} TO tertulia").format(name))
    return url


@pytest.fixture(scope="module")
def nodes(postgres: PostgresServer, log_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder, url = tmp_path_factory.mktemp("nodes"), log_url
    asyncio.run(
        make_school(folder / "a" / "data", rooms={"general": "General", "lecture": "L"}, sessions=["lecture"], log=url)
    )
    name = sql.Identifier(url.rpartition("/")[2])
    postgres.ask(sql.SQL("REVOKE CREATE ON DATABASE {} FROM tertulia").format(name))  # the tables are made
    (folder / "b" / "data").mkdir(parents=True)
    shutil.copy2(folder / "a" / "data" / "secret.key", folder / "b" / "data")
    (folder / "redis").mkdir()
    with RedisServer(folder / "redis") as redis:
        options = ["--log", url, "--bus", redis.url, "--no-rate-limits", "--drain-window-s", "0"]
        with Server(folder / "a", options=options) as first, Server(folder / "b", options=options) as second:
            yield first, second


async def test_people_talk_across_nodes_while_one_of_them_is_killed(nodes: Nodes) -> None:
    async with AsyncExitStack() as stack:
        people = [await arrive(stack, nodes[n % 2], f"Person {n}") for n in range(PEOPLE)]
        talking = [asyncio.create_task(person.speak(POSTS_EACH)) for person in people]
        await people[0].hears(PEOPLE * POSTS_EACH // 4)
        await asyncio.to_thread(nodes[1].restart)
        acked = dict(zip([p.name for p in people], await asyncio.gather(*talking), strict=True))
        log = await log_of(nodes[0])
        await asyncio.gather(*(person.hears(len(log)) for person in people))
        check(people, acked, log, posts_each=POSTS_EACH)


async def test_a_session_goes_over_both_nodes_and_is_read_by_every_command(
    nodes: Nodes, log_url: str, tmp_path: Path
) -> None:
    def client(node: int, name: str, role: Any = "learner") -> Client:
        return Client(nodes[node].url, token=nodes[node].token(name, role=role))

    async with client(0, "Ina", "instructor") as ina, client(1, "Ana") as ana, client(0, "Ben") as ben:
        await ina.send(OpenSession(key=new_key(), room=LECTURE, title="Trees"))
        await ana.send(AskQuestion(key=new_key(), room=LECTURE, text="Why are trees green?"))
        state = (await ben.get("/api/rooms/lecture"))["state"]
        (question,) = state["session"]["questions"]
        await ben.send(VoteQuestion(key=new_key(), room=LECTURE, question=question["question"]))
        await ina.send(AnswerQuestion(key=new_key(), room=LECTURE, question=question["question"], how="live"))
        views = [(await one.get("/api/rooms/lecture"))["state"]["session"] for one in (ina, ana)]
        assert views[0]["questions"] == views[1]["questions"]
        assert views[0]["questions"][0]["status"] == "answered_live"
        assert views[0]["votes"] == {question["question"]: 2}
        found = await ana.get("/api/search", q="green")
        assert "green" in str(found)

    async def through(*arguments: str) -> str:
        """A command, while the nodes serve."""
        return await asyncio.to_thread(said, *arguments, "--data", nodes[0].data, "--log", log_url, folder=tmp_path)

    (tmp_path / "talk.jsonl").write_text('{"at": 1700000000000, "by": "Zoe", "text": "Once upon a time"}\n')
    assert "1 of 1 lines" in await through("import", "talk.jsonl", "--cohort", "demo", "--room", "old")
    assert "Once upon a time" in await through("export", "--cohort", "demo", "--room", "old")
    assert "/join#" in await through("invite", "--cohort", "demo")
    assert "made anew from" in await through("rebuild")
    async with client(1, "Ana") as ana:
        assert len((await ana.get("/api/rooms/lecture"))["state"]["session"]["questions"]) == 1


# --- what PostgreSQL cannot do for now --------------------------------------------------------------------------------


class Asker:
    """Somebody who posts and reads over HTTP, and an operator who looks at the metrics."""

    def __init__(self, node: Server) -> None:
        self.node = node
        self.headers = {"Authorization": f"Bearer {node.token('Asker')}"}
        self.printed = len(node.output)

    def post(self) -> httpx.Response:
        body = {"type": "post_message", "key": new_key(), "room": "general", "text": "Hello?"}
        return httpx.post(f"{self.node.url}/api/commands", json=body, headers=self.headers, timeout=30, trust_env=False)

    def read(self) -> httpx.Response:
        url = f"{self.node.url}/api/rooms/general/messages"
        return httpx.get(url, params={"limit": "1"}, headers=self.headers, timeout=30, trust_env=False)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not is_so():
            assert time.monotonic() < deadline, self.node.output[self.printed :]
            time.sleep(0.05)

    def failures(self, cause: str) -> float:
        for line in httpx.get(f"{self.node.url}/metrics", trust_env=False).text.splitlines():
            if line.startswith(f'tertulia_log_failures_total{{cause="{cause}"}}'):
                return float(line.split()[-1])
        return 0.0

    def told(self, words: str) -> int:
        return self.node.output[self.printed :].count(words)


def must_be_later(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "unavailable"
    assert answer.json()["retry"] == "later"


def test_while_postgresql_is_away_everybody_is_told_later_and_then_all_heals(
    postgres: PostgresServer, nodes: Nodes
) -> None:
    asker = Asker(nodes[0])
    assert asker.post().status_code == 200
    postgres.stop()
    must_be_later(asker.post())
    for _ in range(5):
        must_be_later(asker.post())
        must_be_later(asker.read())
    assert asker.failures("unreachable") >= 1
    postgres.start()
    asker.until(lambda: asker.post().status_code == 200)
    assert asker.read().status_code == 200
    asker.until(lambda: asker.told("the log works again") == 1)
    assert asker.told("the log fails") == 1, asker.node.output[asker.printed :]


def test_without_a_free_connection_and_with_ended_ones(postgres: PostgresServer, nodes: Nodes) -> None:
    asker = Asker(nodes[0])
    end_all(postgres)
    assert asker.post().status_code == 200, "a connection that was ended is opened anew"
    postgres.ask("ALTER ROLE tertulia CONNECTION LIMIT 0")
    end_all(postgres)
    must_be_later(asker.post())
    must_be_later(asker.read())
    assert asker.failures("connections") >= 1
    postgres.ask("ALTER ROLE tertulia CONNECTION LIMIT -1")
    asker.until(lambda: asker.post().status_code == 200)
    asker.until(lambda: asker.told("the log fails") == asker.told("the log works again"))
    assert asker.told("the log fails") <= 2, "one for the ended connections, one for those not granted"


def test_a_primary_that_was_made_read_only_is_read_from_and_left(postgres: PostgresServer, nodes: Nodes) -> None:
    asker = Asker(nodes[0])
    assert asker.post().status_code == 200
    postgres.set("default_transaction_read_only", "on")
    must_be_later(asker.post())
    must_be_later(asker.post())
    assert asker.read().status_code == 200
    assert asker.failures("read_only") >= 1
    postgres.set("default_transaction_read_only", "off")
    asker.until(lambda: asker.post().status_code == 200)
    asker.until(lambda: asker.told("the log works again") == 1)
    assert asker.told("the log fails") == 1


def end_all(postgres: PostgresServer) -> None:
    postgres.ask("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'tertulia'")
