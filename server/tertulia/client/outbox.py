"""Commands that are not answered yet. Pure: told the time, handed chance.

A command stays until it is accepted, or refused with `never` or `reload`. After a reconnect all that were sent are sent
again, in their order, with their keys. One refused with `later` waits, and with it the younger ones of its lane (room,
cohort or own markers), so that they keep their order as far as the server has not taken them already.
"""

from __future__ import annotations

from bisect import insort

from tertulia.client import limits
from tertulia.client.counts import Counts
from tertulia.client.waiting import later_s
from tertulia.domain.command import RoomCommand
from tertulia.domain.commands import AnyCommand, MarkRead
from tertulia.wire.records import Refused


def lane_of(command: AnyCommand) -> str:
    """Commands of one lane are decided in the order they were sent."""
    if isinstance(command, MarkRead):
        return "me"
    return f"room/{command.room}" if isinstance(command, RoomCommand) else "cohort"


class Waiting:
    """One command. `due_s`: not before then. `give_up_s`: when the program's patience is over, once it had to wait."""

    __slots__ = ("due_s", "give_up_s", "id", "is_sent", "lane", "patience_s", "payload", "tries")

    def __init__(self, id: int, payload: bytes, lane: str, patience_s: float | None) -> None:
        self.id = id
        self.payload = payload
        self.lane = lane
        self.patience_s = patience_s
        self.is_sent = False
        self.due_s = 0.0
        self.give_up_s: float | None = None
        self.tries = 0


class Outbox:
    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._waiting: dict[int, Waiting] = {}
        self._unsent: list[int] = []
        self._looked_s = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= limits.outbox_commands_max

    def add(self, waiting: Waiting) -> None:
        """Ids are given in rising order: they are the order of the commands."""
        self._waiting[waiting.id] = waiting
        insort(self._unsent, waiting.id)

    def next(self, *, now_s: float, in_flight_max: int) -> list[bytes]:
        """What is to be sent now. It then counts as in flight."""
        self._looked_s = now_s
        room = in_flight_max - (len(self._waiting) - len(self._unsent))
        payloads: list[bytes] = []
        blocked = set[str]()
        left: list[int] = []
        for place, id in enumerate(self._unsent):
            if len(payloads) >= room:
                left += self._unsent[place:]
                break
            waiting = self._waiting[id]
            if waiting.due_s > now_s or waiting.lane in blocked:
                blocked.add(waiting.lane)
                left.append(id)
                continue
            waiting.is_sent = True
            payloads.append(waiting.payload)
        self._unsent = left
        return payloads

    def accepted(self, id: int) -> bool:
        """Whether it was waited for."""
        waiting = self._waiting.pop(id, None)
        if waiting is not None and not waiting.is_sent:
            self._unsent.remove(id)
        return waiting is not None

    def refused(self, record: Refused, *, now_s: float, chance: float) -> bool:
        """Whether that is the last word. If not, it is sent again later."""
        waiting = self._waiting.get(record.id or 0)
        if waiting is None:
            return False
        if record.retry == "later":
            wait_s = later_s(waiting.tries, record.after, chance)
            if waiting.give_up_s is None and waiting.patience_s is not None:
                waiting.give_up_s = now_s + waiting.patience_s
            if waiting.give_up_s is None or now_s + wait_s <= waiting.give_up_s:
                waiting.tries += 1
                waiting.due_s = now_s + wait_s
                self._unsend(waiting)
                return False
        return self.accepted(waiting.id)

    def withdraw(self, id: int) -> None:
        """The program no longer waits for it. One that was sent stays: its effect must not depend on a lost reply."""
        waiting = self._waiting.get(id)
        if waiting is not None and not waiting.is_sent:
            self.accepted(id)

    def link_lost(self) -> None:
        """All that were sent are to be sent again."""
        for waiting in self._waiting.values():
            self._unsend(waiting)

    def next_due_s(self) -> float | None:
        """When something that waits for its time is due; None when nothing does. What became due after the last look
        is due still: asked by the clock of now it would wait for the next look, whenever that is."""
        dues = [due for id in self._unsent if (due := self._waiting[id].due_s) > self._looked_s]
        return min(dues, default=None)

    def _unsend(self, waiting: Waiting) -> None:
        if waiting.is_sent:
            waiting.is_sent = False
            self._counts.resends += 1
            insort(self._unsent, waiting.id)
