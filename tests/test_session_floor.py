"""The floor: what is said while it is held is kept, and posted in its order; the same for those who need approval."""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.commands import ChangeRoom, CloseRoom, PostMessage, SetReaction
from tertulia.domain.decision import Decision, Setting
from tertulia.domain.events import Mentioned, MessagePosted, Replied
from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.refusals import Refusal
from tertulia.domain.session import life
from tertulia.domain.session.commands import (
    CloseSession,
    FormTeams,
    HoldFloor,
    OpenSession,
    RejectHeld,
    ReleaseFloor,
    ReleaseHeld,
    RequireApproval,
)
from tertulia.domain.session.due import due as due_in_room
from tertulia.domain.session.due import is_due
from tertulia.domain.session.events import (
    AttendanceNoted,
    FloorHeld,
    FloorReleased,
    HeldRejected,
    HeldReleased,
    MessageHeld,
    SessionClosed,
)
from tertulia.domain.session.state import Held
from tests.classroom import Classroom

MAIN, STAFF = "room/general", "room/general/staff"


@pytest.fixture
def here() -> Classroom:
    room = Classroom(kind="session")
    room.gives("ina", OpenSession)
    return room


def posted(here: Classroom) -> list[tuple[int, str, str]]:
    """(seq, by, text) of all that was posted."""
    entries = [entry for entry in here.entries if entry.stream == MAIN]
    return [
        (entry.seq, entry.by, event.text)
        for entry, event in zip(entries, here.in_stream(MAIN), strict=True)
        if isinstance(event, MessagePosted)
    ]


def due(here: Classroom) -> Decision | None:
    decision = due_in_room(here.room, setting=Setting(here.cohort.roles, here.cohort.rooms), at=here.at)
    assert not isinstance(decision, Refusal)
    assert (decision is not None) == is_due(here.room, at=here.at)
    return decision


# --- holding ------------------------------------------------------------------------------------------------------


def test_what_learners_say_while_the_floor_is_held_is_told_to_staff_and_themselves(here: Classroom) -> None:
    assert here.refusal("lea", HoldFloor).code == "not_allowed"
    here.gives("tad", HoldFloor, prompt=" Think of a heap ", for_s=60)
    assert here.in_stream(MAIN)[-1] == FloorHeld(until=here.at + 60_000, prompt="Think of a heap")
    assert here.refusal("ina", HoldFloor).code == "floor_held"
    head = here.room.head
    staff, own = here.gives("lea", PostMessage, text="A tree", kind="idea")
    assert staff == MessageHeld(room=RoomId("general"), text="A tree", kind="idea", why="floor")
    assert own == MessageHeld(
        room=RoomId("general"), text="A tree", kind="idea", why="floor", held=here.room.staff_head
    )
    assert [entry.stream for entry in here.entries[-2:]] == [STAFF, "user/lea"]
    assert here.room.head == head, "others see nothing, not even a seq"
    assert here.room.session.turns == {}


def test_staff_and_bots_speak_freely(here: Classroom) -> None:
    here.gives("tad", HoldFloor)
    for name in ("tad", "ina", "olga", "botty"):
        here.says(name, "Psst")
    assert [by for _, by, _ in posted(here)] == ["tad", "ina", "olga", "botty"]


def test_a_held_word_counts_for_slow_mode_when_it_was_said_and_not_when_it_is_shown(here: Classroom) -> None:
    here.gives("ina", ChangeRoom, slow_mode_s=30)
    here.gives("tad", HoldFloor)
    here.says("lea", "One")
    assert here.refusal("lea", PostMessage, text="Two").code == "slow_mode"
    here.after(s=31)
    here.gives("tad", ReleaseFloor)
    here.says("lea", "Three")
    assert [text for _, _, text in posted(here)] == ["One", "Three"]


def test_no_more_is_held_than_can_be_kept(here: Classroom) -> None:
    here.gives("tad", HoldFloor)
    one = Held("len", 1, "x", "", None, None, None, "floor")
    here.room.session.held = dict.fromkeys(range(1, limits.held_messages_max + 1), one)
    assert here.refusal("lea", PostMessage, text="y").code == "too_many"


@pytest.mark.parametrize("fields", [{"prompt": "x" * (limits.note_chars_max + 1)}, {"prompt": "\u200b"}])
def test_a_prompt_that_cannot_be_shown(here: Classroom, fields: dict[str, Any]) -> None:
    assert here.refusal("tad", HoldFloor, **fields).code == "text_too_long"


def test_the_floor_is_held_in_an_open_session(here: Classroom) -> None:
    assert here.refusal("tad", ReleaseFloor).code == "floor_not_held"
    here.gives("ina", CloseSession)
    assert here.refusal("tad", HoldFloor).code == "session_not_open"
    here.gives("ina", OpenSession)
    here.gives("tad", HoldFloor)
    here.gives("olga", CloseRoom)
    assert here.refusal("tad", ReleaseFloor).code == "room_closed"


def test_who_has_said_something_may_see_what_others_did(here: Classroom) -> None:
    here.gives("ina", ChangeRoom, anonymity="alias")
    for shown_to, may in (("nobody", []), ("answered", ["lea", "len"])):
        here.gives("tad", HoldFloor, shown_to=shown_to)
        here.says("lea", "One")
        here.gives("len", PostMessage, text="Two", alias=True)
        assert [one for one in ("lea", "len", "obi") if here.room.session.may_see_held(PersonId(one))] == may
        here.gives("tad", ReleaseFloor)
        assert not here.room.session.may_see_held(PersonId("lea"))


def test_what_is_said_under_an_alias_is_held_under_it(here: Classroom) -> None:
    here.gives("ina", ChangeRoom, anonymity="alias")
    here.gives("tad", HoldFloor)
    happened = here.gives("len", PostMessage, text="Who, me?", alias=True)
    alias = here.room.session.aliases[PersonId("len")].alias
    assert [type(event) for event in happened[:2]] == [MessageHeld, MessageHeld]
    (held,) = here.room.session.held
    assert (here.room.session.held[held].by, happened[1].held) == (alias, held), type(happened[1])
    assert [entry.by for entry in here.entries if entry.name == "message_held"] == [alias, alias]
    here.gives("tad", ReleaseFloor)
    assert posted(here) == [(here.room.head, alias, "Who, me?")]


def test_the_sentence_of_a_challenge_is_held_too(here: Classroom) -> None:
    seq = here.says("ina", "All heaps are trees")
    here.gives("tad", HoldFloor)
    here.gives("lea", SetReaction, message=seq, emoji="challenge", sentence="Mine is an array")
    assert [text for _, _, text in posted(here)] == ["All heaps are trees"]
    here.gives("tad", ReleaseFloor)
    last = here.in_stream(MAIN)[-1]
    assert isinstance(last, MessagePosted)
    assert (last.kind, last.reply_to, last.held_at) == ("challenge", seq, here.at)


# --- releasing ----------------------------------------------------------------------------------------------------


def test_all_that_was_said_is_posted_in_its_order_with_the_time_it_was_said(here: Classroom) -> None:
    first = here.says("ina", "What is a heap?")
    here.gives("tad", HoldFloor)
    said_at = []
    for name, text, reply_to in (("len", "A tree", None), ("lea", "An array, @[Len](len)", first), ("len", "Hm", None)):
        here.after(s=2)
        said_at.append(here.at)
        here.gives(name, PostMessage, text=text, reply_to=reply_to)
    here.after(s=5)
    head, held = here.room.head, list(here.room.session.held)
    happened = here.gives("tad", ReleaseFloor)
    assert happened[0] == FloorReleased()
    assert posted(here)[1:] == [
        (head + 2, "len", "A tree"),
        (head + 3, "lea", "An array, @[Len](len)"),
        (head + 4, "len", "Hm"),
    ]
    messages = [event for event in happened if isinstance(event, MessagePosted)]
    assert [message.held_at for message in messages] == said_at
    assert (messages[1].reply_to, messages[1].thread) == (first, first)
    told = {Mentioned(room=RoomId("general"), message=head + 3, thread=first)}
    assert set(here.in_stream("user/len")) >= told, "by its seq in the room"
    assert here.in_stream("user/ina")[-1] == Replied(room=RoomId("general"), message=head + 3, to=first, thread=first)
    assert happened[-1] == HeldReleased(held=held)
    assert (here.room.session.floor, here.room.session.held) == (None, {})
    assert here.room.session.turns == {"ina": 1, "len": 2, "lea": 1}


def test_a_release_with_nothing_said_tells_staff_nothing(here: Classroom) -> None:
    here.gives("tad", HoldFloor)
    assert here.gives("tad", ReleaseFloor) == [FloorReleased()]
    assert here.in_stream(STAFF) == []


def test_a_reply_to_what_is_long_forgotten_is_posted_all_the_same(here: Classroom) -> None:
    first = here.says("ina", "Long ago")
    here.gives("tad", HoldFloor)
    here.gives("lea", PostMessage, text="So", reply_to=first)
    here.room.facts.clear()
    here.gives("tad", ReleaseFloor)
    assert here.in_stream(MAIN)[-1] == MessagePosted(text="So", reply_to=first, thread=first, held_at=here.at)


def test_the_close_of_a_session_releases_the_floor_first(here: Classroom) -> None:
    here.gives("tad", HoldFloor)
    here.says("lea", "One")
    names = [type(event) for event in here.gives("ina", CloseSession)]
    assert names == [FloorReleased, MessagePosted, HeldReleased, SessionClosed]
    assert posted(here)[-1][1:] == ("lea", "One")


def test_the_time_of_a_held_floor_is_up(here: Classroom) -> None:
    """By the server: nobody did it, and what was said is by who said it."""
    assert due(here) is None
    here.gives("tad", HoldFloor)
    here.after(s=limits.floor_s_max)
    assert due(here) is None, "it is held until somebody releases it"
    here.gives("tad", ReleaseFloor)
    here.gives("tad", HoldFloor, for_s=10)
    here.says("lea", "One")
    here.after(s=9, ms=999)
    assert due(here) is None
    here.after(ms=1)
    decision = due(here)
    assert decision is not None
    here.happens("nobody at all", decision)
    assert [(entry.name, entry.by) for entry in here.entries[-3:]] == [
        ("floor_released", "~"),
        ("message_posted", "lea"),
        ("held_released", "~"),
    ]
    assert due(here) is None, "another node finds nothing to do"


def test_the_time_of_teams_is_up(here: Classroom) -> None:
    here.happens("~", life.note_attendance(here.room, [PersonId("lea"), PersonId("len")]))
    here.gives("tad", FormTeams, teams=2, for_s=10)
    teams = here.room.session.teams
    here.gives("tad", HoldFloor, for_s=10)
    here.after(s=10)
    for name in ("floor_released", "teams_recalled"):
        decision = due(here)
        assert decision is not None
        here.happens("~", decision)
        assert name in {entry.name for entry in here.entries[-5:]}
    assert due(here) is None
    assert all(here.cohort.rooms[team].closed for team in teams)


# --- approval -----------------------------------------------------------------------------------------------------


def approve(here: Classroom, name: str) -> None:
    here.gives("ina", RequireApproval, person=name, reason="Again and again")


def test_the_words_of_one_who_needs_approval_wait_for_staff_also_without_a_session(here: Classroom) -> None:
    here.gives("ina", CloseSession)
    approve(here, "lea")
    here.says("len", "Free")
    here.gives("lea", PostMessage, text="May I?")
    held = here.room.staff_head
    event = here.in_stream(STAFF)[-1]
    assert isinstance(event, MessageHeld)
    assert event.why == "approval"
    assert here.refusal("len", ReleaseHeld, held=held).code == "not_allowed"
    assert here.refusal("tad", ReleaseHeld, held=held + 1).code == "unknown_held"
    here.after(s=60)
    message, released = here.gives("tad", ReleaseHeld, held=held)
    assert message == MessagePosted(text="May I?", held_at=here.at - 60_000)
    assert released == HeldReleased(held=[held])
    assert posted(here)[-1] == (here.room.head, "lea", "May I?")
    assert here.refusal("tad", ReleaseHeld, held=held).code == "unknown_held"


def test_what_waits_for_approval_does_not_come_with_the_floor(here: Classroom) -> None:
    approve(here, "lea")
    here.gives("tad", HoldFloor)
    here.gives("lea", PostMessage, text="Approve me")
    here.gives("len", PostMessage, text="Free me")
    approval, floor = here.room.session.held
    assert here.refusal("tad", ReleaseHeld, held=floor).code == "floor_held"
    here.gives("tad", ReleaseFloor)
    assert [text for _, _, text in posted(here)] == ["Free me"]
    here.gives("tad", ReleaseHeld, held=approval)
    assert [text for _, _, text in posted(here)] == ["Free me", "Approve me"]


def test_who_said_it_is_told_why_it_is_not_shown(here: Classroom) -> None:
    approve(here, "lea")
    here.gives("lea", PostMessage, text="Rude")
    held = here.room.staff_head
    assert here.refusal("tad", RejectHeld, held=held, reason=" ").code == "reason_required"
    assert here.refusal("tad", RejectHeld, held=held + 1, reason="Rude").code == "unknown_held"
    assert here.refusal("lea", RejectHeld, held=held, reason="Rude").code == "not_allowed"
    here.gives("tad", RejectHeld, held=held, reason="Rude")
    rejected = HeldRejected(room=RoomId("general"), held=held, reason="Rude")
    assert here.in_stream(STAFF)[-1] == here.in_stream("user/lea")[-1] == rejected
    assert here.room.session.held == {}
    assert posted(here) == []


# --- attendance ---------------------------------------------------------------------------------------------------


def test_each_person_is_noted_once_in_a_session(here: Classroom) -> None:
    def noted(*names: str) -> list[Any]:
        decision = life.note_attendance(here.room, [PersonId(name) for name in names])
        assert {happening.by for happening in decision.happenings} <= {"~"}
        return here.happens("nobody at all", decision)

    opened = here.room.session.opened
    assert noted("lea", "ina", "lea") == [AttendanceNoted(session=opened, people=[PersonId("lea"), PersonId("ina")])]
    assert noted("lea", "ina") == []
    assert noted("lea", "len") == [AttendanceNoted(session=opened, people=[PersonId("len")])]
    assert list(here.room.session.attended) == ["lea", "ina", "len"]
    here.gives("ina", CloseSession)
    assert noted("obi") == []
    here.gives("ina", OpenSession)
    assert noted("lea") == [AttendanceNoted(session=here.room.session.opened, people=[PersonId("lea")])]


def test_a_crowd_is_noted_in_parts(here: Classroom) -> None:
    crowd = [PersonId(f"p{n}") for n in range(limits.attendance_people_max + 1)]
    for size in (limits.attendance_people_max, 1, 0):
        events = here.happens("~", life.note_attendance(here.room, crowd))
        assert sum(len(event.people) for event in events if isinstance(event, AttendanceNoted)) == size
