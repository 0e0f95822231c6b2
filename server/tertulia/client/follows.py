"""All followed streams of a client: what is asked for, which pages are fetched, what is handed to the program. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tertulia.client import effects as do
from tertulia.client import limits
from tertulia.client.counts import Counts
from tertulia.client.records import Event
from tertulia.client.streams import Followed
from tertulia.client.waiting import reconnect_s
from tertulia.wire import records as wire
from tertulia.wire.requests import From, Level, Position, Subscribe


class Follows:
    """`do` takes effects, `next_id` numbers requests and pages. `attend` does what has become due; the core calls it
    once after each message, not after each record."""

    def __init__(
        self,
        *,
        do: Callable[[do.Effect], None],
        next_id: Callable[[], int],
        chance: Callable[[], float],
        counts: Counts,
    ) -> None:
        self._do = do
        self._counts = counts
        self._next_id = next_id
        self._chance = chance
        self._streams: dict[str, Followed] = {}
        self._waiting_events = 0
        self._fetching = 0
        self._is_settled = True
        self._looked_s = 0.0
        """Whether all streams are live: nothing to ask for, nothing to fetch."""

    # --- the program --------------------------------------------------------------------------------------------

    def follow(self, stream: str, origin: From, level: Level) -> None:
        self._streams[stream] = Followed(stream, origin, level)
        self._is_settled = False

    def unfollow(self, stream: str) -> bool:
        """Whether it was followed."""
        return self._streams.pop(stream, None) is not None

    def taken(self, count: int) -> None:
        """The program has taken so many events."""
        self._waiting_events -= count

    # --- asking -------------------------------------------------------------------------------------------------

    def hello(self, link: int) -> tuple[dict[str, From], dict[str, Level]]:
        """All streams are to be asked for anew, with their positions; what fits into one hello."""
        for followed in self._streams.values():
            followed.lost()
        some = list(self._streams.values())[: limits.hello_streams_max]
        self._is_settled = False
        return self._ask(some, -link)

    def unask(self, link: int) -> None:
        """The hello on this link was never answered."""
        for followed in self._streams.values():
            if followed.phase == "asked" and followed.asked_by == -link:
                followed.lost()
        self._is_settled = False

    def attend(self, *, now_s: float, say: Callable[[Subscribe], None] | None) -> None:
        """Subscribe to what was not asked for yet (where there is a link: `say`), fetch the pages that are missing."""
        self._looked_s = now_s
        if self._is_settled:
            return
        if say is not None:
            unasked = [f for f in self._streams.values() if f.phase == "unasked" and f.not_before_s <= now_s]
            for start in range(0, len(unasked), limits.hello_streams_max):
                id = self._next_id()
                streams, levels = self._ask(unasked[start : start + limits.hello_streams_max], id)
                say(Subscribe(id=id, streams=streams, levels=levels))
        if self._waiting_events <= limits.events_waiting_max // 2:
            self._fetch_pages(now_s)
        self._is_settled = all(f.phase == "live" for f in self._streams.values())

    def next_due_s(self) -> float | None:
        """What became due after the last look is due still."""
        if self._is_settled:
            return None
        return min((f.not_before_s for f in self._streams.values() if f.not_before_s > self._looked_s), default=None)

    def _ask(self, some: list[Followed], request: int) -> tuple[dict[str, From], dict[str, Level]]:
        for followed in some:
            followed.ask(request)
        return {f.stream: f.wanted for f in some}, {f.stream: f.level for f in some if f.level != "full"}

    def _fetch_pages(self, now_s: float) -> None:
        for followed in self._streams.values():
            if self._fetching >= limits.pages_at_once_max:
                return
            if followed.is_pageable and followed.not_before_s <= now_s:
                assert followed.position is not None, "is_pageable says so"
                followed.fetching = self._next_id()
                self._counts.pages += 1
                self._fetching += 1
                self._do(do.Fetch(followed.stream, followed.position.seq, followed.fetching))

    # --- answers ------------------------------------------------------------------------------------------------

    def results(self, results: dict[str, wire.StreamResult], request: int) -> None:
        """Of `welcome` (request: minus the link's number) or `subscribed`."""
        self._is_settled = False
        for stream, result in results.items():
            followed = self._streams.get(stream)
            if followed is None or followed.asked_by != request or followed.phase != "asked":
                continue
            if result.result == "denied":
                self._end(followed, result.code)
                continue
            followed.result(result)
            if followed.level == "head":
                self._tell_following(followed, Position(epoch=result.epoch, seq=result.seq))

    def refused(self, record: wire.Refused, *, now_s: float) -> None:
        """A subscribe was refused as a whole, if it was one."""
        for followed in [f for f in self._streams.values() if f.phase == "asked" and f.asked_by == record.id]:
            if record.retry == "later":
                followed.lost()
                self._wait(followed, now_s)
            else:
                self._end(followed, record.code)

    def about(self, record: wire.Snapshot | wire.Live | wire.Lag | wire.Dropped) -> None:
        followed = self._streams.get(record.stream)
        if followed is None:
            return
        self._is_settled = False
        match record:
            case wire.Snapshot():
                if (event := followed.snapshot(record)) is not None:
                    self._counts.snapshots += 1
                    self._hand(event, record.epoch)
            case wire.Live():
                followed.live(record)
                self._tell_following(followed, followed.position)
            case wire.Lag():
                self._counts.lags += 1
                followed.lag(record)
            case wire.Dropped():
                self._end(followed, record.code)

    def push(self, event: Event) -> None:
        followed = self._streams.get(event.stream)
        if followed is None:
            return
        was = followed.phase
        taken = followed.push(event, has_room=self._waiting_events < limits.events_waiting_max)
        if taken is None:
            self._is_settled = False
            if followed.position is not None and event.seq <= followed.position.seq:
                self._counts.repeats += 1
            self._counts.holes += was == "live" and followed.phase != was
            return
        assert followed.position is not None, "a stream that takes an event has a position"
        self._hand(taken, followed.position.epoch)

    # --- pages --------------------------------------------------------------------------------------------------

    def page(self, number: int, stream: str, *, epoch: str, events: list[Event], now_s: float) -> None:
        followed = self._page_of(number, stream)
        if followed is None or followed.position is None:
            return
        before = followed.position
        if epoch != before.epoch:
            followed.stuck()
            return
        for event in followed.page(events):
            self._hand(event, epoch)
        if followed.position == before and followed.phase == "behind":
            self._wait(followed, now_s)
            if followed.tries > limits.empty_pages_max:
                followed.stuck()

    def no_page(self, number: int, stream: str, *, code: str, is_final: bool, now_s: float) -> None:
        """A page could not be had. `is_final`: asking again would not help."""
        followed = self._page_of(number, stream)
        if followed is None:
            return
        if is_final:
            self._end(followed, code)
        else:
            self._wait(followed, now_s)

    def _page_of(self, number: int, stream: str) -> Followed | None:
        self._fetching -= 1
        self._is_settled = False
        followed = self._streams.get(stream)
        if followed is None or followed.fetching != number:
            return None
        followed.fetching = 0
        return followed

    # --- small --------------------------------------------------------------------------------------------------

    def _wait(self, followed: Followed, now_s: float) -> None:
        followed.not_before_s = now_s + reconnect_s(followed.tries, self._chance())
        followed.tries += 1

    def _hand(self, event: Event, epoch: str) -> None:
        self._waiting_events += 1
        self._do(do.Hand(event, epoch))

    def _end(self, followed: Followed, code: str) -> None:
        followed.end()
        del self._streams[followed.stream]
        self._do(do.Ended(followed.stream, code))

    def _tell_following(self, followed: Followed, position: Position | None) -> None:
        if not followed.is_told and position is not None:
            followed.is_told = True
            self._do(do.Following(followed.stream, position))
