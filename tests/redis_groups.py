"""Redis with replicas for tests, every server a real process: Sentinel (1 master, 2 replicas, 3 sentinels) and Cluster
(3 masters, 3 replicas). The masters die by `kill_master`; `heal` starts who is down and waits until all is in order.

They notice a death within about a second (`down-after-milliseconds`, `cluster-node-timeout`), and have the users of
docs/examples, so that what operators are told is enough is what the tests run with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final

import pytest
import redis

from tests.redis_server import EXAMPLES, USERS, RedisServer, free_port

READY_DEADLINE_S: Final = 60.0
DOWN_AFTER_MS: Final = 1_000
SLOTS: Final = 16_384
_REPLICA: Final = {"masteruser": "replica", "masterauth": "change-me-replica"}
_QUICK: Final = {"repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1", "repl-backlog-size": "1mb"}


class Sentinel(RedisServer):
    """One sentinel that watches the master at `port` by the name `tertulia`."""

    def __init__(self, folder: Path, *, master_port: int) -> None:
        super().__init__(folder, options=USERS)
        folder.mkdir()
        self._file = folder / "sentinel.conf"
        lines = (
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {folder}",
            f"aclfile {EXAMPLES / 'sentinel-users.acl'}",
            "sentinel sentinel-user sentinel",
            "sentinel sentinel-pass change-me-sentinel",
            f"sentinel monitor {Sentinels.name} 127.0.0.1 {master_port} 2",
            f"sentinel auth-user {Sentinels.name} sentinel",
            f"sentinel auth-pass {Sentinels.name} change-me-sentinel",
            f"sentinel down-after-milliseconds {Sentinels.name} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {Sentinels.name} 3000",
            f"sentinel parallel-syncs {Sentinels.name} 2",
        )
        self._file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _arguments(self) -> list[str]:
        return [str(self._file), "--sentinel"]

    def wait(self) -> None:
        super().wait()
        # It looks at its servers every 10 s otherwise, and a group would take as long to be in order.
        periods = ("INFO-PERIOD", "PING-PERIOD", "ASK-PERIOD", "PUBLISH-PERIOD")
        self.ask_raw("SENTINEL", "DEBUG", *(word for period in periods for word in (period, "200")))


class _Group:
    """Servers that are started and ended together."""

    def __init__(self) -> None:
        self.servers: list[RedisServer] = []

    def _launch(self, servers: Iterable[RedisServer]) -> None:
        """All at once, then wait for all: starting takes each of them a moment."""
        started = [server for server in servers if not server.is_running]
        for server in started:
            server.launch()
        for server in started:
            server.wait()

    def stop(self) -> None:
        for server in self._all():
            server.stop()

    def _all(self) -> list[RedisServer]:
        return self.servers


class Sentinels(_Group):
    """`with Sentinels(folder) as group:` — `url` leads there."""

    name: Final = "tertulia"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.sentinels: list[Sentinel] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return (
            f"redis+sentinel://tertulia:change-me@{hosts}/{self.name}"
            "?sentinel_username=tertulia&sentinel_password=change-me"
        )

    def __enter__(self) -> Sentinels:
        for number in range(3):
            folder = self._folder / f"redis-{number}"
            folder.mkdir()
            options = {**USERS, **_REPLICA, **_QUICK}
            if number:
                options["replicaof"] = f"127.0.0.1 {self.servers[0].port}"
            self.servers.append(RedisServer(folder, options=options))
        self.sentinels = [
            Sentinel(self._folder / f"sentinel-{number}", master_port=self.servers[0].port) for number in range(3)
        ]
        try:
            self._launch(self._all())
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _all(self) -> list[RedisServer]:
        return [*self.servers, *self.sentinels]

    def wait(self) -> None:
        """Until every sentinel knows the other two and two replicas that are linked to one and the same master."""
        until_in_order(self._is_in_order, "Sentinel")

    def _is_in_order(self) -> bool:
        ports = {self.master_port(sentinel) for sentinel in self.sentinels}
        if len(ports) != 1:
            return False
        (port,) = ports
        for server in self.servers:
            role = server.ask_raw("ROLE")
            if server.port == port and role[0] != b"master":
                return False
            if server.port != port and (role[0] != b"slave" or role[2:4] != [port, b"connected"]):
                return False
        return all(
            facts["flags"] == "master" and facts["num-slaves"] == "2" and facts["num-other-sentinels"] == "2"
            for facts in map(self._facts, self.sentinels)
        )

    def _facts(self, sentinel: Sentinel) -> dict[str, str]:
        words = [word.decode() for word in sentinel.ask_raw("SENTINEL", "MASTER", self.name)]
        return dict(zip(words[::2], words[1::2], strict=True))

    def master_port(self, sentinel: Sentinel | None = None) -> int:
        told = (sentinel or self.sentinels[0]).ask_raw("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name)
        return int(told[1])

    @property
    def master(self) -> RedisServer:
        port = self.master_port()
        return next(server for server in self.servers if server.port == port)

    def kill_master(self) -> RedisServer:
        """kill -9; who it was."""
        master = self.master
        master.stop()
        return master

    def wait_failover(self, dead: RedisServer) -> None:
        """Until all sentinels say that another is the master."""
        until_in_order(lambda: all(self.master_port(one) != dead.port for one in self.sentinels), "the fail-over")

    def heal(self) -> None:
        """Start who is down; wait until there is a master with two replicas again."""
        self._launch(self._all())
        self.wait()


class Cluster(_Group):
    """`with Cluster(folder) as cluster:` — `url` leads there. Masters with equal shares of the slots, each with a
    replica; one without a replica does not take the others with it (`cluster-require-full-coverage no`)."""

    def __init__(self, folder: Path, *, masters: int = 3) -> None:
        super().__init__()
        self._folder = folder
        self._masters = masters

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.servers[:3])
        return f"redis+cluster://tertulia-cluster:change-me-cluster@{hosts}"

    def __enter__(self) -> Cluster:
        for number in range(2 * self._masters):
            folder = self._folder / f"redis-{number}"
            folder.mkdir()
            self.servers.append(RedisServer(folder, options=self._options()))
        try:
            self._launch(self.servers)
            self._join()
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _options(self) -> dict[str, str]:
        cluster = {
            "cluster-enabled": "yes",
            "cluster-config-file": "nodes.conf",
            "cluster-node-timeout": str(DOWN_AFTER_MS),
            "cluster-port": str(free_port()),
            "cluster-require-full-coverage": "no",
            "cluster-replica-validity-factor": "0",
        }
        return {**USERS, **_REPLICA, **_QUICK, **cluster}

    def _join(self) -> None:
        first, masters = self.servers[0], self.servers[: self._masters]
        for number, master in enumerate(masters):
            begin, end = (SLOTS * part // self._masters for part in (number, number + 1))
            master.ask_raw("CLUSTER", "ADDSLOTSRANGE", str(begin), str(end - 1))
            master.ask_raw("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        for server in self.servers[1:]:
            first.ask_raw("CLUSTER", "MEET", "127.0.0.1", str(server.port), server.cluster_port)
        until_in_order(
            lambda: all(self._count_known(server) == len(self.servers) for server in self.servers), "Cluster meeting"
        )
        for number, replica in enumerate(self.servers[self._masters :]):
            replica.ask_raw("CLUSTER", "REPLICATE", text(masters[number].ask_raw("CLUSTER", "MYID")))

    def _count_known(self, server: RedisServer) -> int:
        return sum("handshake" not in flags for flags in (line.split()[2] for line in self._nodes_of(server)))

    def _nodes_of(self, server: RedisServer) -> list[str]:
        return text(server.ask_raw("CLUSTER", "NODES")).splitlines()

    def wait(self) -> None:
        """Until all slots are served, every master has a replica that is linked, and all nodes see it so."""
        until_in_order(self._is_in_order, "Cluster")

    def _is_in_order(self) -> bool:
        for server in self.servers:
            lines = [line.split() for line in self._nodes_of(server)]
            if any("fail" in line[2] or "handshake" in line[2] or line[7] != "connected" for line in lines):
                return False
            masters = {line[0]: line[8:] for line in lines if "master" in line[2]}
            if len(lines) != len(self.servers) or len(masters) != self._masters or not all(masters.values()):
                return False
            if {line[3] for line in lines if "slave" in line[2]} != masters.keys():
                return False
        roles = [server.ask_raw("ROLE") for server in self.servers]
        return all(role[3] == b"connected" for role in roles if role[0] == b"slave")

    def masters(self, *, seen_by: RedisServer | None = None) -> list[RedisServer]:
        """Those who serve slots, in the order of their slots."""
        asked = seen_by or next(server for server in self.servers if server.is_running)
        lines = [line.split() for line in self._nodes_of(asked)]
        serving = [line for line in lines if "master" in line[2] and "fail" not in line[2] and len(line) > 8]
        serving.sort(key=lambda line: int(line[8].partition("-")[0]))
        ports = [int(line[1].partition("@")[0].rpartition(":")[2]) for line in serving]
        return [next(server for server in self.servers if server.port == port) for port in ports]

    def kill_master(self, number: int = 0) -> RedisServer:
        """kill -9 the master with the first slots, or the one after it …; who it was."""
        master = self.masters()[number]
        master.stop()
        return master

    def wait_failover(self, dead: RedisServer) -> None:
        """Until those who live have a master in its place."""
        living = [server for server in self.servers if server.is_running]
        until_in_order(lambda: all(self._is_replaced(dead, seen_by=server) for server in living), "the fail-over")

    def _is_replaced(self, dead: RedisServer, *, seen_by: RedisServer) -> bool:
        ports = [server.port for server in self.masters(seen_by=seen_by)]
        return dead.port not in ports and len(ports) == self._masters

    def heal(self) -> None:
        """Start who is down; wait until every master has a replica again."""
        self._launch(self.servers)
        self.wait()

    def move_slot(self, slot: int, to: RedisServer) -> None:
        """Give an empty slot to another master, as a resharding does."""
        (source,) = [server for server in self.masters() if self.serves(server, slot)]
        node = text(to.ask_raw("CLUSTER", "MYID"))
        to.ask_raw("CLUSTER", "SETSLOT", str(slot), "IMPORTING", text(source.ask_raw("CLUSTER", "MYID")))
        source.ask_raw("CLUSTER", "SETSLOT", str(slot), "MIGRATING", node)
        for server in (to, source, *(one for one in self.masters() if one not in (to, source))):
            server.ask_raw("CLUSTER", "SETSLOT", str(slot), "NODE", node)

    def serves(self, server: RedisServer, slot: int) -> bool:
        return any(first <= slot <= last for first, last in self.slots_of(server))

    def slots_of(self, server: RedisServer) -> list[tuple[int, int]]:
        """The ranges it says it has, ends included."""
        (mine,) = [line.split() for line in self._nodes_of(server) if "myself" in line]
        ranges = [part.partition("-") for part in mine[8:] if not part.startswith("[")]
        return [(int(first), int(last or first)) for first, _, last in ranges]

    def replica_of(self, master: RedisServer) -> RedisServer:
        return next(server for server in self.servers if server.ask_raw("ROLE")[:3:2] == [b"slave", master.port])


def until_in_order(condition: Callable[[], bool], what: str) -> None:
    give_up_at = time.monotonic() + READY_DEADLINE_S
    while True:
        try:
            if condition():
                return
        except redis.RedisError:
            pass  # not up, or not yet as it will be
        if time.monotonic() > give_up_at:
            pytest.fail(f"{what} was not in order after {READY_DEADLINE_S} s")
        time.sleep(0.05)


def text(reply: bytes) -> str:
    return reply.decode()
