"""The servers of a scenario, real ones, in temporary folders, and what stands between them.

Each node has a door, a proxy through which writers come in: it can lead to another node. Each node reaches Redis and
PostgreSQL through a proxy of its own, so that one node alone can be cut off (of Sentinel and Cluster the nodes are told
addresses, so there is none).
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import httpx

from tertulia.auth.secret import own_secret
from tertulia.cli.tokens import issue_with
from tertulia.client import Client, new_key
from tertulia.domain.commands import CreateRoom
from tests.chaos_proxy import ChaosProxy
from tests.postgres_server import PostgresServer
from tests.redis_groups import Cluster, Sentinels
from tests.redis_server import RedisServer
from tests.servers import Server

LogKind = Literal["sqlite", "postgres"]
BusKind = Literal["redis", "sentinel", "cluster"]

COHORT: Final = "chaos"
DRAIN_WINDOW_S: Final = 2.0
TRACE_LINES: Final = 12


class Stage:
    """`nodes[n]` is reached by writers through `doors[n]`; `bus_links[n]` and `log_links[n]` are its ways out."""

    def __init__(self, folder: Path, *, nodes: int, log: LogKind = "sqlite", bus: BusKind = "redis") -> None:
        self.log, self.bus = log, bus
        self.nodes: list[Server] = []
        self.doors: list[ChaosProxy] = []
        self.bus_links: list[ChaosProxy] = []
        self.log_links: list[ChaosProxy] = []
        self.group: RedisServer | Sentinels | Cluster | None = None
        self._postgres: PostgresServer | None = None
        self._folder = folder
        self._count = nodes
        self._ends = ExitStack()

    def __enter__(self) -> Stage:
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start(self) -> None:
        folder = self._folder / "redis"
        folder.mkdir(parents=True)
        kinds = {"redis": RedisServer, "sentinel": Sentinels, "cluster": Cluster}
        self.group = self._ends.enter_context(kinds[self.bus](folder))
        if self.log == "postgres":
            self._postgres = self._ends.enter_context(PostgresServer(settings={"max_connections": "60"}))
            log_url = self._postgres.new_database()
        else:
            log_url = ""
        for number in range(self._count):
            bus_url, node_log_url = self.group.url, log_url
            if self.bus == "redis":
                bus_url = self._through(self.bus_links, bus_url)
            options = ["--no-rate-limits", "--drain-window-s", str(DRAIN_WINDOW_S), "--bus", bus_url]
            if log_url:
                node_log_url = self._through(self.log_links, log_url)
                options += ["--log", node_log_url]
            node = Server(self._folder / f"node-{number}", data=self._folder / "data", options=options)
            self.nodes.append(self._ends.enter_context(node))
            self.doors.append(self._ends.enter_context(ChaosProxy(node.port, seed=number)))

    def _through(self, links: list[ChaosProxy], url: str) -> str:
        """The same URL by way of a proxy of its own."""
        parts = urlsplit(url)
        assert parts.port is not None, "a test server has a port"
        links.append(self._ends.enter_context(ChaosProxy(parts.port, seed=len(links))))
        return url.replace(f":{parts.port}", f":{links[-1].port}")

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def postgres(self) -> PostgresServer:
        assert self._postgres is not None, "this stage has none"
        return self._postgres

    @property
    def redis(self) -> RedisServer:
        assert isinstance(self.group, RedisServer), "this stage has another kind"
        return self.group

    @property
    def failing(self) -> Sentinels | Cluster:
        """What can fail over."""
        assert isinstance(self.group, Sentinels | Cluster), "this stage has a single server"
        return self.group

    @property
    def secret(self) -> bytes:
        return own_secret(self._folder / "data")

    @property
    def owner_token(self) -> str:
        return issue_with(self.secret, cohort=COHORT, name="Operator", role="owner", hours=5.0).access

    async def make_rooms(self, count: int) -> list[str]:
        """Their ids."""
        rooms = []
        async with Client(self.nodes[0].url, token=self.owner_token, deadline_s=60.0) as owner:
            for number in range(count):
                made = await owner.send(CreateRoom(key=new_key(), name=f"Room {number}"))
                rooms.append(made.stream.partition("/")[2])
        return rooms

    def http(self, node: int) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.owner_token}"}
        return httpx.AsyncClient(base_url=self.nodes[node].url, headers=headers, trust_env=False, timeout=60.0)

    def metric(self, node: int, name: str, *, label: str = "") -> float:
        """The sum over its labels, or of those with this one (`why="range"`)."""
        text = httpx.get(f"{self.nodes[node].url}/metrics", trust_env=False, timeout=30.0).text
        lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.rpartition(" ")[2]) for line in lines if label in line)

    def complaints(self) -> list[str]:
        """What the nodes printed that looks like a fault: the end of each traceback."""
        found = []
        for node in self.nodes:
            for trace in node.output.split("Traceback (most recent call last):")[1:]:
                found.append(" / ".join(line.strip() for line in trace.strip().splitlines()[-TRACE_LINES:]))
        return found

    # --- what is done to the nodes --------------------------------------------------------------------------------

    def kill_node(self, number: int) -> None:
        """SIGKILL; its writers are led to the next node from then on."""
        self.nodes[number].kill()
        self.doors[number].target_port = self.nodes[(number + 1) % len(self.nodes)].port

    def start_node(self, number: int) -> None:
        """On its port; its writers are led home."""
        self.nodes[number].start()
        self.doors[number].target_port = self.nodes[number].port
        self.doors[number].cut("end")


def now_ms() -> float:
    return time.time() * 1000
