"""A call of the API: what it takes and gives, who may make it, and how a request becomes its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tertulia.domain.refusals import Refusal
from tertulia.eventlog import LogFull, LogUnavailable
from tertulia.routes.answering import answer, refuse
from tertulia.routes.asking import NotAnswered, Visit, identify, take_body, take_query
from tertulia.routes.faults import described
from tertulia.routes.site import Site

logger = structlog.get_logger("tertulia.routes.call")

Answer = msgspec.Struct | Response | Refusal
Method = Literal["GET", "POST", "DELETE"]
Who = Literal["anyone", "member", "operator"]


class Call(NamedTuple):
    """`does(ask, taken)` answers; `takes` comes from path and query for GET and DELETE, from the body for POST. `gives`
    is None for what is no JSON: then `media` names it. `refuses`: the codes beside those that any call may meet."""

    method: Method
    path: str
    does: Callable[[Any, Any], Awaitable[Any]]
    takes: Any
    gives: Any
    says: str
    who: Who = "member"
    media: tuple[str, ...] = ("application/json",)
    refuses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def endpoint(site: Site, calls: Mapping[str, Call]) -> Callable[[Request], Awaitable[Response]]:
    """The calls of one path, by method."""
    decoders: Final = {method: msgspec.json.Decoder(call.takes) for method, call in calls.items() if method == "POST"}

    async def respond(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        call = calls[method]
        response = await _respond(site, call, request, decoders.get(method))
        site.counts.answered(call.name, response.status_code)
        return response

    return respond


async def _respond(site: Site, call: Call, request: Request, decoder: msgspec.json.Decoder[Any] | None) -> Response:
    try:
        visit = await identify(site, request) if call.who == "member" else Visit(site, request)
        if decoder is not None:
            taken = await take_body(request, decoder)
        else:
            taken = take_query(request, call.takes) if call.who != "operator" else None
        said: Answer = await call.does(visit, taken)
    except NotAnswered as no:
        headers = {"connection": "close"} if no.closes else None
        return refuse(no.refusal, status=no.status, headers=headers)
    except ClientDisconnect:
        raise
    except LogFull:
        return refuse(Refusal("storage_full"))
    except LogUnavailable:
        return refuse(Refusal("unavailable"))
    except Exception as error:
        logger.error("call failed", call=call.name, **described(error))
        return refuse(Refusal("internal"))
    if isinstance(said, Response):
        return said
    return refuse(said) if isinstance(said, Refusal) else answer(said)
