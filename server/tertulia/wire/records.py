"""What a client is told: one frozen class per record, told apart by `type`.

Three verbs, never mixed. A *reply* goes to the asker and carries the request's `id`. A *push* goes to one person's
devices. A *broadcast* goes to every reader of a stream or room and holds nothing specific to the receiver.
The delivery class is fixed by type: D durable (never dropped), S state (the last value holds), E ephemeral.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tertulia.domain.ids import PersonId, RoomId, StreamName, snake
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal, Retry

Result = Literal["ok", "gap", "reset", "denied"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=snake):
    pass


# --- replies -----------------------------------------------------------------------------------------------------


class StreamResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`epoch` and `seq`: the head of the stream when the reply was made. `code`: why it is denied."""

    result: Result
    epoch: str = ""
    seq: int = 0
    code: str = ""


class Welcome(_Record, frozen=True, kw_only=True):
    """The reply to `hello`."""

    person: PersonId
    name: str
    role: Role
    cohort: str
    connection: str
    server: str
    at: int
    expires_at: int
    ping_s: float
    features: list[str]
    limits: dict[str, int | float]
    streams: dict[str, StreamResult]


class Subscribed(_Record, frozen=True, kw_only=True):
    id: int
    streams: dict[str, StreamResult]


class Unsubscribed(_Record, frozen=True, kw_only=True):
    id: int
    streams: list[str]


class Accepted(_Record, frozen=True, kw_only=True):
    """Durable: the event stands at `seq` of `stream`. `dup`: it already did; this is the same answer again."""

    id: int
    stream: StreamName
    seq: int
    at: int
    dup: bool = False


class Refused(_Record, frozen=True, kw_only=True):
    """Not done, and why. `id` is missing when the request could not be read. `after`: milliseconds to wait."""

    id: int | None = None
    code: str
    message: str
    retry: Retry
    after: int | None = None


class Token(_Record, frozen=True, kw_only=True):
    """The reply to `refresh_token`; the connection now lives until `expires_at` (Unix ms)."""

    id: int
    token: str
    expires_at: int


class Pong(_Record, frozen=True, kw_only=True):
    id: int
    at: int


# --- about a stream, on one connection ---------------------------------------------------------------------------


class Snapshot(_Record, frozen=True, kw_only=True):
    """The state of a stream at exactly `seq`."""

    stream: StreamName
    epoch: str
    seq: int
    state: Any


class Live(_Record, frozen=True, kw_only=True):
    """Everything up to `seq` was sent (or is to be fetched, after `gap`); what follows is pushed as it happens."""

    stream: StreamName
    epoch: str
    seq: int


class Lag(_Record, frozen=True, kw_only=True):
    """You fell behind: `last` is the last seq you were sent. Fetch pages, then subscribe from where you are."""

    stream: StreamName
    epoch: str
    last: int
    head: int


class Dropped(_Record, frozen=True, kw_only=True):
    """You may no longer read this stream."""

    stream: StreamName
    code: str


class Head(_Record, frozen=True, kw_only=True):
    """S, for level `head`: the newest seq, and how many messages of the room I have not read (at most 100)."""

    stream: StreamName
    epoch: str
    seq: int
    unread: int


# --- broadcasts --------------------------------------------------------------------------------------------------


class EventRecord(_Record, frozen=True, kw_only=True, tag="event"):
    """D: entry `seq` of `stream`, the same bytes for every reader. The server builds it from stored bytes."""

    stream: StreamName
    seq: int
    at: int
    by: PersonId
    name: str
    data: msgspec.Raw


class Tally(_Record, frozen=True, kw_only=True):
    """S: for each message (its seq as text) the reactions it has now; an emoji nobody holds is left out."""

    room: RoomId
    tallies: dict[str, dict[str, int]]


class Votes(_Record, frozen=True, kw_only=True):
    """S: how many voted for each question of the session; `answered`: how many answered each poll."""

    room: RoomId
    votes: dict[str, int]
    answered: dict[str, int] = {}


class Bars(_Record, frozen=True, kw_only=True):
    """S, to staff: poll → place of the option → how many chose it; `pace`: how many said so, told for five or more."""

    room: RoomId
    bars: dict[str, dict[str, int]] = {}
    pace: dict[str, int] = {}


class Presence(_Record, frozen=True, kw_only=True):
    """S: who is here. `people` is left out above 200; then `roles` counts and `staff` lists those who teach."""

    room: RoomId
    count: int
    people: list[PersonId] | None = None
    roles: dict[str, int] | None = None
    staff: list[PersonId] | None = None


class PresenceChanged(_Record, frozen=True, kw_only=True):
    """S: against the last `presence`. In a large room only staff and people in view are named."""

    room: RoomId
    count: int
    joined: list[PersonId] = []
    left: list[PersonId] = []


class TypingNow(_Record, frozen=True, kw_only=True, tag="typing"):
    """E: who writes in the room (or thread) now; at most three named; it expires after 6 s."""

    room: RoomId
    thread: int | None = None
    people: list[PersonId]
    count: int


# --- pushes ------------------------------------------------------------------------------------------------------


class Mine(_Record, frozen=True, kw_only=True):
    """S: my own reactions to these messages (seq as text), complete for each message named."""

    room: RoomId
    reactions: dict[str, list[str]]


class MySession(_Record, frozen=True, kw_only=True):
    """S: what I did in the room's session that others do not see, all of it."""

    room: RoomId
    votes: list[str] = []
    answers: dict[str, dict[str, str | list[int]]] = {}
    pace: str | None = None


class Reconnect(_Record, frozen=True, kw_only=True):
    """The node is going away: open a new connection after a random time in `after`..`after + window` ms; keep this
    one until the new one is live."""

    after: int
    window: int


Record = (
    Welcome
    | Subscribed
    | Unsubscribed
    | Accepted
    | Refused
    | Token
    | Pong
    | Snapshot
    | Live
    | Lag
    | Dropped
    | Head
    | EventRecord
    | Tally
    | Votes
    | Bars
    | Presence
    | PresenceChanged
    | TypingNow
    | Mine
    | MySession
    | Reconnect
)


def refused(refusal: Refusal, *, id: int | None) -> Refused:
    return Refused(id=id, code=refusal.code, message=refusal.sentence, retry=refusal.retry, after=refusal.after_ms)
