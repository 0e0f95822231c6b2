"""Where every connection comes in: uvicorn's HTTP protocol, with bounds on what it takes before it can answer.

uvicorn waits for a request's head for ever and keeps all of it; here it has to come within `handshake_deadline_s`, in
at most `request_head_bytes_max`. (A body's bounds are in `asking.py`.) The upgrade to a WebSocket comes in here too.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tertulia.domain import limits

_OF_BODIES: Final = frozenset({b"content-length", b"transfer-encoding"})


class HeadTooLarge(Exception):
    """Raised into the parser, which then gives the request up."""


class Door(HttpToolsProtocol):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._is_head_awaited = True
        self._heads = 0
        self._head_bytes = 0
        self._is_refused = False

    # --- asyncio.Protocol ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._drop_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._is_head_awaited and not self._is_answering():
            self._set_deadline()
        heads = self._heads
        super().data_received(data)
        if self._is_head_awaited and self._heads == heads and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > limits.request_head_bytes_max:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    # --- the parser's ---------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._set_deadline()

    def on_url(self, url: bytes) -> None:
        self._measure(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._measure(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._heads += 1
        self._head_bytes = 0
        self._is_head_awaited = False
        self._drop_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_head_awaited = True
        super().on_message_complete()

    # --- uvicorn's ------------------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self.transport.close()  # what was answered before it had come whole is not waited for

    def handle_websocket_upgrade(self) -> None:
        """uvicorn writes the request down again, for the WebSocket library to parse it a second time: a tenth of what
        a connection costs. An everyday request is handed over as it is; any other goes the long way, past all the
        library's checks."""
        request = self._everyday_request()
        if request is None:
            super().handle_websocket_upgrade()
        else:
            self.connections.discard(self)
            protocol: Any = self.ws_protocol_class(  # type: ignore[call-arg, misc]
                config=self.config, server_state=self.server_state, app_state=self.app_state
            )
            protocol.connection_made(self.transport)
            protocol.requested(*request)
            self.transport.set_protocol(protocol)
        self.parser = None  # type: ignore[assignment]  # it holds us, and we it: now both go

    def _everyday_request(self) -> tuple[str, list[tuple[str, str]]] | None:
        """Path and headers; None when it is large, has a body, or is not plain ASCII."""
        headers, size = self.headers, len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if (
            self.scope["method"] != "GET"
            or self.scope["http_version"] != "1.1"
            or size > limits.plain_upgrade_bytes_max
            or len(headers) > limits.plain_upgrade_headers_max
            or any(name in _OF_BODIES for name, _ in headers)
        ):
            return None
        try:
            return self.url.decode("ascii"), [(name.decode("ascii"), value.decode("ascii")) for name, value in headers]
        except UnicodeDecodeError:
            return None

    def send_400_response(self, msg: str) -> None:
        too_large = self._head_bytes > limits.request_head_bytes_max
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST)

    # --- private --------------------------------------------------------------------------------------------------

    def _measure(self, *parts: bytes) -> None:
        self._head_bytes += sum(map(len, parts))
        if self._head_bytes > limits.request_head_bytes_max:
            raise HeadTooLarge

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(limits.handshake_deadline_s, self._late)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self._is_refused or self._is_answering():
            self.transport.abort()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _is_answering(self) -> bool:
        cycle: Any = self.cycle  # None until there is a request, whatever uvicorn's types say
        return cycle is not None and not cycle.response_complete

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, and end our side. What still comes is let go for a moment: ended at once, with bytes unread, TCP
        would reset the connection, and the answer would never be seen."""
        transport = self.transport
        if self._is_refused or transport.is_closing():
            return
        self._is_refused = True
        body = f"{status.phrase}.\n".encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
        transport.write(f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
        if transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()
        self._drop_deadline()
        self._deadline = self.loop.call_later(limits.close_deadline_s, self._late)
