"""What a client is told goes both ways in both codecs with the same keys, on one line each."""

from __future__ import annotations

import io
from typing import Any, get_args

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.domain.ids import snake
from tertulia.domain.refusals import CODES, Refusal
from tertulia.wire.codec import encode, encode_one, join
from tertulia.wire.records import (
    EventRecord,
    Live,
    Presence,
    Record,
    StreamResult,
    Subscribed,
    Tally,
    TypingNow,
    refused,
)
from tests.wire_values import like

ALL: list[type[Any]] = [struct for struct in get_args(Record) if struct is not EventRecord]
"""An `event` is never encoded but built from stored bytes: test_wire_codec.py."""
RECORDS = st.one_of(*map(like, ALL))
TAGS = {EventRecord: "event", TypingNow: "typing"}


@pytest.mark.parametrize("struct", ALL, ids=lambda struct: struct.__name__)
@given(data=st.data())
@settings(deadline=None, max_examples=15)
def test_a_record_goes_both_ways_in_both_codecs_with_the_same_keys(struct: type[Any], data: st.DataObject) -> None:
    record = data.draw(like(struct))
    for_many = encode(record)
    assert for_many.of("json") == for_many.json == encode_one(record, "json")
    assert b"\n" not in for_many.json, "a line feed ends a record"
    said = msgspec.json.decode(for_many.json)
    assert (
        said == msgspec.msgpack.decode(for_many.of("msgpack")) == msgspec.msgpack.decode(encode_one(record, "msgpack"))
    )
    assert (
        msgspec.json.decode(for_many.json, type=Record)
        == msgspec.msgpack.decode(for_many.msgpack, type=Record)
        == record
    )


@pytest.mark.parametrize("struct", get_args(Record), ids=lambda struct: struct.__name__)
def test_a_record_is_named_as_its_class(struct: type[Any]) -> None:
    assert struct.__struct_config__.tag == TAGS.get(struct, snake(struct.__name__))
    assert struct.__struct_config__.frozen


def test_what_stands_at_its_default_is_left_out() -> None:
    assert encode_one(Presence(room="general", count=2), "json") == b'{"type":"presence","room":"general","count":2}'
    denied = Subscribed(id=1, streams={"room/x": StreamResult(result="denied", code="unknown_room")})
    assert encode_one(denied, "json") == (
        b'{"type":"subscribed","id":1,"streams":{"room/x":{"result":"denied","code":"unknown_room"}}}'
    )
    assert (
        encode_one(Live(stream="room/a", epoch="e", seq=0), "json")
        == b'{"type":"live","stream":"room/a","epoch":"e","seq":0}'
    )


@given(st.lists(RECORDS, min_size=1, max_size=6))
@settings(deadline=None, max_examples=80)
def test_many_records_in_a_message_come_apart_again(records: list[Any]) -> None:
    """As a client of either codec does it: by lines, or one value after another."""
    lines = join([encode_one(record, "json") for record in records], "json").split(b"\n")
    assert [msgspec.json.decode(line, type=Record) for line in lines] == records
    packed = join([encode_one(record, "msgpack") for record in records], "msgpack")
    values = list(msgpack.Unpacker(io.BytesIO(packed), strict_map_key=False, max_buffer_size=len(packed)))
    assert values == [msgspec.json.decode(line) for line in lines]


def test_a_record_for_many_is_encoded_once_in_each_codec() -> None:
    tally = encode(Tally(room="general", tallies={"3": {"👍": 1}}))
    assert tally.msgpack is tally.msgpack is tally.of("msgpack")
    assert tally.json is tally.of("json")


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_is_told_with_its_verdict_and_sentence(code: str) -> None:
    told = refused(Refusal(code, after_ms=7), id=3)
    assert (told.id, told.code, told.after) == (3, code, 7)
    assert (told.retry, told.message) == CODES[code]
    assert refused(Refusal(code, "Exactly so."), id=None).message == "Exactly so."
