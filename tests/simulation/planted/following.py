"""Bugs in following: in how streams are taken up and left, and in what is told of people and tallies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tertulia.eventlog import LogUnavailable
from tertulia.live.flow import Flow
from tertulia.wire.requests import Position
from tertulia.wire.stored import Entry
from tests.simulation.planted.bug import do_nothing


def no_top_up(flow: Flow) -> None:
    attach = flow.catch_up._attach

    def attach_as_it_is(conversation: Any, stream: Any, found: Any) -> Awaitable[None]:
        return attach(conversation, stream, found._replace(after=-1))

    flow.catch_up._attach = attach_as_it_is  # type: ignore[method-assign, assignment]


def any_epoch(flow: Flow) -> None:
    missing = flow.catch_up._missing

    def missing_of_ours(stream: Any, origin: Any, level: Any) -> Awaitable[Any]:
        if isinstance(origin, Position):
            origin = Position(epoch=flow.node.log.epoch, seq=origin.seq)
        return missing(stream, origin, level)

    flow.catch_up._missing = missing_of_ours  # type: ignore[method-assign, assignment]


def snapshot_says_too_much(flow: Flow) -> None:
    view = flow.catch_up.view

    async def view_of_later(stream: Any) -> Any:
        _, state = await view(stream)
        await asyncio.sleep(0.01)
        return (await flow.node.log.heads([stream]))[stream], state

    flow.catch_up.view = view_of_later  # type: ignore[method-assign]


def lag_not_told(flow: Flow) -> None:
    flow.catch_up.tell_lags = do_nothing  # type: ignore[method-assign]


def left_is_written(flow: Flow) -> None:
    def leave(conversation: Any, stream: Any) -> bool:
        return conversation.follows.pop(stream, None) is not None

    flow.catch_up.leave = leave  # type: ignore[method-assign]


def all_may_read(flow: Flow) -> None:
    may_not = flow.catch_up.may_not_read

    def may_read(name: str, asker: Any, cohort: Any) -> str:
        code = may_not(name, asker, cohort)
        return "" if code == "not_allowed" else code

    flow.catch_up.may_not_read = may_read  # type: ignore[method-assign]


def no_effect_of(*names: str) -> Callable[[Flow], None]:
    def spoil(flow: Flow) -> None:
        take = flow.receiver.take

        def take_without(entry: Entry, record: Any) -> None:
            channel, lane = flow.node.channels.get(entry.stream), flow.node.lane_of(entry.stream)
            if entry.name not in names or channel is None or entry.seq != channel.last + 1:
                take(entry, record)
                return
            if lane is not None:
                lane.note(entry)
            channel.offer(entry.seq, record)

        flow.receiver.take = take_without  # type: ignore[method-assign]

    return spoil


def tallies_not_told_again(flow: Flow) -> None:
    flow.soft.taken_up = do_nothing  # type: ignore[method-assign]


def tick_forgets(flow: Flow) -> None:
    tell = flow.soft._tell_tallied

    async def tell_or_not(room: Any, messages: Any) -> None:
        try:
            await tell(room, messages)
        except LogUnavailable:
            return

    flow.soft._tell_tallied = tell_or_not  # type: ignore[method-assign]


def counts_not_told(flow: Flow) -> None:
    flow.soft.session.counted = do_nothing  # type: ignore[method-assign]


def counts_not_told_again(flow: Flow) -> None:
    flow.soft.session.ask = do_nothing  # type: ignore[method-assign]


def reading_changes_no_count(flow: Flow) -> None:
    flow.soft.head_stale = do_nothing  # type: ignore[method-assign]


def ghosts(flow: Flow) -> None:
    flow.soft.here.leave = do_nothing  # type: ignore[method-assign]


def resumes_one_too_far(flow: Flow) -> None:
    missing = flow.catch_up._missing

    def missing_after(stream: Any, origin: Any, level: Any) -> Awaitable[Any]:
        if isinstance(origin, Position) and 0 < origin.seq < flow.node.channels[stream].last:
            origin = Position(epoch=origin.epoch, seq=origin.seq + 1)
        return missing(stream, origin, level)

    flow.catch_up._missing = missing_after  # type: ignore[method-assign, assignment]


def tapped_while_it_is_told(flow: Flow) -> None:
    """What is tallied while a tally is read and told is forgotten with what was due before."""
    tell = flow.soft._tell_tallied

    async def tell_and_clear(room: Any, messages: Any) -> None:
        await tell(room, messages)
        flow.soft._tallied.pop(room, None)

    flow.soft._tell_tallied = tell_and_clear  # type: ignore[method-assign]


def tallies_one_too_many(flow: Flow) -> None:
    """A tap that is taken back leaves the count as it was."""
    tally = flow.soft._tally
    most: dict[tuple[Any, str, str], int] = {}

    async def tally_up(room: Any, messages: Any) -> Any:
        found = await tally(room, messages)
        for message, counts in found.tallies.items():
            for emoji, count in counts.items():
                counts[emoji] = most[room, message, emoji] = max(count, most.get((room, message, emoji), 0))
        return found

    flow.soft._tally = tally_up  # type: ignore[method-assign]


def redactions_keep_tallies(flow: Flow) -> None:
    flow.soft.untallied = do_nothing  # type: ignore[method-assign]
