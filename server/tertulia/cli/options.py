"""Options that several commands share, and what their values may look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from tertulia.domain import limits
from tertulia.domain.ids import is_id
from tertulia.domain.policy import ROLES
from tertulia.domain.text import clean_line

F = TypeVar("F", bound=Callable[..., Any])

OPERATOR: Final = "Operator"
DEFAULT_ADDRESS: Final = "http://127.0.0.1:8080"


def an_id(value: str) -> str:
    if not is_id(value):
        raise click.BadParameter(f"{value!r} is no id: 1 to 48 of a-z 0-9 _ -, beginning with a letter or digit.")
    return value


def a_name(value: str) -> str:
    clean = clean_line(value, chars_max=limits.name_chars_max)
    if clean is None:
        raise click.BadParameter(f"a name has 1 to {limits.name_chars_max} characters.")
    return clean


def a_server(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        raise click.BadParameter(f"{value!r} is no address of a server; it should look like http://127.0.0.1:8080.")
    return value.rstrip("/")


ROLE: Final = click.Choice(ROLES)


def data_option(function: F) -> F:
    return click.option(
        "--data",
        envvar="TERTULIA_DATA",
        default="data",
        show_default=True,
        type=click.Path(file_okay=False, path_type=Path),
        show_envvar=True,
        help="The data folder.",
    )(function)


def secret_file_option(function: F) -> F:
    return click.option(
        "--secret-file",
        envvar="TERTULIA_SECRET_FILE",
        type=click.Path(path_type=Path),
        show_envvar=True,
        help="The secret for tokens; without it, secret.key in the data folder.",
    )(function)


def log_option(function: F) -> F:
    return click.option(
        "--log",
        envvar="TERTULIA_LOG",
        default="",
        show_envvar=True,
        metavar="URL",
        help="postgresql://…, when the log is there and not in the data folder; nodes may be running then.",
    )(function)


def cohort_option(function: F) -> F:
    return click.option("--cohort", required=True, type=an_id, metavar="ID", help="The cohort's id.")(function)


def url_option(function: F) -> F:
    return click.option(
        "--url",
        type=a_server,
        metavar="URL",
        help="Go through the server that runs there, instead of to the data folder directly.",
    )(function)


def as_option(function: F) -> F:
    return click.option(
        "--as",
        "as_name",
        default=OPERATOR,
        show_default=True,
        type=a_name,
        metavar="NAME",
        help="The member (an owner) in whose name this is done; brought in if there is none.",
    )(function)
