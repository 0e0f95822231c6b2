"""One room of a hundred thousand: what a message in it costs each part, and how late its last reader has it.

Here the people are the load, not the rooms: each message goes to every node once and there to a thousand readers, one
write after the other. A node flushes a room again no sooner than the last flush took, so that more messages share a
write; it then uses half of its core for it. Who follows at level `head` is told every three seconds that something
happened, and fetches what they want to read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from load_tests.costs.model import Costs
from load_tests.scaling.deployment import Machines, deploy
from load_tests.scaling.population import Room
from tertulia.domain import limits

PEOPLE: Final = 100_000
RATES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


class Moment(NamedTuple):
    """`last_ms`: from the commit until the last reader on a node has the message. `stream_used`: of the posts and votes
    that one stream takes from many nodes."""

    messages_per_s: float
    node_used: float
    redis_used: float
    postgres_used: float
    front_used: float
    stream_used: float
    last_ms: float
    head_node_used: float
    """A node's CPU when all but one in a hundred follow at level `head`."""
    head_postgres_used: float
    """PostgreSQL's then: of each who watches it is asked what they have not read."""


def one_room(
    messages_per_s: float,
    costs: Costs,
    machines: Machines,
    *,
    people: int = PEOPLE,
    signals_per_s: float = 0.0,
) -> Moment:
    room = Room(people, messages_per_s, signals_per_s, is_session=signals_per_s > 0)
    outcome = deploy([room], costs, machines, "spread")
    parts = outcome.parts
    readers = people / machines.nodes
    flush_ms = readers * costs["node_deliver_alone_us"] / 1_000
    waits_ms = 0.0 if messages_per_s * flush_ms / 1_000 < 0.5 else flush_ms  # for the flush under way, when it is busy
    return Moment(
        messages_per_s,
        parts["node CPU"].used,
        parts["Redis CPU"].used,
        parts["PostgreSQL CPU"].used,
        parts["front CPU"].used,
        (messages_per_s + signals_per_s) / max(costs["postgres_shared_posts_per_s"], 1e-9),
        flush_ms + waits_ms,
        *_at_head(room, costs, machines),
    )


def _at_head(room: Room, costs: Costs, machines: Machines) -> tuple[float, float]:
    """One in a hundred reads along; the others are told of the head, which asks what each has not read."""
    readers = max(1, room.people // 100)
    along = deploy([room._replace(people=readers)], costs, machines, "spread").parts
    watching = (room.people - readers) / machines.nodes
    told_per_s = watching * min(room.messages_per_s, 1 / limits.head_every_s)
    node_s = told_per_s * (costs["node_deliver_alone_us"] + costs["node_read_us"]) / 1e6
    postgres_s = told_per_s * machines.nodes * costs["postgres_read_us"] / 1e6
    return along["node CPU"].used + node_s, along["PostgreSQL CPU"].used + postgres_s / machines.postgres_cores
