"""What goes through a lane: a job with its answer, and the plan a batch of jobs makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from tertulia.domain.decision import Decision
from tertulia.domain.ids import PersonId, StreamName
from tertulia.domain.refusals import Refusal
from tertulia.eventlog import Checkpoint, Decided, Receipt

S = TypeVar("S")


class Done(NamedTuple):
    """The answer to an accepted command: durable at `seq` of `stream`. `is_dup`: it already was."""

    stream: StreamName
    seq: int
    at: int
    is_dup: bool = False


Answer = Callable[[Done | Refusal], None]


class State(Protocol):
    """A lane, for those who look at its state beside their own."""

    def heads(self) -> dict[StreamName, int]:
        """How far the state knows its streams; empty before it was ever loaded."""
        ...

    def heard(self, stream: StreamName, seq: int) -> None:
        """The log is at least this far."""
        ...

    async def ready(self) -> Any:
        """The state, loaded and caught up with what was heard of."""
        ...


class Job(NamedTuple, Generic[S]):
    """A command waiting to be decided. `decide(state, at)`; `needs`: old messages it must know; `key` None: the
    server's own; `relies_on`: another lane whose state it looks at."""

    author: PersonId
    key: str | None
    fingerprint: bytes
    decide: Callable[[S, int], Decision | Refusal]
    answer: Answer
    needs: tuple[int, ...] = ()
    relies_on: State | None = None


class Plan(Generic[S]):
    """A batch, decided: `places[i]` is the place in the batch of `decided[i]`. `before`: the heads it was made on;
    `relied_on`: those of other lanes that were looked at."""

    __slots__ = (
        "before",
        "checkpoint",
        "decided",
        "expect",
        "places",
        "postponed",
        "refused",
        "relied_on",
        "state",
    )

    def __init__(self, state: S, *, before: dict[StreamName, int]) -> None:
        self.state = state
        self.before = before
        self.expect = dict(before)
        self.relied_on: dict[State, dict[StreamName, int]] = {}
        self.decided: list[Decided] = []
        self.places: list[int] = []
        self.refused: list[tuple[int, Refusal]] = []
        self.postponed: list[int] = []
        self.checkpoint: Checkpoint | None = None


def repeat(receipt: Receipt, job: Job[Any]) -> Done | Refusal:
    """The same answer again; to another command under the same key, none."""
    if receipt.fingerprint != job.fingerprint:
        return Refusal("key_reused")
    return Done(receipt.stream, receipt.seq, receipt.at, is_dup=True)
