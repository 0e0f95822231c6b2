"""The conversation of one connection: a table of stage × what came, and what is owed when it ends.

The desk and the link are fakes that keep what they are handed, in one list, so that the order shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tertulia.conversation import Conversation, Member
from tertulia.conversation.conversation import Stage
from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId
from tertulia.outbox import Outbox
from tertulia.wire.closing import CLOSINGS, Closing
from tertulia.wire.records import Accepted, Pong

MEMBER = Member(PersonId("ana"), CohortId("demo"), 1_000)
POST = {"type": "post_message", "key": "a-key-0001", "room": "general", "text": "Hi"}
REQUESTS: dict[str, dict[str, Any]] = {
    "hello": {"type": "hello", "token": "x"},
    "command": {**POST, "id": 1},
    "subscribe": {"type": "subscribe", "id": 2, "streams": {}},
    "unsubscribe": {"type": "unsubscribe", "id": 3, "streams": []},
    "typing": {"type": "typing", "room": "general"},
    "in_view": {"type": "in_view", "room": "general", "people": []},
    "ping": {"type": "ping", "id": 4},
    "refresh_token": {"type": "refresh_token", "id": 5},
}
BYTES = {name: msgspec.json.encode(request) for name, request in REQUESTS.items()}
BYTES |= {"malformed": b'{"type":"ping","id":7,"colour":"red"}', "not_utf8": b'{"type":"\xff"}'}
AFTER_HELLO = [name for name in REQUESTS if name != "hello"]


class Desk:
    """Keeps what it is handed and answers nothing by itself."""

    def __init__(self, happened: list[str]) -> None:
        self.happened = happened
        self.requests: list[Any] = []
        self.on_command: Callable[[], None] = lambda: None
        self.has_run_out = False

    def _keep(self, name: str, request: Any) -> None:
        self.happened.append(name)
        self.requests.append(request)

    def greet(self, conversation: Conversation, hello: Any) -> None:
        self._keep("hello", hello)

    def command(self, conversation: Conversation, command: Any) -> None:
        self._keep("command", command)
        self.on_command()

    def subscribe(self, conversation: Conversation, request: Any) -> None:
        self._keep("subscribe", request)

    def unsubscribe(self, conversation: Conversation, request: Any) -> None:
        self._keep("unsubscribe", request)

    def refresh_token(self, conversation: Conversation, request: Any) -> None:
        self._keep("refresh_token", request)

    def typing(self, conversation: Conversation, request: Any) -> None:
        self._keep("typing", request)

    def in_view(self, conversation: Conversation, request: Any) -> None:
        self._keep("in_view", request)

    def ping(self, conversation: Conversation, request: Any) -> None:
        self._keep("ping", request)

    def is_expired(self, conversation: Conversation) -> bool:
        return self.has_run_out

    def cleared(self, conversation: Conversation) -> None:
        self.happened.append("cleared")

    def gone(self, conversation: Conversation) -> None:
        self.happened.append("gone")


class Connection:
    """A conversation with its desk, its outbox and its link. `happened`: what they were told, in order."""

    def __init__(self, stage: Stage = "waiting") -> None:
        self.happened: list[str] = []
        self.records: list[dict[str, Any]] = []
        self.closings: list[Closing] = []
        self.due: list[Callable[[], None]] = []
        self.desk = Desk(self.happened)
        outbox = Outbox(self._written, queued=lambda: 0, soon=self.due.append, framing="plain")
        self.conversation = Conversation(self.desk, outbox, self, address="192.0.2.1")
        if stage == "closed":
            self.conversation.close("internal")
        elif stage != "waiting":
            self.comes("hello")
            if stage == "open":
                self.conversation.opened(MEMBER)
        assert self.conversation.stage == stage
        self.happened.clear()
        self.desk.requests.clear()
        self.closings.clear()

    def _written(self, message: bytes) -> None:
        for line in message.split(b"\n"):
            self.records.append(msgspec.json.decode(line))
            self.happened.append(f"said {self.records[-1]['type']}")

    def close(self, closing: Closing) -> None:
        """As a link."""
        self.happened.append("closed")
        self.closings.append(closing)

    def comes(self, *names: str) -> None:
        for name in names:
            self.conversation.receive(BYTES[name])

    def end_turn(self) -> None:
        due, self.due[:] = list(self.due), []
        for work in due:
            work()

    def told(self) -> list[dict[str, Any]]:
        self.end_turn()
        told, self.records = self.records, []
        return told


# --- stage × what came ------------------------------------------------------------------------------------------

TO_THE_DESK = "to the desk"
KEPT = "kept for later"
IGNORED = "ignored"
REFUSED = "refused"
TABLE: dict[Stage, dict[str, str]] = {
    "waiting": {"hello": TO_THE_DESK, "malformed": "hello_expected", "not_utf8": "1007"}
    | dict.fromkeys(AFTER_HELLO, "hello_expected"),
    "greeting": {"hello": "hello_repeated", "malformed": KEPT, "not_utf8": KEPT} | dict.fromkeys(AFTER_HELLO, KEPT),
    "open": {"hello": "hello_repeated", "malformed": REFUSED, "not_utf8": "1007"}
    | dict.fromkeys(AFTER_HELLO, TO_THE_DESK),
    "closed": dict.fromkeys(BYTES, IGNORED),
}


@pytest.mark.parametrize(("stage", "came"), [(stage, came) for stage in TABLE for came in BYTES])
def test_what_may_come_when(stage: Stage, came: str) -> None:
    here = Connection(stage)
    here.comes(came)
    told = here.told()
    match outcome := TABLE[stage][came]:
        case "to the desk":
            assert here.happened == [came]
            handed = msgspec.to_builtins(here.desk.requests[0])
            assert {key: handed[key] for key in REQUESTS[came]} == REQUESTS[came]
        case "kept for later" | "ignored":
            assert (here.happened, told) == ([], [])
        case "refused":
            assert [(record["code"], record["id"]) for record in told] == [("malformed", 7)]
            assert here.closings == []
        case "1007":
            assert [closing.code for closing in here.closings] == [1007]
        case _:
            assert here.closings == [CLOSINGS[outcome]]
            assert told == [], "the code says it all"
            assert here.happened == ["gone", "closed"]
    expected: Stage = {TO_THE_DESK: stage, KEPT: stage, REFUSED: stage, IGNORED: stage}.get(outcome, "closed")  # type: ignore[assignment]
    assert here.conversation.stage == ("greeting" if (stage, came) == ("waiting", "hello") else expected)
    assert here.conversation.is_closed() == (here.conversation.stage == "closed")


def test_hello_makes_nobody_a_member_yet() -> None:
    here = Connection("greeting")
    assert here.conversation.member is None
    here.conversation.opened(MEMBER)
    assert here.conversation.member == MEMBER


def test_a_renewed_token_changes_only_how_long_it_is_good() -> None:
    here = Connection("open")
    here.conversation.renewed(2_000)
    assert here.conversation.member == Member(MEMBER.person, MEMBER.cohort, 2_000)


@pytest.mark.parametrize("stage", TABLE)
def test_only_an_open_conversation_expires(stage: Stage) -> None:
    here = Connection(stage)
    assert not here.conversation.is_expired()
    here.desk.has_run_out = True
    assert here.conversation.is_expired() == (stage == "open")


@pytest.mark.parametrize("stage", TABLE)
def test_a_slow_reader_that_reads_again_is_the_desks_business_from_hello_to_the_end(stage: Stage) -> None:
    here = Connection(stage)
    here.conversation.outbox.blocked()
    here.conversation.outbox.cleared()
    assert here.happened == (["cleared"] if stage in ("greeting", "open") else [])


# --- what comes early -------------------------------------------------------------------------------------------


def test_what_came_before_welcome_is_taken_in_the_order_it_came() -> None:
    here = Connection("greeting")
    early = ["typing", "command", "subscribe", "ping", "command", "unsubscribe"]
    here.comes(*early)
    assert here.happened == []
    here.conversation.opened(MEMBER)
    assert here.happened == early
    here.comes("in_view")
    assert here.happened == [*early, "in_view"]


def test_early_requests_are_taken_once() -> None:
    here = Connection("greeting")
    here.comes("ping")
    here.conversation.opened(MEMBER)
    here.conversation.opened(MEMBER)
    assert here.happened == ["ping"]


def test_what_could_not_be_read_is_refused_in_its_turn_after_welcome() -> None:
    here = Connection("greeting")
    here.comes("command", "malformed", "ping")
    assert here.told() == []
    here.conversation.say(Pong(id=0, at=0))  # stands for welcome
    here.conversation.opened(MEMBER)
    assert [record["type"] for record in here.told()] == ["pong", "refused"]
    assert here.happened[:2] == ["command", "ping"]


def test_nothing_early_is_taken_once_one_of_it_ended_the_conversation() -> None:
    here = Connection("greeting")
    here.comes("command", "not_utf8", "ping", "malformed")
    here.conversation.opened(MEMBER)
    assert here.happened == ["command", "gone", "closed"]
    assert [closing.code for closing in here.closings] == [1007]
    assert here.told() == []


def test_so_many_may_come_early_and_no_more() -> None:
    here = Connection("greeting")
    here.comes(*["ping"] * limits.commands_in_flight_max)
    assert here.closings == []
    here.comes("ping")
    assert here.closings == [CLOSINGS["too_many_early"]]
    assert here.happened == ["gone", "closed"]


def test_what_cannot_be_read_counts_among_the_early() -> None:
    here = Connection("greeting")
    here.comes(*["malformed"] * limits.commands_in_flight_max)
    assert here.closings == []
    here.comes("malformed")
    assert here.closings == [CLOSINGS["too_many_early"]]


# --- what cannot be read ----------------------------------------------------------------------------------------


def test_ten_malformed_requests_end_it_and_each_was_refused_first() -> None:
    here = Connection("open")
    here.comes(*["malformed"] * (limits.malformed_frames_max - 1))
    assert here.closings == []
    assert [record["code"] for record in here.told()] == ["malformed"] * 9
    here.comes("ping", "malformed")
    assert here.closings == [CLOSINGS["too_many_malformed"]]
    assert [record["code"] for record in here.told()] == ["malformed"]


def test_good_requests_between_do_not_pay_for_malformed_ones() -> None:
    here = Connection("open")
    for _ in range(limits.malformed_frames_max):
        here.comes("ping", "malformed")
    assert here.closings == [CLOSINGS["too_many_malformed"]]


def test_ten_malformed_early_ones_end_it_at_welcome() -> None:
    here = Connection("greeting")
    here.comes(*["malformed"] * (limits.malformed_frames_max + 2), "command")
    here.conversation.opened(MEMBER)
    assert here.closings == [CLOSINGS["too_many_malformed"]]
    assert len(here.told()) == limits.malformed_frames_max
    assert "command" not in here.happened


# --- in flight --------------------------------------------------------------------------------------------------


def post(id: int) -> bytes:
    return msgspec.json.encode({**POST, "id": id})


def answer(id: int) -> Accepted:
    return Accepted(id=id, stream="room/general", seq=1, at=1)  # type: ignore[arg-type]


def test_so_many_commands_may_be_unanswered_and_the_next_is_refused_alone() -> None:
    here = Connection("open")
    for id in range(limits.commands_in_flight_max):
        here.conversation.receive(post(id))
    assert here.told() == []
    here.conversation.receive(post(999))
    assert [(record["id"], record["code"], record["retry"]) for record in here.told()] == [
        (999, "too_many_in_flight", "later")
    ]
    assert len(here.desk.requests) == limits.commands_in_flight_max
    assert not here.conversation.is_closed()


def test_an_answer_makes_room_for_one_more() -> None:
    here = Connection("open")
    for id in range(limits.commands_in_flight_max):
        here.conversation.receive(post(id))
    here.conversation.answered(answer(0))
    here.conversation.receive(post(300))
    here.conversation.receive(post(301))
    assert [record["type"] for record in here.told()] == ["accepted", "refused"]
    assert [request.id for request in here.desk.requests][-1] == 300


def test_a_command_answered_at_once_was_in_flight_all_the_same() -> None:
    here = Connection("open")
    here.desk.on_command = lambda: here.conversation.answered(answer(1))
    for id in range(limits.commands_in_flight_max * 2):
        here.conversation.receive(post(id))
    assert {record["type"] for record in here.told()} == {"accepted"}
    here.desk.on_command = lambda: None
    for id in range(limits.commands_in_flight_max + 1):
        here.conversation.receive(post(id))
    assert len(here.told()) == 1


def test_other_requests_are_taken_while_commands_are_unanswered() -> None:
    here = Connection("open")
    for id in range(limits.commands_in_flight_max):
        here.conversation.receive(post(id))
    here.happened.clear()
    here.comes(*(name for name in AFTER_HELLO if name != "command"))
    assert here.happened == [name for name in AFTER_HELLO if name != "command"]


# --- the end ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", CLOSINGS)
def test_closing_says_what_is_owed_then_lets_go_then_closes(why: str) -> None:
    here = Connection("open")
    here.conversation.say(Pong(id=1, at=1))
    here.conversation.close(why)
    assert here.happened == ["said pong", "gone", "closed"]
    assert here.closings == [CLOSINGS[why]]


def test_nothing_is_said_after_it_is_closed() -> None:
    here = Connection("open")
    here.comes("command")
    here.conversation.close("draining")
    here.conversation.say(Pong(id=1, at=1))
    here.conversation.answered(answer(1))
    assert here.told() == []
    assert here.due == []


def test_it_is_closed_once_for_the_first_reason() -> None:
    here = Connection("open")
    here.conversation.close("draining")
    here.conversation.close("internal")
    here.conversation.end(Closing(1011, "again"))
    here.conversation.gone()
    assert here.closings == [CLOSINGS["draining"]]
    assert here.happened == ["gone", "closed"]


def test_a_desk_that_closes_when_it_lets_go_closes_nothing_twice() -> None:
    here = Connection("open")

    def gone(conversation: Conversation) -> None:
        here.happened.append("gone")
        conversation.close("internal")

    here.desk.gone = gone  # type: ignore[method-assign]
    here.conversation.close("draining")
    assert here.closings == [CLOSINGS["draining"]]
    assert here.happened == ["gone", "closed"]


@pytest.mark.parametrize("stage", ["waiting", "greeting", "open"])
def test_a_transport_that_is_gone_is_not_closed_and_the_desk_is_told_once(stage: Stage) -> None:
    here = Connection(stage)
    here.conversation.gone()
    here.conversation.gone()
    here.conversation.say(Pong(id=1, at=1))
    here.comes("hello", "command")
    assert here.happened == ["gone"]
    assert (here.closings, here.told()) == ([], [])
