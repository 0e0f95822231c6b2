"""The model log with a hand on it: what is asked waits, fails or is overtaken exactly when a test says so.

    log = HandLog()
    log.hold("append")                 # from now on appends wait before they are written
    log.once("read", theirs)           # the next read finds that this has happened just before
    log.fail("appended", LogFull())    # the next append is written, and its answer is lost

Points: `append` (before it is written), `appended` (after it), `read`, `heads`, `read answered`, `heads answered` (it
was looked at, and the answer is on its way), `receipts`, `checkpoint`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tertulia.domain.event import Event
from tertulia.domain.ids import PersonId, StreamName
from tertulia.eventlog import Append, Appended, Checkpoint, Conflict, Decided, Duplicates, Planned, Receipt
from tertulia.wire.stored import Entry, encode_event
from tests.simulation.model_log import ModelLog

TURNS = 30


async def turns(count: int = TURNS) -> None:
    """Let all that is ready run; enough turns for what these tests set going."""
    for _ in range(count):
        await asyncio.sleep(0)


class HandLog(ModelLog):
    """`asked`: the points passed so far. `appends`: what was asked to be appended, written or not."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.appends: list[Append] = []
        self.reads: list[tuple[StreamName, int]] = []
        self._holding: set[str] = set()
        self._held: list[tuple[str, asyncio.Future[None]]] = []
        self._once: dict[str, list[Callable[[], object]]] = {}
        self._failures: dict[str, list[Exception]] = {}

    # --- the test's hand --------------------------------------------------------------------------------------------

    def hold(self, point: str) -> None:
        self._holding.add(point)

    async def let(self, point: str) -> None:
        """What is held there goes on, and is held there no more."""
        self._holding.discard(point)
        for at, waiting in self._held:
            if at == point and not waiting.done():
                waiting.set_result(None)
        self._held = [(at, waiting) for at, waiting in self._held if at != point]
        await turns()

    def once(self, point: str, work: Callable[[], object]) -> None:
        self._once.setdefault(point, []).append(work)

    def fail(self, point: str, error: Exception, *, times: int = 1) -> None:
        self._failures.setdefault(point, []).extend([error] * times)

    def happens(
        self, stream: StreamName, *events: Event, by: str = "them", at: int = 1, key: str | None = None
    ) -> None:
        """Another node writes this, and nobody is told."""
        planned = tuple(Planned(stream, PersonId(by), *encode_event(event)) for event in events)
        outcome = self.commit(Append([Decided(PersonId(by), key, b"", at, stream, planned)], {}))
        assert isinstance(outcome, Appended), outcome

    # --- the port ---------------------------------------------------------------------------------------------------

    async def append(self, append: Append) -> Appended | Conflict | Duplicates:
        self.appends.append(append)
        await self._pass("append")
        outcome = await super().append(append)
        await self._pass("appended")
        return outcome

    async def read(self, stream: StreamName, *, after: int, limit: int) -> list[Entry]:
        self.reads.append((stream, after))
        await self._pass("read")
        entries = await super().read(stream, after=after, limit=limit)
        if "read answered" in self._holding:
            await self._pass("read answered")
        return entries

    async def heads(self, streams: Sequence[StreamName]) -> dict[StreamName, int]:
        await self._pass("heads")
        heads = await super().heads(streams)
        if "heads answered" in self._holding:
            await self._pass("heads answered")
        return heads

    async def receipts(self, author: PersonId, keys: Sequence[str]) -> dict[str, Receipt]:
        await self._pass("receipts")
        return await super().receipts(author, keys)

    async def checkpoint(self, owner: StreamName, *, version: int) -> Checkpoint | None:
        await self._pass("checkpoint")
        return await super().checkpoint(owner, version=version)

    async def _pass(self, point: str) -> None:
        self.asked.append(point)
        if point in self._holding:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._held.append((point, waiting))
            await waiting
        if works := self._once.get(point):
            works.pop(0)()
        if failures := self._failures.get(point):
            raise failures.pop(0)
