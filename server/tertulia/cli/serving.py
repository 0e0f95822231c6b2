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
from tertulia.cli.settings import address_of, settings_of, settings_options

if TYPE_CHECKING:
    from tertulia.app import Settings

SPARE_FILES: Final = 200
"""Beside the connections: the log, its readers, the bus, the listening sockets, the web app's files."""
WORTH_A_WORD: Final = 0.9
"""Of the connections that were wished for: fewer are mentioned at the start. (`doctor` mentions any.)"""

_IN_USE: Final = "is in use: stop what listens there, or choose another with --port"


@click.command("serve")
@settings_options
def command(**options: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C, then let everybody leave in order.

    Every option can also be set in the environment (TERTULIA_PORT=8080) and in a TOML file (--config).
    """
    run(settings_of(options), greeting=_greet)


def run(settings: Settings, *, greeting: Callable[[Settings], None]) -> None:
    """Serve. `greeting` is called once it listens. No more connections are taken than files may be open."""
    from tertulia import app

    check_port(settings.host, settings.port)
    wanted, warning = settings.connections_max, allow_files(settings.connections_max)
    if warning:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        settings = replace(settings, connections_max=max(1, files - SPARE_FILES))
    diagnostics_to_stderr()

    def greet() -> None:
        greeting(settings)
        if settings.connections_max < wanted * WORTH_A_WORD:
            click.echo(warning, err=True)

    # uvicorn gives the signal on when it has shut down: the log is then still to be closed.
    signal.signal(signal.SIGTERM, _end)
    try:
        app.run(settings, on_ready=greet)
    except KeyboardInterrupt:
        click.echo("\nStopped.", err=True)


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
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        sentence = f"--host {host!r} is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all."
        raise Trouble(sentence, USAGE) from None
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise Trouble(f"Port {port} is kept for root; choose one above 1023 with --port.", UNREACHED) from None
        except OSError as error:
            why = _IN_USE if error.errno == errno.EADDRINUSE else f"cannot be listened on: {error.strerror}"
            raise Trouble(f"Port {port} of {host} {why}.", UNREACHED) from None


def diagnostics_to_stderr() -> None:
    """One line each, on stderr: never message bodies, never tokens."""
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
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
