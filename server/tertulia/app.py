"""The composition root: the only place that knows every name. Settings in, a running node out."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
import uvicorn

from tertulia import routes
from tertulia.auth.secret import deployment_name, own_secret, secret_from
from tertulia.auth.tokens import Tokens
from tertulia.bus import Bus
from tertulia.bus.in_process import InProcessBus
from tertulia.bus.redis import RedisBus
from tertulia.domain import limits
from tertulia.eventlog import EventLog, LogRefused
from tertulia.eventlog.projection import Progress
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.eventlog.stats import LogStats
from tertulia.live.flow import Flow
from tertulia.live.node import Node
from tertulia.live.ports import Clock, RandomIds, SystemClock
from tertulia.live.rates import CommandRates
from tertulia.projections import Reading
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.websocket.connection import WebSocketShell
from tertulia.websocket.liveness import TimingWheel

if TYPE_CHECKING:
    from tertulia.eventlog.postgres import PostgresLog

logger = structlog.get_logger("tertulia.app")

LOG_FILE = "tertulia.sqlite3"
PROJECTIONS = (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
WEBAPP = Path(__file__).parent / "webapp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may set; the same names on the command line, in the environment and in a TOML file.

    `log`: empty for the SQLite log in the data folder, or `sqlite:///…`, or `postgresql://…` for nodes on any number of
    machines; `log_replica`: a replica of that, for reading what is long past. `bus`: empty for in-process, or `redis://…`;
    with a bus that reaches other nodes the data folder may be shared by several nodes of one machine. `secret_file`:
    the secret for tokens; without it, the one this data folder makes for itself. `workers`, `worker_port`: for the
    command line, which starts so many nodes (`cli/workers.py`); 0 is none.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    log: str = ""
    log_replica: str = ""
    bus: str = ""
    origins: tuple[str, ...] = ()
    public_url: str = ""
    secret_file: Path | None = None
    connections_max: int = limits.connections_max
    rate_limits: bool = True
    metrics_token: str = ""
    drain_window_s: float = limits.drain_window_s
    workers: int = 0
    worker_port: int = 0


class SettingsRefused(Exception):
    """A setting cannot be used; the message names it and says what to do."""


async def open_node(settings: Settings, *, clock: Clock | None = None) -> Flow:
    """Everything a node needs, opened and handed together; not started. Raises LogRefused, SettingsRefused,
    `SecretRefused`."""
    settings.data.mkdir(parents=True, exist_ok=True)
    clock = clock or SystemClock()
    secret = own_secret(settings.data) if settings.secret_file is None else secret_from(settings.secret_file)
    tokens = Tokens(secret, clock=clock)
    ids = RandomIds()
    node_id = ids.new_id()
    deployment = deployment_name(secret)
    bus = make_bus(settings.bus, node_id=node_id, deployment=deployment)
    log_stats = LogStats()
    log, reading = await _open_log(settings, deployment, stats=log_stats)
    node = Node(
        node_id=node_id,
        log=log,
        bus=bus,
        reading=reading,
        tokens=tokens,
        rates=CommandRates(is_limited=settings.rate_limits),
        clock=clock,
        ids=ids,
        log_stats=log_stats,
    )
    return Flow(node)


async def _open_log(settings: Settings, deployment: str, *, stats: LogStats) -> tuple[EventLog, Reading]:
    if is_postgres(settings.log):
        log = await open_postgres(settings.log, cluster=deployment, replica=settings.log_replica, stats=stats)
        from tertulia.projections.postgres_reading import PostgresReading  # noqa: PLC0415 - as its log

        return log, PostgresReading(log.readers)
    if settings.log_replica:
        raise SettingsRefused("--log-replica: only a log in PostgreSQL has replicas; give --log postgresql://… too.")
    path, is_shared = log_path(settings), bool(settings.bus)
    sqlite = await SqliteLog.open(path, projections=PROJECTIONS, shared=is_shared, stats=stats)
    return sqlite, SqliteReading(sqlite.readers)


def is_postgres(url: str) -> bool:
    return url.startswith(("postgresql:", "postgres:"))


async def open_postgres(
    url: str,
    *,
    cluster: str,
    moved: str = "",
    replica: str = "",
    progress: Progress | None = None,
    stats: LogStats | None = None,
) -> PostgresLog:
    """With its projections; imported when it is needed, for PostgreSQL's driver is an extra. Raises what
    `PostgresLog.open` raises, and SettingsRefused."""
    must_have_driver()
    from tertulia.eventlog.postgres import PostgresLog  # noqa: PLC0415
    from tertulia.projections.postgres_projections import PostgresProjections  # noqa: PLC0415

    return await PostgresLog.open(
        url,
        cluster=cluster,
        moved=moved,
        replica=replica,
        projections=PostgresProjections(),
        progress=progress,
        stats=stats,
    )


def must_have_driver() -> None:
    try:
        import psycopg  # noqa: F401, PLC0415
    except ImportError as error:
        raise SettingsRefused(
            f"--log postgresql://: the driver is missing ({error}). Install Tertulia with it, in a clone "
            ".venv/bin/pip install -e '.[postgres]', else pip install 'tertulia-….whl[postgres]'."
        ) from error


def log_path(settings: Settings) -> Path:
    """Where the SQLite log is. Raises SettingsRefused for a URL this program has no log for."""
    if not settings.log:
        return settings.data / LOG_FILE
    url = urlsplit(settings.log)
    if url.scheme != "sqlite" or not url.path:
        what = (
            f"there is no log for {url.scheme}:// here" if url.scheme else "the URL has no scheme, as in postgresql://"
        )
        raise SettingsRefused(
            f"--log: {what}; leave it out, or give sqlite:///path/to/file or postgresql://user:password@host/database."
        )
    return Path(url.path)


def make_bus(url: str, *, node_id: str, deployment: str) -> Bus:
    if not url:
        return InProcessBus(node_id)
    scheme = urlsplit(url).scheme
    if scheme.partition("+")[0] not in ("redis", "rediss"):  # how it is used (`+sentinel`) the bus judges
        raise SettingsRefused(
            f"--bus: there is no bus for {scheme or 'this'}:// here; leave it out, or give redis://host:6379."
        )
    return RedisBus(url, node_id, deployment=deployment)


@asynccontextmanager
async def running(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Flow]:
    """A node's flow, started; stopped and closed at the end. What the server and the command line both use."""
    flow = await open_node(settings, clock=clock)
    try:
        await flow.start()
        try:
            yield flow
        finally:
            await flow.stop()
    finally:
        await flow.node.log.close()


OnReady = Callable[[Callable[[], None]], None]
"""Called when the node listens, with what makes it listen no more (for the thread of its loop)."""


async def serve(
    settings: Settings, *, sockets: list[socket.socket] | None = None, on_ready: OnReady | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Raises what `open_node` and the bus's start raise.

    `sockets` listen already, and others may listen on them too: a drain then begins with leaving them to those.
    """
    async with running(settings) as flow:
        wheel = TimingWheel()
        wheel.start()
        shell = WebSocketShell(
            flow.desk,
            wheel,
            origins=frozenset(settings.origins),
            chance=flow.node.ids.chance,
            connections_max=settings.connections_max,
        )
        server = _Server(
            uvicorn.Config(
                routes.build(flow, route_settings(settings), shell),
                host=settings.host,
                port=settings.port,
                ws="tertulia.websocket.connection:Connection",
                http="tertulia.routes.door:Door",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
                backlog=limits.listen_backlog,
            ),
            flow=flow,
            shell=shell,
            drain_window_s=settings.drain_window_s,
            on_ready=on_ready,
        )
        try:
            await server.serve(sockets=sockets)
        finally:
            await wheel.stop()


def route_settings(settings: Settings) -> routes.RouteSettings:
    return routes.RouteSettings(
        public_url=settings.public_url or None,
        webapp=WEBAPP,
        origins=frozenset(settings.origins),
        metrics_token=settings.metrics_token or None,
        rate_limits=settings.rate_limits,
    )


class _Server(uvicorn.Server):
    """uvicorn, with a drain before its shutdown: peers are told to reconnect and keep their socket meanwhile."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        flow: Flow,
        shell: WebSocketShell,
        drain_window_s: float,
        on_ready: OnReady | None,
    ) -> None:
        super().__init__(config)
        self._flow = flow
        self._shell = shell
        self._drain_window_s = drain_window_s
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            await self._take_several_at_once()
            if self._on_ready is not None:
                self._on_ready(self._listen_no_more)

    async def _take_several_at_once(self) -> None:
        """libuv takes one connection a turn from each handle that listens. In a storm turns are long, the kernel's
        queue is soon full, and it drops what comes, to be sent again after 1, 3, 7, 15 s: so there are several handles
        on the same socket, and the queue is emptied before it is full."""
        loop, config = asyncio.get_running_loop(), self.config

        def make() -> asyncio.Protocol:
            return config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )

        for sock in [sock for server in self.servers for sock in server.sockets]:
            for _ in range(limits.accepts_at_once - 1):
                twin = socket.socket(fileno=os.dup(sock.fileno()))
                self.servers.append(await loop.create_server(make, sock=twin, backlog=config.backlog))

    def _listen_no_more(self) -> None:
        for server in self.servers:
            server.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if sockets:
            self._listen_no_more()
        self._shell.is_accepting = False
        if self._flow.node.conversations:
            logger.info("draining", connections=len(self._flow.node.conversations), window_s=self._drain_window_s)
            window_s = self._drain_window_s
            await self._flow.drain(window_s=window_s, wait_s=window_s * limits.drain_s / limits.drain_window_s)
        await super().shutdown(sockets)


def run(settings: Settings, *, sockets: list[socket.socket] | None = None, on_ready: OnReady | None = None) -> None:
    """`serve` on uvloop, for the command line."""
    _calm_the_collector()
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        asyncio.run(serve(settings, sockets=sockets, on_ready=on_ready))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, sockets=sockets, on_ready=on_ready))


def _calm_the_collector() -> None:
    """Look for cycles rarely, and not at all among what was loaded at the start.

    What travels (commands, events, entries, frames) holds no cycles and is freed at once by its reference counts; yet
    Python's default looks through the youngest objects at every 700 that are kept, and through all of them, connections
    and rooms included, soon after: a fifth of the CPU of a node under load. The collector stays on for what does hold
    cycles: exceptions with their frames, tasks that were cancelled.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(limits.collect_young_objects, limits.collect_middle_every, limits.collect_old_every)


__all__ = ["LogRefused", "Settings", "SettingsRefused", "open_node", "run", "running", "serve"]
