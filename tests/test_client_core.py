"""The client's core against a wire of words: connection, commands, tokens. Streams: test_client_streams.py."""

from __future__ import annotations

import pytest

from tertulia.client.core import verdict_of
from tertulia.client.errors import OutboxFull
from tertulia.client.states import TABLE
from tertulia.domain import limits
from tertulia.domain.commands import LockRoom
from tertulia.domain.ids import RoomId
from tertulia.wire.closing import CLOSINGS
from tertulia.wire.codec import CodecName
from tests.client_wire import ROOM, Wire, accepted, event, live, ok, refused, snapshot, welcome


def seqs(wire: Wire) -> list[int]:
    return [one.seq for one in wire.handed]


# --- the state table ----------------------------------------------------------------------------------------------


def test_every_state_can_be_reached_and_left() -> None:
    reached = {"resting"}
    while more := {after for state in reached for after in TABLE[state].values()} - reached:  # type: ignore[index]
        reached |= more
    assert reached == set(TABLE)
    assert [state for state, moves in TABLE.items() if not moves] == ["stopped"]


def test_every_state_but_the_last_can_be_stopped_by_the_program() -> None:
    assert all(moves["stop"] == "stopped" for state, moves in TABLE.items() if state != "stopped")


# --- hello --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["json", "msgpack"])
def test_hello_is_said_first_with_the_token_and_all_streams(codec: CodecName) -> None:
    wire = Wire(codec=codec)
    wire.follow(ROOM)
    wire.follow("cohort/demo", "head")
    wire.follow("room/other", "head", "head")
    assert not wire.said
    wire.open()
    hello = wire.said[0]
    assert (hello["type"], hello["token"], hello["client"]) == ("hello", "token-0", "test")
    assert hello["streams"] == {ROOM: None, "cohort/demo": "head", "room/other": "head"}
    assert hello["levels"] == {"room/other": "head"}


@pytest.mark.parametrize("codec", ["json", "msgpack"])
def test_after_a_cut_hello_carries_the_positions(codec: CodecName) -> None:
    wire = Wire(codec=codec)
    wire.go_live(ROOM, at=3)
    wire.tell(event(4), event(5))
    wire.close()
    wire.wait(1.0)
    wire.open()
    assert wire.said[0]["streams"] == {ROOM: {"epoch": "e1", "seq": 5}}
    wire.welcome({ROOM: ok(7)})
    wire.tell(event(6), event(7), live(7), event(8))
    assert seqs(wire) == [3, 4, 5, 6, 7, 8]
    assert [one.name for one in wire.handed].count("snapshot") == 1


def test_a_cut_before_any_event_begins_where_the_program_wanted() -> None:
    wire = Wire()
    wire.follow(ROOM)
    wire.follow("room/b", "head")
    wire.open()
    wire.close()
    wire.wait(1.0)
    wire.open()
    assert wire.said[0]["streams"] == {ROOM: None, "room/b": "head"}


def test_more_streams_than_fit_into_hello_are_subscribed_to_afterwards() -> None:
    wire = Wire()
    for number in range(450):
        wire.follow(f"room/r{number}")
    wire.open()
    assert len(wire.said[0]["streams"]) == 200
    wire.welcome()
    assert [len(one["streams"]) for one in wire.said[1:]] == [200, 50]


def test_a_server_that_does_not_answer_hello_is_left() -> None:
    wire = Wire()
    wire.open()
    wire.wait(20.0)
    assert wire.links == [1, 2]
    assert wire.shut == [1]


def test_the_wait_between_tries_doubles_up_to_its_bound() -> None:
    wire = Wire(chance=0.999999)
    waits = []
    for _ in range(8):
        wire.close()
        due_s = wire.core.next_due_s()
        assert due_s is not None
        waits.append(round(due_s - wire.now_s))
        wire.wait(waits[-1] + 0.1)
    assert waits == [1, 2, 4, 8, 16, 20, 20, 20]


# --- closing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 4000, 4002, 4003, 4004, 4005, 4006, 4499]
)
def test_these_codes_mean_come_back(code: int) -> None:
    wire = Wire()
    wire.go_live()
    wire.close(code)
    assert wire.core.state == "resting"
    wire.wait(1.0)
    assert wire.links == [1, 2]


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, *range(4500, 4508), 4999])
def test_these_codes_mean_stay_away(code: int) -> None:
    wire = Wire()
    wire.go_live()
    wire.close(code)
    wire.wait(100.0)
    assert wire.core.state == "stopped"
    assert wire.links == [1]
    assert wire.over is not None
    assert wire.over.code == code


def test_every_close_code_of_the_protocol_has_a_verdict() -> None:
    verdicts = {name: verdict_of(closing.code) for name, closing in CLOSINGS.items()}
    assert verdicts["token_expired"] == "expired"
    assert {name for name, verdict in verdicts.items() if verdict == "barred"} == {
        name for name, closing in CLOSINGS.items() if closing.code >= 4500
    }


# --- commands -----------------------------------------------------------------------------------------------------


def test_commands_given_before_the_welcome_are_sent_in_order_after_it() -> None:
    wire = Wire()
    ids = [wire.post("one"), wire.post("two")]
    wire.open()
    wire.post("three")
    assert [one["type"] for one in wire.said] == ["hello"]
    wire.welcome()
    assert [one["text"] for one in wire.said[1:]] == ["one", "two", "three"]
    wire.tell(accepted(ids[0], 7))
    assert wire.answers[ids[0]].seq == 7
    assert ids[1] not in wire.answers


def test_unanswered_commands_are_sent_again_in_order_with_their_keys() -> None:
    wire = Wire()
    wire.go_live()
    first, second, third = (wire.post(text) for text in ("one", "two", "three"))
    wire.tell(accepted(second))
    before = {one["id"]: one for one in wire.said[1:]}
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome()
    assert wire.said[1:] == [before[first], before[third]]


@pytest.mark.parametrize("retry", ["never", "reload"])
def test_a_final_refusal_ends_the_command(retry: str) -> None:
    wire = Wire()
    wire.go_live()
    id = wire.post("one")
    wire.tell(refused(id, retry, code="text_empty"))
    assert wire.answers[id].code == "text_empty"
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome()
    assert len(wire.said) == 1


def test_later_is_waited_for_and_younger_ones_of_the_room_wait_too() -> None:
    wire = Wire()
    wire.go_live()
    first = wire.post("one")
    wire.tell(refused(first, "later", after=2000))
    wire.post("two")
    wire.post("elsewhere", room="other")
    assert [one["text"] for one in wire.said[1:]] == ["one", "elsewhere"]
    wire.wait(1.9)
    assert len(wire.said) == 3
    wire.wait(0.4)
    assert [one["text"] for one in wire.said[3:]] == ["one", "two"]
    assert wire.said[3]["key"] == wire.said[1]["key"]


def test_a_timer_that_rings_a_little_early_does_not_put_off_what_was_to_come_later() -> None:
    """Timers ring within their resolution; by the time the next one is set, the moment may have passed."""
    wire = Wire()
    wire.go_live()
    id = wire.post("one", patience_s=None)
    wire.tell(refused(id, "later", after=1_000, code="unavailable"))
    due_s, said = wire.core.next_due_s(), len(wire.said)
    assert due_s is not None
    wire.core.tick(now_s=due_s - 0.0005)
    wire.collect()
    assert (wire.core.next_due_s(), len(wire.said)) == (due_s, said)
    wire.core.tick(now_s=due_s)
    wire.collect()
    assert len(wire.said) == said + 1


def test_later_without_a_time_is_tried_again_at_growing_intervals() -> None:
    wire = Wire(chance=0.999999)
    wire.go_live()
    id = wire.post("one", patience_s=None)
    tries_s = []
    for _ in range(7):
        wire.tell(refused(id, "later", code="unavailable"))
        before = len(wire.said), wire.now_s
        while len(wire.said) == before[0]:
            wire.wait(0.1)
        tries_s.append(wire.now_s - before[1])
    assert tries_s == sorted(tries_s)
    assert 0.4 < tries_s[0] < 0.8
    assert 15 < tries_s[-1] < 21


def test_patience_has_an_end_and_the_refusal_is_then_told() -> None:
    wire = Wire()
    wire.go_live()
    id = wire.post("one", patience_s=5.0)
    wire.tell(refused(id, "later", after=3000, code="slow_mode"))
    wire.wait(4.0)
    assert id not in wire.answers
    wire.tell(refused(id, "later", after=3000, code="slow_mode"))
    assert wire.answers[id].code == "slow_mode"
    assert wire.answers[id].after == 3000


def test_a_mute_of_days_is_told_at_once() -> None:
    wire = Wire()
    wire.go_live()
    id = wire.post("one")
    wire.tell(refused(id, "later", after=86_400_000, code="muted"))
    assert wire.answers[id].code == "muted"


def test_no_more_commands_are_in_flight_than_the_server_allows() -> None:
    wire = Wire()
    wire.open()
    wire.welcome(limits={"commands_in_flight_max": 2})
    ids = [wire.post(str(number)) for number in range(4)]
    assert len(wire.said) == 3
    wire.tell(accepted(ids[0]))
    assert [one["text"] for one in wire.said[1:]] == ["0", "1", "2"]


def test_a_command_that_fits_no_frame_is_refused_here() -> None:
    wire = Wire()
    wire.go_live()
    id = wire.post("x" * limits.frame_bytes_max)
    assert wire.answers[id].code == "text_too_long"
    assert len(wire.said) == 1
    other = wire.give(LockRoom(key="key-lock-1", room=RoomId("general"), reason="y" * limits.frame_bytes_max))
    assert wire.answers[other].code == "malformed"


def test_the_outbox_is_bounded() -> None:
    wire = Wire()
    for number in range(10_000):
        wire.core.command(LockRoom(key=f"key-{number:05}", room=RoomId("general")), patience_s=None, now_s=0.0)
    with pytest.raises(OutboxFull):
        wire.post("one more")


def test_a_withdrawn_command_is_not_sent_and_a_sent_one_stays() -> None:
    wire = Wire()
    unsent = wire.post("never said")
    wire.core.withdraw(unsent)
    wire.go_live()
    assert len(wire.said) == 1
    sent = wire.post("said")
    wire.core.withdraw(sent)
    wire.close()
    wire.wait(1.0)
    wire.open()
    wire.welcome()
    assert [one["text"] for one in wire.said[1:]] == ["said"]


# --- staying alive ------------------------------------------------------------------------------------------------


def test_silence_is_asked_about_and_then_left() -> None:
    wire = Wire()
    wire.go_live()
    wire.wait(29.0)
    assert len(wire.said) == 1
    wire.wait(2.0)
    assert wire.said[-1]["type"] == "ping"
    wire.wait(10.0)
    assert wire.shut == [1]
    assert wire.core.state in ("resting", "opening")


def test_an_answered_ping_keeps_the_link() -> None:
    wire = Wire()
    wire.go_live()
    wire.wait(31.0)
    wire.tell({"type": "pong", "id": wire.said[-1]["id"], "at": 1})
    wire.wait(29.0)
    assert wire.links == [1]
    assert not wire.shut


def test_bytes_that_are_no_records_end_the_link_and_it_comes_back() -> None:
    wire = Wire()
    wire.go_live(ROOM)
    wire.core.received(1, b'{"type":"event","stream":', now_s=wire.now_s)
    wire.collect()
    wire.wait(1.0)
    wire.open()
    assert wire.said[0]["streams"] == {ROOM: {"epoch": "e1", "seq": 1}}


@pytest.mark.parametrize("codec", ["json", "msgpack"])
def test_unknown_records_and_keys_are_ignored(codec: CodecName) -> None:
    wire = Wire(codec=codec)
    wire.go_live(ROOM)
    wire.tell({"type": "weather", "seq": 4}, {**event(2), "mood": "good", "name": "sun_rose"}, event(3))
    assert [one.name for one in wire.handed[1:]] == ["sun_rose", "message_posted"]


# --- tokens -------------------------------------------------------------------------------------------------------


def test_the_token_is_renewed_in_band_before_it_runs_out() -> None:
    wire = Wire()
    wire.open()
    wire.welcome(lifetime_ms=900_000)
    for _ in range(31):
        wire.wait(27.0)
        wire.tell({"type": "pong", "id": 0, "at": 1})
    renewals = [one for one in wire.said if one["type"] == "refresh_token"]
    assert len(renewals) == 0
    wire.wait(10.0)
    renewals = [one for one in wire.said if one["type"] == "refresh_token"]
    assert len(renewals) == 1
    at_ms = 1_000_000 + int((wire.now_s - 100.0) * 1000)
    wire.tell({"type": "token", "id": renewals[0]["id"], "token": "token-1", "expires_at": at_ms + 900_000})
    wire.close()
    wire.wait(1.0)
    wire.open()
    assert wire.said[0]["token"] == "token-1"


def test_an_expired_token_is_renewed_over_http() -> None:
    wire = Wire(can_renew=True)
    wire.open()
    wire.close(4001)
    assert wire.renewals == 1
    wire.core.renewed("token-1")
    wire.collect()
    wire.open()
    assert wire.said[0]["token"] == "token-1"


def test_a_token_that_ran_out_while_away_is_renewed_before_the_next_try() -> None:
    wire = Wire(can_renew=True)
    wire.open()
    wire.welcome(lifetime_ms=2_000)
    wire.close()
    wire.now_s += 5.0
    wire.wait(0.1)
    assert wire.renewals == 1
    assert wire.links == [1]
    wire.core.not_renewed("no network", is_final=False, now_s=wire.now_s)
    wire.collect()
    wire.wait(2.0)
    assert wire.renewals == 2
    wire.core.not_renewed("the refresh token has expired", is_final=True, now_s=wire.now_s)
    wire.collect()
    assert wire.over is not None
    assert "refresh token has expired" in wire.over.reason


def test_without_a_way_to_renew_an_expired_token_ends_it() -> None:
    wire = Wire()
    wire.open()
    wire.close(4001)
    assert wire.over is not None
    assert wire.over.code == 4001


# --- going elsewhere ----------------------------------------------------------------------------------------------


def leaving(wire: Wire) -> None:
    wire.go_live(ROOM, at=1)
    wire.tell({"type": "reconnect", "after": 1000, "window": 2000})
    assert wire.core.state == "leaving"


def test_told_to_leave_the_old_link_stays_until_the_new_one_is_live() -> None:
    wire = Wire()
    leaving(wire)
    wire.wait(1.9)
    assert wire.links == [1]
    wire.wait(0.2)
    assert wire.links == [1, 2]
    wire.tell(event(2), link=1)
    wire.open()
    assert wire.said[0]["streams"] == {ROOM: {"epoch": "e1", "seq": 2}}
    wire.tell(event(3), link=1)
    id = wire.post("on the old one")
    assert wire.said_on[1][-1]["text"] == "on the old one"
    assert not wire.shut
    wire.tell(welcome({ROOM: ok(4)}), event(3), event(4), live(4))
    assert wire.shut == [1]
    assert wire.core.state == "live"
    assert wire.said[-1]["text"] == "on the old one"
    wire.tell(event(5), link=1)
    wire.tell(event(5), accepted(id, 5))
    assert seqs(wire) == [1, 2, 3, 4, 5]
    assert wire.answers[id].seq == 5


def test_when_the_new_link_fails_the_old_one_is_asked_again() -> None:
    wire = Wire()
    leaving(wire)
    wire.wait(2.1)
    wire.open()
    wire.close(link=2)
    assert wire.core.state == "leaving"
    asked = wire.said_on[1][-1]
    assert (asked["type"], asked["streams"]) == ("subscribe", {ROOM: {"epoch": "e1", "seq": 1}})
    wire.tell({"type": "subscribed", "id": asked["id"], "streams": {ROOM: ok(2)}}, event(2), live(2), link=1)
    assert seqs(wire) == [1, 2]
    wire.wait(2.0)
    assert wire.links == [1, 2, 3]


def test_when_the_old_link_goes_first_the_new_one_takes_over() -> None:
    wire = Wire()
    leaving(wire)
    wire.wait(2.1)
    wire.close(4000, link=1)
    assert wire.core.state == "opening"
    wire.open()
    wire.close(4000, link=1)
    wire.welcome({ROOM: ok(1)})
    wire.tell(live(1), event(2))
    assert seqs(wire) == [1, 2]
    assert wire.links == [1, 2]


def test_an_old_link_is_not_heard_any_more() -> None:
    wire = Wire()
    wire.go_live(ROOM)
    wire.close()
    wire.tell(event(2), link=1)
    wire.core.opened(1, now_s=wire.now_s)
    wire.collect()
    assert seqs(wire) == [1]
    assert wire.shut == [1, 1]


def test_stopping_shuts_everything_and_is_heard_of() -> None:
    wire = Wire()
    leaving(wire)
    wire.wait(2.1)
    wire.core.stop()
    wire.collect()
    assert set(wire.shut) == {1, 2}
    assert wire.over is not None
    assert wire.over.code == 1000
    wire.core.stop()
    wire.wait(100.0)
    assert wire.links == [1, 2]


def test_a_snapshot_again_from_the_new_link_does_not_lead_back() -> None:
    wire = Wire()
    wire.follow(ROOM)
    wire.open()
    wire.welcome({ROOM: ok(1)})
    wire.tell({"type": "reconnect", "after": 0, "window": 0})
    wire.wait(0.1)
    wire.open()
    assert wire.said[0]["streams"] == {ROOM: None}
    wire.tell(snapshot(1), live(1), event(2), link=1)
    wire.tell(welcome({ROOM: ok(1)}), snapshot(1), event(2), live(2), event(3))
    assert seqs(wire) == [1, 2, 3]
