"""State for reading: what a snapshot holds, and how each event changes it. The twin of `client_js/sdk/fold.js`.

`snapshot(n) == snapshot(k)` with the events k+1..n applied; tests/vectors hold the same cases for both languages. Views
are built to be shown and sent, so they are plain mutable structs whose JSON is the shape of protocol.md, chapter 4.
"""

from __future__ import annotations

import msgspec

from tertulia.domain import limits
from tertulia.domain.events import (
    CohortCreated,
    Event,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberReturned,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    Mentioned,
    ReadMarked,
    RoleChanged,
    RoomChanged,
    RoomClosed,
    RoomCreated,
    RoomListed,
    RoomLocked,
    RoomOpened,
    RoomUnlocked,
    ThreadReopened,
    ThreadResolved,
)


class LastReply(msgspec.Struct):
    seq: int
    at: int
    by: str


class MessageView(msgspec.Struct, kw_only=True):
    """A message as readers see it. `reply_to` and `thread` are null for one that begins a thread."""

    seq: int
    at: int
    by: str
    text: str
    revision: int = 0
    redacted: bool = False
    mentions: list[str] = []
    reply_to: int | None = None
    thread: int | None = None
    replies: int = 0
    last_reply: LastReply | None = None
    resolved: bool = False


class RoomView(msgspec.Struct, kw_only=True):
    room: str
    cohort: str = ""
    name: str = ""
    kind: str = "discussion"
    topic: str = ""
    emoji: list[str] = []
    slow_mode_s: int = 0
    locked: bool = False
    closed: bool = False
    messages: list[MessageView] = []
    pins: list[int] = []
    tallies: dict[str, dict[str, int]] = {}
    has_more: bool = False


class ListedRoom(msgspec.Struct, kw_only=True):
    room: str
    name: str
    kind: str
    closed: bool = False


class ListedMember(msgspec.Struct, kw_only=True):
    name: str
    role: str


class CohortView(msgspec.Struct, kw_only=True):
    cohort: str
    name: str = ""
    course: str = ""
    course_name: str = ""
    rooms: list[ListedRoom] = []
    members: dict[str, ListedMember] = {}
    member_count: int = 0


class MentionView(msgspec.Struct, kw_only=True):
    room: str
    message: int
    thread: int | None = None
    at: int
    by: str


class UserView(msgspec.Struct, kw_only=True):
    """`markers`: room → {"" or thread → seq}. `mentions`: the newest 50, oldest first."""

    markers: dict[str, dict[str, int]] = {}
    mentions: list[MentionView] = []
