"""The HTTP side of the client: pages of what was missed, new tokens, and whatever a program wants to read."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from tertulia.client import limits
from tertulia.client.errors import ClientError, Refused, Unreachable
from tertulia.client.records import Event
from tertulia.domain import limits as shared
from tertulia.domain.ids import ID_PATTERN
from tertulia.domain.refusals import Retry

Refresh = str | Callable[[], Awaitable[str]] | None
"""A refresh token, or a function that gives a new access token, or nothing."""

_SCHEMES: Final = {"http": ("http", "ws"), "https": ("https", "wss"), "ws": ("http", "ws"), "wss": ("https", "wss")}


class Page(msgspec.Struct, frozen=True):
    stream: str
    epoch: str
    head: int
    events: list[Event]


class Problem(msgspec.Struct, frozen=True):
    code: str = "internal"
    message: str = "The server answered something that is no answer of this protocol."
    retry: Retry = "later"
    after: int | None = None


class Placing(msgspec.Struct, frozen=True):
    """What of a token's payload a front may place people by."""

    cohort: Annotated[str, msgspec.Meta(pattern=rf"^{ID_PATTERN}\Z")]


class Renewed(msgspec.Struct, frozen=True):
    token: str
    refresh: str = ""


def addresses(url: str) -> tuple[str, str]:
    """(HTTP root, WebSocket address) of `http://host:port`, with or without `/ws`. A query is the WebSocket's. Raises
    ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError(f"{url!r} is not the address of a server; it should look like http://127.0.0.1:8080")
    http, ws = _SCHEMES[parts.scheme]
    path = parts.path.rstrip("/").removesuffix("/ws")
    socket = urlunsplit((ws, parts.netloc, f"{path}/ws", parts.query, ""))
    return urlunsplit((http, parts.netloc, path, "", "")), socket


def placed(address: str, token: str) -> str:
    """The WebSocket address with the cohort the token is for, by which a front may place people (docs/scaling.md).

    The token is read, not verified; of one in another format nothing is said.
    """
    _, _, rest = token.partition(".")
    payload, _, _ = rest.partition(".")
    try:
        decoded = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        cohort = msgspec.json.decode(decoded, type=Placing).cohort
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return address
    return f"{address}{'&' if '?' in address else '?'}cohort={cohort}"


class NotRenewed(Exception):
    """The message says why. `is_final`: another try would not help."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(f"the token has expired and could not be renewed: {reason}")
        self.is_final = is_final


class Http:
    """Made when it is first needed: most clients never are that far behind."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._http: httpx.AsyncClient | None = None

    async def events(self, stream: str, *, after: int, token: str) -> Page:
        """A page of event records. Raises Refused, Unreachable."""
        params = {"stream": stream, "after": str(after), "limit": str(shared.page_events_max)}
        body = await self.call("GET", "/api/events", token=token, params=params)
        return msgspec.json.decode(body, type=Page)

    async def renew(self, refresh: str) -> Renewed:
        """A new access token. Raises Refused, Unreachable."""
        return msgspec.json.decode(await self.call("POST", "/api/refresh", json={"refresh": refresh}), type=Renewed)

    async def call(self, method: str, path: str, *, token: str = "", **arguments: Any) -> bytes:
        """The body of a good answer. Raises Refused, Unreachable."""
        if self._http is None:
            self._http = httpx.AsyncClient(base_url=self._root, timeout=limits.page_deadline_s)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = await self._http.request(method, path, headers=headers, **arguments)
        except httpx.TransportError as error:
            raise Unreachable(f"{self._root} does not answer: {error or type(error).__name__}") from None
        if response.is_success:
            return response.content
        try:
            problem = msgspec.json.decode(response.content, type=Problem)
        except msgspec.DecodeError:
            problem = Problem(retry="later" if response.status_code >= 500 else "never")
        raise Refused(problem.code, problem.message, retry=problem.retry, after_ms=problem.after)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()


class Renewal:
    """Where new access tokens come from when there is no connection to ask on."""

    def __init__(self, http: Http, refresh: Refresh) -> None:
        self._http = http
        self._refresh = refresh

    async def token(self) -> str:
        """Raises NotRenewed."""
        assert self._refresh is not None, "the core was told whether there is a way to renew"
        try:
            async with asyncio.timeout(limits.renew_deadline_s):
                if callable(self._refresh):
                    return await self._refresh()
                renewed = await self._http.renew(self._refresh)
                self._refresh = renewed.refresh or self._refresh
                return renewed.token
        except (ClientError, TimeoutError) as error:
            is_final = isinstance(error, Refused) and error.retry != "later"
            raise NotRenewed(str(error) or "no answer in time", is_final=is_final) from error
