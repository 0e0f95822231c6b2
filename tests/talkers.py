"""People who talk in one room through the Python client, what they hear, and how that is compared with the log."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import httpx

from tertulia.client import Client, Event, Stopped
from tests.servers import Server

DEADLINE_S = 60.0


class Person:
    """Somebody on one node, who writes down every event of the room. `states`: of their connection."""

    def __init__(self, name: str, client: Client, *, room: str = "general", states: list[str] | None = None) -> None:
        self.name = name
        self.client = client
        self.room = room
        self.states = states if states is not None else []
        self.heard: list[Event] = []
        self._task: asyncio.Task[None] | None = None

    def listen(self) -> None:
        self.client.follow(f"room/{self.room}", after="head")
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with suppress(Stopped):
            async for event in self.client.events():
                self.heard.append(event)

    async def speak(self, count: int) -> list[int]:
        """Post one after another; the seqs that were acked."""
        return [(await self.client.post(self.room, f"{self.name} {number}")).seq for number in range(count)]

    async def speak_until(self, enough: asyncio.Event, *, pause_s: float) -> list[int]:
        """As `speak`, with pauses, until it is enough."""
        seqs: list[int] = []
        while not enough.is_set():
            seqs.append((await self.client.post(self.room, f"{self.name} {len(seqs)}")).seq)
            await asyncio.sleep(pause_s)
        return seqs

    async def is_sent_away(self) -> None:
        assert self._task is not None, "they listen"
        await self._task

    async def hears(self, seq: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not self.heard or self.heard[-1].seq < seq:
                await asyncio.sleep(0.02)


async def arrive(
    stack: AsyncExitStack, server: Server, name: str, *, url: str | None = None, room: str = "general"
) -> Person:
    """`url`: another way in than the server's own."""
    token, refresh = server.token(name), server.refresh_token(name)
    states: list[str] = []
    client = Client(url or server.url, token=token, refresh=refresh, on_state=states.append)
    person = Person(name, await stack.enter_async_context(client), room=room, states=states)
    person.listen()
    return person


async def log_of(server: Server, room: str = "general") -> list[dict[str, object]]:
    """All events of the room, as the API pages them."""
    events: list[dict[str, object]] = []
    headers = {"Authorization": f"Bearer {server.token('Auditor', role='observer')}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as http:
        while True:
            query = {"stream": f"room/{room}", "after": str(len(events)), "limit": "500"}
            page = (await http.get("/api/events", params=query)).raise_for_status().json()
            events += page["events"]
            if not page["events"]:
                return events


def check(people: list[Person], acked: dict[str, list[int]], log: list[dict[str, object]], *, posts_each: int) -> None:
    """Everybody's list is the log's, and each acked post stands where its author was told, once; nothing else does."""
    check_heard(people, acked, log)
    assert {len(seqs) for seqs in acked.values()} == {posts_each}
    assert len(_texts(log)) == len(people) * posts_each, "each post is there exactly once"


def check_heard(people: list[Person], acked: dict[str, list[int]], log: list[dict[str, object]]) -> None:
    """As `check`, in a room where others talk too."""
    order = {int(str(entry["seq"])): entry for entry in log}
    assert list(order) == list(range(1, len(log) + 1))
    for person in people:
        seqs = [event.seq for event in person.heard]
        assert seqs == list(range(seqs[0], len(log) + 1)), f"{person.name} heard a hole, a repeat or too little"
        for event in person.heard:
            assert event.data == order[event.seq]["data"]
    texts = _texts(log)
    assert len(texts) == len(set(texts)), "no post is there twice"
    for name, seqs in acked.items():
        assert [order[seq]["data"]["text"] for seq in seqs] == [f"{name} {n}" for n in range(len(seqs))]  # type: ignore[index]


def _texts(log: list[dict[str, object]]) -> list[str]:
    return [str(entry["data"]["text"]) for entry in log if entry["name"] == "message_posted"]  # type: ignore[index]
