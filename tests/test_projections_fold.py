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
from tertulia.domain.decision import Asker, Decision
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted, ReactionSet
from tertulia.domain.ids import CohortId, PersonId, RoomId, StreamName, cohort_stream, room_stream, user_stream
from tertulia.domain.person import PersonState, apply_person, decide_mark_read
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState, apply_room
from tertulia.domain.view import apply_cohort as view_cohort
from tertulia.domain.view import apply_room as view_room
from tertulia.domain.view import apply_tally, new_cohort_view, new_room_view, new_user_view
from tertulia.domain.view import apply_user as view_user
from tertulia.eventlog import Append, Appended, Decided, Planned
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.wire.stored import Entry, decode_event, encode_event

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
    of_room(MarkRead, seq=MESSAGE, thread=st.sampled_from([None, 2, 3])),
    st.builds(lambda n: RenameMember(key=KEY, name=f"Name {n}"), st.integers(0, 3)),
    st.builds(lambda p: ChangeRole(key=KEY, person=p, role="ta"), st.sampled_from(PEOPLE_IDS)),
    st.builds(lambda p: BanMember(key=KEY, person=p, reason="Because"), st.sampled_from(PEOPLE_IDS)),
    st.builds(lambda p: UnbanMember(key=KEY, person=p, reason="Because"), st.sampled_from(PEOPLE_IDS)),
    st.just(LeaveCohort(key=KEY)),
    st.builds(lambda n: CreateRoom(key=KEY, name=f"Room {n}"), st.integers(0, 3)),
)
ACTORS = st.sampled_from([OWNER, OWNER, *PEOPLE_IDS])
# What is done is often undone later; what closes a room or empties it would leave little to see.
UNDONE = {
    CloseRoom: lambda closed: OpenRoom(key=KEY, room=ROOM),
    LockRoom: lambda locked: UnlockRoom(key=KEY, room=ROOM),
    PinMessage: lambda pin: UnpinMessage(key=KEY, room=ROOM, message=pin.message),
    ResolveThread: lambda resolve: ReopenThread(key=KEY, room=ROOM, thread=resolve.thread),
    BanMember: lambda ban: UnbanMember(key=KEY, person=ban.person, reason="Because"),
}
Act = tuple[PersonId, Any]


def with_undoing(act: Act) -> st.SearchStrategy[list[Act]]:
    undo = UNDONE.get(type(act[1]))
    if undo is None:
        return st.just([act])
    undone = st.just([act, (OWNER, undo(act[1]))])
    return undone if isinstance(act[1], CloseRoom | LockRoom) else undone | st.just([act])


ACTS = (
    st.lists(st.tuples(ACTORS, COMMANDS | COMMANDS | st.none()).flatmap(with_undoing), min_size=10, max_size=60)
    .map(lambda acts: [act for some in acts for act in some])
    .map(lambda acts: [act for act in acts if act != (OWNER, LeaveCohort(key=KEY))])
)
PRELUDE: list[Act] = [
    *((person, None) for person in PEOPLE_IDS),
    *((person, PostMessage(key=KEY, room=ROOM, text=word)) for person, word in zip(PEOPLE_IDS, WORDS, strict=False)),
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
        self._accept(OWNER, decide_room_made(COHORT, ROOM, name="General", kind="discussion"))
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
            asker, roles = Asker(person, role), self.cohort.roles
            self._accept(person, decide_room(self.room, command, asker=asker, roles=roles, at=self.at))
        else:
            new_id = f"n{len(self.decided)}"
            self._accept(
                person,
                decide_cohort(self.cohort, command, asker=Asker(person, role), at=self.at, new_id=new_id),
            )

    def _accept(self, person: PersonId, decision: Decision | Refusal) -> None:
        if isinstance(decision, Refusal) or not decision.happenings:
            return
        planned = []
        for stream, event in ((happening.stream, happening.event) for happening in decision.happenings):
            self.heads[stream] += 1
            planned.append(Planned(stream, person, *encode_event(event)))
            seq = self.heads[stream]
            if stream == room_stream(ROOM):
                apply_room(self.room, seq=seq, at=self.at, by=person, event=event)
            elif stream == "cohort/demo":
                apply_cohort(self.cohort, seq=seq, event=event)
            elif stream == "cohort/demo/staff":
                apply_cohort_staff(self.cohort, seq=seq, event=event)
            elif stream.startswith("user/"):
                apply_person(self.people[PersonId(stream[5:])], seq=seq, event=event)
        self.decided.append(Decided(person, None, b"", self.at, decision.stream, tuple(planned), decision.redacts))


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
    people = {}
    for person in PEOPLE_IDS:
        people[person] = new_user_view()
        for entry in await entries_of(log, user_stream(person)):
            view_user(people[person], seq=entry.seq, at=entry.at, by=entry.by, event=decode_event(entry))
    return {"room": room, "cohort": cohort, "order": list(cohort.members), "people": people}


async def tallies_of(log: SqliteLog) -> dict[str, dict[str, int]]:
    redacted = {
        event.message
        for entry in await entries_of(log, room_stream(ROOM))
        if isinstance(event := decode_event(entry), MessageRedacted)
    }
    reactions: dict[tuple[int, str], set[str]] = defaultdict(set)
    for entry in await entries_of(log, SIGNALS):
        event = decode_event(entry)
        assert isinstance(event, ReactionSet)
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
    return {"room": room[1], "cohort": cohort[1], "order": list(cohort[1].members), "people": people}


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
        found = await reading.search([ROOM], word, limit=50)
        assert {hit.message.seq for hit in found} == {seq for seq, text in texts.items() if word in text}
        assert all(hit.message.text == texts[hit.message.seq] for hit in found)


def refold_in_slices(path: Path, size: int) -> None:
    """Drop the tables and fold them anew, by as many entries at a time as asked for."""
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
    (head,) = connection.execute("SELECT max(position) FROM entry").fetchall()[0]
    for projection in (ROOMS, PEOPLE, SESSIONS, SessionViews(), SearchIndex()):
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
        log = await SqliteLog.open(path, projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), SearchIndex()))
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
        if size == 1:  # else the index that appends left is looked at below
            await log.rebuild()
            assert await folded(reading) == expected
            await check_search(log, reading)
        await log.close()
        refold_in_slices(path, size)
        log = await SqliteLog.open(path, projections=(ROOMS, PEOPLE, SESSIONS, SessionViews(), SearchIndex()))
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
                "room_changed", "room_closed", "room_opened", "room_locked", "read_marked", "mentioned"}  # fmt: skip
    assert expected <= seen.keys(), expected - seen.keys()
