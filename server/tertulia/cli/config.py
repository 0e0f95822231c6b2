"""The configuration file: TOML, with the long options' names as keys. The command line and the environment go first.

host = "0.0.0.0"
port = 8080
origins = ["https://school.example"]
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click

from tertulia.cli.exits import USAGE, Trouble

NOT_IN_FILE = {"config", "help"}


def config_option(function: Any) -> Any:
    """`--config FILE`, read before all other options."""
    return click.option(
        "--config",
        envvar="TERTULIA_CONFIG",
        type=click.Path(dir_okay=False, path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=_read,
        show_envvar=True,
        help="A TOML file with the names of these options as keys (secret_file = …).",
    )(function)


def _read(ctx: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    if path is None or ctx.resilient_parsing:
        return
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise Trouble(f"There is no configuration file {path}.", USAGE) from None
    except OSError as error:
        raise Trouble(f"The configuration file {path} cannot be read: {error.strerror}.", USAGE) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Trouble(f"{path}, line {line}: this is not UTF-8. Save the file as UTF-8.", USAGE) from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Trouble(f"{path} is no TOML: {error}.", USAGE) from None
    known = {name: p for p in ctx.command.params if (name := p.name or "help") not in NOT_IN_FILE}
    ctx.default_map = {}
    for key, value in table.items():
        ctx.default_map[key.replace("-", "_")] = _value(ctx, known, f"{path}, line {_line(text, key)}", key, value)


def _value(ctx: click.Context, known: dict[str, click.Parameter], where: str, key: str, value: Any) -> Any:
    option = known.get(key.replace("-", "_"))
    if option is None:
        raise Trouble(f"{where}: there is no setting {key!r}. There are: {', '.join(known)}.", USAGE)
    values = value if isinstance(value, list) else [value]
    is_flag = isinstance(option, click.Option) and option.is_flag
    if is_flag and not isinstance(value, bool):
        raise Trouble(f"{where}: {key} must be true or false.", USAGE)
    if not is_flag and (
        (isinstance(value, list) and not option.multiple)
        or not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in values)
    ):
        wanted = "a text or a list of texts" if option.multiple else f"one value ({option.type.name})"
        raise Trouble(f"{where}: {key} must be {wanted}.", USAGE)
    try:
        for one in values:
            option.type.convert(one, option, ctx)
    except click.BadParameter as error:
        raise Trouble(f"{where}: {key}: {error.message.rstrip('.')}.", USAGE) from None
    return values if option.multiple else value


def _line(text: str, key: str) -> int:
    """The line a top-level key stands on."""
    found = re.search(rf"(?m)^[ \t]*[\[\"']*{re.escape(key)}\b", text)
    return 1 if found is None else text[: found.start()].count("\n") + 1
