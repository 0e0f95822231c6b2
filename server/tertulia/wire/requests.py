"""What a client may send: `Request`, a closed union told apart by `type`; the commands of the domain are part of it.

One WebSocket message is one request. Unknown fields and unknown types are refused (`malformed`).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.command import MessageSeq, RequestId
from tertulia.domain.commands import AnyCommand
from tertulia.domain.ids import PersonId, RoomId, snake


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in a stream, kept as one value: never a seq without its epoch."""

    epoch: Annotated[str, msgspec.Meta(max_length=40)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


From = Position | Literal["head"] | None
"""Where to begin a stream: after a position; `"head"`, with what comes next; null, with a snapshot."""

Level = Literal["full", "head"]


class _Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag=snake):
    pass


class Hello(_Request, frozen=True, kw_only=True):
    """The first request on a connection: credential, streams with positions, features."""

    token: Annotated[str, msgspec.Meta(max_length=limits.token_chars_max)]
    streams: Annotated[dict[str, From], msgspec.Meta(max_length=limits.streams_per_connection_max)] = {}
    levels: dict[str, Level] = {}
    client: Annotated[str, msgspec.Meta(max_length=80)] = ""
    features: Annotated[list[str], msgspec.Meta(max_length=40)] = []


class Subscribe(_Request, frozen=True, kw_only=True):
    """More streams, the same stream from another position, or another level."""

    id: RequestId
    streams: Annotated[dict[str, From], msgspec.Meta(max_length=limits.streams_per_connection_max)]
    levels: dict[str, Level] = {}


class Unsubscribe(_Request, frozen=True, kw_only=True):
    id: RequestId
    streams: Annotated[list[str], msgspec.Meta(max_length=limits.streams_per_connection_max)]


class RefreshToken(_Request, frozen=True, kw_only=True):
    """A fresh token for this connection's person, in band."""

    id: RequestId


class Typing(_Request, frozen=True, kw_only=True):
    room: RoomId
    thread: MessageSeq | None = None


class InView(_Request, frozen=True, kw_only=True):
    """The people a client shows just now, so that a large room tells it of their presence."""

    room: RoomId
    people: Annotated[list[PersonId], msgspec.Meta(max_length=limits.in_view_people_max)]


class Ping(_Request, frozen=True, kw_only=True):
    id: RequestId = 0


Request = AnyCommand | Hello | Subscribe | Unsubscribe | RefreshToken | Typing | InView | Ping
