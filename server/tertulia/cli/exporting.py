"""`tertulia export`: a room as a file."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import IO, Any

import click

from tertulia.cli.exits import UNREACHED, USAGE, Trouble
from tertulia.cli.options import (
    an_id,
    as_option,
    cohort_option,
    data_option,
    log_option,
    secret_file_option,
    url_option,
)
from tertulia.cli.progress import bar


@click.command("export")
@data_option
@log_option
@secret_file_option
@cohort_option
@click.option("--room", required=True, type=an_id, metavar="ID")
@click.option("--format", "form", default="jsonl", show_default=True, type=click.Choice(["jsonl", "markdown", "html"]))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Written whole or not at all; without it, stdout."
)
@url_option
@as_option
def command(*, room: str, form: str, out: Path | None, **how: Any) -> None:
    """Write a room as JSON lines (which `tertulia import` reads), as Markdown, or as an HTML page.

    Without --url the data folder is used directly; the server must not be running then (but for a log
    in PostgreSQL: --log).
    """
    if out is None:
        asyncio.run(_export(sys.stdout.buffer, room, form, **how))
        return
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            asyncio.run(_export(file, room, form, **how))
            os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        raise Trouble(f"{out} cannot be written: {error.strerror}.", USAGE) from None
    finally:
        draft.unlink(missing_ok=True)


async def _export(file: IO[bytes], room: str, form: str, **how: Any) -> None:
    import httpx

    from tertulia.cli.operating import ask, operator_api, refused, unreached

    async with operator_api(**how) as http:
        head = (await ask(http, "GET", f"/api/rooms/{room}"))["seq"]
        with bar("Exporting", head) as progress:
            try:
                async with http.stream("GET", f"/api/rooms/{room}/export", params={"format": form}) as answer:
                    if not answer.is_success:
                        await answer.aread()
                        raise refused(answer)
                    async for chunk in answer.aiter_bytes():
                        file.write(chunk)
                        progress.update(chunk.count(b"\n{") + 1 if form == "jsonl" else 0)
            except httpx.RemoteProtocolError:
                raise Trouble(
                    "The server broke off in the middle of the export; nothing was kept.", UNREACHED
                ) from None
            except httpx.TransportError as error:
                raise unreached(http, error) from None
