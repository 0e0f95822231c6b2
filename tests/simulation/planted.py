"""Bugs put in on purpose, each a small change to the objects of one run: a simulation that finds none of them is worth
nothing. `BUGS` is the table; test_simulation.py says how often each is found.

Some change a node before it starts, some the log, the clients or what is written. All restore nothing: the world is
thrown away with its run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tertulia.eventlog import Append, Appended, LogUnavailable, Receipt
from tertulia.hub import Channel
from tertulia.live.flow import Flow
from tertulia.wire.requests import Position
from tertulia.wire.stored import Entry
from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Bug:
    """`on_node`: done to every node before it starts. `on_world`: done once, before everything."""

    name: str
    on_node: Callable[[Flow], None] = lambda flow: None
    on_world: Callable[[World], None] = lambda world: None


async def _nothing(*_: Any) -> None:
    return None


def _ignore(*_: Any, **__: Any) -> None:
    return None


# --- channels -------------------------------------------------------------------------------------------------------


def _each_channel(flow: Flow, spoil: Callable[[Channel], None]) -> None:
    """Do it to every channel the node opens."""
    open_ = flow.receiver._open

    async def open_and_spoil(streams: list[Any]) -> None:
        await open_(streams)
        for stream in streams:
            spoil(flow.node.channels[stream])

    flow.receiver._open = open_and_spoil  # type: ignore[method-assign]


def _takes_ahead(flow: Flow) -> None:
    def spoil(channel: Channel) -> None:
        offer = channel.offer

        def offer_any(seq: int, record: Any, **options: Any) -> Any:
            if seq > channel.last + 1:
                channel._take(seq, record)
                return "taken"
            return offer(seq, record, **options)

        channel.offer = offer_any  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def _takes_old(flow: Flow) -> None:
    def spoil(channel: Channel) -> None:
        offer = channel.offer

        def offer_again(seq: int, record: Any, **options: Any) -> Any:
            if seq == channel.last and channel.readers:
                channel._pending.append(record)
                channel._schedule()
            return offer(seq, record, **options)

        channel.offer = offer_again  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def _set_aside_for_ever(flow: Flow) -> None:
    def repair_never(channel: Channel) -> None:
        channel._aside.clear()
        channel.ahead_to = channel.last

    flow.receiver._repair_soon = repair_never  # type: ignore[method-assign]


def _forgets_what_it_hears_while_it_opens(flow: Flow) -> None:
    class Deaf(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            return None

    flow.receiver._heard = Deaf()


def _no_head_check(flow: Flow) -> None:
    flow.receiver.check_heads = _nothing  # type: ignore[method-assign]


def _tail_keeps_texts(flow: Flow) -> None:
    flow.receiver._redact = _ignore  # type: ignore[method-assign]


def _redactions_set_aside(flow: Flow) -> None:
    def spoil(channel: Channel) -> None:
        offer = channel.offer
        channel.offer = lambda seq, record, **_: offer(seq, record)  # type: ignore[method-assign, misc]

    _each_channel(flow, spoil)


# --- taking up ------------------------------------------------------------------------------------------------------


def _no_top_up(flow: Flow) -> None:
    attach = flow.catch_up._attach

    def attach_as_it_is(conversation: Any, stream: Any, found: Any) -> Awaitable[None]:
        return attach(conversation, stream, found._replace(after=-1))

    flow.catch_up._attach = attach_as_it_is  # type: ignore[method-assign, assignment]


def _any_epoch(flow: Flow) -> None:
    missing = flow.catch_up._missing

    def missing_of_ours(stream: Any, origin: Any, level: Any) -> Awaitable[Any]:
        if isinstance(origin, Position):
            origin = Position(epoch=flow.node.log.epoch, seq=origin.seq)
        return missing(stream, origin, level)

    flow.catch_up._missing = missing_of_ours  # type: ignore[method-assign, assignment]


def _snapshot_says_too_much(flow: Flow) -> None:
    view = flow.catch_up.view

    async def view_of_later(stream: Any) -> Any:
        _, state = await view(stream)
        await asyncio.sleep(0.01)
        return (await flow.node.log.heads([stream]))[stream], state

    flow.catch_up.view = view_of_later  # type: ignore[method-assign]


def _lag_not_told(flow: Flow) -> None:
    flow.catch_up.tell_lags = _ignore  # type: ignore[method-assign]


def _left_is_written(flow: Flow) -> None:
    def leave(conversation: Any, stream: Any) -> bool:
        return conversation.follows.pop(stream, None) is not None

    flow.catch_up.leave = leave  # type: ignore[method-assign]


def _all_may_read(flow: Flow) -> None:
    may_not = flow.catch_up.may_not_read

    def may_read(name: str, asker: Any, cohort: Any) -> str:
        code = may_not(name, asker, cohort)
        return "" if code == "not_allowed" else code

    flow.catch_up.may_not_read = may_read  # type: ignore[method-assign]


# --- what follows from an entry ---------------------------------------------------------------------------------------


def _no_effect_of(*names: str) -> Callable[[Flow], None]:
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


def _tallies_not_told_again(flow: Flow) -> None:
    flow.soft.taken_up = _ignore  # type: ignore[method-assign]


def _tick_forgets(flow: Flow) -> None:
    tell = flow.soft._tell_tallied

    async def tell_or_not(room: Any, messages: Any) -> None:
        try:
            await tell(room, messages)
        except LogUnavailable:
            return

    flow.soft._tell_tallied = tell_or_not  # type: ignore[method-assign]


def _reading_changes_no_count(flow: Flow) -> None:
    flow.soft.head_stale = _ignore  # type: ignore[method-assign]


def _ghosts(flow: Flow) -> None:
    flow.soft.here.leave = _ignore  # type: ignore[method-assign]


# --- lanes ------------------------------------------------------------------------------------------------------------


def _each_lane(flow: Flow, spoil: Callable[[Any], None]) -> None:
    make = flow.node._lane

    def make_and_spoil(owner: Any, keeper: Any) -> Any:
        is_new = owner not in flow.node._lanes
        lane = make(owner, keeper)
        if is_new:
            spoil(lane)
        return lane

    flow.node._lane = make_and_spoil  # type: ignore[method-assign]


def _refuses_unasked(flow: Flow) -> None:
    async def always(plan: Any) -> bool:
        return True

    _each_lane(flow, lambda lane: setattr(lane, "_is_true_still", always))


def _deaf_while_appending(flow: Flow) -> None:
    def spoil(lane: Any) -> None:
        note = lane.note
        lane.note = lambda entry: None if lane._is_appending or lane._loading is not None else note(entry)
        lane.bring_up = _ignore

    _each_lane(flow, spoil)


def _stale_facts(flow: Flow) -> None:
    keeper, reading = flow.node._room_keeper, flow.node.reading

    async def recall_once(state: Any, seqs: Any) -> None:
        for fact in (await reading.message_facts(state.room, seqs)).values():
            state.facts[fact.seq] = fact

    keeper.recall = recall_once  # type: ignore[method-assign]


# --- the log ----------------------------------------------------------------------------------------------------------


class _Spoiled:
    """The log as one node sees it, with some of its methods replaced."""

    def __init__(self, log: Any, **methods: Any) -> None:
        self._log = log
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def _foretold(log: Any, append: Append) -> Appended:
    """What an append will be answered with, if nothing goes wrong."""
    entries: list[Entry] = []
    receipts = []
    heads: dict[Any, int] = {}
    for decided in append.decisions:
        first = None
        for planned in decided.events:
            seq = heads[planned.stream] = heads.get(planned.stream, log.head(planned.stream)) + 1
            entries.append(Entry(planned.stream, seq, decided.at, planned.by, planned.name, planned.data))  # type: ignore[arg-type]
            first = first or seq
        receipts.append(Receipt(decided.stream, first or log.head(decided.stream), decided.at, decided.fingerprint))
    return Appended(receipts, entries)


def _answers_first(flow: Flow) -> None:
    log: Any = flow.node.log

    async def append(it: Append) -> Any:
        foretold = _foretold(log, it)
        asyncio.get_running_loop().call_later(0.3, log.commit, it)
        return foretold

    flow.node.log = _Spoiled(log, append=append)  # type: ignore[assignment]


def _publishes_first(flow: Flow) -> None:
    log: Any = flow.node.log

    async def append(it: Append) -> Any:
        flow.receiver.publish(_foretold(log, it).entries)
        return await log.append(it)

    flow.node.log = _Spoiled(log, append=append)  # type: ignore[assignment]


def _no_receipts(flow: Flow) -> None:
    async def receipts(author: Any, keys: Any) -> dict[str, Receipt]:
        return {}

    flow.node.log = _Spoiled(flow.node.log, receipts=receipts)  # type: ignore[assignment]


def _keys_used_twice(world: World) -> None:
    log = world.log
    commit = log.commit

    def commit_anyway(append: Append) -> Any:
        known, log.receipts_by_key = log.receipts_by_key, {}
        outcome = commit(append)
        log.receipts_by_key = known | log.receipts_by_key
        return outcome

    log.commit = commit_anyway  # type: ignore[method-assign]


def _expects_nothing(world: World) -> None:
    commit = world.log.commit
    world.log.commit = lambda append: commit(append._replace(expect={}))  # type: ignore[method-assign]


def _checkpoint_first(world: World) -> None:
    commit = world.log.commit

    def keep_and_commit(append: Append) -> Any:
        if append.checkpoint is not None:
            world.log.checkpoints[append.checkpoint.owner] = append.checkpoint
        return commit(append)

    world.log.commit = keep_and_commit  # type: ignore[method-assign]


def _log_keeps_texts(world: World) -> None:
    world.log._redact = _ignore  # type: ignore[method-assign]


# --- clients ----------------------------------------------------------------------------------------------------------


def _claims_one_more(world: World) -> None:
    for client in world.clients:
        ask = client._ask_for

        def ask_for(streams: Any, *, is_new_connection: bool, ask: Any = ask) -> Any:
            asked, levels = ask(streams, is_new_connection=is_new_connection)
            for origin in asked.values():
                if isinstance(origin, dict) and origin["seq"] > 2:
                    origin["seq"] += 1
            return asked, levels

        client._ask_for = ask_for  # type: ignore[method-assign]


BUGS: Final = [
    Bug("a channel takes what is ahead", _takes_ahead),
    Bug("a channel takes what it has", _takes_old),
    Bug("what is missing is never read", _set_aside_for_ever),
    Bug("heard while opening, forgotten", _forgets_what_it_hears_while_it_opens),
    Bug("no head check", _no_head_check),
    Bug("the tail keeps redacted texts", _tail_keeps_texts),
    Bug("redactions are set aside", _redactions_set_aside),
    Bug("the log keeps redacted texts", on_world=_log_keeps_texts),
    Bug("no top-up on attach", _no_top_up),
    Bug("ok for another epoch", _any_epoch),
    Bug("a snapshot says a later seq", _snapshot_says_too_much),
    Bug("lag is not told", _lag_not_told),
    Bug("who left is written to", _left_is_written),
    Bug("everybody may read everything", _all_may_read),
    Bug("the banned stay", _no_effect_of("member_banned", "member_left")),
    Bug("staff streams stay after a demotion", _no_effect_of("role_changed")),
    Bug("tallies are not told on resume", _tallies_not_told_again),
    Bug("a tick that fails forgets", _tick_forgets),
    Bug("reading changes no unread count", _reading_changes_no_count),
    Bug("people never leave a room", _ghosts),
    Bug("refused without a look at the log", _refuses_unasked),
    Bug("a lane is deaf while it appends", _deaf_while_appending),
    Bug("facts are not read again", _stale_facts),
    Bug("answered before the append", _answers_first),
    Bug("published before the append", _publishes_first),
    Bug("receipts are not asked", _no_receipts),
    Bug("a key may be used twice", on_world=_keys_used_twice),
    Bug("an append expects nothing", on_world=_expects_nothing),
    Bug("a checkpoint is kept before its entries", on_world=_checkpoint_first),
    Bug("a client claims one event more", on_world=_claims_one_more),
]
