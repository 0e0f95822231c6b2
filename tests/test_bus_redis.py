"""The Redis bus keeps the contract over a real redis-server, and outlives it: cut, restarted, paused, stopped."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import structlog
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError

from tertulia.bus import BusCounts, BusMessage, BusRefused, redis_link
from tertulia.bus.framing import frame, unframe
from tertulia.bus.redis import RedisBus
from tertulia.bus.redis_link import Link, Wishes
from tertulia.bus.redis_queue import Queue, Told
from tertulia.bus.redis_shard import pauses_s
from tertulia.bus.redis_url import target_of
from tertulia.bus.redis_wire import Address, Wire, deadline
from tertulia.domain import limits
from tertulia.domain.ids import StreamName
from tests.redis_server import USERS, RedisServer, free_port

pytest.register_assert_rewrite("tests.contracts.bus_contract")
from tests.contracts.bus_contract import BusContract, MakeBus, Node, Nodes, until  # noqa: E402

PASSWORD = "corrrect-horse"
FOUND_OUT_S = limits.bus_check_s * 2 + limits.bus_deadline_s + 10.0
"""How long a Redis that does not answer may go unnoticed, with a wide margin for a busy machine."""
TURNS_MAX = 100
"""Of the loop. Who waits for no deadline is through after a few, on a busy machine too; a second has thousands."""


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """One to be broken."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
async def node(redis_server: RedisServer) -> AsyncIterator[Nodes]:
    nodes = Nodes(lambda name: RedisBus(redis_server.url, name))
    yield nodes
    await nodes.stop()


@pytest.fixture(scope="module")
def users_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """With the users of docs/examples."""
    with RedisServer(tmp_path_factory.mktemp("redis-users"), options=USERS) as server:
        yield server


class TlsRedis(NamedTuple):
    server: RedisServer
    url: str
    """Without the certificate of whom to trust."""
    certificate: Path

    @property
    def trusting_url(self) -> str:
        return f"{self.url}?ssl_ca_certs={self.certificate}"


@pytest.fixture(scope="module")
def tls_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsRedis]:
    """With a certificate of its own making."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("redis-tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    port = free_port()
    options = {"tls-port": str(port), "tls-cert-file": str(certificate), "tls-key-file": str(key)}
    with RedisServer(folder, options={**USERS, **options, "tls-auth-clients": "no"}) as server:
        yield TlsRedis(server, f"rediss://tertulia:change-me@127.0.0.1:{port}", certificate)


@pytest.mark.redis
class TestRedisBus(BusContract):
    @pytest.fixture
    def make_bus(self, users_redis: RedisServer) -> MakeBus:
        return lambda name: RedisBus(users_redis.url, name, deployment="school")


@pytest.mark.redis
class TestRedisBusOverTls(BusContract):
    @pytest.fixture
    def make_bus(self, tls_redis: TlsRedis) -> MakeBus:
        return lambda name: RedisBus(tls_redis.trusting_url, name)


async def turns_of(work: Coroutine[Any, Any, None]) -> int:
    """Do it; how many turns of the loop it took. No clock: a machine that stands still takes no turns."""
    doing, turns = asyncio.ensure_future(work), 0
    while not doing.done():
        turns += 1
        await asyncio.sleep(0)
    await doing
    return turns


async def healed(*nodes: Node, reconnects: int = 1) -> None:
    await until(
        lambda: all(one.bus.is_connected and one.bus.counts.reconnects >= reconnects for one in nodes),
        "all nodes are connected again",
    )


async def heard(ana: Node, ben: Node, channel: str, seq: int) -> None:
    """A message of one node reaches the other."""
    ana.say(channel, seq)
    await until(lambda: seq in ben.seqs(channel), f"{ana.name} is heard by {ben.name}")


async def heard_again(ana: Node, ben: Node, channel: str, after: int) -> None:
    """Messages of one node reach the other in the end, though the connection may still be on its way down."""
    give_up_at = time.monotonic() + 20.0
    seq = after
    while not any(one > after for one in ben.seqs(channel)):
        assert time.monotonic() < give_up_at, f"{ana.name} is not heard by {ben.name} again"
        seq += 1
        ana.say(channel, seq)
        await asyncio.sleep(0.02)


# --- outages --------------------------------------------------------------------------------------------------------


@pytest.mark.redis
@pytest.mark.parametrize("kind", ["pubsub", "normal"])
async def test_a_cut_connection_is_made_anew_with_its_subscriptions(
    redis_server: RedisServer, node: Nodes, kind: str
) -> None:
    ana, ben = await node("ana", "room/a"), await node("ben", "room/a", "room/b")
    for outage in (1, 2, 3):
        assert redis_server.kill_clients(kind) >= 2
        await healed(ana, ben, reconnects=outage)
        assert (ana.checks, ben.checks) == (outage, outage)
        await heard(ana, ben, "room/a", outage)
        await heard(ana, ben, "room/b", outage)
        await heard(ben, ana, "room/a", 10 + outage)


@pytest.mark.redis
@pytest.mark.parametrize("kind", ["pubsub", "normal"])
async def test_cuts_in_the_middle_of_a_stream_never_show_to_the_publisher(
    redis_server: RedisServer, node: Nodes, kind: str
) -> None:
    ana, ben = await node("ana"), await node("ben", "room/a")
    for seq in range(1, 2_001):
        ana.say("room/a", seq)
        if seq % 500 == 0:
            redis_server.kill_clients(kind)
        await asyncio.sleep(0)
    assert ana.seqs("room/a") == list(range(1, 2_001))
    await healed(ana, ben)
    await heard_again(ana, ben, "room/a", after=2_000)
    assert ben.checks >= 1


@pytest.mark.redis
async def test_a_restart_of_redis_is_outlived(redis_server: RedisServer, node: Nodes) -> None:
    ana, ben = await node("ana", "room/a"), await node("ben", "room/a")
    await heard(ana, ben, "room/a", 1)
    redis_server.stop()
    await until(lambda: not (ana.bus.is_connected or ben.bus.is_connected), "the loss is noticed")

    for seq in range(2, 102):
        ana.say("room/a", seq)
    assert await turns_of(ana.bus.subscribe("room/new")) < TURNS_MAX
    assert await turns_of(ana.bus.unsubscribe("room/gone")) < TURNS_MAX
    assert ana.seqs("room/a") == list(range(1, 102))

    redis_server.start()
    await healed(ana, ben)
    assert (ana.checks, ben.checks) == (1, 1)
    await heard(ana, ben, "room/a", 102)
    await heard(ben, ana, "room/new", 1)
    assert ben.seqs("room/a") == sorted(set(ben.seqs("room/a")))


@pytest.mark.redis
async def test_an_outage_is_one_warning(redis_server: RedisServer, node: Nodes) -> None:
    with structlog.testing.capture_logs() as logs:
        ana = await node("ana", "room/a")
        redis_server.stop()
        await until(lambda: not ana.bus.is_connected, "the loss is noticed")
        await until(lambda: sum(log["event"] == "bus_still_lost" for log in logs) >= 3, "it tries again and again")
        redis_server.start()
        await healed(ana)
    assert [log["event"] for log in logs if log["log_level"] != "debug"] == ["bus_lost", "bus_back"]
    assert str(redis_server.port) in logs[0]["redis"]


@pytest.mark.redis
async def test_redis_that_stops_answering_never_blocks_and_is_found_out(redis_server: RedisServer, node: Nodes) -> None:
    """SIGSTOP: connections stay open and swallow bytes. Publishing must not hang: it would for as long as they do."""
    ana, ben = await node("ana", "room/a"), await node("ben", "room/a")
    with redis_server.paused():
        give_up_at = time.monotonic() + FOUND_OUT_S
        seq = 0
        while ana.bus.is_connected or ben.bus.is_connected:
            assert time.monotonic() < give_up_at, "it goes unnoticed"
            seq += 1
            ana.say("room/a", seq, b"x" * 20_000)
            await asyncio.sleep(0.005)
        assert ana.seqs("room/a") == list(range(1, seq + 1))
    await healed(ana, ben)
    await heard_again(ana, ben, "room/a", after=seq)
    assert ana.checks >= 1


@pytest.mark.redis
async def test_an_idle_node_finds_out_too(redis_server: RedisServer, node: Nodes) -> None:
    ana = await node("ana")
    with redis_server.paused():
        await until(lambda: not ana.bus.is_connected, "the silence is noticed", deadline_s=FOUND_OUT_S)
    await healed(ana)


@pytest.mark.redis
async def test_an_idle_node_stays_connected(redis_server: RedisServer, node: Nodes) -> None:
    """Longer than the deadline: the answers to pings are heard, and are no messages."""
    ana = await node("ana")

    def pings() -> int:
        """The hearing connection asks with PING, the telling one with ROLE."""
        stats = redis_server.ask("INFO", "commandstats")
        return sum(int(stats.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("ping", "role"))

    started, before = time.monotonic(), pings()
    await until(lambda: time.monotonic() - started > limits.bus_deadline_s + 2 * limits.bus_check_s, "quiet")
    assert pings() - before >= 4
    assert ana.bus.is_connected
    assert ana.bus.counts.reconnects == 0
    assert ana.bus.counts.foreign == 0


@pytest.mark.redis
async def test_a_short_pause_only_delays(redis_server: RedisServer, node: Nodes) -> None:
    ana, ben = await node("ana"), await node("ben", "room/a")
    redis_server.pause_clients(60_000)
    for seq in range(1, 101):
        ana.say("room/a", seq)
    assert ben.received == [], "all was said while Redis took nothing"
    redis_server.unpause_clients()
    await until(lambda: ben.seqs("room/a") == list(range(1, 101)), "all arrive after the pause")
    assert ana.bus.counts.reconnects == ben.bus.counts.reconnects == 0


@pytest.mark.redis
async def test_a_subscription_that_comes_late_says_so(redis_server: RedisServer, node: Nodes) -> None:
    """What was published between `subscribe` giving up waiting and its confirmation must be asked for."""
    ana, ben = await node("ana"), await node("ben")
    with redis_server.paused():
        started = time.monotonic()
        await ben.bus.subscribe("room/a")
        waited_s = time.monotonic() - started
    assert waited_s >= limits.bus_subscribe_wait_s * 0.9  # and it gave up: Redis answers only now
    await until(lambda: ben.checks == 1, "it is told to check")
    assert ben.missed == [{"room/a"}], "and that room only"
    assert ben.bus.counts.reconnects == 0
    await heard(ana, ben, "room/a", 1)


# --- a network that fails in ways of its own ------------------------------------------------------------------------


class Gate:
    """A TCP forwarder to Redis that can be shut (connections are cut, new ones refused) and lose bytes on the way."""

    def __init__(self, port: int) -> None:
        self._to_port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = free_port()
        self.loses_requests = False
        self.lost = b""
        self.holds_answers_to = b"nothing"
        """Answers to a connection that has sent this wait for the release."""
        self.holds_answers_from = b""
        """Answers wait from this on, for the release."""
        self.is_holding = False
        self.released = asyncio.Event()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    async def open(self) -> None:
        self.loses_requests = False
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def shut(self) -> None:
        assert self._server is not None
        self.released.set()
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        self._writers |= {writer, there_writer}
        sent = bytearray()
        await asyncio.gather(
            self._forward(reader, there_writer, sent), self._back(there_reader, writer, sent), return_exceptions=True
        )
        for one in (writer, there_writer):
            one.close()
            with suppress(OSError):
                await one.wait_closed()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytearray) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                sent += data
                if self.loses_requests:
                    self.lost += data
                else:
                    writer.write(data)
        writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytearray) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if self.holds_answers_to in sent:
                    self.is_holding = True
                    await self.released.wait()
                if self.holds_answers_from and (begin := data.find(self.holds_answers_from)) >= 0:
                    self.is_holding = True
                    writer.write(data[:begin])
                    data = data[begin:]
                    await self.released.wait()
                writer.write(data)
        writer.close()


class Pair(NamedTuple):
    """Ana's way to Redis leads through a gate, Ben's does not."""

    gate: Gate
    ana: Node
    ben: Node


@pytest.fixture
async def pair(shared_redis: RedisServer) -> AsyncIterator[Pair]:
    gate = Gate(shared_redis.port)
    await gate.open()
    pair = Pair(gate, Node("ana", RedisBus(gate.url, "ana")), Node("ben", RedisBus(shared_redis.url, "ben")))
    for node in (pair.ana, pair.ben):
        await node.start()
        await node.bus.subscribe("room/a")
    yield pair
    await pair.ana.bus.stop()
    await pair.ben.bus.stop()
    await gate.shut()


@pytest.mark.redis
async def test_entries_wait_for_the_reconnect_and_soft_messages_do_not(pair: Pair) -> None:
    gate, ana, ben = pair
    await gate.shut()
    await until(lambda: not ana.bus.is_connected, "the loss is noticed")
    for seq in (1, 0, 2, 0, 3):
        ana.say("room/a", seq)
    assert ana.seqs("room/a") == [1, 0, 2, 0, 3]
    await gate.open()
    await until(lambda: len(ben.received) >= 3, "the entries are told after all")
    assert ben.seqs("room/a") == [1, 2, 3]
    assert ana.bus.counts.dropped == 2


@pytest.mark.redis
async def test_what_was_under_way_when_the_connection_failed_is_told_again(pair: Pair) -> None:
    gate, ana, ben = pair
    gate.loses_requests = True
    for seq in (1, 0, 2):
        ana.say("room/a", seq, b"first")
    await until(lambda: gate.lost.count(b"first") == 3, "the batch is lost on the way")
    for seq in (3, 0, 4):
        ana.say("room/a", seq, b"second")
    await gate.shut()
    await until(lambda: not ana.bus.is_connected, "the loss is noticed")
    await gate.open()
    await until(lambda: len(ben.received) >= 4, "all entries are told after all")
    await heard(ana, ben, "room/a", 5)
    assert ben.seqs("room/a") == [1, 2, 3, 4, 5]
    assert ana.bus.counts.dropped == 2


@pytest.mark.redis
async def test_a_long_outage_keeps_the_newest_entries(pair: Pair) -> None:
    gate, ana, ben = pair
    await gate.shut()
    await until(lambda: not ana.bus.is_connected, "the loss is noticed")
    last = limits.bus_queue_messages_max + 7
    for seq in range(1, last + 1):
        ana.say("room/a", seq)
    await gate.open()
    await until(lambda: ben.seqs("room/a")[-1:] == [last], "the newest is told")
    assert ben.seqs("room/a") == list(range(8, last + 1))
    assert ana.bus.counts.dropped == 7


def full_queue(counts: BusCounts, *, entries: int, soft: int) -> Queue:
    """What is said in one turn of the loop, the entries first; nobody takes from it."""
    queue = Queue(counts, deployment="", refused=lambda error: None, strayed=lambda topic: None)
    for seq in [*range(1, entries + 1), *([0] * soft)]:
        queue.put("topic", BusMessage("room/a", StreamName("room/a"), "e", seq, b"x" * 200))
    return queue


async def seqs_to_tell(queue: Queue) -> list[int]:
    seqs = []
    while batch := await queue.take(wait_s=0.0):
        messages = [unframe(payload) for _, payload in batch]
        seqs += [message.message().seq for message in messages if message is not None]
    return seqs


async def test_soft_messages_push_no_entry_out_of_a_full_queue() -> None:
    """As when Redis is back and presence asks about thousands of rooms before the first entry that waited is told."""
    most = limits.bus_queue_messages_max
    counts = BusCounts()
    queue = full_queue(counts, entries=most - 1_000, soft=7_000)
    assert counts.dropped == 6_000
    for seq in range(most, most + 1_500):
        queue.put("topic", BusMessage("room/a", StreamName("room/a"), "e", seq, b"x" * 200))
    assert await seqs_to_tell(queue) == [*range(501, most - 999), *range(most, most + 1_500)], "the newest entries"
    assert counts.dropped == 7_500
    queue.put("topic", BusMessage("room/a", StreamName("room/a"), "e", 0, b"x" * (limits.bus_queue_bytes_max + 1)))
    queue.put("topic", BusMessage("room/a", StreamName("room/a"), "e", 7, b""))
    assert await seqs_to_tell(queue) == [7], "what is too large alone harms nobody"


async def test_a_full_queue_is_not_sifted_at_each_message(monkeypatch: pytest.MonkeyPatch) -> None:
    sifted: list[int] = []
    only_entries = Queue._only_entries

    def counted(queue: Queue, messages: Collection[Told]) -> list[Told]:
        sifted.append(len(messages))
        return only_entries(queue, messages)

    monkeypatch.setattr(Queue, "_only_entries", counted)
    queue = full_queue(BusCounts(), entries=2 * limits.bus_queue_messages_max, soft=1_000)
    assert sifted == []
    await queue.take(wait_s=0.0)
    for seq in (0, 1) * 1_000:
        queue.put("topic", BusMessage("room/a", StreamName("room/a"), "e", seq, b"x" * 200))
    assert len(sifted) < 12, "each time what is free is halved at least"


@pytest.mark.redis
async def test_a_node_that_is_answered_but_hears_nothing_finds_out(pair: Pair) -> None:
    """Only the subscribed connection is dead; publishing goes on to work."""
    gate, ana, ben = pair
    gate.holds_answers_to = b"SUBSCRIBE"
    await heard(ana, ben, "room/a", 1)
    await until(lambda: not ana.bus.is_connected, "the silence is noticed", deadline_s=FOUND_OUT_S)
    gate.holds_answers_to = b"nothing"
    await healed(ana)
    await heard(ben, ana, "room/a", 2)


@pytest.mark.redis
async def test_what_is_wished_for_while_connecting_is_confirmed_before_the_check(
    shared_redis: RedisServer, pair: Pair
) -> None:
    """Asking the log for heads is in vain for a channel that is subscribed to a moment later."""
    gate, ana, ben = pair
    is_subscribed_at_check: list[bool] = []

    def check() -> None:
        (_, subscribers) = shared_redis.ask("PUBSUB", "NUMSUB", "tertulia:room/late")
        is_subscribed_at_check.append(subscribers == 1)

    ana.on_check = check
    await ana.bus.unsubscribe("room/a")
    await gate.shut()
    await until(lambda: not ana.bus.is_connected, "the loss is noticed")
    gate.released.clear()
    gate.holds_answers_to = b"SUBSCRIBE"
    await gate.open()
    await until(lambda: gate.is_holding, "it waits for the last answer")
    await ana.bus.subscribe("room/late")
    gate.released.set()
    await healed(ana)
    assert is_subscribed_at_check == [True]
    await heard(ben, ana, "room/late", 1)


@pytest.mark.redis
async def test_who_leaves_before_its_late_subscription_takes_nothing_from_the_others(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two subscriptions are late. The first is confirmed; the second is taken back and never is."""
    gate, ana, _ = pair
    monkeypatch.setattr(limits, "bus_subscribe_wait_s", 0.0)
    gate.holds_answers_from = b"tertulia:room/second"
    for channel in ("room/first", "room/second"):
        await ana.bus.subscribe(channel)
    await until(lambda: ana.missed == [{"room/first"}], "the first is told, whatever becomes of the second")
    await ana.bus.unsubscribe("room/second")
    gate.released.set()
    await ana.bus.subscribe("room/third")
    await until(lambda: ana.missed[1:] == [{"room/third"}], "what was taken back is not told")


@pytest.mark.redis
async def test_many_late_subscriptions_are_told_together(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    _, ana, _ = pair
    monkeypatch.setattr(limits, "bus_subscribe_wait_s", 0.0)
    channels = {f"room/r{number}" for number in range(300)}
    await asyncio.gather(*(ana.bus.subscribe(channel) for channel in channels))

    def told() -> list[str]:
        return [channel for some in ana.missed for channel in some or ["all"]]

    await until(lambda: len(told()) >= 300, "all are told")
    assert sorted(told()) == sorted(channels), "each once"
    assert ana.checks < 30, "not one by one"


@pytest.mark.redis
async def test_a_burst_from_elsewhere_leaves_turns_for_others(pair: Pair) -> None:
    """While thousands of messages are read, whoever else runs in the loop is served between slices of them."""
    _, ana, ben = pair
    turns = 0
    by_turn: Counter[int] = Counter()
    ben.on_receive = lambda message: by_turn.update([turns])
    for seq in range(1, 5_001):
        ana.say("room/a", seq)
    while len(ben.received) < 5_000:
        turns += 1
        await asyncio.sleep(0)
    assert max(by_turn.values()) <= limits.bus_slice_messages


class Opening:
    """What a link does while it subscribes to everything again: how many topics it looked at each time, when it moved
    its deadline, how many replies it read in each turn of the loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looked_at: list[int] = []
        self.moves = 0
        self.turn = 0
        self.replies: Counter[int] = Counter()
        take, read = Wishes.take_changes, Link._take_next

        def take_changes(wishes: Wishes) -> set[str]:
            changes = take(wishes)
            self.looked_at.append(len(changes))
            return changes

        async def take_next(link: Link) -> None:
            await read(link)
            self.replies[self.turn] += 1

        @asynccontextmanager
        async def moved(seconds: float = limits.bus_deadline_s) -> AsyncIterator[Opening]:
            async with deadline(seconds) as self._running:
                yield self

        monkeypatch.setattr(Wishes, "take_changes", take_changes)
        monkeypatch.setattr(Link, "_take_next", take_next)
        monkeypatch.setattr(redis_link, "deadline", moved)

    def reschedule(self, when: float) -> None:
        self.moves += 1
        self._running.reschedule(when)


@pytest.mark.redis
async def test_thousands_of_channels_are_subscribed_to_again_in_one_go(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked at once and not at each reply; others have turns; the deadline is for a slice, not for all."""
    gate, ana, ben = pair
    await gate.shut()
    await until(lambda: not ana.bus.is_connected, "the loss is noticed")
    for number in range(5_000):
        await ana.bus.subscribe(f"room/r{number}")
    opening = Opening(monkeypatch)
    await gate.open()
    while not ana.bus.is_connected:
        opening.turn += 1
        await asyncio.sleep(0)
    slices = 5_000 // limits.bus_slice_messages
    assert opening.looked_at[0] >= 5_000
    assert sum(opening.looked_at) < 5_010, "its own channels, once"
    assert len(opening.looked_at) < 2 * slices
    assert max(opening.replies.values()) <= limits.bus_slice_messages
    assert opening.moves >= slices

    del opening.looked_at[:]
    await ana.bus.subscribe("room/one-more")
    assert sum(opening.looked_at) == 1
    await heard(ben, ana, "room/one-more", 1)
    await heard(ben, ana, "room/r4999", 2)


@pytest.mark.redis
async def test_a_wire_that_was_cut_is_not_quietly_made_anew(redis_server: RedisServer) -> None:
    target = target_of(redis_server.url)
    wire = Wire(Address(target.hosts[0], target.access))
    await wire.connect()
    await wire.send(("PING",))
    assert await wire.read() == b"PONG"
    redis_server.kill_clients("normal")
    with pytest.raises(RedisConnectionError):
        await wire.read()
    connections = int(redis_server.ask("INFO", "stats")["total_connections_received"])
    with pytest.raises(RedisConnectionError):
        await wire.send(("PING",))
    await wire.close()
    assert int(redis_server.ask("INFO", "stats")["total_connections_received"]) == connections + 1, "only ours, to ask"


@pytest.mark.redis
def test_a_wire_that_was_reset_is_lost_on_uvloop_too(shared_redis: RedisServer) -> None:
    """uvloop says it with a RuntimeError, which once ended the task that keeps the link: the node stayed deaf."""

    async def story() -> None:
        target = target_of(shared_redis.url)
        wire = Wire(Address(target.hosts[0], target.access))
        await wire.connect()
        wire._connection._writer.transport.abort()  # type: ignore[union-attr]
        await asyncio.sleep(0)
        assert wire._connection.is_connected, "it does not know yet"
        with pytest.raises(RedisConnectionError):
            await wire.send(("PING",))
        await wire.close()

    uvloop.run(story())


@pytest.mark.redis
async def test_what_nobody_thought_of_does_not_end_the_bus(
    redis_server: RedisServer, node: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a new link fails of, another one is tried."""
    here, there = await node("here"), await node("there")
    tries = 0
    open_really = Link.open

    async def open_badly(link: Link) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise ArithmeticError("a bug")
        await open_really(link)

    monkeypatch.setattr(Link, "open", open_badly)
    await asyncio.to_thread(redis_server.kill_clients, "normal")
    await asyncio.to_thread(redis_server.kill_clients, "pubsub")
    await until(lambda: tries >= 5 and here.bus.is_connected and there.bus.is_connected, "both are linked again")


async def test_a_message_redis_refuses_is_dropped_and_the_others_are_told(redis_server: RedisServer) -> None:
    redis_server.ask("ACL", "SETUSER", "bus", "on", f">{PASSWORD}", "+@all", "&tertulia:nodes", "&tertulia:room/a")
    ana = Node("ana", RedisBus(f"redis://bus:{PASSWORD}@127.0.0.1:{redis_server.port}", "ana"))
    ben = Node("ben", RedisBus(redis_server.url, "ben"))
    await ana.start()
    await ben.start()
    await ben.bus.subscribe("room/a")
    for seq in range(1, 101):
        ana.say("room/a", seq)
        ana.say("room/forbidden", seq)
    await until(lambda: ben.seqs("room/a") == list(range(1, 101)), "what is allowed arrives")
    await until(lambda: ana.bus.counts.dropped == 100, "what is not is counted")
    assert ana.bus.counts.reconnects == 0
    await ana.bus.stop()
    await ben.bus.stop()


def test_pauses_grow_to_a_bound_and_are_spread() -> None:
    shortest = list(islice(pauses_s(lambda: 0.0), 20))
    longest = list(islice(pauses_s(lambda: 1.0), 20))
    assert set(shortest) == {limits.bus_reconnect_min_s}
    assert longest[:3] == pytest.approx([limits.bus_reconnect_min_s * factor for factor in (2, 4, 8)])
    assert set(longest[10:]) == {limits.bus_reconnect_max_s}


@pytest.mark.redis
async def test_stopping_while_redis_is_away_does_not_wait(redis_server: RedisServer, node: Nodes) -> None:
    ana = await node("ana", "room/a")
    redis_server.stop()
    await until(lambda: not ana.bus.is_connected, "the loss is noticed")
    ana.say("room/a", 1)
    assert await turns_of(ana.bus.stop()) < TURNS_MAX


# --- what is refused at the start -----------------------------------------------------------------------------------


@asynccontextmanager
async def listening(answer: bytes) -> AsyncIterator[int]:
    """A port where something says `answer` to whoever connects, whatever they say."""
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        writer.write(answer)
        with suppress(OSError):
            await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*filter(None, serving))


async def refusal(url: str) -> str:
    bus = RedisBus(url, "ana")
    with pytest.raises(BusRefused) as caught:
        await bus.start(lambda message: None, lambda channels: None)
    assert not bus.is_connected
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.redis
async def test_a_wrong_or_missing_password_is_refused(tmp_path: Path) -> None:
    with RedisServer(tmp_path, options={"requirepass": PASSWORD}) as server:
        here = f"127.0.0.1:{server.port}"
        wrong = await refusal(f"redis://:{PASSWORD}x@{here}")
        assert here in wrong
        assert "Correct the URL" in wrong
        missing = await refusal(f"redis://{here}")
        assert "wants a password" in missing
        ana = Node("ana", RedisBus(server.url, "ana"))
        await ana.start()
        await ana.bus.stop()


@pytest.mark.redis
async def test_a_password_redis_does_not_have_is_refused(shared_redis: RedisServer) -> None:
    said = await refusal(f"redis://:{PASSWORD}@127.0.0.1:{shared_redis.port}")
    assert "does not take the user or password" in said


@pytest.mark.redis
async def test_the_password_is_in_no_log_line(tmp_path: Path) -> None:
    with RedisServer(tmp_path, options={"requirepass": PASSWORD}) as server, structlog.testing.capture_logs() as logs:
        ana = Node("ana", RedisBus(server.url, "ana"))
        await ana.start()
        server.stop()
        await until(lambda: any(log["event"] == "bus_still_lost" for log in logs), "it tries again")
        server.start()
        await healed(ana)
        await ana.bus.stop()
    assert PASSWORD not in repr(logs)


@pytest.mark.redis
async def test_a_user_needs_four_commands_and_our_channels_and_is_told_so(redis_server: RedisServer) -> None:
    redis_server.ask("ACL", "SETUSER", "bus", "on", f">{PASSWORD}", "resetchannels", "-@all", "+ping")
    url = f"redis://bus:{PASSWORD}@127.0.0.1:{redis_server.port}"
    said = await refusal(url)
    _, _, advice = said.partition("ACL SETUSER ")
    assert advice, said
    redis_server.ask("ACL", "SETUSER", *advice.split())
    ana = Node("ana", RedisBus(url, "ana"))
    await ana.start()
    await ana.bus.subscribe("room/a")
    await ana.bus.unsubscribe("room/a")
    assert ana.checks == 0
    await ana.bus.stop()


async def test_nobody_there_is_refused() -> None:
    port = free_port()
    said = await refusal(f"redis://:{PASSWORD}@127.0.0.1:{port}")
    assert f"127.0.0.1:{port}" in said
    assert "Start it" in said
    assert "cannot be reached" in await refusal("redis://nowhere.invalid")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"-ERR unknown command '%b'\r\n" % PASSWORD.encode(),
        b"-MOVED nowhere\r\n",
        b"-ASK 7\r\n",
        b":seven\r\n",
        b"*many\r\n",
    ],
)
async def test_something_else_than_redis_is_refused(answer: bytes) -> None:
    async with listening(answer) as port:
        for user in (f":{PASSWORD}@", ""):  # it answers to AUTH, or to what we ask first
            assert f"127.0.0.1:{port}" in await refusal(f"redis://{user}127.0.0.1:{port}")


@pytest.mark.slow
async def test_something_that_never_answers_is_refused_in_time() -> None:
    async with listening(b"") as port:
        started = time.monotonic()
        assert "no answer within" in await refusal(f"redis://127.0.0.1:{port}")
        assert time.monotonic() - started < FOUND_OUT_S


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:1", "begins with http://"),
        ("redis+other://127.0.0.1:1", "begins with redis+other://"),
        ("redis+://127.0.0.1:1", "begins with redis+://"),
        ("redis://127.0.0.1,127.0.0.2", "several hosts"),
        ("redis://127.0.0.1/3", "no databases"),
        ("redis+cluster://127.0.0.1,/0", "names no host"),
        ("redis+cluster://127.0.0.1:1,127.0.0.2:many", "port"),
        ("redis+cluster://127.0.0.1:1/mymaster", "no databases"),
        ("redis+sentinel://127.0.0.1:1", "names no master"),
        ("redis+sentinel://127.0.0.1:1/", "names no master"),
        ("redis+sentinel://127.0.0.1:1/m?sentinel=1", "'sentinel'"),
        ("redis+cluster://127.0.0.1:1?sentinel_username=x", "'sentinel_username'"),
        (f"redis+sentinel://ana:{PASSWORD}@:1/m", "names no host"),
        ("127.0.0.1:6379", "no scheme"),
        (f"ana:{PASSWORD}@127.0.0.1:6379", "no scheme"),
        ("", "no scheme"),
        ("redis://", "names no host"),
        ("redis://127.0.0.1:many", "port"),
        ("redis://127.0.0.1:99999", "port"),
        ("redis://[::1", "cannot be read"),
        (f"redis://ana:1/{PASSWORD}@127.0.0.1", "percent-encoded"),
        (f"redis://ana:a/{PASSWORD}@127.0.0.1", "percent-encoded"),
        (f"redis://:1?{PASSWORD}@127.0.0.1", "percent-encoded"),
        ("redis://127.0.0.1?socket_timeout=5", "'socket_timeout'"),
        ("rediss://127.0.0.1?ssl_password=x", "'ssl_password'"),
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_in_words(url: str, says: str) -> None:
    assert says in await refusal(url)


@pytest.mark.redis
async def test_tls_to_a_plain_redis_is_refused(shared_redis: RedisServer) -> None:
    assert "cannot be reached" in await refusal(f"rediss://127.0.0.1:{shared_redis.port}")


@pytest.mark.redis
async def test_tls_with_a_certificate_of_ones_own(tls_redis: TlsRedis) -> None:
    assert "certificate" in await refusal(tls_redis.url)
    ana = Node("ana", RedisBus(tls_redis.trusting_url, "ana"))
    ben = Node("ben", RedisBus(tls_redis.server.url, "ben"))
    await ana.start()
    await ben.start()
    await ben.bus.subscribe("room/a")
    await heard(ana, ben, "room/a", 1)
    tls_redis.server.kill_clients("pubsub")
    await healed(ana, ben)
    await heard(ana, ben, "room/a", 2)
    await ana.bus.stop()
    await ben.bus.stop()


# --- what travels ---------------------------------------------------------------------------------------------------


@pytest.mark.redis
async def test_foreign_messages_are_counted_and_ignored(redis_server: RedisServer, node: Nodes) -> None:
    ana, ben = await node("ana"), await node("ben", "room/a")
    good = BusMessage("room/a", StreamName("room/a"), "e", 1, b"{}", "eve")
    later_version = msgspec.msgpack.encode(["t3", "", "room/a", "eve", "room/a", "e", 1, b"{}"])
    foreign = [b"", b"hello", b"\xff" * 20, frame(good)[:-1], frame(good) + b"x", later_version, b"\x91" * 100_000]
    for payload in foreign:
        redis_server.ask("PUBLISH", "tertulia:room/a", payload)
    redis_server.ask("PUBLISH", "other:room/a", b"hello")
    await heard(ana, ben, "room/a", 2)
    assert ben.bus.counts.foreign == len(foreign)
    assert ben.bus.counts.received == 1
    assert ben.bus.is_connected


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_nothing(payload: bytes) -> None:
    message = unframe(payload)
    assert message is None or message.message().seq >= 0


@given(st.tuples(*[st.text(max_size=8)] * 5), st.integers(0, 2**53 - 1), st.binary(max_size=20))
def test_a_framed_message_reads_back(words: tuple[str, ...], seq: int, record: bytes) -> None:
    deployment, channel, node, stream, epoch = words
    message = BusMessage(channel, StreamName(stream), epoch, seq, record, node)
    payload = frame(message, deployment)
    framed = unframe(payload)
    assert framed is not None
    assert (framed.deployment, framed.message()) == (deployment, message)
    for length in range(len(payload)):
        assert unframe(payload[:length]) is None


def test_a_later_version_may_add_elements() -> None:
    payload = msgspec.msgpack.encode(["t2", "", "room/a", "eve", "room/a", "e", 7, b"{}", "more"])
    framed = unframe(payload)
    assert framed is not None
    assert framed.message() == BusMessage("room/a", StreamName("room/a"), "e", 7, b"{}", "eve")
