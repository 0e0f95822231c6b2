"""Stretches of streams that many lack: read once, kept for the next, and never with a text that is gone.

A node by hand (`live_node.py`); the stretches are those of its own catching up.
"""

from __future__ import annotations

import msgspec
import pytest

from tertulia.domain import limits
from tertulia.domain.events import MessageRedacted
from tertulia.eventlog import LogUnavailable
from tertulia.hub import Channel
from tests.hand_log import turns
from tests.live_node import ROOM, LiveNode, at, play


async def stretch(node: LiveNode, channel: Channel, after: int, upto: int) -> list[int]:
    """The seqs it holds."""
    parts = await node.catch_up.stretches.between(channel, after, upto)
    frames = [frame for part in parts for frame in part.frames("plain")]
    return [msgspec.json.decode(record)["seq"] for frame in frames for record in frame.split(b"\n")]


def reads(node: LiveNode) -> list[int]:
    """The seqs after which the room was read since the last look."""
    done = [after for name, after in node.log.reads if name == ROOM]
    node.log.reads.clear()
    return done


@pytest.mark.parametrize("after", range(7))
def test_what_is_in_the_tail_is_not_read_and_what_is_before_it_is_read_up_to_there(after: int) -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1", "2")
        channel = await node.channel()
        node.elsewhere("3", "4", "5")
        assert channel.tail_begins == 4
        assert await stretch(node, channel, after, 6) == list(range(after + 1, 7))
        assert reads(node) == ([after] if after < 3 else [])
        node.elsewhere("6")
        assert await stretch(node, channel, after, 7) == list(range(after + 1, 8))
        assert reads(node) == [], "it was kept, and does not move while the room goes on"

    play(story)


def test_who_lacks_nothing_is_given_nothing() -> None:
    async def story(node: LiveNode) -> None:
        channel = await node.channel()
        assert node.catch_up.stretches.kept(channel, 1, 1) == ()

    play(story)


def test_only_so_many_are_kept_and_the_oldest_go() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard(*["Hi"] * (limits.stretches_kept_max + 2))
        channel = await node.channel()
        for after in range(limits.stretches_kept_max):
            await stretch(node, channel, after, after + 1)
        reads(node)
        await stretch(node, channel, 0, 1)
        assert reads(node) == []
        await stretch(node, channel, limits.stretches_kept_max, limits.stretches_kept_max + 1)
        reads(node)
        await stretch(node, channel, 0, 1)
        assert reads(node) == [0]

    play(story)


def test_a_log_that_holds_less_than_was_heard_of_is_not_complete() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("1", "2")
        channel = await node.channel()
        del node.log.streams[ROOM][2]
        with pytest.raises(LogUnavailable):
            await node.catch_up.stretches.between(channel, 1, 3)

    play(story)


@pytest.mark.parametrize("is_in_tail", [False, True], ids=["from the log", "from the tail"])
def test_a_redacted_text_is_given_to_nobody_who_comes_after(is_in_tail: bool) -> None:
    async def story(node: LiveNode) -> None:
        if is_in_tail:
            await node.channel()
        node.elsewhere("The answer is 42")
        first = node.device("Ana", streams={ROOM: at(1)})
        await turns()
        assert first.heard("event")[0]["data"]["text"] == "The answer is 42"
        node.log._redact(ROOM, 2)
        node.elsewhere(MessageRedacted(message=2))
        await turns()
        second = node.device("Ben", streams={ROOM: at(1)})
        await turns()
        assert [(one["seq"], one["data"].get("text", "")) for one in second.heard("event")] == [(2, ""), (3, "")]

    play(story)


def test_a_text_that_is_redacted_while_it_is_read_is_not_kept() -> None:
    async def story(node: LiveNode) -> None:
        node.unheard("The answer is 42")
        ana, ben = node.device("Ana", streams={}), node.device("Ben", streams={})
        await node.channel()
        await turns()
        node.log.hold("read answered")
        ana.subscribe(streams={ROOM: at(1)})
        await turns()
        node.log._redact(ROOM, 2)
        node.elsewhere(MessageRedacted(message=2))
        await node.log.let("read answered")
        ben.subscribe(streams={ROOM: at(1)})
        await turns()
        for device in (ana, ben):
            assert [(one["seq"], one["data"].get("text", "")) for one in device.heard("event")] == [(2, ""), (3, "")]

    play(story)


def test_what_was_kept_before_the_tail_had_lost_a_text_is_not_given_after() -> None:
    """A redaction is heard of a moment before the log has said what is left of its message."""

    async def story(node: LiveNode) -> None:
        channel = await node.channel()
        node.elsewhere("The answer is 42")
        node.log._redact(ROOM, 2)
        node.log.hold("read")
        node.elsewhere(MessageRedacted(message=2))
        await turns()
        assert await stretch(node, channel, 1, 3) == [2, 3]
        await node.log.let("read")
        parts = await node.catch_up.stretches.between(channel, 1, 3)
        assert not any(b"42" in frame for part in parts for frame in part.frames("plain"))

    play(story)
