"""The cost model: each figure by name, with its unit and how it was measured; read from and written to `measured.json`.

*Alone*: the only one at that moment, so that it pays for waking the process up and for a system call of its own.
*Full*: one of many, as on a busy process, which shares both. `shared` says what one costs in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from load_tests.figures import Figure

MEASURED: Final = Path(__file__).with_name("measured.json")


class Cost(NamedTuple):
    unit: str
    what: str
    how: str


_LOOP: Final = "closed loop in one room with 1, 250 and 1,000 readers, log durable; a line through the three"
_POSTED: Final = "two nodes and a Redis: CPU of the node that is posted through, less its idle CPU, per message"
_HEARD: Final = "two nodes and a Redis: CPU of the node that is not posted through, less its idle CPU, per message"
_REDIS: Final = "bare sockets, 1 to 48 subscribers, 450 bytes; a line through them"
_PEOPLE: Final = "2,000 connections on one node, after 300 others"
_NGINX: Final = "nginx, one worker, before a node: 500 readers in one room, 200-byte texts"

COSTS: Final[dict[str, Cost]] = {
    # The node
    "node_post_alone_us": Cost("µs CPU", "a post: decided, committed, answered, told to Redis", f"{_POSTED}; 100/s"),
    "node_post_full_us": Cost("µs CPU", "the same, among many", f"{_POSTED}; 2,000/s, 200 at once"),
    "node_deliver_alone_us": Cost("µs CPU", "a message to one reader", _LOOP),
    "node_deliver_full_us": Cost("µs CPU", "the same, when tens gather in a room", "closed loop, 50 in flight"),
    "node_hear_alone_us": Cost("µs CPU", "an entry from the bus, before fan-out", f"{_HEARD}; 100/s in 50 rooms"),
    "node_hear_full_us": Cost("µs CPU", "the same, among many", f"{_HEARD}; 2,000/s, 200 at once"),
    "node_apply_full_us": Cost("µs CPU", "the same, where the room's state for deciding is at hand too", _HEARD),
    "node_drop_us": Cost(
        "µs CPU", "a message from the bus that is not for this node", "the bus by itself, 200 at a time"
    ),
    "node_flush_alone_us": Cost("µs CPU", "an entry's flush in its room, first reader included", f"{_HEARD}; 100/s"),
    "node_flush_full_us": Cost("µs CPU", "the same, among many", f"{_HEARD}; 2,000/s"),
    "node_tell_alone_us": Cost("µs CPU", "publishing on the bus", "the bus by itself on a real Redis, one at a time"),
    "node_tell_full_us": Cost("µs CPU", "the same, among many", "the bus by itself, 200 at a time"),
    "node_presence_us": Cost("µs CPU", "who is in a room, heard from another node", f"{_HEARD}; 500/s, 1 to 50 people"),
    "node_presence_person_us": Cost("µs CPU", "the same, for each person named", "the slope of that line"),
    "node_connect_us": Cost("µs CPU", "a connection until it is live at a room's head", _PEOPLE),
    "node_return_us": Cost("µs CPU", "the same with a position, 20 messages missed", _PEOPLE),
    "node_ping_us": Cost("µs CPU", "a ping and its answer", f"{_PEOPLE}; each sends one"),
    "node_connection_bytes": Cost("bytes", "a connection that follows a room", _PEOPLE),
    "node_open_room_us": Cost("µs CPU", "a room nobody followed on this node before", "300 rooms taken up by one"),
    "node_room_bytes": Cost("bytes", "the same: its channels, presence and place on the bus", "300 rooms"),
    "node_head_us": Cost("µs CPU", "one stream of the head check, asked once a second", "20,000 streams, PostgreSQL"),
    "node_read_us": Cost("µs CPU", "a read of the log, the node's part", "20 entries of one stream, 100 reads at once"),
    "delivery_bytes": Cost(
        "bytes", "a delivery on the wire: frame, record, TCP and IP", "counted; 40 + 12 for headers"
    ),
    # Redis
    "redis_classic_publish_alone_us": Cost("µs CPU", "PUBLISH, one in flight", _REDIS),
    "redis_classic_deliver_alone_us": Cost("µs CPU", "its way to one subscriber, one in flight", _REDIS),
    "redis_classic_publish_full_us": Cost("µs CPU", "PUBLISH, 100 in flight", _REDIS),
    "redis_classic_deliver_full_us": Cost("µs CPU", "its way to one subscriber, 100 in flight", _REDIS),
    "redis_sharded_publish_alone_us": Cost("µs CPU", "SPUBLISH, one in flight", _REDIS),
    "redis_sharded_deliver_alone_us": Cost("µs CPU", "its way to one subscriber, one in flight", _REDIS),
    "redis_sharded_publish_full_us": Cost("µs CPU", "SPUBLISH, 100 in flight", _REDIS),
    "redis_sharded_deliver_full_us": Cost("µs CPU", "its way to one subscriber, 100 in flight", _REDIS),
    "redis_subscribe_us": Cost("µs CPU", "SUBSCRIBE to one channel, 500 a command", "20,000 channels, two subscribers"),
    "redis_subscription_bytes": Cost("bytes", "a subscription", "20,000 channels, two subscribers"),
    # PostgreSQL
    "postgres_post_us": Cost("µs CPU", "a post, the log alone (no projections)", "100 writers, one post each"),
    "postgres_node_post_us": Cost(
        "µs CPU", "a post through a node, with projections and search", "100 rooms of ten, all posting"
    ),
    "postgres_post_wal_bytes": Cost("bytes", "a post in the write-ahead log, through a node", "the same"),
    "postgres_commit_alone_us": Cost("µs CPU", "a commit of one post, beside the post", "one node, one post at a time"),
    "postgres_commit_full_us": Cost("µs CPU", "the same, among many", "16 nodes, one post at a time each"),
    "postgres_flush_ms": Cost("ms", "a post until it is on this disk", "one node, one post at a time, p50"),
    "postgres_shared_posts_per_s": Cost(
        "posts/s", "of one room, when nodes are in each other's way", "16 nodes, 10 posts an append"
    ),
    "postgres_shared_tries": Cost("tries", "until an append of theirs is written, mean", "the same"),
    "postgres_head_us": Cost("µs CPU", "one stream of the head check", "20,000 streams in one query"),
    "postgres_read_us": Cost("µs CPU", "a read of the log, PostgreSQL's part", "20 entries of one stream"),
    # The front
    "front_deliver_alone_us": Cost("µs CPU", "a message passed on to one reader, alone", _NGINX),
    "front_deliver_full_us": Cost("µs CPU", "the same when tens gather", f"{_NGINX}; 50 in flight"),
    "front_connect_us": Cost("µs CPU", "a connection passed on", f"{_NGINX}"),
    "front_connection_bytes": Cost("bytes", "a connection that is passed on", f"{_NGINX}"),
}


Costs = Mapping[str, float]
"""By the names of `COSTS`."""


class Measured(NamedTuple):
    """`conditions`: when, how busy the machine was. `figures`: of the scenarios with two nodes and on PostgreSQL.
    `compared`: the model against two nodes, as `validation.py` writes it."""

    costs: Costs
    conditions: Mapping[str, Any] = {}
    figures: Mapping[str, Figure] = {}
    compared: Sequence[Mapping[str, Any]] = ()


def load(path: Path = MEASURED) -> Measured:
    found = json.loads(path.read_text(encoding="utf-8"))
    if missing := sorted(COSTS.keys() - found["costs"].keys()):
        raise KeyError(f"{path.name} lacks {', '.join(missing)}: run python -m load_tests.scaling --measure")
    return Measured(found["costs"], found["conditions"], found.get("figures", {}), found.get("compared", ()))


def save(measured: Measured, path: Path = MEASURED) -> None:
    unknown = measured.costs.keys() - COSTS.keys()
    assert not unknown, f"these have no description: {unknown}"
    words = json.dumps(
        {
            "conditions": measured.conditions,
            "costs": {name: float(f"{measured.costs[name]:.4g}") for name in COSTS if name in measured.costs},
            "figures": measured.figures,
            "compared": measured.compared,
        },
        indent=2,
        ensure_ascii=False,
    )
    path.write_text(words + "\n", encoding="utf-8")


def shared(per_s: float, *, alone_us: float, full_us: float) -> float:
    """The share of a core that `per_s` of a thing take, when one costs less the busier the core is.

    A process that is busy for the share u of its time finds the next thing waiting, and pays no wake-up for it, with
    probability u: one costs alone·(1−u) + full·u, so u = rate·cost(u), solved for u. At u = 1 all are full. Over 1:
    what would be needed at the full cost.
    """
    alone_s, full_s = max(alone_us, full_us) / 1e6, full_us / 1e6
    used = per_s * alone_s / (1 + per_s * (alone_s - full_s))
    return used if used < 1 else per_s * full_s


def line_through(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Least squares: (what stands at 0, never less than nothing; the slope)."""
    count = len(points)
    middle_x, middle_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)
    return max(0.0, middle_y - slope * middle_x), slope
