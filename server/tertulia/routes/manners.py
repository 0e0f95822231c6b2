"""What holds for every answer: security headers, CORS for the API, and what a fault looks like from outside."""

from __future__ import annotations

from typing import Final

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tertulia.domain.refusals import Refusal
from tertulia.routes.answering import refuse
from tertulia.routes.faults import described
from tertulia.routes.site import Site
from tertulia.routes.streaming import cut

logger = structlog.get_logger("tertulia.routes.manners")

_PERMISSIONS: Final = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
_ALWAYS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", _PERMISSIONS.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_UNLESS_SAID: Final[dict[bytes, bytes]] = {
    b"content-security-policy": b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_PREFLIGHT_S: Final = 600


class Manners:
    """The outermost ASGI application of ours."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"].startswith("/api/")
        cors = self._cors(Headers(scope=scope)) if is_api else []
        has_begun = False

        async def send_with_manners(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message = {**message, "headers": _well_mannered(message.get("headers", ())) + cors}
            await send(message)

        try:
            if is_api and _is_preflight(scope):
                await _preflight(send_with_manners)
            else:
                await self._app(scope, receive, send_with_manners)
        except ClientDisconnect:
            return
        except Exception as error:
            logger.error("request failed", path_is_api=is_api, **described(error))
            if has_begun:
                await cut(scope, receive)
            else:
                await refuse(Refusal("internal"))(scope, receive, send_with_manners)

    def _cors(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """Allowed origins are answered by name, never with credentials: a token is put in by the page itself."""
        allowed = self._site.settings.origins
        if not allowed:
            return []
        vary = [(b"vary", b"Origin")]
        origin = headers.get("origin")
        if origin is None or not ("*" in allowed or origin in allowed):
            return vary
        return [
            *vary,
            (b"access-control-allow-origin", b"*" if "*" in allowed else origin.encode("latin-1")),
            (b"access-control-expose-headers", b"Retry-After"),
        ]


def _well_mannered(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    said = {name.lower() for name, _ in headers}
    return [
        *headers,
        *_ALWAYS,
        *((name, value) for name, value in _UNLESS_SAID.items() if name not in said),
    ]


def _is_preflight(scope: Scope) -> bool:
    return scope["method"] == "OPTIONS" and b"access-control-request-method" in dict(scope["headers"])


async def _preflight(send: Send) -> None:
    """What may be asked; whether this origin may is said by the CORS headers beside it."""
    headers = [
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", b"Authorization, Content-Type, Last-Event-ID"),
        (b"access-control-max-age", str(_PREFLIGHT_S).encode()),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
