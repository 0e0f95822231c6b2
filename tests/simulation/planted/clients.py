"""Bugs in the clients of a run."""

from __future__ import annotations

from typing import Any

from tests.simulation.world import World


def claims_one_more(world: World) -> None:
    for client in world.clients:
        ask = client._ask_for

        def ask_for(streams: Any, *, is_new_connection: bool, ask: Any = ask) -> Any:
            asked, levels = ask(streams, is_new_connection=is_new_connection)
            for origin in asked.values():
                if isinstance(origin, dict) and origin["seq"] > 2:
                    origin["seq"] += 1
            return asked, levels

        client._ask_for = ask_for  # type: ignore[method-assign]


def folds_no_edits(world: World) -> None:
    """The view of one client goes its own way."""
    client = world.clients[-1]
    follow = client.follow

    def follow_and_spoil(stream: Any, **how: Any) -> None:
        is_new = stream not in client.readers
        follow(stream, **how)
        reader = client.readers[stream]
        apply = reader.apply

        def apply_but(event: dict[str, Any]) -> None:
            apply(event | {"name": "unheard_of"} if event["name"] == "message_edited" else event)

        if is_new:
            reader.apply = apply_but  # type: ignore[method-assign]

    client.follow = follow_and_spoil  # type: ignore[method-assign]
