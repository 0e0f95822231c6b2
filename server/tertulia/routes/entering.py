"""Coming in: an invite becomes a member with tokens; a refresh token becomes new ones; who am I."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tertulia.auth.people import new_person_id
from tertulia.domain import limits
from tertulia.domain.cohort import CohortState
from tertulia.domain.ids import (
    CohortId,
    PersonId,
    StreamName,
    cohort_staff_stream,
    cohort_stream,
    room_staff_stream,
    room_stream,
    user_stream,
)
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.live import greet
from tertulia.routes.asking import Ask, Nothing, Takes, Visit

_TokenText = Annotated[str, msgspec.Meta(max_length=limits.token_chars_max)]

_TOLD_AS_INVALID: Final = frozenset({"unknown_cohort", "unknown_invite", "not_a_member"})
"""Whoever holds no good invite learns nothing about which cohorts and people there are."""


class JoinBody(Takes, frozen=True, kw_only=True):
    invite: _TokenText
    name: Annotated[str, msgspec.Meta(max_length=limits.text_chars_max)]
    goal: Annotated[str, msgspec.Meta(max_length=limits.text_chars_max)] = ""


class RefreshBody(Takes, frozen=True, kw_only=True):
    refresh: _TokenText


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """`token` goes into `hello` and the Authorization header until `expires_at` (Unix ms); `refresh` gets a new one."""

    token: str
    expires_at: int
    refresh: str
    person: PersonId
    name: str
    role: Role
    cohort: CohortId


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """`streams`: all that I may follow."""

    person: PersonId
    name: str
    role: Role
    cohort: CohortId
    streams: list[StreamName]
    expires_at: int


async def join(visit: Visit, body: JoinBody) -> Entered | Refusal:
    node, flow = visit.site.flow.node, visit.site.flow
    after_ms = visit.site.take(visit.site.joins, visit.address)
    if after_ms is not None:
        return Refusal("rate_limited", "Too many people come from here: wait a little.", after_ms=after_ms)
    claims = node.tokens.read(body.invite, use="invite")
    if isinstance(claims, Refusal):
        return claims
    await flow.receiver.open([cohort_stream(claims.cohort), cohort_staff_stream(claims.cohort)])
    await node.cohort_lane(claims.cohort).ready()
    person = new_person_id()
    refusal = await greet.join(
        node,
        claims.cohort,
        person,
        name=body.name,
        role=claims.role,
        invite=claims.invite,
        goal=body.goal,
    )
    if refusal is not None:
        return Refusal("invite_invalid") if refusal.code in _TOLD_AS_INVALID else refusal
    state = await node.cohort_lane(claims.cohort).ready()
    return _entered(visit, state, person)


async def refresh(visit: Visit, body: RefreshBody) -> Entered | Refusal:
    node, flow = visit.site.flow.node, visit.site.flow
    after_ms = visit.site.take(visit.site.joins, visit.address)
    if after_ms is not None:
        return Refusal("rate_limited", "Too many people come from here: wait a little.", after_ms=after_ms)
    claims = node.tokens.read(body.refresh, use="refresh")
    if isinstance(claims, Refusal):
        return claims
    asker = await greet.admit(node, flow.receiver, claims)
    if isinstance(asker, Refusal):
        return asker
    state = node.cohort_state(claims.cohort)
    assert state is not None, "admit has loaded it"
    return _entered(visit, state, asker.person)


async def me(ask: Ask, _: Nothing) -> Me:
    streams = [cohort_stream(ask.cohort), user_stream(ask.person), *map(room_stream, ask.state.rooms)]
    if ask.asker.is_staff:
        streams += [cohort_staff_stream(ask.cohort), *map(room_staff_stream, ask.state.rooms)]
    return Me(
        person=ask.person,
        name=ask.state.members[ask.person].name,
        role=ask.role,
        cohort=ask.cohort,
        streams=streams,
        expires_at=ask.claims.expires_at_ms,
    )


def _entered(visit: Visit, state: CohortState, person: PersonId) -> Entered:
    member, tokens = state.members[person], visit.site.flow.node.tokens
    access = tokens.issue_access(person, state.cohort, name=member.name, role=member.role)
    renewal = tokens.issue_refresh(person, state.cohort, name=member.name, role=member.role)
    return Entered(
        token=access.token,
        expires_at=access.expires_at_ms,
        refresh=renewal.token,
        person=person,
        name=member.name,
        role=member.role,
        cohort=state.cohort,
    )
