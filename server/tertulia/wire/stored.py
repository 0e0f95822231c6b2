"""The entry of the log: what is kept, and how an entry of an older version is read.

`data` is the JSON of the event alone, as written; it goes to readers without being encoded again. Events only gain
fields, with defaults, so that old entries are read as they are; `STORED_VERSION`, kept with each, is raised when that
is not enough. The bytes are never rewritten, except that a redaction takes the text out.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from tertulia.domain.event import Event
from tertulia.domain.events import EVENTS, event_name
from tertulia.domain.ids import PersonId, Seq, StreamName

STORED_VERSION: Final = 1

_encoder = msgspec.json.Encoder()
_decoders: Final = {name: msgspec.json.Decoder(cls) for name, cls in EVENTS.items()}


class Entry(NamedTuple):
    """One event at its place. `at`: Unix milliseconds. `by`: the person readers see as its author."""

    stream: StreamName
    seq: Seq
    at: int
    by: PersonId
    name: str
    data: bytes


def encode_event(event: Event) -> tuple[str, bytes]:
    """(name, data) as the log keeps them."""
    return event_name(event), _encoder.encode(event)


def decode_event(entry: Entry) -> Event | None:
    """The event of an entry, or None when a newer program wrote a kind this one does not know."""
    decoder = _decoders.get(entry.name)
    return None if decoder is None else decoder.decode(entry.data)
