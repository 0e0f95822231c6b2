"""Bytes both ways. A codec is chosen per connection by its WebSocket subprotocol; none asked for means JSON.

Client → server: one request per message. Server → client: 1..n records per message, JSON ones separated by a
newline, msgpack ones following each other. A record for many readers is an `Encoded`: made once, in each codec at
most once, whatever the number of readers.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tertulia.domain.command import RequestId
from tertulia.wire.records import Record
from tertulia.wire.requests import Request
from tertulia.wire.stored import Entry

CodecName = Literal["json", "msgpack"]

SUBPROTOCOLS: Final[dict[str, CodecName]] = {"tertulia.v1.json": "json", "tertulia.v1.msgpack": "msgpack"}

_json_encode = msgspec.json.Encoder().encode
_json_any = msgspec.json.Decoder().decode
_msgpack_encode = msgspec.msgpack.Encoder().encode
_request_from_json: Final = msgspec.json.Decoder(Request)
_request_from_msgpack: Final = msgspec.msgpack.Decoder(Request)


class Malformed(Exception):
    """The bytes are no request. `sentence` may be told to the peer; `id` is the request's when it could be read."""

    def __init__(self, sentence: str, *, id: int | None = None, is_utf8: bool = True) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.id = id
        self.is_utf8 = is_utf8


class Encoded:
    """A record in each codec, encoded at first use and kept."""

    __slots__ = ("_msgpack", "json")

    def __init__(self, json: bytes) -> None:
        self.json = json
        self._msgpack: bytes | None = None

    @property
    def msgpack(self) -> bytes:
        if self._msgpack is None:
            self._msgpack = _msgpack_encode(_json_any(self.json))
        return self._msgpack

    def of(self, codec: CodecName) -> bytes:
        return self.json if codec == "json" else self.msgpack


def encode(record: Record) -> Encoded:
    return Encoded(_json_encode(record))


def encode_one(record: Record, codec: CodecName) -> bytes:
    """For a single reader: straight to its codec."""
    return _json_encode(record) if codec == "json" else _msgpack_encode(record)


def encode_entry(entry: Entry) -> Encoded:
    """The `event` record of an entry, from its stored bytes. Ids and names need no escaping (`ids.ID_PATTERN`)."""
    return Encoded(
        b'{"type":"event","stream":"%b","seq":%d,"at":%d,"by":"%b","name":"%b","data":%b}'
        % (entry.stream.encode(), entry.seq, entry.at, entry.by.encode(), entry.name.encode(), entry.data)
    )


def join(records: list[bytes], codec: CodecName) -> bytes:
    """The payload of one message."""
    return (b"\n" if codec == "json" else b"").join(records)


def decode_request(data: bytes, codec: CodecName) -> Request:
    """One request, in one typed pass. Raises `Malformed`."""
    try:
        request: Request = (_request_from_json if codec == "json" else _request_from_msgpack).decode(data)
        return request
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _malformed(data, codec, error) from None


class _Id(msgspec.Struct):
    id: RequestId | None = None


_id_from_json: Final = msgspec.json.Decoder(_Id)
_id_from_msgpack: Final = msgspec.msgpack.Decoder(_Id)


def _malformed(data: bytes, codec: CodecName, error: Exception) -> Malformed:
    if codec == "json":
        try:
            data.decode()
        except UnicodeDecodeError:
            return Malformed("The message is not UTF-8.", is_utf8=False)
    try:
        id = (_id_from_json if codec == "json" else _id_from_msgpack).decode(data).id
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        id = None
    return Malformed(_sentence(error)[:300], id=id)


def _sentence(error: Exception) -> str:
    match error:
        case RecursionError():
            return "The message is nested too deeply."
        case UnicodeDecodeError():
            return "A text in the message is not UTF-8."
        case _:
            return str(error)
