"""The ASGI application: the routes of the table, the operators', the web app's; manners round them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tertulia.domain.refusals import Refusal
from tertulia.live.flow import Flow
from tertulia.routes import webapp
from tertulia.routes.answering import refuse
from tertulia.routes.call import Call, endpoint
from tertulia.routes.manners import Manners
from tertulia.routes.metrics import NodeCollector
from tertulia.routes.site import RouteSettings, Site
from tertulia.routes.streaming import TRANSPORT, transport_of
from tertulia.routes.table import CALLS


def build(flow: Flow, settings: RouteSettings, websocket: Any = None) -> Starlette:
    """The application to give to uvicorn. `websocket`: what its `ws=` class finds in the state of the application."""
    site = Site(flow, settings)
    site.registry.register(NodeCollector(site))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {"websocket": websocket}

    app = Application(
        routes=[*api_routes(site), *webapp.routes(site)],
        middleware=[Middleware(Manners, site=site)],
        exception_handlers={HTTPException: _not_here},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.site = site
    return app


class Application(Starlette):
    """Keeps hold of the connection before anything of starlette's stands between it and us."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[TRANSPORT] = transport_of(send)
        await super().__call__(scope, receive, send)


def api_routes(site: Site) -> list[Route]:
    by_path: dict[str, dict[str, Call]] = {}
    for call in CALLS:
        by_path.setdefault(call.path, {})[call.method] = call
    return [Route(path, endpoint(site, calls), methods=list(calls), name=path) for path, calls in by_path.items()]


async def _not_here(request: Request, exception: Exception) -> Response:
    """404 and 405: in the API's words below /api, a plain line elsewhere."""
    assert isinstance(exception, HTTPException), "registered for it"
    status, headers = exception.status_code, dict(exception.headers or {})
    sentence = {404: "There is nothing here.", 405: "This cannot be done here."}.get(status, "This is no good request.")
    if f"{request.scope['path']}/".startswith("/api/"):
        return refuse(Refusal("malformed", sentence), status=status, headers=headers)
    return PlainTextResponse(sentence + "\n", status, headers)
