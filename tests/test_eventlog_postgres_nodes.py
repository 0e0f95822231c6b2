"""Several nodes on one PostgreSQL log: one order, no deadlock, no hole, one effect per key."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, StreamName
from tertulia.eventlog import Append, Appended, Checkpoint, Conflict, Duplicates
from tertulia.eventlog.postgres import PostgresLog
from tertulia.eventlog.postgres_link import Address, Link
from tests.postgres_server import PostgresServer, postgres

pytest.register_assert_rewrite("tests.contracts.log_contract")
from tests.contracts.log_contract import ANA, ROOM, appended, decided, entries_of, planned, post  # noqa: E402

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

MakeNodes = Callable[[int], Awaitable[list[PostgresLog]]]
STREAMS = [StreamName(f"room/r{number}") for number in range(50)]


@pytest.fixture
async def nodes(postgres: PostgresServer) -> AsyncIterator[MakeNodes]:
    """`await nodes(n)`: that many on one new database, opened at once."""
    url = postgres.empty_database()
    opened: list[PostgresLog] = []

    async def make(number: int) -> list[PostgresLog]:
        made = await asyncio.gather(*(PostgresLog.open(url, cluster="school") for _ in range(number)))
        opened.extend(made)
        return made

    yield make
    await asyncio.gather(*(log.close() for log in opened))


async def test_ten_nodes_start_at_once_on_an_empty_database(nodes: MakeNodes) -> None:
    logs = await nodes(10)
    assert len({log.epoch for log in logs}) == 1
    outcomes = await asyncio.gather(*(log.append(Append([post()], {})) for log in logs))
    assert sorted(o.receipts[0].seq for o in outcomes if isinstance(o, Appended)) == list(range(1, 11))


async def test_nodes_that_write_to_the_same_streams_never_deadlock_nor_leave_a_hole(
    nodes: MakeNodes, postgres: PostgresServer
) -> None:
    """Each append goes to several of fifty streams, named in an order of its own, with a checkpoint of any of them."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)
    logs = await nodes(3)
    acked: list[Appended] = []

    async def write(log: PostgresLog, name: str) -> None:
        for number in range(40):
            streams = chance.sample(STREAMS, chance.randint(1, 6))
            one = decided(*(planned(stream, f"{name}-{number}") for stream in streams), key=f"{name}-{number}")
            checkpoint = Checkpoint(chance.choice(STREAMS), 1, {streams[0]: number}, b"state")
            outcome = await log.append(Append([one], {}, checkpoint))
            assert isinstance(outcome, Appended), outcome
            acked.append(outcome)

    await asyncio.gather(*(write(log, f"{n}-{m}") for n, log in enumerate(logs) for m in range(10)))
    written = [entry for outcome in acked for entry in outcome.entries]
    heads = await logs[0].heads(STREAMS)
    assert sum(heads.values()) == len(written)
    for stream in STREAMS:
        mine = sorted((entry for entry in written if entry.stream == stream), key=lambda entry: entry.seq)
        assert [entry.seq for entry in mine] == list(range(1, heads[stream] + 1))
        assert await entries_of(logs[1], stream) == mine
    assert "deadlock" not in postgres.output


async def test_checkpoints_of_streams_that_are_not_locked_are_kept_in_one_order(
    nodes: MakeNodes, postgres: PostgresServer
) -> None:
    """Each node writes to a stream of its own and names three owners, in opposite orders. The middle one is held until
    both wait for it: had they taken them as named, each would hold what the other needs next."""
    logs = await nodes(2)
    owners = [StreamName(f"room/o{number}") for number in range(3)]

    def keep() -> list[Awaitable[object]]:
        return [
            log.append(Append([post(STREAMS[n])], {}, Checkpoint(owner, 1, {owner: 1}, b"state")))
            for n, log in enumerate(logs)
            for owner in (owners, owners[::-1])[n]
        ]

    await asyncio.gather(*keep())
    async with await psycopg.AsyncConnection.connect(postgres.url(postgres.last_database)) as held:
        await held.execute("SELECT FROM tertulia.checkpoint WHERE owner = %s FOR UPDATE", [owners[1]])
        waiting = keep()
        while postgres.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != [(2,)]:
            await asyncio.sleep(0.02)
    assert all(isinstance(outcome, Appended) for outcome in await asyncio.gather(*waiting))
    assert "deadlock" not in postgres.output


async def test_writers_that_expect_a_head_conflict_and_go_through_all_the_same(nodes: MakeNodes) -> None:
    logs = await nodes(2)

    async def write(log: PostgresLog, name: str) -> int:
        head, conflicts = 0, 0
        for number in range(40):
            while isinstance(
                outcome := await log.append(Append([post(text=f"{name}-{number}")], {ROOM: head})), Conflict
            ):
                conflicts += 1
                head = outcome.heads[ROOM]
            assert isinstance(outcome, Appended)
            head = outcome.receipts[0].seq
        return conflicts

    conflicts = await asyncio.gather(*(write(log, f"{n}") for n, log in enumerate(logs)))
    entries = await entries_of(logs[0], ROOM)
    assert [entry.seq for entry in entries] == list(range(1, 81))
    assert sum(conflicts) > 0


async def test_a_node_sees_at_once_what_another_wrote(nodes: MakeNodes) -> None:
    ana, ben = await nodes(2)
    for head, (log, other) in enumerate(((ana, ben), (ben, ana), (ana, ben))):
        await appended(log, post(), room=head)
        assert await other.heads([ROOM]) == {ROOM: head + 1}
        assert len(await entries_of(other, ROOM)) == head + 1


async def test_a_key_has_one_effect_whichever_node_it_comes_to_and_whichever_stream_it_names(
    nodes: MakeNodes, postgres: PostgresServer
) -> None:
    """The streams differ, so that no lock keeps the second from trying; half of the keys are sent in another order."""
    logs = await nodes(2)
    for round_ in range(10):
        keys = [f"key-{round_}-{number}" for number in range(20)]
        appends = [
            log.append(Append([decided(planned(STREAMS[n]), key=key)], {}))
            for n, log in enumerate(logs)
            for key in (keys, keys[::-1])[n]
        ]
        outcomes = await asyncio.gather(*appends)
        first = {r.stream: r for o in outcomes if isinstance(o, Appended) for r in o.receipts}
        assert sum(isinstance(outcome, Appended) for outcome in outcomes) == len(keys)
        assert sum(isinstance(outcome, Duplicates) for outcome in outcomes) == len(keys)
        receipts = await logs[0].receipts(ANA, keys)
        assert set(receipts) == set(keys)
        assert {receipt.stream for receipt in receipts.values()} == set(first)
    heads = await logs[0].heads(STREAMS[:2])
    assert sum(heads.values()) == 200
    assert "deadlock" not in postgres.output


async def test_a_node_that_stopped_within_a_transaction_does_not_hold_up_the_others(
    nodes: MakeNodes, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the row's lock and says nothing more; the server ends it after a while, and the others go on."""
    monkeypatch.setattr(limits, "log_idle_in_transaction_s", 0.5)
    (log,) = await nodes(1)
    await appended(log, post())
    stuck = await Link.open(Address(postgres.url(postgres.last_database)))
    await stuck.connection.execute("BEGIN")
    await stuck.connection.execute("SELECT FROM tertulia.stream FOR UPDATE")
    await appended(log, post(), room=1)
    with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
        await stuck.connection.execute("SELECT")
    await stuck.close()


async def test_who_wrote_last_keeps_the_checkpoint_and_people_are_kept_apart(nodes: MakeNodes) -> None:
    ana, ben = await nodes(2)
    await ana.append(Append([post()], {ROOM: 0}, Checkpoint(ROOM, 1, {ROOM: 1}, b"ana")))
    await ben.append(Append([post()], {ROOM: 1}, Checkpoint(ROOM, 1, {ROOM: 2}, b"ben")))
    assert await ana.checkpoint(ROOM, version=1) == Checkpoint(ROOM, 1, {ROOM: 2}, b"ben")
    assert await ana.receipts(PersonId("p-ben"), ["own-1"]) == {}
