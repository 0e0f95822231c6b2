"""Soft state at ticks: tallies, one's own reactions, heads with what is unread. The last word told is how it is.

A node by hand (`live_node.py`) that ticks when the test says. Presence has tests of its own.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tertulia.domain import limits
from tertulia.domain.events import MemberMuted, MessageRedacted, ReactionSet, ReadMarked, RoleChanged
from tertulia.domain.ids import PersonId, RoomId, StreamName
from tests.hand_log import turns
from tests.live_node import GENERAL, ROOM, SIGNALS, Device, LiveNode, play

SOME, MANY = "👍", "🎉"
ANAS = StreamName("user/p-ana")
OTHER, STAFF, COHORT = StreamName("room/other"), StreamName("room/general/staff"), StreamName("cohort/demo")


def reaction(message: int, emoji: str = SOME, *, on: bool = True) -> ReactionSet:
    return ReactionSet(message=message, emoji=emoji, on=on)


async def following(node: LiveNode, *names: str, origin: Any = "head", **more: Any) -> list[Device]:
    """Devices that follow the room and have heard all there was to hear."""
    devices = [node.device(name, streams={ROOM: origin}, **more) for name in names]
    await turns()
    await node.soft.tell_tallies()
    await turns()
    for device in devices:
        device.heard()
    return devices


async def tick(node: LiveNode) -> None:
    await node.soft.tell_tallies()
    await turns()


def tallies(device: Device) -> list[dict[str, dict[str, int]]]:
    return [record["tallies"] for record in device.heard("tally")]


def mine(device: Device) -> dict[str, list[str]]:
    """What is one's own, after all that was told of it."""
    return {message: emoji for record in device.heard("mine") for message, emoji in record["reactions"].items()}


# --- tallies ----------------------------------------------------------------------------------------------------


def test_a_tick_tells_all_readers_how_it_is_in_one_record_whatever_the_taps() -> None:
    async def story(node: LiveNode) -> None:
        ana, ben = await following(node, "Ana", "Ben")
        node.elsewhere("1", "2")
        for tap in range(31):
            ana.gives("set_reaction", message=2, emoji=SOME, on=tap % 2 == 0)
            ben.gives("set_reaction", message=2, emoji=MANY, on=tap % 2 == 1)
        ben.gives("set_reaction", message=3, emoji=SOME)
        await turns(200)
        assert ana.heard("tally") == ben.heard("tally") == []
        await tick(node)
        assert tallies(ana) == tallies(ben) == [{"2": {SOME: 1}, "3": {SOME: 1}}]
        await tick(node)
        assert ana.heard("tally") == [], "nothing has changed"

    play(story)


def test_each_room_has_its_own() -> None:
    async def story(node: LiveNode) -> None:
        (ana,) = await following(node, "Ana")
        node.elsewhere("Elsewhere", stream=OTHER)
        node.elsewhere(reaction(2), stream=StreamName("room/other/signals"))
        await tick(node)
        assert ana.heard("tally", "mine") == []

    play(story)


def test_a_redacted_message_has_no_tally_any_more() -> None:
    async def story(node: LiveNode) -> None:
        (ana,) = await following(node, "Ana")
        node.elsewhere("1")
        node.elsewhere(reaction(2), stream=SIGNALS)
        node.elsewhere(MessageRedacted(message=2))
        await tick(node)
        assert tallies(ana) == [{"2": {}}]
        node.elsewhere("2")
        node.elsewhere(reaction(4), stream=SIGNALS)
        await tick(node)
        assert tallies(ana) == [{"4": {SOME: 1}}]
        node.elsewhere(MessageRedacted(message=4))
        await tick(node)
        assert tallies(ana) == [{"4": {}}], "the redaction by itself is told too"

    play(story)


def test_a_reaction_that_comes_before_its_message_waits_for_it() -> None:
    async def story(node: LiveNode) -> None:
        (ana,) = await following(node, "Ana")
        node.elsewhere("1")
        unheard = node.unheard("2")
        node.elsewhere(reaction(2), reaction(3), stream=SIGNALS)
        await tick(node)
        assert tallies(ana) == [{"2": {SOME: 1}}]
        node.tell(*unheard)
        await tick(node)
        assert tallies(ana) == [{"3": {SOME: 1}}]

    play(story)


def test_what_cannot_be_read_now_is_told_at_a_later_tick() -> None:
    async def story(node: LiveNode) -> None:
        (ana,) = await following(node, "Ana")
        node.elsewhere("1", "2")
        node.elsewhere(reaction(2), stream=SIGNALS, by="p-ana")
        node.log.faults.unreadable = 1.0
        await tick(node)
        node.elsewhere(reaction(3), stream=SIGNALS, by="p-ana")
        await tick(node)
        assert ana.heard("tally", "mine") == []
        node.log.faults.unreadable = 0.0
        await tick(node)
        own, tally = ana.heard("tally", "mine")  # what is her own leaves with the push, and before it
        assert tally["tallies"] == {"2": {SOME: 1}, "3": {SOME: 1}}
        assert own["reactions"] == {"2": [SOME], "3": [SOME]}

    play(story)


def test_what_happens_while_a_reading_fails_is_told_with_what_it_was_to_tell() -> None:
    async def story(node: LiveNode) -> None:
        (ana,) = await following(node, "Ana")
        node.elsewhere("1", "2")
        node.elsewhere(reaction(2), stream=SIGNALS)
        node.log.faults.unreadable, node.log.faults.slow_s_max = 1.0, 1.0
        telling = asyncio.ensure_future(node.soft.tell_tallies())
        await turns()
        node.elsewhere(reaction(3), stream=SIGNALS)
        await telling
        node.log.faults.unreadable = node.log.faults.slow_s_max = 0.0
        await tick(node)
        assert tallies(ana) == [{"2": {SOME: 1}, "3": {SOME: 1}}]

    play(story)


def test_a_slow_reader_is_told_how_it_is_once_it_reads() -> None:
    async def story(node: LiveNode) -> None:
        slow, ben = await following(node, "Ana", "Ben")
        node.elsewhere("1", "2")
        await turns()
        slow.conversation.outbox.blocked()
        for message in (2, 3):
            node.elsewhere(reaction(message), stream=SIGNALS)
            await tick(node)
        assert tallies(ben) == [{"2": {SOME: 1}}, {"3": {SOME: 1}}]
        node.elsewhere(reaction(2, on=False), stream=SIGNALS)
        await tick(node)
        assert slow.heard("tally") == []
        ben.heard()
        slow.conversation.outbox.cleared()
        await tick(node)
        assert tallies(slow) == [{"2": {}, "3": {SOME: 1}}]
        assert ben.heard("tally") == [], "nobody else hears it again"

    play(story)


def test_a_slow_reader_that_left_the_room_meanwhile_is_told_nothing() -> None:
    async def story(node: LiveNode) -> None:
        (slow,) = await following(node, "Ana")
        node.elsewhere("1")
        await turns()
        slow.conversation.outbox.blocked()
        node.elsewhere(reaction(2), stream=SIGNALS)
        await tick(node)
        slow.conversation.outbox.cleared()
        slow.send({"type": "unsubscribe", "id": 1, "streams": [ROOM]})
        await turns()
        await tick(node)
        assert slow.heard("tally") == []

    play(story)


# --- whoever takes a room up ------------------------------------------------------------------------------------


def test_one_who_comes_back_with_a_position_is_told_of_all_that_is_shown_what_was_tallied_and_what_is_theirs() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1", "2", "3")
        node.unheard(reaction(2), reaction(3, MANY), stream=SIGNALS, by="p-ana")
        ana, ben = (node.device(name, streams={ROOM: {"epoch": "model", "seq": 4}}) for name in ("Ana", "Ben"))
        await turns()
        await tick(node)
        assert tallies(ben) == [{"2": {SOME: 1}, "3": {MANY: 1}, "4": {}}]
        assert mine(ana) == {"2": [SOME], "3": [MANY], "4": []}
        node.elsewhere(reaction(4), stream=SIGNALS, by="p-ana")
        await tick(node)
        late = node.device("Ben", streams={ROOM: {"epoch": "model", "seq": 4}})
        await turns()
        await tick(node)
        assert tallies(late) == [{"2": {SOME: 1}, "3": {MANY: 1}, "4": {SOME: 1}}], "not what was read for the first"

    play(story)


def test_one_who_comes_back_while_a_reaction_is_missing_is_told_of_those_after_it() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1")
        (ana,) = await following(node, "Ana", origin={"epoch": "model", "seq": 2})
        missing = node.unheard(reaction(2, MANY), stream=SIGNALS)
        node.elsewhere(reaction(2), stream=SIGNALS)
        await tick(node)
        assert tallies(ana) == [{"2": {SOME: 1, MANY: 1}}]
        late = node.device("Ben", streams={ROOM: {"epoch": "model", "seq": 2}})
        await turns()
        await tick(node)
        assert tallies(late) == [{"2": {SOME: 1, MANY: 1}}], "not what was read before"
        node.tell(*missing)

    play(story)


def test_one_who_comes_and_leaves_before_the_tick_is_told_nothing() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1")
        node.unheard(reaction(2), stream=SIGNALS, by="p-ana")
        ana = node.device("Ana", streams={ROOM: {"epoch": "model", "seq": 2}})
        await turns()
        ana.send({"type": "unsubscribe", "id": 1, "streams": [ROOM]})
        await turns()
        await tick(node)
        assert ana.heard("tally", "mine") == []

    play(story)


def test_after_a_snapshot_only_ones_own_are_told() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1")
        node.unheard(reaction(2), stream=SIGNALS, by="p-ana")
        ana = node.device("Ana", streams={ROOM: None})
        await turns()
        (snapshot,) = ana.heard("snapshot")
        assert snapshot["state"]["messages"][0]["seq"] == 2
        await tick(node)
        assert ana.heard("mine", "tally") == [{"type": "mine", "room": GENERAL, "reactions": {"2": [SOME]}}]

    play(story)


# --- one's own --------------------------------------------------------------------------------------------------


def test_what_is_ones_own_is_told_to_all_ones_own_devices_that_follow_the_room_and_to_nobody_else() -> None:
    async def story(node: LiveNode) -> None:
        first, second, ben = await following(node, "Ana", "Ana", "Ben")
        (elsewhere,) = await following(node, "Ana")
        elsewhere.send({"type": "unsubscribe", "id": 1, "streams": [ROOM]})
        await turns()
        node.elsewhere("1")
        node.elsewhere(reaction(2), reaction(2, MANY), reaction(2, on=False), stream=SIGNALS, by="p-ana")
        await tick(node)
        for device in (first, second):
            assert device.heard("mine") == [{"type": "mine", "room": GENERAL, "reactions": {"2": [MANY]}}]
        assert ben.heard("mine") == elsewhere.heard("mine") == []

    play(story)


# --- heads ------------------------------------------------------------------------------------------------------


async def watching(node: LiveNode, name: str, *streams: StreamName) -> Device:
    device = node.device(name, streams=dict.fromkeys(streams, "head"), levels=dict.fromkeys(streams, "head"))
    await turns()
    return device


async def head_tick(node: LiveNode) -> None:
    await node.soft.tell_heads()
    await turns()


def heads(device: Device) -> dict[str, tuple[int, int]]:
    """Stream → its head and what is unread; each is told once."""
    records = device.heard("head")
    told = {record["stream"]: (record["seq"], record["unread"]) for record in records}
    assert len(told) == len(records)
    return told


def test_a_head_is_told_at_once_and_then_at_ticks_when_it_moved() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("Hi")
        ana = await watching(node, "Ana", ROOM, OTHER, ANAS)
        assert heads(ana) == {ROOM: (2, 1), OTHER: (1, 0), ANAS: (0, 0)}
        await head_tick(node)
        assert heads(ana) == {}
        node.elsewhere(*["Hi"] * 4)
        await turns()
        assert heads(ana) == {}
        await head_tick(node)
        assert heads(ana) == {ROOM: (6, 5)}

    play(story)


def test_what_is_unread_is_what_others_said_after_ones_marker_up_to_a_bound() -> None:
    async def story(node: LiveNode) -> None:
        ana = await watching(node, "Ana", ROOM)
        ben = await watching(node, "Ben", ROOM)
        assert (heads(ana), heads(ben)) == ({ROOM: (1, 0)}, {ROOM: (1, 0)})
        node.elsewhere(*["Hi"] * (limits.unread_count_max + 50), by="p-ben")
        await head_tick(node)
        assert heads(ana)[ROOM][1] == limits.unread_count_max
        assert heads(ben)[ROOM][1] == 0

    play(story)


def test_what_was_read_on_one_device_is_told_to_the_others() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1", "2", "3")
        ana, ben = await watching(node, "Ana", ROOM), await watching(node, "Ben", ROOM)
        assert heads(ana) == {ROOM: (4, 3)}
        ben.heard()
        node.elsewhere(ReadMarked(room=RoomId("general"), seq=3), stream=ANAS, by="p-ana")
        await head_tick(node)
        assert heads(ana) == {ROOM: (4, 1)}
        assert heads(ben) == {}

    play(story)


def test_heads_wait_for_a_slow_reader_and_for_a_log_that_cannot_be_read() -> None:
    async def story(node: LiveNode) -> None:
        ana, ben = await watching(node, "Ana", ROOM), await watching(node, "Ben", ROOM)
        ana.heard()
        ben.heard()
        ana.conversation.outbox.blocked()
        node.elsewhere("1", by="p-tad")
        await head_tick(node)
        assert (heads(ana), heads(ben)) == ({}, {ROOM: (2, 1)})
        ana.conversation.outbox.cleared()
        node.log.faults.unreadable = 1.0
        await head_tick(node)
        assert heads(ana) == {}
        node.log.faults.unreadable = 0.0
        await head_tick(node)
        assert (heads(ana), heads(ben)) == ({ROOM: (2, 1)}, {})

    play(story)


def test_who_watches_no_more_is_told_no_more() -> None:
    async def story(node: LiveNode) -> None:
        ana, ben = await watching(node, "Ana", ROOM), await watching(node, "Ben", ROOM)
        assert node.soft.watched() == {ROOM}
        ana.heard()
        ana.send({"type": "unsubscribe", "id": 1, "streams": [ROOM]})
        await turns()
        ana.heard()
        ben.conversation.gone()
        assert node.soft.watched() == set()
        node.elsewhere("1")
        await head_tick(node)
        assert ana.heard() == []

    play(story)


def test_a_stream_that_is_watched_keeps_its_channel() -> None:
    async def story(node: LiveNode) -> None:
        ana = await watching(node, "Ana", ROOM)
        for now_s in (0.0, limits.channel_idle_s + 1):
            await node.receiver.close_idle(now_s=now_s)
        ana.heard()
        node.elsewhere("1")
        await head_tick(node)
        assert heads(ana) == {ROOM: (2, 1)}

    play(story)


def test_staff_who_are_staff_no_more_are_told_no_heads_of_staff_either() -> None:
    async def story(node: LiveNode) -> None:
        tad = await watching(node, "Tad", STAFF, ROOM)
        assert heads(tad) == {STAFF: (0, 0), ROOM: (1, 0)}
        node.elsewhere(RoleChanged(person=PersonId("p-tad"), role="learner"), stream=COHORT, by="p-olga")
        await turns()
        assert [record["stream"] for record in tad.heard("dropped")] == [STAFF]
        node.elsewhere(MemberMuted(room=GENERAL, person=PersonId("p-ana"), until=9, reason="Private"), stream=STAFF)
        node.elsewhere("1")
        await head_tick(node)
        assert heads(tad) == {ROOM: (2, 1)}

    play(story)
