"""`tertulia migrate`: a SQLite log into PostgreSQL, verified; the folder is then marked as moved."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tertulia.cli.exits import TROUBLE, USAGE, Trouble
from tertulia.cli.options import data_option, secret_file_option
from tertulia.cli.progress import Bars
from tertulia.cli.tokens import secret_of

if TYPE_CHECKING:
    from tertulia.eventlog.move import Moved
    from tertulia.eventlog.move_check import Verified


@click.command("migrate")
@data_option
@click.option(
    "--log",
    required=True,
    envvar="TERTULIA_LOG",
    show_envvar=True,
    metavar="URL",
    help="Where to: postgresql://user:password@host/database, an empty database.",
)
@secret_file_option
def command(*, data: Path, log: str, secret_file: Path | None) -> None:
    """Move the SQLite log of a data folder to PostgreSQL. The server must be stopped.

    Everything is kept: clients go on from where they were, keys are answered as before. It can be stopped at any
    moment and run again: it goes on where it was. At the end both logs are compared, and the folder is marked.
    """
    try:
        moved, verified, where = asyncio.run(_migrate(data, log, secret_file))
    except KeyboardInterrupt:
        sentence = "Stopped before it was done. Give the same command again: it goes on where it was."
        raise Trouble(sentence, TROUBLE) from None
    each = f" ({moved.rows / moved.seconds:,.0f} rows/s)" if moved.rows else ""
    click.echo(f"Moved {verified.entries:,} entries and {verified.receipts:,} receipts to PostgreSQL at {where}{each}.")
    click.echo(
        f"Verified: {verified.streams:,} streams with all their entries, and all receipts, are the same in both logs "
        f"(digest {verified.digest})."
    )
    click.echo(f"From now on: tertulia serve --data {data} --log postgresql://… (the old log is kept, and not used).")


async def _migrate(data: Path, log: str, secret_file: Path | None) -> tuple[Moved, Verified, str]:
    from tertulia.app import LOG_FILE, is_postgres, must_have_driver, open_postgres
    from tertulia.auth.secret import deployment_name

    if not is_postgres(log):
        raise Trouble("--log: a log is moved to PostgreSQL: give postgresql://user:password@host/database.", USAGE)
    cluster = deployment_name(secret_of(data, secret_file))
    must_have_driver()
    from tertulia.eventlog import move, move_check

    bars = Bars()
    try:
        async with move.opened(data / LOG_FILE, log, cluster=cluster) as opened:
            moved = await opened.copy(bars)
            verified = await move_check.verify(opened, bars)
            made = await open_postgres(log, cluster=cluster, moved=opened.epoch, progress=bars)
            await made.close()
            await opened.finish()
            return moved, verified, str(opened.address)
    finally:
        bars.close()
