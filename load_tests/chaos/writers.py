"""Those who talk: the real Python client, so that what is not answered is sent again by its key, over cuts and nodes.

Each says something at its pace and waits until it is accepted. A voice is a group of writers that come in by one door.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

import httpx

from load_tests.chaos.records import words
from load_tests.chaos.verdict import Acked
from tertulia.cli.tokens import issue_with
from tertulia.client import Client, Refused, new_key

ENDING_DEADLINE_S: Final = 60.0
ASK_EVERY_S: Final = 0.25


class Writers:
    """`acked`: all that was accepted; `refused`: texts refused for good."""

    def __init__(self, doors: Sequence[int], *, secret: bytes, cohort: str, rooms: Sequence[str], per_s: float) -> None:
        """`per_s`: messages a second of each voice in each room."""
        self._doors, self._rooms = doors, rooms
        self._secret, self._cohort = secret, cohort
        self._pause_s = 1 / per_s
        self._ends = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = asyncio.Event()
        self.clients: list[Client] = []
        self.acked: list[Acked] = []
        self.refused: list[str] = []
        self.waits_s: list[float] = []

    @property
    def voices(self) -> int:
        return len(self._doors)

    async def start(self) -> None:
        places = [(voice, room) for voice in range(len(self._doors)) for room in self._rooms]
        for writer, (voice, _) in enumerate(places):
            name = f"Writer {writer}"
            token = issue_with(self._secret, cohort=self._cohort, name=name, role="learner", hours=5.0).access
            client = Client(f"http://127.0.0.1:{self._doors[voice]}", token=token, deadline_s=60.0)
            self.clients.append(await self._ends.enter_async_context(client))
        for writer, (voice, room) in enumerate(places):
            self._tasks.append(asyncio.create_task(self._talk(self.clients[writer], voice, writer, room)))

    async def stop(self) -> None:
        """Each ends what it is saying; then they go."""
        self._is_over.set()
        async with asyncio.timeout(ENDING_DEADLINE_S):
            await asyncio.gather(*self._tasks)
        await self._ends.aclose()

    async def abandon(self) -> None:
        """Go, whatever is not answered yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ends.aclose()

    @property
    def resends(self) -> int:
        return sum(client.counts.resends for client in self.clients)

    async def _talk(self, client: Client, voice: int, writer: int, room: str) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._pause_s * writer / max(1, len(self.clients))
        number = 0
        while not self._is_over.is_set():
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            due_s = max(due_s + self._pause_s, loop.time())
            text = words(voice, writer, number)
            number += 1
            began = time.perf_counter()
            try:
                accepted = await client.post(room, text, patience_s=None)
            except Refused:
                self.refused.append(text)
            else:
                self.acked.append(Acked(accepted.stream, accepted.seq, text))
                self.waits_s.append(time.perf_counter() - began)


class Asker:
    """One who posts over HTTP, each text once, whatever is answered: what a node says while its log is away."""

    def __init__(self, door: int, *, number: int, secret: bytes, cohort: str, room: str) -> None:
        token = issue_with(secret, cohort=cohort, name=f"Asker {number}", role="learner", hours=5.0).access
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{door}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=httpx.Timeout(30.0),
        )
        self._number, self._room = number, room
        self.acked: list[Acked] = []
        self.later: list[str] = []
        self.otherwise: list[str] = []
        """Answers that are neither: what they were."""
        self.unknown = 0
        """Posts without an answer: they may have had an effect."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._http.aclose()

    async def _ask(self) -> None:
        number = 0
        while True:
            number += 1
            text = f"asker {self._number} {number}"
            body = {"type": "post_message", "id": 1, "key": new_key(), "room": self._room, "text": text}
            try:
                answer = await self._http.post("/api/commands", json=body)
            except httpx.TransportError:
                self.unknown += 1
            else:
                told = answer.json()
                if told.get("type") == "accepted":
                    self.acked.append(Acked(told["stream"], told["seq"], text))
                elif told.get("retry") == "later":
                    self.later.append(text)
                else:
                    self.otherwise.append(f"{answer.status_code} {told.get('code')}")
            await asyncio.sleep(ASK_EVERY_S)
