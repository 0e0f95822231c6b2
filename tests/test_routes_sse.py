"""Records as server-sent events, and the id that resumes them: `routes/sse.py` by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tertulia.routes.sse import Framer, goodbye, read_positions
from tertulia.wire.closing import CLOSINGS
from tertulia.wire.requests import Position


def record(type: str, **fields: Any) -> bytes:
    return json.dumps({"type": type, **fields}, separators=(",", ":")).encode()


def event(stream: str, seq: int) -> bytes:
    return record("event", stream=stream, seq=seq, at=1, by="p-ana", name="message_posted", data={"text": "x"})


def welcome(**results: str) -> bytes:
    names = {"room_a": "room/a", "room_b": "room/b"}
    streams = {names[name]: {"result": result, "epoch": "e1", "seq": 9} for name, result in results.items()}
    return record("welcome", person="p-ana", streams=streams)


def ids(events: bytes) -> list[str | None]:
    """The id of each event, None for one without."""
    return [
        next((line[4:] for line in one.splitlines() if line.startswith("id: ")), None)
        for one in events.decode().split("\n\n")
        if one
    ]


def test_each_record_is_one_event_with_its_bytes_unchanged() -> None:
    records = [record("pong", id=1, at=2), event("room/a", 3)]
    events = Framer({"room/a": Position("e1", 2)}).events(b"\n".join(records))
    data = [line[6:] for line in events.split(b"\n") if line.startswith(b"data: ")]
    assert data == records
    assert events.endswith(b"\n\n")


def test_the_id_is_all_positions_so_far() -> None:
    framer = Framer({"room/a": Position("e1", 2), "room/b": None})
    framer.events(welcome(room_a="ok", room_b="ok"))
    assert ids(framer.events(event("room/a", 3))) == ["room/a=e1:3"]
    assert ids(framer.events(record("snapshot", stream="room/b", epoch="e1", seq=9, state={}))) == [
        "room/a=e1:3,room/b=e1:9"
    ]
    assert ids(framer.events(event("room/b", 10) + b"\n" + event("room/a", 4))) == [
        "room/a=e1:3,room/b=e1:10",
        "room/a=e1:4,room/b=e1:10",
    ]


def test_soft_records_have_no_id() -> None:
    framer = Framer({"room/a": Position("e1", 2)})
    for soft in (record("tally", room="a", tallies={}), record("presence", room="a", count=1), record("head", seq=1)):
        assert ids(framer.events(soft)) == [None]


def test_a_stream_taken_up_from_its_head_has_a_position_from_live_on() -> None:
    framer = Framer({"room/a": "head"})
    assert ids(framer.events(welcome(room_a="ok"))) == [None]
    assert ids(framer.events(record("live", stream="room/a", epoch="e1", seq=9))) == ["room/a=e1:9"]


def test_after_a_gap_the_position_stays_where_the_client_was() -> None:
    """Otherwise a client that reconnects before it fetched the range would never hear of it again."""
    framer = Framer({"room/a": Position("e1", 2), "room/b": Position("e1", 5)})
    framer.events(welcome(room_a="gap", room_b="ok"))
    after = framer.events(record("live", stream="room/a", epoch="e1", seq=900) + b"\n" + event("room/a", 901))
    assert ids(after) == [None, None]
    assert ids(framer.events(event("room/b", 6))) == ["room/a=e1:2,room/b=e1:6"]


def test_a_reset_forgets_the_old_position_until_the_snapshot() -> None:
    framer = Framer({"room/a": Position("old", 900), "room/b": Position("e1", 5)})
    framer.events(welcome(room_a="reset", room_b="ok"))
    assert ids(framer.events(event("room/b", 6))) == ["room/b=e1:6"]
    framer.events(record("snapshot", stream="room/a", epoch="e1", seq=9, state={}))
    assert ids(framer.events(event("room/a", 10))) == ["room/b=e1:6,room/a=e1:10"]


def test_what_is_denied_or_dropped_is_in_no_id() -> None:
    framer = Framer({"room/a": Position("e1", 2), "room/b": Position("e1", 5)})
    framer.events(welcome(room_a="denied", room_b="ok"))
    assert ids(framer.events(event("room/b", 6))) == ["room/b=e1:6"]
    framer.events(record("dropped", stream="room/b", code="not_allowed"))
    assert ids(framer.events(event("room/a", 3))) == ["room/a=e1:3"]


def test_reconnect_says_when_the_stream_is_to_end() -> None:
    framer = Framer({})
    assert framer.ends_in_ms is None
    framer.events(record("reconnect", after=500, window=5_000))
    assert framer.ends_in_ms == 5_500


def test_the_id_is_read_back() -> None:
    assert read_positions("room/a=e1:3, cohort/demo=e1:9") == {
        "room/a": Position("e1", 3),
        "cohort/demo": Position("e1", 9),
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "room/a",
        "room/a=3",
        "room/a=e1:",
        "room/a=e1:x",
        "room/a=:3",
        "=e1:3",
        "room/A=e1:3",
        "room/a=e1:-1",
        "room/a=e1:٣",
        "room/a=e1:9999999999999999999999",
        "room/a=e1:3,",
        "room/a=e\r\n1:3",
        "room/a=" + "e" * 41 + ":3",
    ],
)
def test_another_id_is_none(text: str) -> None:
    assert read_positions(text) is None


def test_goodbye_says_code_and_name() -> None:
    said = goodbye(CLOSINGS["token_expired"]).decode()
    assert said.startswith("event: close\ndata: ")
    record = json.loads(said.split("data: ")[1])
    assert (record["type"], record["code"], record["name"]) == ("close", 4001, "token_expired")
