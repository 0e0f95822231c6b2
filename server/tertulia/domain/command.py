"""What every command has. The commands themselves: commands.py (talk, rooms, cohorts) and session/commands.py."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, snake

RequestId = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Key = Annotated[str, msgspec.Meta(min_length=8, max_length=limits.key_chars_max, pattern=r"^[A-Za-z0-9_.:-]+$(?!\n)")]
"""(`$` alone lets a last line feed pass in Python; `\\Z` would not, but means nothing in the API's description.)"""
MessageSeq = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag=snake):
    id: RequestId = 0
    key: Key


class RoomCommand(Command, frozen=True, kw_only=True):
    room: RoomId


def command_name(command: Command) -> str:
    """`type` as it stands on the wire and in the policy table: `PostMessage` → `"post_message"`."""
    return str(command.__struct_config__.tag)
