"""A room's state: the fold of its two streams, bounded, the same from a checkpoint; random histories."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.commands import (
    ChangeRole,
    ChangeRoom,
    CloseRoom,
    EditMessage,
    LockRoom,
    MuteMember,
    OpenRoom,
    PinMessage,
    PostMessage,
    Precondition,
    RedactMessage,
    ReopenThread,
    ResolveThread,
    SetReaction,
    UnlockRoom,
    UnmuteMember,
    UnpinMessage,
)
from tertulia.domain.decide_room import decide_room, facts_needed
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted, RoomChanged, RoomCreated
from tertulia.domain.ids import CohortId, PersonId
from tertulia.domain.refusals import CODES, Refusal
from tertulia.domain.room import (
    DEFAULT_EMOJI,
    MessageFact,
    RoomState,
    apply_room,
    apply_room_signals,
    apply_room_staff,
    remember,
    state_streams,
)
from tertulia.wire.stored import Entry, decode_event
from tests.classroom import PEOPLE, ROOM, Classroom, command, fold_room, packed, unpacked

LEA = PersonId("lea")


def created(**fields: Any) -> RoomState:
    state = RoomState(ROOM)
    made = RoomCreated(cohort=CohortId("demo"), name="General", emoji=["👍"], **fields)
    apply_room(state, seq=1, at=0, by=LEA, event=made)
    return state


# --- the fold ----------------------------------------------------------------------------------------------------


def test_a_room_exists_from_its_making_on() -> None:
    assert not RoomState(ROOM).exists
    state = created(topic="T", slow_mode_s=5)
    assert state.exists
    assert (state.name, state.kind, state.topic, state.emoji, state.slow_mode_s) == (
        "General",
        "discussion",
        "T",
        ["👍"],
        5,
    )
    assert (state.head, state.staff_head) == (1, 0)
    assert state_streams(ROOM) == ("room/general", "room/general/staff", "room/general/signals")


def test_what_a_newer_program_wrote_only_moves_the_head() -> None:
    state = created()
    before = unpacked(state)
    apply_room(state, seq=2, at=1, by=LEA, event=None)
    apply_room_staff(state, seq=7, at=1, by=LEA, event=None)
    apply_room_signals(state, seq=9, at=1, by=LEA, event=None)
    assert (state.head, state.staff_head, state.signals_head) == (2, 7, 9)
    assert msgspec.structs.replace(state, head=1, staff_head=0, signals_head=0) == before


def test_a_state_shares_nothing_with_the_events_it_was_folded_from() -> None:
    event = RoomChanged(emoji=["👍"])
    state = created()
    apply_room(state, seq=2, at=0, by=LEA, event=event)
    state.emoji.append("🎉")
    assert event.emoji == ["👍"]


def test_the_reactions_a_room_begins_with_would_be_allowed_in_any() -> None:
    assert Classroom().gives("ina", ChangeRoom, emoji=list(reversed(DEFAULT_EMOJI)))


def test_facts_are_kept_for_the_newest_messages_and_those_called_back() -> None:
    """Goal: a reply to an old message in a batch with many posts is still decided rightly. A fact that is remembered
    again counts as the newest."""
    state = created()
    for seq in range(2, limits.message_facts_max + 12):
        apply_room(state, seq=seq, at=seq, by=LEA, event=MessagePosted(text="x"))
    assert len(state.facts) == limits.message_facts_max
    oldest, newest = min(state.facts), max(state.facts)
    assert (oldest, newest) == (12, limits.message_facts_max + 11)
    remember(state, state.facts[oldest])
    remember(state, MessageFact(5, LEA, 5))
    apply_room(state, seq=newest + 1, at=0, by=LEA, event=MessagePosted(text="x"))
    assert {oldest, 5, newest + 1} <= set(state.facts)
    assert len(state.facts) == limits.message_facts_max


def test_a_change_to_a_forgotten_message_is_no_harm() -> None:
    state = created()
    apply_room(state, seq=2, at=0, by=LEA, event=MessageEdited(message=999, text="x", revision=3))
    apply_room(state, seq=3, at=0, by=LEA, event=MessageRedacted(message=999))
    assert state.facts == {}


def test_a_rooms_memory_does_not_grow_with_its_history() -> None:
    """Goal: a room of ten years costs what one of a week does. Method: the same talk, ten times as long, from as many
    people, in slow mode; the checkpoint (without facts, as it is written) is as large, and what is held is bounded."""

    def size_after(posts: int) -> int:
        state = created(slow_mode_s=30)
        for seq in range(2, posts + 2):
            by = PersonId(f"p-{seq % 300}" if seq % 2 else "p-who-always-talks")
            apply_room(state, seq=seq, at=1_000_000 + seq * 2_000, by=by, event=MessagePosted(text="x"))
        assert len(state.facts) <= limits.message_facts_max
        assert len(state.last_post_at) <= 16, "whoever may post again is forgotten"
        return len(packed(msgspec.structs.replace(state, facts={})))

    assert size_after(30_000) <= size_after(3_000) + 16


def test_facts_that_a_decision_needs_are_named() -> None:
    assert facts_needed(command(PostMessage, text="x")) == ()
    assert facts_needed(command(PostMessage, text="x", reply_to=7)) == (7,)
    for kind, fields in (
        (EditMessage, {"text": "x"}),
        (RedactMessage, {}),
        (SetReaction, {"emoji": "👍"}),
        (PinMessage, {}),
        (UnpinMessage, {}),
    ):
        assert facts_needed(command(kind, message=7, **fields)) == (7,)
    assert facts_needed(command(ResolveThread, thread=7)) == facts_needed(command(ReopenThread, thread=7)) == (7,)
    for kind in (ChangeRoom, LockRoom, UnlockRoom, CloseRoom, OpenRoom):
        assert facts_needed(command(kind)) == ()


def test_without_its_fact_a_message_is_unknown_and_with_it_all_is_as_ever() -> None:
    """A checkpoint holds no facts; the flow brings those that are needed."""
    here = Classroom()
    seq = here.says("lea", "Old")
    old, fact = msgspec.structs.replace(here.room, facts={}), here.room.facts[seq]
    edit = command(EditMessage, message=seq, text="x")
    asker = Asker(LEA, "learner")
    assert decide_room(old, edit, asker=asker, setting=Setting(here.cohort.roles), at=here.at) == Refusal(
        "unknown_message"
    )
    remember(old, fact)
    assert decide_room(old, edit, asker=asker, setting=Setting(here.cohort.roles), at=here.at) == here.decide(
        "lea", edit
    )


# --- random histories --------------------------------------------------------------------------------------------

SEQ = st.one_of(st.integers(2, 8), st.integers(1, 20), st.integers(1, 2**53 - 1))
TEXT = st.one_of(st.sampled_from(["a", "", "@[Len](len) hi", "b" * 9_000]), st.text(max_size=30))
REASON = st.one_of(st.none(), st.sampled_from(["", "Because", "r" * 600]), st.text(max_size=10))
EMOJI = st.one_of(st.sampled_from(DEFAULT_EMOJI), st.text(max_size=20))
PERSON = st.sampled_from([*PEOPLE, "nobody"])


def some(kind: type, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(fields).map(lambda given: command(kind, **given))


COMMANDS = st.one_of(
    some(PostMessage, text=TEXT, reply_to=st.one_of(st.none(), SEQ)),
    some(EditMessage, message=SEQ, text=TEXT, if_=st.one_of(st.none(), st.builds(Precondition, st.integers(0, 3)))),
    some(RedactMessage, message=SEQ, reason=REASON),
    some(SetReaction, message=SEQ, emoji=EMOJI, on=st.booleans()),
    some(PinMessage, message=SEQ),
    some(UnpinMessage, message=SEQ),
    some(ResolveThread, thread=SEQ),
    some(ReopenThread, thread=SEQ),
    some(
        ChangeRoom,
        name=st.one_of(st.none(), TEXT),
        topic=st.one_of(st.none(), TEXT),
        emoji=st.one_of(st.none(), st.lists(EMOJI, max_size=4)),
        slow_mode_s=st.one_of(st.none(), st.sampled_from([0, 1, 60])),
    ),
    some(LockRoom, reason=REASON),
    some(UnlockRoom),
    some(CloseRoom, reason=REASON),
    some(OpenRoom),
    some(MuteMember, person=PERSON, for_s=st.integers(1, 100), reason=REASON.map(lambda reason: reason or "")),
    some(UnmuteMember, person=PERSON, reason=REASON.map(lambda reason: reason or "")),
    some(ChangeRole, person=PERSON, role=st.sampled_from(list(PEOPLE.values()))),
)
STEPS = st.lists(st.tuples(PERSON, COMMANDS, st.sampled_from([0, 1, 999, 60_000])), max_size=40)


def play(here: Classroom, steps: list[tuple[str, Any, int]]) -> None:
    for name, wanted, ms in steps:
        here.after(ms=ms)
        before = packed(here.room)
        decision = here.decide(name, wanted)
        assert packed(here.room) == before, "decide changes nothing"
        if isinstance(decision, Refusal):
            retry, _ = CODES[decision.code]
            assert decision.after_ms is None or (retry == "later" and decision.after_ms > 0)
        else:
            here.happens(name, decision)


@given(STEPS, st.data())
@settings(deadline=None, max_examples=120)
def test_whatever_people_do_the_state_is_the_fold_of_what_was_decided(
    steps: list[tuple[str, Any, int]], data: st.DataObject
) -> None:
    """Goal: decide never raises and changes nothing; apply takes all that was decided; the state is the fold of the
    log, from nothing or from any checkpoint, whichever stream is read first. Method: random commands, half of them
    senseless, on a clock that jumps; then the entries again, in other orders."""
    here = Classroom()
    play(here, steps)
    mine = [entry for entry in here.entries if entry.stream.startswith("room/general")]
    main = [entry for entry in mine if entry.stream == "room/general"]
    staff = [entry for entry in mine if entry.stream == "room/general/staff"]
    for order in (mine, main + staff, staff + main):
        assert folded(RoomState(ROOM), order) == here.room
    k = data.draw(st.integers(0, len(mine)))
    assert folded(unpacked(folded(RoomState(ROOM), mine[:k])), mine[k:]) == here.room


@given(STEPS)
@settings(deadline=None, max_examples=120)
def test_a_room_knows_of_each_message_what_its_whole_history_says(steps: list[tuple[str, Any, int]]) -> None:
    """Method: another reckoning, over all entries, which the state never has."""
    here = Classroom()
    play(here, steps)
    entries = [(entry, decode_event(entry)) for entry in here.entries if entry.stream == "room/general"]
    facts: dict[int, MessageFact] = {}
    for entry, event in entries:
        if isinstance(event, MessagePosted):
            edits = [e for _, e in entries if isinstance(e, MessageEdited) and e.message == entry.seq]
            gone = [e for _, e in entries if isinstance(e, MessageRedacted) and e.message == entry.seq]
            assert [e.revision for e in edits] == list(range(1, len(edits) + 1))
            assert len(gone) <= 1, "what is redacted is not redacted again"
            thread = entry.seq if event.reply_to is None else facts[event.reply_to].thread
            assert event.thread == (None if event.reply_to is None else thread)
            facts[entry.seq] = MessageFact(entry.seq, entry.by, thread, bool(gone), len(edits))
    assert here.room.facts == facts
    assert len(here.room.pins) == len(set(here.room.pins)) <= limits.pins_max
    assert not any(facts[pin].redacted for pin in here.room.pins)


def folded(state: RoomState, entries: list[Entry]) -> RoomState:
    for entry in entries:
        fold_room(state, entry)
    return state


@pytest.mark.parametrize("name", PEOPLE)
def test_a_decision_names_the_stream_the_receipt_is_for(name: str) -> None:
    here = Classroom()
    decision = here.decide(name, command(PostMessage, text="Hi"))
    if isinstance(decision, Decision):
        assert decision.stream == decision.happenings[0].stream == "room/general"
    else:
        assert name == "obi"
