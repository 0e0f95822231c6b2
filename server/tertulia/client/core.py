"""The client without input or output: what comes in are calls, what goes out are effects (`take_effects`).

Time is handed in as `now_s` (any clock that only goes forward), chance as a function. The connection's states are the
table in `states.py`; streams are in `follows.py` and `streams.py`, commands in `outbox.py`; this module joins them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from tertulia.client import effects as do
from tertulia.client import limits
from tertulia.client.counts import Counts
from tertulia.client.errors import OutboxFull
from tertulia.client.follows import Follows
from tertulia.client.outbox import Outbox, Waiting, lane_of
from tertulia.client.records import Event, NotUnderstood, ServerRecord, SoftRecord, decode, encode
from tertulia.client.states import ASKS_STREAMS, HAS_LINK, Input, State, step
from tertulia.client.waiting import reconnect_s
from tertulia.domain import limits as shared
from tertulia.domain.commands import AnyCommand
from tertulia.domain.ids import RoomId
from tertulia.wire import records as wire
from tertulia.wire.closing import CLOSINGS, is_reconnect_wanted
from tertulia.wire.codec import CodecName
from tertulia.wire.requests import From, Hello, Level, Ping, RefreshToken, Request, Typing, Unsubscribe

CLOSED_BY_US: Final = 1000
Verdict = Literal["lost", "expired", "barred"]


def verdict_of(code: int) -> Verdict:
    """What a close code means: come back, renew the token first, or stay away."""
    if code == CLOSINGS["token_expired"].code:
        return "expired"
    return "lost" if is_reconnect_wanted(code) else "barred"


class Core:
    """`link` numbers passed in and out name sockets. Of an old link, or one that was shut, nothing is heard."""

    def __init__(
        self, *, token: str, can_renew: bool, name: str, codec: CodecName, chance: Callable[[], float]
    ) -> None:
        self.state: State = "resting"
        self.token = token
        self.welcome: wire.Welcome | None = None
        self.why = "nothing was tried yet"
        """Why there is no link at the moment; a sentence."""
        self._can_renew = can_renew
        self._name = name
        self._codec: CodecName = codec
        self._chance = chance
        self._effects: list[do.Effect] = []
        self.counts = Counts()
        self._outbox = Outbox(self.counts)
        self._follows = Follows(do=self._do, next_id=self._next_id, chance=chance, counts=self.counts)
        self._last_id = 0
        self._last_link = 0
        self._link = 0
        self._spare = 0
        self._tries = 0
        self._try_at_s: float | None = None
        self._greet_by_s: float | None = None
        self._heard_at_s = 0.0
        self._pong_by_s: float | None = None
        self._welcomed_at_s = 0.0
        self._renew_at_s: float | None = None
        self._expires_at_s: float | None = None

    # --- the program --------------------------------------------------------------------------------------------

    def start(self, *, now_s: float) -> None:
        self._try_at_s = now_s
        self.tick(now_s=now_s)

    def stop(self) -> None:
        if self.state != "stopped":
            self._over("stop", CLOSED_BY_US, "the client was closed")

    @property
    def has_effects(self) -> bool:
        return bool(self._effects)

    def take_effects(self) -> list[do.Effect]:
        effects, self._effects = self._effects, []
        return effects

    def command(self, command: AnyCommand, *, patience_s: float | None, now_s: float) -> int:
        """Put a command into the outbox; its `Answer` comes with the id that is returned. Raises OutboxFull."""
        if self._outbox.is_full:
            raise OutboxFull(f"{limits.outbox_commands_max} commands wait already.")
        id = self._next_id()
        payload = encode(msgspec.structs.replace(command, id=id), self._codec)
        if len(payload) > shared.frame_bytes_max:
            sentence = f"The command is larger than {shared.frame_bytes_max} bytes."
            code = "text_too_long" if hasattr(command, "text") else "malformed"
            self._do(do.Answer(id, wire.Refused(id=id, code=code, message=sentence, retry="never")))
        else:
            self._outbox.add(Waiting(id, payload, lane_of(command), patience_s))
            self._send_commands(now_s)
        return id

    def withdraw(self, id: int) -> None:
        self._outbox.withdraw(id)

    def typing(self, room: str, thread: int | None) -> None:
        if self.state in HAS_LINK:
            self._say(Typing(room=RoomId(room), thread=thread))

    def follow(self, stream: str, origin: From, level: Level, *, now_s: float) -> None:
        self._follows.follow(stream, origin, level)
        self._attend(now_s)

    def unfollow(self, stream: str) -> None:
        if self._follows.unfollow(stream) and self.state in HAS_LINK:
            self._say(Unsubscribe(id=self._next_id(), streams=[stream]))

    def taken(self, count: int, *, now_s: float) -> None:
        """The program has taken so many events: there may be room for a page."""
        self._follows.taken(count)
        self._attend(now_s)

    # --- time ---------------------------------------------------------------------------------------------------

    def next_due_s(self) -> float | None:
        """When `tick` should be called at the latest; it may be past."""
        dues = [self._try_at_s, self._greet_by_s]
        if self.state in HAS_LINK:
            quiet_s = self._heard_at_s + shared.client_ping_s
            dues += [self._pong_by_s or quiet_s, self._renew_at_s]
            dues += [self._follows.next_due_s(), self._outbox.next_due_s()]
        return min((due for due in dues if due is not None), default=None)

    def tick(self, *, now_s: float) -> None:
        """Do what is due."""
        if self._try_at_s is not None and now_s >= self._try_at_s:
            self._try_at_s = None
            self._try_again(now_s)
        if self._greet_by_s is not None and now_s >= self._greet_by_s:
            self.closed(self._spare or self._link, 1006, "the server does not answer hello", now_s=now_s)
        if self.state in HAS_LINK:
            self._keep_alive(now_s)
        self._attend(now_s)
        self._send_commands(now_s)

    def _keep_alive(self, now_s: float) -> None:
        if self._pong_by_s is not None and now_s >= self._pong_by_s:
            self.closed(self._link, 1006, "the server does not answer", now_s=now_s)
            return
        if self._pong_by_s is None and now_s >= self._heard_at_s + shared.client_ping_s:
            self._pong_by_s = now_s + limits.ping_answer_s
            self._say(Ping(id=self._next_id()))
        if self._renew_at_s is not None and now_s >= self._renew_at_s:
            self._renew_at_s = None
            self._say(RefreshToken(id=self._next_id()))

    def _try_again(self, now_s: float) -> None:
        if self.state == "leaving":
            self._step("due")
            self._spare = self._open()
        elif self.state == "resting":
            is_stale = self._can_renew and self._expires_at_s is not None and now_s >= self._expires_at_s
            self._step("stale" if is_stale else "due")
            if is_stale:
                self._do(do.Renew())
            else:
                self._link = self._open()

    def _try_later(self, now_s: float) -> None:
        self._try_at_s = now_s + reconnect_s(self._tries, self._chance())
        self._tries += 1

    def _open(self) -> int:
        self._last_link += 1
        self._do(do.Open(self._last_link))
        return self._last_link

    # --- links --------------------------------------------------------------------------------------------------

    def opened(self, link: int, *, now_s: float) -> None:
        """The socket is open: say hello, with all positions."""
        if not self._is_ours(link):
            self._do(do.Shut(link))
            return
        self._step("opened")
        self._greet_by_s = now_s + limits.greet_deadline_s
        streams, levels = self._follows.hello(link)
        hello = Hello(token=self.token, streams=streams, levels=levels, client=self._name)
        self._do(do.Say(link, encode(hello, self._codec)))

    def received(self, link: int, payload: bytes, *, now_s: float) -> None:
        """One message."""
        if not self._is_ours(link):
            return
        self._heard_at_s = now_s
        if link == self._link:
            self._pong_by_s = None
        try:
            for record in decode(payload, self._codec):
                self._take(record, link, now_s)
                if not self._is_ours(link):
                    return
        except NotUnderstood as error:
            self.closed(link, 1006, f"the server sent something that is no record: {error}", now_s=now_s)
        self._attend(now_s)
        self._send_commands(now_s)

    def closed(self, link: int, code: int, reason: str, *, now_s: float, verdict: Verdict | None = None) -> None:
        """The socket is gone or was never opened. `verdict` is that of the code unless the shell knows better."""
        if not self._is_ours(link):
            return
        self._do(do.Shut(link))
        verdict = verdict or verdict_of(code)
        self.why = reason or f"the connection was closed ({code})"
        if verdict == "barred":
            self._over("barred", code, self.why)
        elif link == self._spare:
            self._spare, self._greet_by_s = 0, None
            self._step("spare_lost")
            self._try_later(now_s)
            self._follows.unask(link)
            if verdict == "expired":
                self._renew_at_s = now_s
            self._attend(now_s)
        else:
            self._lose_link(verdict, now_s)

    def _lose_link(self, verdict: Verdict, now_s: float) -> None:
        self._link, self._spare = self._spare, 0
        self._pong_by_s = None
        self._outbox.link_lost()
        if verdict == "expired" and not self._link and self.state != "opening":
            if not self._can_renew:
                self._over("barred", CLOSINGS["token_expired"].code, "the token has expired and cannot be renewed")
                return
            self._step("expired")
            self._greet_by_s = self._try_at_s = None
            self._do(do.Renew())
            return
        self._step("lost")
        if self.state == "resting":
            self._greet_by_s = None
            self._try_later(now_s)

    def _is_ours(self, link: int) -> bool:
        return link > 0 and link in (self._link, self._spare)

    # --- what the shell fetched ---------------------------------------------------------------------------------

    def renewed(self, token: str) -> None:
        if self.state == "renewing":
            self.token = token
            self._expires_at_s = None
            self._step("renewed")
            self._link = self._open()

    def not_renewed(self, reason: str, *, is_final: bool, now_s: float) -> None:
        if self.state != "renewing":
            return
        self.why = reason
        if is_final:
            self._over("barred", CLOSINGS["token_invalid"].code, reason)
        else:
            self._step("lost")
            self._expires_at_s = now_s
            self._try_later(now_s)

    def page(self, number: int, stream: str, *, epoch: str, events: list[Event], now_s: float) -> None:
        self._follows.page(number, stream, epoch=epoch, events=events, now_s=now_s)
        self._attend(now_s)

    def no_page(self, number: int, stream: str, *, code: str, is_final: bool, now_s: float) -> None:
        """A page could not be had. `is_final`: asking again would not help."""
        self._follows.no_page(number, stream, code=code, is_final=is_final, now_s=now_s)
        if code == "token_expired" and self.state in HAS_LINK:
            self._renew_at_s = now_s

    # --- records ------------------------------------------------------------------------------------------------

    def _take(self, record: ServerRecord, link: int, now_s: float) -> None:
        match record:
            case Event():
                self._follows.push(record)
            case wire.Accepted():
                if self._outbox.accepted(record.id):
                    self._do(do.Answer(record.id, record))
            case wire.Refused():
                if self._outbox.refused(record, now_s=now_s, chance=self._chance()):
                    self._do(do.Answer(record.id or 0, record))
                self._follows.refused(record, now_s=now_s)
            case wire.Welcome():
                self._welcomed(record, link, now_s)
            case wire.Subscribed():
                self._follows.results(record.streams, record.id)
            case wire.Snapshot() | wire.Live() | wire.Lag() | wire.Dropped():
                self._follows.about(record)
            case wire.Token():
                self.token = record.token
                self._token_runs_out(record.expires_at, now_s)
            case wire.Reconnect():
                if link == self._link and self.state in HAS_LINK:
                    self._told_to_leave(record, now_s)
            case wire.Pong() | wire.Unsubscribed():
                pass
            case _:
                soft: SoftRecord = record
                self._do(do.Soft(soft))

    def _welcomed(self, record: wire.Welcome, link: int, now_s: float) -> None:
        if self.state not in ("greeting", "leaving_greeting") or link != (self._spare or self._link):
            return
        self._step("welcome")
        if self._spare:
            self._do(do.Shut(self._link))
            self._link, self._spare = self._spare, 0
            self._outbox.link_lost()
        self._greet_by_s = self._pong_by_s = None
        self._tries = 0
        self.counts.welcomes += 1
        self.welcome = record
        self._welcomed_at_s = now_s
        self._token_runs_out(record.expires_at, now_s)
        self._do(do.Welcomed(record))
        self._follows.results(record.streams, -link)

    def _told_to_leave(self, record: wire.Reconnect, now_s: float) -> None:
        self._step("told")
        if self.state == "leaving":
            self._try_at_s = now_s + (record.after + self._chance() * record.window) / 1000

    def _token_runs_out(self, expires_at_ms: int, now_s: float) -> None:
        """By the server's clock: it told its time in `welcome`."""
        assert self.welcome is not None, "only a greeted client hears of its token"
        in_s = (expires_at_ms - self.welcome.at) / 1000 - (now_s - self._welcomed_at_s)
        self._expires_at_s = now_s + in_s
        self._renew_at_s = now_s + max(in_s * 0.75, in_s - limits.renew_ahead_s)

    # --- small --------------------------------------------------------------------------------------------------

    def _attend(self, now_s: float) -> None:
        if self.state != "stopped":
            self._follows.attend(now_s=now_s, say=self._say if self.state in ASKS_STREAMS else None)

    def _send_commands(self, now_s: float) -> None:
        if self.state not in HAS_LINK or not len(self._outbox):
            return
        in_flight_max = shared.commands_in_flight_max
        if self.welcome is not None:
            in_flight_max = int(self.welcome.limits.get("commands_in_flight_max", in_flight_max))
        for payload in self._outbox.next(now_s=now_s, in_flight_max=in_flight_max):
            self._do(do.Say(self._link, payload))

    def _over(self, came: Input, code: int, reason: str) -> None:
        self._step(came)
        for link in (self._link, self._spare):
            if link:
                self._do(do.Shut(link))
        self._link = self._spare = 0
        self._try_at_s = self._greet_by_s = self._pong_by_s = None
        self._do(do.Over(code, reason))

    def _say(self, request: Request) -> None:
        self._do(do.Say(self._link, encode(request, self._codec)))

    def _step(self, came: Input) -> None:
        self.state = step(self.state, came)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _do(self, effect: do.Effect) -> None:
        self._effects.append(effect)
