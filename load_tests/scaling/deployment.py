"""A deployment as arithmetic: rooms are placed on nodes person by person, each node's work is summed from the cost
model, and so is that of Redis, PostgreSQL and the front. Nothing is measured here; `scaling.py` checks it against two
real nodes.

*Placement.* `spread`: a front that sends each person to any node, so that a room is on nearly as many nodes as it has
people. `by cohort`: a front that sends a cohort's people to the same few nodes (one for each `PEOPLE_OF_ROOM_ON_NODE`,
at least two, so that a node's death is noticed as a pause and not as an outage).

*Busy and idle.* A process that is busy finds its next work waiting and pays for no wake-up; see `costs/model.py`. Each
cause of work is summed at both costs, and the share of the core that is used, u, solves u = alone·(1−u) + full·u.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from load_tests.costs.model import Measured
from load_tests.scaling.population import LOOKING, STAY_S, Room
from tertulia.domain import limits

Placement = Literal["spread", "by cohort"]
Bus = Literal["classic", "cluster"]

PEOPLE_OF_ROOM_ON_NODE: Final = 1_000
NODES_OF_ROOM_MIN: Final = 2
HEAD_STREAMS_OF_ROOM: Final = 5
"""Its own, its signals, its staff's; its cohort's and that one's staff's (a cohort of one room)."""
ACTIVE_S: Final = limits.channel_idle_s
"""How long a node keeps a room's state for deciding after it was posted to there."""
NODE_BASE_BYTES: Final = 80e6
PARTITIONS: Final = 128

CAUSES: Final = (
    "messages to readers",
    "tallies, typing, presence to readers",
    "posts, votes, read markers",
    "entries from the bus",
    "presence from the bus",
    "head check",
    "connections, pings",
)


class Machines(NamedTuple):
    """What there is to use up. A node is one process on one core."""

    nodes: int = 100
    redis_shards: int = 1
    bus: Bus = "classic"
    postgres_cores: float = 16.0
    postgres_wal_bytes_per_s: float = 200e6
    front_cores: float = 8.0
    node_bytes: float = 2e9
    node_nic_bits_per_s: float = 1e9


class Rules(NamedTuple):
    """What the program, and people, do at which pace; as it is, and as it could be."""

    presence_refresh_s: float = limits.presence_refresh_s
    """How often a node tells for each of its rooms who is there."""
    head_check_s: float = limits.head_check_s
    read_marker_every_s: float = limits.read_marker_every_s
    looking: float = LOOKING
    stay_s: float = STAY_S
    typing_a_message: float = 1.0
    """How often a node tells the others that somebody types, for each message."""


class Part(NamedTuple):
    """`used`: of what there is, 1 is all; the fullest of its kind. `what`: what that comes to."""

    used: float
    what: str


class Outcome(NamedTuple):
    """`causes`: of the fullest node's core, by cause. `facts`: what was summed, by name, per second or as it is."""

    parts: dict[str, Part]
    causes: dict[str, float]
    facts: dict[str, float]

    @property
    def first(self) -> str:
        """The part that is nearest to its end."""
        return max(self.parts, key=lambda name: self.parts[name].used)


class Work:
    """µs of CPU a second on each node, by cause, at both costs."""

    def __init__(self, nodes: int) -> None:
        self._alone = {cause: [0.0] * nodes for cause in CAUSES}
        self._full = {cause: [0.0] * nodes for cause in CAUSES}

    def add(self, cause: str, node: int, alone: float, full: float) -> None:
        self._alone[cause][node] += max(alone, full)
        self._full[cause][node] += full

    def used(self, node: int) -> float:
        alone = sum(self._alone[cause][node] for cause in CAUSES) / 1e6
        full = sum(self._full[cause][node] for cause in CAUSES) / 1e6
        used = alone / (1 + alone - full)
        return used if used < 1 else full

    def of(self, node: int) -> dict[str, float]:
        """The share of the core each cause takes."""
        busy = min(1.0, self.used(node))
        return {
            cause: (self._alone[cause][node] * (1 - busy) + self._full[cause][node] * busy) / 1e6 for cause in CAUSES
        }


class _Sums:
    """What goes to the shared parts, in a second."""

    def __init__(self, nodes: int) -> None:
        self.all_rooms = 0
        self.people = [0] * nodes
        self.rooms = [0] * nodes
        self.posts = [0.0] * nodes
        self.sent_bytes = [0.0] * nodes
        self.hears = [0.0] * nodes
        """Messages for rooms that somebody follows here."""
        self.published = 0.0
        self.told = 0.0
        """Messages times the nodes Redis tells them."""
        self.reads = 0.0
        self.pushes = 0.0


def place(rooms: Sequence[Room], machines: Machines, placement: Placement, *, seed: int = 7) -> list[dict[int, int]]:
    """For each room: node → how many of its people are there."""
    chance = random.Random(seed)
    nodes = range(machines.nodes)
    found: list[dict[int, int]] = []
    for room in rooms:
        among: Sequence[int] = nodes
        if placement == "by cohort":
            count = max(NODES_OF_ROOM_MIN, -(-room.people // PEOPLE_OF_ROOM_ON_NODE))
            among = chance.sample(nodes, min(count, machines.nodes))
        found.append(Counter(chance.choices(among, k=room.people)))
    return found


AS_IT_IS: Final = Rules()


def deploy(
    rooms: Sequence[Room],
    costs: Measured,
    machines: Machines,
    placement: Placement,
    *,
    rules: Rules = AS_IT_IS,
    seed: int = 7,
) -> Outcome:
    """Everybody is there, and a second passes."""
    work, sums = Work(machines.nodes), _Sums(machines.nodes)
    sums.all_rooms = len(rooms)
    for room, placed in zip(rooms, place(rooms, machines, placement, seed=seed), strict=True):
        _room(room, placed, costs, machines, rules, work, sums)
    for node in range(machines.nodes):
        _node(node, costs, rules, work, sums)
    return _outcome(costs, machines, rules, work, sums)


def _room(
    room: Room,
    placed: dict[int, int],
    costs: Measured,
    machines: Machines,
    rules: Rules,
    work: Work,
    sums: _Sums,
) -> None:
    on = len(placed)
    entries = room.messages_per_s + room.signals_per_s
    moves = 2 * room.people / rules.stay_s
    soft = room.messages_per_s * rules.typing_a_message * (room.people <= limits.typing_readers_max) + min(
        moves, on / limits.presence_tick_s
    )
    presence = on / rules.presence_refresh_s
    markers = room.read_markers_per_s(rules.looking, every_s=rules.read_marker_every_s)
    hearers = on if machines.bus == "classic" else machines.nodes
    sums.published += entries + soft + presence + markers
    sums.told += (entries + soft + presence) * hearers + markers * (1 if machines.bus == "classic" else machines.nodes)
    ticks = _ticks(room)
    pushes = ticks + min(moves, 1 / limits.presence_tick_s) + 2 * (soft - min(moves, on / limits.presence_tick_s))
    hear = costs["node_hear_alone_us"], costs["node_hear_full_us"]
    wake = max(0.0, hear[0] - hear[1])
    presence_us = costs["node_presence_us"] + costs["node_presence_person_us"] * room.people / on
    for node, readers in placed.items():
        share = readers / room.people
        sums.people[node] += readers
        sums.rooms[node] += 1
        sums.posts[node] += (entries + markers) * share
        flushes = _flushes(room.messages_per_s, readers, costs)
        flush = flushes * (costs["node_flush_us"] + (readers - 1) * costs["node_deliver_alone_us"])
        flush += (room.messages_per_s - flushes) * readers * costs["node_deliver_full_us"]
        work.add("messages to readers", node, flush, flush)
        push = pushes * (costs["node_flush_us"] + (readers - 1) * costs["node_deliver_alone_us"])
        reads = ticks + room.signals_per_s * share  # one's own votes and reactions are read for each who gave them
        push += reads * costs["node_read_us"] + room.signals_per_s * share * costs["node_deliver_alone_us"]
        work.add("tallies, typing, presence to readers", node, push, push)
        sums.reads += reads
        sums.pushes += (flushes + pushes) * readers
        sums.sent_bytes[node] += (room.messages_per_s + pushes) * readers * costs["delivery_bytes"]
        posts = (entries + markers) * share
        work.add(
            "posts, votes, read markers",
            node,
            posts * (costs["node_post_alone_us"] + costs["node_tell_alone_us"]),
            posts * (costs["node_post_full_us"] + costs["node_tell_full_us"]),
        )
        applied = min(1.0, entries * share * ACTIVE_S) * entries * (1 - share) * costs["node_apply_full_us"]
        own = (entries + soft + markers) * share  # they come back and are dropped
        sums.hears[node] += entries + soft + presence + markers * share
        heard = (entries + soft) * (1 - share)
        dropped = own * costs["node_drop_us"] + applied
        work.add("entries from the bus", node, heard * hear[0] + own * wake + dropped, heard * hear[1] + dropped)
        told = presence * presence_us
        work.add(
            "presence from the bus",
            node,
            told + presence * wake + costs["node_tell_alone_us"] / rules.presence_refresh_s,
            told + costs["node_tell_full_us"] / rules.presence_refresh_s,
        )


def _ticks(room: Room) -> float:
    """How often a second tallies, votes and bars are read and told on a node: each at most every `tally_every_s`."""
    most, half = 1 / limits.tally_every_s, room.signals_per_s / 2
    return 2 * min(most, half) if room.is_session else min(most, room.signals_per_s)


def _flushes(per_s: float, readers: int, costs: Measured) -> float:
    """A room's next flush comes no sooner than its last one took: a flush in every two such times."""
    takes_s = readers * costs["node_deliver_alone_us"] / 1e6
    return min(per_s, 1 / (2 * takes_s)) if takes_s else per_s


def _node(node: int, costs: Measured, rules: Rules, work: Work, sums: _Sums) -> None:
    people = sums.people[node]
    beats = people * (1 / limits.ping_s + 1 / limits.client_ping_s)
    coming = people / rules.stay_s
    cost = beats * costs["node_ping_us"] + coming * costs["node_connect_us"]
    work.add("connections, pings", node, cost, cost)
    streams = sums.rooms[node] * HEAD_STREAMS_OF_ROOM + people
    head = streams * costs["node_head_us"] / rules.head_check_s
    work.add("head check", node, head, head)


def _outcome(costs: Measured, machines: Machines, rules: Rules, work: Work, sums: _Sums) -> Outcome:
    nodes = range(machines.nodes)
    if machines.bus == "cluster":
        _drop_what_is_others(costs, machines, work, sums)
    fullest = max(nodes, key=work.used)
    memory = [
        NODE_BASE_BYTES
        + sums.people[node] * costs["node_connection_bytes"]
        + sums.rooms[node] * costs["node_room_bytes"]
        for node in nodes
    ]
    nic = [8 * sent for sent in sums.sent_bytes]
    streams = sum(sums.rooms) * HEAD_STREAMS_OF_ROOM + sum(sums.people)
    redis, kind = _redis_used(costs, machines, sums), "sharded" if machines.bus == "cluster" else "classic"
    postgres, commits, wal = _postgres(costs, machines, sums, streams / rules.head_check_s)
    connects = sum(sums.people) / rules.stay_s
    front_us = sums.pushes * costs["front_deliver_alone_us"] + connects * costs["front_connect_us"]
    front = front_us / 1e6 / machines.front_cores
    parts = {
        "node CPU": Part(work.used(fullest), "one core a node, the fullest"),
        "node memory": Part(max(memory) / machines.node_bytes, f"{max(memory) / 1e6:,.0f} MB of one node"),
        "node network": Part(max(nic) / machines.node_nic_bits_per_s, f"{max(nic) / 1e6:,.0f} Mbit/s of one node"),
        "Redis CPU": Part(redis, f"{machines.redis_shards} × one core, {kind}; {sums.told:,.0f} messages/s told"),
        "PostgreSQL CPU": Part(postgres, f"{machines.postgres_cores:g} cores"),
        "PostgreSQL log": Part(wal / machines.postgres_wal_bytes_per_s, f"{wal / 1e6:,.1f} MB/s written ahead"),
        "front CPU": Part(front, f"{machines.front_cores:g} cores; {sums.pushes:,.0f} writes/s to people"),
    }
    facts = {
        "nodes_of_a_room": sum(sums.rooms) / sums.all_rooms,
        "rooms_of_a_node": max(sums.rooms),
        "people_of_a_node": max(sums.people),
        "published_per_s": sums.published,
        "told_per_s": sums.told,
        "posts_per_s": sum(sums.posts),
        "streams_checked_per_s": streams / rules.head_check_s,
        "reads_per_s": sums.reads,
        "commits_per_s": commits,
    }
    return Outcome(parts, work.of(fullest), facts)


def _drop_what_is_others(costs: Measured, machines: Machines, work: Work, sums: _Sums) -> None:
    """On a cluster rooms share 128 channels, and a node hears all that is said in those it needs: with more than a few
    hundred rooms, everything."""
    for node in range(machines.nodes):
        needed = 1 - (1 - 1 / PARTITIONS) ** (sums.rooms[node] + sums.people[node])
        others = max(0.0, sums.published * needed - sums.hears[node]) * costs["node_drop_us"]
        work.add("entries from the bus", node, others, others)


def _redis_used(costs: Measured, machines: Machines, sums: _Sums) -> float:
    """Of one shard's core; on a cluster the partitions are spread evenly over the shards."""
    kind = "sharded" if machines.bus == "cluster" else "classic"
    alone, full = (
        (sums.published * costs[f"redis_{kind}_publish_{load}_us"] + sums.told * costs[f"redis_{kind}_deliver_{load}_us"])
        / 1e6
        / machines.redis_shards
        for load in ("alone", "full")
    )
    used = alone / (1 + max(0.0, alone - full))
    return used if used < 1 else full


def _postgres(costs: Measured, machines: Machines, sums: _Sums, checked_per_s: float) -> tuple[float, float, float]:
    """The share of its cores, commits and bytes written ahead in a second. A node has one commit under way, and what
    comes meanwhile goes into the next."""
    commit_s = costs["postgres_flush_ms"] / 1_000
    commits = sum(posts / (1 + posts * commit_s) for posts in sums.posts)
    posts = sum(sums.posts)
    cpu_us = posts * costs["postgres_node_post_us"] + commits * costs["postgres_commit_us"]
    cpu_us += checked_per_s * costs["postgres_head_us"] + sums.reads * costs["postgres_read_us"]
    return cpu_us / 1e6 / machines.postgres_cores, commits, posts * costs["postgres_post_wal_bytes"]
