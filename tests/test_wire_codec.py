"""Bytes both ways: whatever comes is a request or `Malformed`; what goes out is one line each, made once."""

from __future__ import annotations

import json
import struct
import time
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.events import ALL, MessagePosted
from tertulia.domain.ids import is_id, is_stream_name
from tertulia.domain.refusals import Refusal
from tertulia.wire.codec import (
    SUBPROTOCOLS,
    CodecName,
    Malformed,
    decode_request,
    encode_entry,
    encode_one,
)
from tertulia.wire.records import EventRecord, Record, refused
from tertulia.wire.requests import Request
from tertulia.wire.stored import Entry, encode_event
from tests.wire_values import like

CODECS: tuple[CodecName, ...] = get_args(CodecName)
REQUESTS = st.one_of(*map(like, get_args(Request)))
SAFE_INTEGER = 2**53 - 1


def refusal_of(data: bytes, codec: CodecName) -> Malformed:
    """The bytes are no request; what the peer is told about it can be told, in either codec."""
    with pytest.raises(Malformed) as caught:
        decode_request(data, codec)
    malformed = caught.value
    assert 0 < len(malformed.sentence) <= 300
    assert malformed.id is None or 0 <= malformed.id <= SAFE_INTEGER
    told = refused(Refusal("malformed", malformed.sentence), id=malformed.id)
    for each in CODECS:
        assert encode_one(told, each)
    return malformed


def is_refused(data: bytes, codec: CodecName) -> bool:
    try:
        request = decode_request(data, codec)
    except Malformed:
        refusal_of(data, codec)
        return True
    assert isinstance(request, get_args(Request))
    return False


# --- whatever comes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.binary(max_size=200))
@settings(deadline=None, max_examples=200)
@example(data=b"")
@example(data=b"\xc1")
def test_random_bytes_are_no_request(data: bytes, codec: CodecName) -> None:
    assert is_refused(data, codec)


JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=12,
)


@given(JSON_VALUES, st.booleans())
@settings(deadline=None, max_examples=150)
def test_any_json_value_is_no_request(value: Any, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    assert is_refused(text.encode("utf-8", "surrogatepass"), "json")


@pytest.mark.parametrize("codec", CODECS)
@given(request=REQUESTS, data=st.data())
@settings(deadline=None, max_examples=150)
def test_a_damaged_request_is_another_one_or_none(request: Any, codec: CodecName, data: st.DataObject) -> None:
    """Goal: nothing but Malformed is ever raised. Method: real requests with bytes changed, cut, doubled or put in: the
    neighbourhood of what is right."""
    good = msgspec.json.encode(request) if codec == "json" else msgspec.msgpack.encode(request)
    place = data.draw(st.integers(0, len(good)))
    more = data.draw(st.binary(max_size=4))
    length = data.draw(st.integers(0, 8))
    for bad in (
        good[:place],
        good[:place] + more + good[place + length :],
        good[:place] + good[max(0, place - length) :],
    ):
        is_refused(bad, codec)


DEEP = 100_000
PING = b'{"type":"ping","id":%b}'
HOSTILE_JSON: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "null": b"null",
    "a number": b"7",
    "a text": b'"hello"',
    "a list": b"[]",
    "an empty object": b"{}",
    "a byte order mark": b'\xef\xbb\xbf{"type":"ping"}',
    "UTF-16": '{"type":"ping"}'.encode("utf-16"),
    "two requests": b'{"type":"ping"}{"type":"ping"}',
    "two lines": b'{"type":"ping"}\n{"type":"ping"}',
    "a comma too many": b'{"type":"ping",}',
    "single quotes": b"{'type':'ping'}",
    "a comment": b'{"type":"ping"/* hi */}',
    "cut off": b'{"type":"pi',
    "deep lists": b"[" * DEEP,
    "deep lists that end": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "deep in a field": PING % (b"[" * DEEP),
    "deep in a field nobody knows": b'{"type":"ping","x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep before the type": b'{"x":' + b"[" * DEEP + b"]" * DEEP + b',"type":"ping"}',
    "a huge number": PING % (b"1" * 5_000),
    "a larger one": PING % (b"9" * 60_000),
    "a huge exponent": PING % b"1e999999999",
    "a tiny one": PING % b"1e-999999999",
    "a negative number": PING % b"-1",
    "minus nothing": PING % b"-0.0",
    "two to the 53": PING % b"9007199254740992",
    "two to the 64": PING % b"18446744073709551616",
    "not a number": PING % b"NaN",
    "infinity": PING % b"Infinity",
    "minus infinity": PING % b"-Infinity",
    "hexadecimal": PING % b"0x10",
    "a leading zero": PING % b"007",
    "a plus": PING % b"+7",
    "the type twice": b'{"type":"ping","type":"hello"}',
    "an unpaired half": b'{"type":"unsubscribe","id":1,"streams":["\\ud800"]}',
    "the other half": b'{"type":"unsubscribe","id":1,"streams":["\\udc00\\ud800"]}',
    "a half in a key": b'{"type":"ping","\\ud800":1}',
    "a half as bytes": b'{"type":"unsubscribe","id":1,"streams":["\xed\xa0\x80"]}',
    "a bad escape": b'{"type":"unsubscribe","id":1,"streams":["\\x41"]}',
    "a raw control character": b'{"type":"unsubscribe","id":1,"streams":["\0"]}',
    "a raw line feed": b'{"type":"unsubscribe","id":1,"streams":["\n"]}',
    "an object for a key": b'{{"a":1}:2}',
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}",
    "a long key": b'{"' + b"k" * 60_000 + b'":1}',
}
NOT_UTF_8: dict[str, bytes] = {
    "a lone byte": b"\xff",
    "Latin-1": '{"type":"ping","ñ":1}'.encode("latin-1"),
    "in a text": b'{"type":"unsubscribe","id":1,"streams":["\xff"]}',
    "in a key": b'{"type":"ping","\xfe":1}',
    "in the type": b'{"type":"\xc3"}',
    "overlong": b'{"type":"unsubscribe","id":1,"streams":["\xc0\xaf"]}',
    "too far": b'{"type":"unsubscribe","id":1,"streams":["\xf4\x90\x80\x80"]}',
    "cut off": b'{"type":"unsubscribe","id":1,"streams":["\xe2\x82"]}',
    "after the end": b'{"type":"ping"}\xff',
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_hostile_json_is_malformed(name: str) -> None:
    refusal_of(HOSTILE_JSON[name], "json")


@pytest.mark.parametrize("name", NOT_UTF_8)
def test_what_is_not_utf_8_is_told_apart(name: str) -> None:
    """The WebSocket must be closed with 1007 for it."""
    assert not refusal_of(NOT_UTF_8[name], "json").is_utf8
    assert refusal_of(b'{"type":"p\xc3\xb1ng"}', "json").is_utf8


def fixmap(**values: bytes) -> bytes:
    return bytes([0x80 + len(values)]) + b"".join(msgspec.msgpack.encode(key) + value for key, value in values.items())


PACKED = msgspec.msgpack.encode("ping")
HOSTILE_MSGPACK: dict[str, bytes] = {
    "nothing": b"",
    "nil": b"\xc0",
    "the byte that is never used": b"\xc1",
    "a list": b"\x90",
    "an empty map": b"\x80",
    "two requests": fixmap(type=PACKED) * 2,
    "cut off": fixmap(type=PACKED)[:-1],
    "a map of four thousand million": b"\xdf\xff\xff\xff\xff",
    "a list of as many": fixmap(type=PACKED, id=b"\xdd\xff\xff\xff\xff"),
    "streams of as many": fixmap(
        type=msgspec.msgpack.encode("unsubscribe"), id=b"\x01", streams=b"\xdd\xff\xff\xff\xff"
    ),
    "a text of as many": fixmap(type=b"\xdb\xff\xff\xff\xff" + b"a"),
    "bytes of as many": fixmap(type=PACKED, id=b"\xc6\xff\xff\xff\xff"),
    "an extension of as many": fixmap(type=PACKED, id=b"\xc9\xff\xff\xff\xff\x05"),
    "an extension": fixmap(type=PACKED, id=b"\xd4\x05\x00"),
    "a time": fixmap(type=PACKED, id=b"\xd6\xff\x00\x00\x00\x00"),
    "a time for a type": fixmap(type=b"\xd6\xff\x00\x00\x00\x00", id=b"\x01"),
    "bytes for a text": fixmap(type=b"\xc4\x04ping"),
    "a text that is not UTF-8": fixmap(
        type=msgspec.msgpack.encode("unsubscribe"), id=b"\x01", streams=b"\x91\xa2\xff\xfe"
    ),
    "a type that is not UTF-8": fixmap(type=b"\xa4pin\xff", id=b"\x01"),
    "a key that is not UTF-8": b"\x81\xa2\xff\xfe\x01",
    "half a pair": fixmap(type=msgspec.msgpack.encode("unsubscribe"), id=b"\x01", streams=b"\x91\xa3\xed\xa0\x80"),
    "not a number": fixmap(type=PACKED, id=b"\xcb" + struct.pack(">d", float("nan"))),
    "infinity": fixmap(type=PACKED, id=b"\xcb" + struct.pack(">d", float("inf"))),
    "minus one": fixmap(type=PACKED, id=b"\xff"),
    "two to the 53": fixmap(type=PACKED, id=b"\xcf" + (2**53).to_bytes(8, "big")),
    "two to the 64 less one": fixmap(type=PACKED, id=b"\xcf" + b"\xff" * 8),
    "a number for a key": b"\x81\x01\x02",
    "a map for a key": b"\x81\x80\x02",
    "deep lists": b"\x91" * DEEP,
    "deep maps": b"\x81\xa1a" * DEEP,
    "deep in a field": fixmap(type=PACKED, id=b"\x91" * DEEP),
    "deep in a field nobody knows": fixmap(type=PACKED, x=b"\x91" * DEEP + b"\xc0"),
    "JSON": b'{"type":"ping"}',
}


@pytest.mark.parametrize("name", HOSTILE_MSGPACK)
def test_hostile_msgpack_is_malformed(name: str) -> None:
    """A length that is claimed is not believed: nothing is set aside for what did not come."""
    refusal_of(HOSTILE_MSGPACK[name], "msgpack")


@pytest.mark.parametrize(
    ("codec", "data", "sentence"),
    [
        ("json", HOSTILE_JSON["deep lists that end"], "Expected `object`"),
        ("json", HOSTILE_JSON["deep in a field nobody knows"], "unknown field `x`"),
        ("json", HOSTILE_JSON["deep objects"], "nested too deeply"),
        ("json", NOT_UTF_8["in a text"], "not UTF-8"),
        ("msgpack", HOSTILE_MSGPACK["deep maps"], "nested too deeply"),
        ("msgpack", HOSTILE_MSGPACK["a type that is not UTF-8"], "not UTF-8"),
        ("json", b'{"type":"ping","id":1,"colour":2}', "unknown field `colour`"),
        ("json", b'{"type":"sing","id":1}', "sing"),
        ("json", b'{"type":"ping","id":"1"}', "Expected `int`, got `str` - at `$.id`"),
    ],
)
def test_the_sentence_says_what_is_wrong(codec: CodecName, data: bytes, sentence: str) -> None:
    assert sentence in refusal_of(data, codec).sentence


@pytest.mark.parametrize(
    ("given", "id"),
    [
        ({"type": "ping", "id": 7, "x": 1}, 7),
        ({"id": 7}, 7),
        ({"type": ["ping"], "id": 7}, 7),
        ({"type": "ping", "id": 0, "x": 1}, 0),
        ({"type": "ping", "id": SAFE_INTEGER, "x": 1}, SAFE_INTEGER),
        ({"type": "ping", "x": 1}, None),
        ({"type": "ping", "id": -1}, None),
        ({"type": "ping", "id": 2**53}, None),
        ({"type": "ping", "id": "7"}, None),
        ({"type": "ping", "id": None}, None),
        ({"type": "ping", "id": 1.5}, None),
        ([7], None),
    ],
)
def test_the_id_is_told_when_it_could_be_one(given: Any, id: int | None) -> None:
    assert refusal_of(msgspec.json.encode(given), "json").id == id
    assert refusal_of(msgspec.msgpack.encode(given), "msgpack").id == id


def test_what_a_good_client_may_well_send_is_read() -> None:
    for data in (
        b'{"id":1,"type":"ping"}',
        b' \r\n\t{ "type" : "ping" , "id" : 1 } \n',
        b'{"\\u0074ype":"\\u0070ing","id":1}',
    ):
        assert decode_request(data, "json") == decode_request(fixmap(type=PACKED, id=b"\x01"), "msgpack")
    emoji = decode_request(b'{"type":"unsubscribe","id":1,"streams":["\\ud83d\\ude00"]}', "json")
    assert emoji.streams == ["😀"]  # type: ignore[union-attr]


def test_the_largest_frame_takes_no_time() -> None:
    """A frame holds the event loop up for as long as it takes to read it; what is refused is read twice or thrice."""
    worst = [
        HOSTILE_JSON["many keys"],
        HOSTILE_JSON["deep lists that end"][: limits.frame_bytes_max],
        b'{"a":[' * 9_000,
    ]
    for data in worst:
        took = []
        for _ in range(3):
            begun = time.process_time()
            refusal_of(data[: limits.frame_bytes_max], "json")
            took.append(time.process_time() - begun)
        assert min(took) < 0.1


# --- what goes out -----------------------------------------------------------------------------------------------

PEOPLE = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,47}", fullmatch=True)
STREAMS = st.builds("room/{}{}".format, PEOPLE, st.sampled_from(["", "/signals", "/staff"]))
EVENTS = st.one_of(*map(like, ALL))


@given(STREAMS, st.integers(1, SAFE_INTEGER), st.integers(0, SAFE_INTEGER), PEOPLE, EVENTS)
@settings(deadline=None, max_examples=150)
def test_an_entry_is_told_as_what_it_is_on_one_line(stream: str, seq: int, at: int, by: str, event: Any) -> None:
    """Goal: the record that is joined from stored bytes, without encoding, is the one that encoding would make."""
    assert is_stream_name(stream)
    assert is_id(by)
    name, data = encode_event(event)
    told = encode_entry(Entry(stream, seq, at, by, name, data))  # type: ignore[arg-type]
    wanted = {"type": "event", "stream": stream, "seq": seq, "at": at, "by": by, "name": name, "data": json.loads(data)}
    assert json.loads(told.json) == wanted == msgspec.msgpack.decode(told.msgpack)
    assert b"\n" not in told.json
    record = msgspec.json.decode(told.json, type=Record)
    assert isinstance(record, EventRecord)
    assert msgspec.json.encode(record) == told.json


@pytest.mark.parametrize(
    "text",
    [
        '"quoted"',
        "back\\slash",
        "two\nlines\r\n",
        "\u2028 and \u2029",
        "\0\x1b\x7f\x85",
        "é 😀 \U0010ffff",
        '","by":"p-x',
        "</script>",
    ],
)
def test_no_text_breaks_out_of_its_record(text: str) -> None:
    name, data = encode_event(MessagePosted(text=text))
    told = encode_entry(Entry("room/general", 7, 0, "p-ana", name, data))  # type: ignore[arg-type]
    assert told.json.count(b"\n") == 0
    for record in (json.loads(told.json), msgspec.msgpack.decode(told.of("msgpack"))):
        assert record["data"] == {"text": text}
        assert record["by"] == "p-ana"
    assert told.of("json") is told.json
    assert told.msgpack is told.msgpack, "made once"


def test_every_subprotocol_is_a_codec() -> None:
    assert {f"tertulia.v1.{codec}": codec for codec in CODECS} == SUBPROTOCOLS
