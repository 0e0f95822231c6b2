"""`tertulia rebuild`: the derived tables (messages, threads, tallies, search …) anew from the log."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from tertulia.cli.progress import bar
from tertulia.cli.settings import database_of, settings_of, settings_options


@click.command("rebuild")
@settings_options
def command(**options: Any) -> None:
    """Make all derived tables anew from the log. The server must be stopped; the log is not changed."""
    entries = asyncio.run(_rebuild(settings_of(options)))
    click.echo(f"Done: everything was made anew from {entries:,} entries.")


async def _rebuild(settings: Any) -> int:
    from tertulia.app import PROJECTIONS
    from tertulia.eventlog.sqlite import SqliteLog

    path = database_of(settings)
    _must_be_there(path)
    shown = _Shown()
    log = await SqliteLog.open(path, projections=PROJECTIONS, progress=shown)
    try:
        await log.rebuild(shown)
        await log.settle()
    finally:
        shown.close()
        await log.close()
    return shown.total


def _must_be_there(path: Any) -> None:
    from tertulia.cli.exits import DATA, Trouble

    if not path.exists():
        raise Trouble(f"There is no log at {path}: name the data folder with --data.", DATA)


class _Shown:
    """One bar after the other; called from the log's thread."""

    def __init__(self) -> None:
        self.total = 0
        self._name = ""
        self._bar: Any = None
        self._done = 0

    def __call__(self, name: str, folded: int, total: int) -> None:
        self.total = max(self.total, total)
        if name != self._name:
            self.close()
            self._name, self._done = name, 0
            self._bar = bar(f"{name:<8}", total)
            self._bar.__enter__()
        self._bar.update(folded - self._done)
        self._done = folded

    def close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
