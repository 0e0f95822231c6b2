"""The tables are the fold of the log: Hypothesis histories, cut into appends anywhere, against the pure fold.

Goal: whatever the domain lets happen, in whatever groups it is appended, folded live, remade or folded in
slices of any size, the tables show what `domain/view.py` makes of the same entries. Method: random commands
are decided by the domain; the log's entries are read back and folded purely; tallies, markers and search are
reckoned from the entries in another way.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tertulia.domain.cohort import (
    CohortState,
    apply_cohort,
    apply_cohort_staff,
    decide_admission,
    decide_cohort,
    decide_found,
    decide_room_made,
)
from tertulia.domain.commands import (
    AnyRoomCommand,
    BanMember,
    ChangeRole,
    ChangeRoom,
    CloseRoom,
    CreateRoom,
    EditMessage,
    LeaveCohort,
    LockRoom,
    MarkRead,
    MuteMember,
    OpenRoom,
    PinMessage,
    PostMessage,
    RedactMessage,
    RenameMember,
    ReopenThread,
    ResolveThread,
    SetReaction,
    UnbanMember,
    UnlockRoom,
    UnpinMessage,
)
from tertulia.domain.decide_room import decide_room
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.event import Event
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted, ReactionSet
from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    StreamName,
    cohort_stream,
    room_signals_stream,
    room_staff_stream,
    room_stream,
    user_stream,
)
from tertulia.domain.person import PersonState, apply_person, decide_mark_read
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState, apply_room, apply_room_signals, apply_room_staff
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerPoll,
    AnswerQuestion,
    ApproveQuestion,
    AskQuestion,
    CallHand,
    ClosePoll,
    CloseSession,
    DismissQuestion,
    EndorseAnswer,
    HideMessage,
    HighlightQuestion,
    HoldFloor,
    LowerHand,
    MarkSession,
    MergeQuestion,
    NoteStaff,
    OpenPoll,
    OpenSession,
    RaiseHand,
    RejectHeld,
    ReleaseFloor,
    ReleaseHeld,
    ReopenQuestion,
    ReportMessage,
    RequireApproval,
    ResendQuestion,
    RewordQuestion,
    SetPace,
    UndoAction,
    UnhideMessage,
    UnmergeQuestion,
    VoteQuestion,
    WithdrawQuestion,
)
from tertulia.domain.session.events import VoteSet
from tertulia.domain.session.staff_fold import fold_staff, new_staff_room_view
from tertulia.domain.session.view import SessionView
from tertulia.domain.view import MessageView, RoomView, apply_tally, new_cohort_view, new_room_view, new_user_view
from tertulia.domain.view import apply_cohort as view_cohort
from tertulia.domain.view import apply_room as view_room
from tertulia.domain.view import apply_user as view_user
from tertulia.eventlog import Append, Appended, Decided, Planned
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.wire.stored import Entry, decode_event, encode_event
from tests.classroom import unpacked

KEY, ROOM, COHORT, OWNER = "a-key-0001", RoomId("general"), CohortId("demo"), PersonId("p-0")
PEOPLE_IDS = [PersonId(f"p-{n}") for n in range(4)]
SIGNALS = StreamName("room/general/signals")
MESSAGE = st.integers(2, 14)
WORDS = ["apple", "pear", "plum", "fig", "quince", "@[B](p-1) hello"]


def of_room(command: Any, **fields: Any) -> st.SearchStrategy[Any]:
    return st.builds(lambda **drawn: command(key=KEY, room=ROOM, **drawn), **fields)


COMMANDS = st.one_of(
    of_room(PostMessage, text=st.sampled_from(WORDS)),
    of_room(PostMessage, text=st.sampled_from(WORDS), reply_to=MESSAGE),
    of_room(EditMessage, text=st.sampled_from(WORDS), message=MESSAGE),
    of_room(RedactMessage, message=MESSAGE, reason=st.just("Because")),
    of_room(SetReaction, message=MESSAGE, emoji=st.sampled_from("👍🎉"), on=st.booleans()),
    of_room(SetReaction, message=st.integers(2, 5), emoji=st.sampled_from("👍🎉"), on=st.booleans()),
    of_room(PinMessage, message=MESSAGE),
    of_room(UnpinMessage, message=MESSAGE),
    of_room(ResolveThread, thread=MESSAGE),
    of_room(ReopenThread, thread=MESSAGE),
    of_room(ChangeRoom, topic=st.sampled_from(["", "T"]), slow_mode_s=st.sampled_from([None, 0])),
    of_room(ChangeRoom, emoji=st.sampled_from([["👍"], ["👍", "🎉"]])),
    of_room(LockRoom),
    of_room(UnlockRoom),
    of_room(CloseRoom),
    of_room(OpenRoom),
    of_room(PostMessage, text=st.sampled_from(WORDS), kind=st.sampled_from(["question", "idea", "resource"])),
    of_room(MarkRead, seq=MESSAGE, thread=st.sampled_from([None, 2, 3])),
    st.builds(lambda n: RenameMember(key=KEY, name=f"Name {n}"), st.integers(0, 3)),
    st.builds(lambda p: ChangeRole(key=KEY, person=p, role="ta"), st.sampled_from(PEOPLE_IDS)),
    st.builds(lambda p: BanMember(key=KEY, person=p, reason="Because"), st.sampled_from(PEOPLE_IDS)),
    st.builds(lambda p: UnbanMember(key=KEY, person=p, reason="Because"), st.sampled_from(PEOPLE_IDS)),
    st.just(LeaveCohort(key=KEY)),
    st.builds(lambda n: CreateRoom(key=KEY, name=f"Room {n}"), st.integers(0, 3)),
)
QUESTION = st.integers(0, 5).map(lambda n: f"q-{n}")
"""Stands for one of the questions there are, whatever its id (`Play.act`)."""
OF_STAFF = st.one_of(
    of_room(OpenSession, title=st.sampled_from(["", "Trees"])),
    of_room(CloseSession),
    of_room(MarkSession, media_position_ms=st.integers(0, 9), label=st.just("L"), rewound=st.booleans()),
    of_room(ChangeRoom, approve_questions=st.booleans()),
    of_room(ChangeRoom, anonymity=st.sampled_from(["off", "alias", "anonymous"])),
    of_room(ApproveQuestion, question=QUESTION),
    of_room(RewordQuestion, question=QUESTION, text=st.sampled_from(WORDS)),
    of_room(MergeQuestion, question=QUESTION, into=QUESTION),
    of_room(UnmergeQuestion, question=QUESTION),
    of_room(HighlightQuestion, question=QUESTION, on=st.booleans()),
    of_room(AnswerQuestion, question=QUESTION, how=st.sampled_from(["now", "live"])),
    of_room(AnswerQuestion, question=QUESTION, how=st.just("text"), message=st.integers(2, 30)),
    of_room(DismissQuestion, question=QUESTION, reason=st.just("unclear"), note=st.sampled_from(["", "N"])),
    of_room(ReopenQuestion, question=QUESTION),
    of_room(HoldFloor, shown_to=st.sampled_from(["nobody", "answered"])),
    of_room(ReleaseFloor),
    of_room(CallHand, person=st.sampled_from(PEOPLE_IDS)),
    of_room(OpenPoll, text=st.just("Which?"), options=st.just(["a", "b"]), anonymous=st.booleans()),
    of_room(ClosePoll, poll=st.integers(10, 40)),
    of_room(NoteStaff, text=st.just("Note")),
    of_room(MuteMember, person=st.sampled_from(PEOPLE_IDS), for_s=st.just(1), reason=st.just("Because")),
    of_room(RequireApproval, person=st.sampled_from(PEOPLE_IDS), on=st.booleans(), reason=st.just("Because")),
    of_room(ReleaseHeld, held=st.integers(1, 20)),
    of_room(RejectHeld, held=st.integers(1, 20), reason=st.just("Because")),
    of_room(UndoAction, event=st.integers(1, 9)),
    of_room(HideMessage, message=MESSAGE, reason=st.just("Because")),
    of_room(UnhideMessage, message=MESSAGE),
)
OF_PEOPLE = st.one_of(
    of_room(AskQuestion, text=st.sampled_from(WORDS), alias=st.booleans()),
    of_room(AskQuestion, text=st.sampled_from(WORDS)),
    of_room(VoteQuestion, question=QUESTION, on=st.sampled_from([True, True, False])),
    of_room(VoteQuestion, question=QUESTION),
    of_room(ResendQuestion, question=QUESTION, text=st.sampled_from(WORDS)),
    of_room(WithdrawQuestion, question=QUESTION),
    of_room(AcceptAnswer, question=QUESTION, message=st.integers(2, 30)),
    of_room(EndorseAnswer, message=MESSAGE, reason=st.just("correct")),
    of_room(RaiseHand, alias=st.booleans()),
    of_room(LowerHand),
    of_room(AnswerPoll, poll=st.integers(10, 40), choices=st.sampled_from([[0], [1]])),
    of_room(SetPace, pace=st.sampled_from(["lost", "ok", None])),
    of_room(ReportMessage, message=MESSAGE, reason=st.just("Because")),
)
ACTORS = st.sampled_from([OWNER, OWNER, *PEOPLE_IDS])
# What is done is often undone later; what closes a room or empties it would leave little to see.
UNDONE = {
    CloseRoom: lambda closed: OpenRoom(key=KEY, room=ROOM),
    LockRoom: lambda locked: UnlockRoom(key=KEY, room=ROOM),
    PinMessage: lambda pin: UnpinMessage(key=KEY, room=ROOM, message=pin.message),
    ResolveThread: lambda resolve: ReopenThread(key=KEY, room=ROOM, thread=resolve.thread),
    HideMessage: lambda hide: UnhideMessage(key=KEY, room=ROOM, message=hide.message),
    BanMember: lambda ban: UnbanMember(key=KEY, person=ban.person, reason="Because"),
}
Act = tuple[PersonId, Any]


def scene(*acts: tuple[PersonId, type[Any], dict[str, Any]]) -> list[Act]:
    return [(person, command(key=KEY, room=ROOM, **fields)) for person, command, fields in acts]


_ANA, _BEN = PEOPLE_IDS[1], PEOPLE_IDS[2]
# What hardly ever follows by chance.
SCENES: list[list[Act]] = [
    scene(
        (OWNER, ChangeRoom, {"anonymity": "alias"}),
        (_ANA, AskQuestion, {"text": "fig", "alias": True}),
        (_ANA, RaiseHand, {"alias": True}),
    ),
    scene(
        (OWNER, OpenPoll, {"text": "Which?", "options": ["a", "b"]}),
        (_ANA, AnswerPoll, {"poll": 1, "choices": [1]}),
        (OWNER, ClosePoll, {"poll": 1}),
    ),
    [
        (OWNER, BanMember(key=KEY, person=_BEN, reason="Because")),
        (OWNER, UnbanMember(key=KEY, person=_BEN, reason="Because")),
        (_BEN, None),
    ],
    scene((_BEN, RaiseHand, {}), (OWNER, CallHand, {"person": _BEN}), (_BEN, PostMessage, {"text": "plum"})),
    scene((OWNER, HoldFloor, {}), (_ANA, PostMessage, {"text": "pear"}), (OWNER, ReleaseFloor, {})),
    scene((OWNER, HoldFloor, {}), (_ANA, PostMessage, {"text": "pear"}), (_BEN, PostMessage, {"text": "fig"})),
    scene(
        (OWNER, RequireApproval, {"person": _BEN, "reason": "Because"}),
        (_BEN, PostMessage, {"text": "quince"}),
        (OWNER, RejectHeld, {"held": 1, "reason": "Because"}),
        (_BEN, PostMessage, {"text": "apple"}),
        (OWNER, ReleaseHeld, {"held": 1}),
    ),
    scene((OWNER, MergeQuestion, {"question": "q-1", "into": "q-0"}), (OWNER, UnmergeQuestion, {"question": "q-1"})),
    scene((OWNER, AnswerQuestion, {"question": "q-0", "how": "live"}), (OWNER, UndoAction, {"event": 1_000})),
    scene((OWNER, DismissQuestion, {"question": "q-1", "reason": "unclear"}), (OWNER, UndoAction, {"event": 1_000})),
]


def with_undoing(act: Act) -> st.SearchStrategy[list[Act]]:
    undo = UNDONE.get(type(act[1]))
    if undo is None:
        return st.just([act])
    undone = st.just([act, (OWNER, undo(act[1]))])
    return undone if isinstance(act[1], CloseRoom | LockRoom) else undone | st.just([act])


ACTS = (
    st.lists(
        st.one_of(
            st.tuples(ACTORS, COMMANDS | OF_PEOPLE | st.none()).flatmap(with_undoing),
            st.tuples(st.just(OWNER), OF_STAFF).flatmap(with_undoing),
            st.sampled_from(SCENES),
        ),
        min_size=10,
        max_size=80,
    )
    .map(lambda acts: [act for some in acts for act in some])
    .map(lambda acts: [act for act in acts if act != (OWNER, LeaveCohort(key=KEY))])
)
PRELUDE: list[Act] = [
    *((person, None) for person in PEOPLE_IDS),
    *((person, PostMessage(key=KEY, room=ROOM, text=word)) for person, word in zip(PEOPLE_IDS, WORDS, strict=False)),
    (OWNER, OpenSession(key=KEY, room=ROOM)),
    *((person, AskQuestion(key=KEY, room=ROOM, text=word)) for person, word in zip(PEOPLE_IDS, WORDS, strict=False)),
]
CUTS = st.lists(st.integers(1, 12), min_size=1, max_size=8)


class Play:
    """Decides acts one after the other; `decided` is what the log is given."""

    def __init__(self) -> None:
        self.room, self.cohort = RoomState(ROOM), CohortState(COHORT)
        self.people = {person: PersonState(person) for person in PEOPLE_IDS}
        self.heads: dict[StreamName, int] = defaultdict(int)
        self.decided: list[Decided] = []
        self.at = 1_700_000_000_000
        self._accept(OWNER, decide_found(COHORT, name="Autumn", course="cs", course_name="Algorithms"))
        self._accept(OWNER, decide_room_made(COHORT, ROOM, name="General", kind="session"))
        self._accept(OWNER, decide_room_made(COHORT, RoomId("lounge"), name="Lounge", kind="discussion"))
        self._accept(OWNER, decide_admission(self.cohort, OWNER, name="Olga", role="owner", at=self.at))

    def act(self, person: PersonId, command: Any) -> None:
        self.at += 1_000
        role: Role | None = self.cohort.roles.get(person)
        if command is None:
            name = f"Name of {person}"
            self._accept(person, decide_admission(self.cohort, person, name=name, role="learner", at=self.at))
        elif role is None:
            return
        elif isinstance(command, MarkRead):
            self._accept(person, decide_mark_read(self.people[person], command))
        elif isinstance(command, AnyRoomCommand):
            asker = Asker(person, role)
            setting = Setting(self.cohort.roles, self.cohort.rooms, *self._new_ids())
            named = self._named(command)
            self._accept(person, decide_room(self.room, named, asker=asker, setting=setting, at=self.at))
        else:
            new_id = f"n{len(self.decided)}"
            self._accept(
                person,
                decide_cohort(self.cohort, command, asker=Asker(person, role), at=self.at, new_id=new_id),
            )

    def _new_ids(self) -> tuple[str, str]:
        return f"n{len(self.decided):06d}", f"a{len(self.decided):06d}"

    def _named(self, command: Any) -> Any:
        """With the ids of questions there are in the places of those that stand for them."""
        questions = list(self.room.session.questions)
        for name in ("question", "into"):
            if questions and (stands := getattr(command, name, None)) is not None:
                command = replace(command, **{name: questions[int(stands[2:]) % len(questions)]})
        if isinstance(command, AnswerPoll | ClosePoll) and self.room.session.polls:
            polls = list(self.room.session.polls)
            command = replace(command, poll=polls[-1])
        if isinstance(command, ReleaseHeld | RejectHeld) and self.room.session.held:
            held = list(self.room.session.held)
            command = replace(command, held=held[command.held % len(held)])
        undoable = list(self.room.session.undoable)
        if isinstance(command, UndoAction) and undoable:
            command = replace(command, event=undoable[min(command.event, len(undoable)) - 1])
        return command

    def _accept(self, person: PersonId, decision: Decision | Refusal) -> None:
        if isinstance(decision, Refusal) or not decision.happenings:
            return
        planned = []
        for happening in decision.happenings:
            stream, by = happening.stream, happening.by or person
            self.heads[stream] += 1
            planned.append(Planned(stream, by, *encode_event(happening.event)))
            self._apply(stream, self.heads[stream], by, happening.event)
        self.decided.append(Decided(person, None, b"", self.at, decision.stream, tuple(planned), decision.redacts))

    def _apply(self, stream: StreamName, seq: int, by: PersonId, event: Event) -> None:
        if stream == room_stream(ROOM):
            apply_room(self.room, seq=seq, at=self.at, by=by, event=event)
        elif stream == room_staff_stream(ROOM):
            apply_room_staff(self.room, seq=seq, at=self.at, by=by, event=event)
        elif stream == room_signals_stream(ROOM):
            apply_room_signals(self.room, seq=seq, at=self.at, by=by, event=event)
        elif stream == "cohort/demo":
            apply_cohort(self.cohort, seq=seq, event=event)
        elif stream == "cohort/demo/staff":
            apply_cohort_staff(self.cohort, seq=seq, event=event)
        elif stream.startswith("user/"):
            apply_person(self.people[PersonId(stream[5:])], seq=seq, event=event)


async def entries_of(log: SqliteLog, stream: StreamName) -> list[Entry]:
    return await log.read(stream, after=0, limit=10_000)


async def purely(log: SqliteLog) -> dict[str, Any]:
    """What the entries in the log come to, by the pure fold."""
    room, cohort = new_room_view(ROOM), new_cohort_view(COHORT)
    for entry in await entries_of(log, room_stream(ROOM)):
        view_room(room, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
    for entry in await entries_of(log, cohort_stream(COHORT)):
        view_cohort(cohort, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
    apply_tally(room, await tallies_of(log))
    if room.session is not None:
        room.session.votes = votes_of(room.session, await entries_of(log, SIGNALS))
    people = {}
    for person in PEOPLE_IDS:
        people[person] = new_user_view()
        for entry in await entries_of(log, user_stream(person)):
            view_user(people[person], seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
    staff = new_staff_room_view()
    for entry in await entries_of(log, room_staff_stream(ROOM)):
        fold_staff(staff, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
    order = list(cohort.members)
    return {"room": room, "cohort": cohort, "order": order, "people": people, "staff": staff}


def votes_of(session: SessionView, signals: list[Entry]) -> dict[str, int]:
    """Who voted for a question, or for one that was merged into it, or into one of those: each person once."""
    voters: dict[str, set[str]] = defaultdict(set)
    for entry in signals:
        event = decode_event(entry)
        if isinstance(event, VoteSet):
            people = voters[event.question]
            people.add(entry.by) if event.on else people.discard(entry.by)
    merged = {question.question: question.merged_into for question in session.questions}
    merged |= {id: unpublished.merged_into for id, unpublished in session.unpublished.items()}
    counted: dict[str, set[str]] = defaultdict(set)
    for question in merged:
        root: str | None = question
        while root is not None:
            counted[root] |= voters[question]
            root = merged.get(root)
    return {question: len(people) for question, people in counted.items() if people}


async def tallies_of(log: SqliteLog) -> dict[str, dict[str, int]]:
    redacted = {
        event.message
        for entry in await entries_of(log, room_stream(ROOM))
        if isinstance(event := decode_event(entry), MessageRedacted)
    }
    return tallies_in(await entries_of(log, SIGNALS), redacted)


def tallies_in(signals: list[Entry], redacted: set[int]) -> dict[str, dict[str, int]]:
    reactions: dict[tuple[int, str], set[str]] = defaultdict(set)
    for entry in signals:
        event = decode_event(entry)
        if not isinstance(event, ReactionSet):
            continue
        people = reactions[event.message, event.emoji]
        people.add(entry.by) if event.on else people.discard(entry.by)
    tallies: dict[str, dict[str, int]] = defaultdict(dict)
    for (message, emoji), people in reactions.items():
        if people and message not in redacted:
            tallies[str(message)][emoji] = len(people)
    return dict(tallies)


async def folded(reading: SqliteReading) -> dict[str, Any]:
    """The same, from the tables."""
    room, cohort = await reading.room_view(ROOM), await reading.cohort_view(COHORT)
    assert room is not None
    assert cohort is not None
    people = {person: (await reading.user_view(person))[1] for person in PEOPLE_IDS}
    _, staff = await reading.staff_view(ROOM)
    order = list(cohort[1].members)
    return {"room": room[1], "cohort": cohort[1], "order": order, "people": people, "staff": staff}


async def texts_of(log: SqliteLog) -> dict[int, str]:
    texts: dict[int, str] = {}
    for entry in await entries_of(log, room_stream(ROOM)):
        event = decode_event(entry)
        if isinstance(event, MessagePosted):
            texts[entry.seq] = event.text
        elif isinstance(event, MessageEdited):
            texts[event.message] = event.text
    return {seq: text for seq, text in texts.items() if text}


async def check_search(log: SqliteLog, reading: SqliteReading) -> None:
    await log.settle()
    texts = await texts_of(log)
    for word in ("apple", "pear", "plum", "fig", "quince", "hello"):
        found = await reading.search([ROOM], word, with_hidden=True, limit=50)
        assert {hit.message.seq for hit in found} == {seq for seq, text in texts.items() if word in text}
        assert all(hit.message.text == texts[hit.message.seq] for hit in found)


async def check_every_moment(log: SqliteLog, reading: SqliteReading) -> None:
    """Each entry of the room and what was counted before the next one, folded purely, against what is read."""
    room, signals = await entries_of(log, room_stream(ROOM)), await entries_of(log, SIGNALS)
    present = await reading.room_view(ROOM)
    assert present is not None
    assert await reading.room_at(ROOM, seq=len(room)) == (len(room), without_hidden(present[1], present[1].messages))
    assert await reading.room_at(ROOM, seq=len(room) + 1) is None
    places = await log.readers.run(positions_of)
    view = new_room_view(ROOM)
    hidden = [message for entry in room if (message := (await reading.message(ROOM, entry.seq))) is not None]
    now = [message for message, _ in hidden]
    assert await reading.room_at(ROOM, seq=0) == (0, view)
    for entry in room:
        view_room(view, seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
        until = places.get((room_stream(ROOM), entry.seq + 1), 2**62)
        before = [signal for signal in signals if places[SIGNALS, signal.seq] < until]
        expected = unpacked(view)
        expected.tallies = {}
        apply_tally(expected, tallies_in(before, {m.seq for m in expected.messages if m.redacted}))
        if expected.session is not None:
            expected.session.votes = votes_of(expected.session, before)
        assert await reading.room_at(ROOM, seq=entry.seq) == (entry.seq, without_hidden(expected, now)), entry.seq
        if entry.seq == len(room) or room[entry.seq].at > entry.at:
            before = [signal for signal in before if signal.at <= entry.at]
            if expected.session is not None:
                expected.session.votes = votes_of(expected.session, before)
            expected.tallies = {}
            apply_tally(expected, tallies_in(before, {m.seq for m in expected.messages if m.redacted}))
            assert await reading.room_at(ROOM, at=entry.at) == (entry.seq, without_hidden(expected, now))


def without_hidden(view: RoomView, now: list[MessageView]) -> RoomView:
    """The view without what is hidden `now`."""
    view, hidden = unpacked(view), {message.seq: message.hidden for message in now if message.hidden is not None}
    for message in view.messages:
        if message.seq in hidden:
            message.text, message.hidden = "", hidden[message.seq]
    for question in view.session.questions if view.session else ():
        question.text = "" if question.message in hidden else question.text
    return view


def positions_of(connection: apsw.Connection) -> dict[tuple[str, int], int]:
    found = connection.execute("SELECT stream.name, seq, position FROM entry JOIN stream ON stream.id = entry.stream")
    return {(name, seq): position for name, seq, position in found}


def dump(path: Path) -> dict[str, list[Any]]:
    """Every row of every table that a projection made; of the index for search, what it says of itself."""
    connection = apsw.Connection(str(path))
    own = {"meta", "stream", "entry", "receipt", "checkpoint", "projection"}
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    tables = [
        name for name in names if name not in own and not name.startswith(("search_", "sqlite_")) and name != "search"
    ]
    found = {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}
    found["search_day"] = sorted(connection.execute("SELECT * FROM search_day").fetchall())
    connection.close()
    return found


def refold_in_slices(path: Path, size: int) -> None:
    """Drop the tables and fold them anew, by as many entries at a time as asked for."""
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
    (head,) = connection.execute("SELECT max(position) FROM entry").fetchall()[0]
    for projection in (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex()):
        with connection:
            projection.drop(connection)
            projection.create(connection)
            for after in range(0, head, size):
                projection.fold(connection, after=after, upto=min(head, after + size))
            projection.finish(connection)
    connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
    connection.close()


async def check(acts: list[Act], cuts: list[int], size: int) -> None:
    play = Play()
    for person, command in acts:
        play.act(person, command)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.sqlite3"
        log = await SqliteLog.open(path, projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex()))
        reading, waiting = SqliteReading(log.readers), list(play.decided)
        for turn in range(len(waiting)):
            cut = cuts[turn % len(cuts)] if turn else len(PRELUDE)
            group, waiting = waiting[:cut], waiting[cut:]
            if group:
                assert isinstance(await log.append(Append(group, {})), Appended)
                if turn % 3 == 0:
                    assert await folded(reading) == await purely(log)
        expected = await purely(log)
        assert await folded(reading) == expected
        await check_search(log, reading)
        await check_every_moment(log, reading)
        if size == 1:  # else the index that appends left is looked at below
            await log.rebuild()
            assert await folded(reading) == expected
            await check_search(log, reading)
        await log.close()
        before = dump(path)
        refold_in_slices(path, size)
        assert dump(path) == before
        log = await SqliteLog.open(path, projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex()))
        assert await folded(SqliteReading(log.readers)) == expected
        await check_search(log, SqliteReading(log.readers))
        await log.close()


@given(ACTS, CUTS, st.sampled_from([1, 2, 5, 1000]))
@settings(deadline=None, max_examples=30)
def test_tables_show_what_the_pure_fold_shows(acts: list[Act], cuts: list[int], size: int) -> None:
    asyncio.run(check(PRELUDE + acts, cuts, size))


def test_histories_are_rich_enough() -> None:
    """The strategy makes what the test is about: edits, redactions, reactions and pins do happen."""
    seen: dict[str, int] = defaultdict(int)

    @given(ACTS)
    @settings(deadline=None, max_examples=300, database=None, derandomize=True)
    def count(acts: list[Act]) -> None:
        play = Play()
        for person, command in PRELUDE + acts:
            play.act(person, command)
        for one in play.decided:
            for planned in one.events:
                seen[planned.name] += 1

    count()
    expected = {"message_posted", "message_edited", "message_redacted", "reaction_set", "message_pinned",
                "message_unpinned", "thread_resolved", "thread_reopened", "member_left", "member_returned",
                "room_changed", "room_closed", "room_opened", "room_locked", "read_marked", "mentioned",
                "question_published", "question_received", "question_merged",
                "question_unmerged", "question_answered", "question_answering", "question_dismissed", "vote_set",
                "question_restored", "question_reopened", "question_withdrawn", "question_carried",
                "session_closed", "session_marked", "question_reworded", "answer_endorsed",
                "alias_taken", "message_held", "held_released", "held_rejected", "floor_held", "hand_raised",
                "hand_called",
                "poll_opened", "poll_closed", "poll_answered", "pace_set", "message_reported", "staff_noted",
                "approval_required", "member_muted", "question_asked", "message_hidden",
                "message_unhidden"}  # fmt: skip
    assert expected <= seen.keys(), expected - seen.keys()
