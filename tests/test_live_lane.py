"""A lane: one batch at a time, decided on a copy, appended at once; what the log answers, and what each asker is told.

The log is the model log with a hand on it (`hand_log.py`). Decisions are plain functions of a room's state, so that a
test sees what they were made on.
"""

from __future__ import annotations

import asyncio

import pytest

from tertulia.domain import limits
from tertulia.domain.decision import Decision, Happening
from tertulia.domain.events import MessagePosted, RoomLocked, RoomUnlocked
from tertulia.domain.ids import StreamName
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.eventlog import LogFull, LogUnavailable
from tertulia.live.jobs import Done
from tertulia.wire.stored import decode_event
from tests.hand_log import HandLog, turns
from tests.lanes import ANA, BEN, CREATED, ROOM, SIGNALS, STAFF, Here, posts, seqs


@pytest.fixture
def log() -> HandLog:
    log = HandLog()
    log.happens(ROOM, CREATED)
    return log


# --- batches ----------------------------------------------------------------------------------------------------


async def test_commands_gather_while_an_append_is_under_way_and_go_together(log: HandLog) -> None:
    here = Here(log)
    log.hold("append")
    first = here.gives(posts("1"))
    await turns()
    later = [here.gives(posts(text)) for text in ("2", "3", "4")]
    await turns()
    assert here.told == []
    await log.let("append")
    assert seqs(first, *later) == [2, 3, 4, 5]
    assert [len(append.decisions) for append in log.appends] == [1, 3]
    assert [append.expect for append in log.appends] == [
        {ROOM: 1, STAFF: 0, SIGNALS: 0},
        {ROOM: 2, STAFF: 0, SIGNALS: 0},
    ]
    assert [event.text for entry in here.published if isinstance(event := decode_event(entry), MessagePosted)] == [
        *"1234"
    ]


async def test_each_is_decided_on_what_the_ones_before_it_did(log: HandLog) -> None:
    here, seen = Here(log), list[int]()
    answers = [here.gives(posts(seen=seen)) for _ in range(3)]
    await turns()
    assert seen == [1, 2, 3]
    assert seqs(*answers) == [2, 3, 4]


async def test_a_rooms_entries_are_published_first_so_that_the_answers_leave_with_them(log: HandLog) -> None:
    here = Here(log)
    here.gives()
    here.gives()
    await turns()
    assert here.told == [[2, 3], 2, 3]


async def test_nothing_is_known_of_a_batch_before_it_is_written(log: HandLog) -> None:
    here = Here(log)
    await here.lane.ready()
    log.hold("append")
    here.gives()
    await turns()
    assert here.lane.heads() == {ROOM: 1, STAFF: 0, SIGNALS: 0}
    await log.let("append")
    assert here.lane.heads() == {ROOM: 2, STAFF: 0, SIGNALS: 0}


async def test_a_batch_has_its_limit(log: HandLog) -> None:
    here = Here(log)
    answers = [here.gives() for _ in range(limits.lane_batch_commands_max + 1)]
    await turns()
    assert [len(append.decisions) for append in log.appends] == [limits.lane_batch_commands_max, 1]
    assert seqs(*answers)[-1] == limits.lane_batch_commands_max + 2


async def test_what_changes_nothing_is_accepted_at_the_head(log: HandLog) -> None:
    here = Here(log)
    answer = here.gives(lambda state, at: Decision(ROOM))
    await turns()
    assert seqs(answer) == [1]
    assert here.published == []


async def test_time_never_goes_back_in_a_room_whatever_the_clocks_say(log: HandLog) -> None:
    log.happens(ROOM, MessagePosted(text="From a node whose clock is ahead"), at=5_000)
    here = Here(log)
    here.gives()
    await turns()
    here.clock.ms = 6_000
    here.gives()
    await turns()
    here.clock.ms = 2_000
    here.gives()
    await turns()
    assert [entry.at for entry in here.published] == [5_000, 6_000, 6_000]


async def test_streams_that_must_be_new_are_expected_to_be_empty(log: HandLog) -> None:
    here, new = Here(log), StreamName("room/new")
    here.gives(lambda state, at: Decision(ROOM, (Happening(ROOM, MessagePosted(text="x")),), fresh=(new,)))
    await turns()
    assert log.appends[0].expect == {ROOM: 1, STAFF: 0, SIGNALS: 0, new: 0}


async def test_the_server_can_ask_too_and_may_stop_waiting(log: HandLog) -> None:
    here = Here(log)
    assert await here.lane.ask(posts(), author=ANA) == Done(ROOM, 2, 1_000)
    gone = here.lane.ask(posts(), author=ANA)
    gone.cancel()
    assert await here.lane.ask(posts(), author=ANA) == Done(ROOM, 4, 1_000)


# --- keys -------------------------------------------------------------------------------------------------------


async def test_the_same_key_twice_in_one_batch_has_one_effect_and_one_answer(log: HandLog) -> None:
    here = Here(log)
    answers = [here.gives(key=key) for key in ("one-key", "other-key", "one-key", "one-key")]
    await turns()
    assert seqs(*answers) == [2, 3, "dup 2", "dup 2"]
    assert log.head(ROOM) == 3


async def test_the_same_key_for_something_else_is_refused_in_one_batch_too(log: HandLog) -> None:
    here = Here(log)
    answers = [here.gives(key="one-key", body=b"a"), here.gives(key="one-key", body=b"b")]
    await turns()
    assert seqs(*answers) == [2, "key_reused"]


async def test_a_key_is_its_authors_own(log: HandLog) -> None:
    here = Here(log)
    answers = [here.gives(key="one-key", by=by) for by in (ANA, BEN, BEN)]
    await turns()
    assert seqs(*answers) == [2, 3, "dup 3"]
    assert len(log.appends[0].decisions) == 2


async def test_the_repeat_of_what_was_refused_in_the_same_batch_is_decided_by_itself(log: HandLog) -> None:
    here, tries = Here(log), list[int]()

    def second_time_lucky(state: RoomState, at: int) -> Decision | Refusal:
        tries.append(state.head)
        return Refusal("muted") if len(tries) == 1 else posts()(state, at)

    answers = [here.gives(second_time_lucky, key="one-key") for _ in range(2)]
    await turns()
    assert seqs(*answers) == ["dup 2", 2], "one command, one effect: the first is told of it too"


async def test_what_was_answered_before_is_answered_from_its_receipt_and_the_others_decided_again(
    log: HandLog,
) -> None:
    log.happens(ROOM, MessagePosted(text="Before"), by=ANA, key="old-key", at=77)
    here, seen = Here(log), list[int]()
    log.hold("append")
    blocker = here.gives()
    await turns()
    answers = [
        here.gives(posts(seen=seen), key="new-key-1"),
        here.gives(key="old-key"),
        here.gives(key="old-key", body=b"something else"),
        here.gives(posts(seen=seen), key="new-key-2"),
    ]
    await log.let("append")
    assert seqs(blocker, *answers) == [3, 4, "dup 2", "key_reused", 5]
    assert answers[1] == [Done(ROOM, 2, 77, is_dup=True)]
    assert seen[-2:] == [3, 4], "what did not happen was not counted"


async def test_a_repeat_is_not_refused_because_the_world_has_moved_on(log: HandLog) -> None:
    log.happens(ROOM, MessagePosted(text="Before"), by=ANA, key="old-key")
    log.happens(ROOM, RoomLocked())
    here = Here(log)
    answers = [here.gives(key="old-key"), here.gives(key="old-key", body=b"another"), here.gives(key="new-key")]
    await turns()
    assert seqs(*answers) == ["dup 2", "key_reused", "room_locked"]


# --- other nodes ------------------------------------------------------------------------------------------------


async def test_when_another_node_was_faster_what_it_wrote_is_read_and_all_decided_again(log: HandLog) -> None:
    here, seen = Here(log), list[int]()
    log.once("append", lambda: log.happens(ROOM, MessagePosted(text="Theirs")))
    answers = [here.gives(posts(seen=seen)), here.gives(posts(seen=seen))]
    await turns()
    assert seen == [1, 2, 2, 3]
    assert seqs(*answers) == [3, 4]
    assert [entry.seq for entry in here.published] == [3, 4], "theirs is theirs to publish"


async def test_what_another_node_wrote_can_refuse_what_was_accepted_a_moment_ago(log: HandLog) -> None:
    here = Here(log)
    log.once("append", lambda: log.happens(ROOM, RoomLocked()))
    answer = here.gives()
    await turns()
    assert seqs(answer) == ["room_locked"]
    assert log.head(ROOM) == 2


async def test_a_refusal_is_told_only_when_it_is_still_true(log: HandLog) -> None:
    log.happens(ROOM, RoomLocked())
    here = Here(log)
    await here.lane.ready()
    log.happens(ROOM, RoomUnlocked())
    answer = here.gives()
    await turns()
    assert seqs(answer) == [4]


async def test_refusals_beside_what_was_written_are_true_by_that(log: HandLog) -> None:
    """The append has proved that the lane knew everything: the log is not asked for heads."""
    here = Here(log)
    answers = [here.gives(), here.gives(lambda state, at: Refusal("muted"))]
    await turns()
    assert seqs(*answers) == [2, "muted"]
    assert "heads" not in log.asked


class Cohort:
    """Another lane that decisions look at: it knows of one entry less than the log, until it is brought up."""

    def __init__(self, log: HandLog) -> None:
        self.log = log
        self.stream = StreamName("cohort/demo")
        self.known = 0

    def heads(self) -> dict[StreamName, int]:
        return {self.stream: self.known}

    def heard(self, stream: StreamName, seq: int) -> None:
        assert stream == self.stream

    async def ready(self) -> None:
        self.known = self.log.head(self.stream)


@pytest.mark.parametrize("beside", [0, 1])
async def test_a_refusal_that_relies_on_another_lane_is_judged_by_what_the_log_has_of_that(
    log: HandLog, beside: int
) -> None:
    """Also when others of its batch were written (`beside`): that proves nothing of the other lane's streams."""
    cohort, here = Cohort(log), Here(log)
    log.happens(cohort.stream, MessagePosted(text="Ana is back"))

    def decide(state: RoomState, at: int) -> Decision | Refusal:
        return posts()(state, at) if cohort.known else Refusal("not_a_member")

    others = [here.gives() for _ in range(beside)]
    answer = here.gives(decide, relies_on=cohort)
    await turns()
    assert seqs(*others, answer) == list(range(2, 3 + beside))
    assert log.head(ROOM) == 2 + beside


async def test_one_who_is_overtaken_again_and_again_is_told_to_come_back(log: HandLog) -> None:
    here = Here(log)
    for _ in range(limits.append_tries_max):
        log.once("append", lambda: log.happens(ROOM, MessagePosted(text="Theirs")))
    answer = here.gives()
    await turns(200)
    assert len(log.appends) == limits.append_tries_max
    assert seqs(answer) == ["overloaded"]
    assert seqs(*(await answered(here, 1))) == [limits.append_tries_max + 2]


async def answered(here: Here, count: int) -> list[list[Done | Refusal]]:
    answers = [here.gives() for _ in range(count)]
    await turns()
    return answers


# --- when the log cannot ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["checkpoint", "read", "append", "appended"])
@pytest.mark.parametrize(
    ("error", "code"), [(LogFull(), "storage_full"), (LogUnavailable(), "unavailable"), (ValueError("bug"), "internal")]
)
async def test_what_the_log_cannot_do_is_told_to_each_and_the_lane_goes_on(
    log: HandLog, point: str, error: Exception, code: str
) -> None:
    here = Here(log)
    log.fail(point, error)
    answers = [here.gives(), here.gives()]
    await turns()
    assert seqs(*answers) == [code, code]
    assert here.lane.is_idle
    written = 2 if point == "appended" else 0
    assert seqs(*(await answered(here, 1))) == [2 + written]


async def test_refusals_are_not_told_when_it_cannot_be_seen_whether_they_are_true(log: HandLog) -> None:
    log.happens(ROOM, RoomLocked())
    for point in ("heads", "receipts"):
        here = Here(log)
        log.fail(point, LogUnavailable())
        answer = here.gives(key="one-key")
        await turns()
        assert seqs(answer) == ["unavailable"], point


async def test_after_an_append_whose_outcome_is_unknown_nothing_is_decided_on_what_was_known_before(
    log: HandLog,
) -> None:
    """It was written after all, and its asker sends it again."""
    here, seen = Here(log), list[int]()
    log.fail("appended", LogUnavailable())
    lost = here.gives(key="one-key")
    await turns()
    again = [here.gives(posts(seen=seen), key="another-key"), here.gives(key="one-key")]
    await turns()
    assert seqs(lost, *again) == ["unavailable", 3, "dup 2"]
    assert set(seen) == {2}
    assert len(log.appends) == 3, "one lost, one with a duplicate, one without; none in conflict"


async def test_all_that_waited_are_answered_when_the_batch_before_them_failed(log: HandLog) -> None:
    here = Here(log)
    log.hold("append")
    log.fail("append", LogUnavailable())
    first = here.gives()
    await turns()
    second = here.gives()
    await log.let("append")
    assert seqs(first, second) == ["unavailable", 2]


async def test_a_full_queue_refuses_at_once_and_those_in_it_are_answered_all_the_same(log: HandLog) -> None:
    here = Here(log)
    log.fail("checkpoint", LogUnavailable(), times=100)
    waiting = [here.gives() for _ in range(limits.lane_queue_commands_max)]
    assert not any(waiting)
    assert seqs(here.gives()) == ["overloaded"]
    await turns(1_000)
    assert set(seqs(*waiting)) == {"unavailable"}


async def test_all_are_told_draining_when_the_lane_is_ended(log: HandLog) -> None:
    here = Here(log)
    log.hold("append")
    others = asyncio.all_tasks()
    deciding = [here.gives(), here.gives()]
    await turns()
    waiting = [here.gives(), here.gives()]
    (task,) = asyncio.all_tasks() - others
    task.cancel()
    await turns()
    assert seqs(*deciding, *waiting) == ["draining"] * 4
    assert here.lane.is_idle
