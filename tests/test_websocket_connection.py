"""One connection between a transport and a desk that the test holds: deadlines, back pressure, closes, what is kept.

The clock is the wheel's: `turn(10)` is ten seconds. (Bytes over real sockets: test_websocket_hostile.py.)
"""

from __future__ import annotations

import asyncio
import base64
import gc
import struct
import tracemalloc
import weakref
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tertulia.conversation import Conversation, Member
from tertulia.domain import limits
from tertulia.websocket.connection import Connection, WebSocketShell
from tertulia.websocket.liveness import TimingWheel
from tertulia.wire.records import Pong
from tests.raw_socket import BINARY, CLOSE, CONT, PING, PONG, TEXT, close_frame, frame

HELLO = frame(TEXT, b'{"type":"hello","token":"t"}')
PING_REQUEST = b'{"type":"ping","id":1}'
HALF = 0.5


class FakeTransport:
    """Keeps what is written until the test takes it, as a peer would; pauses its protocol as asyncio's do."""

    def __init__(self) -> None:
        self.protocol: Any = None
        self.written = b""
        self.taken = b""
        self.is_reading = True
        self.has_eof = False
        self.is_closed = False
        self.is_aborted = False
        self._high = self._low = 0
        self._is_paused = False

    # --- the peer's side ----------------------------------------------------------------------------------------

    def take(self, size: int | None = None) -> bytes:
        """The peer reads so much (or all)."""
        size = len(self.written) if size is None else size
        some, self.written = self.written[:size], self.written[size:]
        self.taken += some
        if self._is_paused and len(self.written) <= self._low:
            self._is_paused = False
            self.protocol.resume_writing()
        if self.is_closed and not self.written:
            self._lose()
        return some

    def end_by_peer(self) -> None:
        if not self.protocol.eof_received():
            self.close()

    def frames(self) -> list[tuple[int, bytes]]:
        """What the peer reads now, taken apart."""
        data, found = self.take(), []
        if data.startswith(b"HTTP/"):
            data = data.partition(b"\r\n\r\n")[2]
        while data:
            size, begin = data[1], 2
            if size == 126:
                size, begin = struct.unpack(">H", data[2:4])[0], 4
            elif size == 127:
                size, begin = struct.unpack(">Q", data[2:10])[0], 10
            found.append((data[0] & 0x0F, data[begin : begin + size]))
            data = data[begin + size :]
        return found

    def close_code(self) -> int | None:
        codes = [struct.unpack(">H", payload[:2])[0] for opcode, payload in self.frames() if opcode == CLOSE]
        assert len(codes) <= 1, "it closes once"
        return codes[0] if codes else None

    # --- asyncio's side -----------------------------------------------------------------------------------------

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.7", 50_000) if name == "peername" else default

    def write(self, data: bytes) -> None:
        assert not self.has_eof, "nothing can be written after the end"
        if self.is_closed:
            return
        self.written += data
        if not self._is_paused and len(self.written) > self._high:
            self._is_paused = True
            self.protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def set_write_buffer_limits(self, *, high: int, low: int) -> None:
        self._high, self._low = high, low

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def is_closing(self) -> bool:
        return self.is_closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_eof = True

    def close(self) -> None:
        self.is_closed = True
        if not self.written:
            self._lose()

    def abort(self) -> None:
        if not self.is_aborted:
            self.is_closed = self.is_aborted = True
            self.written = b""
            self._lose()

    def _lose(self) -> None:
        asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)


class FakeDesk:
    """Lets everybody in at once; answers pings; notes the rest."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone_count = 0
        self.cleared_count = 0
        self.expired = False
        self.is_slow = False
        self.conversation: Conversation | None = None

    def greet(self, conversation: Conversation, hello: Any) -> None:
        self.conversation = conversation
        if not self.is_slow:
            conversation.opened(Member("p-ana", "demo", expires_at=0))  # type: ignore[arg-type]

    def ping(self, conversation: Conversation, request: Any) -> None:
        self.asked.append("ping")
        conversation.say(Pong(id=request.id, at=1))

    def command(self, conversation: Conversation, command: Any) -> None:
        self.asked.append(type(command).__name__)

    def subscribe(self, conversation: Conversation, request: Any) -> None: ...
    def unsubscribe(self, conversation: Conversation, request: Any) -> None: ...
    def refresh_token(self, conversation: Conversation, request: Any) -> None: ...
    def typing(self, conversation: Conversation, request: Any) -> None: ...
    def in_view(self, conversation: Conversation, request: Any) -> None: ...

    def is_expired(self, conversation: Conversation) -> bool:
        return self.expired

    def cleared(self, conversation: Conversation) -> None:
        self.cleared_count += 1

    def gone(self, conversation: Conversation) -> None:
        self.gone_count += 1


class Stage:
    """A shell, a wheel, and a connection with its transport."""

    def __init__(self, *, connections_max: int = 10, origins: frozenset[str] = frozenset()) -> None:
        self.desk = FakeDesk()
        self.wheel = TimingWheel()
        self.shell = WebSocketShell(
            self.desk, self.wheel, origins=origins, chance=lambda: HALF, connections_max=connections_max
        )
        self.uvicorn = SimpleNamespace(connections=set())
        self.transport, self.connection = self.connect()

    def connect(self) -> tuple[FakeTransport, Connection]:
        transport = FakeTransport()
        connection = Connection(None, self.uvicorn, {"websocket": self.shell})
        transport.protocol = connection
        connection.connection_made(transport)  # type: ignore[arg-type]
        return transport, connection

    def upgrade(self, connection: Connection | None = None, **headers: str) -> None:
        key = base64.b64encode(bytes(16)).decode()
        lines = {
            "Host": "here",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        } | headers
        request = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        (connection or self.connection).data_received(f"GET /ws HTTP/1.1\r\n{request}\r\n".encode())

    async def turn(self, seconds: int) -> None:
        for _ in range(seconds):
            self.wheel.advance()
            await asyncio.sleep(0)

    async def said(self) -> list[tuple[int, bytes]]:
        """What the connection has said by now."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.transport.frames()


@pytest.fixture
async def stage() -> Stage:
    """Upgraded, hello not said."""
    made = Stage()
    made.upgrade()
    assert made.transport.take().startswith(b"HTTP/1.1 101")
    return made


@pytest.fixture
async def talk(stage: Stage) -> Stage:
    """Hello said."""
    stage.connection.data_received(HELLO)
    return stage


def status(transport: FakeTransport) -> tuple[int, bytes]:
    answer = transport.take()
    return int(answer.split()[1]), answer


# --- coming in ---------------------------------------------------------------------------------------------------


async def test_a_connection_knows_its_peer_and_is_counted_while_it_is_open(stage: Stage) -> None:
    stage.connection.data_received(HELLO)
    assert stage.desk.conversation is not None
    assert stage.desk.conversation.address == "192.0.2.7"
    assert stage.shell.open == stage.uvicorn.connections == {stage.connection}
    stage.connection.connection_lost(None)
    assert stage.shell.open == stage.uvicorn.connections == set()
    assert stage.desk.gone_count == 1


async def test_more_than_so_many_are_asked_to_come_back() -> None:
    stage = Stage(connections_max=1)
    stage.upgrade()
    transport, connection = stage.connect()
    stage.upgrade(connection)
    code, answer = status(transport)
    assert code == 503
    assert b"\r\nRetry-After: 3\r\n" in answer
    assert transport.has_eof
    stage.connection.connection_lost(None)
    transport, connection = stage.connect()
    stage.upgrade(connection)
    assert status(transport)[0] == 101


async def test_nobody_comes_in_while_the_node_is_going_away() -> None:
    stage = Stage()
    stage.shell.is_accepting = False
    stage.upgrade()
    assert status(stage.transport)[0] == 503


@pytest.mark.parametrize(
    ("origins", "origin", "code"),
    [
        (frozenset(), "http://here", 101),
        (frozenset(), "http://there", 403),
        (frozenset({"http://there"}), "http://there", 101),
        (frozenset({"*"}), "http://anywhere", 101),
        (frozenset({"http://there"}), "http://[", 403),
    ],
)
async def test_a_page_must_be_of_an_allowed_origin(origins: frozenset[str], origin: str, code: int) -> None:
    stage = Stage(origins=origins)
    stage.upgrade(Origin=origin)
    assert status(stage.transport)[0] == code


async def test_one_who_was_refused_and_does_not_go_is_cut() -> None:
    stage = Stage()
    stage.upgrade(Origin="http://there")
    assert stage.transport.has_eof
    await stage.turn(int(limits.close_deadline_s))
    assert not stage.transport.is_aborted
    await stage.turn(1)
    assert stage.transport.is_aborted


# --- hello, pings, tokens ----------------------------------------------------------------------------------------


async def test_hello_comes_within_its_deadline_or_never(stage: Stage) -> None:
    stage.connection.data_received(frame(PING))
    await stage.turn(int(limits.hello_deadline_s))
    assert stage.transport.close_code() is None
    await stage.turn(1)
    assert stage.transport.close_code() == 4002
    assert stage.desk.gone_count == 1


@pytest.mark.parametrize("is_slow", [False, True])
async def test_one_who_said_hello_is_not_late_even_if_the_server_is(stage: Stage, is_slow: bool) -> None:
    stage.desk.is_slow = is_slow
    await stage.turn(int(limits.hello_deadline_s) - 1)
    stage.connection.data_received(HELLO)
    await stage.turn(5)
    assert stage.transport.close_code() is None


async def test_one_who_says_nothing_is_pinged_and_then_let_go(talk: Stage) -> None:
    await talk.turn(2 * int(limits.ping_s) + 2)
    assert [opcode for opcode, _ in talk.transport.frames()] == [PING]
    await talk.turn(int(limits.pong_deadline_s))
    assert talk.transport.close_code() is None
    await talk.turn(1)
    assert talk.transport.close_code() == 4003


@pytest.mark.parametrize("sign", [frame(PONG), frame(TEXT, PING_REQUEST), frame(PING), b"\x81"])
async def test_anything_counts_as_a_sign_of_life(talk: Stage, sign: bytes) -> None:
    """The last is the beginning of a frame."""
    await talk.turn(2 * int(limits.ping_s) + 2)
    for _ in range(20):
        talk.connection.data_received(sign[:1] if sign == b"\x81" else sign)
        await talk.turn(int(limits.pong_deadline_s) - 1)
        sign = b"\x82" if sign == b"\x81" else sign
        if sign == b"\x82":
            break
    assert talk.transport.close_code() is None


async def test_one_who_is_heard_is_not_pinged(talk: Stage) -> None:
    for _ in range(20):
        talk.connection.data_received(frame(PONG))
        await talk.turn(10)
    assert talk.transport.frames() == []


async def test_an_expired_token_is_noticed_at_the_next_look(talk: Stage) -> None:
    talk.desk.expired = True
    await talk.turn(int(limits.ping_s) + 2)
    assert talk.transport.close_code() == 4001


# --- messages ----------------------------------------------------------------------------------------------------


async def test_a_message_may_come_byte_by_byte(talk: Stage) -> None:
    for byte in frame(TEXT, PING_REQUEST):
        talk.connection.data_received(bytes([byte]))
    assert [msgspec.json.decode(payload) for _, payload in await talk.said()] == [{"type": "pong", "id": 1, "at": 1}]


async def test_answers_of_one_turn_leave_as_one_message(talk: Stage) -> None:
    talk.connection.data_received(frame(TEXT, PING_REQUEST) * 5)
    ((opcode, payload),) = await talk.said()
    assert opcode == TEXT
    assert len(payload.split(b"\n")) == 5


async def test_msgpack_comes_and_goes_as_binary() -> None:
    stage = Stage()
    stage.upgrade(**{"Sec-WebSocket-Protocol": "tertulia.v1.msgpack"})
    stage.connection.data_received(frame(BINARY, msgspec.msgpack.encode({"type": "hello", "token": "t"})))
    stage.connection.data_received(frame(BINARY, msgspec.msgpack.encode({"type": "ping", "id": 1})))
    ((opcode, payload),) = await stage.said()
    assert (opcode, msgspec.msgpack.decode(payload)) == (BINARY, {"type": "pong", "id": 1, "at": 1})
    stage.connection.data_received(frame(TEXT, PING_REQUEST))
    assert stage.transport.close_code() == 1003


async def test_empty_pieces_of_a_message_are_kept_nowhere(talk: Stage) -> None:
    """Goal: a message that never ends costs what it holds. Method: 25,000 empty pieces, and what Python has set aside
    meanwhile."""
    talk.connection.data_received(frame(TEXT, b"{", fin=False))
    pieces = frame(CONT, fin=False) * 1_000
    talk.connection.data_received(pieces)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(25):
            talk.connection.data_received(pieces)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 65_536
    assert talk.transport.close_code() is None


async def test_a_read_of_very_many_frames_is_given_up_in_the_middle(talk: Stage) -> None:
    talk.connection.data_received(frame(TEXT, PING_REQUEST) * (limits.frames_at_once_max - 600))
    assert talk.transport.close_code() is None
    talk.connection.data_received(frame(TEXT, PING_REQUEST) * 9_000)
    assert len(talk.desk.asked) < limits.frames_at_once_max * 2
    assert talk.transport.close_code() == 1008
    assert talk.transport.has_eof


@pytest.mark.parametrize(
    "bad", [frame(0x3), frame(BINARY, b"{}"), frame(TEXT, b"\xff"), close_frame(1000), close_frame(999)]
)
async def test_after_the_last_word_nothing_is_heard_or_said(talk: Stage, bad: bytes) -> None:
    """What came before is answered before; what comes after is not done; the desk hears once that they are gone."""
    good = frame(TEXT, PING_REQUEST)
    talk.connection.data_received(good + bad + good)
    talk.connection.data_received(good)
    assert talk.desk.conversation is not None
    talk.desk.conversation.say(Pong(id=9, at=9))
    kinds = [opcode for opcode, _ in await talk.said()]
    assert kinds == [TEXT, CLOSE]
    assert talk.desk.asked == ["ping"]
    assert talk.desk.gone_count == 1
    talk.connection.connection_lost(None)
    assert talk.desk.gone_count == 1


async def test_a_peer_that_hangs_up_is_gone(talk: Stage) -> None:
    talk.transport.end_by_peer()
    assert talk.desk.gone_count == 1
    assert talk.transport.is_closed
    assert talk.transport.frames() == []


# --- closing -----------------------------------------------------------------------------------------------------


async def test_what_is_owed_is_said_before_goodbye(talk: Stage) -> None:
    talk.connection.data_received(frame(TEXT, PING_REQUEST))
    assert talk.desk.conversation is not None
    talk.desk.conversation.close("banned")
    assert [opcode for opcode, _ in await talk.said()] == [TEXT, CLOSE]


async def test_one_who_does_not_say_goodbye_is_cut_after_a_moment(talk: Stage) -> None:
    assert talk.desk.conversation is not None
    talk.desk.conversation.close("banned")
    assert talk.transport.close_code() == 4502
    await talk.turn(int(limits.close_deadline_s))
    assert not talk.transport.is_aborted
    await talk.turn(1)
    assert talk.transport.is_aborted


async def test_goodbye_on_both_sides_ends_it_at_once(talk: Stage) -> None:
    assert talk.desk.conversation is not None
    talk.desk.conversation.close("banned")
    talk.connection.data_received(close_frame(4502))
    assert talk.transport.has_eof
    talk.transport.end_by_peer()
    assert talk.transport.is_closed


async def test_one_who_breaks_the_rules_and_never_reads_is_cut(talk: Stage) -> None:
    """Goal: nothing stays for good. Bytes wait for the peer, too few to block; then it breaks the rules."""
    assert talk.desk.conversation is not None
    talk.desk.conversation.outbox.write(b"x" * (limits.queue_bytes_low // 2))
    talk.connection.data_received(frame(0x3))
    await talk.turn(int(limits.close_deadline_s) + 1)
    assert talk.transport.is_aborted


async def test_uvicorn_stopping_says_that_the_node_goes(talk: Stage) -> None:
    talk.connection.shutdown()
    assert talk.transport.close_code() == 4000
    stage = Stage()
    stage.connection.shutdown()
    assert stage.transport.is_closed, "one that never was a WebSocket just ends"


# --- one who does not read ---------------------------------------------------------------------------------------

DEADLINE_TURNS = int(limits.write_deadline_s) + 1


def write(stage: Stage, size: int) -> None:
    assert stage.desk.conversation is not None
    stage.desk.conversation.outbox.write(b"x" * size)


async def test_nothing_is_read_from_one_who_does_not_read(talk: Stage) -> None:
    write(talk, limits.queue_bytes_low)
    assert talk.transport.is_reading
    write(talk, 1)
    assert not talk.transport.is_reading
    assert talk.desk.conversation is not None
    assert not talk.desk.conversation.outbox.is_clear
    talk.transport.take(limits.queue_bytes_low // 2)
    assert not talk.transport.is_reading, "not at once: at a quarter"
    talk.transport.take(limits.queue_bytes_low // 2)
    assert talk.transport.is_reading
    assert talk.desk.conversation.outbox.is_clear
    assert talk.desk.cleared_count == 1


async def test_one_who_takes_nothing_is_cut_at_the_deadline(talk: Stage) -> None:
    write(talk, limits.queue_bytes_low + 1)
    write(talk, 50_000)
    await talk.turn(DEADLINE_TURNS - 1)
    assert not talk.transport.is_aborted
    await talk.turn(1)
    assert talk.transport.is_aborted
    await asyncio.sleep(0)
    assert talk.desk.gone_count == 1


async def test_one_who_reads_slowly_lives_on(talk: Stage) -> None:
    """A thousand bytes in ten seconds, while as much and more is added."""
    write(talk, limits.queue_bytes_low + 10_000)
    for _ in range(10):
        write(talk, 5_000)
        talk.transport.take(1_000)
        await talk.turn(DEADLINE_TURNS)
        assert not talk.transport.is_aborted
    await talk.turn(DEADLINE_TURNS)
    assert talk.transport.is_aborted, "now it has stopped"


async def test_one_whose_buffer_fills_again_and_again_is_not_cut_for_it(talk: Stage) -> None:
    """It empties the buffer just before the deadline of the first time it was full, and is full again at once."""
    for _ in range(5):
        write(talk, limits.queue_bytes_low + 1)
        await talk.turn(DEADLINE_TURNS - 2)
        talk.transport.take()
        write(talk, limits.queue_bytes_low + 1)
        await talk.turn(2)
        assert not talk.transport.is_aborted
        talk.transport.take()
    write(talk, limits.queue_bytes_low + 1)
    await talk.turn(2 * DEADLINE_TURNS)
    assert talk.transport.is_aborted


async def test_one_who_reads_again_is_not_looked_at_any_more(talk: Stage) -> None:
    write(talk, limits.queue_bytes_low + 1)
    talk.transport.take()
    for _ in range(30):
        talk.connection.data_received(frame(PONG))
        await talk.turn(2)
    write(talk, 100)
    assert not talk.transport.is_aborted
    assert talk.transport.is_reading


# --- going -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last_words", [b"", frame(PONG), b"\xff\xff\xff\xff\xff\xff"], ids=["none", "good", "bad"])
async def test_what_is_lost_is_freed_without_the_collector_of_cycles(last_words: bytes) -> None:
    """It comes rarely. Method: with the collector off, the library's part of a lost connection must go by itself."""
    stage = Stage()
    stage.upgrade()
    stage.connection.data_received(HELLO)
    if last_words:
        stage.connection.data_received(last_words)
    gc.collect()
    gc.disable()
    try:
        library = weakref.ref(stage.connection._ws)
        stage.connection.connection_lost(None)
        stage.desk.conversation = None
        stage.transport.protocol = None  # type: ignore[assignment]
        del stage.connection, stage.transport
        await stage.turn(40)  # its deadlines pass
        assert library() is None
    finally:
        gc.enable()
