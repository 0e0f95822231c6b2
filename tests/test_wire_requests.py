"""What a client may send goes both ways in both codecs with the same keys, and has room for nothing else."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.ids import snake
from tertulia.domain.session.commands import DismissQuestion, EndorseAnswer
from tertulia.wire.codec import Malformed, decode_request
from tertulia.wire.requests import Hello, Position, Request, Subscribe
from tests.wire_values import like

ALL: list[type[Any]] = list(get_args(Request))
KEY = "a-key-0001"
HELLO = {"type": "hello", "token": "t"}


def least(struct: type[Any]) -> dict[str, Any]:
    """A request with only the fields it must have."""
    values: dict[str, Any] = {
        **dict.fromkeys(("message", "thread", "seq", "id", "for_s", "event", "poll", "held", "because"), 1),
        **dict.fromkeys(("room", "person", "invite", "text", "emoji", "name", "reason", "token", "alias"), "x"),
        **{"key": KEY, "role": "learner", "streams": [], "people": [], "words": []},
        **{"question": "q-1", "into": "q-2", "how": "live", "media_position_ms": 1},
    }
    if struct is Subscribe:
        values["streams"] = {}
    if struct is DismissQuestion:
        values["reason"] = "unclear"
    if struct is EndorseAnswer:
        values["reason"] = "correct"
    fields = [field for field in msgspec.structs.fields(struct) if field.required]
    return {"type": struct.__struct_config__.tag} | {field.encode_name: values[field.encode_name] for field in fields}


@pytest.mark.parametrize("struct", ALL, ids=lambda struct: struct.__name__)
@given(data=st.data())
@settings(deadline=None, max_examples=15)
def test_a_request_goes_both_ways_in_both_codecs_with_the_same_keys(struct: type[Any], data: st.DataObject) -> None:
    request = data.draw(like(struct))
    as_json, as_msgpack = msgspec.json.encode(request), msgspec.msgpack.encode(request)
    assert decode_request(as_json, "json") == decode_request(as_msgpack, "msgpack") == request
    assert msgspec.json.decode(as_json) == msgspec.msgpack.decode(as_msgpack)
    assert msgspec.json.decode(as_json)["type"] == snake(struct.__name__)


@pytest.mark.parametrize("struct", ALL, ids=lambda struct: struct.__name__)
def test_a_request_has_room_for_nothing_else(struct: type[Any]) -> None:
    good = least(struct)
    assert isinstance(decode_request(msgspec.json.encode(good), "json"), struct)
    for extra in ("colour", "Type", "id ", ""):
        with pytest.raises(Malformed, match="unknown field"):
            decode_request(msgspec.json.encode(good | {extra: 1}), "json")
        with pytest.raises(Malformed, match="unknown field"):
            decode_request(msgspec.msgpack.encode(good | {extra: 1}), "msgpack")


@pytest.mark.parametrize("struct", ALL, ids=lambda struct: struct.__name__)
def test_a_request_must_have_what_it_must_have(struct: type[Any]) -> None:
    good = least(struct)
    for field in good.keys() - {"type"}:
        with pytest.raises(Malformed, match="missing required field"):
            decode_request(msgspec.json.encode({key: value for key, value in good.items() if key != field}), "json")


@pytest.mark.parametrize("struct", ALL, ids=lambda struct: struct.__name__)
def test_a_value_of_another_kind_is_refused(struct: type[Any]) -> None:
    """What is next to right is wrong: 1.5 and true are no 1, and nothing is turned into text."""
    good = least(struct)
    for field in good:
        for wrong in ({"a": {}}, [[1]], 1.5, True, b"bytes"):
            if isinstance(wrong, bytes):
                data, codec = msgspec.msgpack.encode(good | {field: wrong}), "msgpack"
            else:
                data, codec = msgspec.json.encode(good | {field: wrong}), "json"
            with pytest.raises(Malformed):
                decode_request(data, codec)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "origin", [None, "head", {"epoch": "e1", "seq": 0}, {"epoch": "", "seq": 2**53 - 1}, {"epoch": "e" * 40, "seq": 7}]
)
def test_a_stream_is_taken_up_from_nothing_from_its_head_or_from_a_position(origin: Any) -> None:
    hello = decode_request(msgspec.json.encode(HELLO | {"streams": {"room/general": origin}}), "json")
    assert isinstance(hello, Hello)
    wanted = Position(**origin) if isinstance(origin, dict) else origin
    assert hello.streams == {"room/general": wanted}


@pytest.mark.parametrize(
    "origin",
    [
        *("tail", 7, [], {}, {"seq": 7}, {"epoch": "e1"}, {"epoch": "e1", "seq": -1}, {"epoch": "e1", "seq": 2**53}),
        {"epoch": "e" * 41, "seq": 1},
        {"epoch": 1, "seq": 1},
        {"epoch": "e1", "seq": 1, "more": 1},
        {"epoch": "e1", "seq": 1.0},
    ],
)
def test_anything_else_is_no_place_in_a_stream(origin: Any) -> None:
    with pytest.raises(Malformed):
        decode_request(msgspec.json.encode(HELLO | {"streams": {"room/general": origin}}), "json")


@pytest.mark.parametrize(
    ("field", "fits", "too_much"),
    [
        ("token", "t" * limits.token_chars_max, "t" * (limits.token_chars_max + 1)),
        ("client", "c" * 80, "c" * 81),
        ("features", ["f"] * 40, ["f"] * 41),
        (
            "streams",
            {f"room/{n}": None for n in range(limits.streams_per_connection_max)},
            {f"room/{n}": None for n in range(limits.streams_per_connection_max + 1)},
        ),
        ("levels", {"room/a": "head"}, {"room/a": "none"}),
    ],
)
def test_hello_has_bounds(field: str, fits: Any, too_much: Any) -> None:
    decode_request(msgspec.json.encode(HELLO | {field: fits}), "json")
    with pytest.raises(Malformed):
        decode_request(msgspec.json.encode(HELLO | {field: too_much}), "json")


@pytest.mark.parametrize("type", ["", "HELLO", "post", "post_message ", "event", 1, None, ["hello"]])
def test_a_type_that_is_none_is_refused(type: Any) -> None:
    with pytest.raises(Malformed):
        decode_request(msgspec.json.encode({"type": type, "id": 1}), "json")
