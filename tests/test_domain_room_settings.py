"""What happens to the room itself: settings, lock and close; who is muted."""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.commands import (
    ChangeRoom,
    CloseRoom,
    LeaveCohort,
    LockRoom,
    MuteMember,
    OpenRoom,
    UnlockRoom,
    UnmuteMember,
)
from tertulia.domain.decide_room import decide_room
from tertulia.domain.decision import Asker, Setting
from tertulia.domain.events import (
    MemberMuted,
    MemberUnmuted,
    RoomChanged,
    RoomClosed,
    RoomListed,
    RoomLocked,
    RoomOpened,
    RoomUnlocked,
)
from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import DEFAULT_EMOJI, RoomState
from tests.classroom import Classroom, command


@pytest.fixture
def here() -> Classroom:
    return Classroom()


def test_only_what_changes_is_said(here: Classroom) -> None:
    assert here.gives("ina", ChangeRoom, topic=" Heaps \n and trees ") == [RoomChanged(topic="Heaps and trees")]
    assert here.gives("ina", ChangeRoom, topic="Heaps and trees", slow_mode_s=0, emoji=list(DEFAULT_EMOJI)) == []
    assert here.gives("ina", ChangeRoom) == []
    assert here.gives("ina", ChangeRoom, topic="", slow_mode_s=5) == [RoomChanged(topic="", slow_mode_s=5)]
    assert (here.room.topic, here.room.slow_mode_s) == ("", 5)


def test_a_new_name_stands_in_the_list_of_rooms_too(here: Classroom) -> None:
    assert here.gives("ina", ChangeRoom, name="Trees") == [
        RoomChanged(name="Trees"),
        RoomListed(room="general", name="Trees", kind="discussion"),
    ]
    assert here.cohort.rooms[RoomId("general")].name == here.room.name == "Trees"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "name_invalid"),
        ({"name": "\u200b"}, "name_invalid"),
        ({"name": "n" * (limits.room_name_chars_max + 1)}, "name_invalid"),
        ({"topic": "t" * (limits.topic_chars_max + 1)}, "text_too_long"),
        ({"emoji": [str(number) for number in range(limits.room_emoji_max + 1)]}, "too_many"),
        ({"emoji": ["👍", ""]}, "emoji_not_allowed"),
        ({"emoji": ["👍 "]}, "emoji_not_allowed"),
        ({"emoji": ["a\nb"]}, "emoji_not_allowed"),
        ({"emoji": ["\u200d"]}, "emoji_not_allowed"),
        ({"emoji": ["a\u202eb"]}, "emoji_not_allowed"),
        ({"emoji": ["e\u0301"]}, "emoji_not_allowed"),
        ({"emoji": ["\ud800"]}, "emoji_not_allowed"),
        ({"emoji": ["x" * (limits.emoji_chars_max + 1)]}, "emoji_not_allowed"),
    ],
)
def test_settings_that_are_none_are_refused(here: Classroom, fields: dict[str, Any], code: str) -> None:
    assert here.refusal("ina", ChangeRoom, **fields).code == code


def test_the_reactions_of_a_room_are_a_set_of_emoji_and_short_words(here: Classroom) -> None:
    wanted = ["👍", "❤️", "👩🏽‍🔬", "🇪🇸", "+1", "O(n)", "👍"]
    assert here.gives("ina", ChangeRoom, emoji=wanted) == [RoomChanged(emoji=wanted[:-1])]
    assert here.gives("ina", ChangeRoom, emoji=[]) == [RoomChanged(emoji=[])]
    assert here.room.emoji == []


def test_a_topic_that_shows_nothing_is_none(here: Classroom) -> None:
    here.gives("ina", ChangeRoom, topic="Heaps")
    assert here.gives("ina", ChangeRoom, topic="\u200b \n") == [RoomChanged(topic="")]


def test_a_room_is_locked_and_unlocked_once(here: Classroom) -> None:
    assert here.gives("tad", LockRoom, reason=" A pause ") == [RoomLocked(reason="A pause")]
    assert here.gives("tad", LockRoom) == []
    assert here.gives("tad", UnlockRoom) == [RoomUnlocked()]
    assert here.gives("tad", UnlockRoom) == []
    assert here.gives("tad", LockRoom, reason="  ") == [RoomLocked()]


def test_a_room_is_closed_and_opened_once_and_the_list_says_so(here: Classroom) -> None:
    assert here.gives("ina", CloseRoom) == [RoomClosed(), RoomListed(room="general", name="General talk", closed=True)]
    assert here.gives("ina", CloseRoom) == []
    assert here.refusal("tad", LockRoom).code == here.refusal("tad", UnlockRoom).code == "room_closed"
    assert here.gives("ina", OpenRoom) == [RoomOpened(), RoomListed(room="general", name="General talk")]
    assert here.gives("ina", OpenRoom) == []


def test_a_renamed_closed_room_stays_closed_in_the_list(here: Classroom) -> None:
    here.gives("ina", CloseRoom)
    here.gives("ina", ChangeRoom, name="Old")
    assert here.cohort.rooms[RoomId("general")].closed


@pytest.mark.parametrize("kind", [LockRoom, CloseRoom])
def test_a_reason_too_long_to_keep_is_not_dropped_silently(here: Classroom, kind: type) -> None:
    assert here.refusal("ina", kind, reason="r" * (limits.reason_chars_max + 1)).code == "reason_required"


# --- mutes -------------------------------------------------------------------------------------------------------


def test_a_mute_is_told_to_staff_and_to_the_person(here: Classroom) -> None:
    muted = MemberMuted(room="general", person="lea", until=here.at + 60_000, reason="Shouting")
    assert here.gives("tad", MuteMember, person="lea", for_s=60, reason=" Shouting ") == [muted, muted]
    unmuted = MemberUnmuted(room="general", person="lea", reason="Sorry")
    assert here.gives("tad", UnmuteMember, person="lea", reason="Sorry") == [unmuted, unmuted]
    assert here.in_stream("room/general/staff") == here.in_stream("user/lea") == [muted, unmuted]
    assert len(here.in_stream("room/general")) == 1, "readers of the room are told nothing"


def test_a_mute_that_is_over_needs_no_unmute_and_the_last_one_holds(here: Classroom) -> None:
    here.gives("tad", MuteMember, person="lea", for_s=60, reason="x")
    here.gives("ina", MuteMember, person="lea", for_s=10, reason="x")
    here.after(s=10)
    assert here.gives("tad", UnmuteMember, person="lea", reason="x") == []
    assert here.says("lea", "Back")


@pytest.mark.parametrize(
    ("asker", "person", "code"),
    [
        ("tad", "ina", "not_allowed"),
        ("tad", "tom", "not_allowed"),
        ("tad", "tad", "not_allowed"),
        ("ina", "olga", "not_allowed"),
        ("olga", "olga", "not_allowed"),
        ("tad", "nobody", "unknown_member"),
        ("tad", "gus", "unknown_member"),
        ("tad", "botty", None),
        ("tad", "obi", None),
        ("olga", "ina", None),
    ],
)
@pytest.mark.parametrize("kind", [MuteMember, UnmuteMember])
def test_who_may_mute_whom(here: Classroom, kind: type, asker: str, person: str, code: str | None) -> None:
    here.comes_in("tom", role="ta")
    here.comes_in("gus")
    here.gives("gus", LeaveCohort)
    fields = {"person": person, "reason": "x"} | ({"for_s": 60} if kind is MuteMember else {})
    if code is None:
        here.gives(asker, kind, **fields)
    else:
        assert here.refusal(asker, kind, **fields).code == code


@pytest.mark.parametrize("reason", ["", " ", "\u200b", "r" * (limits.reason_chars_max + 1)])
@pytest.mark.parametrize("kind", [MuteMember, UnmuteMember])
def test_a_mute_has_a_reason(here: Classroom, kind: type, reason: str) -> None:
    fields = {"person": "lea", "reason": reason} | ({"for_s": 60} if kind is MuteMember else {})
    assert here.refusal("tad", kind, **fields).code == "reason_required"


def test_a_room_that_was_never_made_is_unknown_to_everybody() -> None:
    asker = Asker(PersonId("olga"), "owner")
    for kind, fields in ((LockRoom, {}), (ChangeRoom, {"name": "x"}), (OpenRoom, {})):
        assert decide_room(
            RoomState(RoomId("nowhere")), command(kind, **fields), asker=asker, setting=Setting({}), at=1
        ) == Refusal("unknown_room")
