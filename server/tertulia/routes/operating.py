"""For operators: is the process alive, can it serve, what did it do."""

from __future__ import annotations

import asyncio
import hmac
from typing import Final

import msgspec
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from tertulia import __version__
from tertulia.domain.ids import StreamName
from tertulia.domain.refusals import Refusal
from tertulia.eventlog import LogFull, LogUnavailable
from tertulia.routes.answering import answer
from tertulia.routes.asking import Nothing, Visit, bearer

READY_WAIT_S: Final = 2.0
_PROBE: Final = StreamName("cohort/readyz")


class Health(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    version: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons`: why it cannot serve, in words; none when it is ready. `degraded`: what is away and can be missed."""

    ready: bool
    reasons: list[str]
    degraded: list[str]


async def healthz(visit: Visit, _: Nothing) -> Health:
    """The process turns its loop. Says nothing about what it depends on: restarting would not mend that."""
    return Health(status="alive", version=__version__)


async def readyz(visit: Visit, _: Nothing) -> Response:
    """Without its bus a node follows the log, and all nodes lose it at once: no reason to send people away."""
    node = visit.site.flow.node
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
    degraded = [] if node.bus.is_connected else ["bus: not connected"]
    readiness = Readiness(ready=not reasons, reasons=reasons, degraded=degraded)
    return answer(readiness, status=503 if reasons else 200)


async def metrics(visit: Visit, _: Nothing) -> Response | Refusal:
    wanted = visit.site.settings.metrics_token
    if wanted is not None and not hmac.compare_digest(bearer(visit.request).encode(), wanted.encode()):
        return Refusal("token_invalid")
    return Response(generate_latest(visit.site.registry), headers={"content-type": CONTENT_TYPE_LATEST})
