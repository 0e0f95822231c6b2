"""Streams taken up: every case of coming back is told one of four results, and is whole from then on (R2).

A node by hand (`live_node.py`); devices are real conversations. The room's first entry is its making, so message n of a
story stands at seq n + 1.
"""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.events import MemberMuted, RoleChanged, RoomCreated, RoomListed
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName
from tertulia.eventlog import LogUnavailable
from tests.hand_log import turns
from tests.live_node import ROOM, LiveNode, at, play, told
from tests.simulation.people import FOUNDER, found

COHORT, STAFF = StreamName("cohort/demo"), StreamName("room/general/staff")
ANAS = StreamName("user/p-ana")
PAGE = limits.page_events_max


CASES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "from nothing": (None, ("ok", "snapshot 6", "live 6")),
    "from now": ("head", ("ok", "live 6")),
    "from the same position": (at(6), ("ok", "live 6")),
    "from one before": (at(5), ("ok", 6, "live 6")),
    "from a position": (at(3), ("ok", 4, 5, 6, "live 6")),
    "from the beginning": (at(0), ("ok", 1, 2, 3, 4, 5, 6, "live 6")),
    "from the next, which is not there": (at(7), ("reset", "snapshot 6", "live 6")),
    "from the future": (at(900), ("reset", "snapshot 6", "live 6")),
    "from another epoch": (at(3, epoch="another"), ("reset", "snapshot 6", "live 6")),
    "from the head in another epoch": (at(6, epoch="another"), ("reset", "snapshot 6", "live 6")),
    "from the beginning of another epoch": (at(0, epoch=""), ("reset", "snapshot 6", "live 6")),
}


@pytest.mark.parametrize("is_open", [False, True], ids=["from the log", "from the tail"])
@pytest.mark.parametrize("case", CASES)
def test_who_comes_back_is_told_complete_or_reset_and_is_live_from_there(case: str, is_open: bool) -> None:
    origin, expected = CASES[case]

    async def story(node: LiveNode) -> None:
        if is_open:
            await node.channel()
        node.elsewhere("1", "2", "3", "4", "5")
        ana = node.device("Ana", streams={ROOM: origin})
        await turns()
        assert told(ana) == expected
        if is_open:
            assert not [after for name, after in node.log.reads if name == ROOM and 0 < after < 6], "the tail has it"
        node.elsewhere("6", "7")
        await turns()
        assert [one["seq"] for one in ana.heard("event")] == [7, 8]

    play(story)


EMPTY: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "from nothing": (None, ("ok", "snapshot 0", "live 0")),
    "from now": ("head", ("ok", "live 0")),
    "from its beginning": (at(0), ("ok", "live 0")),
    "from the future": (at(1), ("reset", "snapshot 0", "live 0")),
    "from another epoch": (at(0, epoch="another"), ("reset", "snapshot 0", "live 0")),
}


@pytest.mark.parametrize("stream", [ANAS, STAFF])
@pytest.mark.parametrize("case", EMPTY)
def test_an_empty_stream_is_taken_up_like_any_other(case: str, stream: StreamName) -> None:
    origin, expected = EMPTY[case]

    async def story(node: LiveNode) -> None:
        device = node.device("Ana" if stream == ANAS else "Tad", streams={stream: origin})
        await turns()
        assert told(device, stream) == expected

    play(story)


@pytest.mark.parametrize(("behind", "result"), [(PAGE - 1, "ok"), (PAGE, "ok"), (PAGE + 1, "gap"), (PAGE * 3, "gap")])
@pytest.mark.parametrize("is_open", [False, True], ids=["from the log", "from the tail"])
def test_more_than_a_page_is_a_gap_and_live_says_up_to_where_to_fetch(behind: int, result: str, is_open: bool) -> None:
    async def story(node: LiveNode) -> None:
        if is_open:
            await node.channel()
        node.elsewhere(*["Hi"] * behind)
        ana = node.device("Ana", streams={ROOM: at(1)})
        await turns()
        pushed = list(range(2, behind + 2)) if result == "ok" else []
        assert told(ana) == (result, *pushed, f"live {behind + 1}")
        node.elsewhere("More")
        await turns()
        assert [one["seq"] for one in ana.heard("event")] == [behind + 2]

    play(story)


def test_more_bytes_than_are_pushed_are_a_gap_to_the_byte() -> None:
    async def story(node: LiveNode) -> None:
        channel = await node.channel()
        node.elsewhere(*["x" * 8_000] * 16)
        size = sum(len(record.json) for _, record in channel.tail_after(1, upto=channel.last) or [])
        left = limits.resume_bytes_max - size
        (last,) = node.elsewhere("y")
        envelope = len((channel.tail_after(17, upto=18) or [])[0][1].json) - 1
        for length, result in ((left - envelope, "ok"), (left - envelope + 1, "gap")):
            node.log.streams[ROOM][17] = last._replace(data=last.data.replace(b'"y"', b'"%b"' % (b"y" * length)))
            channel.forget_tail()
            ana = node.device("Ana", streams={ROOM: at(1)})
            await turns()
            assert told(ana)[0] == result

    play(story)


def test_a_position_this_node_has_not_heard_of_yet_is_no_future() -> None:
    """Another node told it; the word of it is still under way to this one."""

    async def story(node: LiveNode) -> None:
        await node.channel()
        node.unheard("1", "2")
        ana = node.device("Ana", streams={ROOM: at(3)})
        await turns()
        assert told(ana) == ("ok", "live 3")

    play(story)


# --- while it is read -------------------------------------------------------------------------------------------


def test_what_happens_while_the_missing_is_read_comes_once_and_in_order() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={})
        await turns()
        ana.heard()
        node.unheard("1", "2")
        node.log.hold("read")
        ana.subscribe(streams={ROOM: at(1)})
        await turns()
        node.elsewhere("3", "4")
        await node.log.let("read")
        assert told(ana) == ("ok", 2, 3, 4, 5, "live 5")
        node.elsewhere("5")
        await turns()
        assert [one["seq"] for one in ana.heard("event")] == [6]

    play(story)


@pytest.mark.parametrize("after", range(16))
def test_whatever_the_moment_something_is_said_what_follows_live_is_the_next(after: int) -> None:
    """Said so many turns of the loop after one asked, while another reads too: before, during or after it attaches."""

    async def story(node: LiveNode) -> None:
        ana, ben = node.device("Ana", streams={}), node.device("Ben", streams={ROOM: "head"})
        await turns()
        ana.heard()
        ana.subscribe(streams={ROOM: at(1)})
        await turns(after)
        node.elsewhere("1")
        await turns(1)
        node.elsewhere("2")
        await turns()
        _, *rest = told(ana)
        place = next(place for place, one in enumerate(rest) if str(one).startswith("live"))
        assert rest == [*range(2, place + 2), f"live {place + 1}", *range(place + 2, 4)]
        assert [one["seq"] for one in ben.heard("event")] == [2, 3]

    play(story)


def test_many_who_come_back_at_once_to_the_same_place_read_once() -> None:
    async def story(node: LiveNode) -> None:
        devices = [node.device(name, streams={}) for name in ("Ana", "Ben", "Tad", "Ana")]
        await turns()
        node.unheard("1", "2")
        node.log.reads.clear()
        for device in devices:
            device.heard()
            device.subscribe(streams={ROOM: at(1)})
        await turns()
        assert [told(device) for device in devices] == [("ok", 2, 3, "live 3")] * 4
        assert node.log.reads == [(ROOM, 1)]

    play(story)


def test_when_the_log_cannot_be_read_hello_is_closed_and_subscribe_refused_and_changes_nothing() -> None:
    async def story(node: LiveNode) -> None:
        ana, ben = node.device("Ana", streams={ROOM: "head"}), node.device("Ben", streams={})
        await turns()
        ana.heard()
        node.log.fail("heads", LogUnavailable(), times=2)
        tad = node.device("Tad", streams={ROOM: None, StreamName("room/other"): None})
        await turns()
        assert tad.closing is not None
        assert (tad.closing.code, tad.heard()) == (4006, [])
        ana.subscribe(streams={ROOM: at(0), StreamName("room/other"): None})
        await turns()
        assert [one["code"] for one in ana.heard()] == ["unavailable"]
        node.elsewhere("1")
        await turns()
        assert [one["seq"] for one in ana.heard("event")] == [2], "it follows as before"
        assert ben.closing is None

    play(story)


# --- who may read what ------------------------------------------------------------------------------------------


DENIED: dict[tuple[str, str], str] = {
    ("Ana", "room/nowhere"): "unknown_room",
    ("Ana", "room/nowhere/staff"): "unknown_room",
    ("Ana", "room/general/signals"): "not_allowed",
    ("Ana", "room/general/staff"): "not_allowed",
    ("Ana", "cohort/demo/staff"): "not_allowed",
    ("Ana", "cohort/other"): "unknown_stream",
    ("Ana", "user/p-ben"): "unknown_stream",
    ("Ana", "user/nobody"): "unknown_stream",
    ("Ana", "nonsense"): "unknown_stream",
    ("Ana", "room/general/other"): "unknown_stream",
    ("Ana", ""): "unknown_stream",
    ("Ana", "user/p-ana"): "ok",
    ("Ana", "cohort/demo"): "ok",
    ("Tad", "room/general/signals"): "not_allowed",
    ("Tad", "room/general/staff"): "ok",
    ("Tad", "cohort/demo/staff"): "ok",
    ("Tad", "cohort/other/staff"): "unknown_stream",
    ("Tad", "user/p-ana"): "unknown_stream",
}


@pytest.mark.parametrize(("name", "stream"), DENIED)
def test_what_is_not_for_one_is_denied_by_name_and_the_others_go_on(name: str, stream: str) -> None:
    async def story(node: LiveNode) -> None:
        device = node.device(name, streams={ROOM: "head", stream: "head"})
        await turns()
        (welcome,) = device.heard("welcome")
        result = welcome["streams"][stream]
        assert result.get("code", result["result"]) == DENIED[name, stream]
        assert list(welcome["streams"]) == [ROOM, stream], "in the order they were asked for"
        assert welcome["streams"][ROOM]["result"] == "ok"
        followed = {ROOM} if "code" in result else {ROOM, stream}
        assert set(device.conversation.follows) == followed

    play(story)


def test_one_connection_follows_so_many_streams_and_those_beyond_are_denied() -> None:
    async def story(node: LiveNode) -> None:
        rooms = [RoomId(f"r-{number}") for number in range(limits.streams_per_connection_max // 2)]
        found(node.log, [], rooms, "discussion")
        olga = node.device("Olga", streams={f"room/{room}{side}": "head" for room in rooms for side in ("", "/staff")})
        await turns(limits.streams_per_connection_max)
        (welcome,) = olga.heard("welcome")
        assert {one["result"] for one in welcome["streams"].values()} == {"ok"}
        olga.subscribe(streams={ROOM: "head", "room/r-0": "head"})
        await turns(limits.streams_per_connection_max)
        (subscribed,) = olga.heard("subscribed")
        assert subscribed["streams"][ROOM] == {"result": "denied", "code": "too_many"}
        assert subscribed["streams"]["room/r-0"]["result"] == "ok", "it is followed already"
        assert len(olga.conversation.follows) == limits.streams_per_connection_max

    play(story)


def test_a_room_made_a_moment_ago_on_another_node_is_known() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={})
        await turns()
        ana.heard()
        new = StreamName("room/new")
        made = RoomCreated(cohort=CohortId("demo"), name="New", kind="discussion", topic="", emoji=[], slow_mode_s=0)
        node.unheard(made, stream=new)
        node.unheard(RoomListed(room=RoomId("new"), name="New", kind="discussion", closed=False), stream=COHORT)
        ana.subscribe(streams={new: None})
        await turns()
        assert told(ana, new) == ("ok", "snapshot 1", "live 1")

    play(story)


def test_one_who_stops_being_staff_while_it_is_read_is_given_nothing_of_it() -> None:
    async def story(node: LiveNode) -> None:
        tad = node.device("Tad", streams={})
        await turns()
        tad.heard()
        node.unheard(
            MemberMuted(room=RoomId("general"), person=PersonId("p-ana"), until=9, reason="Private"), stream=STAFF
        )
        node.log.hold("read")
        tad.subscribe(streams={STAFF: at(0)})
        await turns()
        node.elsewhere(RoleChanged(person=PersonId("p-tad"), role="learner"), stream=COHORT, by=FOUNDER.id)
        await node.log.let("read")
        assert told(tad, STAFF) == ("ok", "dropped")
        assert STAFF not in tad.conversation.follows

    play(story)


# --- again, otherwise, no more ----------------------------------------------------------------------------------


def test_a_stream_taken_up_twice_is_pushed_once() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1", "2")
        ana = node.device("Ana", streams={ROOM: None})
        await turns()
        ana.heard()
        ana.subscribe(streams={ROOM: at(2)})
        await turns()
        assert told(ana) == ("ok", 3, "live 3")
        node.elsewhere("3")
        await turns()
        assert [one["seq"] for one in ana.heard("event")] == [4]
        assert len(node.node.channels[ROOM].readers) == 1

    play(story)


def test_at_level_head_there_are_no_events_and_no_live() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={ROOM: None}, levels={ROOM: "head"})
        await turns()
        assert told(ana) == ("ok", "head 1")
        node.elsewhere("1")
        await turns()
        assert ana.heard() == []
        ana.subscribe(streams={ROOM: at(1)})
        await turns()
        assert told(ana) == ("ok", 2, "live 2")
        ana.subscribe(streams={ROOM: "head"}, levels={ROOM: "head"})
        await turns()
        assert told(ana) == ("ok", "head 2")
        assert node.node.channels[ROOM].readers == {}

    play(story)


def test_one_who_leaves_hears_no_more_of_it_and_may_leave_what_it_does_not_follow() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={ROOM: "head"})
        await turns()
        ana.heard()
        ana.send({"type": "unsubscribe", "id": 9, "streams": [ROOM, "room/other", "nonsense"]})
        await turns()
        assert ana.heard() == [{"type": "unsubscribed", "id": 9, "streams": [ROOM, "room/other", "nonsense"]}]
        node.elsewhere("1")
        await turns()
        assert ana.heard() == []
        assert node.node.channels[ROOM].readers == {}

    play(story)


def test_what_is_asked_in_order_is_done_in_order() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={})
        await turns()
        ana.heard()
        node.unheard("1")
        node.log.hold("read")
        ana.subscribe(streams={ROOM: at(1)})
        ana.send({"type": "unsubscribe", "id": 9, "streams": [ROOM]})
        await turns()
        assert ana.heard() == []
        await node.log.let("read")
        assert [one["type"] for one in ana.heard("subscribed", "live", "unsubscribed")] == [
            "subscribed",
            "live",
            "unsubscribed",
        ]
        assert ana.conversation.follows == {}

    play(story)
