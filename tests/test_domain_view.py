"""The fold of snapshots: against the shared vectors, against another reckoning, and against itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.cohort import CohortState, apply_cohort_staff, decide_admission, decide_cohort
from tertulia.domain.cohort import apply_cohort as apply_cohort_state
from tertulia.domain.commands import (
    AnyCohortCommand,
    AnyRoomCommand,
    BanMember,
    ChangeRole,
    CreateRoom,
    EditMessage,
    LeaveCohort,
    PinMessage,
    PostMessage,
    RedactMessage,
    RenameMember,
    ReopenThread,
    ResolveThread,
    UnbanMember,
    UnpinMessage,
)
from tertulia.domain.decide_room import decide_room
from tertulia.domain.decision import Asker, Setting
from tertulia.domain.event import Event
from tertulia.domain.events import (
    Mentioned,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ReadMarked,
    RoomChanged,
    RoomCreated,
    RoomListed,
    ThreadReopened,
    ThreadResolved,
)
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.room import apply_room as apply_room_state
from tertulia.domain.session.staff_fold import new_staff_room_view
from tertulia.domain.session.view import NoteView
from tertulia.domain.view import (
    CohortView,
    RoomView,
    UserView,
    apply_cohort,
    apply_room,
    apply_tally,
    apply_user,
    new_cohort_view,
    new_room_view,
    new_user_view,
)
from tests.vectors import make

ANA, BEN, OLGA = PersonId("p-ana"), PersonId("p-ben"), PersonId("p-olga")
ROLES: dict[PersonId, Role] = {ANA: "learner", BEN: "learner", OLGA: "owner"}
WINDOW = limits.snapshot_messages


class Entry(NamedTuple):
    seq: int
    at: int
    by: PersonId
    event: Event


def room_view(entries: list[Entry], *, begin: RoomView | None = None) -> RoomView:
    view = new_room_view("general") if begin is None else begin
    for entry in entries:
        apply_room(view, seq=entry.seq, at=entry.at, by=entry.by, event=entry.event)
    return view


def entries(*events: Event) -> list[Entry]:
    return [Entry(seq, seq * 1_000, ANA, event) for seq, event in enumerate(events, start=1)]


def as_sent(view: RoomView | CohortView | UserView) -> Any:
    """Through JSON and back, as a client has it."""
    return msgspec.json.decode(msgspec.json.encode(view), type=type(view))


# --- vectors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", make.FILES)
def test_the_committed_vectors_are_what_the_generator_makes(file: str) -> None:
    assert (make.HERE / file).read_text(encoding="utf-8") == make.text_of(make.FILES[file]())


@pytest.mark.parametrize("file", make.FILES)
def test_every_vector_folds_to_what_it_expects(file: str) -> None:
    cases = msgspec.json.decode((make.HERE / file).read_bytes())
    for case in cases:
        assert make.fold(case["stream"], case["snapshot"], case["records"]) == case["expected"], case["name"]


def test_there_are_enough_vectors_and_their_names_tell_them_apart() -> None:
    names = [(case["stream"], case["name"]) for cases in make.FILES.values() for case in cases()]
    assert len(names) >= 60
    assert len(set(names)) == len(names)


# --- by hand -------------------------------------------------------------------------------------


def test_what_a_message_looks_like_from_post_to_redaction() -> None:
    view = room_view(
        entries(
            RoomCreated(cohort=CohortId("demo"), name="General", emoji=["👍"]),
            MessagePosted(text="Why?", mentions=[BEN]),
            MessagePosted(text="So", reply_to=2, thread=2),
            MessageEdited(message=2, text="Why not?", revision=1, mentions=[OLGA]),
            ThreadResolved(thread=2),
            MessagePinned(message=2),
        )
    )
    apply_tally(view, {"2": {"👍": 1}})
    (message,) = view.messages
    assert msgspec.to_builtins(message) == {
        "seq": 2,
        "at": 2_000,
        "by": "p-ana",
        "text": "Why not?",
        "revision": 1,
        "redacted": False,
        "mentions": ["p-olga"],
        "reply_to": None,
        "thread": None,
        "replies": 1,
        "last_reply": {"seq": 3, "at": 3_000, "by": "p-ana"},
        "resolved": True,
        "kind": "",
        "question": None,
        "held_at": None,
        "source": None,
        "hidden": None,
        "endorsed": {},
        "minds_changed": 0,
    }
    assert (view.pins, view.tallies, view.has_more) == ([2], {"2": {"👍": 1}}, False)
    apply_room(view, seq=7, at=7_000, by=OLGA, event=MessageRedacted(message=2, by_staff=True, reason="Rude"))
    assert (message.text, message.mentions, message.redacted) == ("", [], True)
    assert (message.replies, message.resolved) == (1, True)
    assert (view.pins, view.tallies) == ([], {})


def test_the_window_holds_fifty_and_the_tally_of_the_dropped_one_goes() -> None:
    view = room_view(entries(*[MessagePosted(text=str(n)) for n in range(WINDOW)]))
    apply_tally(view, {"1": {"👍": 1}, "2": {"👍": 2}})
    assert (len(view.messages), view.has_more, set(view.tallies)) == (WINDOW, False, {"1", "2"})
    apply_room(view, seq=WINDOW + 1, at=0, by=ANA, event=MessagePosted(text="more"))
    assert (len(view.messages), view.has_more, set(view.tallies)) == (WINDOW, True, {"2"})
    assert [view.messages[0].seq, view.messages[-1].seq] == [2, WINDOW + 1]


def test_a_tally_for_a_message_that_is_not_shown_is_passed_over() -> None:
    view = room_view(entries(MessagePosted(text="Why?"), MessagePosted(text="So", reply_to=1, thread=1)))
    apply_tally(view, {"2": {"👍": 1}, "99": {"👍": 1}, "x": {"👍": 1}, "²": {"👍": 1}})
    assert view.tallies == {}


def test_only_named_settings_change() -> None:
    view = room_view(entries(RoomCreated(cohort=CohortId("demo"), name="A", topic="T"), RoomChanged(slow_mode_s=5)))
    assert (view.name, view.topic, view.slow_mode_s) == ("A", "T", 5)


def test_an_event_this_program_does_not_know_changes_nothing() -> None:
    view = room_view(entries(MessagePosted(text="Why?")))
    before = as_sent(view)
    apply_room(view, seq=2, at=0, by=ANA, event=None)
    assert view == before


def test_views_share_nothing_with_each_other_or_with_events() -> None:
    """msgspec copies empty default lists per instance and a fold must copy an event's: else one room's pins
    would show in all, or an edit would change the past."""
    one, other = new_room_view("one"), new_room_view("other")
    one.pins.append(1)
    one.tallies["1"] = {}
    one.messages.extend(room_view(entries(MessagePosted(text="Why?"))).messages)
    one.messages[0].mentions.append(BEN)
    assert other == new_room_view("other")
    assert room_view(entries(MessagePosted(text="Why?"))).messages[0].mentions == []
    created = RoomCreated(cohort=CohortId("demo"), name="A", emoji=["👍"])
    posted = MessagePosted(text="Hi", mentions=[BEN])
    view = room_view(entries(created, posted))
    view.emoji.append("🎉")
    view.messages[0].mentions.append(OLGA)
    assert (created.emoji, posted.mentions) == (["👍"], [BEN])
    one_staff, other_staff = new_staff_room_view(), new_staff_room_view()
    one_staff.muted["p-ana"] = 1
    one_staff.notes.append(NoteView(seq=1, at=1, by="p-ana", text="Hm"))
    assert other_staff == new_staff_room_view()
    new_user_view().markers["general"] = {"": 1}
    new_cohort_view("demo").rooms.append(view_of_listed := make_listed())
    assert new_user_view().markers == {}
    assert new_cohort_view("demo").rooms == []
    assert view_of_listed.room == "general"


def make_listed() -> Any:
    view = new_cohort_view("demo")
    apply_cohort(view, seq=1, at=0, by=OLGA, event=RoomListed(room=RoomId("general"), name="General"))
    return view.rooms[0]


# --- histories that really happen: random commands, decided by the domain ------------------------------

MESSAGE = st.integers(1, 90)
PEOPLE = st.sampled_from(sorted(ROLES))
KEY = "a-key-0001"
ROOM = RoomId("general")
ROOM_COMMANDS: st.SearchStrategy[AnyRoomCommand] = st.one_of(
    st.builds(lambda text: PostMessage(key=KEY, room=ROOM, text=text), st.sampled_from(["a", "@[B](p-ben)"])),
    st.builds(lambda to: PostMessage(key=KEY, room=ROOM, text="re", reply_to=to), MESSAGE),
    st.builds(lambda m, n: EditMessage(key=KEY, room=ROOM, message=m, text=f"e{n}"), MESSAGE, st.integers()),
    st.builds(lambda m: RedactMessage(key=KEY, room=ROOM, message=m, reason="Because"), MESSAGE),
    st.builds(lambda m: PinMessage(key=KEY, room=ROOM, message=m), MESSAGE),
    st.builds(lambda m: UnpinMessage(key=KEY, room=ROOM, message=m), MESSAGE),
    st.builds(lambda m: ResolveThread(key=KEY, room=ROOM, thread=m), MESSAGE),
    st.builds(lambda m: ReopenThread(key=KEY, room=ROOM, thread=m), MESSAGE),
)


@st.composite
def room_histories(draw: st.DrawFn) -> list[Entry]:
    """A room, up to 60 messages to fill the window, then what people do; refused commands leave no trace."""
    state = RoomState(ROOM)
    history: list[Entry] = []

    def happens(by: PersonId, event: Event) -> None:
        entry = Entry(state.head + 1, 1_000 * (state.head + 1), by, event)
        apply_room_state(state, seq=entry.seq, at=entry.at, by=by, event=event)
        history.append(entry)

    happens(OLGA, RoomCreated(cohort=CohortId("demo"), name="General", emoji=["👍"]))
    for number in range(draw(st.integers(0, 60))):
        happens(ANA, MessagePosted(text=f"first {number}"))
    for person, command in draw(st.lists(st.tuples(PEOPLE, ROOM_COMMANDS), max_size=40)):
        asker = Asker(person, ROLES[person])
        decision = decide_room(state, command, asker=asker, setting=Setting(ROLES), at=1)
        if not isinstance(decision, Refusal):
            for happening in decision.happenings:
                if happening.stream == "room/general":
                    happens(happening.by or person, happening.event)
    return history


@given(room_histories(), st.data())
@settings(deadline=None, max_examples=150)
def test_a_snapshot_and_the_events_after_it_give_the_later_snapshot(history: list[Entry], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(history)))
    assert room_view(history[k:], begin=as_sent(room_view(history[:k]))) == room_view(history)


@given(room_histories())
@settings(deadline=None, max_examples=150)
def test_a_room_is_what_another_reckoning_over_its_whole_history_says(history: list[Entry]) -> None:
    """Goal: the fold forgets nothing that it should show. Method: answer each question of the view by itself,
    from the whole history, which the fold never has."""
    view = room_view(history)
    begun = [entry for entry in history if is_posted(entry, thread=None)]
    assert [message.seq for message in view.messages] == [entry.seq for entry in begun[-WINDOW:]]
    assert view.has_more == (len(begun) > WINDOW)
    redacted = {entry.event.message for entry in history if isinstance(entry.event, MessageRedacted)}
    for message in view.messages:
        edits = [e.event for e in history if isinstance(e.event, MessageEdited) and e.event.message == message.seq]
        replies = [entry for entry in history if is_posted(entry, thread=message.seq)]
        resolving = [e.event for e in history if getattr(e.event, "thread", None) == message.seq]
        marks = [event for event in resolving if isinstance(event, ThreadResolved | ThreadReopened)]
        original = next(entry.event for entry in begun if entry.seq == message.seq)
        newest = edits[-1] if edits else original
        assert isinstance(newest, MessagePosted | MessageEdited)
        assert message.text == ("" if message.seq in redacted else newest.text)
        assert message.mentions == ([] if message.seq in redacted else newest.mentions)
        assert (message.redacted, message.revision) == (message.seq in redacted, len(edits))
        assert message.replies == len(replies)
        assert (message.last_reply.seq if message.last_reply else None) == (replies[-1].seq if replies else None)
        assert message.resolved == bool(marks and isinstance(marks[-1], ThreadResolved))
    pinnings = [e.event for e in history if isinstance(e.event, MessagePinned | MessageUnpinned)]
    last_word = {event.message: isinstance(event, MessagePinned) for event in pinnings}
    assert set(view.pins) == {seq for seq, is_pinned in last_word.items() if is_pinned} - redacted


def is_posted(entry: Entry, *, thread: int | None) -> bool:
    return isinstance(entry.event, MessagePosted) and entry.event.thread == thread


MEMBERS = st.sampled_from([f"p-{n}" for n in range(6)])
COHORT_COMMANDS: st.SearchStrategy[AnyCohortCommand] = st.one_of(
    st.builds(lambda n: RenameMember(key=KEY, name=f"Name {n}"), st.integers(0, 9)),
    st.builds(lambda p: ChangeRole(key=KEY, person=PersonId(p), role="ta"), MEMBERS),
    st.builds(lambda p: BanMember(key=KEY, person=PersonId(p), reason="Because"), MEMBERS),
    st.builds(lambda p: UnbanMember(key=KEY, person=PersonId(p), reason="Because"), MEMBERS),
    st.just(LeaveCohort(key=KEY)),
    st.builds(lambda n: CreateRoom(key=KEY, name=f"Room {n}"), st.integers(0, 9)),
)


@given(st.lists(st.tuples(MEMBERS, st.one_of(st.none(), COHORT_COMMANDS)), max_size=60), st.integers(0, 60))
@settings(deadline=None, max_examples=150)
def test_a_cohort_lists_exactly_who_is_there_and_counts_them(
    acts: list[tuple[str, AnyCohortCommand | None]], k: int
) -> None:
    """Method: people come in (None) and act as the domain lets them; the state that decides says who is
    there."""
    state, view, cut = CohortState(CohortId("demo")), new_cohort_view("demo"), None
    owner = decide_admission(founded(state), OLGA, name="Olga", role="owner", at=1)
    assert not isinstance(owner, Refusal)
    decisions = [owner]
    for number, (name, command) in enumerate(acts):
        person = PersonId(name)
        for decision in decisions:
            for happening in decision.happenings:
                if happening.stream == "cohort/demo":
                    apply_cohort_state(state, seq=state.head + 1, event=happening.event)
                    for shown in filter(None, (view, cut)):
                        apply_cohort(shown, seq=state.head, at=0, by=person, event=happening.event)
                elif happening.stream == "cohort/demo/staff":
                    apply_cohort_staff(state, seq=state.staff_head + 1, event=happening.event)
        assert {p: m.role for p, m in view.members.items()} == state.roles
        assert {p: m.name for p, m in view.members.items()} == {p: state.members[p].name for p in state.roles}
        assert view.member_count == len(state.roles)
        assert [room.room for room in view.rooms] == list(state.rooms)
        if number == k:
            cut = as_sent(view)
        if command is None:
            decided = decide_admission(state, person, name=name, role="learner", at=1)
        elif command.__class__ in (RenameMember, LeaveCohort):
            role = state.roles.get(person)
            decided = (
                decide_cohort(state, command, asker=Asker(person, role), at=1, new_id=str(number))
                if role
                else Refusal("not_a_member")
            )
        else:
            decided = decide_cohort(state, command, asker=Asker(OLGA, "owner"), at=1, new_id=str(number))
        decisions = [] if isinstance(decided, Refusal) else [decided]
    assert cut is None or cut == view


def founded(state: CohortState) -> CohortState:
    state.head = 1
    return state


@given(
    st.lists(
        st.one_of(
            st.builds(
                ReadMarked,
                room=st.sampled_from(["a", "b"]),
                seq=st.integers(1, 99),
                thread=st.none() | st.integers(1, 3),
            ),
            st.builds(Mentioned, room=st.just("a"), message=st.integers(1, 99)),
        ),
        max_size=120,
    )
)
@settings(deadline=None)
def test_markers_never_go_back_and_the_newest_mentions_are_kept(events: list[ReadMarked | Mentioned]) -> None:
    view = new_user_view()
    for seq, event in enumerate(events, start=1):
        apply_user(view, seq=seq, at=seq, by=BEN, event=event)
    for room, markers in view.markers.items():
        for place, marker in markers.items():
            same = [e for e in events if isinstance(e, ReadMarked) and (e.room, str(e.thread or "")) == (room, place)]
            assert marker == max(event.seq for event in same)
    told = [event.message for event in events if isinstance(event, Mentioned)]
    assert [mention.message for mention in view.mentions] == told[-limits.snapshot_mentions :]
