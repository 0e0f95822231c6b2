"""Those who talk: the real Python client, so that what is not answered is sent again by its key, over cuts and nodes.

Each says something at its pace and waits until it is accepted. A voice is a group of writers that come in by one door.
In every second room all voices are heard; in each of the others only one is, so that the nodes of the others hear of it
by nothing but the bus or a look at the log.
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
        self._doors = doors
        self._secret, self._cohort = secret, cohort
        self._pause_s = 1 / per_s
        self._places = [
            (voice, room)
            for number, room in enumerate(rooms)
            for voice in range(len(doors))
            if number % 2 == 0 or number // 2 % len(doors) == voice
        ]
        self.voices: dict[str, frozenset[int]] = {
            f"room/{room}": frozenset(voice for voice, where in self._places if where == room) for room in rooms
        }
        """Stream → who is heard in it."""
        self._ends = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = asyncio.Event()
        self.clients: list[Client] = []
        self.acked: list[Acked] = []
        self.refused: list[str] = []
        self.waits_s: list[float] = []

    async def start(self) -> None:
        for writer, (voice, _) in enumerate(self._places):
            name = f"Writer {writer}"
            token = issue_with(self._secret, cohort=self._cohort, name=name, role="learner", hours=5.0).access
            client = Client(f"http://127.0.0.1:{self._doors[voice]}", token=token, deadline_s=60.0)
            self.clients.append(await self._ends.enter_async_context(client))
        for writer, (voice, room) in enumerate(self._places):
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
        self._asking: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, *self._asking, return_exceptions=True)
        await self._http.aclose()

    async def _ask(self) -> None:
        """One after another, whether the one before was answered or not: what was on its way when the log went away
        is answered when it is back."""
        number = 0
        while True:
            number += 1
            task = asyncio.create_task(self._post(f"asker {self._number} {number}"))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
            await asyncio.sleep(ASK_EVERY_S)

    async def _post(self, text: str) -> None:
        body = {"type": "post_message", "id": 1, "key": new_key(), "room": self._room, "text": text}
        try:
            answer = await self._http.post("/api/commands", json=body)
        except httpx.TransportError:
            self.unknown += 1
            return
        told = answer.json()
        if told.get("type") == "accepted":
            self.acked.append(Acked(told["stream"], told["seq"], text))
        elif told.get("retry") == "later":
            self.later.append(text)
        else:
            self.otherwise.append(f"{answer.status_code} {told.get('code')}")
