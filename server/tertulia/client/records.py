"""What the server tells, from bytes to typed records. Records of a type this client does not know are left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

import msgpack
import msgspec

from tertulia.wire import records as wire
from tertulia.wire.codec import CodecName
from tertulia.wire.requests import Request

SNAPSHOT: Final = "snapshot"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """Something that happened: entry `seq` of `stream`. `at`: Unix milliseconds. `by`: a person's id.

    `name` and `data`: protocol.md, "The events". When `name` is `"snapshot"`, it is none of them: `data` is the state
    of the stream at exactly `seq`, to take the place of all that was known before (`at` is 0, `by` is empty).
    """

    stream: str
    seq: int
    at: int = 0
    by: str = ""
    name: str
    data: dict[str, Any] = {}

    @property
    def room(self) -> str:
        """The id of the room (cohort, person) the stream belongs to."""
        return self.stream.split("/")[1]

    @property
    def text(self) -> str:
        """The text of a message, empty for all else and for what was redacted."""
        text = self.data.get("text", "")
        return text if isinstance(text, str) else ""


ServerRecord = (
    wire.Welcome
    | wire.Subscribed
    | wire.Unsubscribed
    | wire.Accepted
    | wire.Refused
    | wire.Token
    | wire.Pong
    | wire.Snapshot
    | wire.Live
    | wire.Lag
    | wire.Dropped
    | wire.Head
    | Event
    | wire.Tally
    | wire.Votes
    | wire.Bars
    | wire.Presence
    | wire.PresenceChanged
    | wire.TypingNow
    | wire.Mine
    | wire.MySession
    | wire.Reconnect
)
SoftRecord = (
    wire.Head
    | wire.Tally
    | wire.Votes
    | wire.Bars
    | wire.Presence
    | wire.PresenceChanged
    | wire.TypingNow
    | wire.Mine
    | wire.MySession
)

KNOWN: Final = frozenset(str(cls.__struct_config__.tag) for cls in get_args(ServerRecord))

_encode_json = msgspec.json.Encoder().encode
_encode_msgpack = msgspec.msgpack.Encoder().encode
_from_json: Final = msgspec.json.Decoder(ServerRecord)
_any_from_json: Final = msgspec.json.Decoder()


class NotUnderstood(Exception):
    """The bytes are no records of this protocol."""


def encode(request: Request, codec: CodecName) -> bytes:
    return _encode_json(request) if codec == "json" else _encode_msgpack(request)


def decode(payload: bytes, codec: CodecName) -> list[ServerRecord]:
    """The records of one message, in order. Raises NotUnderstood."""
    try:
        if codec == "json":
            try:
                return _from_json.decode_lines(payload)
            except msgspec.ValidationError:  # perhaps only of a type we do not know
                return _convert(_any_from_json.decode_lines(payload))
        unpacker = msgpack.Unpacker(raw=False, max_buffer_size=len(payload) + 1)
        unpacker.feed(payload)
        return _convert(unpacker)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotUnderstood(str(error)[:200]) from None


def _convert(objects: Iterable[Any]) -> list[ServerRecord]:
    return [
        msgspec.convert(record, ServerRecord)
        for record in objects
        if isinstance(record, dict) and record.get("type") in KNOWN
    ]
