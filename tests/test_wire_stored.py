"""The entry of the log: what was written is read as it was meant, by this program, an older and a newer one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.domain.event import Event
from tertulia.domain.events import ALL, EVENTS, MessagePosted
from tertulia.wire.stored import STORED_VERSION, Entry, decode_event, encode_event
from tests.wire_values import like


def entry(name: str, data: bytes) -> Entry:
    return Entry("room/general", 7, 1_700_000_000_000, "p-ana", name, data)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(deadline=None, max_examples=12)
def test_every_event_is_read_as_it_was_written(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(like(kind))
    name, stored = encode_event(event)
    assert EVENTS[name] is kind
    assert b"\n" not in stored
    assert decode_event(entry(name, stored)) == event
    assert encode_event(event) == (name, stored), "the same bytes each time"


WRITTEN_BY_VERSION_1: dict[str, bytes] = {
    "room_created": b'{"cohort":"demo","name":"General","emoji":["\xf0\x9f\x91\x8d"]}',
    "room_changed": b'{"topic":"Heaps","slow_mode_s":5}',
    "room_locked": b'{"reason":"A pause"}',
    "room_unlocked": b"{}",
    "room_closed": b"{}",
    "room_opened": b"{}",
    "message_posted": b'{"text":"Sum the heights","reply_to":2,"thread":2,"mentions":["p-ana"]}',
    "message_edited": b'{"message":2,"text":"Why?","revision":1}',
    "message_redacted": b'{"message":2,"by_staff":true,"reason":"Spam"}',
    "message_pinned": b'{"message":2}',
    "message_unpinned": b'{"message":2}',
    "thread_resolved": b'{"thread":2}',
    "thread_reopened": b'{"thread":2}',
    "reaction_set": b'{"message":2,"emoji":"\xf0\x9f\x91\x8d","on":false}',
    "member_muted": b'{"room":"general","person":"p-ana","until":1700000000000,"reason":"Shouting"}',
    "member_unmuted": b'{"room":"general","person":"p-ana","reason":"Sorry"}',
    "cohort_created": b'{"name":"Demo","course":"demo","course_name":"Demo"}',
    "room_listed": b'{"room":"general","name":"General"}',
    "member_joined": b'{"person":"p-ana","name":"Ana","role":"learner","goal":"Pass"}',
    "member_renamed": b'{"person":"p-ana","name":"Ana"}',
    "role_changed": b'{"person":"p-ana","role":"ta"}',
    "member_left": b'{"person":"p-ana"}',
    "member_returned": b'{"person":"p-ana","name":"Ana","role":"learner"}',
    "member_banned": b'{"person":"p-ana","reason":"Spam"}',
    "member_unbanned": b'{"person":"p-ana","reason":"A mistake"}',
    "invite_created": b'{"invite":"i-1","role":"learner","expires_at":1700000000000}',
    "invite_revoked": b'{"invite":"i-1"}',
    "mentioned": b'{"room":"general","message":2}',
    "replied": b'{"room":"general","message":3,"to":2,"thread":2}',
    "read_marked": b'{"room":"general","seq":5}',
    "session_opened": b'{"title":"Heaps"}',
    "session_closed": b"{}",
    "session_marked": b'{"media_position_ms":61000,"label":"Slide 12","rewound":true}',
    "question_received": b'{"question":"q-1","again":true}',
    "question_published": b'{"question":"q-1","message":7,"asker":"~blue-heron.k3f9x2","asked_at":1700000000000}',
    "question_reworded": b'{"question":"q-1","text":"Why?"}',
    "question_merged": b'{"question":"q-1","into":"q-2"}',
    "question_unmerged": b'{"question":"q-1"}',
    "question_highlighted": b'{"question":"q-1","on":false}',
    "question_answering": b'{"question":"q-1"}',
    "question_answered": b'{"question":"q-1","message":9,"media_position_ms":61000}',
    "question_dismissed": b'{"question":"q-1","reason":"off_topic","note":"Not today","room":"general"}',
    "question_reopened": b'{"question":"q-1"}',
    "question_withdrawn": b'{"question":"q-1"}',
    "question_carried": b'{"question":"q-1","to":"talk"}',
    "question_restored": b'{"question":"q-1","status":"published","undoes":9}',
    "answer_accepted": b'{"question":"q-1","message":9}',
    "answer_endorsed": b'{"message":9,"reason":"well_explained"}',
    "hand_raised": b'{"hand":"p-ana"}',
    "hand_lowered": b'{"hand":"p-ana","why":"heard"}',
    "hand_called": b'{"hand":"p-ana"}',
    "poll_opened": b'{"text":"Which?","kind":"multiple","options":["a","b"],"anonymous":false,"again":4}',
    "poll_closed": b'{"poll":5,"answered":3,"results":[2,1],"texts":["so"]}',
    "floor_held": b'{"until":1700000060000,"prompt":"Think","shown_to":"answered"}',
    "floor_released": b"{}",
    "teams_formed": b'{"teams":[{"room":"team-1","name":"Team 1","people":["p-ana"]}],"how":"mixed","until":17000000}',
    "teams_recalled": b"{}",
    "message_hidden": b'{"message":7,"thread":3,"reason":"x"}',
    "message_unhidden": b'{"message":7,"thread":3}',
    "mind_changed": b'{"message":7,"because":9}',
    "vote_set": b'{"question":"q-1","on":false}',
    "poll_answered": b'{"poll":5,"choices":[0],"text":"so"}',
    "pace_set": b'{"pace":"lost"}',
    "question_asked": b'{"room":"general","question":"q-1","text":"Why?","again":true}',
    "message_held": b'{"room":"general","text":"So","kind":"view","reply_to":7,"thread":7,"why":"approval","held":3}',
    "held_released": b'{"held":[3]}',
    "held_rejected": b'{"room":"general","held":3,"reason":"x"}',
    "alias_taken": b'{"room":"general","alias":"~blue-heron.k3f9x2","person":"p-ana"}',
    "alias_unmasked": b'{"room":"general","alias":"~blue-heron.k3f9x2","person":"p-ana","reason":"x"}',
    "attendance_noted": b'{"people":["p-ana"]}',
    "message_reported": b'{"message":7,"reason":"x"}',
    "approval_required": b'{"room":"general","person":"p-ana","alias":"~blue-heron.k3f9x2","on":false,"reason":"x"}',
    "word_filter_set": b'{"words":["heck"]}',
    "staff_noted": b'{"text":"Look"}',
}
"""As they stand in logs that exist. Never edit a line: a change that cannot read one needs a new version."""


def test_there_is_an_example_of_every_event_of_this_version() -> None:
    assert STORED_VERSION == 1
    assert set(WRITTEN_BY_VERSION_1) == set(EVENTS)


@pytest.mark.parametrize("name", WRITTEN_BY_VERSION_1)
def test_what_stands_in_logs_is_still_read_and_written_the_same(name: str) -> None:
    event = decode_event(entry(name, WRITTEN_BY_VERSION_1[name]))
    assert event is not None
    assert encode_event(event) == (name, WRITTEN_BY_VERSION_1[name])


@pytest.mark.parametrize("name", WRITTEN_BY_VERSION_1)
def test_what_a_newer_program_added_is_passed_over(name: str) -> None:
    """A node that is not upgraded yet reads on."""
    known = WRITTEN_BY_VERSION_1[name]
    more = msgspec.json.encode(msgspec.json.decode(known) | {"colour": {"a": [1]}, "weight": None})
    assert decode_event(entry(name, more)) == decode_event(entry(name, known))


@pytest.mark.parametrize("name", ["", "message_sung", "MessagePosted", "message_posted "])
def test_a_kind_nobody_knows_yet_is_none(name: str) -> None:
    assert decode_event(entry(name, b'{"text":"la"}')) is None
    assert decode_event(entry(name, b"not even JSON")) is None


def test_a_redacted_message_has_no_text() -> None:
    assert decode_event(entry("message_posted", b'{"redacted":true}')) == MessagePosted(redacted=True)


@pytest.mark.parametrize("data", [b"", b"{", b'{"text":1}', b'{"text":"\xff"}'])
def test_a_damaged_entry_is_never_read_as_something_else(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_event(entry("message_posted", data))


def test_an_entry_is_its_place_its_author_and_its_event() -> None:
    one: Any = entry("message_posted", b'{"text":"Hi"}')
    assert one == ("room/general", 7, 1_700_000_000_000, "p-ana", "message_posted", b'{"text":"Hi"}')
