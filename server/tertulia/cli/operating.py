"""The operator's way into the HTTP API: of a running server (`--url`), or of the same program round a data folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tertulia.cli.exits import REFUSED, UNREACHED, Trouble
from tertulia.cli.options import DEFAULT_ADDRESS
from tertulia.cli.tokens import issue

_TIMEOUT_S: Final = 60.0


@asynccontextmanager
async def operator_api(
    *,
    data: Path,
    secret_file: Path | None,
    cohort: str,
    as_name: str,
    url: str | None,
    log: str = "",
    public_url: str | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks as an owner of the cohort. Raises LogRefused (in use, damaged), SecretRefused, Trouble."""
    token = issue(data, cohort=cohort, name=as_name, role="owner", hours=1, secret_file=secret_file).access
    headers = {"Authorization": f"Bearer {token}"}
    if url is not None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=_TIMEOUT_S) as http:
            yield http
        return
    from tertulia import routes
    from tertulia.cli.folder import SettableClock, opened

    async with opened(data, clock=SettableClock(), secret_file=secret_file, log=log) as flow:
        app = routes.build(flow, routes.RouteSettings(webapp=data, rate_limits=False, public_url=public_url))
        transport = httpx.ASGITransport(app=app)
        base = public_url or DEFAULT_ADDRESS
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers, timeout=_TIMEOUT_S) as http:
            yield http


async def ask(http: httpx.AsyncClient, method: str, path: str, **arguments: Any) -> Any:
    """The decoded answer. Raises Trouble."""
    try:
        answer = await http.request(method, path, **arguments)
    except httpx.TransportError as error:
        raise unreached(http, error) from None
    if not answer.is_success:
        raise refused(answer)
    return answer.json()


def unreached(http: httpx.AsyncClient, error: httpx.TransportError) -> Trouble:
    why = str(error) or type(error).__name__
    return Trouble(f"No server answers at {http.base_url}: {why}. Is it running there?", UNREACHED)


def refused(answer: httpx.Response) -> Trouble:
    try:
        said = answer.json()
        sentence = f"{said['message']} ({said['code']})"
    except (ValueError, KeyError, TypeError):
        sentence = f"it answers with HTTP status {answer.status_code}; is that a Tertulia server?"
    return Trouble(f"The server refused: {sentence}", REFUSED)
