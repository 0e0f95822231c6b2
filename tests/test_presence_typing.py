"""Who is typing: taken at a beat, told when it changes, gone by itself."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId
from tertulia.presence import Typing
from tertulia.wire.records import TypingNow

ROOM = RoomId("heaps")
ANA, BEN, EVE, OBI = PersonId("ana"), PersonId("ben"), PersonId("eve"), PersonId("obi")
EVERY_S, EXPIRES_S, SLACK_S = limits.typing_every_s, limits.typing_expires_s, limits.typing_slack_s


class Readers:
    def __init__(self) -> None:
        self.count = 10

    def __call__(self, room: RoomId) -> int:
        return self.count


@pytest.fixture
def readers() -> Readers:
    return Readers()


@pytest.fixture
def typing(readers: Readers) -> Typing:
    return Typing(readers)


def now_typing(*people: PersonId, count: int | None = None, thread: int | None = None) -> TypingNow:
    return TypingNow(room=ROOM, thread=thread, people=list(people), count=len(people) if count is None else count)


def test_typing_is_told_once_and_expires(typing: Typing) -> None:
    assert typing.types(ROOM, None, person=ANA, now_s=0) is not None
    assert typing.changes(0.1) == [now_typing(ANA)]
    assert typing.changes(1.6) == []
    assert typing.changes(EXPIRES_S - 0.1) == []
    assert typing.changes(EXPIRES_S) == [now_typing()]
    assert typing.changes(EXPIRES_S + 1) == []


def test_a_person_is_heard_at_the_beat_and_not_more_often(typing: Typing) -> None:
    taken = [now_s / 10 for now_s in range(100) if typing.types(ROOM, None, person=ANA, now_s=now_s / 10) is not None]
    assert taken == [0.0, 2.5, 5.0, 7.5]
    assert typing.types(RoomId("trees"), None, person=ANA, now_s=9.9) is None, "wherever it is"
    assert typing.types(ROOM, None, person=BEN, now_s=9.9) is not None


def test_who_keeps_typing_is_told_again_before_clients_forget(typing: Typing) -> None:
    """A client forgets a record after 6 s, so the longest silence about someone who types must be shorter."""
    told_s = []
    for tenth in range(600):
        now_s = tenth / 10
        if tenth % 30 == 0:
            typing.types(ROOM, None, person=ANA, now_s=now_s)
        if tenth % 15 == 0 and typing.changes(now_s):
            told_s.append(now_s)
    gaps_s = [later - earlier for earlier, later in pairwise(told_s)]
    assert min(gaps_s) >= EVERY_S
    assert max(gaps_s) < EXPIRES_S - 1


def test_three_are_named_and_all_counted(typing: Typing) -> None:
    for number, person in enumerate((ANA, BEN, EVE)):
        typing.types(ROOM, None, person=person, now_s=number)
    assert typing.changes(2) == [now_typing(ANA, BEN, EVE)]
    typing.types(ROOM, None, person=OBI, now_s=2)
    assert typing.changes(2) == [now_typing(ANA, BEN, EVE, count=4)]
    assert typing.changes(EXPIRES_S) == [now_typing(BEN, EVE, OBI)]


def test_posting_ends_it_and_typing_may_begin_again_at_once(typing: Typing) -> None:
    typing.types(ROOM, None, person=ANA, now_s=0)
    typing.types(ROOM, None, person=BEN, now_s=0)
    typing.changes(0)
    typing.posted(ROOM, None, person=ANA)
    assert typing.changes(0.5) == [now_typing(BEN)]
    assert typing.types(ROOM, None, person=ANA, now_s=1) is not None
    assert typing.changes(1) == [now_typing(BEN, ANA)]
    typing.posted(RoomId("nowhere"), None, person=ANA)
    typing.posted(ROOM, 7, person=ANA)
    assert typing.changes(1) == []


def test_what_ended_before_it_was_told_is_not_told(typing: Typing) -> None:
    typing.types(ROOM, None, person=ANA, now_s=0)
    typing.posted(ROOM, None, person=ANA)
    assert typing.changes(0.1) == []


def test_threads_are_places_of_their_own(typing: Typing) -> None:
    typing.types(ROOM, None, person=ANA, now_s=0)
    typing.types(ROOM, 7, person=BEN, now_s=0)
    assert typing.changes(0) == [now_typing(ANA), now_typing(BEN, thread=7)]
    typing.posted(ROOM, 7, person=BEN)
    assert typing.changes(1) == [now_typing(thread=7)]


def test_a_large_room_is_not_told(typing: Typing, readers: Readers) -> None:
    readers.count = limits.typing_readers_max + 1
    assert typing.types(ROOM, None, person=ANA, now_s=0) is None
    assert typing.changes(0) == []
    readers.count = limits.typing_readers_max
    payload = typing.types(ROOM, None, person=ANA, now_s=0)
    assert payload is not None
    readers.count += 1
    assert typing.changes(0) == [], "it has grown meanwhile"
    other = Typing(readers)
    other.hear(ROOM, payload, now_s=0)
    assert other.changes(0) == []


def test_other_nodes_are_told(readers: Readers) -> None:
    here, there = Typing(readers), Typing(readers)
    payload = here.types(ROOM, 7, person=ANA, now_s=0)
    assert payload is not None
    here.hear(ROOM, payload, now_s=0)
    there.hear(ROOM, payload, now_s=100)
    assert here.changes(0.1) == there.changes(100.1) == [now_typing(ANA, thread=7)]
    there.hear(ROOM, payload, now_s=100.2)
    assert there.changes(100.3) == []


def test_those_who_stopped_are_forgotten_though_one_goes_on(typing: Typing) -> None:
    for number in range(100):
        typing.types(ROOM, None, person=PersonId(f"p-{number}"), now_s=0)
    for beat in range(10):
        typing.types(ROOM, None, person=PersonId("p-0"), now_s=beat * EVERY_S)
        typing.changes(beat * EVERY_S)
    assert len(typing._taken_s) == 1


@given(st.binary(max_size=100))
def test_what_cannot_be_read_is_ignored(payload: bytes) -> None:
    typing = Typing(Readers())
    typing.hear(ROOM, payload, now_s=0)
    typing.hear(ROOM, b"[" * 100_000, now_s=0)
    typing.hear(ROOM, b'{"type":"types","person":"ana","thread":0}', now_s=0)
    assert typing.changes(0) == []


@given(
    st.lists(st.tuples(st.floats(0, 4), st.sampled_from("abcdef"), st.sampled_from(("types", "posts"))), max_size=60)
)
def test_clients_know_who_types_and_nothing_is_kept(steps: list[tuple[float, str, str]]) -> None:
    """A client that applies the records, and forgets them after 6 s, agrees after each of them with a plain list of
    who typed within the last 6 s; when all is quiet nothing is remembered."""
    typing = Typing(Readers())
    now_s = 100.0
    until_s: dict[str, float] = {}
    shown, shown_until_s = 0, 0.0
    for pause_s, person, what in steps:
        now_s += pause_s
        if what == "posts":
            typing.posted(ROOM, None, person=PersonId(person))
            until_s.pop(person, None)
        elif typing.types(ROOM, None, person=PersonId(person), now_s=now_s) is not None:
            until_s[person] = now_s + EXPIRES_S
        for record in typing.changes(now_s):
            shown, shown_until_s = record.count, now_s + EXPIRES_S
        true_count = sum(until > now_s for until in until_s.values())
        assert (shown if now_s < shown_until_s else 0) == true_count
    typing.changes(now_s + EXPIRES_S)
    assert not typing._places
    assert not typing._taken_s
