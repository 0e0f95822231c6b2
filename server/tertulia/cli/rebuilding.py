"""`tertulia rebuild`: the derived tables (messages, threads, tallies, search …) anew from the log."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from tertulia.cli.progress import Bars
from tertulia.cli.settings import database_of, settings_of, settings_options
from tertulia.cli.tokens import secret_of


@click.command("rebuild")
@settings_options
def command(**options: Any) -> None:
    """Make all derived tables anew from the log, which is not changed. The server must be stopped; but nodes on a log
    in PostgreSQL (--log) may go on meanwhile."""
    entries = asyncio.run(_rebuild(settings_of(options)))
    click.echo(f"Done: everything was made anew from {entries:,} entries.")


async def _rebuild(settings: Any) -> int:
    from tertulia.app import PROJECTIONS, is_postgres
    from tertulia.eventlog.sqlite import SqliteLog

    if is_postgres(settings.log):
        return await _rebuild_postgres(settings)
    path = database_of(settings)
    _must_be_there(path)
    shown = Bars()
    log = await SqliteLog.open(path, projections=PROJECTIONS, progress=shown)
    try:
        await log.rebuild(shown)
        await log.settle()
    finally:
        shown.close()
        await log.close()
    return shown.total


async def _rebuild_postgres(settings: Any) -> int:
    from tertulia.app import open_postgres
    from tertulia.auth.secret import deployment_name

    cluster = deployment_name(secret_of(settings.data, settings.secret_file))
    shown = Bars()
    log = await open_postgres(settings.log, cluster=cluster)
    try:
        await log.rebuild(shown)
    finally:
        shown.close()
        await log.close()
    return shown.total


def _must_be_there(path: Any) -> None:
    from tertulia.cli.exits import DATA, Trouble

    if not path.exists():
        raise Trouble(f"There is no log at {path}: name the data folder with --data.", DATA)
