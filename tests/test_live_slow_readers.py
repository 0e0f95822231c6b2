"""Slow readers take up streams, lag, and come back: never more than they read, and never a silent hole.

A node by hand (`live_node.py`); a reader is slow from `blocked` to `cleared`, as its transport would say.
"""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.events import RoleChanged
from tertulia.domain.ids import PersonId, StreamName
from tests.hand_log import turns
from tests.live_node import ROOM, LiveNode, at, play, told

PAGE = limits.page_events_max


def test_a_slow_reader_is_given_one_stream_at_a_time_and_each_as_it_is_by_then() -> None:
    async def story(node: LiveNode) -> None:
        other = StreamName("room/other")
        ana = node.device("Ana", streams={})
        await turns()
        ana.heard()
        ana.conversation.outbox.blocked()
        ana.subscribe(streams={ROOM: at(1), other: at(1)})
        await turns()
        assert [one["type"] for one in ana.heard()] == ["subscribed"]
        node.elsewhere("1")
        ana.conversation.outbox.cleared()
        await turns()
        records = ana.heard()
        assert [one["seq"] for one in records if one["type"] == "event"] == [2]
        assert [one["stream"] for one in records if one["type"] == "live"] == [ROOM, other]

    play(story)


def test_a_slow_reader_gets_its_streams_even_when_their_channels_were_let_go_meanwhile() -> None:
    async def story(node: LiveNode) -> None:
        other = StreamName("room/other")
        ana = node.device("Ana", streams={})
        await turns()
        ana.heard()
        ana.conversation.outbox.blocked()
        ana.subscribe(streams={ROOM: None, other: at(1)})
        await turns()
        for now_s in (0.0, limits.channel_idle_s + 1):
            await node.receiver.close_idle(now_s=now_s)
        assert not {ROOM, other} & node.node.channels.keys()
        node.elsewhere("1")
        node.elsewhere("1", stream=other)
        ana.conversation.outbox.cleared()
        await turns()
        records = ana.heard("snapshot", "event", "live")
        assert [(one["type"], one["stream"], one["seq"]) for one in records] == [
            ("snapshot", ROOM, 2),
            ("live", ROOM, 2),
            ("event", other, 2),
            ("live", other, 2),
        ]

    play(story)


def test_a_slow_reader_for_whom_it_became_too_much_is_told_that_it_lags() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={})
        await turns()
        ana.heard()
        ana.conversation.outbox.blocked()
        ana.subscribe(streams={ROOM: at(1)})
        await turns()
        node.elsewhere(*["Hi"] * (PAGE + 1))
        ana.conversation.outbox.cleared()
        await turns()
        (lag,) = ana.heard("lag", "live", "event")
        assert lag == {"type": "lag", "stream": ROOM, "epoch": "model", "last": 1, "head": PAGE + 2}
        assert ana.conversation.follows == {}

    play(story)


def test_one_who_lagged_is_told_once_it_reads_and_comes_back_from_there() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={ROOM: "head"})
        await turns()
        node.elsewhere("1")
        await turns()
        ana.heard()
        outbox = ana.conversation.outbox
        outbox.blocked()
        outbox.lag(ROOM, last=2)
        node.elsewhere("2", "3")
        outbox.cleared()
        await turns()
        assert ana.heard("lag") == [{"type": "lag", "stream": ROOM, "epoch": "model", "last": 2, "head": 4}]
        assert ana.conversation.follows == {}
        ana.subscribe(streams={ROOM: at(2)})
        await turns()
        assert told(ana) == ("ok", 3, 4, "live 4")

    play(story)


def test_one_who_lagged_and_left_is_told_nothing_of_it() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={ROOM: "head"})
        await turns()
        ana.conversation.outbox.blocked()
        ana.conversation.outbox.lag(ROOM, last=1)
        ana.send({"type": "unsubscribe", "id": 1, "streams": [ROOM]})
        await turns()
        ana.conversation.outbox.cleared()
        await turns()
        assert ana.heard("lag") == []

    play(story)


def test_one_who_lagged_in_a_staff_stream_and_is_staff_no_more_is_told_nothing_of_it_but_that() -> None:
    async def story(node: LiveNode) -> None:
        staff, cohort = StreamName("room/general/staff"), StreamName("cohort/demo")
        tad = node.device("Tad", streams={staff: "head"})
        await turns()
        tad.heard()
        tad.conversation.outbox.blocked()
        tad.conversation.outbox.lag(staff, last=0)
        node.elsewhere(RoleChanged(person=PersonId("p-tad"), role="learner"), stream=cohort, by="p-olga")
        tad.conversation.outbox.cleared()
        await turns()
        assert [(record["type"], record["stream"]) for record in tad.heard("dropped", "lag")] == [("dropped", staff)]

    play(story)
