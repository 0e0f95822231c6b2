"""`Client`: the shell round the core. It owns the loop's side of things: sockets, timers, waiting programs."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, assert_never

import msgspec

from tertulia.client import effects as do
from tertulia.client import limits
from tertulia.client.core import CLOSED_BY_US, Core, Verdict
from tertulia.client.counts import Counts
from tertulia.client.errors import Denied, Refused, Stopped, Unreachable
from tertulia.client.following import Following
from tertulia.client.http import Http, NotRenewed, Refresh, Renewal, addresses, placed
from tertulia.client.keys import new_key
from tertulia.client.link import Link
from tertulia.client.records import Event, SoftRecord
from tertulia.client.tasks import Tasks
from tertulia.domain.commands import (
    AnyCommand,
    EditMessage,
    MarkRead,
    PostMessage,
    Precondition,
    RedactMessage,
    SetReaction,
)
from tertulia.domain.ids import RoomId
from tertulia.wire import records as wire
from tertulia.wire.codec import CodecName
from tertulia.wire.requests import Level, Position


class Client:
    """One member's connection to a server, which comes back by itself until it is told not to.

    `url`: `http://host:port` (or `https`, `ws`, `wss`). `token`: an access token. `refresh`: the refresh token that
    goes with it, or an async function that gives a new access token; without it the client stops when the token runs
    out while there is no connection. `on_soft` is called with each record of soft state (`presence`, `typing`, `tally`,
    `mine`, `head`), `on_state` with each new state of the connection (`states.py`).

    Entering waits for the server's welcome. Raises Unreachable when there is none within `deadline_s`, Stopped when
    there will be none (a token that is not valid, no member).
    """

    def __init__(
        self,
        url: str,
        *,
        token: str,
        refresh: Refresh = None,
        codec: CodecName = "json",
        name: str = "tertulia-python",
        deadline_s: float | None = limits.first_welcome_s,
        on_soft: Callable[[SoftRecord], None] | None = None,
        on_state: Callable[[str], None] | None = None,
    ) -> None:
        root, self._address = addresses(url)
        self._http = Http(root)
        self._renewal = Renewal(self._http, refresh)
        self._codec: CodecName = codec
        self._deadline_s = deadline_s
        self._on_soft = on_soft
        self._on_state = on_state
        chance = random.SystemRandom().random
        self._core = Core(token=token, can_renew=refresh is not None, name=name, codec=codec, chance=chance)
        self._links: dict[int, Link] = {}
        self._answers: dict[int, asyncio.Future[wire.Accepted]] = {}
        self._following: dict[str, Following] = {}
        self._positions: dict[str, Position] = {}
        self._events: deque[do.Hand | Denied] = deque()
        self._has_events = asyncio.Event()
        self._is_welcome = asyncio.Event()
        self._stopped: Stopped | None = None
        self._tasks = Tasks(self._over)
        self._link_tasks = Tasks(self._over)
        self._timer: asyncio.TimerHandle | None = None
        self._is_pumping = False
        self._told_state = "resting"

    async def __aenter__(self) -> Client:
        self._core.start(now_s=self._now_s())
        self._pump()
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._is_welcome.wait()
        except TimeoutError:
            why = self._core.why
            await self.close()
            raise Unreachable(f"No welcome from {self._address} within {self._deadline_s:g} s: {why}.") from None
        except BaseException:
            await self.close()
            raise
        if self._stopped is not None:
            await self.close()
            raise self._stopped
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connection. What waits for an answer is told `Stopped`."""
        self._core.stop()
        self._pump()
        if self._timer is not None:
            self._timer.cancel()
        self._tasks.cancel()
        await self._tasks.wait()
        await self._link_tasks.wait()
        await self._http.close()

    # --- who and how --------------------------------------------------------------------------------------------

    @property
    def welcome(self) -> wire.Welcome:
        """The server's last welcome: person, name, role, cohort, limits."""
        assert self._core.welcome is not None, "an entered client has been welcomed"
        return self._core.welcome

    @property
    def person(self) -> str:
        return self.welcome.person

    @property
    def cohort(self) -> str:
        return self.welcome.cohort

    @property
    def state(self) -> str:
        """The connection's state, as in `states.py`: `live` when all is well."""
        return self._core.state

    @property
    def counts(self) -> Counts:
        """Of what went otherwise than straight on: reconnects, holes, pages."""
        return self._core.counts

    @property
    def token(self) -> str:
        """The newest access token."""
        return self._core.token

    # --- reading ------------------------------------------------------------------------------------------------

    def follow(
        self, stream: str, after: Position | Literal["head"] | None = None, *, level: Level = "full"
    ) -> Following:
        """Follow a stream: after a position; `"head"`, what comes next; None, from a snapshot.

        Its events come by `events()`. Awaiting the result is optional: it raises Denied when the stream may not be
        followed; not awaited, `events()` raises that.
        """
        following = Following(stream, asyncio.get_running_loop().create_future())
        self._following[stream] = following
        self._core.follow(stream, after, level, now_s=self._now_s())
        self._pump()
        return following

    def unfollow(self, stream: str) -> None:
        self._following.pop(stream, None)
        self._core.unfollow(stream)
        self._pump()

    def position(self, stream: str) -> Position | None:
        """The place of the last event of this stream that `events()` gave: what to `follow` it from another time."""
        return self._positions.get(stream)

    async def events(self) -> AsyncIterator[Event]:
        """All events of all followed streams, each stream in order and without a hole, for one reader.

        An event named `"snapshot"` (at the beginning of a stream followed from None, and when the server's log is
        another one than before) takes the place of what was known. Who takes events slowly gets them all the same: they
        are then fetched by pages. Ends when the client is closed; raises Stopped when it cannot go on, Denied for a
        stream.
        """
        while True:
            while self._events:
                item = self._events.popleft()
                if isinstance(item, Denied):
                    raise item
                event = item.event
                self._positions[event.stream] = Position(epoch=item.epoch, seq=event.seq)
                self._core.taken(1, now_s=self._now_s())
                if self._core.has_effects:
                    self._pump()
                yield event
            if self._stopped is not None:
                if self._stopped.code == CLOSED_BY_US:
                    return
                raise self._stopped
            self._has_events.clear()
            await self._has_events.wait()

    async def get(self, path: str, **params: str | int) -> Any:
        """An answer of the HTTP API (protocol.md, chapter 11), decoded. Raises Refused, Unreachable."""
        return msgspec.json.decode(await self._http.call("GET", path, token=self.token, params=params))

    # --- saying -------------------------------------------------------------------------------------------------

    async def send(self, command: AnyCommand, *, patience_s: float | None = limits.patience_s) -> wire.Accepted:
        """Give a command and wait until it is durable, over reconnects and restarts of the server.

        A refusal with `later` is waited out for at most `patience_s` (None: for ever), counted from the first. Raises
        Refused; OutboxFull; Stopped. When it is cancelled, a command that was sent already may still take effect.
        """
        if self._stopped is not None:
            raise self._stopped
        id = self._core.command(command, patience_s=patience_s, now_s=self._now_s())
        answer: asyncio.Future[wire.Accepted] = asyncio.get_running_loop().create_future()
        self._answers[id] = answer
        self._pump()
        try:
            return await answer
        except asyncio.CancelledError:
            self._core.withdraw(id)
            raise
        finally:
            self._answers.pop(id, None)

    async def post(
        self,
        room: str,
        text: str,
        reply_to: int | None = None,
        *,
        key: str | None = None,
        patience_s: float | None = limits.patience_s,
    ) -> wire.Accepted:
        """Say something in a room; `seq` of the answer is the message's id. Errors: see `send`."""
        command = PostMessage(key=key or new_key(), room=RoomId(room), text=text, reply_to=reply_to)
        return await self.send(command, patience_s=patience_s)

    async def edit(self, room: str, message: int, text: str, *, revision: int | None = None) -> wire.Accepted:
        """`revision`: refuse (`precondition_failed`) when it is another by now."""
        precondition = None if revision is None else Precondition(revision=revision)
        return await self.send(
            EditMessage(key=new_key(), room=RoomId(room), message=message, text=text, if_=precondition)
        )

    async def redact(self, room: str, message: int, *, reason: str | None = None) -> wire.Accepted:
        return await self.send(RedactMessage(key=new_key(), room=RoomId(room), message=message, reason=reason))

    async def react(self, room: str, message: int, emoji: str, *, on: bool = True) -> wire.Accepted:
        return await self.send(SetReaction(key=new_key(), room=RoomId(room), message=message, emoji=emoji, on=on))

    async def mark_read(self, room: str, seq: int, *, thread: int | None = None) -> wire.Accepted:
        return await self.send(MarkRead(key=new_key(), room=RoomId(room), seq=seq, thread=thread))

    def typing(self, room: str, *, thread: int | None = None) -> None:
        """Tell that the person writes; at most every 3 s. Lost when there is no connection."""
        self._core.typing(room, thread)
        self._pump()

    # --- what links tell (`link.Hears`) ---------------------------------------------------------------------------

    def opened(self, number: int) -> None:
        self._core.opened(number, now_s=self._now_s())
        self._pump()

    def received(self, number: int, payload: bytes) -> None:
        self._core.received(number, payload, now_s=self._now_s())
        self._pump()

    def closed(self, number: int, code: int, reason: str, verdict: Verdict | None) -> None:
        self._core.closed(number, code, reason, now_s=self._now_s(), verdict=verdict)
        self._pump()

    # --- effects ------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Do what the core asks for, until it asks for nothing more."""
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            while effects := self._core.take_effects():
                for effect in effects:
                    self._perform(effect)
        finally:
            self._is_pumping = False
        if self._on_state is not None and self._told_state != self._core.state:
            self._told_state = self._core.state
            self._on_state(self._told_state)
        self._set_timer()

    def _perform(self, effect: do.Effect) -> None:
        match effect:
            case do.Hand():
                self._events.append(effect)
                self._has_events.set()
            case do.Say():
                if (link := self._links.get(effect.link)) is not None:
                    link.say(effect.payload)
            case do.Answer():
                self._answer(effect)
            case do.Open():
                link = Link(effect.link, placed(self._address, self.token), codec=self._codec, hears=self)
                self._links[effect.link] = link
                self._link_tasks.keep(link.start())
            case do.Shut():
                if (link := self._links.pop(effect.link, None)) is not None:
                    link.shut()
            case do.Fetch():
                self._tasks.spawn(self._fetch(effect))
            case do.Renew():
                self._tasks.spawn(self._renew())
            case do.Soft():
                if self._on_soft is not None:
                    self._on_soft(effect.record)
            case do.Welcomed():
                self._is_welcome.set()
            case do.Following():
                if (following := self._following.get(effect.stream)) is not None:
                    following.settle(effect.position)
            case do.Ended():
                self._ended(Denied(effect.stream, effect.code))
            case do.Over():
                self._over(Stopped(effect.code, effect.reason))
            case _:
                assert_never(effect)

    def _answer(self, answer: do.Answer) -> None:
        waiting, verdict = self._answers.get(answer.id), answer.verdict
        if waiting is None or waiting.done():
            return
        if isinstance(verdict, wire.Accepted):
            waiting.set_result(verdict)
        else:
            waiting.set_exception(Refused(verdict.code, verdict.message, retry=verdict.retry, after_ms=verdict.after))

    def _ended(self, denied: Denied) -> None:
        following = self._following.pop(denied.stream, None)
        if following is None or not following.settle(denied):
            self._events.append(denied)
            self._has_events.set()

    def _over(self, stopped: Stopped) -> None:
        self._stopped = stopped
        self._is_welcome.set()
        self._has_events.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(stopped)
        for following in self._following.values():
            following.settle(stopped)

    async def _fetch(self, fetch: do.Fetch) -> None:
        stream, number, token = fetch.stream, fetch.number, self.token
        try:
            page = await self._http.events(stream, after=fetch.after, token=token)
        except (Refused, Unreachable) as error:
            code = error.code if isinstance(error, Refused) else "unavailable"
            is_final = isinstance(error, Refused) and error.retry == "never"
            self._core.no_page(number, stream, code=code, is_final=is_final, now_s=self._now_s())
        else:
            self._core.page(number, stream, epoch=page.epoch, events=page.events, now_s=self._now_s())
        self._pump()

    async def _renew(self) -> None:
        try:
            token = await self._renewal.token()
        except NotRenewed as error:
            self._core.not_renewed(str(error), is_final=error.is_final, now_s=self._now_s())
        else:
            self._core.renewed(token)
        self._pump()

    # --- small --------------------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        due_s = self._core.next_due_s()
        if due_s is None or (self._timer is not None and self._timer.when() <= due_s):
            return  # it rings before, and looks again
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._core.tick(now_s=self._now_s())
        self._pump()

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
