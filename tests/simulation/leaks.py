"""What a node must have let go of when nobody is there any more. This looks inside; nothing else here does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tertulia.domain.ids import stream_kind
from tests.simulation.host import Host

if TYPE_CHECKING:
    from tests.simulation.world import World


def leaks(world: World) -> Iterator[str]:
    for host in world.hosts:
        for what, left in _held(host):
            if left:
                yield f"{host.bus.node_id} still holds {what}: {left}"


def _held(host: Host) -> Iterator[tuple[str, object]]:
    flow = host.flow
    assert flow is not None, "all hosts are up at the end"
    node, soft, receiver, catch_up = flow.node, flow.soft, flow.receiver, flow.catch_up
    yield "conversations", list(node.conversations)
    yield "people", list(node.people)
    yield "channels", [stream for stream in node.channels if not stream_kind(stream).startswith("cohort")]
    yield "readers", [stream for stream, channel in node.channels.items() if channel.readers]
    yield "lanes", [owner for owner, lane in node._lanes.items() if not lane.is_pinned]
    yield "bus channels", [channel for channel in host.bus.channels if not channel.startswith("cohort")]
    yield "opening", [*receiver._opening, *receiver._heard, *receiver._repairing]
    yield "reads under way", [*catch_up._under_way, *catch_up._waiting]
    yield "soft state", [*soft._tallied, *soft._missed, *soft._taken_up, *soft._mine, *soft._heads]
    extra = len(host.owner.tasks) - host.tasks_at_rest
    yield "tasks", [str(task.get_coro()) for task in list(host.owner.tasks)[-extra:]] if extra > 0 else []
