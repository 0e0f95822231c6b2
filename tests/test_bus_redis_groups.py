"""The Redis bus with Sentinel and on a Cluster: the contract, and what becomes of it when masters die or slots move.

Goal: after a fail-over everybody hears everybody again, nothing wrong was delivered, and each bus was told to check.
Method: real servers (tests/redis_groups.py), kill -9 under traffic; then messages of each node reach the other on every
channel. How long it takes is Redis' own time to notice; the bound is only a safety net.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tertulia.bus import BusRefused
from tertulia.bus.partitions import SLOT_OF_TOPIC, topic_of
from tertulia.bus.redis import RedisBus
from tertulia.bus.redis_cluster import view_of
from tertulia.bus.redis_url import Host
from tertulia.bus.redis_wire import Unfit
from tests.redis_groups import Cluster, Sentinels
from tests.redis_server import RedisServer, free_port

pytest.register_assert_rewrite("tests.contracts.bus_contract")
from tests.contracts.bus_contract import BusContract, MakeBus, Node, Nodes, until  # noqa: E402

pytestmark = pytest.mark.redis

CHANNELS = [f"room/r{number}" for number in range(24)]
"""In so many partitions that every master has some."""


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    with Sentinels(tmp_path_factory.mktemp("sentinels")) as group:
        yield group


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as group:
        yield group


@pytest.fixture(params=["sentinels", "cluster"])
def group(request: pytest.FixtureRequest) -> Iterator[Sentinels | Cluster]:
    """Either, to be broken; whole again for the next."""
    one: Sentinels | Cluster = request.getfixturevalue(request.param)
    yield one
    one.heal()


@pytest.fixture
async def pair(group: Sentinels | Cluster) -> AsyncIterator[tuple[Node, Node]]:
    nodes = Nodes(lambda name: RedisBus(group.url, name))
    yield await nodes("ana", *CHANNELS), await nodes("ben", *CHANNELS)
    await nodes.stop()


async def talk_until_heard(ana: Node, ben: Node, *, after: int) -> int:
    """Both speak on all channels, again and again, until each has heard a later message than `after` on all of them."""
    seq = after

    def is_through() -> bool:
        nonlocal seq
        seq += 1
        for node in (ana, ben):
            for channel in CHANNELS:
                node.say(channel, seq, node.name.encode())
        return all(
            any(
                message.seq > after and message.node != node.name
                for message in node.received
                if message.channel == channel
            )
            for node in (ana, ben)
            for channel in CHANNELS
        )

    await until(is_through, "both are heard on all channels")
    return seq


def check_nothing_wrong_was_heard(*nodes: Node) -> None:
    for node in nodes:
        assert all(message.record == message.node.encode() for message in node.received)
        for channel in CHANNELS:
            for other in ("ana", "ben"):
                seqs = [m.seq for m in node.received if (m.channel, m.node) == (channel, other)]
                assert len(set(seqs)) > len(seqs) / 2, "what was told again is a batch, not a habit"


async def test_a_master_that_is_killed_under_traffic_is_replaced_and_everybody_hears_again(
    group: Sentinels | Cluster, pair: tuple[Node, Node]
) -> None:
    ana, ben = pair
    seq = await talk_until_heard(ana, ben, after=0)
    with structlog.testing.capture_logs() as logs:
        dead = await asyncio.to_thread(group.kill_master)
        await until(lambda: not ana.bus.is_connected and not ben.bus.is_connected, "the loss is noticed")
        seq = await talk_until_heard(ana, ben, after=seq)
        await until(lambda: ana.bus.is_connected and ben.bus.is_connected, "all is linked again")
        await until(lambda: ana.checks >= 1 and ben.checks >= 1, "both are told to check")
    assert [log["event"] for log in logs].count("bus_lost") == 2, "one line a node"
    masters = group.masters() if isinstance(group, Cluster) else [group.master]
    assert dead not in masters
    await talk_until_heard(ana, ben, after=seq)
    check_nothing_wrong_was_heard(ana, ben)


async def test_a_master_that_steps_down_by_order_is_left(group: Sentinels | Cluster, pair: tuple[Node, Node]) -> None:
    """Nobody dies: without `+switch-master`, roles and views one would stay with a replica."""
    ana, ben = pair
    if isinstance(group, Sentinels):
        before = group.master
        group.sentinels[1].ask_raw("SENTINEL", "FAILOVER", group.name)
        await asyncio.to_thread(group.wait_failover, before)
    else:
        before = group.masters()[1]
        replica = await asyncio.to_thread(group.replica_of, before)
        replica.ask_raw("CLUSTER", "FAILOVER")
        await asyncio.to_thread(group.wait_failover, before)
    address = f"127.0.0.1:{before.port}"
    await until(lambda: address not in shards_of(ana) | shards_of(ben), "the old one is left", deadline_s=40.0)
    await talk_until_heard(ana, ben, after=0)
    check_nothing_wrong_was_heard(ana, ben)


def shards_of(node: Node) -> set[str]:
    """Where its bus is linked to."""
    assert isinstance(node.bus, RedisBus)
    return {server.address for server in node.bus.servers()}


class TestOnSentinel(BusContract):
    @pytest.fixture
    def make_bus(self, sentinels: Sentinels) -> MakeBus:
        return lambda name: RedisBus(sentinels.url, name)


class TestOnCluster(BusContract):
    @pytest.fixture
    def make_bus(self, cluster: Cluster) -> MakeBus:
        return lambda name: RedisBus(cluster.url, name)


async def test_a_lost_shard_leaves_the_others_in_peace(cluster: Cluster) -> None:
    """A master without a replica dies: its partitions are silent until it is back, the others never notice."""
    nodes = Nodes(lambda name: RedisBus(cluster.url, name))
    ana, ben = await nodes("ana", *CHANNELS), await nodes("ben", *CHANNELS)
    victim = cluster.masters()[2]
    replica = cluster.replica_of(victim)
    (first, last), *_ = cluster.slots_of(victim)
    is_lost = {channel: first <= SLOT_OF_TOPIC[topic_of(channel)] <= last for channel in CHANNELS}
    assert set(is_lost.values()) == {True, False}
    replica.stop()
    victim.stop()
    await until(lambda: not ana.bus.is_connected and not ben.bus.is_connected, "the loss is noticed")
    for channel in CHANNELS:
        ana.say(channel, 1)
    living = [channel for channel in CHANNELS if not is_lost[channel]]
    await until(lambda: all(ben.seqs(channel) == [1] for channel in living), "the others go on")
    assert not any(ben.seqs(channel) for channel in CHANNELS if is_lost[channel])
    await asyncio.to_thread(cluster.heal)
    await until(lambda: all(ben.seqs(channel) for channel in CHANNELS), "what waited is told")
    assert ben.checks >= 1
    await nodes.stop()


async def test_a_partition_that_is_moved_is_followed(cluster: Cluster) -> None:
    """A slot changes hands, as in a resharding: Redis ends the subscriptions, publishing is answered with MOVED.
    Nothing that was said is lost, and nobody's link."""
    nodes = Nodes(lambda name: RedisBus(cluster.url, name))
    ana, ben = await nodes("ana", *CHANNELS), await nodes("ben", *CHANNELS)
    channel = CHANNELS[0]
    slot = SLOT_OF_TOPIC[topic_of(channel)]
    first, second, third = cluster.masters()
    for seq, master in enumerate((first, second, third, first), start=1):
        if not cluster.serves(master, slot):
            await asyncio.to_thread(cluster.move_slot, slot, master)
        for one in CHANNELS:
            ana.say(one, seq)
        await until(lambda seq=seq: all(seq in ben.seqs(one) for one in CHANNELS if one != channel), "the others go on")
        # It may have been told before ben followed; then the check that ben is asked for finds it in the log.
        await until(lambda seq=seq: seq in ben.seqs(channel) or ben.checks > 0, "it is followed")
    assert ana.bus.counts.reconnects == ben.bus.counts.reconnects == 0
    assert ana.bus.counts.dropped == 0
    for seq in range(5, 5_000):
        if ben.seqs(channel)[-1:] >= [5]:
            break
        ana.say(channel, seq)
        await asyncio.sleep(0.01)
    assert ben.seqs(channel)[-1] >= 5
    await nodes.stop()


# --- what is refused at the start -----------------------------------------------------------------------------------


async def refusal(url: str) -> str:
    with pytest.raises(BusRefused) as caught:
        await RedisBus(url, "ana").start(lambda message: None, lambda channels: None)
    assert "change-me" not in str(caught.value)
    return str(caught.value)


async def test_what_is_wrong_with_sentinels_is_said(sentinels: Sentinels) -> None:
    url = sentinels.url
    assert "knows no master named 'other'" in await refusal(url.replace("/tertulia?", "/other?"))
    assert "does not take the user or password" in await refusal(url + "x")
    assert "does not take the user or password" in await refusal(url.replace("change-me@", "wrong@"))
    assert "wants a password" in await refusal(url.partition("?")[0])
    replica = next(server for server in sentinels.servers if server.port != sentinels.master.port)
    assert "is a replica of 127.0.0.1:" in await refusal(replica.url)
    assert "is no sentinel" in await refusal(
        f"redis+sentinel://127.0.0.1:{replica.port}/m?sentinel_username=admin&sentinel_password=change-me-admin"
    )
    sentinel = sentinels.sentinels[0]
    assert "is a sentinel" in await refusal(f"redis://admin:change-me-admin@127.0.0.1:{sentinel.port}")
    assert "The sentinel at 127.0.0.1" in await refusal(f"redis+sentinel://127.0.0.1:{free_port()}/tertulia")


async def test_what_is_wrong_with_a_cluster_is_said(cluster: Cluster, tmp_path: Path) -> None:
    other_user = cluster.url.replace("tertulia-cluster:change-me-cluster", "tertulia:change-me")
    assert "does not take the user or password" in await refusal(cluster.url.replace("-cluster@", "-wrong@"))
    assert "does not allow what the bus needs" in await refusal(other_user)
    assert "cannot be reached" in await refusal(f"redis+cluster://127.0.0.1:{free_port()}")
    options = {"cluster-enabled": "yes", "cluster-port": str(free_port()), "rename-command": "SPUBLISH GONE"}
    with RedisServer(tmp_path, options=options) as alone:
        url = f"redis+cluster://127.0.0.1:{alone.port}"
        assert "has no master for 128 of 128 partitions" in await refusal(url)
        alone.ask_raw("CLUSTER", "ADDSLOTSRANGE", "0", "16000")
        assert "has no master for 3 of 128 partitions" in await refusal(url)
        alone.ask_raw("CLUSTER", "ADDSLOTSRANGE", "16001", "16383")
        assert "has no sharded pub/sub" in await refusal(url)


async def test_a_single_server_is_no_cluster(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        assert "is not part of a cluster" in await refusal(f"redis+cluster://127.0.0.1:{server.port}")


def test_a_node_that_does_not_know_its_own_name_is_where_it_was_asked() -> None:
    asked = Host("redis.example", 7000)
    info = b"cluster_state:ok\r\ncluster_current_epoch:7\r\n"
    view = view_of(info, [[0, 16383, [b"", 7001, b"id"], [None, 7002]]], asked=asked)
    assert view.epoch == 7
    assert set(view.hosts.values()) == {Host("redis.example", 7001)}
    assert view.nodes == (Host("redis.example", 7001), Host("redis.example", 7002))


@pytest.mark.parametrize(
    ("info", "slots"),
    [(b"", []), (1, []), (b"cluster_current_epoch:1", 3), (b"cluster_current_epoch:1", [[0, 16383, []]])]
    + [(b"cluster_current_epoch:1", [[0, 16383, [b"h", port]]]) for port in (0, 70_000, b"abc", None)],
)
def test_what_is_no_answer_of_a_cluster_is_refused(info: object, slots: object) -> None:
    with pytest.raises(Unfit, match="does not answer like a node"):
        view_of(info, slots, asked=Host("redis.example", 7000))
