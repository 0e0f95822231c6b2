"""What one client has said and not been answered for good: its outbox, kept over cuts and restarts of the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tertulia.domain.command import Command
from tertulia.domain.ids import PersonId

if TYPE_CHECKING:
    from tests.simulation.client import Client


class Sent(msgspec.Struct):
    """A command from its making to its end. `ended`: the last answer, `accepted` or `refused` for good.
    `commits_before`: how many appends the log had seen when it was made; what is decided about it is true after one of
    them or later."""

    person: PersonId
    command: Any
    commits_before: int
    copies_s: list[float] = []
    """When it was sent over the present connection, each time it is unanswered; the oldest first."""
    ended: dict[str, Any] | None = None
    then: Callable[[dict[str, Any]], None] | None = None
    """What to do when it is accepted."""


class Sender:
    """`open` is by request id. What is refused with `later` is sent again; so is everything after a cut."""

    def __init__(self, client: Client) -> None:
        self.open: dict[int, Sent] = {}
        self._client = client
        self._loop = asyncio.get_running_loop()

    def give(
        self,
        make: Callable[..., Command],
        then: Callable[[dict[str, Any]], None] | None = None,
        **fields: Any,
    ) -> None:
        """Make a command with a key of its own, keep it, send it if there is a link."""
        client, world = self._client, self._client.world
        id = client.next_id()
        command = make(id=id, key=f"{client.name}-key-{id:04d}", **fields)
        sent = self.open[id] = Sent(client.person.id, command, len(world.log.commits), then=then)
        world.sent[client.person.id, command.key] = sent
        client.note("gives", _brief(command))
        self.send(id)

    def send(self, id: int) -> None:
        """If it is still unanswered, and there is somebody to send it to."""
        if self._client.stage == "open" and id in self.open:
            self.open[id].copies_s.append(self._loop.time())
            self._client.send(self.open[id].command)

    def cut(self) -> None:
        """What was sent over the connection is not answered any more."""
        for sent in self.open.values():
            sent.copies_s.clear()

    def send_all(self) -> None:
        for id in list(self.open):
            self.send(id)

    def post(self) -> None:
        """The oldest by HTTP, to whatever node; perhaps it is on its way over a socket as well."""
        hosts = [host for host in self._client.world.hosts if host.is_accepting]
        if self.open and hosts:
            id, sent = next(iter(self.open.items()))
            self._client.note("posts", id)
            host, sent_s = self._client.random.choice(hosts), self._loop.time()
            asked = host.post(self._client.world.token(self._client.person), sent.command)
            asked.add_done_callback(lambda done: self._answered(done, sent_s))

    def accepted(self, record: dict[str, Any]) -> None:
        sent = self.open.pop(record["id"], None)
        if sent is not None:
            sent.ended = record
            dup = ["dup"] if record.get("dup") else []
            self._client.note("accepted", record["id"], record["stream"], record["seq"], *dup)
            self._client.world.check.accepted(self._client, sent, record)
            if sent.then is not None:
                sent.then(record)

    def refused(self, record: dict[str, Any], *, sent_s: float | None = None) -> None:
        """`sent_s`: when what this answers was sent, if it was by HTTP. Over a connection it is the oldest copy; but
        a `later` may be told before older copies are decided, so it is taken for the newest's."""
        sent = self.open.get(record.get("id", -1))
        if sent is None:
            return
        id, is_later = sent.command.id, record["retry"] == "later"
        if sent_s is None:
            sent_s = sent.copies_s.pop(-1 if is_later else 0)
        if is_later:
            wait_s = record.get("after", 300) / 1000 + self._client.random.random() * 0.2
            self._loop.call_later(min(wait_s, 5.0), self.send, id)
            return
        del self.open[id]
        sent.ended = record
        self._client.world.check.refused(self._client, sent, record, sent_s=sent_s)

    def _answered(self, asked: asyncio.Task[dict[str, Any]], sent_s: float) -> None:
        if asked.cancelled() or asked.exception() is not None:
            return  # the connection broke; it is still in the outbox
        record = asked.result()
        self._client.note("answered", record.get("id"), record.get("code", ""))
        if record["type"] == "accepted":
            self.accepted(record)
        else:
            self.refused(record, sent_s=sent_s)


def _brief(command: Any) -> str:
    fields = {name: value for name in command.__struct_fields__ if (value := getattr(command, name)) not in (None, "")}
    return " ".join([type(command).__name__, *(f"{name}={str(value)[:28]}" for name, value in fields.items())])
