"""What must be so when everything has healed and nothing is on its way any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from tertulia.domain.cohort import CohortState
from tertulia.domain.commands import CreateRoom
from tertulia.domain.decision import Decision
from tertulia.domain.events import EVENTS
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName, stream_kind, stream_owner
from tertulia.domain.refusals import Refusal
from tertulia.eventlog import Decided
from tests.simulation.fold import Fold
from tests.simulation.reader import Reader

STALE_S = 10.0

if TYPE_CHECKING:
    from tests.simulation.client import Client
    from tests.simulation.sender import Sent
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
    yield from _history(world)


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
            yield from _my_session(world, client, reader)


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


def _my_session(world: World, client: Client, reader: Reader) -> Iterator[str]:
    """What one voted for, answered and said of the pace."""
    room = RoomId(stream_owner(reader.stream))
    told, truth = reader.my_session, world.reading.my_session_now(room, client.person.id)
    if told != truth:
        yield f"{client.name} was last told that {told} is its own in {room}, but {truth} is"


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
        seen, true = sorted(reader.here), sorted(here[reader.stream])
        if seen != true:
            yield f"{client.name} sees {seen} in {reader.stream}: there are {true}"


def _cohorts(world: World) -> Iterator[str]:
    """What each node goes by when it looks who somebody is: the log's."""
    fold = Fold(world.cohort)
    for entries in (entries for commit in world.log.commits for entries in commit.effects):
        fold.take(entries)
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


def _history(world: World) -> Iterator[str]:
    """Each decision in the log is what the rules say on the states it follows; of the cohort a node may have known an
    older one, for a moment."""
    fold = Fold(world.cohort)
    for number, commit in enumerate(world.log.commits):
        for decided, entries in zip(commit.append.decisions, commit.effects, strict=True):
            sent = world.sent.get((decided.author, decided.key or ""))
            now = fold.cohort
            if sent is not None and not any(
                _is_right(_decide(fold, sent, decided, remembers=remembers), decided, sent)
                for fold.cohort in _lately(world, now, number)
                for remembers in (False, True)
            ):
                fold.cohort = now
                verdict = fold.decide(sent.command, sent.person, at=decided.at)
                yield f"{sent.command} became\n    {decided.events}\n  and should be\n    {verdict}"
            fold.cohort = now
            fold.take(entries)


def _lately(world: World, cohort: CohortState, number: int) -> Iterator[CohortState]:
    """The cohort as it is, and as it was some seconds ago and at each change since."""
    yield cohort
    commits = world.log.commits
    earlier = Fold(world.cohort)
    for commit in commits[:number]:
        if commit.at_s > commits[number].at_s - STALE_S:
            yield earlier.cohort
        earlier.take([e for entries in commit.effects for e in entries if stream_kind(e.stream).startswith("cohort")])


def _decide(fold: Fold, sent: Sent, decided: Decided, *, remembers: bool) -> Decision | Refusal:
    new_id = _drawn(decided)
    return fold.decide(sent.command, sent.person, at=decided.at, new_id=new_id, remembers=remembers)


def _drawn(decided: Decided) -> str:
    """What a node drew for the question that is asked here."""
    asked = (msgspec.json.decode(one.data).get("question") for one in decided.events)
    return next((question.removeprefix("q-") for question in asked if question), "x")


def _is_right(verdict: Decision | Refusal, decided: Decided, sent: Sent) -> bool:
    if isinstance(verdict, Refusal):
        return False
    said = [(one.stream, one.event) for one in verdict.happenings]
    done = [(one.stream, msgspec.json.decode(one.data, type=EVENTS[one.name])) for one in decided.events]
    if isinstance(sent.command, CreateRoom):  # the new room's id is drawn by the node
        return [type(event) for _, event in said] == [type(event) for _, event in done]
    return said == done
