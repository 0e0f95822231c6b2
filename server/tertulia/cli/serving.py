"""`tertulia serve`: the server, as operators run it."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import click

from tertulia import __version__
from tertulia.cli.config import config_option
from tertulia.cli.exits import UNREACHED, USAGE, Trouble
from tertulia.cli.options import a_server, data_option, secret_file_option
from tertulia.domain import limits


def an_origin(value: str) -> str:
    if value != "*" and (not value.startswith(("http://", "https://")) or value.count("/") != 2):
        raise click.BadParameter(f"{value!r} is no origin; it should look like https://school.example, without a path.")
    return value


@click.command("serve")
@config_option
@click.option("--host", envvar="TERTULIA_HOST", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", envvar="TERTULIA_PORT", default=8080, show_default=True, type=click.IntRange(1, 65_535))
@data_option
@click.option("--log", envvar="TERTULIA_LOG", default="", help="The event log; without it, SQLite in the data folder.")
@click.option(
    "--bus",
    envvar="TERTULIA_BUS",
    default="",
    help="redis://host:6379/0, for several nodes; without it this node is alone.",
)
@click.option(
    "--origins",
    envvar="TERTULIA_ORIGINS",
    multiple=True,
    type=an_origin,
    metavar="ORIGIN",
    help="A web origin that may connect, beside the server's own; repeat it for more (environment: spaces between).",
)
@click.option(
    "--public-url",
    envvar="TERTULIA_PUBLIC_URL",
    type=a_server,
    metavar="URL",
    default=None,
    help="The address people use, for invite links; without it, the one they came by.",
)
@secret_file_option
@click.option(
    "--connections-max",
    envvar="TERTULIA_CONNECTIONS_MAX",
    default=limits.connections_max,
    show_default=True,
    type=click.IntRange(1),
    help="More WebSockets than this are asked to come back later.",
)
@click.option(
    "--rate-limits/--no-rate-limits",
    envvar="TERTULIA_RATE_LIMITS",
    default=True,
    show_default=True,
    help="Limit how fast one person may ask. Off only for load tests and imports.",
)
@click.option("--metrics-token", envvar="TERTULIA_METRICS_TOKEN", default="", help="The bearer /metrics asks for.")
@click.option(
    "--drain-window-s",
    envvar="TERTULIA_DRAIN_WINDOW_S",
    default=limits.drain_window_s,
    show_default=True,
    type=click.FloatRange(0, 600),
    help="At the end: over how many seconds peers are asked to go elsewhere.",
)
def command(**options: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C, then let everybody leave in order.

    Every option can also be set in the environment (TERTULIA_PORT=8080) and in a TOML file (--config).
    """
    run(settings_of(options), greeting=_greet)


def settings_of(options: dict[str, Any]) -> Any:
    from tertulia.app import Settings

    options = dict(options)
    options["origins"] = tuple(options.get("origins", ()))
    options["public_url"] = options.get("public_url") or ""
    return Settings(**options)


def run(settings: Any, *, greeting: Any) -> None:
    """Serve. `greeting(settings)` is called once it listens."""
    from tertulia import app

    check_port(settings.host, settings.port)
    diagnostics_to_stderr()
    # uvicorn gives the signal on when it has shut down: the log is then still to be closed.
    signal.signal(signal.SIGTERM, _end)
    try:
        app.run(settings, on_ready=lambda: greeting(settings))
    except KeyboardInterrupt:
        click.echo("\nStopped.", err=True)


def check_port(host: str, port: int) -> None:
    """Raises Trouble when nobody could listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise Trouble(
            f"--host {host!r} is no address of this machine. Use 127.0.0.1, or 0.0.0.0 for all.", USAGE
        ) from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise Trouble(
                f"Port {port} is for the system's own; choose one above 1023 with --port.", UNREACHED
            ) from None
        except OSError as error:
            hint = (
                "is in use: stop what listens there, or choose another with --port"
                if error.errno == 98
                else error.strerror
            )
            raise Trouble(f"Port {port} of {host} {hint}.", UNREACHED) from None


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


def address_of(settings: Any) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _greet(settings: Any) -> None:
    folder = Path(settings.data).resolve()
    click.echo(f"Tertulia {__version__} serves {address_of(settings)} · data in {folder} · Ctrl-C stops it")


def _end(number: int, frame: object) -> None:
    raise SystemExit(0)
