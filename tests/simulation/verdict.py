"""What must be so when everything has healed and nothing is on its way any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName, stream_owner
from tests.simulation.check import Fold
from tests.simulation.reader import Reader

if TYPE_CHECKING:
    from tests.simulation.client import Client
    from tests.simulation.world import World


def unsettled(world: World) -> list[str]:
    """What is still on its way."""
    found = []
    for client in world.clients:
        if client.given_up is not None:
            continue
        if not client.is_settled:
            stages = {stream: reader.stage for stream, reader in client.readers.items() if reader.stage != "live"}
            open_ = list(client.sender.open)
            found.append(f"{client.name} does not settle: {client.stage} {stages} {open_}")
        for stream, reader in client.readers.items():
            head = world.log.head(stream)
            if reader.stage == "live" and reader.level == "full" and reader.seq != head:
                found.append(f"{client.name} has {stream} only up to {reader.seq} of {head}")
    return found


def at_the_end(world: World) -> Iterator[str]:
    for client in world.clients:
        for reader in client.readers.values():
            if reader.stage == "live" and client.given_up is None:
                yield from (_head if reader.level == "head" else _full)(world, client, reader)
    yield from presence(world)
    yield from _cohorts(world)
    yield from _effects(world)


def _head(world: World, client: Client, reader: Reader) -> Iterator[str]:
    told = reader.head
    unread = 0
    if reader.kind == "room":
        unread = world.reading.unread_now(client.person.id, RoomId(stream_owner(reader.stream))).unread
    if told is None or (told["seq"], told["unread"]) != (world.log.head(reader.stream), unread):
        yield f"{client.name} was last told {told}, but there are {unread} unread of {world.log.head(reader.stream)}"


def _full(world: World, client: Client, reader: Reader) -> Iterator[str]:
    yield from _slice(world, client, reader)
    if reader.view is not None:
        yield from _view(world, client, reader)
        if reader.kind == "room":
            yield from _mine(world, client, reader)


def _slice(world: World, client: Client, reader: Reader) -> Iterator[str]:
    seqs = [event["seq"] for event in reader.events]
    if seqs != list(range(reader.began + 1, world.log.head(reader.stream) + 1)):
        yield f"{client.name} holds {reader.stream} as {seqs}, begun at {reader.began}"


def _view(world: World, client: Client, reader: Reader) -> Iterator[str]:
    truth = _truth(world, reader)
    for field in truth.__struct_fields__:
        seen, is_so = getattr(reader.view, field), getattr(truth, field)
        if seen != is_so:
            yield f"{client.name} sees {reader.stream} with {field} {seen}, but it is {is_so}"


def _mine(world: World, client: Client, reader: Reader) -> Iterator[str]:
    """Which of the reactions shown are one's own."""
    room = RoomId(stream_owner(reader.stream))
    shown = [message.seq for message in reader.view.messages if not message.redacted]
    truth = world.reading.mine_now(room, client.person.id, shown)
    for message, own in truth.items():
        told = client.mine.get((room, message), [])
        if sorted(told) != sorted(own):
            yield f"{client.name} was last told that {told} are its own at {room} {message}, but {own} are"


def _truth(world: World, reader: Reader) -> Any:
    owner, reading = stream_owner(reader.stream), world.reading
    match reader.kind:
        case "room":
            found = reading.room_now(RoomId(owner))
        case "cohort":
            found = reading.cohort_now(CohortId(owner))
        case _:
            found = reading.user_now(PersonId(owner))
    assert found is not None, "what somebody followed exists"
    return found[1]


def presence(world: World) -> Iterator[str]:
    """Everybody knows who is in a room: the people of all devices that follow it, on whatever node."""
    here: dict[StreamName, set[str]] = {}
    rooms = [
        (client, reader)
        for client in world.clients
        for reader in client.readers.values()
        if client.stage == "open" and reader.kind == "room" and (reader.stage, reader.level) == ("live", "full")
    ]
    for client, reader in rooms:
        here.setdefault(reader.stream, set()).add(client.person.id)
    for client, reader in rooms:
        if reader.here != here[reader.stream]:
            there = sorted(here[reader.stream])
            yield f"{client.name} sees {sorted(reader.here)} in {reader.stream}: there are {there}"


def _cohorts(world: World) -> Iterator[str]:
    """What each node goes by when it looks who somebody is: the log's."""
    fold = Fold(world.cohort, None)
    for places in (places for commit in world.log.commits for places in commit.effects):
        fold.take(world.log, places)
    for host in world.hosts:
        state = host.flow.node.cohort_state(world.cohort) if host.flow else None
        if state is not None and state != fold.cohort:
            yield f"{host.bus.node_id} knows {state}, but the cohort is {fold.cohort}"


def _effects(world: World) -> Iterator[str]:
    """One for each accepted command, never two (what is refused was looked at when it was)."""
    counts: dict[tuple[str, str], int] = {}
    for commit in world.log.commits:
        for decided in commit.append.decisions:
            if decided.key is not None:
                place = (decided.author, decided.key)
                counts[place] = counts.get(place, 0) + 1
    for place, sent in world.sent.items():
        count = counts.get(place, 0)
        is_accepted = sent.ended is not None and sent.ended["type"] == "accepted"
        if count > 1 or (is_accepted and count != 1):
            yield f"{sent.command} was decided {count} times and answered {sent.ended}"
