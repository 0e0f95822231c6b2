"""Bugs in deciding and storing: in lanes, and in the log as a node sees it or as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tertulia.domain.event import Event
from tertulia.eventlog import Append, Appended, Receipt
from tertulia.live.flow import Flow
from tertulia.wire.stored import Entry
from tests.simulation.planted.bug import do_nothing
from tests.simulation.world import World


def _each_lane(flow: Flow, spoil: Callable[[Any], None]) -> None:
    make = flow.node._lane

    def make_and_spoil(owner: Any, keeper: Any) -> Any:
        is_new = owner not in flow.node._lanes
        lane = make(owner, keeper)
        if is_new:
            spoil(lane)
        return lane

    flow.node._lane = make_and_spoil  # type: ignore[method-assign]


def refuses_unasked(flow: Flow) -> None:
    async def always(plan: Any) -> bool:
        return True

    _each_lane(flow, lambda lane: setattr(lane, "_is_true_still", always))


def stale_facts(flow: Flow) -> None:
    keeper, reading = flow.node._room_keeper, flow.node.reading

    async def recall_once(state: Any, seqs: Any) -> None:
        for fact in (await reading.message_facts(state.room, seqs)).values():
            state.facts[fact.seq] = fact

    keeper.recall = recall_once  # type: ignore[method-assign]


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


def answers_first(flow: Flow) -> None:
    log: Any = flow.node.log

    async def append(it: Append) -> Any:
        foretold = _foretold(log, it)
        asyncio.get_running_loop().call_later(0.3, log.commit, it)
        return foretold

    flow.node.log = _Spoiled(log, append=append)  # type: ignore[assignment]


def publishes_first(flow: Flow) -> None:
    log: Any = flow.node.log

    async def append(it: Append) -> Any:
        flow.receiver.publish(_foretold(log, it).entries)
        return await log.append(it)

    flow.node.log = _Spoiled(log, append=append)  # type: ignore[assignment]


def no_receipts(flow: Flow) -> None:
    async def receipts(author: Any, keys: Any) -> dict[str, Receipt]:
        return {}

    flow.node.log = _Spoiled(flow.node.log, receipts=receipts)  # type: ignore[assignment]


def keys_used_twice(world: World) -> None:
    log = world.log
    commit = log.commit

    def commit_anyway(append: Append) -> Any:
        known, log.receipts_by_key = log.receipts_by_key, {}
        outcome = commit(append)
        log.receipts_by_key = known | log.receipts_by_key
        return outcome

    log.commit = commit_anyway  # type: ignore[method-assign]


def expects_nothing(world: World) -> None:
    commit = world.log.commit
    world.log.commit = lambda append: commit(append._replace(expect={}))  # type: ignore[method-assign]


def checkpoint_first(world: World) -> None:
    commit = world.log.commit

    def keep_and_commit(append: Append) -> Any:
        if append.checkpoint is not None:
            world.log.checkpoints[append.checkpoint.owner] = append.checkpoint
        return commit(append)

    world.log.commit = keep_and_commit  # type: ignore[method-assign]


def log_keeps_texts(world: World) -> None:
    world.log._redact = do_nothing  # type: ignore[method-assign]


# --- folds ------------------------------------------------------------------------------------------------------------


def _folds_no(keeper: Any, *names: str) -> None:
    """The entry is counted, and changes nothing else."""
    apply = keeper.apply

    def apply_but(state: Any, entry: Entry, event: Event | None) -> None:
        apply(state, entry, None if entry.name in names else event)

    keeper.apply = apply_but


def node_folds_no_edits(flow: Flow) -> None:
    _folds_no(flow.node._room_keeper, "message_edited")


def node_folds_no_locks(flow: Flow) -> None:
    _folds_no(flow.node._room_keeper, "room_locked", "room_unlocked")


def node_folds_no_votes(flow: Flow) -> None:
    _folds_no(flow.node._room_keeper, "vote_set")


def node_folds_no_roles(flow: Flow) -> None:
    _folds_no(flow.node._cohort_keeper, "role_changed")
