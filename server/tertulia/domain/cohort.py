"""A cohort: its members and roles, its rooms, bans and invites; what `decide` says and what `apply` changes."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from tertulia.domain import limits
from tertulia.domain.commands import (
    AnyCohortCommand,
    BanMember,
    ChangeRole,
    CreateInvite,
    CreateRoom,
    LeaveCohort,
    RenameMember,
    RevokeInvite,
    RoomKind,
    UnbanMember,
    command_name,
)
from tertulia.domain.decision import Asker, Decision, Happening
from tertulia.domain.events import (
    CohortCreated,
    Event,
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
from tertulia.domain.ids import (
    CohortId,
    InviteId,
    PersonId,
    RoomId,
    StreamName,
    cohort_staff_stream,
    cohort_stream,
    room_stream,
    slug,
    user_stream,
)
from tertulia.domain.policy import RANK, Role, is_allowed
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import DEFAULT_EMOJI
from tertulia.domain.text import clean_line, clean_reason

STATE_VERSION: Final = 1
FOREVER: Final = 2**53 - 1


class MemberState(msgspec.Struct):
    """`banned_until` (Unix ms) is 0 for one who is not banned. `here` is false for one who left or was banned."""

    name: str
    role: Role
    here: bool = True
    banned_until: int = 0


class InviteState(msgspec.Struct):
    role: Role
    expires_at: int
    uses_max: int | None = None
    uses: int = 0
    revoked: bool = False


class CohortState(msgspec.Struct):
    """`head` and `staff_head` are the seqs folded so far. `roles` holds only the members who are here."""

    cohort: CohortId
    name: str = ""
    course: str = ""
    course_name: str = ""
    members: dict[PersonId, MemberState] = {}
    rooms: dict[RoomId, RoomListed] = {}
    invites: dict[InviteId, InviteState] = {}
    head: int = 0
    staff_head: int = 0
    roles: dict[PersonId, Role] = {}

    @property
    def exists(self) -> bool:
        return self.head > 0


def asker_of(state: CohortState, person: PersonId, *, at: int) -> Asker | Refusal:
    """The member as the cohort knows them now, or why they may not come in."""
    member = state.members.get(person)
    if member is None:
        return Refusal("not_a_member")
    if member.banned_until > at:
        return Refusal("banned")
    return Asker(person, member.role) if member.here else Refusal("not_a_member")


def decide_cohort(
    state: CohortState, command: AnyCohortCommand, *, asker: Asker, at: int, new_id: str
) -> Decision | Refusal:
    """What happens when `asker` gives `command` at `at` (Unix ms). `new_id`: random, for what is created."""
    if not is_allowed(asker.role, command_name(command)):
        return Refusal("not_allowed")
    match command:
        case CreateRoom():
            return _create_room(state, command, new_id=new_id)
        case ChangeRole():
            return _change_role(state, command, asker=asker)
        case RenameMember():
            return _rename(state, command, asker=asker)
        case LeaveCohort():
            stream = cohort_stream(state.cohort)
            return Decision(stream, (Happening(stream, MemberLeft(person=asker.person)),))
        case BanMember():
            return _ban(state, command, asker=asker, at=at)
        case UnbanMember():
            return _unban(state, command)
        case CreateInvite():
            return _create_invite(state, command, asker=asker, at=at, new_id=new_id)
        case RevokeInvite():
            return _revoke_invite(state, command)
        case _:
            assert_never(command)


def decide_found(cohort: CohortId, *, name: str, course: str, course_name: str) -> Decision:
    """A new cohort, made by the server's operator."""
    stream = cohort_stream(cohort)
    created = CohortCreated(name=name, course=course, course_name=course_name)
    return Decision(stream, (Happening(stream, created),), fresh=(stream,))


def decide_room_made(cohort: CohortId, room: RoomId, *, name: str, kind: RoomKind, topic: str = "") -> Decision:
    """A room with a given id, made by the server's operator or for an instructor."""
    stream, listing = room_stream(room), cohort_stream(cohort)
    created = RoomCreated(cohort=cohort, name=name, kind=kind, topic=topic, emoji=list(DEFAULT_EMOJI))
    happenings = [Happening(stream, created)]
    if kind == "announcements":
        happenings.append(Happening(stream, RoomLocked()))
    happenings.append(Happening(listing, RoomListed(room=room, name=name, kind=kind)))
    return Decision(stream, tuple(happenings), fresh=(stream,))


def decide_admission(
    state: CohortState,
    person: PersonId,
    *,
    name: str,
    role: Role,
    at: int,
    invite: InviteId | None = None,
    goal: str = "",
) -> Decision | Refusal:
    """A person comes in: by an invite, or (without one) by a token this server signed. Nothing happens for a member
    who is here; one whose ban is over returns; one who left comes back only by an invite."""
    stream = cohort_stream(state.cohort)
    if not state.exists:
        return Refusal("unknown_cohort")
    if invite is not None and (refusal := _invite_refusal(state, invite, at=at)):
        return refusal
    member = state.members.get(person)
    if member is None:
        clean = clean_line(name, chars_max=limits.name_chars_max)
        if clean is None:
            return Refusal("name_invalid")
        hope = clean_line(goal, chars_max=limits.goal_chars_max) or ""
        joined = MemberJoined(person=person, name=clean, role=role, invite=invite, goal=hope)
        return Decision(stream, (Happening(stream, joined),))
    if member.banned_until > at:
        return Refusal("banned")
    if member.here:
        return Decision(stream)
    if member.banned_until == 0 and invite is None:
        return Refusal("not_a_member")
    returned = MemberReturned(person=person, name=member.name, role=member.role)
    return Decision(stream, (Happening(stream, returned),))


def apply_cohort(state: CohortState, *, seq: int, event: Event | None) -> None:
    """Fold one entry of `cohort/<id>`."""
    state.head = seq
    match event:
        case CohortCreated():
            state.name, state.course, state.course_name = event.name, event.course, event.course_name
        case RoomListed():
            state.rooms[event.room] = event
        case MemberJoined():
            state.members[event.person] = MemberState(event.name, event.role)
            state.roles[event.person] = event.role
            if event.invite is not None and (invite := state.invites.get(event.invite)):
                invite.uses += 1
        case MemberRenamed() if event.person in state.members:
            state.members[event.person].name = event.name
        case RoleChanged() if event.person in state.members:
            state.members[event.person].role = event.role
            if event.person in state.roles:
                state.roles[event.person] = event.role
        case MemberLeft() if event.person in state.members:
            state.members[event.person].here = False
            state.roles.pop(event.person, None)
        case MemberReturned():
            state.members[event.person] = MemberState(event.name, event.role)
            state.roles[event.person] = event.role
        case _:
            pass


def apply_cohort_staff(state: CohortState, *, seq: int, event: Event | None) -> None:
    """Fold one entry of `cohort/<id>/staff`."""
    state.staff_head = seq
    match event:
        case MemberBanned() if event.person in state.members:
            state.members[event.person].banned_until = event.until or FOREVER
        case MemberUnbanned() if event.person in state.members:
            state.members[event.person].banned_until = 0
        case InviteCreated():
            state.invites[event.invite] = InviteState(event.role, event.expires_at, event.uses_max)
        case InviteRevoked() if event.invite in state.invites:
            state.invites[event.invite].revoked = True
        case _:
            pass


def state_streams(cohort: CohortId) -> tuple[StreamName, StreamName]:
    """The streams folded into the state: their heads are what an append expects."""
    return cohort_stream(cohort), cohort_staff_stream(cohort)


def _create_room(state: CohortState, command: CreateRoom, *, new_id: str) -> Decision | Refusal:
    name = clean_line(command.name, chars_max=limits.room_name_chars_max)
    if name is None:
        return Refusal("name_invalid")
    topic = clean_line(command.topic, chars_max=limits.topic_chars_max) or ""
    if not topic and command.topic.strip():
        return Refusal("text_too_long", f"A topic has at most {limits.topic_chars_max} characters.")
    if len(state.rooms) >= limits.rooms_max:
        return Refusal("too_many", f"A cohort has at most {limits.rooms_max} rooms.")
    room = RoomId(f"{slug(name, otherwise='room')}-{new_id}")
    return decide_room_made(state.cohort, room, name=name, kind=command.kind, topic=topic)


def _change_role(state: CohortState, command: ChangeRole, *, asker: Asker) -> Decision | Refusal:
    member = state.members.get(command.person)
    if member is None or not member.here:
        return Refusal("unknown_member")
    is_owner_on_another = asker.role == "owner" and command.person != asker.person
    if not (is_owner_on_another or asker.outranks(member.role)) or RANK[command.role] > RANK[asker.role]:
        return Refusal("not_allowed", "You may give roles only up to your own, to people of a lower role.")
    if (member.role == "bot") != (command.role == "bot"):
        return Refusal("not_allowed", "A bot stays a bot, and a person a person.")
    stream = cohort_stream(state.cohort)
    if member.role == command.role:
        return Decision(stream)
    changed = RoleChanged(person=command.person, role=command.role)
    return Decision(stream, (Happening(stream, changed), Happening(user_stream(command.person), changed)))


def _rename(state: CohortState, command: RenameMember, *, asker: Asker) -> Decision | Refusal:
    name = clean_line(command.name, chars_max=limits.name_chars_max)
    if name is None:
        return Refusal("name_invalid")
    stream = cohort_stream(state.cohort)
    if state.members[asker.person].name == name:
        return Decision(stream)
    return Decision(stream, (Happening(stream, MemberRenamed(person=asker.person, name=name)),))


def _ban(state: CohortState, command: BanMember, *, asker: Asker, at: int) -> Decision | Refusal:
    member = state.members.get(command.person)
    if member is None:
        return Refusal("unknown_member")
    if not asker.outranks(member.role):
        return Refusal("not_allowed", "You may do this only to people of a lower role.")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    until = at + command.for_s * 1000 if command.for_s else None
    banned = MemberBanned(person=command.person, reason=reason, until=until)
    staff = cohort_staff_stream(state.cohort)
    happenings = [Happening(staff, banned), Happening(user_stream(command.person), banned)]
    if member.here:
        left = MemberLeft(person=command.person)
        happenings.append(Happening(cohort_stream(state.cohort), left))
    return Decision(staff, tuple(happenings))


def _unban(state: CohortState, command: UnbanMember) -> Decision | Refusal:
    member = state.members.get(command.person)
    if member is None:
        return Refusal("unknown_member")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    staff = cohort_staff_stream(state.cohort)
    if member.banned_until == 0:
        return Decision(staff)
    unbanned = MemberUnbanned(person=command.person, reason=reason)
    happenings = [Happening(staff, unbanned), Happening(user_stream(command.person), unbanned)]
    if not member.here:
        returned = MemberReturned(person=command.person, name=member.name, role=member.role)
        happenings.append(Happening(cohort_stream(state.cohort), returned))
    return Decision(staff, tuple(happenings))


def _create_invite(
    state: CohortState, command: CreateInvite, *, asker: Asker, at: int, new_id: str
) -> Decision | Refusal:
    if RANK[command.role] > RANK[asker.role] or command.role == "bot":
        return Refusal("not_allowed", "You may invite people only up to your own role.")
    staff = cohort_staff_stream(state.cohort)
    created = InviteCreated(
        invite=InviteId(f"i-{new_id}"),
        role=command.role,
        expires_at=at + command.expires_s * 1000,
        uses_max=command.uses_max,
    )
    return Decision(staff, (Happening(staff, created),))


def _revoke_invite(state: CohortState, command: RevokeInvite) -> Decision | Refusal:
    invite = state.invites.get(command.invite)
    staff = cohort_staff_stream(state.cohort)
    if invite is None:
        return Refusal("unknown_invite")
    if invite.revoked:
        return Decision(staff)
    return Decision(staff, (Happening(staff, InviteRevoked(invite=command.invite)),))


def _invite_refusal(state: CohortState, invite: InviteId, *, at: int) -> Refusal | None:
    known = state.invites.get(invite)
    if known is None or known.revoked or (known.uses_max is not None and known.uses >= known.uses_max):
        return Refusal("invite_invalid")
    return Refusal("invite_expired") if known.expires_at <= at else None
