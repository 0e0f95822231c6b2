"""A crowd of cheap readers that behave as the protocol says a client does: they come back by themselves, on any node,
with their positions, keep the old connection until the new one is live when they are told to leave, fetch what is too
much to push. Each checks every seq it is told.

    crowd = Crowd(doors, secret=secret, cohort="demo")
    await crowd.come(2_000, streams=["room/general"])
    waited = await crowd.recovered(since_ms, voices={"room/general": {0, 1}}, deadline_s=30.0)

Recovered is a reader who has heard, from every voice of its room, something that was said after that moment.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Final, NamedTuple

import httpx

from load_tests.chaos.link import Link
from load_tests.chaos.records import Heard, Messages, heard_in_page
from load_tests.chaos.verdict import PAGE, Faults, Reached
from tertulia.cli.tokens import issue_with
from tertulia.client.waiting import reconnect_s

CONNECTIONS_OF_ONE: Final = 10
COMING_AT_ONCE: Final = 128
COMING_DEADLINE_S: Final = 90.0
GREET_DEADLINE_S: Final = 15.0
LOOK_EVERY_S: Final = 0.02
SWEEP_EVERY_S: Final = 0.5
FETCHES_AT_ONCE: Final = 8
TOKEN_HOURS: Final = 5.0


class Recovery(NamedTuple):
    """`seconds` until the last had heard from all; `missing` had not when it was given up."""

    seconds: float
    missing: int


class Crowd:
    """`doors`: the port of each node. A node that refuses is passed over for the next, as a front does.

    `late_s`: the longest that anything was under way to a reader, from its commit, since it was last set to 0.
    """

    def __init__(self, doors: Sequence[int], *, secret: bytes, cohort: str, faults: Faults | None = None) -> None:
        self.doors = list(doors)
        self.faults = faults or Faults()
        self.messages = Messages()
        self.readers: list[Reader] = []
        self.told: dict[str, dict[int, int]] = {}
        self.deliveries = self.overlaps = self.lags = self.turned_away = self.late_greetings = 0
        self.closings: Counter[int] = Counter()
        self.results: Counter[str] = Counter()
        self.back_s: list[float] = []
        """How long each reader that lost its connection was without one."""
        self.moves = 0
        """Connections changed without being without one."""
        self.late_s = 0.0
        self.chance = random.Random(7)
        self._secret, self._cohort = secret, cohort
        self._tokens: dict[int, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._fetching = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._http = httpx.AsyncClient(trust_env=False, timeout=30.0)
        self._coming = asyncio.Semaphore(COMING_AT_ONCE)
        self._is_over = False

    # --- coming and going -------------------------------------------------------------------------------------------

    async def come(self, count: int, *, streams: Sequence[str]) -> None:
        """So many more, spread evenly over the streams and the nodes; returns when all are live."""
        if not self.readers:
            self.spawn(self._sweep())
        first = len(self.readers)
        for number in range(first, first + count):
            stream = streams[number // len(self.doors) % len(streams)]
            self.readers.append(Reader(self, number, stream, home=number % len(self.doors)))
        for reader in self.readers[first:]:
            self.spawn(reader.come())
        await self.all_live(COMING_DEADLINE_S)

    async def all_live(self, deadline_s: float) -> float:
        """Until every reader is connected and live; how long it took."""
        began = time.perf_counter()
        while any(reader.link is None or reader.link.stage != "live" for reader in self.readers):
            waiting = sum(reader.link is None for reader in self.readers)
            assert time.perf_counter() < began + deadline_s, f"{waiting} readers are not back; {dict(self.closings)}"
            await asyncio.sleep(LOOK_EVERY_S)
        return time.perf_counter() - began

    async def go_home(self) -> None:
        """Who was driven to another node goes back to its own, as after a deploy: without being without a connection
        meanwhile."""
        for reader in self.readers:
            if reader.link is not None and reader.link.node != reader.home:
                reader.told_to_leave(reader.link, after_s=0.0, window_s=1.0, to=reader.home)
        give_up_at = time.perf_counter() + COMING_DEADLINE_S
        while any(reader.link is None or reader.link.node != reader.home for reader in self.readers):
            assert time.perf_counter() < give_up_at, "not all readers came home"
            await asyncio.sleep(LOOK_EVERY_S)
        await self.all_live(COMING_DEADLINE_S)

    def cut_all(self) -> None:
        """All connections at once, as by a network that fails."""
        for reader in self.readers:
            for link in (reader.link, reader.spare):
                if link is not None:
                    link.reset()

    async def close(self) -> None:
        self._is_over = True
        for reader in self.readers:
            for link in (reader.link, reader.spare):
                if link is not None:
                    link.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    # --- waiting ----------------------------------------------------------------------------------------------------

    async def recovered(self, since_ms: float, *, voices: Mapping[str, Collection[int]], deadline_s: float) -> Recovery:
        """How long until each has heard from every voice what was said after that moment (Unix ms)."""
        waiting = self.readers
        give_up_at = since_ms + deadline_s * 1000
        while True:
            waiting = [reader for reader in waiting if not reader.has_heard_since(since_ms, voices[reader.stream])]
            now_ms = time.time() * 1000
            if not waiting or now_ms > give_up_at:
                return Recovery((now_ms - since_ms) / 1000, len(waiting))
            await asyncio.sleep(LOOK_EVERY_S)

    async def reach(self, heads: dict[str, int], *, deadline_s: float) -> None:
        """Until everybody has been told the end, or so long; `verdict` says what is missing then."""
        give_up_at = time.perf_counter() + deadline_s
        while any(reader.last < heads[reader.stream] for reader in self.readers):
            if time.perf_counter() > give_up_at:
                return
            await asyncio.sleep(LOOK_EVERY_S)
        await asyncio.sleep(0.2)  # what is told twice comes late

    def reached(self) -> list[Reached]:
        return [Reached(reader.name, reader.stream, reader.began, reader.last) for reader in self.readers]

    # --- for readers and links --------------------------------------------------------------------------------------

    def token(self, number: int) -> str:
        person = number // CONNECTIONS_OF_ONE
        if person not in self._tokens:
            name = f"Reader {person}"
            issued = issue_with(self._secret, cohort=self._cohort, name=name, role="learner", hours=TOKEN_HOURS)
            self._tokens[person] = issued.access
        return self._tokens[person]

    async def connect(self, reader: Reader, node: int) -> bool:
        """To this node or, when it refuses, to the next; false when all do. The link tells the reader by itself."""
        loop = asyncio.get_running_loop()
        for place in range(len(self.doors)):
            number = (node + place) % len(self.doors)
            door = self.doors[number]
            try:
                async with self._coming:
                    await loop.create_connection(
                        lambda number=number, door=door: Link(reader, number, door),  # type: ignore[misc]
                        "127.0.0.1",
                        door,
                    )
            except OSError:
                continue
            return True
        return False

    async def fetch(self, node: int, reader: Reader, *, after: int, upto: int) -> list[Heard] | None:
        """Events of a reader's stream by pages; None when it could not be had."""
        events: list[Heard] = []
        async with self._fetching:
            while after < upto:
                query: dict[str, Any] = {"stream": reader.stream, "after": after, "limit": min(PAGE, upto - after)}
                headers = {"Authorization": f"Bearer {self.token(reader.number)}"}
                url = f"http://127.0.0.1:{self.doors[node]}/api/events"
                try:
                    answer = await self._http.get(url, params=query, headers=headers)
                    page = answer.raise_for_status().json()["events"]
                except httpx.HTTPError:
                    return None
                if not page:
                    return None
                events += [heard_in_page(reader.stream, event) for event in page]
                after = events[-1].seq
        return events

    def note(self, event: Heard) -> None:
        """What a reader was told must be what the others were."""
        known = self.told.setdefault(event.stream, {}).setdefault(event.seq, event.digest)
        if known != event.digest:
            self.faults.note("other", f"{event.stream}: two readers were told a different {event.seq}")
        self.deliveries += 1
        self.late_s = max(self.late_s, time.time() - event.at / 1000)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._is_over:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sweep(self) -> None:
        """Who is not greeted in time tries again."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            too_old_s = asyncio.get_running_loop().time() - GREET_DEADLINE_S
            for reader in self.readers:
                for link in (reader.link, reader.spare):
                    if link is not None and link.stage in ("upgrading", "greeting") and link.opened_s < too_old_s:
                        self.late_greetings += 1
                        link.reset()


class Reader:
    """One who follows one stream. `link`: the connection that is heard; `spare`: the one that is to take its place."""

    def __init__(self, crowd: Crowd, number: int, stream: str, *, home: int) -> None:
        self.crowd = crowd
        self.number = number
        self.stream = stream
        self.home = home
        self.name = f"reader {number}"
        self.epoch = ""
        self.began = self.last = 0
        self.is_new = True
        self.link: Link | None = None
        self.spare: Link | None = None
        self._said_at: dict[int, int] = {}
        """Voice → when the newest it was told of it was said."""
        self._lost_s: float | None = None
        self._tries = 0
        self._is_coming = self._is_moving = False

    def position(self) -> object:
        return "head" if self.is_new else {"epoch": self.epoch, "seq": self.last}

    def hello(self) -> dict[str, object]:
        return {"type": "hello", "token": self.crowd.token(self.number), "streams": {self.stream: self.position()}}

    def begin(self, seq: int) -> None:
        self.began = self.last = seq
        self.is_new = False

    def has_heard_since(self, since_ms: float, voices: Collection[int]) -> bool:
        said_at = self._said_at
        return all(said_at.get(voice, 0) > since_ms for voice in voices)

    # --- what its links tell ----------------------------------------------------------------------------------------

    def hear(self, event: Heard, node: int) -> None:
        if event.seq <= self.last:  # the connection before this one told it while this one was made
            self.crowd.overlaps += 1
            return
        if event.seq != self.last + 1:
            self.crowd.faults.note("gap", f"{self.name} was told {event.seq} after {self.last}, on another connection")
        self.last = event.seq
        if event.voice >= 0:
            self._said_at[event.voice] = event.at
        self.crowd.note(event)

    def opened(self, link: Link) -> None:
        if self.link is None:
            self.link = link
        elif self.spare is None:
            self.spare = link
        else:
            link.close()

    def welcomed(self, link: Link) -> None:
        if link is self.spare:
            old, self.link, self.spare = self.link, link, None
            self.crowd.moves += 1
            if old is not None:
                old.close()

    def is_live(self, link: Link) -> None:
        self._tries = 0
        if self._lost_s is not None:
            self.crowd.back_s.append(time.perf_counter() - self._lost_s)
            self._lost_s = None

    def lost(self, link: Link) -> None:
        if link is self.spare:
            self.spare = None
        elif link is self.link:
            self.link, self.spare = self.spare, None
            if self._lost_s is None:
                self._lost_s = time.perf_counter()
            if self.link is None and not self._is_coming:
                self._is_coming = True
                self.crowd.spawn(self.come(after_s=reconnect_s(0, self.crowd.chance.random()), node=link.node))

    def told_to_leave(self, link: Link, *, after_s: float, window_s: float, to: int | None = None) -> None:
        if link is self.link and not self._is_moving:
            self._is_moving = True
            node = (link.node + 1) % len(self.crowd.doors) if to is None else to
            self.crowd.spawn(self._move(after_s + self.crowd.chance.random() * window_s, node))

    async def come(self, *, after_s: float = 0.0, node: int | None = None) -> None:
        self._is_coming = True
        await asyncio.sleep(after_s)
        while self.link is None:
            if not await self.crowd.connect(self, self.home if node is None else node):
                self._tries += 1
                await asyncio.sleep(reconnect_s(self._tries, self.crowd.chance.random()))
        self._is_coming = False

    async def _move(self, after_s: float, node: int) -> None:
        await asyncio.sleep(after_s)
        if self.link is not None:
            await self.crowd.connect(self, node)
        self._is_moving = False
