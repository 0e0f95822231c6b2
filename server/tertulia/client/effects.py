"""What the core asks its shell to do, in order. The core itself never waits, reads a clock or touches a socket."""

from __future__ import annotations

from typing import NamedTuple

from tertulia.client.records import Event, SoftRecord
from tertulia.wire.records import Accepted, Refused, Welcome
from tertulia.wire.requests import Position


class Open(NamedTuple):
    """Open a socket; then `core.opened(link)`, or `core.closed(link, …)`."""

    link: int


class Say(NamedTuple):
    link: int
    payload: bytes


class Shut(NamedTuple):
    """Close the socket. Nothing more is to be heard of this link."""

    link: int


class Renew(NamedTuple):
    """Get a new token over HTTP; then `core.renewed(…)` or `core.not_renewed(…)`."""


class Fetch(NamedTuple):
    """Get a page of `/api/events`; then `core.page(…)` or `core.no_page(…)` with this number."""

    stream: str
    after: int
    number: int


class Hand(NamedTuple):
    """An event for the program, with the epoch its seq belongs to."""

    event: Event
    epoch: str


class Soft(NamedTuple):
    record: SoftRecord


class Answer(NamedTuple):
    """The last word on the command `id`."""

    id: int
    verdict: Accepted | Refused


class Welcomed(NamedTuple):
    welcome: Welcome


class Following(NamedTuple):
    """The stream is followed: events begin after this position (or after the snapshot that was handed)."""

    stream: str
    position: Position


class Ended(NamedTuple):
    """The stream is not followed, or no longer."""

    stream: str
    code: str


class Over(NamedTuple):
    """The client has stopped."""

    code: int
    reason: str


Effect = Open | Say | Shut | Renew | Fetch | Hand | Soft | Answer | Welcomed | Following | Ended | Over
