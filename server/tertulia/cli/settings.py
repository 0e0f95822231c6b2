"""What an operator may set, as options; the same names in the environment (TERTULIA_…) and in a TOML file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from tertulia.cli.config import config_option
from tertulia.cli.options import a_server, data_option, secret_file_option
from tertulia.domain import limits

if TYPE_CHECKING:
    from tertulia.app import Settings

F = TypeVar("F", bound=Callable[..., Any])


def an_origin(value: str) -> str:
    if value != "*" and (not value.startswith(("http://", "https://")) or value.count("/") != 2):
        raise click.BadParameter(f"{value!r} is no origin; it should look like https://school.example, without a path.")
    return value


def _option(name: str, **attributes: Any) -> Callable[[Any], Any]:
    bare = name.partition("/")[0].removeprefix("--")
    return click.option(name, envvar=f"TERTULIA_{bare.upper().replace('-', '_')}", show_envvar=True, **attributes)


_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    config_option,
    _option("--host", default="127.0.0.1", show_default=True, help="Where to listen."),
    _option("--port", default=8080, show_default=True, type=click.IntRange(1, 65_535)),
    data_option,
    _option(
        "--log",
        default="",
        metavar="URL",
        help="The event log: postgresql://user:password@host/database, for nodes on any number of machines; without "
        "it, SQLite in the data folder.",
    ),
    _option(
        "--log-replica",
        default="",
        metavar="URL",
        help="A replica of the PostgreSQL log, postgresql://…, from which what is long past is read.",
    ),
    _option(
        "--bus",
        default="",
        metavar="URL",
        help="For several nodes: redis://host:6379, redis+sentinel://host,host/master or redis+cluster://host,host; "
        "without it this node is alone.",
    ),
    _option(
        "--origins",
        multiple=True,
        type=an_origin,
        metavar="ORIGIN",
        help="A web origin that may connect beside the server's own; repeat it for more (environment: with spaces).",
    ),
    _option(
        "--public-url",
        type=a_server,
        metavar="URL",
        help="The address people use, for invite links; without it, the one they came by.",
    ),
    secret_file_option,
    _option(
        "--connections-max",
        default=limits.connections_max,
        show_default=True,
        type=click.IntRange(1),
        help="More WebSockets than this are asked to come back later.",
    ),
    _option(
        "--rate-limits/--no-rate-limits",
        default=True,
        show_default=True,
        help="Limit how fast one person may ask. Off only for load tests.",
    ),
    _option("--metrics-token", default="", help="The bearer that /metrics asks for."),
    _option(
        "--workers",
        default=0,
        show_default=True,
        type=click.IntRange(0, limits.workers_max),
        help="So many processes share the port, kept running by one more; needs --bus. 0: one process alone.",
    ),
    _option(
        "--worker-port",
        default=0,
        type=click.IntRange(0, 65_535),
        help="Worker 1 listens on this port of 127.0.0.1 too, worker 2 on the next, …: for the metrics of each.",
    ),
    _option(
        "--drain-window-s",
        default=limits.drain_window_s,
        show_default=True,
        type=click.FloatRange(0, 600),
        help="At the end: over how many seconds peers are asked to go elsewhere.",
    ),
)


def settings_options(function: F) -> F:
    """The options as one decorator; the command gets them as `**options`, for `settings_of`."""
    decorated: Any = function
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def settings_of(options: dict[str, Any]) -> Settings:
    from tertulia.app import Settings

    return Settings(**{**options, "origins": tuple(options["origins"]), "public_url": options["public_url"] or ""})


def address_of(settings: Settings) -> str:
    """Where this machine reaches it."""
    return url_of(settings.host, settings.port)


def url_of(host: str, port: int) -> str:
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def database_of(settings: Settings) -> Path:
    """Raises SettingsRefused."""
    from tertulia.app import log_path

    return log_path(settings)
