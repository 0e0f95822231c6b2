"""`tertulia doctor`: looks for what would keep a server from running well, and says what to do about it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import platform
import re
import resource
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tertulia import __version__
from tertulia.cli.doctor_servers import bus_server, log_replica, log_server
from tertulia.cli.exits import TROUBLE, Trouble
from tertulia.cli.findings import Finding
from tertulia.cli.settings import address_of, database_of, settings_of, settings_options

if TYPE_CHECKING:
    from tertulia.app import Settings

AT_LEAST: Final = {
    "apsw": (3, 53),
    "PyJWT": (2, 12),
    "redis": (8, 1),
    "starlette": (1, 3, 1),
    "websockets": (16, 1),
}
"""Older ones have faults that matter here (SQLite before 3.51.3: a corruption bug when the WAL is reset)."""

PYTHON_MIN: Final = (3, 11)
FREE_BYTES_MIN: Final = 1024**3
CLOCK_AHEAD_S: Final = 60.0
_MARKS: Final = {"good": ("✓", "green"), "note": ("·", "yellow"), "trouble": ("✗", "red")}


Check = Callable[["Settings"], Iterator[Finding]]


@click.command("doctor")
@settings_options
def command(**options: Any) -> None:
    """Look at what a server with these settings would need: data, database, clock, port, versions, limits, bus.

    Changes nothing. Exit code 1 when there is trouble.
    """
    settings = settings_of(options)
    troubles = 0
    for check in CHECKS:
        for finding in check(settings):
            mark, colour = _MARKS[finding.kind]
            click.echo(f"{click.style(mark, fg=colour)} {finding.sentence}")
            troubles += finding.kind == "trouble"
    if troubles:
        raise Trouble("there is trouble; see above." if troubles == 1 else f"{troubles} troubles; see above.", TROUBLE)
    click.echo("All is well.")


def versions(_: Settings) -> Iterator[Finding]:
    import apsw

    running = f"Tertulia {__version__}, Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"
    if sys.version_info < PYTHON_MIN:
        yield Finding("trouble", f"{running}: install Python 3.11 or newer.")
        return
    wrong = 0
    for package, least in AT_LEAST.items():
        wanted = ".".join(map(str, least))
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "none"
        if tuple(map(int, re.findall(r"\d+", found)[:3])) < least:
            wrong += 1
            yield Finding("trouble", f"{package} is {found}: pip install '{package}>={wanted}'.")
    if not wrong:
        yield Finding("good", f"{running}.")


def webapp(_: Settings) -> Iterator[Finding]:
    from tertulia.app import WEBAPP

    if (WEBAPP / "index.html").exists():
        yield Finding("good", "The web app is built.")
    else:
        yield Finding("note", "The web app is not built: `make web`. The API and sockets work without it.")


def data_folder(settings: Settings) -> Iterator[Finding]:
    data = settings.data
    if not data.exists():
        yield Finding("note", f"There is no data folder {data.resolve()} yet: the first start makes it.")
        return
    if not data.is_dir():
        yield Finding("trouble", f"{data.resolve()} is not a folder: choose another with --data.")
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("trouble", f"{data.resolve()} cannot be written by this user: chown it, or run as its owner.")
        return
    free = shutil.disk_usage(data).free
    if free < FREE_BYTES_MIN:
        yield Finding("trouble", f"Only {free // 1024**2:,} MiB are free for {data.resolve()}: make room.")
    else:
        yield Finding("good", f"The data folder {data.resolve()} can be written; {free // 1024**3:,} GiB are free.")
    if stat.S_IMODE(data.stat().st_mode) & stat.S_IWOTH:
        yield Finding("trouble", f"Everybody may write to {data.resolve()}: chmod o-w {data.resolve()}")


def secret(settings: Settings) -> Iterator[Finding]:
    from tertulia.auth.secret import FILE_NAME, SecretRefused, secret_from

    path = settings.secret_file or settings.data / FILE_NAME
    if settings.secret_file is None and not path.exists():
        yield Finding("note", "There is no secret for tokens yet: the first start makes one.")
        return
    try:
        secret_from(path)
        yield Finding("good", f"The secret for tokens in {path} can be used.")
    except SecretRefused as error:
        yield Finding("trouble", str(error))


def database(settings: Settings) -> Iterator[Finding]:
    from tertulia.app import SettingsRefused, is_postgres
    from tertulia.eventlog import LogRefused, sqlite_file

    if is_postgres(settings.log):
        yield from log_server(settings)
        yield from log_replica(settings)
        return
    try:
        path = database_of(settings)
        if not path.exists():
            yield Finding("note", f"There is no log at {path} yet: the first start makes it.")
            return
        sqlite_file.check_not_moved(path)
        sqlite_file.check(path, is_in_use=_holders(path.parent) is not None, is_thorough=True)
        yield Finding("good", f"The log {path} is whole ({path.stat().st_size / 1024**2:,.1f} MiB).")
    except (SettingsRefused, LogRefused) as error:
        yield Finding("trouble", str(error))


def lock(settings: Settings) -> Iterator[Finding]:
    try:
        holders = _holders(settings.data)
    except OSError as error:
        yield Finding("trouble", f"{settings.data} cannot be locked ({error.strerror}): keep the data on a local disk.")
        return
    if holders is None:
        yield Finding("good", "No other process uses the data folder.")
    else:
        yield Finding("note", f"The data folder is in use by process {holders}. If that is your server, all is well.")


def _holders(folder: Path) -> str | None:
    """The processes that use the folder. Only looks: the lock is let go at once, and the file is not written."""
    from tertulia.eventlog.folder_lock import NAME

    path = folder / NAME
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return " ".join(path.read_text(errors="replace").split()[1:]) or "unknown"


def clock(settings: Settings) -> Iterator[Finding]:
    now_s, newest = time.time(), Path(__file__)
    files = (
        [newest, *(path for path in settings.data.glob("*") if path.is_file())] if settings.data.is_dir() else [newest]
    )
    newest = max(files, key=lambda path: path.stat().st_mtime)
    ahead_s = newest.stat().st_mtime - now_s
    if ahead_s > CLOCK_AHEAD_S:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now_s))
        yield Finding("trouble", f"The clock says {when}, and {newest} is {ahead_s:,.0f} s newer: set the clock (NTP).")
    else:
        yield Finding("good", f"The clock says {time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime(now_s))}.")


def port(settings: Settings) -> Iterator[Finding]:
    import httpx

    from tertulia.cli.serving import check_port

    try:
        check_port(settings.host, settings.port)
        yield Finding("good", f"Port {settings.port} of {settings.host} is free.")
        return
    except Trouble as trouble:
        found = trouble
    try:
        answer = httpx.get(f"{address_of(settings)}/healthz", timeout=3.0, trust_env=False).json()
        yield Finding("note", f"A Tertulia {answer['version']} serves port {settings.port} of {settings.host} already.")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        yield Finding("trouble", found.message)


def open_files(settings: Settings) -> Iterator[Finding]:
    from tertulia.cli.serving import SPARE_FILES, too_few_files

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # `serve` raises the soft one by itself
    if hard == resource.RLIM_INFINITY or hard >= settings.connections_max + SPARE_FILES:
        yield Finding("good", f"Enough files may be open for {settings.connections_max:,} connections.")
    else:
        yield Finding("note", too_few_files(hard, settings.connections_max))


def bus(settings: Settings) -> Iterator[Finding]:
    from tertulia.app import SettingsRefused, make_bus
    from tertulia.bus import BusRefused
    from tertulia.bus.redis import RedisBus

    if not settings.bus:
        yield Finding("good", "The bus is in this process: one node, no Redis.")
        return

    async def try_it() -> list[str]:
        made = make_bus(settings.bus, node_id="doctor", deployment="")
        await made.start(lambda message: None, lambda channels: None)
        servers = [server.address for server in made.servers()] if isinstance(made, RedisBus) else []
        await made.stop()
        return servers

    try:
        servers = asyncio.run(try_it())
        yield Finding("good", f"The bus answers: {', '.join(servers)}.")
        yield from bus_server(settings)
    except (BusRefused, SettingsRefused) as error:
        yield Finding("trouble", str(error))


CHECKS: Final[tuple[Check, ...]] = (
    versions,
    webapp,
    data_folder,
    secret,
    database,
    lock,
    clock,
    port,
    open_files,
    bus,
)
