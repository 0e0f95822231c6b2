"""A lane: where the commands on one room, cohort or person are decided, one batch at a time.

While an append is under way the next commands gather; then all of them are decided in order on a copy of the state,
each seeing what the ones before it did, and appended at once, naming the heads they follow.

- `Conflict`: another node was faster. Read what it wrote, decide all of them again.
- `Duplicates`: some keys were answered before. Answer those from their receipts, decide the others again.
- A refusal is only told after the log was asked whether it is still true: what was decided on must be how things are,
  or it is decided again. And after the receipts were asked: the repeat of an accepted command is never refused because
  the world has moved on since.

There are no locks and there is no owner: two nodes may run a lane for the same room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import structlog

from tertulia.domain import limits
from tertulia.domain.decision import Decision
from tertulia.domain.ids import PersonId, Seq, StreamName
from tertulia.domain.refusals import Refusal
from tertulia.eventlog import (
    Append,
    Appended,
    Checkpoint,
    Conflict,
    Decided,
    Duplicates,
    EventLog,
    LogFull,
    LogUnavailable,
    Planned,
)
from tertulia.live.jobs import Done, Job, Plan, State, repeat
from tertulia.live.keepers import Keeper
from tertulia.live.ports import Clock
from tertulia.wire.stored import Entry, decode_event, encode_event

S = TypeVar("S")
logger = structlog.get_logger("tertulia.live.lane")


class Lane(Generic[S]):
    """`owner`: `room/<id>`, `cohort/<id>` or `user/<id>`. `publish` is given all entries of an append, in order."""

    def __init__(
        self,
        owner: StreamName,
        *,
        keeper: Keeper[S],
        log: EventLog,
        clock: Clock,
        publish: Callable[[Sequence[Entry]], None],
    ) -> None:
        self.owner = owner
        self._keeper = keeper
        self._log = log
        self._clock = clock
        self._publish = publish
        self._state: S | None = None
        self._is_stale = True
        self._waiting: list[Job[S]] = []
        self._task: asyncio.Task[None] | None = None
        self._is_appending = False
        self._loading: asyncio.Task[None] | None = None
        self._last_at = 0
        self._checkpoint_at = 0
        self._heard: dict[StreamName, int] = {}
        self.used_at = 0.0
        """When it was last seen that it had been asked for (`is_used`) since."""
        self.is_used = True
        self.is_pinned = False
        """Whether others look at `state` without asking for it to be `ready`: it is then brought up by itself."""

    # --- commands -----------------------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        return self._task is None and self._loading is None

    def put(self, job: Job[S]) -> None:
        """Wait to be decided. The answer comes by `job.answer`, once, always."""
        if len(self._waiting) >= limits.lane_queue_commands_max:
            job.answer(Refusal("overloaded"))
            return
        self._waiting.append(job)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def ask(
        self,
        decide: Callable[[S, int], Decision | Refusal],
        *,
        author: PersonId,
        relies_on: Lane[Any] | None = None,
    ) -> asyncio.Future[Done | Refusal]:
        """The server's own decision, awaited. `relies_on`: another lane whose state it looks at."""
        future: asyncio.Future[Done | Refusal] = asyncio.get_running_loop().create_future()

        def answer(verdict: Done | Refusal) -> None:
            if not future.done():
                future.set_result(verdict)

        self.put(Job(author, None, b"", decide, answer, relies_on=relies_on))
        return future

    # --- state --------------------------------------------------------------------------------------------------

    @property
    def state(self) -> S | None:
        """What is known now: at most a moment old; None before it was ever loaded."""
        return self._state

    async def ready(self) -> S:
        """The state, loaded and caught up."""
        while (state := self._state) is None or self._is_stale or self._is_behind(state):
            await asyncio.shield(self._begin_loading())
        return state

    async def confirmed(self) -> S:
        """The state, after the log was asked whether there is more."""
        await self.ready()
        for stream, seq in (await self._log.heads(list(self.heads()))).items():
            self.heard(stream, seq)
        return await self.ready()

    def heads(self) -> dict[StreamName, int]:
        """How far the state knows its streams; empty before it was ever loaded."""
        return {} if self._state is None else self._keeper.heads(self._state)

    def note(self, entry: Entry) -> None:
        """An entry of one of our streams was heard of, from whatever node."""
        state = self._state
        if state is None:
            if self._loading is not None:
                self.heard(entry.stream, entry.seq)  # the read under way may have passed it already
            return
        head = self._keeper.heads(state).get(entry.stream)
        if head is None or entry.seq <= head:
            return
        if entry.seq == head + 1 and not self._is_stale and not self._is_appending and self._loading is None:
            self._keeper.apply(state, entry, decode_event(entry))
            self._last_at = max(self._last_at, entry.at)
            return
        self.heard(entry.stream, entry.seq)
        self.bring_up()

    def heard(self, stream: StreamName, seq: int) -> None:
        """The log is at least this far."""
        self._heard[stream] = max(self._heard.get(stream, 0), seq)

    def bring_up(self) -> None:
        """See to it that others who look at `state` see what was heard of. (Also called now and then, in case a read
        failed; while an append is under way its outcome is waited for.)"""
        state = self._state
        if (
            self.is_pinned
            and not self._is_appending
            and state is not None
            and (self._is_stale or self._is_behind(state))
        ):
            self._begin_loading()

    def _is_behind(self, state: S) -> bool:
        if not self._heard:
            return False
        heads = self._keeper.heads(state)
        self._heard = {stream: seq for stream, seq in self._heard.items() if seq > heads.get(stream, seq)}
        return bool(self._heard)

    def _begin_loading(self) -> asyncio.Task[None]:
        # One that has ended and was not yet seen to have: who waited for it would spin, and never let it be seen.
        if self._loading is None or self._loading.done():
            self._loading = asyncio.get_running_loop().create_task(self._load())
            self._loading.add_done_callback(self._loaded)
        return self._loading

    def _loaded(self, task: asyncio.Task[None]) -> None:
        if self._loading is task:
            self._loading = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.bring_up()  # what was heard while it was read
        elif not isinstance(error, LogUnavailable):  # the log says so itself, once for all lanes
            logger.warning("state not loaded", owner=self.owner, error=type(error).__name__)

    async def _load(self) -> None:
        """From the checkpoint (or from nothing) and the entries after it; a caught-up state replaces the old one."""
        keeper = self._keeper
        heard = dict(self._heard)
        state = self._state if self._state is not None and not self._is_stale else None
        if state is None:
            saved = await self._log.checkpoint(self.owner, version=keeper.version)
            state = keeper.fresh(self.owner) if saved is None else keeper.unpack(saved.state)
        for stream, head in keeper.heads(state).items():
            after = head
            while entries := await self._log.read(stream, after=after, limit=limits.page_events_max):
                for entry in entries:
                    keeper.apply(state, entry, decode_event(entry))
                    self._last_at = max(self._last_at, entry.at)
                after = entries[-1].seq
        if self._is_stale or self._state is None or _total(keeper.heads(state)) >= _total(keeper.heads(self._state)):
            self._state = state
        self._checkpoint_at = max(self._checkpoint_at, _total(keeper.heads(self._state)))
        self._is_stale = False
        for stream, seq in heard.items():
            if self._heard.get(stream) == seq:
                del self._heard[stream]  # it was read, or it is not in the log and never happened

    # --- deciding -----------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: limits.lane_batch_commands_max]
                del self._waiting[: len(batch)]
                await self._settle_or_refuse(batch)
        except asyncio.CancelledError:
            waiting, self._waiting = self._waiting, []
            for job in waiting:
                job.answer(Refusal("draining"))
            raise
        finally:
            self._task = None

    async def _settle_or_refuse(self, batch: list[Job[S]]) -> None:
        open_jobs = dict.fromkeys(range(len(batch)))

        def answer(place: int, verdict: Done | Refusal) -> None:
            if place in open_jobs:
                del open_jobs[place]
                batch[place].answer(verdict)

        refusal = Refusal("internal")
        try:
            await self._settle(batch, answer)
        except LogFull:
            refusal = Refusal("storage_full")
        except LogUnavailable:
            refusal = Refusal("unavailable")
        except asyncio.CancelledError:
            refusal = Refusal("draining")
            raise
        except Exception:
            logger.exception("lane failed", owner=self.owner)
        finally:
            if open_jobs:
                self._is_stale = True
            self._is_appending = False
            for place in list(open_jobs):
                answer(place, refusal)
            if refusal.code != "draining":
                self.bring_up()

    async def _settle(self, batch: list[Job[S]], answer: Callable[[int, Done | Refusal], None]) -> None:
        places = list(range(len(batch)))
        for _ in range(limits.append_tries_max):
            if not places:
                return
            state = await self.ready()
            await self._keeper.recall(state, [seq for p in places for seq in batch[p].needs])
            plan = self._plan(state, batch, places)
            if plan.decided:
                self._is_appending = True
                outcome = await self._log.append(Append(plan.decided, plan.expect, plan.checkpoint))
                self._is_appending = False
                match outcome:
                    case Appended():
                        self._appended(plan, outcome, answer)
                    case Duplicates():
                        for index, receipt in outcome.receipts.items():
                            answer(plan.places[index], repeat(receipt, batch[plan.places[index]]))
                        known = {plan.places[index] for index in outcome.receipts}
                        places = [place for place in places if place not in known]
                        continue
                    case Conflict():
                        for stream in plan.before:
                            self.heard(stream, outcome.heads.get(stream, 0))
                        continue
            places = sorted([*await self._refuse(plan, batch, answer), *plan.postponed])
        for place in places:
            answer(place, Refusal("overloaded"))

    def _appended(self, plan: Plan[S], outcome: Appended, answer: Callable[[int, Done | Refusal], None]) -> None:
        for stream, seq in self.heads().items():
            self.heard(stream, seq)  # who asked for the state meanwhile may have read more than we wrote
        self._state = plan.state
        if plan.checkpoint is not None:
            self._checkpoint_at = _total(plan.checkpoint.positions)
        if not self._keeper.sends_away:
            self._publish(outcome.entries)  # before the answers: a push takes them along, in one write
        for place, receipt in zip(plan.places, outcome.receipts, strict=True):
            answer(place, Done(receipt.stream, receipt.seq, receipt.at))
        if self._keeper.sends_away:
            self._publish(outcome.entries)  # after the answers: who leaves is sent away by it

    def _plan(self, state: S, batch: list[Job[S]], places: list[int]) -> Plan[S]:
        """Decide each on what the ones before it did; nothing but the copy changes."""
        keeper = self._keeper
        before = keeper.heads(state)
        plan = Plan(keeper.copy(state), before=before)
        at = self._last_at = max(self._clock.now_ms(), self._last_at)
        heads = dict(before)
        keys = set[tuple[PersonId, str | None]]()
        for place in places:
            job = batch[place]
            if job.key is not None and (job.author, job.key) in keys:
                plan.postponed.append(place)  # the same key twice in one batch: the second is a repeat of the first
                continue
            if job.relies_on is not None and job.relies_on not in plan.relied_on:
                plan.relied_on[job.relies_on] = job.relies_on.heads()
            verdict = job.decide(plan.state, at)
            if isinstance(verdict, Refusal):
                plan.refused.append((place, verdict))
                continue
            keys.add((job.author, job.key))
            planned = []
            for happening in verdict.happenings:
                name, data = encode_event(happening.event)
                by = happening.by or job.author
                planned.append(Planned(happening.stream, by, name, data))
                if happening.stream in heads:
                    heads[happening.stream] += 1
                    seq = heads[happening.stream]
                    entry = Entry(happening.stream, Seq(seq), at, by, name, data)
                    keeper.apply(plan.state, entry, happening.event)
            plan.expect.update(dict.fromkeys(verdict.fresh, 0))
            plan.places.append(place)
            plan.decided.append(
                Decided(job.author, job.key, job.fingerprint, at, verdict.stream, tuple(planned), verdict.redacts)
            )
        redacts = any(decided.redacts for decided in plan.decided)  # the last checkpoint may hold the text
        if redacts or _total(heads) - self._checkpoint_at >= limits.checkpoint_every_events:
            packed = keeper.pack(plan.state)
            plan.checkpoint = Checkpoint(self.owner, keeper.version, keeper.heads(plan.state), packed)
        return plan

    async def _refuse(
        self, plan: Plan[S], batch: list[Job[S]], answer: Callable[[int, Done | Refusal], None]
    ) -> list[int]:
        """Answer the refused; the places of those that must be decided again, on what the log has by now."""
        if not plan.refused or not await self._is_true_still(plan):
            return [place for place, _ in plan.refused]
        for place, refusal in plan.refused:
            job = batch[place]
            known = {} if job.key is None else await self._log.receipts(job.author, [job.key])
            receipt = known.get(job.key or "")
            answer(place, refusal if receipt is None else repeat(receipt, job))
        return []

    async def _is_true_still(self, plan: Plan[S]) -> bool:
        """Whether what the plan was made on is what the log has; otherwise it is brought up. (An append that was
        written has proved it for the lane's own streams.)"""
        looked_at: dict[State, dict[StreamName, int]] = {} if plan.decided else {self: plan.before}
        looked_at |= plan.relied_on
        streams = [stream for heads in looked_at.values() for stream in heads]
        now = await self._log.heads(streams) if streams else {}
        is_true = True
        for lane, heads in looked_at.items():
            if any(now[stream] > seq for stream, seq in heads.items()):
                is_true = False
                for stream in heads:
                    lane.heard(stream, now[stream])
                await lane.ready()
        return is_true


def _total(heads: dict[StreamName, int]) -> int:
    return sum(heads.values())
