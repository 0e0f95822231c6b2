"""The load generator must not be kind: what it counts is right however the bytes are cut, and what a server does wrong
is named. Its speed is no matter of the gate (`python -m load_tests.generator_speed`)."""

import itertools
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load_tests import bench_peers, chart
from load_tests.crowd import Audit, Crowd, Member
from load_tests.fan_out import Counted, Unsound, closed_loop, settle
from load_tests.figures import at_least, at_most, line, part, plain
from load_tests.frames import masked
from load_tests.peers.plain import Plain
from load_tests.target import TEXT_BYTES, Target, Tertulia, numbered_text

READERS = 5
AUDITED, UNAUDITED = 0, 3
POSTS = 6
WAIT_S = 0.3

Wrong = Literal["lost", "repeated", "out of order"]


class Mischief(threading.Thread):
    """A server on real sockets: what `/write` says goes to each `/read`, but for one delivery to one victim."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._readers: list[socket.socket] = []
        self._all: list[socket.socket] = []
        self._held: bytes | None = None
        self.port = self._listener.getsockname()[1]
        self.wrong: tuple[Wrong, int] | None = None
        self.victim: object = None
        """The address of the connection that gets its delivery wrong."""

    def run(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            self._all.append(peer)
            request = b""
            while b"\r\n\r\n" not in request:
                chunk = peer.recv(4_096)
                if not chunk:
                    return
                request += chunk
            peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            if request.startswith(b"GET /read "):
                self._readers.append(peer)
            else:
                self._pass_on(peer)
                return

    def _pass_on(self, writer: socket.socket) -> None:
        size = len(masked(numbered_text(1).encode()))
        with writer.makefile("rb") as frames:
            while len(frame := frames.read(size)) == size:
                text = frame[-TEXT_BYTES:]
                number = int(text[1:13])
                for reader in self._readers:
                    sent = b"\x81\x7e" + TEXT_BYTES.to_bytes(2, "big") + text
                    is_victim = self.wrong and reader.getpeername() == self.victim
                    reader.sendall(self._spoil(number, sent) if is_victim else sent)

    def _spoil(self, number: int, sent: bytes) -> bytes:
        assert self.wrong is not None
        held, self._held = self._held, None
        if held is not None:
            return sent + held
        match self.wrong:
            case ("lost", wrong) if number == wrong:
                return b""
            case ("repeated", wrong) if number == wrong:
                return sent + sent
            case ("out of order", wrong) if number == wrong:
                self._held = sent
                return b""
        return sent

    def end(self) -> None:
        for one in (self._listener, *self._all):
            one.close()


@contextmanager
def crowd_of(server: Mischief) -> Iterator[tuple[Crowd, list[Member], Member]]:
    crowd = Crowd(Plain("mischief", server.port, ()))
    with closing(crowd):
        readers = sorted(crowd.connect(READERS), key=lambda member: member.number)
        (writer,) = crowd.connect(1, is_reader=False)
        yield crowd, readers, writer


@pytest.fixture
def server() -> Iterator[Mischief]:
    running = Mischief()
    running.start()
    yield running
    running.join(10.0)  # the writer has gone
    assert not running.is_alive()
    running.end()


def say_all(server: Mischief, wrong: Wrong | None, at: int, reader: int) -> list[str]:
    """What the generator has to say about a server that does one thing wrong, to one reader."""
    with crowd_of(server) as (crowd, readers, writer):
        if wrong is not None:
            server.victim = readers[reader].sock.getsockname()
            server.wrong = (wrong, at)
        for number in range(1, POSTS + 1):
            crowd.say(writer, crowd.target.post(number, room="general"))
        try:
            settle(crowd, POSTS * READERS, wait_s=WAIT_S)
        except Unsound as error:
            return error.faults
        return []


# --- a server that does wrong is named --------------------------------------------------------------------------------


def test_an_honest_server_is_not_blamed(server: Mischief) -> None:
    assert say_all(server, None, 0, AUDITED) == []


@pytest.mark.parametrize("at", [2, 5])
@pytest.mark.parametrize("wrong", ["lost", "repeated", "out of order"])
def test_a_wrong_delivery_to_an_audited_reader_is_named(server: Mischief, wrong: Wrong, at: int) -> None:
    faults = say_all(server, wrong, at, AUDITED)
    assert any(fault.startswith(f"{wrong}: {at + 1 if wrong == 'lost' else at} after") for fault in faults), faults


@pytest.mark.parametrize("reader", [AUDITED, UNAUDITED])
@pytest.mark.parametrize("at", [1, 4, POSTS])
@pytest.mark.parametrize(("wrong", "by"), [("lost", -1), ("repeated", 1)])
def test_the_count_of_every_reader_is_checked(server: Mischief, wrong: Wrong, by: int, at: int, reader: int) -> None:
    """The first message, one in the middle and the last; in the audited sample and outside it."""
    faults = say_all(server, wrong, at, reader)
    low, high = sorted((POSTS, POSTS + by))
    assert f"general: some readers were told {low} messages, others {high}" in faults
    assert f"{POSTS * READERS + by} deliveries counted, {POSTS * READERS} were due" in faults


def test_a_closed_loop_gives_figures_of_an_honest_server(server: Mischief) -> None:
    found = closed_loop(
        Plain("mischief", server.port, ()), seconds=0.05, in_flight=3, readers=READERS, warm_s=0.01, settle_s=5.0
    )
    assert found.posts > 0
    assert found.deliveries > 0


def test_a_closed_loop_raises_what_is_wrong(server: Mischief) -> None:
    """It falls into the warming up, and counts all the same."""

    class Spoilt(Plain):
        def post(self, number: int, *, room: str) -> bytes:
            return super().post(number if number != 3 else 2, room=room)

    target = Spoilt("mischief", server.port, ())
    with pytest.raises(Unsound, match="repeated: 2 after 2"):
        closed_loop(target, seconds=0.05, in_flight=3, readers=READERS, warm_s=0.01, settle_s=0.3)


def test_what_comes_twice_and_late_is_waited_for() -> None:
    """All that was due has arrived, and then one more comes."""

    class Late:
        deliveries, refused, ended = 0, 0, 0
        coming = iter([5, 1])

        def read(self, timeout_s: float) -> None:
            self.deliveries += next(self.coming, 0)

        def faults(self) -> list[str]:
            return []

    with pytest.raises(Unsound, match="6 deliveries counted, 5 were due"):
        settle(Late(), 5)  # type: ignore[arg-type]


# --- counting, wherever the bytes are cut -----------------------------------------------------------------------------

PLAIN = Plain("a stream", 0, ())


def plain_stream(numbers: list[int]) -> bytes:
    return b"".join(b"\x81\x7e\x00\xc8" + numbered_text(number).encode() for number in numbers)


def event(number: int) -> bytes:
    return (
        b'{"type":"event","stream":"room/general","seq":%d,"at":17,"by":"p-1","name":"message_posted",'
        b'"data":{"text":"%b"}}' % (number, numbered_text(number).encode())
    )


class Silent:
    """What stands for a socket that nobody reads."""

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        pass


def heard(target: Target, data: bytes, cuts: list[int], *, is_reader: bool = True) -> tuple[Crowd, Member]:
    """One member to whom the data came in the pieces between the cuts."""
    crowd = Crowd(target)
    audit = Audit(target) if is_reader else None
    member = Member(0, "general", Silent(), is_reader=is_reader, audit=audit)  # type: ignore[arg-type]
    crowd.members.append(member)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for begin, end in itertools.pairwise(places):
        crowd.hear(member, data[begin:end])
    crowd.close()
    return crowd, member


CUTS = st.lists(st.integers(0, 5_000), max_size=20)
NUMBERS = st.lists(st.integers(1, 9), min_size=1, max_size=12)


@given(numbers=NUMBERS, cuts=CUTS)
def test_plain_deliveries_are_counted_and_judged_the_same_however_cut(numbers: list[int], cuts: list[int]) -> None:
    data = plain_stream(numbers)
    crowd, member = heard(PLAIN, data, cuts)
    assert crowd.deliveries == member.deliveries == len(numbers)
    assert crowd.faults() == heard(PLAIN, data, [])[0].faults()


@given(numbers=NUMBERS, cuts=CUTS)
def test_events_are_counted_and_judged_the_same_however_cut(numbers: list[int], cuts: list[int]) -> None:
    target = Tertulia(None)  # type: ignore[arg-type]
    data = b"\n".join(event(number) for number in numbers)
    crowd, member = heard(target, data, cuts)
    assert crowd.deliveries == member.deliveries == len(numbers)
    assert crowd.faults() == heard(target, data, [])[0].faults()


@given(acks=st.lists(st.booleans(), max_size=10), cuts=CUTS)
def test_answers_are_counted_the_same_however_cut(acks: list[bool], cuts: list[int]) -> None:
    target = Tertulia(None)  # type: ignore[arg-type]
    answers = {True: b'{"type":"accepted","id":1}', False: b'{"type":"refused","id":1}'}
    crowd, member = heard(target, b"\n".join(answers[ack] for ack in acks), cuts, is_reader=False)
    assert crowd.acks == member.acks == sum(acks)
    assert crowd.refused == len(acks) - sum(acks)


def test_every_single_cut_leaves_the_verdict_as_it_is() -> None:
    """Each place between two bytes of two messages: the cut in the middle of the counted word is among them."""
    data = plain_stream([1, 2, 3])
    for cut in range(len(data) + 1):
        crowd, _ = heard(PLAIN, data, [cut])
        assert (crowd.deliveries, crowd.faults()) == (3, []), f"cut at {cut}"


@given(numbers=NUMBERS)
def test_an_audit_blames_exactly_what_does_not_follow(numbers: list[int]) -> None:
    audit = Audit(PLAIN)
    audit.hear(plain_stream(numbers))
    wrong = [f"{now} after {before}" for before, now in itertools.pairwise(numbers) if now != before + 1]
    assert [fault.partition(": ")[2] for fault in audit.faults] == wrong


def test_a_text_is_counted_once_and_has_its_size() -> None:
    for number in (1, 10**12 - 1):
        text = numbered_text(number).encode()
        assert len(text) == TEXT_BYTES
        assert text.count(PLAIN.delivered) == 1
        assert [int(match[1]) for match in PLAIN.numbered.finditer(text)] == [number]


# --- figures ----------------------------------------------------------------------------------------------------------


def test_a_figure_meets_its_target_at_the_target() -> None:
    assert at_least(5.0, "x", 5.0)["met"]
    assert not at_least(4.999, "x", 5.0)["met"]
    assert at_most(5.0, "x", 5.0)["met"]
    assert not at_most(5.001, "x", 5.0)["met"]
    assert plain(1.0, "x")["met"] is None


def test_what_is_rounded_is_judged_before_it_is_rounded() -> None:
    assert at_most(25.0004, "ms", 25.0) == {"value": 25.0, "unit": "ms", "target": 25.0, "met": False}


def test_a_part_is_a_value_that_was_measured() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [part(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 3.0, 5.0, 5.0]


def test_a_missed_target_is_said_aloud() -> None:
    assert "MISSED" in line("P1", at_least(1.0, "x", 2.0))
    assert "MISSED" not in line("P1", at_least(3.0, "x", 2.0))


# --- the comparison of peers ------------------------------------------------------------------------------------------


def results(costs_us: dict[str, list[float]]) -> dict[str, bench_peers.Results]:
    """A million deliveries in each round, at these costs."""
    rounds = {name: [Counted(2.0, cost, 1_000, 1_000_000) for cost in costs] for name, costs in costs_us.items()}
    return {name: bench_peers.Results(10.0, full=found, alone=found) for name, found in rounds.items()}


def test_ratios_are_of_rounds_so_that_a_noisy_minute_falls_on_both() -> None:
    """The second round was three times as dear for all."""
    found = results({"tertulia": [1.0, 3.0, 1.0], "nchan": [6.0, 18.0, 6.0], "floor": [2.0, 6.0, 2.0]})
    assert bench_peers.own_ratio(found, "nchan") == pytest.approx(6.0)
    assert bench_peers.floor_ratio(found, "nchan") == pytest.approx(3.0)
    assert bench_peers.floor_ratio(results({"tertulia": [1.0]}), "tertulia") is None


def test_the_summary_says_what_was_met_and_what_was_left_out() -> None:
    summary = bench_peers.summary(results({"tertulia": [1.0], "nchan": [4.0], "socket.io": [9.0]}), {"ws": "no Node"})
    assert summary["met"] == {"nchan": False, "socket.io": True}
    assert summary["left_out"] == {"ws": "no Node"}


def test_the_chart_draws_a_bar_for_each_and_nothing_outside() -> None:
    picture = bench_peers.picture(results({"tertulia": [0.5], "nchan": [7.5], "a <peer>": [200.0]}))
    assert picture.count(chart.OWN_COLOUR) == 2
    assert picture.count(chart.BAR_COLOUR) == 4
    assert "a &lt;peer&gt;" in picture
    assert all(0 < float(width) <= chart.WIDTH for width in re.findall(r'<rect [^>]*width="([\d.]+)"', picture))
