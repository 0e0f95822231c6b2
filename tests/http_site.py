"""A node with its HTTP and WebSocket shells on a real port, in the test's own loop, so that a test can look inside.

    site = demo_site                                # the fixture: cohort demo, rooms general and quiet

    async def test_something(site: Site) -> None:
        ana = site.member("Ana")
        answer = await ana.get("/api/me")

What is *not* here: the process and its signals (`servers.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from tertulia import app, routes
from tertulia.app import Settings
from tertulia.auth.people import person_id
from tertulia.auth.rates import Rates
from tertulia.domain.cohort import decide_room_made
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.live.flow import Flow
from tertulia.live.greet import found_cohort
from tertulia.websocket.connection import WebSocketShell
from tertulia.websocket.liveness import TimingWheel

COHORT = CohortId("demo")
OWNER = PersonId("p-founder")
ROOMS = {"general": "General talk", "quiet": "Quiet corner"}
DEADLINE_S = 20.0


@dataclass
class Member:
    """Somebody with a token."""

    site: Site
    person: PersonId
    token: str
    keys: Any = field(default_factory=lambda: itertools.count(1))

    async def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", **how.pop("headers", {})}
        return await self.site.http.request(method, path, headers=headers, **how)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.ask("GET", path, params=params or None)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.ask("POST", path, json=body)

    async def command(self, type: str, **fields: Any) -> httpx.Response:
        fields.setdefault("key", f"{self.person}-{next(self.keys):08d}")
        return await self.post("/api/commands", {"type": type, **fields})

    async def says(self, text: str, *, room: str = "general", **fields: Any) -> int:
        """Post a message; its seq."""
        answer = await self.command("post_message", room=room, text=text, **fields)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["seq"])


@dataclass
class Site:
    flow: Flow
    port: int
    http: httpx.AsyncClient
    application: Starlette
    server: uvicorn.Server

    @property
    def shared(self) -> Any:
        """What the server's calls share: `routes.site.Site`."""
        return self.application.state.site

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def member(self, name: str, *, role: Role = "learner", cohort: str = COHORT, lifetime_s: int = 600) -> Member:
        person = person_id(b"test", CohortId(cohort), name)
        token = self.flow.node.tokens.issue_access(
            person, CohortId(cohort), name=name, role=role, lifetime_s=lifetime_s
        )
        return Member(self, person, token.token)

    async def member_who(self, name: str, *, role: Role = "learner") -> Member:
        """A member who has come in already."""
        member = self.member(name, role=role)
        answer = await member.get("/api/me")
        assert answer.status_code == 200, answer.text
        return member


class Server(uvicorn.Server):
    """uvicorn's looks every 0.1 s whether it is to end; this one is told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_over = asyncio.Event()

    async def main_loop(self) -> None:
        await self.is_over.wait()


@asynccontextmanager
async def serving(data: Path, **settings: Any) -> AsyncIterator[Site]:
    """Serve `data` until the block ends. `settings`: of `RouteSettings`."""
    wanted = Settings(data=data, rate_limits=False)
    async with app.running(wanted) as flow:
        usual: dict[str, Any] = {"origins": frozenset({"https://course.example"}), "rate_limits": False}
        given = replace(app.route_settings(wanted), **(usual | settings))
        wheel = TimingWheel()
        wheel.start()
        shell = WebSocketShell(
            flow.desk, wheel, origins=given.origins, chance=flow.node.ids.chance, connections_max=1_000
        )
        application = routes.build(flow, given, shell)
        config = uvicorn.Config(
            application,
            ws="tertulia.websocket.connection:Connection",
            http="httptools",
            lifespan="on",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = Server(config)
        # With its protocol named, asyncio sends small writes at once (TCP_NODELAY), as it does on a socket of its own.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
            listening.bind(("127.0.0.1", 0))
            task = asyncio.ensure_future(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.005)
            port = listening.getsockname()[1]
            try:
                async with httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=DEADLINE_S, verify=False
                ) as http:
                    yield Site(flow, port, http, application, server)
            finally:
                server.is_over.set()
                await task
                await wheel.stop()


def use_up(rates: Rates, key: str) -> None:
    """Leave nothing for this key for an hour: as if it had asked much too fast."""
    rates.take(key, asyncio.get_running_loop().time() + 3_600)


async def furnish(flow: Flow, *, cohort: CohortId = COHORT, rooms: Mapping[str, str] = ROOMS) -> None:
    """A cohort and its rooms."""
    refusal = await found_cohort(flow.node, cohort, founder=OWNER, name="Data structures")
    assert refusal is None, refusal
    for room, name in rooms.items():

        def decide(state: Any, at: int, room: str = room, name: str = name) -> Any:
            return decide_room_made(state.cohort, RoomId(room), name=name, kind="discussion")

        done = await flow.node.cohort_lane(cohort).ask(decide, author=OWNER)
        assert not isinstance(done, Refusal), done


@pytest.fixture
async def demo_site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path / "data") as running:
        await furnish(running.flow)
        yield running


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """An error in the one shape errors have, and nothing of the server's insides in it."""
    said: dict[str, Any] = answer.json()
    asked = f"{answer.request.method} {answer.request.url!s:.300} {said}"
    assert (answer.status_code, said.get("code")) == (status, code), asked
    assert said["message"], "a sentence for people"
    assert said["retry"] in ("never", "later", "reload")
    assert set(said) <= {"code", "message", "retry", "after", "type", "id"}
    assert "Traceback" not in answer.text, "a peer learns nothing of the server's insides"
    assert "/site-packages/" not in answer.text, "a peer learns nothing of the server's insides"
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1
    return said


class Events:
    """A client of POST /api/live: one server-sent event after another."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.id: str | None = None
        self.comments = 0

    async def next(self) -> dict[str, Any]:
        """The next event's record; its name as `_event` when it has one."""
        async with asyncio.timeout(DEADLINE_S):
            return await self._next()

    async def _next(self) -> dict[str, Any]:
        data, name = [], ""
        async for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("id: "):
                self.id = line[4:]
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif line == "" and data:
                record: dict[str, Any] = json.loads("\n".join(data))
                return {**record, "_event": name} if name else record
        raise EOFError("the stream ended")

    async def until(self, type: str, **fields: Any) -> dict[str, Any]:
        """The next record of this type with these values; others are passed over."""
        while True:
            record = await self.next()
            if record["type"] == type and all(record.get(key) == value for key, value in fields.items()):
                return record


@asynccontextmanager
async def live(member: Member, body: dict[str, Any], **headers: str) -> AsyncIterator[Events]:
    """Open the live stream."""
    sent = {"authorization": f"Bearer {member.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    async with member.site.http.stream("POST", "/api/live", json=body, headers=sent) as answer:
        assert answer.status_code == 200, (await answer.aread()).decode()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer.aiter_lines())
