"""The conversation of one connection, as a state table: stage × what came.

waiting ── hello ──→ greeting ── desk.welcome ──→ open
   └──────────────────────┴────────── close ────────┴──→ closed
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, assert_never

import msgspec

from tertulia.domain import limits
from tertulia.domain.command import Command
from tertulia.domain.commands import AnyCommand
from tertulia.domain.ids import CohortId, PersonId, StreamName
from tertulia.domain.refusals import Refusal
from tertulia.outbox import Outbox
from tertulia.wire.closing import CLOSINGS, Closing
from tertulia.wire.codec import Malformed, decode_request
from tertulia.wire.records import Record, refused
from tertulia.wire.requests import Hello, InView, Ping, RefreshToken, Request, Subscribe, Typing, Unsubscribe

Stage = Literal["waiting", "greeting", "open", "closed"]


class Member(msgspec.Struct, frozen=True):
    """Who speaks on this connection, as their token said. Their role is looked up anew for each command."""

    person: PersonId
    cohort: CohortId
    expires_at: int
    """Unix ms; the token was good until then."""


class Link(Protocol):
    """What a shell gives: a way to end the connection. Writing goes through the outbox."""

    def close(self, closing: Closing) -> None: ...


class Desk(Protocol):
    """What `live/` does for a conversation. Called synchronously; answers come later through `say` and `answered`."""

    def greet(self, conversation: Conversation, hello: Hello) -> None: ...
    def command(self, conversation: Conversation, command: AnyCommand) -> None: ...
    def subscribe(self, conversation: Conversation, request: Subscribe) -> None: ...
    def unsubscribe(self, conversation: Conversation, request: Unsubscribe) -> None: ...
    def refresh_token(self, conversation: Conversation, request: RefreshToken) -> None: ...
    def typing(self, conversation: Conversation, request: Typing) -> None: ...
    def in_view(self, conversation: Conversation, request: InView) -> None: ...
    def ping(self, conversation: Conversation, request: Ping) -> None: ...
    def is_expired(self, conversation: Conversation) -> bool: ...
    def cleared(self, conversation: Conversation) -> None: ...
    def gone(self, conversation: Conversation) -> None: ...


class Conversation:
    """`address` is the peer's, for rate limits. `follows` is the desk's: what this connection follows, by stream."""

    __slots__ = (
        "_desk",
        "_early",
        "_in_flight",
        "_link",
        "_malformed",
        "address",
        "follows",
        "in_view",
        "member",
        "outbox",
        "stage",
        "taking_up",
        "turns",
    )

    def __init__(self, desk: Desk, outbox: Outbox, link: Link, *, address: str = "") -> None:
        self.outbox = outbox
        self.address = address
        self.stage: Stage = "waiting"
        self.member: Member | None = None
        self.follows: dict[StreamName, Any] = {}
        self.in_view: dict[str, frozenset[PersonId]] = {}
        self.taking_up: Any = None
        """The desk's: the taking up of streams that is under way; the next waits for it."""
        self.turns = 0
        """The desk's: how many of those there are."""
        self._desk = desk
        self._link = link
        self._early: list[Request | Malformed] = []
        self._in_flight = 0
        self._malformed = 0
        outbox.on_cleared = self._cleared

    def is_closed(self) -> bool:
        return self.stage == "closed"

    # --- from the shell -----------------------------------------------------------------------------------------

    def receive(self, payload: bytes) -> None:
        """One message of the peer's."""
        if self.stage == "closed":
            return
        try:
            request = decode_request(payload, self.outbox.codec)
        except Malformed as malformed:
            if self.stage == "greeting":
                self._keep_for_later(malformed)  # the first thing a client hears is welcome
            else:
                self._refuse_malformed(malformed)
            return
        match self.stage:
            case "open":
                self._take(request)
            case "waiting":
                if isinstance(request, Hello):
                    self.stage = "greeting"
                    self._desk.greet(self, request)
                else:
                    self.close("hello_expected")
            case "greeting":
                if isinstance(request, Hello):
                    self.close("hello_repeated")
                else:
                    self._keep_for_later(request)

    def is_expired(self) -> bool:
        """Whether the member's token has run out, leeway included, without being renewed."""
        return self.stage == "open" and self._desk.is_expired(self)

    def gone(self) -> None:
        """The transport is closed, by whomever."""
        if self.stage != "closed":
            self._depart()

    # --- from the desk ------------------------------------------------------------------------------------------

    def opened(self, member: Member) -> None:
        """Hello was good: take what came meanwhile."""
        self.member = member
        self.stage = "open"
        early, self._early = self._early, []
        for request in early:
            if isinstance(request, Malformed):
                self._refuse_malformed(request)
            elif self.stage == "open":
                self._take(request)

    def renewed(self, expires_at: int) -> None:
        """The member's token was refreshed in band."""
        assert self.member is not None, "only a member has a token to renew"
        self.member = msgspec.structs.replace(self.member, expires_at=expires_at)

    def say(self, record: Record) -> None:
        if self.stage != "closed":
            self.outbox.say(record)

    def answered(self, record: Record) -> None:
        """The answer to a command: it is no longer in flight."""
        self._in_flight -= 1
        self.say(record)

    def close(self, why: str) -> None:
        """`why` is a name of `closing.CLOSINGS`. What is owed is written first."""
        self.end(CLOSINGS[why])

    def end(self, closing: Closing) -> None:
        """As `close`, with a code of WebSocket's own."""
        if self.stage == "closed":
            return
        self.stage = "closed"
        self.outbox.flush()
        self._depart()
        self._link.close(closing)

    def _depart(self) -> None:
        self.stage = "closed"
        self._desk.gone(self)
        self.outbox.on_cleared = _nothing  # else each holds the other, and both wait for the collector of cycles

    def _keep_for_later(self, request: Request | Malformed) -> None:
        if len(self._early) < limits.commands_in_flight_max:
            self._early.append(request)
        else:
            self.close("too_many_early")

    # --- requests -----------------------------------------------------------------------------------------------

    def _take(self, request: Request) -> None:
        desk = self._desk
        match request:
            case Command():
                if self._in_flight >= limits.commands_in_flight_max:
                    self.say(refused(Refusal("too_many_in_flight"), id=request.id))
                    return
                self._in_flight += 1
                desk.command(self, request)
            case Subscribe():
                desk.subscribe(self, request)
            case Unsubscribe():
                desk.unsubscribe(self, request)
            case Typing():
                desk.typing(self, request)
            case InView():
                desk.in_view(self, request)
            case Ping():
                desk.ping(self, request)
            case RefreshToken():
                desk.refresh_token(self, request)
            case Hello():
                self.close("hello_repeated")
            case _:
                assert_never(request)

    def _refuse_malformed(self, malformed: Malformed) -> None:
        if not malformed.is_utf8:
            self.end(Closing(1007, "the message is not UTF-8"))
            return
        if self.stage == "waiting":
            self.close("hello_expected")
            return
        self._malformed += 1
        self.say(refused(Refusal("malformed", malformed.sentence), id=malformed.id))
        if self._malformed >= limits.malformed_frames_max:
            self.close("too_many_malformed")

    def _cleared(self) -> None:
        if self.stage in ("greeting", "open"):  # streams are pushed from welcome on, while others are being taken up
            self._desk.cleared(self)


def _nothing() -> None:
    """What a conversation that is over does when its reader reads again."""
