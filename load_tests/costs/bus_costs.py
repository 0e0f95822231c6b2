"""What the bus costs a node: hearing entries and presence from other nodes, telling its own. Two nodes, a real Redis.

For presence another node is played by this process with the program's own bus: it says of fifty rooms who is in them,
as a node does every ten seconds for each room. What telling costs is this process's own CPU, with nothing but the bus
in it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import uvloop

from load_tests import cross_node, process
from load_tests.costs.model import line_through
from load_tests.crowd import Crowd
from load_tests.nodes import Nodes
from load_tests.target import Tertulia
from tertulia.auth.secret import deployment_name, own_secret
from tertulia.bus import BusMessage
from tertulia.bus.redis import RedisBus
from tertulia.domain.ids import PersonId, RoomId, room_stream
from tertulia.presence import PRESENCE
from tertulia.presence.messages import All, encode
from tests.servers import Server

PEOPLE = (1, 10, 50)
PRESENCE_PER_S = 1_000.0
AT_ONCE = 200
BURSTS_EVERY_S = 0.1
"""So that many are heard at once, as on a busy node."""
TELLS_AT_ONCE = 200
SETTLE_S = 0.1
RECORD = b"x" * 400


def measure(seconds: float) -> dict[str, float]:
    """About 20 × `seconds`, half of them at rest, and ten seconds."""
    with cross_node.two_nodes((cross_node.ROOM, *cross_node.ROOMS)) as nodes:

        def hearing(per_s: float, **how: Any) -> cross_node.Heard:
            return cross_node.hearing(nodes, per_s=per_s, seconds=seconds, **how)

        calm, calm_read = hearing(cross_node.CALM_PER_S), hearing(cross_node.CALM_PER_S, readers=1)
        busy, busy_read = hearing(cross_node.BUSY_PER_S), hearing(cross_node.BUSY_PER_S, readers=1)
        full = hearing(cross_node.BUSY_PER_S, at_once=AT_ONCE)
        applied = hearing(cross_node.BUSY_PER_S, at_once=AT_ONCE, decides=True)
        presence_us, person_us = _presence(nodes, seconds)
        assert nodes.redis is not None, "two nodes have one"
        alone_us, full_us, drop_us = uvloop.run(_telling(nodes.redis.url, seconds))
    return {
        "node_hear_alone_us": calm.hearing_us,
        "node_hear_full_us": full.hearing_us,
        "node_apply_full_us": max(0.0, applied.hearing_us - full.hearing_us),
        "node_flush_alone_us": max(0.0, calm_read.hearing_us - calm.hearing_us),
        "node_flush_full_us": max(0.0, busy_read.hearing_us - busy.hearing_us),
        "node_post_alone_us": calm.posting_us,
        "node_post_full_us": full.posting_us,
        "node_presence_us": presence_us,
        "node_presence_person_us": person_us,
        "node_tell_alone_us": alone_us,
        "node_tell_full_us": full_us,
        "node_drop_us": drop_us,
    }


def _presence(nodes: Nodes, seconds: float) -> tuple[float, float]:
    assert nodes.redis is not None, "two nodes have one"
    crowd = Crowd(Tertulia(nodes.readers), first=3_000)
    try:
        crowd.connect_all((room, True) for room in cross_node.ROOMS)
        points = []
        for people in PEOPLE:
            cost_us = uvloop.run(_told_of_people(nodes.redis.url, nodes.readers, crowd, people, seconds))
            points.append((float(people), cost_us))
    finally:
        crowd.close()
    return line_through(points)


async def _told_of_people(url: str, server: Server, crowd: Crowd, people: int, seconds: float) -> float:
    bus = RedisBus(url, f"peer-{people}", deployment=deployment_name(own_secret(server.data)))
    await bus.start(lambda message: None, lambda channels: None)
    life, number = time.time_ns() // 1_000_000, 0

    async def go_on(for_s: float, per_s: float) -> int:
        nonlocal number
        begun, sent = time.perf_counter(), 0
        while (now := time.perf_counter()) < begun + for_s:
            while sent < (now - begun) * per_s:
                room = RoomId(cross_node.ROOMS[number % len(cross_node.ROOMS)])
                number += 1
                sent += 1
                names = [PersonId(f"p-{room}-{one:04}") for one in range(people)]
                said = encode(All(life, number, {"learner": names}))
                bus.publish(BusMessage(channel=room_stream(room), stream=PRESENCE, epoch="", seq=0, record=said))
            crowd.read(0.0)
            await asyncio.sleep(BURSTS_EVERY_S)
        return sent

    heard = cross_node.bus_received(server)
    await go_on(0.5, PRESENCE_PER_S)  # the people come, which their readers are told once
    await go_on(2.0, 0.0)
    assert cross_node.bus_received(server) > heard, "the node hears this process: both are of one deployment"
    cpu_s = process.cpu_s([server.pid])
    await go_on(seconds, 0.0)
    idle_s = process.cpu_s([server.pid]) - cpu_s
    cpu_s = process.cpu_s([server.pid])
    said = await go_on(seconds, PRESENCE_PER_S)
    await asyncio.sleep(0.1)
    used_s = process.cpu_s([server.pid]) - cpu_s
    assert not crowd.deliveries, "nothing but presence was told"
    assert not bus.counts.dropped, "and all of it"
    await bus.stop()
    return (used_s - idle_s) / said * 1e6


async def _telling(url: str, seconds: float) -> tuple[float, float, float]:
    """µs of a message published, one at a time and two hundred; of one that comes back and is dropped."""
    bus = RedisBus(url, "teller")
    await bus.start(lambda message: None, lambda channels: None)
    channel = room_stream(RoomId("nobody"))
    message = BusMessage(channel=channel, stream=channel, epoch="e", seq=1, record=RECORD)

    async def cost_us(at_once: int, pause_s: float) -> float:
        begun, cpu_s, told = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() < begun + seconds:
            for _ in range(at_once):
                bus.publish(message)
            told += max(at_once, 1)
            await asyncio.sleep(pause_s)
        await asyncio.sleep(SETTLE_S)
        return (time.process_time() - cpu_s) / told * 1e6

    full_us = await cost_us(TELLS_AT_ONCE, 0.01)
    await bus.subscribe(channel)
    with_own_us = await cost_us(TELLS_AT_ONCE, 0.01)
    await bus.unsubscribe(channel)
    alone_us = await cost_us(1, 0.005)
    pausing_us = await cost_us(0, 0.005)
    assert not bus.counts.dropped, "Redis kept up"
    await bus.stop()
    return max(alone_us - pausing_us, full_us), full_us, max(0.0, with_own_us - full_us)
