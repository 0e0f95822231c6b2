"""What a person does with their client while a run lasts: says something, changes something, looks elsewhere."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from tertulia.domain.commands import PostMessage
from tertulia.domain.ids import RoomId, room_stream
from tests.simulation.client import Client


class Script:
    """`acts` deeds at random moments in `active_s`."""

    def __init__(self, client: Client, *, random: Random, rooms: list[RoomId], acts: int, active_s: float) -> None:
        self._client = client
        self._random = random
        self._rooms = rooms
        loop = asyncio.get_running_loop()
        for at_s in sorted(random.uniform(0.2, active_s) for _ in range(acts)):
            loop.call_later(at_s, self._act)

    def begin(self) -> None:
        for room in self._rooms:
            self._client.follow(room_stream(room), origin=self._random.choice(["position", "head"]))

    def _act(self) -> None:
        room = self._random.choice(self._rooms)
        self._client.give(PostMessage, room=room, text=self._text())

    def _text(self) -> str:
        return f"{self._client.name} says {self._random.getrandbits(40):010x} " + "word " * self._random.randint(0, 60)


def later(script: Script, *_: Any) -> None: ...
