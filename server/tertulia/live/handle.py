"""Commands: from a member's request to a job in the right lane, and the answer back."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import assert_never

import msgspec

from tertulia.domain import limits
from tertulia.domain.cohort import CohortState, asker_of, decide_cohort
from tertulia.domain.command import RoomCommand
from tertulia.domain.commands import AnyCohortCommand, AnyCommand, AnyRoomCommand, CohortCommand, MarkRead, SetReaction
from tertulia.domain.decide_room import decide_room, facts_needed
from tertulia.domain.decision import Decision, Setting
from tertulia.domain.ids import CohortId, PersonId, is_id
from tertulia.domain.person import PersonState, decide_mark_read
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import AskQuestion, FormTeams, TakeAlias
from tertulia.live.jobs import Answer, Done, Job
from tertulia.live.lane import Lane
from tertulia.live.node import Node
from tertulia.wire.records import Accepted, Refused, refused

_encode = msgspec.json.Encoder().encode


def handle(node: Node, command: AnyCommand, *, person: PersonId, cohort: CohortId, answer: Answer) -> None:
    """Give a member's command to its lane. `answer` is called once: now when there is no time for it, else when it is
    durable or refused. (What this node knows of the cohort may be a moment old, so it is the lane that refuses.)"""
    answer = _counted(node, answer)
    if node.cohort_state(cohort) is None:
        answer(Refusal("unavailable"))
        return
    cohort_lane = node.cohort_lane(cohort)
    if isinstance(command, RoomCommand | MarkRead) and not is_id(command.room):
        answer(Refusal("unknown_room"))
        return
    after_ms = node.rates.take(person, node.clock.now_ms() / 1000, is_signal=isinstance(command, SetReaction))
    if after_ms is not None:
        answer(Refusal("rate_limited", after_ms=after_ms))
        return
    fingerprint = blake2b(_encode(msgspec.structs.replace(command, id=0)), digest_size=16).digest()
    match command:
        case MarkRead():
            mark = _decide_mark(cohort_lane, command, person=person)
            node.person_lane(person).put(Job(person, command.key, fingerprint, mark, answer, relies_on=cohort_lane))
        case RoomCommand():
            ids = (node.ids.new_id(), node.ids.new_id()) if _makes_something(command) else ("", "")
            job = Job(
                person,
                command.key,
                fingerprint,
                _decide_in_room(cohort_lane, command, person=person, cohort=cohort, ids=ids),
                answer,
                facts_needed(command),
                relies_on=cohort_lane,
            )
            node.room_lane(command.room).put(job)
        case CohortCommand():
            decide = _decide_in_cohort(command, person=person, new_id=node.ids.new_id())
            cohort_lane.put(Job(person, command.key, fingerprint, decide, answer))
        case _:
            assert_never(command)


def _makes_something(command: AnyRoomCommand) -> bool:
    """Whether the decision may need random ids: for a question, an alias, teams' rooms."""
    return isinstance(command, AskQuestion | TakeAlias | FormTeams) or getattr(command, "alias", False)


def answer_record(verdict: Done | Refusal, *, id: int) -> Accepted | Refused:
    """The reply as it goes to the asker."""
    if isinstance(verdict, Refusal):
        return refused(verdict, id=id)
    return Accepted(id=id, stream=verdict.stream, seq=verdict.seq, at=verdict.at, dup=verdict.is_dup)


def _decide_mark(
    cohort_lane: Lane[CohortState], command: MarkRead, *, person: PersonId
) -> Callable[[PersonState, int], Decision | Refusal]:
    def decide(mine: PersonState, at: int) -> Decision | Refusal:
        state = cohort_lane.state
        assert state is not None, "a cohort's state stays once it was loaded"
        asker = asker_of(state, person, at=at)
        if isinstance(asker, Refusal):
            return asker
        if command.room not in state.rooms:
            return Refusal("unknown_room")
        return decide_mark_read(mine, command)

    return decide


def _decide_in_room(
    cohort_lane: Lane[CohortState], command: AnyRoomCommand, *, person: PersonId, cohort: CohortId, ids: tuple[str, str]
) -> Callable[[RoomState, int], Decision | Refusal]:
    """Role and membership are looked up when it is decided, not when it was asked."""

    def decide(room: RoomState, at: int) -> Decision | Refusal:
        state = cohort_lane.state
        assert state is not None, "a cohort's state stays once it was loaded"
        asker = asker_of(state, person, at=at)
        if isinstance(asker, Refusal):
            return asker
        if room.cohort != cohort:
            return Refusal("unknown_room")
        setting = Setting(state.roles, state.rooms, *ids)
        return decide_room(room, command, asker=asker, setting=setting, at=at)

    return decide


def _decide_in_cohort(
    command: AnyCohortCommand, *, person: PersonId, new_id: str
) -> Callable[[CohortState, int], Decision | Refusal]:
    def decide(state: CohortState, at: int) -> Decision | Refusal:
        asker = asker_of(state, person, at=at)
        if isinstance(asker, Refusal):
            return asker
        return decide_cohort(state, command, asker=asker, at=at, new_id=new_id)

    return decide


def _counted(node: Node, answer: Answer) -> Answer:
    """Each answer is counted. Who cannot be served because the log is away is told when to ask again: left to itself a
    client waits longer and longer, long after the log is back, and what its person says next waits behind that."""
    counts = node.counts

    def counted(verdict: Done | Refusal) -> None:
        if isinstance(verdict, Refusal):
            counts.refused[verdict.code] = counts.refused.get(verdict.code, 0) + 1
            if verdict.code == "unavailable" and verdict.after_ms is None:
                after_s = limits.unavailable_after_s * (0.5 + node.ids.chance())
                verdict = msgspec.structs.replace(verdict, after_ms=int(after_s * 1000))
        elif verdict.is_dup:
            counts.duplicates += 1
        else:
            counts.accepted += 1
        answer(verdict)

    return counted
