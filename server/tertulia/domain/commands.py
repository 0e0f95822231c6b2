"""What a member may ask for: one frozen class per command, decoded straight from the wire.

`type` on the wire is the snake_case name of the class. Every command has `id` (names the reply on this connection)
and `key` (names the effect: unique per author for as long as the log is kept; the same key gets the same answer).
Unknown fields are refused. Those of a live session are in
session/commands.py. What is *not* here: whether it is allowed (policy.py) and what it does (room.py, cohort.py).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tertulia.domain import limits
from tertulia.domain.command import Command, MessageSeq, RoomCommand
from tertulia.domain.ids import InviteId, PersonId
from tertulia.domain.policy import Role
from tertulia.domain.session.commands import AnySessionCommand, Persona
from tertulia.domain.session.words import Anonymity, HandsOrder, PostKind

RoomKind = Literal["discussion", "session", "team", "announcements", "case"]


SlowSeconds = Annotated[int, msgspec.Meta(ge=0, le=limits.slow_mode_s_max)]


class Precondition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`if`: the command is refused with `precondition_failed` when the message has moved on."""

    revision: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class PostMessage(RoomCommand, frozen=True, kw_only=True):
    """`alias`: under the one I have in this room."""

    text: str
    reply_to: MessageSeq | None = None
    kind: PostKind = ""
    alias: bool = False


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
    sentence: str = ""
    """`challenge` needs one: it becomes a reply."""
    alias: bool = False


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
    slow_mode_s: SlowSeconds | None = None
    slow_modes: dict[Role, SlowSeconds] | None = None
    """By role, in place of `slow_mode_s`."""
    anonymity: Anonymity | None = None
    approve_questions: bool | None = None
    hands_order: HandsOrder | None = None


class LockRoom(RoomCommand, frozen=True, kw_only=True):
    reason: str | None = None


class UnlockRoom(RoomCommand, frozen=True, kw_only=True):
    pass


class CloseRoom(RoomCommand, frozen=True, kw_only=True):
    reason: str | None = None


class OpenRoom(RoomCommand, frozen=True, kw_only=True):
    pass


class MuteMember(RoomCommand, frozen=True, kw_only=True):
    person: Persona
    for_s: Annotated[int, msgspec.Meta(ge=1, le=limits.mute_s_max)]
    reason: str


class UnmuteMember(RoomCommand, frozen=True, kw_only=True):
    person: Persona
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
    | AnySessionCommand
)
AnyCohortCommand = (
    CreateRoom | ChangeRole | RenameMember | LeaveCohort | BanMember | UnbanMember | CreateInvite | RevokeInvite
)
AnyCommand = AnyRoomCommand | AnyCohortCommand | MarkRead
