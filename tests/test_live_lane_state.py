"""A lane's state: what it hears of, what it reads, what it saves; and lanes on the real log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tertulia.domain import limits
from tertulia.domain.decision import Decision, Happening
from tertulia.domain.events import MessageEdited, MessagePosted, RoomLocked, RoomUnlocked
from tertulia.domain.ids import RoomId
from tertulia.domain.room import MessageFact, RoomState
from tertulia.eventlog import LogUnavailable
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.live.jobs import Done
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading
from tests.hand_log import HandLog, turns
from tests.lanes import ANA, CREATED, ROOM, SIGNALS, STAFF, Decide, Here, posts, seqs
from tests.simulation.model_log import ModelReading


@pytest.fixture
def log() -> HandLog:
    log = HandLog()
    log.happens(ROOM, CREATED)
    return log


# --- the state --------------------------------------------------------------------------------------------------


async def test_what_is_heard_of_in_order_needs_no_read(log: HandLog) -> None:
    here = Here(log)
    await here.lane.ready()
    reads = len(log.reads)
    log.happens(ROOM, RoomLocked())
    here.lane.note(log.streams[ROOM][1])
    here.lane.note(log.streams[ROOM][1])
    state = await here.lane.ready()
    assert (state.head, state.locked, len(log.reads)) == (2, True, reads)


async def test_what_was_heard_of_too_early_is_read_before_anything_is_decided(log: HandLog) -> None:
    here, seen = Here(log), list[int]()
    await here.lane.ready()
    log.happens(ROOM, RoomLocked(), RoomUnlocked())
    here.lane.note(log.streams[ROOM][2])
    assert here.lane.heads()[ROOM] == 1
    answer = here.gives(posts(seen=seen))
    await turns()
    assert seen == [3]
    assert seqs(answer) == [4]


async def test_a_lane_that_others_look_at_brings_itself_up(log: HandLog) -> None:
    here = Here(log)
    here.lane.is_pinned = True
    await here.lane.ready()
    log.happens(ROOM, RoomLocked(), RoomUnlocked())
    here.lane.note(log.streams[ROOM][2])
    await turns()
    assert here.lane.heads()[ROOM] == 3


async def test_what_comes_while_the_state_is_read_is_not_lost(log: HandLog) -> None:
    """After its stream was read, and before the read of the other one has ended."""
    here = Here(log)

    def locks() -> None:
        log.happens(ROOM, RoomLocked())
        here.lane.note(log.streams[ROOM][1])

    log.once("read", lambda: None)
    log.once("read", lambda: None)
    log.once("read", locks)
    assert (await here.lane.ready()).locked
    assert [stream for stream, _ in log.reads[:3]] == [ROOM, ROOM, STAFF]


@pytest.mark.timeout(10)
async def test_a_reading_that_has_ended_is_not_waited_for(log: HandLog) -> None:
    """Found by the simulation: who asked between the end of one and the loop's word of it waited without a pause, and
    the whole node with them."""
    here = Here(log)
    await here.lane.ready()
    ended = asyncio.get_running_loop().create_task(asyncio.sleep(0))
    await ended
    here.lane._loading = ended
    log.happens(ROOM, RoomLocked())
    here.lane.heard(ROOM, 2)
    assert (await here.lane.ready()).locked


async def test_those_who_ask_at_once_share_one_reading(log: HandLog) -> None:
    here = Here(log)
    states = await asyncio.gather(*(here.lane.ready() for _ in range(5)))
    assert all(state is states[0] for state in states)
    assert log.asked.count("checkpoint") == 1


async def test_an_entry_heard_during_an_append_is_not_counted_twice(log: HandLog) -> None:
    """The bus may bring this node's own entry, by another road, before the append has answered."""
    here = Here(log)
    await here.lane.ready()
    log.hold("appended")
    answer = here.gives()
    await turns()
    here.lane.note(log.streams[ROOM][1])
    assert here.lane.heads()[ROOM] == 1
    await log.let("appended")
    assert seqs(answer) == [2]
    assert (await here.lane.ready()).head == 2


async def test_what_others_read_during_an_append_is_not_forgotten_by_it(log: HandLog) -> None:
    here = Here(log)
    log.hold("appended")
    answer = here.gives()
    await turns()
    log.happens(ROOM, RoomLocked())
    here.lane.heard(ROOM, 3)
    assert (await here.lane.ready()).locked
    await log.let("appended")
    assert seqs(answer) == [2]
    assert (await here.lane.ready()).locked


async def test_what_another_node_says_during_an_append_is_known_after_it(log: HandLog) -> None:
    """Nothing else tells the lane of it: the append itself was in time."""
    here = Here(log)
    await here.lane.ready()
    log.hold("appended")
    answer = here.gives()
    await turns()
    log.happens(ROOM, RoomLocked())
    here.lane.note(log.streams[ROOM][2])
    await log.let("appended")
    assert seqs(answer) == [2]
    assert (await here.lane.ready()).locked


async def test_confirmed_asks_the_log_whether_there_is_more(log: HandLog) -> None:
    here = Here(log)
    await here.lane.ready()
    log.happens(ROOM, RoomLocked())
    assert not (await here.lane.ready()).locked
    assert (await here.lane.confirmed()).locked


async def test_what_was_heard_of_and_is_not_in_the_log_is_not_waited_for(log: HandLog) -> None:
    """Another node said it and lost its power before it was on disk."""
    here = Here(log)
    await here.lane.ready()
    here.lane.heard(ROOM, 9)
    assert (await here.lane.ready()).head == 1
    reads = len(log.reads)
    await here.lane.ready()
    assert len(log.reads) == reads


async def test_a_state_that_could_not_be_read_is_read_the_next_time(log: HandLog) -> None:
    here = Here(log)
    log.fail("read", LogUnavailable())
    with pytest.raises(LogUnavailable):
        await here.lane.ready()
    assert here.lane.state is None
    assert (await here.lane.ready()).head == 1


@pytest.mark.parametrize(("error", "lines"), [(LogUnavailable(), 0), (ValueError("bug"), 3)])
async def test_the_diagnostics_name_what_is_wrong_with_a_state_and_leave_an_outage_to_the_log(
    log: HandLog, error: Exception, lines: int
) -> None:
    here = Here(log)
    log.fail("read", error, times=3)
    with capture_logs() as said:
        for _ in range(3):
            with pytest.raises(type(error)):
                await here.lane.ready()
    assert [line["event"] for line in said] == ["state not loaded"] * lines


# --- what is saved ----------------------------------------------------------------------------------------------


def posts_many(count: int) -> Decide:
    return lambda state, at: Decision(ROOM, tuple(Happening(ROOM, MessagePosted(text="Hi")) for _ in range(count)))


async def test_the_state_is_saved_in_the_append_that_fills_the_measure(log: HandLog) -> None:
    here = Here(log)
    for count in (limits.checkpoint_every_events - 1, 1, 1):
        here.gives(posts_many(count))
        await turns()
    assert [append.checkpoint is not None for append in log.appends] == [False, True, False]
    saved = log.checkpoints[ROOM]
    assert saved.positions == {ROOM: limits.checkpoint_every_events + 1, STAFF: 0, SIGNALS: 0}


async def test_a_new_lane_begins_where_the_state_was_saved_and_reads_what_follows(log: HandLog) -> None:
    here = Here(log)
    here.gives(lambda state, at: Decision(ROOM, (Happening(ROOM, RoomLocked()),)))
    await turns()
    here.gives(posts_many(limits.checkpoint_every_events))
    await turns()
    log.happens(ROOM, MessagePosted(text="After"))
    begins = log.checkpoints[ROOM].positions[ROOM]
    log.reads.clear()
    state = await Here(log).lane.ready()
    assert state.locked
    assert state.head == log.head(ROOM) == begins + 1
    assert log.reads[0] == (ROOM, begins)


async def test_a_state_saved_in_a_batch_that_conflicts_is_made_anew(log: HandLog) -> None:
    here = Here(log)
    log.once("append", lambda: log.happens(ROOM, RoomLocked()))
    here.gives(posts_many(limits.checkpoint_every_events))
    await turns()
    saved = log.checkpoints[ROOM]
    assert saved.positions[ROOM] == log.head(ROOM) == limits.checkpoint_every_events + 2
    assert (await Here(log).lane.ready()).locked


# --- old messages -----------------------------------------------------------------------------------------------


async def test_what_is_needed_of_an_old_message_is_there_when_it_is_decided(log: HandLog) -> None:
    here, facts = Here(log), list[MessageFact | None]()
    here.gives(posts_many(limits.checkpoint_every_events))
    await turns()
    newer = Here(log)
    assert (await newer.lane.ready()).facts == {}

    def decide(state: RoomState, at: int) -> Decision:
        facts.extend(state.facts.get(seq) for seq in (2, 3, 9_999))
        return Decision(ROOM)

    answer = newer.gives(decide, needs=(2,))
    beyond = newer.gives(decide, needs=(9_999,))
    await turns()
    assert facts[0] == MessageFact(2, ANA, 2)
    assert facts[1:3] == [None, None], "no more than was asked for; what is not there is not waited for"
    assert all(isinstance(one, Done) for one in [*answer, *beyond])


async def test_an_old_message_that_changes_while_it_is_looked_up_is_looked_up_again(log: HandLog) -> None:
    class Slow(ModelReading):
        async def message_facts(self, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
            found = await super().message_facts(room, seqs)
            if not found[2].revision:
                log.happens(ROOM, MessageEdited(message=2, text="Better", revision=1))
                here.lane.note(log.streams[ROOM][-1])
            return found

    Here(log).gives(posts_many(limits.checkpoint_every_events))
    await turns()
    here, revisions = Here(log, reading=Slow(log)), list[int]()

    def decide(state: RoomState, at: int) -> Decision:
        revisions.append(state.facts[2].revision)
        return Decision(ROOM)

    here.gives(decide, needs=(2,))
    await turns()
    assert revisions == [1]


# --- on the real log --------------------------------------------------------------------------------------------


async def test_two_lanes_of_one_room_on_a_real_log_write_one_order_and_begin_again_from_it(tmp_path: Path) -> None:
    """Nobody owns a room: both are right, whoever is faster; and a third goes on after a restart."""
    count = limits.checkpoint_every_events // 2
    log = await SqliteLog.open(tmp_path / "log", projections=(ROOMS, PEOPLE, SESSIONS, SessionViews()))
    one, other = (Here(log, reading=SqliteReading(log.readers)) for _ in range(2))
    await one.lane.ask(lambda state, at: Decision(ROOM, (Happening(ROOM, CREATED),)), author=ANA)
    asks = [lane.ask(posts(), author=ANA) for _ in range(count) for lane in (one.lane, other.lane)]
    answers = await asyncio.gather(*asks)
    assert sorted(answer.seq for answer in answers if isinstance(answer, Done)) == list(range(2, 2 * count + 2))
    published = [entry.seq for here in (one, other) for entry in here.published]
    assert sorted(published) == list(range(1, 2 * count + 2))
    kept = one.gives(key="one-key")
    await one.lane.ask(posts(), author=ANA)
    await log.close()

    log = await SqliteLog.open(tmp_path / "log", projections=(ROOMS, PEOPLE, SESSIONS, SessionViews()))
    third = Here(log, reading=SqliteReading(log.readers))
    again = third.gives(key="one-key")
    assert await third.lane.ask(posts(), author=ANA) == Done(ROOM, 2 * count + 4, 1_000)
    assert seqs(kept, again) == [2 * count + 2, f"dup {2 * count + 2}"]
    await log.close()
