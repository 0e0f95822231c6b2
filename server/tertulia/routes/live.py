"""The live stream without WebSockets: POST /api/live answers with server-sent events.

The same conversation, desk and outbox as on a socket; only the shell differs: what the outbox writes waits in a queue
until the reader has taken what came before. The budget is the socket's: half full, soft state is held back; full, the
client is told to pull; 10 s without taking anything, it is cut.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Annotated, Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.refusals import Refusal
from tertulia.outbox import Outbox
from tertulia.routes.answering import encode
from tertulia.routes.asking import Ask, Takes, bearer
from tertulia.routes.site import Site
from tertulia.routes.sse import HEARTBEAT, Framer, goodbye, read_positions
from tertulia.routes.streaming import begin, bound_kernel_buffer, until_gone, write
from tertulia.wire.closing import Closing
from tertulia.wire.requests import From, Hello, Level

_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


class LiveBody(Takes, frozen=True, kw_only=True):
    """A `hello` without `type` and `token`."""

    streams: Annotated[dict[str, From], msgspec.Meta(max_length=limits.streams_per_connection_max)] = msgspec.field(
        default_factory=dict
    )
    levels: dict[str, Level] = msgspec.field(default_factory=dict)
    client: Annotated[str, msgspec.Meta(max_length=80)] = ""
    features: Annotated[list[str], msgspec.Meta(max_length=40)] = msgspec.field(default_factory=list)


async def live(ask: Ask, body: LiveBody) -> LiveStream | Refusal:
    node = ask.site.flow.node
    if node.is_draining:
        return Refusal("draining")
    if len(node.conversations) >= limits.connections_max:
        return Refusal("overloaded")
    if len(node.people.get(ask.person, ())) >= limits.connections_per_person_max:
        return Refusal("too_many", f"A person has at most {limits.connections_per_person_max} connections.")
    full = {name: at for name, at in body.streams.items() if body.levels.get(name, "full") == "full"}
    if len(full) > limits.live_streams_max:
        sentence = f"At most {limits.live_streams_max} streams at level full; follow the others at level head."
        return Refusal("too_many", sentence)
    last_event_id = ask.request.headers.get("last-event-id", "")
    resumed = read_positions(last_event_id) if last_event_id else {}
    if resumed is None:
        return Refusal("malformed", "Last-Event-ID is none of this server's.")
    full.update((name, at) for name, at in resumed.items() if name in full)
    hello = Hello(
        token=bearer(ask.request),
        streams={**body.streams, **full},
        levels=body.levels,
        client=body.client,
        features=body.features,
    )
    return LiveStream(ask.site, hello, Framer(full), address=ask.address)


class LiveStream(Response):
    """One client's stream; a `conversation.Link`."""

    def __init__(self, site: Site, hello: Hello, framer: Framer, *, address: str) -> None:
        self.status_code = 200
        self.media_type = "text/event-stream"
        self.background = None
        self.init_headers(_HEADERS)
        self._site = site
        self._hello = hello
        self._framer = framer
        self._address = address
        self._payloads: deque[bytes] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()
        self._closing: Closing | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        outbox = Outbox(self._write, queued=lambda: self._queued_bytes, soon=loop.call_soon, framing="plain")
        conversation = Conversation(self._site.flow.desk, outbox, self, address=self._address)
        self._outbox = outbox
        bound_kernel_buffer(scope)
        self._site.counts.streams += 1
        try:
            conversation.receive(encode(self._hello))
            await until_gone(self._pump(conversation, scope, send), scope, receive, what=scope["path"])
        finally:
            self._site.counts.streams -= 1
            conversation.gone()
            self._payloads.clear()

    def close(self, closing: Closing) -> None:
        self._closing = closing
        self._wake.set()

    def _write(self, payload: bytes) -> None:
        self._payloads.append(payload)
        self._queued_bytes += len(payload)
        self._wake.set()
        if self._outbox.is_clear and self._queued_bytes > limits.queue_bytes_low:
            self._outbox.blocked()

    async def _pump(self, conversation: Conversation, scope: Scope, send: Send) -> None:
        await write(scope, send, begin(self))
        await write(scope, send, _part(HEARTBEAT))
        while True:
            await self._send_payloads(scope, send)
            if self._closing is not None:
                await write(scope, send, _part(goodbye(self._closing)))
                await write(scope, send, {"type": "http.response.body", "body": b"", "more_body": False})
                return
            if conversation.is_expired():
                conversation.close("token_expired")
                continue
            self._leave_in_time(conversation)
            try:
                async with asyncio.timeout(limits.live_heartbeat_s):
                    await self._wake.wait()
            except TimeoutError:
                await write(scope, send, _part(HEARTBEAT))

    async def _send_payloads(self, scope: Scope, send: Send) -> None:
        self._wake.clear()
        while self._payloads:
            payload = self._payloads.popleft()
            await write(scope, send, _part(self._framer.events(payload)))
            self._queued_bytes -= len(payload)
            if not self._outbox.is_clear and self._queued_bytes <= limits.queue_bytes_low // 4:
                self._outbox.cleared()

    def _leave_in_time(self, conversation: Conversation) -> None:
        """The node is going away: whoever has not left by the end of the window is sent."""
        ends_in_ms, self._framer.ends_in_ms = self._framer.ends_in_ms, None
        if ends_in_ms is not None:
            asyncio.get_running_loop().call_later(ends_in_ms / 1000, conversation.close, "draining")


def _part(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}
