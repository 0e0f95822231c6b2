"""A cohort: who comes in, leaves, is banned and returns; roles, names, rooms and invites; one fold of two streams."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.cohort import (
    CohortState,
    apply_cohort,
    apply_cohort_staff,
    asker_of,
    decide_admission,
    decide_room_made,
)
from tertulia.domain.commands import (
    BanMember,
    ChangeRole,
    CreateInvite,
    CreateRoom,
    LeaveCohort,
    RenameMember,
    RevokeInvite,
    UnbanMember,
)
from tertulia.domain.decision import Asker, Decision
from tertulia.domain.events import (
    CohortCreated,
    InviteCreated,
    InviteRevoked,
    MemberBanned,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberReturned,
    MemberUnbanned,
    RoleChanged,
    RoomCreated,
    RoomListed,
    RoomLocked,
)
from tertulia.domain.ids import CohortId, PersonId, RoomId, is_id
from tertulia.domain.policy import ROLES
from tertulia.domain.refusals import CODES, Refusal
from tertulia.wire.stored import Entry
from tests.classroom import COHORT, PEOPLE, Classroom, command, fold_cohort, packed, unpacked

BAN_S = 60


@pytest.fixture
def here() -> Classroom:
    return Classroom()


# --- coming in ---------------------------------------------------------------------------------------------------


def test_a_cohort_begins_with_its_making(here: Classroom) -> None:
    assert here.in_stream("cohort/demo")[0] == CohortCreated(name="Demo", course="demo", course_name="Demo")
    assert (here.cohort.name, here.cohort.exists) == ("Demo", True)
    nowhere = CohortState(CohortId("nowhere"))
    assert not nowhere.exists
    assert decide_admission(nowhere, PersonId("lea"), name="Lea", role="learner", at=1) == Refusal("unknown_cohort")


def test_a_newcomer_joins_and_a_member_who_is_here_changes_nothing(here: Classroom) -> None:
    assert here.comes_in("new", called=" Néw\n One ", goal="  Pass ") == [
        MemberJoined(person="new", name="Néw One", role="learner", goal="Pass")
    ]
    assert here.is_here("new")
    assert here.comes_in("new", called="Another name", role="owner") == []
    assert here.cohort.members[PersonId("new")].role == "learner"


@pytest.mark.parametrize("name", ["", " ", "\u200b", "n" * (limits.name_chars_max + 1)])
def test_a_name_that_is_none_lets_nobody_in(here: Classroom, name: str) -> None:
    assert here.admission("new", called=name) == Refusal("name_invalid")
    assert here.refusal("lea", RenameMember, name=name).code == "name_invalid"


def test_strangers_are_not_members(here: Classroom) -> None:
    assert asker_of(here.cohort, PersonId("stranger"), at=here.at) == Refusal("not_a_member")
    assert asker_of(here.cohort, PersonId("lea"), at=here.at) == Asker(PersonId("lea"), "learner")


# --- leaving and coming back -------------------------------------------------------------------------------------


def test_one_who_left_comes_back_only_by_an_invite_and_in_its_role(here: Classroom) -> None:
    assert here.gives("ina", LeaveCohort) == [MemberLeft(person="ina")]
    assert not here.is_here("ina")
    assert here.admission("ina", role="instructor") == Refusal("not_a_member")
    (invite,) = here.gives("olga", CreateInvite, role="learner")
    assert here.comes_in("ina", role="learner", invite=invite.invite, called="Ignored") == [
        MemberReturned(person="ina", name="Ina", role="learner", invite=invite.invite)
    ]
    assert here.cohort.roles[PersonId("ina")] == "learner", "not what she was"


def test_the_only_owner_stays_until_there_is_another(here: Classroom) -> None:
    assert here.refusal("olga", LeaveCohort).code == "not_allowed"
    here.gives("olga", ChangeRole, person="ina", role="owner")
    here.gives("olga", LeaveCohort)
    assert here.refusal("ina", LeaveCohort).code == "not_allowed"


def test_everybody_else_may_leave(here: Classroom) -> None:
    for name, role in PEOPLE.items():
        if role != "owner":
            here.gives(name, LeaveCohort)
    assert here.cohort.roles == {"olga": "owner"}


# --- bans --------------------------------------------------------------------------------------------------------


def test_a_ban_is_told_to_staff_and_the_person_and_members_only_see_them_leave(here: Classroom) -> None:
    banned = MemberBanned(person="lea", reason="Spam")
    assert here.gives("ina", BanMember, person="lea", reason=" Spam ") == [banned, banned, MemberLeft(person="lea")]
    assert here.in_stream("cohort/demo/staff") == here.in_stream("user/lea") == [banned]
    assert here.in_stream("cohort/demo")[-1] == MemberLeft(person="lea")
    assert asker_of(here.cohort, PersonId("lea"), at=2**53 - 2) == Refusal("banned")
    assert here.admission("lea") == Refusal("banned")


def test_no_invite_lets_in_one_who_is_banned(here: Classroom) -> None:
    (invite,) = here.gives("ina", CreateInvite, role="learner")
    here.gives("ina", BanMember, person="lea", reason="Spam")
    assert here.admission("lea", invite=invite.invite) == Refusal("banned")


def test_a_ban_for_a_time_is_over_to_the_millisecond_and_they_return_as_they_were(here: Classroom) -> None:
    here.gives("ina", BanMember, person="tad", reason="x", for_s=BAN_S)
    here.after(ms=BAN_S * 1000 - 1)
    assert here.admission("tad") == Refusal("banned")
    here.after(ms=1)
    assert asker_of(here.cohort, PersonId("tad"), at=here.at) == Refusal("not_a_member"), "they have yet to come"
    assert here.comes_in("tad") == [
        MemberReturned(person="tad", name="Tad", role="ta"),
        MemberUnbanned(person="tad", reason="The ban is over."),
    ]
    assert here.is_here("tad")
    here.gives("tad", LeaveCohort)
    assert here.admission("tad") == Refusal("not_a_member"), "this time they left"


def test_an_unban_brings_them_back(here: Classroom) -> None:
    here.gives("ina", BanMember, person="lea", reason="x")
    unbanned = MemberUnbanned(person="lea", reason="A mistake")
    assert here.gives("ina", UnbanMember, person="lea", reason="A mistake") == [
        unbanned,
        unbanned,
        MemberReturned(person="lea", name="Lea", role="learner"),
    ]
    assert here.is_here("lea")
    assert here.gives("ina", UnbanMember, person="lea", reason="Again") == []


def test_the_last_ban_holds_and_one_who_left_can_be_banned(here: Classroom) -> None:
    here.gives("lea", LeaveCohort)
    assert len(here.gives("ina", BanMember, person="lea", reason="x", for_s=BAN_S)) == 2, "they do not leave twice"
    here.gives("ina", BanMember, person="lea", reason="x")
    here.after(s=BAN_S + 1)
    assert here.admission("lea") == Refusal("banned")


@pytest.mark.parametrize(
    ("asker", "person", "code"),
    [
        ("ina", "olga", "not_allowed"),
        ("ina", "ines", "not_allowed"),
        ("ina", "ina", "not_allowed"),
        ("olga", "olga", "not_allowed"),
        ("ina", "nobody", "unknown_member"),
        ("ina", "tad", None),
        ("ina", "botty", None),
        ("olga", "ina", None),
    ],
)
@pytest.mark.parametrize("kind", [BanMember, UnbanMember])
def test_who_may_ban_and_unban_whom(here: Classroom, kind: type, asker: str, person: str, code: str | None) -> None:
    here.comes_in("ines", role="instructor")
    if code is None:
        here.gives(asker, kind, person=person, reason="x")
    else:
        assert here.refusal(asker, kind, person=person, reason="x").code == code


def test_what_the_owner_banned_an_instructor_cannot_unban_one_of_their_rank(here: Classroom) -> None:
    here.comes_in("ines", role="instructor")
    here.gives("olga", BanMember, person="ines", reason="x")
    assert here.refusal("ina", UnbanMember, person="ines", reason="x").code == "not_allowed"
    here.gives("olga", UnbanMember, person="ines", reason="x")


@pytest.mark.parametrize("reason", ["", " ", "\u200b", "r" * (limits.reason_chars_max + 1)])
@pytest.mark.parametrize("kind", [BanMember, UnbanMember])
def test_a_ban_has_a_reason(here: Classroom, kind: type, reason: str) -> None:
    assert here.refusal("ina", kind, person="lea", reason=reason).code == "reason_required"


# --- roles and names ---------------------------------------------------------------------------------------------


def test_a_role_is_changed_for_all_to_see_and_the_person_is_told(here: Classroom) -> None:
    changed = RoleChanged(person="lea", role="ta")
    assert here.gives("ina", ChangeRole, person="lea", role="ta") == [changed, changed]
    assert here.in_stream("user/lea") == [changed]
    assert here.cohort.roles[PersonId("lea")] == here.cohort.members[PersonId("lea")].role == "ta"
    assert here.gives("ina", ChangeRole, person="lea", role="ta") == []


@pytest.mark.parametrize(
    ("asker", "person", "role", "code"),
    [
        ("ina", "lea", "instructor", None),
        ("ina", "tad", "learner", None),
        ("ina", "obi", "learner", None),
        ("olga", "ina", "owner", None),
        ("olga", "odo", "learner", None),
        ("ina", "lea", "owner", "not_allowed"),
        ("ina", "ines", "learner", "not_allowed"),
        ("ina", "ina", "ta", "not_allowed"),
        ("ina", "olga", "learner", "not_allowed"),
        ("olga", "olga", "learner", "not_allowed"),
        ("ina", "botty", "learner", "not_allowed"),
        ("ina", "lea", "bot", "not_allowed"),
        ("olga", "botty", "owner", "not_allowed"),
        ("ina", "botty", "bot", None),
        ("ina", "nobody", "ta", "unknown_member"),
        ("ina", "gus", "ta", "unknown_member"),
    ],
)
def test_who_may_give_whom_which_role(here: Classroom, asker: str, person: str, role: str, code: str | None) -> None:
    here.comes_in("ines", role="instructor")
    here.comes_in("odo", role="owner")
    here.comes_in("gus")
    here.gives("gus", LeaveCohort)
    if code is None:
        here.gives(asker, ChangeRole, person=person, role=role)
    else:
        assert here.refusal(asker, ChangeRole, person=person, role=role).code == code


def test_there_is_always_an_owner() -> None:
    """Goal: no commands lead to a cohort nobody can govern. Method: every role tries every change on everybody."""
    for asker in PEOPLE:
        for person in PEOPLE:
            here = Classroom()
            tries: list[tuple[type, dict[str, Any]]] = [
                *((ChangeRole, {"person": person, "role": role}) for role in ROLES),
                (BanMember, {"person": person, "reason": "x"}),
                (LeaveCohort, {}),
            ]
            for kind, fields in tries:
                decision = here.decide(asker, command(kind, **fields))
                if isinstance(decision, Decision):
                    here.happens(asker, decision)
                assert "owner" in here.cohort.roles.values()


def test_people_change_their_own_name(here: Classroom) -> None:
    assert here.gives("lea", RenameMember, name=" Léa ") == [MemberRenamed(person="lea", name="Léa")]
    assert here.gives("lea", RenameMember, name="Léa") == []
    assert here.cohort.members[PersonId("lea")].name == "Léa"


# --- rooms -------------------------------------------------------------------------------------------------------


def test_a_room_is_made_and_listed(here: Classroom) -> None:
    decision = here.decide("ina", command(CreateRoom, name=" Week 5: Trees ", kind="team", topic=" Heaps\nand trees "))
    assert isinstance(decision, Decision)
    made, listed = (happening.event for happening in decision.happenings)
    assert isinstance(made, RoomCreated)
    assert (made.name, made.kind, made.topic, made.cohort) == ("Week 5: Trees", "team", "Heaps and trees", COHORT)
    assert isinstance(listed, RoomListed)
    assert listed.room.startswith("week-5-trees-")
    assert is_id(listed.room)
    assert decision.fresh == (decision.stream,) == (f"room/{listed.room}",)


def test_only_staff_begin_to_speak_in_a_room_for_announcements(here: Classroom) -> None:
    _, locked, _ = here.gives("ina", CreateRoom, name="News", kind="announcements")
    assert locked == RoomLocked()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "\u200b"}, "name_invalid"),
        ({"name": "n" * (limits.room_name_chars_max + 1)}, "name_invalid"),
        ({"name": "x", "topic": "t" * (limits.topic_chars_max + 1)}, "text_too_long"),
    ],
)
def test_a_room_that_is_none_is_refused(here: Classroom, fields: dict[str, str], code: str) -> None:
    assert here.refusal("ina", CreateRoom, **fields).code == code


def test_there_are_only_so_many_rooms(here: Classroom) -> None:
    while len(here.cohort.rooms) < limits.rooms_max:
        here.gives("ina", CreateRoom, name="Room")
    assert here.refusal("ina", CreateRoom, name="Room").code == "too_many"


def test_the_operator_gives_rooms_their_ids() -> None:
    decision = decide_room_made(COHORT, RoomId("general"), name="General", kind="discussion")
    assert decision.stream == "room/general"


# --- invites -----------------------------------------------------------------------------------------------------


def test_an_invite_lets_so_many_in_and_is_told_to_staff_only(here: Classroom) -> None:
    (invite,) = here.gives("ina", CreateInvite, role="learner", uses_max=2)
    assert here.in_stream("cohort/demo/staff") == [
        InviteCreated(invite=invite.invite, role="learner", expires_at=here.at + 7 * 86_400_000, uses_max=2)
    ]
    for name in ("a", "b"):
        assert here.comes_in(name, invite=invite.invite)[0].invite == invite.invite
    assert here.admission("c", invite=invite.invite) == Refusal("invite_invalid")
    assert not here.cohort.is_open(invite.invite, at=here.at)


def test_coming_back_uses_an_invite_up_too(here: Classroom) -> None:
    (invite,) = here.gives("ina", CreateInvite, role="learner", uses_max=1)
    here.gives("lea", LeaveCohort)
    here.comes_in("lea", invite=invite.invite)
    assert here.admission("new", invite=invite.invite) == Refusal("invite_invalid")


def test_an_invite_is_good_until_the_millisecond_it_expires(here: Classroom) -> None:
    (invite,) = here.gives("ina", CreateInvite, role="learner", expires_s=60)
    here.after(ms=59_999)
    assert isinstance(here.admission("new", invite=invite.invite), Decision)
    here.after(ms=1)
    assert here.admission("new", invite=invite.invite) == Refusal("invite_expired")


def test_a_revoked_invite_and_one_nobody_made_are_not_good(here: Classroom) -> None:
    (invite,) = here.gives("ina", CreateInvite, role="learner")
    assert here.gives("olga", RevokeInvite, invite=invite.invite) == [InviteRevoked(invite=invite.invite)]
    assert here.gives("olga", RevokeInvite, invite=invite.invite) == []
    assert here.admission("new", invite=invite.invite) == Refusal("invite_invalid")
    assert here.admission("new", invite="i-nobody") == Refusal("invite_invalid")
    assert here.refusal("ina", RevokeInvite, invite="i-nobody").code == "unknown_invite"


@pytest.mark.parametrize(
    ("asker", "role", "may"),
    [
        ("ina", "instructor", True),
        ("ina", "owner", False),
        ("olga", "owner", True),
        ("olga", "bot", False),
        ("ina", "bot", False),
    ],
)
def test_one_invites_up_to_ones_own_role_and_no_bots(here: Classroom, asker: str, role: str, may: bool) -> None:
    if may:
        here.gives(asker, CreateInvite, role=role)
    else:
        assert here.refusal(asker, CreateInvite, role=role).code == "not_allowed"


def test_there_are_only_so_many_open_invites(here: Classroom) -> None:
    for _ in range(limits.invites_max):
        (invite,) = here.gives("ina", CreateInvite, role="learner", expires_s=60)
    assert here.refusal("ina", CreateInvite, role="learner").code == "too_many"
    here.gives("ina", RevokeInvite, invite=invite.invite)
    here.gives("ina", CreateInvite, role="learner")
    here.after(s=60)
    here.gives("ina", CreateInvite, role="learner")


# --- the fold ----------------------------------------------------------------------------------------------------


def test_what_a_newer_program_wrote_only_moves_the_head(here: Classroom) -> None:
    before = unpacked(here.cohort)
    apply_cohort(here.cohort, seq=99, event=None)
    apply_cohort_staff(here.cohort, seq=7, event=None)
    assert (here.cohort.head, here.cohort.staff_head) == (99, 7)
    here.cohort.head, here.cohort.staff_head = before.head, before.staff_head
    assert here.cohort == before


def test_a_copy_of_the_state_is_not_changed_with_it(here: Classroom) -> None:
    """Lanes decide on a shallow copy and may throw it away: so nothing in the state is changed in place."""
    (invite,) = here.gives("ina", CreateInvite, role="learner", uses_max=3)
    state, before = here.cohort, packed(here.cohort)
    here.cohort = type(state)(**{field: _shallow(getattr(state, field)) for field in state.__struct_fields__})
    here.gives("lea", RenameMember, name="Another")
    here.gives("ina", ChangeRole, person="len", role="ta")
    here.gives("ina", BanMember, person="obi", reason="x")
    here.comes_in("new", invite=invite.invite)
    here.gives("ina", RevokeInvite, invite=invite.invite)
    assert packed(state) == before


def _shallow(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


PERSON = st.sampled_from([*PEOPLE, "new", "nobody"])
ROLE = st.sampled_from(ROLES)
REASON = st.sampled_from(["Because", ""])
FOR_S = st.sampled_from([None, 1, 60])
INVITE = st.integers(0, 3)
ACTS = st.one_of(
    st.tuples(st.just("comes"), PERSON, ROLE, st.one_of(st.none(), INVITE)),
    st.tuples(st.just(LeaveCohort), PERSON, st.just({})),
    st.tuples(st.just(RenameMember), PERSON, st.fixed_dictionaries({"name": st.text(max_size=70)})),
    st.tuples(st.just(ChangeRole), PERSON, st.fixed_dictionaries({"person": PERSON, "role": ROLE})),
    st.tuples(st.just(BanMember), PERSON, st.fixed_dictionaries({"person": PERSON, "reason": REASON, "for_s": FOR_S})),
    st.tuples(st.just(UnbanMember), PERSON, st.fixed_dictionaries({"person": PERSON, "reason": REASON})),
    st.tuples(st.just(CreateRoom), PERSON, st.fixed_dictionaries({"name": st.text(max_size=90)})),
    st.tuples(
        st.just(CreateInvite),
        st.sampled_from(["olga", "ina"]),
        st.fixed_dictionaries(
            {"role": ROLE, "uses_max": st.sampled_from([None, 1, 2]), "expires_s": st.sampled_from([1, 90])}
        ),
    ),
    st.tuples(st.just(RevokeInvite), PERSON, INVITE.map(lambda place: {"invite": place})),
)


@given(st.lists(st.tuples(ACTS, st.sampled_from([0, 1, 999, 60_000])), max_size=40), st.data())
@settings(deadline=None, max_examples=200)
def test_whatever_people_do_the_state_is_the_fold_of_what_was_decided(
    acts: list[tuple[Any, int]], data: st.DataObject
) -> None:
    """Goal: as for rooms, and: banned people are not here, no invite lets in more than it says, there is an owner.
    Method: random people come in (by invites or without) and give random commands; then the entries again, from any
    checkpoint and whichever of the two streams is read first, as after a restart."""
    here = Classroom()
    come_by: dict[str, int] = {}
    for act, ms in acts:
        here.after(ms=ms)
        invites = list(here.cohort.invites)
        if act[0] == "comes":
            _, name, role, place = act
            invite = invites[place] if place is not None and place < len(invites) else None
            decision = here.admission(name, role=role, invite=invite)
            if isinstance(decision, Decision) and decision.happenings and invite is not None:
                come_by[invite] = come_by.get(invite, 0) + 1
        else:
            kind, name, fields = act
            if kind is RevokeInvite:
                fields = {"invite": invites[fields["invite"]] if fields["invite"] < len(invites) else "i-none"}
            decision = here.decide(name, command(kind, **fields))
        if isinstance(decision, Refusal):
            assert decision.code in CODES
        else:
            here.happens(name, decision)
        state = here.cohort
        assert state.roles == {person: one.role for person, one in state.members.items() if one.here}
        assert not [person for person, until in state.bans.items() if until > here.at and person in state.roles]
        assert "owner" in state.roles.values()
        assert come_by == state.uses
        for invite, uses in come_by.items():
            assert uses <= (state.invites[invite].uses_max or uses)
    main = [entry for entry in here.entries if entry.stream == "cohort/demo"]
    staff = [entry for entry in here.entries if entry.stream == "cohort/demo/staff"]
    for order in (main + staff, staff + main):
        k = data.draw(st.integers(0, len(order)))
        assert folded(CohortState(COHORT), order) == here.cohort
        assert folded(unpacked(folded(CohortState(COHORT), order[:k])), order[k:]) == here.cohort


def folded(state: CohortState, entries: list[Entry]) -> CohortState:
    for entry in entries:
        fold_cohort(state, entry)
    return state
