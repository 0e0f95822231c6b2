"""What the server does in live sessions by itself: the floor is released when its time is up, teams come back, and who
is there is noted. On any node that has readers in the room, once, also after a restart.

A node by hand (`live_node.py`) that ticks when the test says; some tests have a second one on the same log.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tertulia.domain import limits
from tertulia.domain.cohort import decide_room_made
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName
from tertulia.domain.session.events import VoteSet
from tertulia.eventlog import LogFull
from tests.hand_log import turns
from tests.live_node import Device, LiveNode, play

LECTURE = RoomId("lecture")
MAIN, STAFF = StreamName("room/lecture"), StreamName("room/lecture/staff")


async def in_a_lecture(node: LiveNode, *names: str) -> list[Device]:
    """There is a room for sessions; these people follow it, Olga first."""
    made = decide_room_made(CohortId("demo"), LECTURE, name="Lecture", kind="session")
    for happening in made.happenings:
        node.unheard(happening.event, stream=happening.stream, by="p-olga")
    return await following(node, "Olga", *names)


async def following(node: LiveNode, *names: str) -> list[Device]:
    devices = [node.device(name, streams={MAIN: "head"}) for name in names]
    await turns(60)
    return devices


async def gives(device: Device, type: str, **fields: Any) -> None:
    device.gives(type, **{"room": LECTURE, **fields})
    await turns()
    (answer,) = device.heard("accepted", "refused")
    assert answer["type"] == "accepted", answer


async def tick(*nodes: LiveNode) -> None:
    await asyncio.gather(*(node.flow.sessions.tick() for node in nodes))
    await turns()


def entries(node: LiveNode, stream: StreamName = MAIN) -> list[tuple[str, str]]:
    """(name, author) of all entries."""
    return [(entry.name, entry.by) for entry in node.log.streams.get(stream, [])]


def attended(node: LiveNode) -> list[list[str]]:
    """Who was noted, by entry."""
    return [
        msgspec.json.decode(e.data)["people"] for e in node.log.streams.get(STAFF, []) if e.name == "attendance_noted"
    ]


def appends(node: LiveNode) -> int:
    return len(node.log.appends)


# --- the floor ----------------------------------------------------------------------------------------------------


def test_a_held_floor_is_released_when_its_time_is_up_by_nobody() -> None:
    async def story(node: LiveNode) -> None:
        olga, ana = await in_a_lecture(node, "Ana")
        await gives(olga, "open_session")
        await gives(olga, "hold_floor", for_s=5, prompt="Think")
        await gives(ana, "post_message", text="An array")
        await tick(node)
        await asyncio.sleep(4.9)
        await tick(node)
        assert entries(node)[-1] == ("floor_held", "p-olga")
        olga.heard()
        await asyncio.sleep(0.2)
        await tick(node)
        assert entries(node)[-2:] == [("floor_released", "~"), ("message_posted", "p-ana")]
        assert entries(node, STAFF)[-1] == ("held_released", "~")
        told = olga.heard("event")
        assert [(event["name"], event["by"]) for event in told] == entries(node)[-2:]
        assert told[1]["data"]["held_at"] < told[1]["at"]
        done = appends(node)
        await tick(node)
        assert appends(node) == done, "nothing is due any more"

    play(story)


def test_a_floor_without_an_end_and_a_room_nobody_reads_are_left_alone() -> None:
    async def story(node: LiveNode) -> None:
        olga, *_ = await in_a_lecture(node)
        await gives(olga, "open_session")
        await gives(olga, "hold_floor")
        await tick(node)
        await asyncio.sleep(limits.floor_s_max)
        done = appends(node)
        await tick(node)
        assert appends(node) == done
        await gives(olga, "release_floor")
        await gives(olga, "hold_floor", for_s=1)
        olga.send({"type": "unsubscribe", "id": 99, "streams": [MAIN]})
        await turns()
        await asyncio.sleep(2)
        await tick(node)
        assert entries(node)[-1][0] == "floor_held"
        await following(node, "Ana")
        await tick(node)
        assert entries(node)[-1] == ("floor_released", "~"), "when somebody is there to see it"

    play(story)


def test_of_several_nodes_one_releases_it_and_the_others_find_it_done() -> None:
    async def story(node: LiveNode) -> None:
        olga, ana = await in_a_lecture(node, "Ana")
        await gives(olga, "open_session")
        await gives(olga, "hold_floor", for_s=5)
        await gives(ana, "post_message", text="An array")
        await tick(node)
        other = LiveNode(log=node.log, node_id="there")
        await other.bus.start(other.receiver.receive, lambda channels: None)
        await following(other, "Ben")
        await tick(other)
        await asyncio.sleep(6)
        await tick(node, other)
        await tick(node, other)
        names = [name for name, _ in entries(node)]
        assert (names.count("floor_released"), names.count("message_posted")) == (1, 1)
        assert [name for name, _ in entries(node, STAFF)].count("held_released") == 1
        await other.node.cancel_tasks()

    play(story)


def test_a_node_that_was_started_meanwhile_releases_what_is_overdue() -> None:
    async def story(node: LiveNode) -> None:
        olga, ana = await in_a_lecture(node, "Ana")
        await gives(olga, "open_session")
        await gives(olga, "hold_floor", for_s=5)
        await gives(ana, "post_message", text="An array")
        await node.node.cancel_tasks()
        await asyncio.sleep(60)
        again = LiveNode(log=node.log)
        await again.bus.start(again.receiver.receive, lambda channels: None)
        (ben,) = await following(again, "Ben")
        await tick(again)
        assert entries(again)[-2:] == [("floor_released", "~"), ("message_posted", "p-ana")]
        assert [event["name"] for event in ben.heard("event")] == ["floor_released", "message_posted"]
        await again.node.cancel_tasks()

    play(story)


def test_what_cannot_be_written_now_is_done_at_a_later_tick() -> None:
    async def story(node: LiveNode) -> None:
        olga, *_ = await in_a_lecture(node)
        await gives(olga, "open_session")
        await tick(node)
        await gives(olga, "hold_floor", for_s=1)
        await asyncio.sleep(2)
        node.log.fail("append", LogFull())
        await tick(node)
        assert entries(node)[-1][0] == "floor_held"
        await tick(node)
        assert entries(node)[-1][0] == "floor_released"

    play(story)


def test_what_cannot_be_read_now_is_done_at_a_later_tick() -> None:
    async def story(node: LiveNode) -> None:
        olga, *_ = await in_a_lecture(node)
        await gives(olga, "open_session")
        await gives(olga, "hold_floor", for_s=1)
        again = LiveNode(log=node.log)
        await again.bus.start(again.receiver.receive, lambda channels: None)
        await following(again, "Ben")
        await asyncio.sleep(2)
        node.log.faults.unreadable = 1.0
        await tick(again)
        node.log.faults.unreadable = 0.0
        assert entries(node)[-1][0] == "floor_held"
        await tick(again)
        assert entries(node)[-1][0] == "floor_released"
        await again.node.cancel_tasks()

    play(story)


def test_teams_come_back_when_their_time_is_up() -> None:
    async def story(node: LiveNode) -> None:
        olga, *_ = await in_a_lecture(node, "Ana", "Ben")
        await gives(olga, "open_session")
        await tick(node)
        await gives(olga, "form_teams", teams=2, for_s=5)
        await asyncio.sleep(4)
        await tick(node)
        assert entries(node)[-1][0] == "teams_formed"
        await asyncio.sleep(2)
        await tick(node)
        assert entries(node)[-1] == ("teams_recalled", "~")
        rooms = [stream for stream in node.log.streams if stream.startswith("room/team-")]
        assert [entries(node, room)[-1] for room in rooms] == [("room_closed", "~")] * 2

    play(story)


# --- who attends --------------------------------------------------------------------------------------------------


def test_who_is_there_is_noted_once_in_one_entry_whether_they_came_before_it_opened_or_after() -> None:
    async def story(node: LiveNode) -> None:
        olga, *_ = await in_a_lecture(node, "Ana")
        await tick(node)
        assert attended(node) == []
        await gives(olga, "open_session")
        await tick(node)
        assert [sorted(people) for people in attended(node)] == [["p-ana", "p-olga"]]
        await following(node, "Ben", "Ana", "Tad")
        done = appends(node)
        await tick(node)
        await tick(node)
        assert [sorted(people) for people in attended(node)[1:]] == [["p-ben", "p-tad"]]
        assert appends(node) == done + 1
        assert {by for name, by in entries(node, STAFF) if name == "attendance_noted"} == {"~"}
        await gives(olga, "close_session")
        await tick(node)
        assert len(attended(node)) == 2
        await gives(olga, "open_session")
        await tick(node)
        assert sorted(attended(node)[2]) == ["p-ana", "p-ben", "p-olga", "p-tad"]

    play(story)


def test_one_decision_in_a_room_at_a_tick_the_floor_first() -> None:
    async def story(node: LiveNode) -> None:
        olga, *_ = await in_a_lecture(node)
        await gives(olga, "open_session")
        await gives(olga, "hold_floor", for_s=1)
        await asyncio.sleep(2)
        done = appends(node)
        await tick(node)
        assert (appends(node), entries(node)[-1][0], attended(node)) == (done + 1, "floor_released", [])
        await tick(node)
        assert attended(node) == [["p-olga"]]

    play(story)


def test_each_node_notes_its_own_and_nobody_twice() -> None:
    async def story(node: LiveNode) -> None:
        olga, *_ = await in_a_lecture(node, "Ana")
        await gives(olga, "open_session")
        other = LiveNode(log=node.log, node_id="there")
        await other.bus.start(other.receiver.receive, lambda channels: None)
        await following(other, "Ana", "Ben")
        await tick(node, other)
        await tick(node, other)
        noted = [person for people in attended(node) for person in people]
        assert sorted(noted) == ["p-ana", "p-ben", "p-olga"]
        await other.node.cancel_tasks()

    play(story)


def test_learners_are_not_told_who_attends() -> None:
    async def story(node: LiveNode) -> None:
        olga, ana = await in_a_lecture(node, "Ana")
        await gives(olga, "open_session")
        ana.heard()
        await tick(node)
        assert attended(node)
        assert [record for record in ana.heard() if "attendance" in str(record)] == []

    play(story)


def test_a_room_that_is_not_for_sessions_is_not_looked_at() -> None:
    async def story(node: LiveNode) -> None:
        node.device("Ana", streams={"room/general": "head"})
        await turns(60)
        await tick(node)
        assert node.node.lane_of(StreamName("room/general")) is None

    play(story)


def test_who_was_away_while_the_last_vote_was_taken_back_is_told_that_there_is_none() -> None:
    async def story(node: LiveNode) -> None:
        olga, ana = await in_a_lecture(node, "Ana")
        await gives(olga, "open_session")
        await node.flow.soft.session.tell()  # that another one has begun
        cat = node.device("Tad", streams={MAIN: None})
        await turns(60)
        await node.flow.soft.session.tell()
        await turns()
        assert cat.heard("votes") == [], "nothing was ever counted"
        await gives(ana, "ask_question", text="Why?")
        question = next(iter(node.node.room_lane(LECTURE).state.session.questions))  # type: ignore[union-attr]
        await gives(ana, "vote_question", question=question, on=False)  # who asks votes for it
        await node.flow.soft.session.tell()
        back = node.device("Tad", streams={MAIN: None})
        await turns(60)
        await node.flow.soft.session.tell()
        await turns()
        assert [record["votes"] for record in back.heard("votes")] == [{}]

    play(story)


def test_a_vote_that_is_heard_before_the_one_before_it_is_told() -> None:
    async def story(node: LiveNode) -> None:
        olga, ana, tad = await in_a_lecture(node, "Ana", "Tad")
        await gives(olga, "open_session")
        await gives(ana, "ask_question", text="Why?")
        question = next(iter(node.node.room_lane(LECTURE).state.session.questions))  # type: ignore[union-attr]
        await node.flow.soft.session.tell()
        await turns()
        tad.heard()
        signals = StreamName(f"{MAIN}/signals")
        vote = VoteSet(question=question, on=True)
        missing = node.unheard(vote, stream=signals, by="p-olga")
        node.elsewhere(vote, stream=signals, by="p-ben")
        await node.flow.soft.session.tell()
        await turns()
        assert [record["votes"] for record in tad.heard("votes")] == [{question: 3}]
        node.tell(*missing)

    play(story)


def test_the_flow_ticks_by_itself() -> None:
    async def story(node: LiveNode) -> None:
        await node.flow.start()
        olga, *_ = await in_a_lecture(node)
        await gives(olga, "open_session")
        await asyncio.sleep(limits.session_tick_s * 2)
        assert attended(node) == [["p-olga"]]
        assert PersonId("p-olga") in node.node.people

    play(story)
