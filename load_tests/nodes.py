"""One or two real nodes, as operators run them, in a temporary folder; two share the folder and a redis-server."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import ExitStack
from pathlib import Path

from tests.redis_server import RedisServer
from tests.servers import Server


class Nodes:
    """`with Nodes(folder, count=2) as nodes:` — `writers` and `readers` are the same node when there is only one."""

    def __init__(self, folder: Path, *, count: int) -> None:
        self._folder = folder
        self._count = count
        self._ends = ExitStack()
        self.all: list[Server] = []
        self.redis: RedisServer | None = None
        self.kills = 0
        self.down_s = 0.0

    def __enter__(self) -> Nodes:
        options = ["--no-rate-limits"]
        if self._count > 1:
            self.redis = self._ends.enter_context(RedisServer(self._folder))
            options += ["--bus", self.redis.url]
        data = self._folder / "data"
        for number in range(self._count):
            server = Server(self._folder / f"node-{number}", data=data, options=options)
            self.all.append(self._ends.enter_context(server))
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    @property
    def writers(self) -> Server:
        return self.all[0]

    @property
    def readers(self) -> Server:
        return self.all[-1]

    async def kill_one(self) -> None:
        """SIGKILL to one node (each in turn), and a start on the same port and data."""
        server = self.all[self.kills % len(self.all)]
        self.kills += 1
        began = time.perf_counter()
        await asyncio.to_thread(server.restart)
        self.down_s += time.perf_counter() - began

    def cpu_s(self) -> float:
        """What the nodes that run now have used."""
        ticks = os.sysconf("SC_CLK_TCK")
        used = 0.0
        for server in self.all:
            fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
            used += (int(fields[11]) + int(fields[12])) / ticks
        return used

    def complaints(self) -> list[str]:
        """What the nodes printed that looks like a fault."""
        return [line for server in self.all for line in server.output.splitlines() if "Traceback" in line]
