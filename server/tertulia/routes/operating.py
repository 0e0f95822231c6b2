"""For operators: is the process alive, can it serve, what did it do."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from tertulia import __version__
from tertulia.domain.ids import StreamName
from tertulia.domain.refusals import Refusal
from tertulia.eventlog import LogFull, LogUnavailable
from tertulia.routes.answering import answer, refuse
from tertulia.routes.asking import bearer
from tertulia.routes.metrics import NodeCollector
from tertulia.routes.site import Site

READY_WAIT_S: Final = 2.0
_PROBE: Final = StreamName("cohort/readyz")

Endpoint = Callable[[Request], Awaitable[Response]]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    version: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons`: why not, in words; none when it is ready."""

    ready: bool
    reasons: list[str]


async def healthz(request: Request) -> Response:
    """The process turns its loop. Says nothing about what it depends on: restarting would not mend that."""
    return answer(Health(status="alive", version=__version__))


def readyz(site: Site) -> Endpoint:
    async def readyz(request: Request) -> Response:
        node = site.flow.node
        reasons = []
        if node.is_draining:
            reasons.append("draining: this node is going away")
        try:
            async with asyncio.timeout(READY_WAIT_S):
                await node.log.heads([_PROBE])
        except TimeoutError:
            reasons.append("log: no answer in time")
        except (LogUnavailable, LogFull):
            reasons.append("log: cannot be read")
        if not node.bus.is_connected:
            reasons.append("bus: not connected")
        return answer(Readiness(ready=not reasons, reasons=reasons), status=503 if reasons else 200)

    return readyz


def metrics(site: Site) -> Endpoint:
    registry = CollectorRegistry()
    registry.register(NodeCollector(site))
    wanted = (site.settings.metrics_token or "").encode()

    async def metrics(request: Request) -> Response:
        if wanted and not hmac.compare_digest(bearer(request).encode(), wanted):
            return refuse(Refusal("token_invalid"))
        return Response(
            generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"}
        )

    return metrics
