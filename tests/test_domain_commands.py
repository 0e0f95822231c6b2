"""What a member may ask for: the words, and what a field may hold. (That they go both ways: test_wire_requests.py.)"""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from tertulia.domain import limits, policy
from tertulia.domain.command import Command, RoomCommand, command_name
from tertulia.domain.commands import (
    AnyCohortCommand,
    AnyCommand,
    AnyRoomCommand,
    CohortCommand,
    EditMessage,
    MarkRead,
    PostMessage,
    Precondition,
)
from tertulia.domain.ids import snake

ALL: list[type[Command]] = list(get_args(AnyCommand))
KEY = "a-key-0001"
ROOM = {"key": KEY, "room": "general"}
decode = msgspec.json.Decoder(AnyCommand).decode


def test_every_command_there_is_is_one_of_the_union() -> None:
    def leaves(kind: type) -> list[type]:
        below = kind.__subclasses__()
        return [leaf for one in below for leaf in leaves(one)] if below else [kind]

    assert set(leaves(Command)) == set(ALL)
    assert {kind for kind in ALL if issubclass(kind, RoomCommand)} == {*get_args(AnyRoomCommand), MarkRead}
    assert {kind for kind in ALL if issubclass(kind, CohortCommand)} == set(get_args(AnyCohortCommand))


@pytest.mark.parametrize("kind", ALL)
def test_a_command_has_a_name_a_row_in_the_policy_and_no_room_for_more(kind: type[Command]) -> None:
    name = str(kind.__struct_config__.tag)
    assert name == snake(kind.__name__)
    assert name in policy.ALLOWED
    assert kind.__struct_config__.forbid_unknown_fields
    assert kind.__struct_config__.frozen


def test_a_command_knows_its_name() -> None:
    assert command_name(PostMessage(key=KEY, room="general", text="Hi")) == "post_message"  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["12345678", "0195e1c2-7d1e-7cc1-8a55-6b3f0e9a4c11", "a" * 64, "A_b.c:d-9"])
def test_a_key_is_eight_to_sixty_four_plain_characters(key: str) -> None:
    assert decode(msgspec.json.encode({"type": "leave_cohort", "key": key})).key == key


@pytest.mark.parametrize(
    "key",
    ["", "1234567", "a" * 65, "with space", "a-key-0001\n", "\na-key-0001", "llave-ñ-01", "a/key/0001", None, 12345678],
)
def test_anything_else_is_no_key(key: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(msgspec.json.encode({"type": "leave_cohort", "key": key}))


@pytest.mark.parametrize("id", [-1, 2**53, 2**64, 1.5, "1", None, True])
def test_an_id_is_a_whole_number_below_two_to_the_fifty_three(id: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(msgspec.json.encode({"type": "leave_cohort", "key": KEY, "id": id}))


BOUNDS = [
    ("mute_member", {**ROOM, "person": "p-a", "reason": "x"}, "for_s", 1, limits.mute_s_max),
    ("ban_member", {"key": KEY, "person": "p-a", "reason": "x"}, "for_s", 1, limits.mute_s_max),
    ("change_room", ROOM, "slow_mode_s", 0, limits.slow_mode_s_max),
    ("create_invite", {"key": KEY, "role": "learner"}, "expires_s", 1, limits.invite_s_max),
    ("create_invite", {"key": KEY, "role": "learner"}, "uses_max", 1, limits.invite_uses_max),
    ("edit_message", {**ROOM, "text": "x"}, "message", 1, 2**53 - 1),
    ("mark_read", ROOM, "seq", 1, 2**53 - 1),
    ("mark_read", {**ROOM, "seq": 1}, "thread", 1, 2**53 - 1),
    ("post_message", {**ROOM, "text": "x"}, "reply_to", 1, 2**53 - 1),
]


@pytest.mark.parametrize(("type", "others", "field", "least", "most"), BOUNDS)
def test_numbers_have_bounds_on_both_sides(
    type: str, others: dict[str, Any], field: str, least: int, most: int
) -> None:
    for good in (least, most):
        decode(msgspec.json.encode({"type": type, **others, field: good}))
    for bad in (least - 1, most + 1, -(2**63), 2**64 - 1):
        with pytest.raises(msgspec.ValidationError):
            decode(msgspec.json.encode({"type": type, **others, field: bad}))


def test_the_precondition_of_an_edit_is_called_if() -> None:
    edit = decode(
        b'{"type":"edit_message","key":"a-key-0001","room":"general","message":2,"text":"x","if":{"revision":0}}'
    )
    assert isinstance(edit, EditMessage)
    assert edit.if_ == Precondition(0)
    with pytest.raises(msgspec.ValidationError, match="if_"):
        decode(
            b'{"type":"edit_message","key":"a-key-0001","room":"general","message":2,"text":"x","if_":{"revision":0}}'
        )


@pytest.mark.parametrize("kind", ALL)
def test_a_command_without_its_fields_is_none(kind: type[Command]) -> None:
    needed = [field for field in msgspec.structs.fields(kind) if field.required]
    assert "key" in [field.encode_name for field in needed]
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        decode(msgspec.json.encode({"type": kind.__struct_config__.tag}))
