"""Invite links: made, listed, revoked. A link holds a signed token in its fragment, which no server and no log sees."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tertulia.domain import limits
from tertulia.domain.commands import CreateInvite, RevokeInvite
from tertulia.domain.events import InviteCreated
from tertulia.domain.ids import InviteId
from tertulia.domain.policy import RANK, Role, is_allowed
from tertulia.domain.refusals import Refusal
from tertulia.routes.addresses import public_url
from tertulia.routes.asking import Ask, Nothing, Takes
from tertulia.wire.stored import decode_event


class InviteBody(Takes, frozen=True, kw_only=True):
    role: Role
    expires_s: Annotated[int, msgspec.Meta(ge=1, le=limits.invite_s_max)] = 7 * 86_400
    uses_max: Annotated[int, msgspec.Meta(ge=1, le=limits.invite_uses_max)] | None = None


class OfInvite(Takes, frozen=True, kw_only=True):
    invite: InviteId


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """`link` is missing for staff who could not have made this invite."""

    invite: InviteId
    link: str | None
    role: Role
    expires_at: int
    uses_max: int | None
    uses: int


class Invites(msgspec.Struct, frozen=True, kw_only=True):
    """Those that still open the door, newest first."""

    invites: list[Invite]


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    invite: InviteId
    revoked: bool


async def invites(ask: Ask, _: Nothing) -> Invites | Refusal:
    if not ask.asker.is_staff:
        return Refusal("not_allowed")
    now = ask.site.flow.node.clock.now_ms()
    good = [
        Invite(
            invite=invite,
            link=_link(ask, invite, role=kept.role, expires_at=kept.expires_at),
            role=kept.role,
            expires_at=kept.expires_at,
            uses_max=kept.uses_max,
            uses=ask.state.uses.get(invite, 0),
        )
        for invite, kept in reversed(ask.state.invites.items())
        if ask.state.is_open(invite, at=now)
    ]
    return Invites(invites=good)


async def create_invite(ask: Ask, body: InviteBody) -> Invite | Refusal:
    flow = ask.site.flow
    command = CreateInvite(
        key=f"invite.{flow.node.ids.new_id()}{flow.node.ids.new_id()}",
        role=body.role,
        expires_s=body.expires_s,
        uses_max=body.uses_max,
    )
    done = await flow.command(command, person=ask.person, cohort=ask.cohort)
    if isinstance(done, Refusal):
        return done
    entry = (await flow.node.log.read(done.stream, after=done.seq - 1, limit=1))[0]
    created = decode_event(entry)
    assert isinstance(created, InviteCreated), "the receipt names it"
    return Invite(
        invite=created.invite,
        link=_link(ask, created.invite, role=created.role, expires_at=created.expires_at),
        role=created.role,
        expires_at=created.expires_at,
        uses_max=created.uses_max,
        uses=0,
    )


async def revoke_invite(ask: Ask, takes: OfInvite) -> Revoked | Refusal:
    flow = ask.site.flow
    key = f"revoke.{flow.node.ids.new_id()}{flow.node.ids.new_id()}"
    done = await flow.command(RevokeInvite(key=key, invite=takes.invite), person=ask.person, cohort=ask.cohort)
    return done if isinstance(done, Refusal) else Revoked(invite=takes.invite, revoked=True)


def _link(ask: Ask, invite: InviteId, *, role: Role, expires_at: int) -> str | None:
    """Only for who may make such an invite: a link to more than one's own role would be a way up."""
    if not is_allowed(ask.role, "create_invite") or RANK[role] > RANK[ask.role]:
        return None
    tokens = ask.site.flow.node.tokens
    token = tokens.issue_invite(invite, ask.cohort, role=role, expires_at_ms=expires_at).token
    return f"{public_url(ask.site, ask.request)}/join#invite={token}"
