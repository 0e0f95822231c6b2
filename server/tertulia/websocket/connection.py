"""One WebSocket connection: bytes ↔ conversation.

    connecting ── good handshake ──→ open ── close by either side ──→ closing ──→ lost
         └── refused with a status ──────────────────────────────────────────────→ lost

uvicorn, or `routes/door.py` in its place, makes one for each upgrade request (`ws=`), calls `connection_made` and
hands over the request: its bytes (`data_received`), or what it says (`requested`). The `WebSocketShell` in the
application's state holds what all connections share.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from tertulia.conversation import Conversation, Desk
from tertulia.domain import limits
from tertulia.outbox import Framing, Outbox
from tertulia.websocket.liveness import TimingWheel, What
from tertulia.wire.closing import Closing
from tertulia.wire.codec import SUBPROTOCOLS

PATH: Final = "/ws"
_SLICE_BYTES: Final = 16_384
_TOOK_SOME: Final = 2**62
"""For `_owed_bytes`: more than any transport holds."""
_SUBPROTOCOLS: Final = [Subprotocol(name) for name in SUBPROTOCOLS]
_logger: Final = logging.getLogger("websockets.server")
_FRAMINGS: Final[dict[str, Framing]] = {"json": "text", "msgpack": "binary"}


class WebSocketShell:
    """What all connections of a node share. `origins`: allowed beside the server's own; `"*"` allows any."""

    def __init__(
        self, desk: Desk, wheel: TimingWheel, *, origins: frozenset[str], chance: Any, connections_max: int
    ) -> None:
        self.desk = desk
        self.wheel = wheel
        self.origins = origins
        self.chance = chance
        self.connections_max = connections_max
        self.open: set[Connection] = set()
        self.is_accepting = True

    def may_come_from(self, origins: list[str], hosts: list[str]) -> bool:
        """Browsers say, once, where a page is from; others say nothing and have no cookies or sessions to abuse."""
        if not origins:
            return True
        if len(origins) > 1 or len(hosts) != 1:
            return False
        origin, host = origins[0], hosts[0]
        if "*" in self.origins or origin in self.origins:
            return True
        try:
            return urlsplit(origin).netloc.lower() == host.lower()
        except ValueError:
            return False


class _Library(ServerProtocol):
    def select_subprotocol(self, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """The client's first that we know; none offered means JSON."""
        if not offered:
            return None
        for name in offered:
            if name in SUBPROTOCOLS:
                return name
        raise NegotiationError(f"no common subprotocol: this server speaks {', '.join(SUBPROTOCOLS)}")


class Connection(asyncio.Protocol):
    __slots__ = (
        "_conversation",
        "_fragments",
        "_is_heard",
        "_is_pinged",
        "_is_reading",
        "_is_watched",
        "_owed_bytes",
        "_shell",
        "_transport",
        "_uvicorn_connections",
        "_ws",
    )

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any]) -> None:
        """The signature is uvicorn's."""
        self._shell: WebSocketShell = app_state["websocket"]
        self._uvicorn_connections: set[Any] = server_state.connections
        self._ws = _Library(subprotocols=_SUBPROTOCOLS, max_size=limits.frame_bytes_max, logger=_logger)
        self._fragments: bytearray | None = None
        self._conversation: Conversation | None = None
        self._is_heard = True
        self._is_pinged = False
        self._is_reading = True
        self._is_watched = False
        """Whether a look at what the peer takes is due."""
        self._owed_bytes = 0
        """What would wait for the peer now if it had taken nothing since it was last looked at."""

    # --- asyncio.Protocol ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write"), "a stream transport"
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._uvicorn_connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Frames are parsed slice by slice: of a flood of tiny ones only the beginning is."""
        self._is_heard = True
        ws, count = self._ws, 0
        for begin in range(0, len(data), _SLICE_BYTES):
            ws.receive_data(data[begin : begin + _SLICE_BYTES])
            events = ws.events_received()
            count += len(events)
            for event in events:
                if isinstance(event, Frame):
                    self._frame(event)
                else:
                    assert isinstance(event, Request), "a server receives a request, then frames"
                    self._handshake(event)
            if count > limits.frames_at_once_max and self._conversation is not None:
                self._fail(self._conversation, Closing(1008, "too many frames at once"))
                break
        self._answer()

    def requested(self, path: str, headers: list[tuple[str, str]]) -> None:
        """The upgrade request, parsed and checked already (by `routes/door.py`)."""
        self._handshake(Request(path, Headers(headers)))
        if self._ws.state is State.OPEN:
            self._ws.parser = self._ws.parse()  # the one it has waits for a request; what comes is frames
            next(self._ws.parser)
        self._answer()

    def eof_received(self) -> None:
        self._ws.receive_eof()
        self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._uvicorn_connections.discard(self)
        self._shell.open.discard(self)
        if self._conversation is not None:
            self._conversation.gone()
            self._conversation.outbox.write = _nowhere  # a flush may be due this turn, and the transport raises by then
            self._conversation = None
        self._let_go()

    def _let_go(self) -> None:
        """The parser, and an exception by its traceback, hold the library and are held by it: they would wait for the
        collector of cycles, which comes rarely."""
        ws = self._ws
        ws.parser.close()
        ws.parser_exc = ws.handshake_exc = None

    def pause_writing(self) -> None:
        """The transport holds more than `queue_bytes_low`: read nothing more from a peer that does not read."""
        if self._conversation is None:
            return
        outbox, transport = self._conversation.outbox, self._transport
        outbox.blocked()
        outbox.write = self._write_counted
        if not transport.is_closing():
            transport.pause_reading()
            self._is_reading = False
        if not self._is_watched:
            self._is_watched = True
            self._owed_bytes = self._waiting_bytes()
            self._shell.wheel.after(limits.write_deadline_s, self, "write")

    def resume_writing(self) -> None:
        if not self._is_reading and not self._transport.is_closing():
            self._transport.resume_reading()
            self._is_reading = True
        self._owed_bytes = _TOOK_SOME
        if self._conversation is not None and not self._conversation.is_closed():
            self._conversation.outbox.write = self._transport.write
            self._conversation.outbox.cleared()

    def _write_counted(self, data: bytes) -> None:
        self._owed_bytes += len(data)
        self._transport.write(data)

    # --- Link -----------------------------------------------------------------------------------------------------

    def close(self, closing: Closing) -> None:
        """Say goodbye and give the peer a moment to answer."""
        if self._ws.state is State.OPEN:
            self._ws.send_close(closing.code, closing.reason)
            self._send()
            self._shell.wheel.after(limits.close_deadline_s, self, "close")

    # --- uvicorn --------------------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """uvicorn is stopping: the drain has told this peer already, or there was no time to."""
        if self._conversation is not None:
            self._conversation.close("draining")
        else:
            self._transport.close()

    # --- deadlines ------------------------------------------------------------------------------------------------

    def due(self, what: What) -> None:
        conversation = self._conversation
        if what == "close":
            self._cut()
        if conversation is None:
            return
        match what:
            case "hello":
                if conversation.stage == "waiting":
                    conversation.close("hello_late")
            case "ping":
                self._ping_or_end(conversation)
            case "write":
                self._abort_if_stuck(conversation)

    def _abort_if_stuck(self, conversation: Conversation) -> None:
        """Cut a peer that took nothing since it was last looked at; one that reads slowly lives on."""
        if conversation.outbox.is_clear:
            self._is_watched = False
            return
        waiting = self._waiting_bytes()
        if waiting >= self._owed_bytes:
            self._cut()
            return
        self._owed_bytes = waiting
        self._shell.wheel.after(limits.write_deadline_s, self, "write")

    def _waiting_bytes(self) -> int:
        """What the transport and the kernel hold for the peer. (The kernel takes from the transport in large steps: a
        slow reader's first one may take a minute.)"""
        sock, held = self._transport.get_extra_info("socket"), 0
        if sock is not None:
            with suppress(ImportError, OSError):  # not on every platform: then the transport's must do
                from fcntl import ioctl  # noqa: PLC0415
                from termios import TIOCOUTQ  # noqa: PLC0415

                held = int.from_bytes(ioctl(sock.fileno(), TIOCOUTQ, bytes(4)), sys.byteorder)
        return self._transport.get_write_buffer_size() + held

    def _cut(self) -> None:
        """Without waiting for the peer; what the kernel holds for it, and would try to send for minutes, goes too."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6) and not self._transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _ping_or_end(self, conversation: Conversation) -> None:
        """Any traffic counts as an answer. One we do not listen to, as it does not read, is the write deadline's."""
        if conversation.is_expired():
            conversation.close("token_expired")
        elif self._is_heard or not self._is_reading:
            self._is_heard = self._is_pinged = False
            self._shell.wheel.after(limits.ping_s, self, "ping")
        elif self._is_pinged:
            conversation.close("ping_unanswered")
        elif self._ws.state is State.OPEN:
            self._is_pinged = True
            self._ws.send_ping(b"")
            self._send()
            self._shell.wheel.after(limits.pong_deadline_s, self, "ping")

    # --- handshake ------------------------------------------------------------------------------------------------

    def _handshake(self, request: Request) -> None:
        response = self._refusal(request) or self._ws.accept(request)
        self._ws.send_response(response)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            return
        shell, transport = self._shell, self._transport
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.socket_send_buffer_bytes)
        transport.set_write_buffer_limits(high=limits.queue_bytes_low, low=limits.queue_bytes_low // 4)
        codec = SUBPROTOCOLS.get(self._ws.subprotocol or "", "json")
        outbox = Outbox(
            transport.write,
            queued=transport.get_write_buffer_size,
            soon=asyncio.get_running_loop().call_soon,
            framing=_FRAMINGS[codec],
        )
        peer = transport.get_extra_info("peername")
        self._conversation = Conversation(shell.desk, outbox, self, address=peer[0] if peer else "")
        shell.open.add(self)
        shell.wheel.after(limits.hello_deadline_s, self, "hello")
        shell.wheel.after(limits.ping_s + (shell.chance() * 2 - 1) * limits.ping_jitter_s, self, "ping")

    def _refusal(self, request: Request) -> Response | None:
        shell, headers = self._shell, request.headers
        if request.path.partition("?")[0] != PATH:
            return self._ws.reject(HTTPStatus.NOT_FOUND, f"The WebSocket is at {PATH}.\n")
        if not shell.may_come_from(headers.get_all("Origin"), headers.get_all("Host")):
            return self._ws.reject(
                HTTPStatus.FORBIDDEN,
                "This origin is not allowed: the server's operator names allowed ones with --origins.\n",
            )
        if not shell.is_accepting or len(shell.open) >= shell.connections_max:
            response = self._ws.reject(HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy: try again.\n")
            response.headers["Retry-After"] = str(1 + int(shell.chance() * limits.drain_window_s))
            return response
        return None

    # --- frames ---------------------------------------------------------------------------------------------------

    def _frame(self, frame: Frame) -> None:
        """Control frames the library answers; messages go on, fragments wait for the rest of theirs."""
        conversation = self._conversation
        if conversation is None:
            return
        opcode = frame.opcode
        if opcode in (Opcode.TEXT, Opcode.BINARY):
            wanted = Opcode.TEXT if conversation.outbox.codec == "json" else Opcode.BINARY
            if opcode is not wanted:
                self._fail(conversation, Closing(1003, "text for JSON, binary for msgpack"))
            elif frame.fin:
                conversation.receive(bytes(frame.data))
            else:
                self._fragments = bytearray(frame.data)
        elif opcode is Opcode.CONT and self._fragments is not None:
            self._fragments += frame.data
            if frame.fin:
                payload, self._fragments = bytes(self._fragments), None
                conversation.receive(payload)

    def _fail(self, conversation: Conversation, closing: Closing) -> None:
        """What the peer sends is no conversation: nothing more of it is read."""
        conversation.outbox.flush()
        conversation.gone()
        self._ws.fail(closing.code, closing.reason)

    def _answer(self) -> None:
        """After the peer's bytes: when they ended the connection (by a close, or by what is no WebSocket), nothing is
        said after the library's last word."""
        conversation = self._conversation
        if conversation is not None and self._ws.state is not State.OPEN and not conversation.is_closed():
            conversation.outbox.flush()
            conversation.gone()
        self._send()

    def _send(self) -> None:
        """What the library has to say: handshake, pongs, closes; an empty chunk ends our side."""
        transport = self._transport
        for data in self._ws.data_to_send():
            if transport.is_closing():
                return
            if data:
                transport.write(data)
            else:
                self._hang_up()

    def _hang_up(self) -> None:
        """Our side ends here; the peer has a moment to take what is queued and to end its own. (Ended at once, with
        bytes of the peer's unread, TCP would reset the connection, and the peer would never see why.)"""
        transport = self._transport
        if self._conversation is not None:
            self._conversation.outbox.write = _nowhere
        if transport.can_write_eof() and self._ws.state is not State.CLOSED:
            transport.write_eof()
        else:
            transport.close()
        self._shell.wheel.after(limits.close_deadline_s, self, "close")


def _nowhere(data: bytes) -> None:
    """Where a connection that has hung up, or is lost, writes."""
