"""The people of a replay: authors who say their lines, readers who count what they are told.

An author says one line after the other, each when the one before is durable; a reply waits for the seq of what it
answers. Whoever follows the rooms counts every seq of every stream.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tertulia.cli.transcripts import Line
from tertulia.client import Client, Refused


class Script:
    """The lines, what has become of each, and how long its author waited. `rooms`: session → room."""

    def __init__(self, lines: Sequence[Line], rooms: dict[str, str]) -> None:
        self.lines = lines
        self.rooms = rooms
        self.said: list[asyncio.Future[int]] = [asyncio.get_running_loop().create_future() for _ in lines]
        """The seq of each line; 0 for one that was refused."""
        self.refused: dict[int, str] = {}
        self.waits_s: list[float] = []
        self.is_half_done = asyncio.Event()
        self.began_s = 0.0
        self.ended_s = 0.0

    def by_author(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, line in enumerate(self.lines):
            places.setdefault(line.by, []).append(place)
        return places

    @property
    def done(self) -> int:
        return len(self.waits_s) + len(self.refused)


async def speak(client: Client, script: Script, places: Sequence[int], *, due: Callable[[Line], float | None]) -> None:
    """One author's lines, in order. `due`: when a line is to be said (loop time), None for at once."""
    loop = asyncio.get_running_loop()
    for place in places:
        line = script.lines[place]
        if (at := due(line)) is not None:
            await asyncio.sleep(max(0.0, at - loop.time()))
        reply_to = None if line.reply_to is None else await asyncio.shield(script.said[line.reply_to]) or None
        began = time.perf_counter()
        try:
            accepted = await client.post(script.rooms[line.session], line.text, reply_to, patience_s=None)
        except Refused as refused:
            script.refused[place] = refused.code
            script.said[place].set_result(0)
        else:
            script.waits_s.append(time.perf_counter() - began)
            script.said[place].set_result(accepted.seq)
        script.ended_s = time.perf_counter()
        if script.done >= len(script.lines) // 2:
            script.is_half_done.set()


class Ears:
    """What one connection was told: how often each seq of each stream came, and where it began."""

    def __init__(self, client: Client, rooms: Sequence[str]) -> None:
        self.client = client
        self.heard: dict[str, Counter[int]] = {f"room/{room}": Counter() for room in rooms}
        self.began: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.count = 0
        self.at_s = 0.0
        """When the last event came."""
        self._waiting: tuple[dict[str, int], asyncio.Event] | None = None

    async def follow(self) -> None:
        for stream in self.heard:
            position = await self.client.follow(stream, "head")
            self.began[stream] = self.last[stream] = position.seq

    async def listen(self) -> None:
        async for event in self.client.events():
            self.heard[event.stream][event.seq] += 1
            self.last[event.stream] = event.seq
            self.count += 1
            self.at_s = time.perf_counter()
            if self._waiting is not None and event.seq >= self._waiting[0].get(event.stream, 0):
                self._look()

    async def reach(self, heads: dict[str, int]) -> None:
        """Wait until the end of every stream was heard."""
        self._waiting = (heads, asyncio.Event())
        self._look()
        await self._waiting[1].wait()

    def _look(self) -> None:
        assert self._waiting is not None, "called while somebody waits"
        heads, event = self._waiting
        if all(self.last[stream] >= head for stream, head in heads.items()):
            event.set()

    def faults(self, heads: dict[str, int]) -> list[str]:
        found = []
        for stream, head in heads.items():
            heard, expected = self.heard[stream], range(self.began[stream] + 1, head + 1)
            missing = [seq for seq in expected if not heard[seq]]
            twice = [seq for seq, times in heard.items() if times > 1]
            foreign = [seq for seq in heard if seq not in expected]
            for what, seqs in (("not told", missing), ("told twice", twice), ("told beyond the head", foreign)):
                if seqs:
                    found.append(f"{self.client.person}, {stream}: {what}: {len(seqs)}, the first at seq {seqs[0]}")
        return found
