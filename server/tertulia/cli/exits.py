"""Exit codes, and the one place where what goes wrong becomes a sentence on stderr: never a traceback."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Final

import click

DONE: Final = 0
TROUBLE: Final = 1
USAGE: Final = 2
DATA: Final = 3
UNREACHED: Final = 4
REFUSED: Final = 5

EXITS_HELP: Final = """\b
Exit codes:
  0  done
  1  doctor found trouble; or a fault of this program
  2  an option, a configuration file or an input file cannot be used
  3  the data folder or the log's database cannot be used: in use, damaged, newer, not permitted
  4  something was not reached: the server, the bus, the log's database, a free port
  5  the server refused
"""

_CODES: Final[dict[str, int]] = {
    "tertulia.app.SettingsRefused": USAGE,
    "tertulia.auth.secret.SecretRefused": DATA,
    "tertulia.eventlog.LogRefused": DATA,
    "tertulia.eventlog.LogUrlRefused": USAGE,
    "tertulia.eventlog.LogUnreached": UNREACHED,
    "tertulia.eventlog.LogFull": DATA,
    "tertulia.eventlog.LogUnavailable": DATA,
    "tertulia.bus.BusRefused": UNREACHED,
    "tertulia.client.errors.Unreachable": UNREACHED,
    "tertulia.client.errors.Stopped": REFUSED,
    "tertulia.client.errors.Refused": REFUSED,
    "tertulia.client.errors.Denied": REFUSED,
}
"""By name, so that nothing is imported only to be told apart."""


class Trouble(click.ClickException):
    """Ends the command with this sentence and this exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        click.echo(f"tertulia: {self.message}", err=True)


class Tertulia(click.Group):
    """The group of all commands: loads each when it is asked for, and turns failures into sentences."""

    def __init__(self, *arguments: Any, modules: dict[str, tuple[str, str]], **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        module = import_module(f"tertulia.cli.{self._modules[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._modules.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _usage(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _usage(error) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BaseExceptionGroup as group:
            raise _trouble(_first(group)) from group
        except Exception as error:
            raise _trouble(error) from error


def _usage(error: click.UsageError) -> click.ClickException:
    """One sentence, where click would print three lines; bare `tertulia` still shows its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    path = error.ctx.command_path if error.ctx is not None else "tertulia"
    return Trouble(f"{error.format_message().rstrip('.')}. See {path} --help.", USAGE)


def _trouble(error: BaseException) -> BaseException:
    if os.environ.get("TERTULIA_TRACEBACK") == "1" or not isinstance(error, Exception):
        return error
    for cls in type(error).__mro__:
        if (code := _CODES.get(f"{cls.__module__}.{cls.__qualname__}")) is not None:
            return Trouble(str(error), code)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return Trouble(f"The system says: {error.strerror or error}{where}.", TROUBLE)
    sentence = f"Something went wrong in this program: {type(error).__name__}. TERTULIA_TRACEBACK=1 shows where."
    return Trouble(sentence, TROUBLE)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
