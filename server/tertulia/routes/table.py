"""Every call of the API, one row each. The routes, the OpenAPI document and a test of protocol.md are made of it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from tertulia.domain.commands import AnyCommand
from tertulia.routes import commanding, entering, exporting, inviting, live, openapi, operating, reading
from tertulia.routes.addresses import public_url
from tertulia.routes.answering import STATUS, answer
from tertulia.routes.asking import Nothing, Visit
from tertulia.routes.call import Call
from tertulia.wire.records import Accepted


async def describe(visit: Visit, _: Nothing) -> Response:
    """The document that describes all of these."""
    return answer(openapi.document(CALLS, url=public_url(visit.site, visit.request)))


CALLS: Final[tuple[Call, ...]] = (
    Call(
        "POST",
        "/api/join",
        entering.join,
        entering.JoinBody,
        entering.Entered,
        "Become a member by an invite link",
        who="anyone",
        refuses=("invite_invalid", "invite_expired", "name_invalid"),
    ),
    Call(
        "POST",
        "/api/refresh",
        entering.refresh,
        entering.RefreshBody,
        entering.Entered,
        "New tokens for a refresh token",
        who="anyone",
        refuses=openapi.MEMBERS_MEET,
    ),
    Call("GET", "/api/me", entering.me, Nothing, entering.Me, "Who I am and what I may follow"),
    Call(
        "GET",
        "/api/me/export",
        exporting.export_me,
        Nothing,
        None,
        "Everything kept about me, one JSON object a line",
        media=("application/x-ndjson",),
    ),
    Call(
        "GET",
        "/api/cohort",
        reading.cohort,
        Nothing,
        reading.CohortSnapshot,
        "The cohort's snapshot, with each room's head and my unread count",
    ),
    Call("GET", "/api/members", reading.members, reading.MembersOf, reading.Members, "Members by their ids"),
    Call(
        "GET",
        "/api/rooms/{room}",
        reading.room,
        reading.OfRoom,
        reading.RoomSnapshot,
        "A room's snapshot",
        refuses=("unknown_room",),
    ),
    Call(
        "GET",
        "/api/rooms/{room}/messages",
        reading.messages,
        reading.PageOfRoom,
        reading.Messages,
        "A page of messages that begin threads",
        refuses=("unknown_room",),
    ),
    Call(
        "GET",
        "/api/rooms/{room}/messages/{seq}",
        reading.message,
        reading.OfMessage,
        reading.MessageWithRevisions,
        "A message and the texts it had",
        refuses=("unknown_room", "unknown_message"),
    ),
    Call(
        "GET",
        "/api/rooms/{room}/threads/{seq}",
        reading.thread,
        reading.PageOfThread,
        reading.Thread,
        "A thread: its first message and its replies",
        refuses=("unknown_room", "unknown_message"),
    ),
    Call(
        "GET",
        "/api/rooms/{room}/export",
        exporting.export_room,
        exporting.ExportOf,
        None,
        "The whole room as a file",
        media=("application/x-ndjson", "text/markdown"),
        refuses=("unknown_room",),
    ),
    Call(
        "GET",
        "/api/events",
        reading.events,
        reading.PageOfEvents,
        reading.Events,
        "Event records of a stream, by seq",
        refuses=("unknown_stream", "unknown_room", "not_allowed"),
    ),
    Call(
        "GET",
        "/api/search",
        reading.search,
        reading.SearchFor,
        reading.Results,
        "Messages with these words",
        refuses=("unknown_room",),
    ),
    Call(
        "GET",
        "/api/invites",
        inviting.invites,
        Nothing,
        inviting.Invites,
        "Invites that still open the door",
        refuses=("not_allowed",),
    ),
    Call(
        "POST",
        "/api/invites",
        inviting.create_invite,
        inviting.InviteBody,
        inviting.Invite,
        "Make an invite link",
        refuses=("not_allowed",),
    ),
    Call(
        "DELETE",
        "/api/invites/{invite}",
        inviting.revoke_invite,
        inviting.OfInvite,
        inviting.Revoked,
        "Revoke an invite",
        refuses=("not_allowed", "unknown_invite"),
    ),
    Call(
        "POST",
        "/api/commands",
        commanding.command,
        AnyCommand,
        Accepted,
        "Any command; a refusal is a `refused` record with its code's status",
        refuses=tuple(sorted(STATUS.keys() - {"invite_invalid", "invite_expired"})),
    ),
    Call(
        "POST",
        "/api/live",
        live.live,
        live.LiveBody,
        None,
        "The live stream as server-sent events, where WebSockets are blocked",
        media=("text/event-stream",),
        refuses=("too_many", "overloaded", "draining"),
    ),
    Call("GET", "/api/openapi.json", describe, Nothing, dict, "This document", who="anyone"),
    Call("GET", "/healthz", operating.healthz, Nothing, operating.Health, "Is the process alive", who="operator"),
    Call("GET", "/readyz", operating.readyz, Nothing, operating.Readiness, "Can it serve; 503: no", who="operator"),
    Call(
        "GET",
        "/metrics",
        operating.metrics,
        Nothing,
        None,
        "Counters, as Prometheus reads them",
        who="operator",
        media=("text/plain",),
    ),
)
