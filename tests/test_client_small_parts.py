"""The client's small parts: keys, addresses, records, waiting."""

from __future__ import annotations

import contextlib
import json
import time
import uuid

import jwt
import msgpack
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tertulia.client import Client, Stopped, new_key
from tertulia.client.http import addresses, placed
from tertulia.client.outbox import lane_of
from tertulia.client.records import KNOWN, Event, NotUnderstood, decode
from tertulia.client.waiting import later_s, reconnect_s
from tertulia.domain.commands import LeaveCohort, MarkRead, PinMessage
from tertulia.domain.ids import RoomId
from tertulia.wire import records as wire
from tertulia.wire.closing import CLOSINGS


def test_keys_are_uuids_of_version_7_in_the_order_of_time() -> None:
    before_ms = time.time_ns() // 1_000_000
    keys = [uuid.UUID(new_key()) for _ in range(1000)]
    after_ms = time.time_ns() // 1_000_000
    assert len(set(keys)) == 1000
    assert {(key.version, key.variant) for key in keys} == {(7, uuid.RFC_4122)}
    assert all(before_ms <= key.int >> 80 <= after_ms for key in keys)


@pytest.mark.parametrize(
    ("url", "http", "ws"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("ws://127.0.0.1:8080/ws", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("https://school.example", "https://school.example", "wss://school.example/ws"),
        ("wss://school.example/chat/ws", "https://school.example/chat", "wss://school.example/chat/ws"),
        ("http://[::1]:80", "http://[::1]:80", "ws://[::1]:80/ws"),
        ("https://school.example/?zone=a", "https://school.example", "wss://school.example/ws?zone=a"),
        ("ws://school.example/ws?zone=a", "http://school.example", "ws://school.example/ws?zone=a"),
    ],
)
def test_an_address_leads_to_both_doors(url: str, http: str, ws: str) -> None:
    assert addresses(url) == (http, ws)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://school.example", "http://", "school.example/ws"])
def test_what_is_no_address_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="should look like"):
        addresses(url)


def token_of(payload: object) -> str:
    """As PyJWT makes it, without a good signature."""
    return jwt.encode(payload, "a secret that is of no account here", algorithm="HS256")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["Ana", "Ana ~?>", "ñ¿…😀", 'x","cohort":"other'])
@pytest.mark.parametrize(
    ("address", "placed_address"),
    [
        ("ws://127.0.0.1:8080/ws", "ws://127.0.0.1:8080/ws?cohort=spring-26_b"),
        ("wss://school.example/ws?zone=a", "wss://school.example/ws?zone=a&cohort=spring-26_b"),
    ],
)
def test_the_address_tells_the_cohort_and_only_that(address: str, placed_address: str, name: str) -> None:
    token = token_of({"sub": "p-ana", "name": name, "cohort": "spring-26_b"})
    assert placed(address, token) == placed_address


@pytest.mark.parametrize(
    "token",
    ["", "opaque", "v2.local.xxxxx", "..", "a.¿.b", "a.W10.b", f"a.{'W1tb' * 50_000}.b", token_of({"sub": "p-ana"})]
    + [token_of({"cohort": cohort}) for cohort in ("", "a&b=#c", "a\n", 7, None)],
    ids=lambda token: token[:20],
)
def test_of_a_token_of_another_format_the_address_tells_nothing(token: str) -> None:
    assert placed("ws://127.0.0.1:8080/ws", token) == "ws://127.0.0.1:8080/ws"


async def test_it_connects_with_the_cohort_in_the_address_and_the_token_in_hello() -> None:
    heard: list[tuple[str, str]] = []

    async def turn_away(connection: ServerConnection) -> None:
        assert connection.request is not None
        heard.append((connection.request.path, json.loads(await connection.recv())["token"]))
        await connection.close(CLOSINGS["banned"].code)

    token = token_of({"sub": "p-ana", "cohort": "demo"})
    async with serve(turn_away, "127.0.0.1", subprotocols=[Subprotocol("tertulia.v1.json")]) as server:
        _, port = next(iter(server.sockets)).getsockname()
        with pytest.raises(Stopped):
            await Client(f"http://127.0.0.1:{port}/?zone=a", token=token).__aenter__()
    assert heard == [("/ws?zone=a&cohort=demo", token)]


def test_all_records_of_the_wire_are_known() -> None:
    tags = {str(cls.__struct_config__.tag) for cls in wire.Record.__args__}
    assert tags == KNOWN


@pytest.mark.parametrize("codec", ["json", "msgpack"])
def test_one_message_may_hold_many_records(codec: str) -> None:
    told = [
        {"type": "event", "stream": "room/a", "seq": 1, "at": 2, "by": "p-a", "name": "room_locked", "data": {}},
        {"type": "new_kind", "what": [1, 2]},
        {"type": "pong", "id": 3, "at": 4, "more": True},
    ]
    payload = "\n".join(map(json.dumps, told)).encode() if codec == "json" else b"".join(map(msgpack.packb, told))
    event, pong = decode(payload, codec)  # type: ignore[arg-type]
    assert isinstance(event, Event)
    assert (event.room, event.text, event.name) == ("a", "", "room_locked")
    assert pong == wire.Pong(id=3, at=4)


@pytest.mark.parametrize(
    "payload", [b"{", b"[1]x", b'{"type":"pong"}', b'{"type":"event","seq":"one"}', b"\xff\xfe", b"[" * 100_000]
)
@pytest.mark.parametrize("codec", ["json", "msgpack"])
def test_what_is_no_record_is_never_more_than_not_understood(payload: bytes, codec: str) -> None:
    with contextlib.suppress(NotUnderstood):
        assert decode(payload, codec) == []  # type: ignore[arg-type]


def test_a_redacted_message_has_no_text() -> None:
    event = Event(stream="room/a", seq=1, name="message_posted", data={"redacted": True})
    assert event.text == ""


def test_full_jitter_lies_between_its_bounds() -> None:
    for tries in range(50):
        assert reconnect_s(tries, 0.0) == 0.5
        assert 0.5 < reconnect_s(tries, 0.9999) <= min(20.0, 2.0**tries)
    assert later_s(0, 1000, 0.0) == 1.0
    assert later_s(9, 1000, 0.9999) <= 1.1


def test_commands_of_one_place_share_a_lane() -> None:
    assert lane_of(PinMessage(key="key-0001", room=RoomId("a"), message=1)) == "room/a"
    assert lane_of(LeaveCohort(key="key-0001")) == "cohort"
    assert lane_of(MarkRead(key="key-0001", room=RoomId("a"), seq=1)) == "me"
