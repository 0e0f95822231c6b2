"""Names of things: people, rooms, cohorts, messages and the streams that hold their events.

A stream name is its kind and its owner's id: `room/<id>`, `room/<id>/signals`, `room/<id>/staff`,
`cohort/<id>`, `cohort/<id>/staff`, `user/<id>`. What is *not* here: making new ids (that needs randomness).
"""

from __future__ import annotations

import re
from typing import NewType

PersonId = NewType("PersonId", str)
RoomId = NewType("RoomId", str)
CohortId = NewType("CohortId", str)
InviteId = NewType("InviteId", str)
StreamName = NewType("StreamName", str)
Seq = NewType("Seq", int)

ID_PATTERN = r"[a-z0-9][a-z0-9_-]{0,47}"
"""What an id of a person, room or cohort looks like: at most 48 characters, safe in a URL and in a channel name."""

_ID = re.compile(ID_PATTERN)
_STREAM = re.compile(rf"(?:room/{ID_PATTERN}(?:/signals|/staff)?|cohort/{ID_PATTERN}(?:/staff)?|user/{ID_PATTERN})")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def snake(name: str) -> str:
    """A class's name as it stands on the wire and in the log: `PostMessage` → `"post_message"`."""
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def is_stream_name(text: str) -> bool:
    return _STREAM.fullmatch(text) is not None


def slug(name: str, *, otherwise: str) -> str:
    """`name` as the readable head of an id: `"Week 5 · Trees"` → `"week-5-trees"`; `otherwise` when nothing is left."""
    return _NOT_SLUG.sub("-", name.lower()).strip("-")[:24].strip("-") or otherwise


def room_stream(room: RoomId) -> StreamName:
    return StreamName(f"room/{room}")


def room_signals_stream(room: RoomId) -> StreamName:
    return StreamName(f"room/{room}/signals")


def room_staff_stream(room: RoomId) -> StreamName:
    return StreamName(f"room/{room}/staff")


def cohort_stream(cohort: CohortId) -> StreamName:
    return StreamName(f"cohort/{cohort}")


def cohort_staff_stream(cohort: CohortId) -> StreamName:
    return StreamName(f"cohort/{cohort}/staff")


def user_stream(person: PersonId) -> StreamName:
    return StreamName(f"user/{person}")


def stream_kind(stream: StreamName) -> str:
    """`room`, `room/signals`, `room/staff`, `cohort`, `cohort/staff` or `user`."""
    parts = stream.split("/")
    return parts[0] if len(parts) == 2 else f"{parts[0]}/{parts[2]}"


def streams_of_owner(first: StreamName) -> tuple[StreamName, StreamName, StreamName]:
    """The streams an owner may have, from its first: room/<id>, room/<id>/signals, room/<id>/staff."""
    return first, StreamName(f"{first}/signals"), StreamName(f"{first}/staff")


def stream_owner(stream: StreamName) -> str:
    """The id in the name: of the room, the cohort or the person."""
    return stream.split("/")[1]
