"""Entries on their way in: what the bus brings, loses, repeats and mixes up; the log is asked no more than it must be.

A node by hand (`live_node.py`): the test is the bus, and says when the log answers.
"""

from __future__ import annotations

import asyncio

import pytest

from tertulia.bus import NODES, BusMessage
from tertulia.domain import limits
from tertulia.domain.events import MessageEdited, MessageRedacted
from tertulia.domain.ids import PersonId, Seq, StreamName
from tertulia.eventlog import LogUnavailable
from tertulia.presence import PRESENCE
from tertulia.presence.messages import Alive, All, Ask, decode_presence, encode
from tertulia.wire.codec import encode_entry
from tests.hand_log import turns
from tests.live_node import GENERAL, OTHER, ROOM, SIGNALS, LiveNode, Reader, play

OTHER_ROOM = StreamName("room/other")


def reads_of(node: LiveNode, stream: StreamName = ROOM) -> list[int]:
    """The seqs after which a stream was read since the last look."""
    reads = [after for name, after in node.log.reads if name == stream]
    node.log.reads.clear()
    return reads


# --- opening ----------------------------------------------------------------------------------------------------


def test_a_channel_is_opened_at_the_logs_head_and_hears_before_it_asks() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("Before")
        asked: list[tuple[str, bool]] = []
        node.bus.on_subscribe = lambda channel: asked.append((channel, "heads" in node.log.asked))
        channel = await node.channel()
        assert (channel.last, channel.sent, channel.is_behind) == (2, 2, False)
        assert asked == [("room/general", False)]

    play(story)


def test_streams_of_one_owner_share_a_bus_channel_and_all_heads_are_one_query() -> None:
    async def story(node: LiveNode) -> None:
        await node.receiver.open([ROOM, SIGNALS, OTHER_ROOM, ROOM])
        assert set(node.node.channels) == {ROOM, SIGNALS, OTHER_ROOM}
        assert node.bus.channels == {"room/general", "room/other"}
        assert node.log.asked.count("heads") == 1
        await node.receiver.open([ROOM, SIGNALS])
        assert node.log.asked.count("heads") == 1, "they are open"

    play(story)


def test_two_who_open_the_same_stream_ask_once_and_both_wait() -> None:
    async def story(node: LiveNode) -> None:
        node.log.hold("heads")
        first = asyncio.ensure_future(node.receiver.open([ROOM]))
        await turns()
        second = asyncio.ensure_future(node.receiver.open([ROOM]))
        await turns()
        assert not first.done()
        assert not second.done()
        await node.log.let("heads")
        await asyncio.gather(first, second)
        assert node.log.asked.count("heads") == 1

    play(story)


def test_what_is_heard_of_while_the_heads_are_on_their_way_is_fetched() -> None:
    async def story(node: LiveNode) -> None:
        node.log.hold("heads answered")
        opening = asyncio.ensure_future(node.receiver.open([ROOM]))
        await turns()
        node.elsewhere("Said while it opens")
        await node.log.let("heads answered")
        await opening
        channel = node.node.channels[ROOM]
        assert channel.is_behind
        reader = Reader(channel)
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert reader.seqs() == [2]
        assert not channel.is_behind

    play(story)


def test_when_heads_cannot_be_read_all_who_wait_are_told_and_nothing_is_left_behind() -> None:
    async def story(node: LiveNode) -> None:
        node.log.hold("heads")
        node.log.fail("heads", LogUnavailable())
        asking = [asyncio.ensure_future(node.receiver.open([ROOM])) for _ in range(2)]
        await turns()
        await node.log.let("heads")
        for one in asking:
            with pytest.raises(LogUnavailable):
                await one
        assert node.node.channels == {}
        assert node.bus.channels == set()
        await node.receiver.open([ROOM])
        assert node.bus.channels == {"room/general"}

    play(story)


def test_a_stream_that_cannot_be_opened_takes_no_hearing_from_another_of_its_owner() -> None:
    async def story(node: LiveNode) -> None:
        await node.receiver.open([ROOM])
        node.log.fail("heads", LogUnavailable())
        with pytest.raises(LogUnavailable):
            await node.receiver.open([SIGNALS])
        assert node.bus.channels == {"room/general"}
        assert node.bus.unsubscribed == [], "not for a moment"

    play(story)


# --- in order, out of order -------------------------------------------------------------------------------------


def test_what_comes_in_order_reaches_all_readers_without_the_log() -> None:
    async def story(node: LiveNode) -> None:
        readers = [Reader(await node.channel()) for _ in range(3)]
        node.elsewhere("One", "Two")
        await turns()
        assert [reader.seqs() for reader in readers] == [[2, 3]] * 3
        assert node.log.reads == []

    play(story)


def test_what_is_repeated_is_read_once() -> None:
    async def story(node: LiveNode) -> None:
        reader = Reader(await node.channel())
        entries = node.elsewhere("One", "Two")
        node.tell(*entries)
        await turns()
        assert reader.seqs() == [2, 3]

    play(story)


def test_a_gap_that_closes_by_itself_costs_no_read() -> None:
    async def story(node: LiveNode) -> None:
        reader = Reader(await node.channel())
        one, two, three = node.unheard("One", "Two", "Three")
        node.tell(three, two)
        await asyncio.sleep(limits.repair_wait_s / 2)
        node.tell(one)
        await asyncio.sleep(limits.repair_wait_s)
        assert reader.seqs() == [2, 3, 4]
        assert node.log.reads == []

    play(story)


def test_a_gap_is_read_once_for_all_readers() -> None:
    async def story(node: LiveNode) -> None:
        readers = [Reader(await node.channel()) for _ in range(5)]
        _, two, three, four = node.unheard("One", "Two", "Three", "Four")
        for entry in (four, two, three):
            node.tell(entry)
        await turns()
        assert reads_of(node) == [], "not before a moment has passed"
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert [reader.seqs() for reader in readers] == [[2, 3, 4, 5]] * 5
        assert reads_of(node) == [1]
        assert node.node.counts.repairs == 1

    play(story)


def test_what_comes_while_a_gap_is_read_begins_no_second_reading() -> None:
    async def story(node: LiveNode) -> None:
        reader = Reader(await node.channel())
        _, two, three = node.unheard("One", "Two", "Three")
        node.log.hold("read")
        node.tell(two)
        await asyncio.sleep(limits.repair_wait_s * 2)
        node.tell(three)
        await node.receiver.check_heads()
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert reads_of(node) == [1]
        await node.log.let("read")
        assert reader.seqs() == [2, 3, 4]

    play(story)


def test_a_gap_longer_than_a_page_is_read_page_by_page() -> None:
    async def story(node: LiveNode) -> None:
        channel = await node.channel()
        count = limits.page_events_max + 20
        node.tell(node.unheard(*["Hi"] * count)[-1])
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert channel.last == count + 1
        assert reads_of(node) == [1, limits.page_events_max + 1]

    play(story)


def test_what_was_heard_of_and_is_not_in_the_log_never_happened() -> None:
    async def story(node: LiveNode) -> None:
        channel = await node.channel()
        reader = Reader(channel)
        (entry,) = node.unheard("Never mind")
        node.log.streams[ROOM].remove(entry)
        node.tell(entry._replace(seq=Seq(9)))
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert not channel.is_behind
        assert reads_of(node) == [1]
        node.elsewhere("This did")
        await turns()
        assert reader.seqs() == [2]

    play(story)


def test_a_gap_that_cannot_be_read_now_is_read_after_the_next_look_at_the_heads() -> None:
    async def story(node: LiveNode) -> None:
        reader = Reader(await node.channel())
        node.log.fail("read", LogUnavailable())
        node.tell(node.unheard("One", "Two")[1])
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert reader.seqs() == []
        await node.receiver.check_heads()
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert reader.seqs() == [2, 3]

    play(story)


# --- the look at the heads --------------------------------------------------------------------------------------


def test_what_was_never_told_is_found_by_one_query_for_all_channels() -> None:
    async def story(node: LiveNode) -> None:
        readers = [Reader(await node.channel(stream)) for stream in (ROOM, OTHER_ROOM)]
        node.unheard("One", "Two")
        node.unheard("Elsewhere", stream=OTHER_ROOM)
        node.log.asked.clear()
        await node.receiver.check_heads()
        assert node.log.asked == ["heads"]
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert [reader.seqs() for reader in readers] == [[2, 3], [2]]
        node.log.asked.clear()
        await node.receiver.check_heads()
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert node.log.asked == ["heads"], "nothing is missing"

    play(story)


def test_a_channel_that_comes_late_is_checked_and_asked_about_and_no_other() -> None:
    async def story(node: LiveNode) -> None:
        device = node.device("Ana", streams={ROOM: "head", OTHER_ROOM: "head"})
        node.device("Ben")
        signals = await node.channel(SIGNALS)
        await turns()
        eve = encode(All(1, 1, {"learner": [PersonId("eve")]}))
        for stream in (ROOM, OTHER_ROOM):
            node.bus.tell(BusMessage(stream, PRESENCE, "", 0, eve, "there"))
        await node.soft.here.tick()
        node.unheard("One")
        node.unheard("Elsewhere", stream=OTHER_ROOM)
        for listed in (device.heard(), node.bus.published, node.log.asked):
            listed.clear()

        node.bus.missed(frozenset({ROOM, NODES, "user/p-ana", "room/unknown"}))
        await turns()
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert node.log.asked.count("heads") == 1
        assert [record["stream"] for record in device.heard("event")] == [ROOM]
        assert signals.last == 0
        await node.soft.here.tick()
        said = [(message.channel, decode_presence(message.record)) for message in node.bus.published]
        assert [(channel, type(one)) for channel, one in said if channel != NODES] == [(ROOM, Ask), (ROOM, All)]

        await asyncio.sleep(limits.presence_lease_s)
        node.bus.tell(BusMessage(NODES, PRESENCE, "", 0, encode(Alive(1)), "there"))  # it runs
        await node.soft.here.tick()
        await turns()
        gone = [record for record in device.heard("presence", "presence_changed") if "eve" in record.get("left", [])]
        assert [record["room"] for record in gone] == [GENERAL], "who does not answer has nobody there any more"

    play(story)


def test_an_outage_is_of_all_channels() -> None:
    async def story(node: LiveNode) -> None:
        device = node.device("Ana", streams={ROOM: "head", OTHER_ROOM: "head"})
        await turns()
        node.unheard("One")
        node.unheard("Elsewhere", stream=OTHER_ROOM)
        for listed in (device.heard(), node.bus.published):
            listed.clear()
        node.bus.missed(None)
        assert {message.channel for message in node.bus.published} == {ROOM, OTHER_ROOM}
        await turns()
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert {record["stream"] for record in device.heard("event")} == {ROOM, OTHER_ROOM}

    play(story)


def test_heads_that_cannot_be_read_are_looked_at_another_time() -> None:
    async def story(node: LiveNode) -> None:
        await node.channel()
        node.log.fail("heads", LogUnavailable())
        await node.receiver.check_heads()

    play(story)


def test_one_who_knows_of_more_brings_the_channel_there() -> None:
    async def story(node: LiveNode) -> None:
        channel = await node.channel()
        node.unheard("One", "Two")
        await node.receiver.catch_up_to(channel, 3)
        assert channel.last == 3
        assert reads_of(node) == [1]
        await node.receiver.catch_up_to(channel, 3)
        assert reads_of(node) == []
        await node.receiver.catch_up_to(channel, 900)
        assert (channel.last, channel.is_behind) == (3, False), "there is no such entry"
        node.unheard("Three")
        node.log.fail("read", LogUnavailable(), times=3)
        with pytest.raises(LogUnavailable):
            await node.receiver.catch_up_to(channel, 4)

    play(story)


# --- what is not ours -------------------------------------------------------------------------------------------


def test_another_clusters_entries_are_ignored() -> None:
    async def story(node: LiveNode) -> None:
        channel = await node.channel()
        reader = Reader(channel)
        (entry,) = node.unheard("One")
        node.tell(entry, epoch="another")
        node.tell(entry._replace(seq=Seq(700)), epoch="another")
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert (reader.seqs(), channel.is_behind, node.log.reads) == ([], False, [])

    play(story)


@pytest.mark.parametrize("record", [b"", b"[]", b'{"type":"event"}', b'{"type":"event","seq":"two"}', b"\xff"])
def test_what_cannot_be_read_is_ignored_and_found_in_the_log(record: bytes) -> None:
    async def story(node: LiveNode) -> None:
        reader = Reader(await node.channel())
        node.tell(*node.unheard("One"), records=[record])
        await turns()
        assert reader.heard() == []
        await node.receiver.check_heads()
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert reader.seqs() == [2]

    play(story)


def test_what_nobody_follows_here_is_let_go() -> None:
    async def story(node: LiveNode) -> None:
        node.elsewhere("One", stream=OTHER_ROOM)
        await asyncio.sleep(limits.repair_wait_s * 2)
        assert (node.node.channels, node.log.reads) == ({}, [])

    play(story)


def test_the_lane_hears_of_it_too() -> None:
    async def story(node: LiveNode) -> None:
        lane = node.node.room_lane(GENERAL)
        await lane.ready()
        node.log.reads.clear()
        node.elsewhere("One")
        assert lane.heads()[ROOM] == 2
        assert node.log.reads == []

    play(story)


# --- redactions -------------------------------------------------------------------------------------------------


def texts(node: LiveNode) -> list[bytes]:
    """What the tail would give to one who comes back."""
    return [record.json for _, record in node.node.channels[ROOM].tail_after(1) or []]


def redact(node: LiveNode, message: int, *, stream: StreamName = ROOM) -> None:
    node.log._redact(stream, message)
    node.unheard(MessageRedacted(message=message))


def test_a_redacted_text_and_its_edits_are_not_given_out_again() -> None:
    async def story(node: LiveNode) -> None:
        reader = Reader(await node.channel())
        node.elsewhere("The answer is 42", "Harmless", MessageEdited(message=2, text="It is 43", revision=1))
        await turns()
        assert b"42" in texts(node)[0]
        redact(node, 2)
        node.tell(node.log.streams[ROOM][-1])
        await turns()
        assert reader.seqs() == [2, 3, 4, 5]
        kept = texts(node)
        assert len(kept) == 4
        assert not any(secret in text for text in kept for secret in (b"42", b"43"))
        assert b"Harmless" in kept[1]

    play(story)


def test_when_the_log_cannot_say_what_is_left_of_it_nothing_is_kept() -> None:
    async def story(node: LiveNode) -> None:
        await node.channel()
        node.elsewhere("The answer is 42")
        redact(node, 2)
        node.log.fail("read", LogUnavailable())
        node.tell(node.log.streams[ROOM][-1])
        await turns()
        assert node.node.channels[ROOM].tail_after(1) is None

    play(story)


@pytest.mark.parametrize("is_late", [False, True], ids=["before it is read", "after it was read"])
def test_a_redaction_that_comes_before_its_message_leaves_no_text_behind(is_late: bool) -> None:
    """It is not set aside: what is before it is read from the log, where the text is gone, or is replaced by that."""

    async def story(node: LiveNode) -> None:
        reader = Reader(await node.channel())
        (message,) = node.unheard("The answer is 42")
        as_it_was = encode_entry(message).json
        redact(node, 2)
        node.tell(node.log.streams[ROOM][-1])
        if is_late:
            await asyncio.sleep(limits.repair_wait_s * 2)
        node.tell(message, records=[as_it_was])
        await asyncio.sleep(limits.repair_wait_s * 2)
        heard = reader.heard()
        assert [one["seq"] for one in heard] == [2, 3]
        assert ("text" not in heard[0]["data"]) == is_late
        assert len(texts(node)) == 2
        assert not any(b"42" in text for text in texts(node))

    play(story)


# --- out, and away ----------------------------------------------------------------------------------------------


def test_what_this_node_writes_is_told_on_the_owners_channel_and_read_here_at_once() -> None:
    async def story(node: LiveNode) -> None:
        ana = node.device("Ana", streams={})
        await turns()
        reader = Reader(await node.channel())
        ana.gives("post_message", text="Hi")
        await turns()
        (message,) = [one for one in node.bus.published if one.seq]
        assert (message.channel, message.stream, message.epoch, message.seq) == ("room/general", ROOM, "model", 2)
        assert reader.seqs() == [2]
        assert node.log.reads.count((ROOM, 1)) == 1, "the lane read it when it was loaded; nobody read it again"

    play(story)


def test_a_channel_nobody_follows_for_a_while_is_let_go_and_its_bus_channel_with_the_last() -> None:
    async def story(node: LiveNode) -> None:
        cohort = StreamName("cohort/demo")
        await node.receiver.open([ROOM, SIGNALS, OTHER_ROOM, cohort])
        Reader(node.node.channels[OTHER_ROOM])
        await node.receiver.close_idle(now_s=100.0)
        await node.receiver.close_idle(now_s=100.0 + limits.channel_idle_s)
        assert set(node.node.channels) == {ROOM, SIGNALS, OTHER_ROOM, cohort}, "not yet"
        await node.receiver.open([SIGNALS])
        await node.receiver.close_idle(now_s=101.0 + limits.channel_idle_s)
        assert set(node.node.channels) == {SIGNALS, OTHER_ROOM, cohort}, "asking for one keeps it"
        assert "room/general" in node.bus.channels, "its signals are heard there"
        await node.receiver.close_idle(now_s=102.0 + limits.channel_idle_s * 2)
        assert set(node.node.channels) == {OTHER_ROOM, cohort}
        assert node.bus.channels == {"room/other", "cohort/demo"}

    play(story)


def test_rooms_that_fall_idle_together_are_closed_one_at_a_time() -> None:
    async def story(node: LiveNode) -> None:
        rooms = [StreamName(f"room/r{number}{side}") for number in range(50) for side in ("", "/signals")]
        await node.receiver.open(rooms)
        await node.receiver.close_idle(now_s=0.0)
        turns_had, is_over = 0, False

        async def others() -> None:
            nonlocal turns_had
            while not is_over:
                turns_had += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(others())
        await node.receiver.close_idle(now_s=1.0 + limits.channel_idle_s)
        is_over = True
        await other
        assert not node.node.channels
        assert not node.bus.channels
        assert turns_had >= len(rooms)

    play(story)


def test_signals_are_kept_while_their_room_is_read() -> None:
    async def story(node: LiveNode) -> None:
        await node.receiver.open([ROOM, SIGNALS])
        Reader(node.node.channels[ROOM])
        for now_s in (0.0, 1.0 + limits.channel_idle_s):
            await node.receiver.close_idle(now_s=now_s)
        assert set(node.node.channels) == {ROOM, SIGNALS}
        assert node.node.channels[SIGNALS].stream == f"room/{GENERAL}/signals" != f"room/{OTHER}/signals"

    play(story)
