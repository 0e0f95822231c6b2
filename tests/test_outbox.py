"""What one connection is owed: frames as RFC 6455 has them, one message per turn, a budget, what was missed.

The transport is a list; `soon` keeps what it is given until the test ends the turn.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, StreamName
from tertulia.outbox import Framing, Outbox, frame
from tertulia.wire.records import Pong

ROOM, OTHER = StreamName("room/general"), StreamName("room/other")


class Transport:
    """Holds as many bytes as the test says; its turns end when the test says."""

    def __init__(self, framing: Framing = "text") -> None:
        self.written: list[bytes] = []
        self.held = 0
        self.due: list[Callable[[], None]] = []
        self.outbox = Outbox(self.written.append, queued=lambda: self.held, soon=self.due.append, framing=framing)

    def end_turn(self) -> None:
        due, self.due[:] = list(self.due), []
        for work in due:
            work()

    def messages(self) -> list[bytes]:
        return [parsed(written).data for written in self.written]


def parsed(written: bytes) -> Frame:
    """As another implementation reads it: exactly one frame, unmasked."""
    reader = StreamReader()
    reader.feed_data(written)
    reading = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(reading)
    assert len(reader.buffer) == 0, "nothing follows the frame"
    return done.value.value  # type: ignore[no-any-return]


def pong(id: int) -> Pong:
    return Pong(id=id, at=1)


# --- framing (RFC 6455, 5.2) ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (1, b"\x81\x01"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (127, b"\x81\x7e\x00\x7f"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        (65_537, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x01"),
    ],
)
def test_a_frame_says_its_length_in_the_fewest_bytes(size: int, head: bytes) -> None:
    payload = b"x" * size
    assert frame(payload, "text") == head + payload
    assert parsed(frame(payload, "text")).data == payload


def test_text_and_binary_differ_in_the_opcode_alone() -> None:
    text, binary = frame(b"{}", "text"), frame(b"{}", "binary")
    assert (parsed(text).opcode, parsed(binary).opcode) == (Opcode.TEXT, Opcode.BINARY)
    assert parsed(text).fin
    assert parsed(binary).fin
    assert text[1:] == binary[1:]


def test_plain_is_the_payload_itself() -> None:
    assert frame(b"x" * 200, "plain") == b"x" * 200


@pytest.mark.parametrize(("framing", "codec"), [("text", "json"), ("binary", "msgpack"), ("plain", "json")])
def test_a_framing_has_its_codec(framing: Framing, codec: str) -> None:
    assert Transport(framing).outbox.codec == codec


# --- replies ----------------------------------------------------------------------------------------------------


def test_all_that_is_said_in_one_turn_is_one_message_in_order() -> None:
    transport = Transport()
    for id in (1, 2, 3):
        transport.outbox.say(pong(id))
    assert transport.written == [], "not before the turn ends"
    transport.end_turn()
    (message,) = transport.messages()
    assert [msgspec.json.decode(line)["id"] for line in message.split(b"\n")] == [1, 2, 3]


def test_in_msgpack_records_follow_each_other_without_a_separator() -> None:
    transport = Transport("binary")
    transport.outbox.say(pong(1))
    transport.outbox.say(pong(2))
    transport.end_turn()
    assert transport.messages() == [msgspec.msgpack.encode(pong(1)) + msgspec.msgpack.encode(pong(2))]


def test_bytes_and_records_share_the_order() -> None:
    transport = Transport()
    transport.outbox.say(pong(1))
    transport.outbox.say_bytes(b'{"type":"event"}')
    transport.outbox.say(pong(2))
    transport.end_turn()
    assert transport.messages() == [
        b"\n".join([msgspec.json.encode(pong(1)), b'{"type":"event"}', msgspec.json.encode(pong(2))])
    ]


def test_a_turn_is_asked_for_once_however_much_is_said() -> None:
    transport = Transport()
    for id in range(50):
        transport.outbox.say(pong(id))
    assert len(transport.due) == 1


def test_the_next_turn_is_another_message() -> None:
    transport = Transport()
    transport.outbox.say(pong(1))
    transport.end_turn()
    transport.outbox.say(pong(2))
    transport.end_turn()
    assert [msgspec.json.decode(message)["id"] for message in transport.messages()] == [1, 2]


def test_what_is_owed_can_be_written_at_once_and_is_not_written_again() -> None:
    transport = Transport()
    transport.outbox.say(pong(1))
    transport.outbox.flush()
    assert len(transport.written) == 1
    transport.outbox.flush()
    transport.end_turn()
    assert len(transport.written) == 1, "no empty message either"


def test_what_is_said_after_writing_at_once_still_goes_out() -> None:
    transport = Transport()
    transport.outbox.say(pong(1))
    transport.outbox.flush()
    transport.outbox.say(pong(2))
    transport.end_turn()
    assert [msgspec.json.decode(message)["id"] for message in transport.messages()] == [1, 2]


def test_what_a_write_causes_to_be_said_comes_after_it() -> None:
    """A transport may say `blocked` and more from inside `write`."""
    transport = Transport()
    outbox = transport.outbox

    def write(bytes_: bytes) -> None:
        transport.written.append(bytes_)
        if len(transport.written) == 1:
            outbox.say(pong(2))

    outbox.write = write
    outbox.say(pong(1))
    transport.end_turn()
    transport.end_turn()
    assert [msgspec.json.decode(message)["id"] for message in transport.messages()] == [1, 2]


# --- the budget -------------------------------------------------------------------------------------------------


def test_what_fits_is_what_the_budget_has_left_to_the_byte() -> None:
    transport = Transport()
    assert transport.outbox.fits(limits.queue_bytes_max)
    assert not transport.outbox.fits(limits.queue_bytes_max + 1)
    transport.held = limits.queue_bytes_max - 10
    assert transport.outbox.queue_bytes == limits.queue_bytes_max - 10
    assert transport.outbox.fits(10)
    assert not transport.outbox.fits(11)


def test_a_stream_lags_once_from_the_first_seq_that_did_not_fit() -> None:
    outbox = Transport().outbox
    outbox.lag(ROOM, last=7)
    outbox.lag(ROOM, last=9)
    outbox.lag(OTHER, last=2)
    assert outbox.lagging == {ROOM: 7, OTHER: 2}


def test_the_tallies_that_were_missed_gather_by_room() -> None:
    outbox = Transport().outbox
    heaps, trees = RoomId("heaps"), RoomId("trees")
    asked = {1, 2}
    outbox.miss_tally(heaps, asked)
    outbox.miss_tally(heaps, {2, 3})
    outbox.miss_tally(trees, {1})
    assert outbox.missed_tallies == {heaps: {1, 2, 3}, trees: {1}}
    assert asked == {1, 2}, "the batch shares its set with other readers"


def test_outboxes_share_nothing() -> None:
    one, other = Transport().outbox, Transport().outbox
    one.lag(ROOM, last=1)
    one.miss_tally(RoomId("heaps"), {1})
    one.missed_presence[RoomId("heaps")] = None
    one.blocked()
    assert (other.lagging, other.missed_tallies, other.missed_presence, other.is_clear) == ({}, {}, {}, True)


def test_a_reader_is_clear_until_it_is_blocked_and_again_once_it_reads() -> None:
    transport = Transport()
    outbox = transport.outbox
    seen = []
    outbox.on_cleared = lambda: seen.append(outbox.is_clear)
    assert outbox.is_clear
    outbox.blocked()
    assert not outbox.is_clear
    assert seen == []
    outbox.cleared()
    assert seen == [True], "it is clear by the time it is said"


def test_replies_are_owed_to_a_slow_reader_too() -> None:
    transport = Transport()
    transport.outbox.blocked()
    transport.outbox.say(pong(1))
    transport.end_turn()
    assert len(transport.written) == 1


def test_an_outbox_that_nobody_listens_to_can_be_cleared() -> None:
    outbox = Transport().outbox
    outbox.blocked()
    outbox.cleared()
    assert outbox.is_clear
