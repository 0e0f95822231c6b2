"""What a member may ask for: one frozen class per command, decoded straight from the wire.

`type` on the wire is the snake_case name of the class. Every command has `id` (names the reply on this connection)
and `key` (names the effect: unique per author for as long as the log is kept; the same key gets the same answer).
Unknown fields are refused. What is *not* here: whether it is allowed (policy.py) and what it does (room.py, cohort.py).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import InviteId, PersonId, RoomId, snake
from tertulia.domain.policy import Role

RequestId = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Key = Annotated[str, msgspec.Meta(min_length=8, max_length=limits.key_chars_max, pattern=r"^[A-Za-z0-9_.:-]+$(?!\n)")]
"""(`$` alone lets a last line feed pass in Python; `\\Z` would not, but means nothing in the API's description.)"""
MessageSeq = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
RoomKind = Literal["discussion", "session", "team", "announcements", "case"]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag=snake):
    id: RequestId = 0
    key: Key


class RoomCommand(Command, frozen=True, kw_only=True):
    room: RoomId


class Precondition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`if`: the command is refused with `precondition_failed` when the message has moved on."""

    revision: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class PostMessage(RoomCommand, frozen=True, kw_only=True):
    text: str
    reply_to: MessageSeq | None = None


class EditMessage(RoomCommand, frozen=True, kw_only=True, rename={"if_": "if"}):
    message: MessageSeq
    text: str
    if_: Precondition | None = None


class RedactMessage(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq
    reason: str | None = None


class SetReaction(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq
    emoji: str
    on: bool = True


class PinMessage(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq


class UnpinMessage(RoomCommand, frozen=True, kw_only=True):
    message: MessageSeq


class ResolveThread(RoomCommand, frozen=True, kw_only=True):
    thread: MessageSeq


class ReopenThread(RoomCommand, frozen=True, kw_only=True):
    thread: MessageSeq


class ChangeRoom(RoomCommand, frozen=True, kw_only=True):
    name: str | None = None
    topic: str | None = None
    emoji: list[str] | None = None
    slow_mode_s: Annotated[int, msgspec.Meta(ge=0, le=limits.slow_mode_s_max)] | None = None


class LockRoom(RoomCommand, frozen=True, kw_only=True):
    reason: str | None = None


class UnlockRoom(RoomCommand, frozen=True, kw_only=True):
    pass


class CloseRoom(RoomCommand, frozen=True, kw_only=True):
    reason: str | None = None


class OpenRoom(RoomCommand, frozen=True, kw_only=True):
    pass


class MuteMember(RoomCommand, frozen=True, kw_only=True):
    person: PersonId
    for_s: Annotated[int, msgspec.Meta(ge=1, le=limits.mute_s_max)]
    reason: str


class UnmuteMember(RoomCommand, frozen=True, kw_only=True):
    person: PersonId
    reason: str


class MarkRead(RoomCommand, frozen=True, kw_only=True):
    """Up to which seq I have read the room, or one thread of it. Private to me."""

    seq: MessageSeq
    thread: MessageSeq | None = None


class CohortCommand(Command, frozen=True, kw_only=True):
    pass


class CreateRoom(CohortCommand, frozen=True, kw_only=True):
    name: str
    kind: RoomKind = "discussion"
    topic: str = ""


class ChangeRole(CohortCommand, frozen=True, kw_only=True):
    person: PersonId
    role: Role


class RenameMember(CohortCommand, frozen=True, kw_only=True):
    """Change my own name."""

    name: str


class LeaveCohort(CohortCommand, frozen=True, kw_only=True):
    pass


class BanMember(CohortCommand, frozen=True, kw_only=True):
    """Out of the cohort, for a time or (without `for_s`) until unbanned; open sockets close within a second."""

    person: PersonId
    reason: str
    for_s: Annotated[int, msgspec.Meta(ge=1, le=limits.mute_s_max)] | None = None


class UnbanMember(CohortCommand, frozen=True, kw_only=True):
    person: PersonId
    reason: str


class CreateInvite(CohortCommand, frozen=True, kw_only=True):
    role: Role
    expires_s: Annotated[int, msgspec.Meta(ge=1, le=limits.invite_s_max)] = 7 * 86_400
    uses_max: Annotated[int, msgspec.Meta(ge=1, le=limits.invite_uses_max)] | None = None


class RevokeInvite(CohortCommand, frozen=True, kw_only=True):
    invite: InviteId


AnyRoomCommand = (
    PostMessage
    | EditMessage
    | RedactMessage
    | SetReaction
    | PinMessage
    | UnpinMessage
    | ResolveThread
    | ReopenThread
    | ChangeRoom
    | LockRoom
    | UnlockRoom
    | CloseRoom
    | OpenRoom
    | MuteMember
    | UnmuteMember
)
AnyCohortCommand = (
    CreateRoom | ChangeRole | RenameMember | LeaveCohort | BanMember | UnbanMember | CreateInvite | RevokeInvite
)
AnyCommand = AnyRoomCommand | AnyCohortCommand | MarkRead


def command_name(command: Command) -> str:
    """`type` as it stands on the wire and in the policy table: `PostMessage` → `"post_message"`."""
    return str(command.__struct_config__.tag)
