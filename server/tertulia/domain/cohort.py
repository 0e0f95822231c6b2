"""A cohort: its members and roles, its rooms, bans and invites; what `decide` says and what `apply` changes.

The state is folded from two streams, which may be read one after the other or mingled: so an entry of one never changes
what the other one is folded into (`bans` and `invites` are the staff stream's, all else is the main one's).
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from tertulia.domain import limits
from tertulia.domain.command import command_name
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
)
from tertulia.domain.decision import Asker, Decision, Happening
from tertulia.domain.event import Event
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
from tertulia.domain.text import clean_line, clean_reason, clean_topic

STATE_VERSION: Final = 2
FOREVER: Final = 2**53 - 1


class MemberState(msgspec.Struct, frozen=True):
    """`here` is false for one who left or was banned."""

    name: str
    role: Role
    here: bool = True


class InviteState(msgspec.Struct, frozen=True):
    role: Role
    expires_at: int
    uses_max: int | None = None
    revoked: bool = False


class CohortState(msgspec.Struct):
    """`head` and `staff_head` are the seqs folded so far. `roles` holds only the members who are here. `bans`: until
    when (Unix ms); one that is over stays until the person returns. `uses`: how many came in by an invite."""

    cohort: CohortId
    name: str = ""
    course: str = ""
    course_name: str = ""
    members: dict[PersonId, MemberState] = {}
    rooms: dict[RoomId, RoomListed] = {}
    invites: dict[InviteId, InviteState] = {}
    bans: dict[PersonId, int] = {}
    uses: dict[InviteId, int] = {}
    head: int = 0
    staff_head: int = 0
    roles: dict[PersonId, Role] = {}

    @property
    def exists(self) -> bool:
        return self.head > 0

    def is_open(self, invite: InviteId, *, at: int) -> bool:
        """Whether somebody can come in by this invite."""
        return _invite_refusal(self, invite, at=at) is None


def asker_of(state: CohortState, person: PersonId, *, at: int) -> Asker | Refusal:
    """The member as the cohort knows them now, or why they may not come in."""
    member = state.members.get(person)
    if member is None:
        return Refusal("not_a_member")
    if state.bans.get(person, 0) > at:
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
            return _leave(state, asker=asker)
        case BanMember():
            return _ban(state, command, asker=asker, at=at)
        case UnbanMember():
            return _unban(state, command, asker=asker)
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
    who is here; one whose ban is over returns as they were; one who left comes back only by an invite, in its role."""
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
    banned_until = state.bans.get(person)
    if banned_until is not None and banned_until > at:
        return Refusal("banned")
    if member.here:
        return Decision(stream)
    if banned_until is None and invite is None:
        return Refusal("not_a_member")
    returned = MemberReturned(
        person=person, name=member.name, role=member.role if invite is None else role, invite=invite
    )
    happenings = [Happening(stream, returned)]
    if banned_until is not None:
        over = MemberUnbanned(person=person, reason="The ban is over.")
        happenings.append(Happening(cohort_staff_stream(state.cohort), over))
    return Decision(stream, tuple(happenings))


def apply_cohort(state: CohortState, *, seq: int, event: Event | None) -> None:
    """Fold one entry of `cohort/<id>`."""
    state.head = seq
    match event:
        case CohortCreated():
            state.name, state.course, state.course_name = event.name, event.course, event.course_name
        case RoomListed():
            state.rooms[event.room] = event
        case MemberJoined() | MemberReturned():
            _come_in(state, event)
        case MemberRenamed() if member := state.members.get(event.person):
            state.members[event.person] = replace(member, name=event.name)
        case RoleChanged() if member := state.members.get(event.person):
            state.members[event.person] = replace(member, role=event.role)
            if event.person in state.roles:
                state.roles[event.person] = event.role
        case MemberLeft() if member := state.members.get(event.person):
            state.members[event.person] = replace(member, here=False)
            state.roles.pop(event.person, None)
        case _:
            pass


def apply_cohort_staff(state: CohortState, *, seq: int, event: Event | None) -> None:
    """Fold one entry of `cohort/<id>/staff`."""
    state.staff_head = seq
    match event:
        case MemberBanned():
            state.bans[event.person] = event.until or FOREVER
        case MemberUnbanned():
            state.bans.pop(event.person, None)
        case InviteCreated():
            state.invites[event.invite] = InviteState(event.role, event.expires_at, event.uses_max)
        case InviteRevoked() if invite := state.invites.get(event.invite):
            state.invites[event.invite] = replace(invite, revoked=True)
        case _:
            pass


def _come_in(state: CohortState, event: MemberJoined | MemberReturned) -> None:
    state.members[event.person] = MemberState(event.name, event.role)
    state.roles[event.person] = event.role
    if event.invite is not None:
        state.uses[event.invite] = state.uses.get(event.invite, 0) + 1


def state_streams(cohort: CohortId) -> tuple[StreamName, StreamName]:
    """The streams folded into the state: their heads are what an append expects."""
    return cohort_stream(cohort), cohort_staff_stream(cohort)


def _create_room(state: CohortState, command: CreateRoom, *, new_id: str) -> Decision | Refusal:
    name = clean_line(command.name, chars_max=limits.room_name_chars_max)
    if name is None:
        return Refusal("name_invalid")
    topic = clean_topic(command.topic)
    if isinstance(topic, Refusal):
        return topic
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


def _leave(state: CohortState, *, asker: Asker) -> Decision | Refusal:
    if asker.role == "owner" and not any(
        role == "owner" for person, role in state.roles.items() if person != asker.person
    ):
        return Refusal("not_allowed", "You are the only owner: make somebody else one first.")
    stream = cohort_stream(state.cohort)
    return Decision(stream, (Happening(stream, MemberLeft(person=asker.person)),))


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


def _unban(state: CohortState, command: UnbanMember, *, asker: Asker) -> Decision | Refusal:
    member = state.members.get(command.person)
    if member is None:
        return Refusal("unknown_member")
    if not asker.outranks(member.role):
        return Refusal("not_allowed", "You may do this only to people of a lower role.")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    staff = cohort_staff_stream(state.cohort)
    if command.person not in state.bans:
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
    if sum(state.is_open(invite, at=at) for invite in state.invites) >= limits.invites_max:
        return Refusal("too_many", f"A cohort has at most {limits.invites_max} open invites: revoke some.")
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
    if known is None or known.revoked:
        return Refusal("invite_invalid")
    if known.uses_max is not None and state.uses.get(invite, 0) >= known.uses_max:
        return Refusal("invite_invalid")
    return Refusal("invite_expired") if known.expires_at <= at else None
