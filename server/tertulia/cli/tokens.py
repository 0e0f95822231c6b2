"""`tertulia token`: a token for a person, made with the secret of a data folder. No server is needed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from tertulia.auth.people import person_id
from tertulia.auth.secret import own_secret, secret_from
from tertulia.auth.tokens import Tokens
from tertulia.cli.exits import DATA, Trouble
from tertulia.cli.options import ROLE, a_name, an_id, data_option, secret_file_option
from tertulia.domain.ids import CohortId, PersonId
from tertulia.domain.policy import Role

_HOURS: Final = 12.0
_HOURS_MAX: Final = 366 * 24.0


class Issued(NamedTuple):
    person: PersonId
    access: str
    refresh: str
    expires_at: int
    """Unix ms; of the access token."""


class _Clock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


def secret_of(data: Path, secret_file: Path | None = None) -> bytes:
    """The secret that the server of this data folder signs with. Raises SecretRefused, Trouble."""
    if secret_file is not None:
        return secret_from(secret_file)
    if not data.is_dir():
        raise Trouble(
            f"There is no data folder {data}: start `tertulia serve --data {data}` once, or name another with --data.",
            DATA,
        )
    return own_secret(data)


def issue(
    data: Path, *, cohort: str, name: str, role: Role, hours: float = _HOURS, secret_file: Path | None = None
) -> Issued:
    """Tokens for the person of this (clean) name in this cohort: always the same person. Raises as `secret_of`."""
    return issue_with(secret_of(data, secret_file), cohort=cohort, name=name, role=role, hours=hours)


def issue_with(secret: bytes, *, cohort: str, name: str, role: Role, hours: float = _HOURS) -> Issued:
    tokens = Tokens(secret, clock=_Clock())
    person = person_id(secret, CohortId(cohort), name)
    access = tokens.issue_access(person, CohortId(cohort), name=name, role=role, lifetime_s=int(hours * 3600))
    refresh = tokens.issue_refresh(person, CohortId(cohort), name=name, role=role)
    return Issued(person, access.token, refresh.token, access.expires_at_ms)


@click.command("token")
@data_option
@secret_file_option
@click.option(
    "--cohort", required=True, type=an_id, metavar="ID", help="The cohort; an owner's or instructor's token makes it."
)
@click.option(
    "--name", required=True, type=a_name, metavar="NAME", help="The same name in the same cohort is the same person."
)
@click.option("--role", default="learner", show_default=True, type=ROLE, help="Holds when the person first comes in.")
@click.option(
    "--hours",
    default=_HOURS,
    show_default=True,
    type=click.FloatRange(0, _HOURS_MAX, min_open=True),
    help="How long it is good.",
)
@click.option("--json", "as_json", is_flag=True, help="An object, with the refresh token and the person's id.")
def command(*, data: Path, secret_file: Path | None, as_json: bool, **who: Any) -> None:
    """Print a token for a person: good in `hello` and as bearer.

    Whoever holds it is that person until it expires. It goes to stdout, alone, for use in scripts.
    """
    issued = issue(data, secret_file=secret_file, **who)
    if as_json:
        told = {"token": issued.access, "refresh": issued.refresh, "expires_at": issued.expires_at}
        told |= {"person": issued.person, "name": who["name"], "role": who["role"], "cohort": who["cohort"]}
        click.echo(json.dumps(told))
    else:
        click.echo(issued.access)
