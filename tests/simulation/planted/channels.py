"""Bugs in channels: in what they take from the bus, set aside, keep, and write in slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tertulia.hub import Channel
from tertulia.live.flow import Flow
from tests.simulation.planted.bug import do_nothing, nothing


def _each_channel(flow: Flow, spoil: Callable[[Channel], None]) -> None:
    """Do it to every channel the node opens."""
    open_ = flow.receiver._open

    async def open_and_spoil(streams: list[Any]) -> None:
        await open_(streams)
        for stream in streams:
            spoil(flow.node.channels[stream])

    flow.receiver._open = open_and_spoil  # type: ignore[method-assign]


def takes_ahead(flow: Flow) -> None:
    def spoil(channel: Channel) -> None:
        offer = channel.offer

        def offer_any(seq: int, record: Any, **options: Any) -> Any:
            if seq > channel.last + 1:
                channel._take(seq, record)
                return "taken"
            return offer(seq, record, **options)

        channel.offer = offer_any  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def takes_old(flow: Flow) -> None:
    def spoil(channel: Channel) -> None:
        offer = channel.offer

        def offer_again(seq: int, record: Any, **options: Any) -> Any:
            if seq == channel.last and channel.readers:
                channel._pending.append(record)
                channel._schedule()
            return offer(seq, record, **options)

        channel.offer = offer_again  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def set_aside_for_ever(flow: Flow) -> None:
    def repair_never(channel: Channel) -> None:
        channel._aside.clear()
        channel.ahead_to = channel.last

    flow.receiver._repair_soon = repair_never  # type: ignore[method-assign]


def forgets_what_it_hears_while_it_opens(flow: Flow) -> None:
    class Deaf(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            return None

    flow.receiver._heard = Deaf()


def no_head_check(flow: Flow) -> None:
    flow.receiver.check_heads = nothing  # type: ignore[method-assign]


def tail_keeps_texts(flow: Flow) -> None:
    flow.receiver._redact = do_nothing  # type: ignore[method-assign]


def redactions_set_aside(flow: Flow) -> None:
    def spoil(channel: Channel) -> None:
        offer = channel.offer
        channel.offer = lambda seq, record, **_: offer(seq, record)  # type: ignore[method-assign, misc]

    _each_channel(flow, spoil)


# --- slices and pacing ----------------------------------------------------------------------------------------------


def slices_reach_newcomers(flow: Flow) -> None:
    """Who is attached between two slices was given the batch by the tail, and is written it again."""

    def spoil(channel: Channel) -> None:
        write = channel._write_slice

        def write_to_all(batch: Any, readers: Any, begin: int, started: float) -> None:
            newcomers = [reader for reader in channel.readers if reader not in readers] if begin else []
            write(batch, [*readers, *newcomers], begin, started)

        channel._write_slice = write_to_all  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def slices_miss_newcomers(flow: Flow) -> None:
    """`sent` moves when the flush ends, not when it begins: who is attached between two slices gets the batch neither
    from the tail nor from the flush."""

    def spoil(channel: Channel) -> None:
        flush, flushed = channel._flush, channel._flushed
        sent = channel.sent

        def flush_before_sent() -> None:
            nonlocal sent
            before = channel.sent
            flush()
            sent, channel.sent = channel.sent, before

        def flushed_and_sent(*about: Any) -> None:
            channel.sent = sent
            flushed(*about)

        channel._flush, channel._flushed = flush_before_sent, flushed_and_sent  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def slices_skip_whom_a_leaver_pushes_up(flow: Flow) -> None:
    """Slices are cut from the readers of the moment: when one leaves, the next slice begins one too late."""

    def spoil(channel: Channel) -> None:
        write = channel._write_slice

        def write_to_those_here(batch: Any, readers: Any, begin: int, started: float) -> None:
            write(batch, [reader for reader in readers if reader.is_alive], begin, started)

        channel._write_slice = write_to_those_here  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def paced_flush_never_comes(flow: Flow) -> None:
    """What was taken during a flush waits for the next record."""

    def spoil(channel: Channel) -> None:
        flushed = channel._flushed

        def flushed_for_good(*about: Any) -> None:
            waiting, channel._pending, channel._soft = (channel._pending, channel._soft), [], []
            flushed(*about)
            channel._pending, channel._soft = waiting

        channel._flushed = flushed_for_good  # type: ignore[method-assign]

    _each_channel(flow, spoil)


def pacing_grows(flow: Flow) -> None:
    """Each flush waits for as long as all flushes before it took together."""

    def spoil(channel: Channel) -> None:
        flushed = channel._flushed
        took_s = 0.0

        def flushed_after(batch: Any, readers: int, started: float) -> None:
            nonlocal took_s
            took_s += channel._loop.time() - started
            channel._is_flush_due = True  # so that it schedules nothing by itself
            pending, channel._pending = channel._pending, []
            soft, channel._soft = channel._soft, []
            flushed(batch, readers, started)
            channel._pending, channel._soft = pending, soft
            channel._flush_not_before += 10 * took_s
            if pending or soft:
                channel._schedule()

        channel._flushed = flushed_after  # type: ignore[method-assign]

    _each_channel(flow, spoil)
