"""Who is here, on one node: people and not connections, grace, ticks, the large form. Nodes: test_presence_nodes.py."""

from __future__ import annotations

import pytest

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.policy import ROLES, Role
from tertulia.presence import Moved, People
from tertulia.wire.records import Presence, PresenceChanged

ROOM = RoomId("heaps")
ANA, BEN, EVE = PersonId("ana"), PersonId("ben"), PersonId("eve")
GRACE_S = limits.presence_grace_s
LARGE = limits.presence_list_people_max


@pytest.fixture
def people() -> People:
    return People("node-1", life=1)


def tick(people: People, now_s: float = 0.0) -> list[Moved]:
    return people.tick(now_s)[0]


def said_of_rooms(people: People) -> list[object]:
    """What a tick tells of rooms, to readers and to other nodes."""
    moved, said = people.tick(0.0)
    return [*moved, *(one for one in said if one.room is not None)]


def changed(people: People, now_s: float = 0.0) -> tuple[list[PersonId], list[PersonId], int] | None:
    """The one room's difference at a tick: who joined, who left, how many there are."""
    moved = tick(people, now_s)
    if not moved:
        return None
    record = moved[0].record
    assert isinstance(record, PresenceChanged)
    return record.joined, record.left, record.count


def listed(people: People, room: RoomId = ROOM) -> list[PersonId] | None:
    return people.presence(room).people


def crowd(size: int) -> list[PersonId]:
    return [PersonId(f"p-{number:05}") for number in range(size)]


# --- people, not connections ----------------------------------------------------------------------------------------


def test_an_empty_room_has_nobody(people: People) -> None:
    assert people.presence(ROOM) == Presence(room=ROOM, count=0, people=[])
    assert people.count(ROOM) == 0
    assert said_of_rooms(people) == []


def test_who_enters_is_here_at_once_and_told_at_the_tick(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.enter(ROOM, BEN, role="ta", now_s=0.0)
    assert people.presence(ROOM) == Presence(room=ROOM, count=2, people=[ANA, BEN])
    assert changed(people) == ([ANA, BEN], [], 2)
    assert changed(people) is None


def test_two_connections_are_one_person(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    assert changed(people) == ([ANA], [], 1)
    people.leave(ROOM, ANA, now_s=10)
    assert changed(people, 10 + 2 * GRACE_S) is None
    people.leave(ROOM, ANA, now_s=60)
    assert changed(people, 60 + GRACE_S) == ([], [ANA], 0)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_counts_as_present(people: People, role: Role) -> None:
    people.enter(ROOM, ANA, role=role, now_s=0.0)
    assert listed(people) == [ANA]


def test_rooms_are_apart(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.enter(RoomId("trees"), BEN, role="learner", now_s=0.0)
    assert {moved.room: moved.record.count for moved in tick(people)} == {"heaps": 1, "trees": 1}
    people.leave(ROOM, ANA, now_s=0)
    assert [moved.room for moved in tick(people, GRACE_S)] == ["heaps"]


def test_which_of_some_are_here(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.enter(ROOM, BEN, role="learner", now_s=0.0)
    assert people.here(ROOM, [ANA, EVE]) == {ANA}
    assert people.here(RoomId("nowhere"), [ANA]) == frozenset()


# --- grace ----------------------------------------------------------------------------------------------------------


def test_a_leave_is_told_after_the_grace(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    tick(people)
    people.leave(ROOM, ANA, now_s=100)
    assert listed(people) == [ANA]
    assert changed(people, 100 + GRACE_S - 0.1) is None
    assert changed(people, 100 + GRACE_S) == ([], [ANA], 0)
    assert listed(people) == []


def test_who_comes_back_within_the_grace_never_left(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    tick(people)
    for cut in range(5):
        people.leave(ROOM, ANA, now_s=cut * 20)
        people.enter(ROOM, ANA, role="learner", now_s=0.0)
        assert changed(people, cut * 20 + GRACE_S + 1) is None
    people.leave(ROOM, ANA, now_s=100)
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.leave(ROOM, ANA, now_s=110)
    assert changed(people, 110 + GRACE_S - 0.1) is None, "the grace begins anew"
    assert changed(people, 110 + GRACE_S) == ([], [ANA], 0)


def test_each_has_a_grace_of_their_own(people: People) -> None:
    for person, left_s in ((ANA, 0.0), (BEN, 5.0)):
        people.enter(ROOM, person, role="learner", now_s=0.0)
        tick(people)
        people.leave(ROOM, person, now_s=left_s)
    assert changed(people, GRACE_S) == ([], [ANA], 1)
    assert changed(people, GRACE_S + 5) == ([], [BEN], 0)


def test_who_came_and_went_between_two_ticks_was_never_there(people: People) -> None:
    people.enter(ROOM, EVE, role="learner", now_s=0.0)
    tick(people)
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.remove(ROOM, ANA)
    people.remove(ROOM, EVE)
    people.enter(ROOM, EVE, role="learner", now_s=0.0)
    assert said_of_rooms(people) == []


def test_who_is_removed_goes_at_once_and_the_open_connection_brings_nothing_back(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.enter(ROOM, BEN, role="learner", now_s=0.0)
    tick(people)
    people.remove(ROOM, ANA)
    people.remove(RoomId("nowhere"), ANA)
    assert changed(people, 1) == ([], [ANA], 1)
    people.leave(ROOM, ANA, now_s=2)
    assert changed(people, 2 + GRACE_S) is None
    assert listed(people) == [BEN]


def test_a_leave_too_many_changes_nothing(people: People) -> None:
    people.leave(ROOM, ANA, now_s=0)
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    people.leave(ROOM, ANA, now_s=0)
    people.leave(ROOM, ANA, now_s=0)
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    tick(people)
    assert changed(people, 10 * GRACE_S) is None
    people.leave(ROOM, ANA, now_s=0)
    assert changed(people, GRACE_S) == ([], [ANA], 0)


def test_a_room_everybody_left_is_forgotten(people: People) -> None:
    for person in crowd(50):
        people.enter(RoomId(f"r-{person}"), person, role="learner", now_s=0.0)
        people.leave(RoomId(f"r-{person}"), person, now_s=0)
    people.tick(GRACE_S)
    assert not people._rooms
    assert not people._leaving


# --- large rooms ----------------------------------------------------------------------------------------------------


@pytest.fixture
def large(people: People) -> People:
    """One learner more than are listed, told."""
    for person in crowd(LARGE + 1):
        people.enter(ROOM, person, role="learner", now_s=0.0)
    tick(people)
    return people


def test_the_form_changes_above_two_hundred_and_back(people: People) -> None:
    for person in crowd(LARGE):
        people.enter(ROOM, person, role="learner", now_s=0.0)
    tick(people)
    assert not people.is_large(ROOM)
    people.enter(ROOM, ANA, role="ta", now_s=0.0)
    (moved,) = tick(people)
    assert people.is_large(ROOM)
    assert moved.record == Presence(room=ROOM, count=LARGE + 1, roles={"learner": LARGE, "ta": 1}, staff=[ANA])
    assert moved.came == {ANA}
    people.remove(ROOM, crowd(1)[0])
    (moved,) = tick(people)
    assert moved.record == Presence(room=ROOM, count=LARGE, people=sorted([*crowd(LARGE)[1:], ANA]))
    assert moved.went == {crowd(1)[0]}


def test_a_large_room_names_staff_only_and_counts_everybody(large: People) -> None:
    large.enter(ROOM, ANA, role="learner", now_s=0.0)
    large.enter(ROOM, BEN, role="instructor", now_s=0.0)
    large.enter(ROOM, EVE, role="bot", now_s=0.0)
    (moved,) = tick(large)
    assert moved.record == PresenceChanged(room=ROOM, count=LARGE + 4, joined=[BEN], left=[])
    assert moved.came == {ANA, BEN, EVE}
    assert large.presence(ROOM).roles == {"bot": 1, "instructor": 1, "learner": LARGE + 2}
    large.remove(ROOM, ANA)
    large.remove(ROOM, BEN)
    (moved,) = tick(large)
    assert moved.record == PresenceChanged(room=ROOM, count=LARGE + 2, joined=[], left=[BEN])
    assert moved.went == {ANA, BEN}
    assert large.presence(ROOM).staff == []


def test_a_client_is_told_of_those_it_shows(large: People) -> None:
    shown = frozenset(crowd(3)) | {ANA}
    assert large.here(ROOM, shown) == set(crowd(3))
    large.enter(ROOM, ANA, role="learner", now_s=0.0)
    large.enter(ROOM, BEN, role="learner", now_s=0.0)
    large.remove(ROOM, crowd(1)[0])
    (moved,) = tick(large)
    assert moved.came & shown == {ANA}
    assert moved.went & shown == {crowd(1)[0]}


def test_a_new_role_in_a_large_room_joins_or_leaves_the_staff(large: People) -> None:
    large.set_role(ROOM, crowd(1)[0], "ta")
    large.set_role(ROOM, ANA, "ta")
    assert changed(large) == (crowd(1), [], LARGE + 1)
    assert large.presence(ROOM).roles == {"learner": LARGE, "ta": 1}
    large.set_role(ROOM, crowd(1)[0], "learner")
    assert changed(large) == ([], crowd(1), LARGE + 1)


def test_a_new_role_in_a_small_room_is_no_news(people: People) -> None:
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    tick(people)
    people.set_role(ROOM, ANA, "ta")
    assert changed(people) is None
