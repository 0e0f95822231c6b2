"""Followed streams: never a hole, never twice, whatever the server, the wire and the program do.

The cases first, each against a wire of words. Then a search: a server with a growing log, over a wire that is cut,
repeats and skips, with lags, gaps, resets to another epoch and a program that takes its time; whatever happens, what is
handed to the program is contiguous from one snapshot to the next, and all of it arrives once the world is quiet.
Planted bugs (`test_the_search_finds_a_planted_bug`) show that the search can fail.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.client import limits
from tertulia.client.records import Event
from tertulia.client.streams import TABLE, Followed
from tests.client_wire import ROOM, Wire, event, lag, live, ok, refused, result, snapshot


def seqs(wire: Wire) -> list[int]:
    return [one.seq for one in wire.handed]


def events(first: int, last: int) -> list[dict[str, Any]]:
    return [event(seq) for seq in range(first, last + 1)]


def subscribed(wire: Wire, results: dict[str, Any]) -> dict[str, Any]:
    asked = next(one for one in reversed(wire.said) if one["type"] == "subscribe")
    return {"type": "subscribed", "id": asked["id"], "streams": results}


def test_every_phase_can_be_reached_and_every_phase_can_end() -> None:
    reached = {"unasked"}
    while more := {after for phase in reached for after in TABLE[phase].values()} - reached:  # type: ignore[index]
        reached |= more
    assert reached == set(TABLE)
    assert all("end" in moves for moves in TABLE.values())


def test_what_came_before_is_let_go() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=5)
    wire.tell(*events(3, 6), event(6), event(7))
    assert seqs(wire) == [5, 6, 7]
    assert wire.core.counts.repeats == 4


def test_a_hole_is_asked_for_from_where_we_are() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(event(2), event(4), event(5))
    assert seqs(wire) == [1, 2]
    assert wire.said[-1]["streams"] == {ROOM: {"epoch": "e1", "seq": 2}}
    wire.tell(event(6))
    wire.tell(subscribed(wire, {ROOM: ok(6)}), *events(3, 6), live(6), event(7))
    assert seqs(wire) == [1, 2, 3, 4, 5, 6, 7]
    assert wire.core.counts.holes == 1


def test_a_catch_up_that_is_not_complete_is_completed_by_pages() -> None:
    wire = Wire()
    wire.follow(ROOM, "head")
    wire.open()
    wire.welcome({ROOM: ok(3)})
    wire.tell(live(3))
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome({ROOM: ok(6)})
    wire.tell(event(4), event(6), live(6))
    assert [(fetch.stream, fetch.after) for fetch in wire.fetches] == [(ROOM, 4)]
    wire.page(event(5), event(6))
    wire.tell(event(7))
    assert seqs(wire) == [4, 5, 6, 7]


def test_a_gap_is_fetched_page_by_page_while_pushes_are_kept() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome({ROOM: result("gap", 6)})
    wire.tell(live(6), event(7))
    assert wire.fetches[0].after == 1
    wire.page(*events(2, 4))
    wire.tell(event(8))
    assert seqs(wire) == [1, 2, 3, 4]
    assert wire.fetches[0].after == 4
    wire.page(*events(5, 6))
    assert seqs(wire) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert not wire.fetches
    wire.tell(event(9))
    assert seqs(wire)[-1] == 9


def test_more_pushes_than_are_kept_are_fetched_too() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome({ROOM: result("gap", 2)})
    last = 3 + limits.events_ahead_max
    wire.tell(live(2), *events(3, last))
    wire.page(event(2))
    assert seqs(wire) == [1, 2]
    assert wire.fetches[0].after == 2
    wire.page(*events(3, last))
    wire.tell(event(last + 1))
    assert seqs(wire) == list(range(1, last + 2))


def test_after_a_lag_pages_are_fetched_and_the_stream_is_taken_up_again() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(event(2), lag(2, 5))
    assert wire.fetches[0].after == 2
    wire.page(*events(3, 5))
    assert wire.said[-1]["streams"] == {ROOM: {"epoch": "e1", "seq": 5}}
    wire.tell(subscribed(wire, {ROOM: ok(6)}), event(6), live(6), event(7))
    assert seqs(wire) == [1, 2, 3, 4, 5, 6, 7]


def test_a_lag_in_which_nothing_is_missing_only_takes_up_again() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=2)
    wire.tell(lag(2, 2))
    assert not wire.fetches
    assert wire.said[-1]["streams"] == {ROOM: {"epoch": "e1", "seq": 2}}


def test_a_reset_hands_a_snapshot_in_place_of_what_was_known() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=900)
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome({ROOM: result("reset", 5, "e2")})
    wire.tell(snapshot(5, epoch="e2"), live(5, epoch="e2"), event(6))
    assert [(one.name, one.seq) for one in wire.handed[1:]] == [("snapshot", 5), ("message_posted", 6)]
    wire.close()
    wire.wait(1.0)
    wire.open()
    assert wire.said[0]["streams"] == {ROOM: {"epoch": "e2", "seq": 6}}


def test_a_reset_within_the_same_epoch_leads_back() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=900)
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome({ROOM: result("reset", 5)})
    wire.tell(snapshot(5), live(5), event(6))
    assert seqs(wire) == [900, 5, 6]


def test_a_page_of_another_epoch_makes_it_ask_what_holds() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(lag(1, 9))
    wire.page(*events(2, 9), epoch="e2")
    assert seqs(wire) == [1]
    assert wire.said[-1]["streams"] == {ROOM: {"epoch": "e1", "seq": 1}}


def test_pages_that_bring_nothing_are_not_asked_for_without_end() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(lag(1, 9))
    for _ in range(limits.empty_pages_max):
        wire.page()
        assert not wire.fetches
        wire.wait(5.0)
    wire.page()
    wire.wait(5.0)
    assert not wire.fetches
    assert wire.said[-1]["type"] == "subscribe"


def test_a_page_that_cannot_be_had_is_asked_for_again_later() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(lag(1, 3))
    fetch = wire.fetches.pop()
    wire.core.no_page(fetch.number, ROOM, code="unavailable", is_final=False, now_s=wire.now_s)
    wire.collect()
    assert not wire.fetches
    wire.wait(1.0)
    assert wire.fetches[0].after == 1


def test_a_page_that_is_refused_for_good_ends_the_stream() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(lag(1, 3))
    fetch = wire.fetches.pop()
    wire.core.no_page(fetch.number, ROOM, code="unknown_room", is_final=True, now_s=wire.now_s)
    wire.collect()
    assert wire.ended == {ROOM: "unknown_room"}


def test_a_page_that_comes_after_a_cut_is_not_taken() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(lag(1, 3))
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome({ROOM: ok(3)})
    wire.page(*events(2, 3))
    wire.tell(event(2), event(3), live(3))
    assert seqs(wire) == [1, 2, 3]


def test_an_expired_token_on_a_page_is_renewed_in_band() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    wire.tell(lag(1, 3))
    fetch = wire.fetches.pop()
    wire.core.no_page(fetch.number, ROOM, code="token_expired", is_final=False, now_s=wire.now_s)
    wire.wait(0.1)
    assert wire.said[-1]["type"] == "refresh_token"


def test_a_slow_program_gets_everything_by_pages() -> None:
    wire = Wire()
    wire.go_live(ROOM, at=1)
    full = limits.events_waiting_max
    wire.tell(*events(2, full + 500))
    assert len(wire.handed) == full
    assert not wire.fetches
    wire.core.taken(full // 2 - 1, now_s=wire.now_s)
    wire.collect()
    assert not wire.fetches
    wire.core.taken(1, now_s=wire.now_s)
    wire.collect()
    assert wire.fetches[0].after == full
    wire.page(*events(full + 1, full + 500))
    wire.tell(event(full + 501))
    assert seqs(wire) == list(range(1, full + 502))


def test_denied_and_dropped_streams_end() -> None:
    wire = Wire()
    wire.go_live(ROOM)
    wire.follow("room/secret")
    wire.tell(subscribed(wire, {"room/secret": {"result": "denied", "code": "unknown_room"}}))
    assert wire.ended == {"room/secret": "unknown_room"}
    wire.tell({"type": "dropped", "stream": ROOM, "code": "not_a_member"}, event(2))
    assert wire.ended[ROOM] == "not_a_member"
    wire.close()
    wire.wait(1.0)
    wire.open()
    assert wire.said[0]["streams"] == {}


def test_a_subscribe_that_is_refused_is_tried_again_or_ends() -> None:
    wire = Wire()
    wire.go_live()
    wire.follow(ROOM)
    wire.tell(refused(wire.said[-1]["id"], "later", code="unavailable"))
    assert wire.said[-1]["type"] == "subscribe"
    before = len(wire.said)
    wire.wait(1.0)
    assert len(wire.said) == before + 1
    wire.tell(refused(wire.said[-1]["id"], "never", code="not_a_member"))
    assert wire.ended == {ROOM: "not_a_member"}


def test_a_stream_at_level_head_is_told_as_soft_state() -> None:
    wire = Wire()
    wire.go_live()
    wire.follow(ROOM, "head", "head")
    wire.tell(subscribed(wire, {ROOM: ok(7)}), {"type": "head", "stream": ROOM, "epoch": "e1", "seq": 7, "unread": 2})
    assert wire.following[ROOM].seq == 7
    assert wire.soft[0].unread == 2
    assert not wire.handed


def test_an_unfollowed_stream_is_not_heard_and_not_asked_for() -> None:
    wire = Wire()
    wire.go_live(ROOM)
    wire.core.unfollow(ROOM)
    wire.collect()
    assert wire.said[-1] == {"type": "unsubscribe", "id": wire.said[-1]["id"], "streams": [ROOM]}
    wire.tell(event(2), live(2))
    assert seqs(wire) == [1]


# --- the search ---------------------------------------------------------------------------------------------------


class World:
    """A server with one stream, and all that can happen to a client of it. Deterministic for its seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.wire = Wire()
        self.epoch = "e1"
        self.epochs = 1
        self.head = 3
        self.pushed = 0
        """The seq up to which the link was pushed to; 0: it does not follow."""
        self.answered = 0
        self.is_open = False
        self.is_quiet = False
        self.taken = 0
        self.wire.follow(ROOM)

    def run(self) -> list[str]:
        """Rounds of trouble, each with a quiet time after it in which all must arrive; what was wrong, if anything."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (8, self.say), (6, self.serve), (4, self.page), (3, self.wait), (3, self.take), (1, self.cut),
            (1, self.repeat), (1, self.skip), (1, self.lag), (1, self.begin_anew),
        ]  # fmt: skip
        for _ in range(10):
            self.is_quiet = False
            for _ in range(self.chance.randint(1, 25)):
                self.chance.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()
            self.is_quiet = True
            for _ in range(100):
                self.take()
                self.serve()
                self.page()
                self.wait()
                if not self.faults():
                    break
            else:
                return self.faults()
        return []

    def say(self) -> None:
        for _ in range(self.chance.randint(1, 3)):
            self.head += 1
            if self.pushed == self.head - 1:
                self.push(self.head)

    def push(self, seq: int) -> None:
        self.pushed = seq
        self.wire.tell(event(seq))

    def serve(self) -> None:
        """Open what is being opened, answer what was asked."""
        wire = self.wire
        if wire.core.state == "opening":
            wire.open()
            self.answered, self.pushed, self.is_open = 0, 0, True
        while self.is_open and self.answered < len(wire.said):
            asked = wire.said[self.answered]
            self.answered += 1
            if asked["type"] in ("hello", "subscribe"):
                self.answer(asked)

    def answer(self, asked: dict[str, Any]) -> None:
        results: dict[str, Any] = {}
        then: list[dict[str, Any]] = []
        for stream, origin in asked["streams"].items():
            kind, missing = "ok", []
            if origin is None:
                missing = [snapshot(self.head, epoch=self.epoch)]
            elif origin["epoch"] != self.epoch or origin["seq"] > self.head:
                kind, missing = "reset", [snapshot(self.head, epoch=self.epoch)]
            elif self.head - origin["seq"] > 4:
                kind = "gap"
            else:
                missing = events(origin["seq"] + 1, self.head)
                if missing and not self.is_quiet and self.chance.random() < 0.4:
                    missing.pop(self.chance.randrange(len(missing)))  # lost on its way, too
            results[stream] = result(kind, self.head, self.epoch)
            then = [*missing, live(self.head, epoch=self.epoch)]
            self.pushed = self.head
        if asked["type"] == "hello":
            self.wire.welcome(results)
        else:
            self.wire.tell({"type": "subscribed", "id": asked["id"], "streams": results})
        for record in then:
            self.wire.tell(record)

    def page(self) -> None:
        if not self.wire.fetches:
            return
        if not self.is_quiet and self.chance.random() < 0.2:
            self.fail_page()
            return
        after = self.wire.fetches[0].after
        self.wire.page(*events(after + 1, min(self.head, after + 3)), epoch=self.epoch)

    def fail_page(self) -> None:
        fetch = self.wire.fetches.pop(0)
        self.wire.core.no_page(fetch.number, ROOM, code="unavailable", is_final=False, now_s=self.wire.now_s)
        self.wire.collect()

    def wait(self) -> None:
        self.wire.wait(self.chance.choice([0.1, 1.0, 5.0]))
        if self.is_open:
            self.wire.tell({"type": "pong", "id": 0, "at": 1})

    def take(self) -> None:
        count = len(self.wire.handed) - self.taken
        self.taken += count
        self.wire.core.taken(count, now_s=self.wire.now_s)
        self.wire.collect()

    def cut(self) -> None:
        if self.is_open:
            self.is_open, self.pushed = False, 0
            self.wire.close()

    def repeat(self) -> None:
        if self.pushed > 1:
            self.wire.tell(event(self.chance.randint(1, self.pushed)))

    def skip(self) -> None:
        """A push is lost on its way: the bug of a server, or of what is between."""
        if self.pushed and self.pushed == self.head:
            self.head += 2
            self.push(self.head)

    def lag(self) -> None:
        if self.pushed:
            last, self.pushed = self.pushed, 0
            self.head += 3
            self.wire.tell(lag(last, self.head))

    def begin_anew(self) -> None:
        """The log is made anew, with the server."""
        self.cut()
        self.epochs += 1
        self.epoch, self.head = f"e{self.epochs}", self.chance.randint(1, 9)
        while self.wire.fetches:
            self.fail_page()

    def faults(self) -> list[str]:
        found, last = [], 0
        for one in self.wire.handed:
            if one.name != "snapshot" and one.seq != last + 1:
                found.append(f"{one.seq} follows {last}")
            last = one.seq
        if last != self.head:
            found.append(f"it ends at {last}, the log at {self.head}")
        return found


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_happens_nothing_is_missing_and_nothing_comes_twice(seed: int) -> None:
    assert not World(seed).run(), f"seed {seed}"


def _takes_anything(self: Followed, event: Event, *, has_room: bool) -> Event | None:
    here = self.position
    if here is None or event.seq <= here.seq:
        return None
    self.position = type(here)(epoch=here.epoch, seq=event.seq)
    return event


def _forgets_what_is_ahead(self: Followed, event: Event, *, has_room: bool) -> None:
    """Neither kept nor noted as something to fetch."""


def _believes_that_it_is_whole(self: Followed, record: Any) -> None:
    if self.phase == "taking":
        self._step("whole")


@pytest.mark.parametrize(
    ("name", "bug"),
    [("push", _takes_anything), ("_keep_ahead", _forgets_what_is_ahead), ("live", _believes_that_it_is_whole)],
)
def test_the_search_finds_a_planted_bug(monkeypatch: pytest.MonkeyPatch, name: str, bug: Any) -> None:
    monkeypatch.setattr(Followed, name, bug)
    for seed in range(300):
        if World(seed).run():
            return
    pytest.fail("300 seeds did not find it")
