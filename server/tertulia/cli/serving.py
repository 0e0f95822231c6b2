"""`tertulia serve`: the server, as operators run it."""

from __future__ import annotations

import errno
import logging
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from tertulia import __version__
from tertulia.cli.exits import UNREACHED, USAGE, Trouble
from tertulia.cli.settings import address_of, settings_of, settings_options, url_of

if TYPE_CHECKING:
    from tertulia.app import Settings
    from tertulia.cli.worker import Post

SPARE_FILES: Final = 200
"""Beside the connections: the log, its readers, the bus, the listening sockets, the web app's files."""
WORTH_A_WORD: Final = 0.9
"""Of the connections that were wished for: fewer are mentioned at the start. (`doctor` mentions any.)"""

_IN_USE: Final = "is in use: stop what listens there, or choose another with --port"


@click.command("serve")
@settings_options
def command(**options: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C, then let everybody leave in order.

    Every option can also be set in the environment (TERTULIA_PORT=8080) and in a TOML file (--config). With --workers,
    SIGHUP replaces all workers by new ones that read program and settings anew.
    """
    from tertulia.cli.worker import post_of_this_process

    post = post_of_this_process()
    if post is not None:
        _work(settings_of(options), post)
    elif options["workers"]:
        _supervise(options)
    else:
        run(settings_of(options), greeting=_greet)


def run(settings: Settings, *, greeting: Callable[[Settings], None]) -> None:
    """Serve. `greeting` is called once it listens. No more connections are taken than files may be open."""
    from tertulia import app

    check_port(settings.host, settings.port)
    connections_max, warning = _within_files(settings.connections_max)
    diagnostics_to_stderr()

    def greet(_: Callable[[], None]) -> None:
        greeting(settings)
        if warning:
            click.echo(warning, err=True)

    # uvicorn gives the signal on when it has shut down: the log is then still to be closed.
    signal.signal(signal.SIGTERM, _end)
    try:
        app.run(replace(settings, connections_max=connections_max), on_ready=greet)
    except KeyboardInterrupt:
        click.echo("\nStopped.", err=True)


def _work(settings: Settings, post: Post) -> None:
    """One of several; what there is to say to the operator the parent says."""
    from tertulia import app
    from tertulia.cli.worker import leaving_s

    diagnostics_to_stderr()
    post.leaving_s = leaving_s(settings.drain_window_s)
    signal.signal(signal.SIGTERM, _end)
    connections_max, _ = _within_files(settings.connections_max)
    app.run(replace(settings, connections_max=connections_max), sockets=post.sockets, on_ready=post.ready)


def _supervise(options: dict[str, Any]) -> None:
    """The parent of `--workers`. It imports none of what serves."""
    import asyncio

    from tertulia.cli.workers import Workers

    count, host, port, first_port = (options[name] for name in ("workers", "host", "port", "worker_port"))
    if not options["bus"]:
        sentence = (
            "--workers needs --bus: the workers are nodes, and tell each other what happened through Redis. Start one "
            "and add --bus redis://127.0.0.1:6379/0, or leave --workers out to run one process."
        )
        raise Trouble(sentence, USAGE)
    if first_port and first_port + count > 65_536:
        raise Trouble(f"--worker-port: {count} workers need {count} ports; begin below {65_537 - count}.", USAGE)
    check_port(host, port)  # somebody else may share it as well
    _, warning = _within_files(options["connections_max"])
    diagnostics_to_stderr()

    def greet() -> None:
        what = f"{count} workers · data in {options['data'].resolve()}"
        click.echo(f"Tertulia {__version__} serves {url_of(host, port)} · {what} · Ctrl-C stops it")
        if warning:
            click.echo(warning, err=True)

    def open_sockets(number: int) -> list[socket.socket]:
        return shared_sockets(host, port) + (shared_sockets("127.0.0.1", first_port + number - 1) if first_port else [])

    async def supervise() -> int:
        return await Workers(count, open_sockets, drain_window_s=options["drain_window_s"], greet=greet).run()

    code = asyncio.run(supervise())
    if code:
        raise SystemExit(code)


def _within_files(connections_max: int) -> tuple[int, str]:
    """So many connections that their files may be open; and a warning, if that is worth one."""
    warning = allow_files(connections_max)
    if not warning:
        return connections_max, ""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = max(1, files - SPARE_FILES)
    return allowed, warning if allowed < connections_max * WORTH_A_WORD else ""


def allow_files(connections_max: int) -> str:
    """Raise this process's limit of open files as far as it is needed and allowed. What to do about it when that is
    not far enough; else empty."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections_max + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    allowed = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return "" if allowed >= needed else too_few_files(allowed, connections_max)


def too_few_files(allowed: int, connections_max: int) -> str:
    return (
        f"Only {allowed:,} files may be open, which is enough for about {max(0, allowed - SPARE_FILES):,} connections "
        f"of {connections_max:,}: LimitNOFILE={connections_max + SPARE_FILES} (systemd), or a lower --connections-max."
    )


def check_port(host: str, port: int) -> None:
    """Raises Trouble when nobody could listen there."""
    _bound(*_addresses(host, port)[0]).close()


def shared_sockets(host: str, port: int) -> list[socket.socket]:
    """A socket for each of the host's addresses, for a worker to listen on. The kernel shares out who comes among all
    that listen on a port, evenly. Raises Trouble."""
    return [_bound(*address, is_port_shared=True) for address in _addresses(host, port)]


_Address = tuple[socket.AddressFamily, socket.SocketKind, Any]


def _addresses(host: str, port: int) -> list[_Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        sentence = f"--host {host!r} is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all."
        raise Trouble(sentence, USAGE) from None
    return list(dict.fromkeys((family, kind, address) for family, kind, _, _, address in found))


def _bound(
    family: socket.AddressFamily, kind: socket.SocketKind, address: Any, *, is_port_shared: bool = False
) -> socket.socket:
    sock, (host, port) = socket.socket(family, kind), address[:2]
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_port_shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError as error:
        sock.close()
        if isinstance(error, PermissionError):
            raise Trouble(f"Port {port} is kept for root; choose one above 1023 with --port.", UNREACHED) from None
        why = _IN_USE if error.errno == errno.EADDRINUSE else f"cannot be listened on: {error.strerror}"
        raise Trouble(f"Port {port} of {host} {why}.", UNREACHED) from None
    return sock


def diagnostics_to_stderr() -> None:
    """One line each, on stderr: never message bodies, never tokens."""
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Plainly: with `rich` about, structlog prints the values of variables, bodies and tokens among them.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _greet(settings: Settings) -> None:
    where = f"data in {settings.data.resolve()}"
    click.echo(f"Tertulia {__version__} serves {address_of(settings)} · {where} · Ctrl-C stops it")


def _end(number: int, frame: object) -> None:
    raise SystemExit(0)
