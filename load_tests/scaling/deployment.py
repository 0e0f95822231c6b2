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

from load_tests.costs.model import Costs, shared
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
    gather_s: float = 0.0
    """How long a node waits before it commits, so that more posts share a commit."""
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
        alone = sum(self._alone[cause][node] for cause in CAUSES)
        full = sum(self._full[cause][node] for cause in CAUSES)
        return shared(1.0, alone_us=alone, full_us=full)

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


class _Run(NamedTuple):
    """What one deployment is summed from, and into."""

    costs: Costs
    machines: Machines
    rules: Rules
    work: Work
    sums: _Sums


class _Rates(NamedTuple):
    """Of a room, in a second. `moves`: people who come or go; `ticks`: reads of tallies and votes on each node;
    `pushes`: soft records to each reader."""

    entries: float
    markers: float
    moves: float
    soft: float
    presence: float
    ticks: float
    pushes: float


def deploy(
    rooms: Sequence[Room],
    costs: Costs,
    machines: Machines,
    placement: Placement,
    *,
    rules: Rules = AS_IT_IS,
    seed: int = 7,
) -> Outcome:
    """Everybody is there, and a second passes."""
    run = _Run(costs, machines, rules, Work(machines.nodes), _Sums(machines.nodes))
    run.sums.all_rooms = len(rooms)
    for room, placed in zip(rooms, place(rooms, machines, placement, seed=seed), strict=True):
        rates = _rates(room, len(placed), rules)
        _tell(run, rates, nodes=len(placed))
        for node, readers in placed.items():
            _read(run, room, rates, node, readers)
            _decide(run, room, rates, node, readers)
            _hear(run, room, rates, node=node, nodes=len(placed), share=readers / room.people)
    for node in range(machines.nodes):
        _node(run, node)
    return _outcome(run)


def _rates(room: Room, nodes: int, rules: Rules) -> _Rates:
    moves = 2 * room.people / rules.stay_s
    moved = min(moves, nodes / limits.presence_tick_s)
    typing = room.messages_per_s * rules.typing_a_message * (room.people <= limits.typing_readers_max)
    ticks = _ticks(room)
    return _Rates(
        room.messages_per_s + room.signals_per_s,
        room.read_markers_per_s(rules.looking, every_s=rules.read_marker_every_s),
        moves,
        typing + moved,
        nodes / rules.presence_refresh_s,
        ticks,
        ticks + min(moves, 1 / limits.presence_tick_s) + 2 * typing,  # typing is told when it begins and when it ends
    )


def _tell(run: _Run, rates: _Rates, *, nodes: int) -> None:
    """What Redis is given, and whom it tells. On one server the nodes of the room; on a cluster all of them."""
    shared, own = rates.entries + rates.soft + rates.presence, rates.markers
    is_cluster = run.machines.bus == "cluster"
    run.sums.published += shared + own
    run.sums.told += shared * (run.machines.nodes if is_cluster else nodes)
    run.sums.told += own * (run.machines.nodes if is_cluster else 1)


def _read(run: _Run, room: Room, rates: _Rates, node: int, readers: int) -> None:
    """Messages and soft records to the room's readers on this node."""
    costs, work, sums = run.costs, run.work, run.sums
    flushes = _flushes(room.messages_per_s, readers, costs)
    gathered = (room.messages_per_s - flushes) * readers * costs["node_deliver_full_us"]
    others_us = (readers - 1) * costs["node_deliver_alone_us"]
    alone_us, full_us = (costs[f"node_flush_{load}_us"] + others_us for load in ("alone", "full"))
    work.add("messages to readers", node, flushes * alone_us + gathered, flushes * full_us + gathered)
    own = room.signals_per_s * readers / room.people  # one's own votes and reactions are read, and told to oneself
    soft = own * costs["node_deliver_alone_us"] + (rates.ticks + own) * costs["node_read_us"]
    work.add(
        "tallies, typing, presence to readers", node, soft + rates.pushes * alone_us, soft + rates.pushes * full_us
    )
    sums.reads += rates.ticks + own
    sums.pushes += (flushes + rates.pushes) * readers
    sums.sent_bytes[node] += (room.messages_per_s + rates.pushes) * readers * costs["delivery_bytes"]
    sums.people[node] += readers
    sums.rooms[node] += 1


def _decide(run: _Run, room: Room, rates: _Rates, node: int, readers: int) -> None:
    """What this node's people post, vote and have read."""
    costs = run.costs
    posts = (rates.entries + rates.markers) * readers / room.people
    run.sums.posts[node] += posts
    run.work.add(
        "posts, votes, read markers",
        node,
        posts * costs["node_post_alone_us"],
        posts * costs["node_post_full_us"],
    )


def _hear(run: _Run, room: Room, rates: _Rates, *, node: int, nodes: int, share: float) -> None:
    """What the other nodes tell, and one's own that comes back."""
    costs, work = run.costs, run.work
    full_us = costs["node_hear_full_us"]
    wake_us = _wake_us(costs)
    others = (rates.entries + rates.soft) * (1 - share)
    own = (rates.entries + rates.soft + rates.markers) * share
    is_posted_to = min(1.0, rates.entries * share * ACTIVE_S)
    applied = is_posted_to * rates.entries * (1 - share) * costs["node_apply_full_us"]
    full = others * full_us + own * costs["node_drop_us"] + applied
    work.add("entries from the bus", node, full + (others + own) * wake_us, full)
    people = room.people / nodes
    presence_us = costs["node_presence_us"] + costs["node_presence_person_us"] * people
    heard = (nodes - 1) / run.rules.presence_refresh_s
    own_told = 1 / run.rules.presence_refresh_s
    work.add(
        "presence from the bus",
        node,
        heard * (presence_us + wake_us) + own_told * costs["node_tell_alone_us"],
        heard * presence_us + own_told * (costs["node_tell_full_us"] + costs["node_drop_us"]),
    )
    run.sums.hears[node] += rates.entries + rates.soft + rates.presence + rates.markers * share


def _wake_us(costs: Costs) -> float:
    """What a message on the bus costs more when it comes alone."""
    return max(0.0, costs["node_hear_alone_us"] - costs["node_hear_full_us"])


def _ticks(room: Room) -> float:
    """How often a second tallies, votes and bars are read and told on a node: each at most every `tally_every_s`."""
    most, half = 1 / limits.tally_every_s, room.signals_per_s / 2
    return 2 * min(most, half) if room.is_session else min(most, room.signals_per_s)


def _flushes(per_s: float, readers: int, costs: Costs) -> float:
    """A room's next flush comes no sooner than its last one took: a flush in every two such times."""
    takes_s = readers * costs["node_deliver_alone_us"] / 1e6
    return min(per_s, 1 / (2 * takes_s)) if takes_s else per_s


def _node(run: _Run, node: int) -> None:
    """What is there whatever is said."""
    costs, rules, sums = run.costs, run.rules, run.sums
    people = sums.people[node]
    beats = people * (1 / limits.ping_s + 1 / limits.client_ping_s)
    cost = beats * costs["node_ping_us"] + people / rules.stay_s * costs["node_connect_us"]
    run.work.add("connections, pings", node, cost, cost)
    head = _streams(sums, node) * costs["node_head_us"] / rules.head_check_s
    run.work.add("head check", node, head, head)
    others = run.machines.nodes - 1
    alive = others / limits.presence_alive_s
    told = 2 * people / rules.stay_s * limits.presence_lease_s  # rooms of which each of them repeats what it said last
    heard = alive * (costs["node_presence_us"] + told * costs["node_presence_person_us"])
    run.work.add("presence from the bus", node, heard + alive * _wake_us(costs), heard)
    sums.published += 1 / limits.presence_alive_s
    sums.told += run.machines.nodes / limits.presence_alive_s


def _streams(sums: _Sums, node: int) -> int:
    return sums.rooms[node] * HEAD_STREAMS_OF_ROOM + sums.people[node]


def _outcome(run: _Run) -> Outcome:
    costs, machines, work, sums = run.costs, run.machines, run.work, run.sums
    nodes = range(machines.nodes)
    if machines.bus == "cluster":
        _drop_what_is_others(run)
    fullest = max(nodes, key=work.used)
    memory = max(
        NODE_BASE_BYTES
        + sums.people[node] * costs["node_connection_bytes"]
        + sums.rooms[node] * costs["node_room_bytes"]
        for node in nodes
    )
    nic = 8 * max(sums.sent_bytes)
    checked = sum(_streams(sums, node) for node in nodes) / run.rules.head_check_s
    postgres, commits, wal = _postgres(run, checked)
    connects = sum(sums.people) / run.rules.stay_s
    front_us = sums.pushes * costs["front_deliver_alone_us"] + connects * costs["front_connect_us"]
    parts = {
        "node CPU": Part(work.used(fullest), "one core a node, the fullest"),
        "node memory": Part(memory / machines.node_bytes, f"{memory / 1e6:,.0f} MB of one node"),
        "node network": Part(nic / machines.node_nic_bits_per_s, f"{nic / 1e6:,.0f} Mbit/s of one node"),
        "Redis CPU": Part(_redis_used(run), f"{machines.redis_shards} × one core; {sums.told:,.0f} messages/s told"),
        "PostgreSQL CPU": Part(postgres, f"{machines.postgres_cores:g} cores"),
        "PostgreSQL log": Part(wal / machines.postgres_wal_bytes_per_s, f"{wal / 1e6:,.1f} MB/s written ahead"),
        "front CPU": Part(
            front_us / 1e6 / machines.front_cores,
            f"{machines.front_cores:g} cores; {sums.pushes:,.0f} writes/s to people",
        ),
    }
    facts = {
        "nodes_of_a_room": sum(sums.rooms) / sums.all_rooms,
        "rooms_of_a_node": max(sums.rooms),
        "people_of_a_node": max(sums.people),
        "published_per_s": sums.published,
        "told_per_s": sums.told,
        "posts_per_s": sum(sums.posts),
        "streams_checked_per_s": checked,
        "reads_per_s": sums.reads,
        "commits_per_s": commits,
    }
    return Outcome(parts, work.of(fullest), facts)


def _drop_what_is_others(run: _Run) -> None:
    """On a cluster rooms share 128 channels, and a node hears all that is said in those it needs: with more than a few
    hundred rooms, everything."""
    sums = run.sums
    for node in range(run.machines.nodes):
        needed = 1 - (1 - 1 / PARTITIONS) ** (sums.rooms[node] + sums.people[node])
        others = max(0.0, sums.published * needed - sums.hears[node]) * run.costs["node_drop_us"]
        run.work.add("entries from the bus", node, others, others)


def _redis_used(run: _Run) -> float:
    """Of one shard's core; on a cluster the partitions are spread evenly over the shards."""
    costs, machines, sums = run.costs, run.machines, run.sums
    kind = "sharded" if machines.bus == "cluster" else "classic"
    alone, full = (
        sums.published * costs[f"redis_{kind}_publish_{load}_us"] + sums.told * costs[f"redis_{kind}_deliver_{load}_us"]
        for load in ("alone", "full")
    )
    return shared(1 / machines.redis_shards, alone_us=alone, full_us=full)


def _postgres(run: _Run, checked_per_s: float) -> tuple[float, float, float]:
    """The share of its cores, commits and bytes written ahead in a second. A node has one commit under way, and what
    comes meanwhile (or while it waits to gather) goes into the next."""
    costs, sums = run.costs, run.sums
    commit_s = costs["postgres_flush_ms"] / 1_000 + run.rules.gather_s
    commits = sum(posts / (1 + posts * commit_s) for posts in sums.posts)
    posts = sum(sums.posts)
    work_us = posts * costs["postgres_node_post_us"]
    work_us += checked_per_s * costs["postgres_head_us"] + sums.reads * costs["postgres_read_us"]
    alone_us, full_us = (work_us + commits * costs[f"postgres_commit_{load}_us"] for load in ("alone", "full"))
    used = shared(1 / run.machines.postgres_cores, alone_us=alone_us, full_us=full_us)
    return used, commits, posts * costs["postgres_post_wal_bytes"]
