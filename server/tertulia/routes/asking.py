"""Who asks, and what they ask for: bearer token → member, query or body → a typed, frozen value.

One place reads requests, so that every call refuses the same things in the same words: unknown fields, wrong types,
doubled parameters, bodies that are too large or too slow.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from tertulia.auth.tokens import Claims
from tertulia.domain import limits
from tertulia.domain.cohort import CohortState
from tertulia.domain.decision import Asker
from tertulia.domain.ids import CohortId, PersonId
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.live.greet import admit
from tertulia.routes.site import Site


class Takes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a call takes: of path and query for GET and DELETE, of the body for POST."""


class Nothing(Takes, frozen=True, kw_only=True):
    pass


class NotAnswered(Exception):
    """The request itself is no good. `status` when it is not the code's own."""

    def __init__(self, refusal: Refusal, *, status: int | None = None, closes: bool = False) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.status = status
        self.closes = closes
        """The rest of the request was not read, so the connection cannot be used again."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody asks."""

    site: Site
    request: Request

    @property
    def address(self) -> str:
        client = self.request.client
        return client.host if client else ""


@dataclass(frozen=True, slots=True)
class Ask(Visit):
    """A member asks. `state`: their cohort as it is known now."""

    claims: Claims
    asker: Asker
    state: CohortState

    @property
    def person(self) -> PersonId:
        return self.asker.person

    @property
    def role(self) -> Role:
        return self.asker.role

    @property
    def cohort(self) -> CohortId:
        return self.claims.cohort


async def identify(site: Site, request: Request) -> Ask:
    """The member whose token came along, by the same rules as hello. Raises NotAnswered, LogUnavailable."""
    node = site.flow.node
    claims = node.tokens.read(bearer(request), use="access")
    if isinstance(claims, Refusal):
        raise NotAnswered(claims)
    asker = await admit(node, site.flow.receiver, claims)
    if isinstance(asker, Refusal):
        raise NotAnswered(asker)
    after_ms = site.take(site.reads, asker.person)
    if after_ms is not None:
        raise NotAnswered(Refusal("rate_limited", "Too many requests: wait a little.", after_ms=after_ms))
    state = node.cohort_state(claims.cohort)
    assert state is not None, "admit has loaded it"
    return Ask(site, request, claims, asker, state)


def bearer(request: Request) -> str:
    """The token of the Authorization header; empty when there is none, or more than one."""
    given = request.headers.getlist("authorization")
    if len(given) != 1:
        return ""
    scheme, _, token = given[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


_QUERY_FIELDS_MAX: Final = 20


def take_query(request: Request, takes: Any) -> Any:
    """Path and query as `takes`. Raises NotAnswered."""
    raw: bytes = request.scope["query_string"]
    if len(raw) > limits.header_bytes_max:
        raise _malformed("The query is too long.", status=414)
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_QUERY_FIELDS_MAX
        )
    except ValueError:  # also UnicodeDecodeError
        raise _malformed("The query could not be read.") from None
    given: dict[str, str] = dict(request.path_params)
    for name, value in pairs:
        if name in given:
            raise _malformed(f"`{name[:40]}` is given twice.")
        given[name] = value
    try:
        return msgspec.convert(given, takes, strict=False)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)[:300]) from None


async def take_body(request: Request, decoder: msgspec.json.Decoder[Any]) -> Any:
    """The body as JSON of the decoder's type. Raises NotAnswered, ClientDisconnect."""
    try:
        async with asyncio.timeout(limits.handshake_deadline_s):
            body = await _body(request)
    except TimeoutError:
        raise NotAnswered(Refusal("malformed", "The body took too long to come."), status=408, closes=True) from None
    try:
        return decoder.decode(body)
    except RecursionError:
        raise _malformed("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    except msgspec.DecodeError as error:
        raise _malformed(str(error)[:300]) from None


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    size, chunks = 0, list[bytes]()
    too_large = NotAnswered(
        Refusal("malformed", f"A body has at most {limits.http_body_bytes_max} bytes."), status=413, closes=True
    )
    if length.isdecimal() and int(length) > limits.http_body_bytes_max:
        raise too_large
    async for chunk in request.stream():
        size += len(chunk)
        if size > limits.http_body_bytes_max:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def _malformed(sentence: str, *, status: int | None = None) -> NotAnswered:
    return NotAnswered(Refusal("malformed", sentence), status=status)
