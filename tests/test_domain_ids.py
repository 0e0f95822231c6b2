"""Names of things: what an id is, and what a stream's name says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    StreamName,
    cohort_staff_stream,
    cohort_stream,
    is_id,
    is_stream_name,
    room_signals_stream,
    room_staff_stream,
    room_stream,
    slug,
    snake,
    stream_kind,
    stream_owner,
    user_stream,
)

IDS = ["a", "7", "week-5", "p-7k2m_x", "a" * 48]
NO_IDS = ["", "A", "-a", "_a", "a" * 49, "a b", "a/b", "a\n", "á", "a.b", "a%2fb", "a\0", "٣", "\u0430"]


@pytest.mark.parametrize("text", IDS)
def test_an_id_is_small_letters_digits_and_dashes(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", NO_IDS)
def test_everything_else_is_no_id(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize("id", IDS)
def test_a_streams_name_tells_its_kind_and_its_owner(id: str) -> None:
    names = {
        "room": room_stream(RoomId(id)),
        "room/signals": room_signals_stream(RoomId(id)),
        "room/staff": room_staff_stream(RoomId(id)),
        "cohort": cohort_stream(CohortId(id)),
        "cohort/staff": cohort_staff_stream(CohortId(id)),
        "user": user_stream(PersonId(id)),
    }
    assert len(set(names.values())) == 6
    for kind, name in names.items():
        assert is_stream_name(name)
        assert (stream_kind(name), stream_owner(name)) == (kind, id)


@pytest.mark.parametrize("id", NO_IDS)
@pytest.mark.parametrize(
    "form", ["room/{}", "room/{}/signals", "room/{}/staff", "cohort/{}", "cohort/{}/staff", "user/{}"]
)
def test_a_stream_of_no_id_is_no_stream(form: str, id: str) -> None:
    assert not is_stream_name(form.format(id))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "room",
        "room/",
        "rooms/a",
        "room/a/",
        "room/a/x",
        "room/a/staff/x",
        "user/a/staff",
        "cohort/a/signals",
        " room/a",
    ],
)
def test_what_is_no_kind_of_stream_is_no_stream(text: str) -> None:
    assert not is_stream_name(text)


@given(st.text())
def test_whatever_is_taken_for_a_streams_name_can_be_taken_apart(text: str) -> None:
    if is_stream_name(text):
        name = StreamName(text)
        assert is_id(stream_owner(name))
        assert stream_kind(name) in {"room", "room/signals", "room/staff", "cohort", "cohort/staff", "user"}


@given(st.text())
def test_every_name_gives_a_readable_head_of_an_id(name: str) -> None:
    head = slug(name, otherwise="room")
    assert is_id(f"{head}-0123456789")
    assert len(head) <= 24


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("Week 5 · Trees", "week-5-trees"),
        ("  C++  ", "c"),
        ("¿?", "room"),
        ("教室", "room"),
        ("x" * 30, "x" * 24),
        ("abcdefghijklmnopqrstuvw xyz", "abcdefghijklmnopqrstuvw"),
    ],
)
def test_a_slug_keeps_what_can_be_read(name: str, head: str) -> None:
    assert slug(name, otherwise="room") == head


@pytest.mark.parametrize(
    ("name", "wire"), [("PostMessage", "post_message"), ("Ping", "ping"), ("CreateRoom", "create_room")]
)
def test_a_class_stands_on_the_wire_in_snake_case(name: str, wire: str) -> None:
    assert snake(name) == wire
