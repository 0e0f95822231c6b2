"""`tertulia invite`: a link by which people come into a cohort."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import click

from tertulia.cli.options import (
    DEFAULT_ADDRESS,
    a_server,
    as_option,
    cohort_option,
    data_option,
    log_option,
    secret_file_option,
    url_option,
)
from tertulia.domain import limits

_ROLES: Final = ("owner", "instructor", "ta", "learner", "observer")
_HOURS: Final = 7 * 24.0


@click.command("invite")
@data_option
@log_option
@secret_file_option
@cohort_option
@click.option("--role", default="learner", show_default=True, type=click.Choice(_ROLES))
@click.option(
    "--hours",
    default=_HOURS,
    show_default=True,
    type=click.FloatRange(0.01, limits.invite_s_max / 3600),
    help="How long it is good.",
)
@click.option(
    "--uses", type=click.IntRange(1, limits.invite_uses_max), help="How many people may come in by it; without it, any."
)
@url_option
@click.option(
    "--public-url",
    type=a_server,
    metavar="URL",
    help=f"What the link begins with; without it, --url or {DEFAULT_ADDRESS}.",
)
@as_option
def command(*, role: str, hours: float, uses: int | None, url: str | None, public_url: str | None, **who: Any) -> None:
    """Print an invite link: whoever opens it chooses a name and is in.

    Without --url the data folder is used directly; the server must not be running then (but for a log
    in PostgreSQL: --log).
    """
    body = {"role": role, "expires_s": int(hours * 3600)} | ({"uses_max": uses} if uses else {})
    invite = asyncio.run(_make(body, url=url, public_url=public_url, **who))
    link = invite["link"]
    if public_url is not None:
        link = f"{public_url}/join#{link.partition('#')[2]}"
    click.echo(link)
    until = datetime.fromtimestamp(invite["expires_at"] / 1000, tz=UTC)
    click.echo(f"For: {role}. Good until {until:%Y-%m-%d %H:%M} UTC. Id: {invite['invite']}", err=True)


async def _make(body: dict[str, Any], **how: Any) -> Any:
    from tertulia.cli.operating import ask, operator_api

    async with operator_api(**how) as http:
        return await ask(http, "POST", "/api/invites", json=body)
