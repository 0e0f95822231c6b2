"""What every implementation of reading promises. A test file derives a class and gives the fixture `open_school`.

Method: events are appended through the log's port as the domain writes them, and read back through `Reading`. `settle`
waits for what may lag (search). The fold of whole histories is compared elsewhere (test_projections_fold.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import (
    CohortCreated,
    MemberBanned,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberReturned,
    Mentioned,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ReactionSet,
    ReadMarked,
    Replied,
    RoleChanged,
    RoomChanged,
    RoomClosed,
    RoomCreated,
    RoomListed,
    RoomLocked,
    RoomOpened,
    RoomUnlocked,
    ThreadReopened,
    ThreadResolved,
)
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
from tertulia.domain.room import MessageFact
from tertulia.domain.session.events import (
    PaceSet,
    PollAnswered,
    PollOpened,
    QuestionMerged,
    QuestionPublished,
    QuestionUnmerged,
    SessionClosed,
    SessionOpened,
    VoteSet,
)
from tertulia.domain.view import LastReply, ListedMember, ListedRoom, MentionView, UserView
from tertulia.eventlog import Append, Appended, Decided, EventLog, Planned
from tertulia.projections import MessagesPage, MySession, Reading, Revision, SessionCounts, Unread
from tertulia.wire.stored import encode_event

ROOM, OTHER, COHORT = RoomId("general"), RoomId("other"), CohortId("demo")
ANA, BEN, EVE = PersonId("p-ana"), PersonId("p-ben"), PersonId("p-eve")


@dataclass(slots=True)
class School:
    """A log, reading, and time that passes a second with each event."""

    log: EventLog
    reading: Reading
    settle: Callable[[], Awaitable[None]]
    seconds: count[int] = field(default_factory=lambda: count(1_700_000_000))

    async def happen(self, stream: StreamName, *events: Event, by: PersonId = ANA, at: int | None = None) -> list[int]:
        """Append these events; their seqs."""
        decisions = []
        for event in events:
            name, data = encode_event(event)
            redacts = ((stream, event.message),) if isinstance(event, MessageRedacted) else ()
            when = next(self.seconds) * 1000 if at is None else at
            planned = (Planned(stream, by, name, data),)
            decisions.append(Decided(by, None, b"", when, stream, planned, redacts))
        outcome = await self.log.append(Append(decisions, {}))
        assert isinstance(outcome, Appended)
        return [receipt.seq for receipt in outcome.receipts]

    async def room(self, room: RoomId = ROOM, **settings: Any) -> None:
        settings = {"cohort": COHORT, "name": room.title(), "emoji": ["👍", "💡"]} | settings
        await self.happen(room_stream(room), RoomCreated(**settings))

    async def say(
        self,
        *texts: str,
        by: PersonId = ANA,
        room: RoomId = ROOM,
        reply_to: int | None = None,
        thread: int | None = None,
        at: int | None = None,
    ) -> list[int]:
        thread = reply_to if thread is None else thread
        posts = [MessagePosted(text=text, reply_to=reply_to, thread=thread) for text in texts]
        return await self.happen(room_stream(room), *posts, by=by, at=at)

    async def do(self, *events: Event, by: PersonId = ANA, room: RoomId = ROOM) -> list[int]:
        return await self.happen(room_stream(room), *events, by=by)

    async def react(self, message: int, *emoji: str, by: PersonId = ANA, on: bool = True) -> None:
        events = [ReactionSet(message=message, emoji=one, on=on) for one in emoji]
        await self.happen(room_signals_stream(ROOM), *events, by=by)

    async def signal(self, *events: Event, by: PersonId = ANA) -> None:
        await self.happen(room_signals_stream(ROOM), *events, by=by)

    async def ask(self, *questions: str, by: PersonId = ANA) -> None:
        """Publish questions that say their own ids."""
        for question in questions:
            (seq,) = await self.do(MessagePosted(text=question, kind="question", question=question), by=by)
            at = next(self.seconds) * 1000
            await self.do(QuestionPublished(question=question, message=seq, asker=by, asked_at=at), by=by)

    async def page(self, limit: int = 10, **where: int) -> MessagesPage:
        return await self.reading.messages(ROOM, person=ANA, limit=limit, **where)


OpenSchool = Callable[[], Awaitable[School]]


def seqs(page: MessagesPage) -> list[int]:
    return [message.seq for message in page.messages]


class ReadingContract:
    @pytest.fixture
    async def open_school(self) -> OpenSchool:
        raise NotImplementedError

    @pytest.fixture
    async def school(self, open_school: OpenSchool) -> School:
        return await open_school()

    # --- rooms ------------------------------------------------------------------------------------------------

    async def test_a_room_that_was_never_made_has_no_view(self, school: School) -> None:
        assert await school.reading.room_view(ROOM) is None
        assert await school.reading.cohort_of(ROOM) is None
        assert await school.page() == MessagesPage([], {}, {}, False, False, 0)

    async def test_a_rooms_settings_are_as_they_were_last_set(self, school: School) -> None:
        await school.room(kind="case", topic="Trees", slow_mode_s=5)
        seq, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert (seq, view.cohort, view.name, view.kind, view.topic) == (1, COHORT, "General", "case", "Trees")
        assert (view.emoji, view.slow_mode_s, view.locked, view.closed) == (["👍", "💡"], 5, False, False)
        assert (view.messages, view.pins, view.tallies, view.has_more) == ([], [], {}, False)
        await school.do(RoomChanged(topic="", emoji=[]), RoomChanged(name="New"), RoomLocked(), RoomClosed())
        seq, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert (seq, view.name, view.topic, view.emoji, view.slow_mode_s) == (5, "New", "", [], 5)
        assert (view.locked, view.closed) == (True, True)
        await school.do(RoomUnlocked(), RoomOpened(), RoomChanged(slow_mode_s=0))
        _, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert (view.locked, view.closed, view.slow_mode_s) == (False, False, 0)
        assert await school.reading.cohort_of(ROOM) == COHORT

    async def test_a_rooms_view_shows_the_newest_threads_with_their_replies_counted(self, school: School) -> None:
        await school.room()
        await school.say(*(f"message {n}" for n in range(limits.snapshot_messages)))
        _, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert (view.messages[0].seq, view.has_more) == (2, False)
        (reply,) = await school.say("reply", by=BEN, reply_to=3)
        await school.say("reply to the reply", by=EVE, reply_to=reply, thread=3)
        (newest,) = await school.say("newest")
        seq, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert seq == newest
        assert [message.seq for message in view.messages] == [*range(3, 52), newest]
        assert view.has_more
        first = view.messages[0]
        assert (first.text, first.replies, first.reply_to, first.thread) == ("message 1", 2, None, None)
        assert first.last_reply == LastReply(reply + 1, first.at + 50_000, EVE)

    async def test_the_view_stands_at_exactly_its_seq_while_others_write(self, school: School) -> None:
        """Every message says its own seq; a view at seq n must show message n and nothing later."""
        await school.room()

        async def write() -> None:
            for n in range(2, 120):
                await school.say(f"{n}")

        writing = asyncio.ensure_future(write())
        looks = 0
        while not writing.done():
            seq, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
            assert view.messages == [] if seq == 1 else view.messages[-1].text == str(seq)
            looks += 1
        await writing
        assert looks > 10

    # --- messages ---------------------------------------------------------------------------------------------

    async def test_a_message_has_its_latest_wording_and_keeps_the_others(self, school: School) -> None:
        await school.room()
        (seq,) = await school.say("first")
        edits = [MessageEdited(message=seq, text=f"edit {n}", revision=n, mentions=[BEN]) for n in (1, 2)]
        second, third = await school.do(*edits)
        message, wordings = await school.reading.message(ROOM, seq) or pytest.fail("no message")
        assert (message.text, message.revision, message.mentions) == ("edit 2", 2, [BEN])
        assert [(one.seq, one.text) for one in wordings] == [(seq, "first"), (second, "edit 1"), (third, "edit 2")]
        assert wordings[0] == Revision(seq, message.at, "first")
        assert await school.reading.message(ROOM, 1) is None
        assert await school.reading.message(ROOM, 2**70) is None

    async def test_a_redacted_message_has_no_text_pin_or_reaction_left(self, school: School) -> None:
        await school.room()
        (seq,) = await school.say("regretted")
        await school.do(MessagePinned(message=seq), MessageEdited(message=seq, text="worse", revision=1))
        await school.react(seq, "👍")
        await school.do(MessageRedacted(message=seq))
        await school.react(seq, "💡", by=BEN)  # came too late: it does not count
        _, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert (view.pins, view.tallies) == ([], {})
        message, wordings = await school.reading.message(ROOM, seq) or pytest.fail("no message")
        assert message == view.messages[0]
        assert (message.redacted, message.text, message.revision, wordings) == (True, "", 1, [])
        assert await school.reading.tallies(ROOM, [seq]) == {str(seq): {}}

    async def test_pins_stand_in_the_order_they_were_set(self, school: School) -> None:
        await school.room()
        await school.say("a", "b", "c")
        await school.do(*(MessagePinned(message=m) for m in (3, 2, 4)))
        await school.do(MessageUnpinned(message=2), MessagePinned(message=3), MessageUnpinned(message=99))
        _, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert view.pins == [4, 3]

    async def test_a_thread_is_resolved_and_reopened(self, school: School) -> None:
        await school.room()
        await school.say("a", "b")
        await school.do(ThreadResolved(thread=2), ThreadResolved(thread=3), ThreadReopened(thread=2))
        assert [m.resolved for m in (await school.page()).messages] == [False, True]

    async def test_facts_tell_what_decisions_need(self, school: School) -> None:
        await school.room()
        await school.say("a", "b")
        await school.say("reply", by=BEN, reply_to=2)
        await school.do(MessageEdited(message=2, text="A", revision=1), MessageRedacted(message=3))
        assert await school.reading.message_facts(ROOM, [1, 2, 3, 4, 5, 99]) == {
            2: MessageFact(2, ANA, 2, redacted=False, revision=1),
            3: MessageFact(3, ANA, 3, redacted=True, revision=0),
            4: MessageFact(4, BEN, 2, redacted=False, revision=0),
        }

    # --- pages ------------------------------------------------------------------------------------------------

    async def test_pages_follow_each_other_in_both_directions(self, school: School) -> None:
        """20 threads at the even seqs 2 to 40; a reply at each odd one."""
        await school.room()
        for seq in range(2, 42, 2):
            await school.say("thread")
            await school.say("reply", reply_to=seq)
        threads = list(range(2, 42, 2))
        newest = await school.page(limit=6)
        assert (seqs(newest), newest.has_before, newest.has_after) == (threads[-6:], True, False)
        older = await school.page(limit=6, before=newest.messages[0].seq)
        assert (seqs(older), older.has_before, older.has_after) == (threads[-12:-6], True, True)
        first = await school.page(limit=6, after=0)
        assert (seqs(first), first.has_before, first.has_after) == (threads[:6], False, True)
        last = await school.page(limit=6, after=threads[-4])
        assert (seqs(last), last.has_before, last.has_after) == (threads[-3:], True, False)
        assert newest.seq == older.seq == 41

    async def test_a_page_beyond_either_end_is_empty_and_says_where_the_rest_is(self, school: School) -> None:
        await school.room()
        await school.say("only")
        for where in ({"before": 2}, {"before": 0}, {"before": -5}):
            page = await school.page(**where)
            assert (seqs(page), page.has_before, page.has_after) == ([], False, True)
        for where in ({"after": 2}, {"after": 2**70}):
            page = await school.page(**where)
            assert (seqs(page), page.has_before, page.has_after) == ([], True, False)
        assert seqs(await school.page(before=2**70)) == [2]
        assert seqs(await school.page(limit=0)) == []

    async def test_a_page_around_a_message_fills_up_at_the_ends(self, school: School) -> None:
        await school.room()
        await school.say(*"abcdefghij")  # 2 … 11
        (reply,) = await school.say("reply", reply_to=6)
        cases = {
            6: [4, 5, 6, 7, 8],
            reply: [4, 5, 6, 7, 8],
            2: [2, 3, 4, 5, 6],
            11: [7, 8, 9, 10, 11],
            1: [2, 3, 4, 5, 6],
        }
        for around, expected in cases.items():
            page = await school.page(limit=5, around=around)
            assert seqs(page) == expected, around
            assert (page.has_before, page.has_after) == (expected[0] > 2, expected[-1] < 11)
        assert seqs(await school.page(limit=50, around=6)) == list(range(2, 12))
        assert seqs(await school.page(limit=1, around=6)) == [6]

    async def test_a_thread_is_its_first_message_and_its_replies_page_by_page(self, school: School) -> None:
        await school.room()
        await school.say("thread", "another")
        replies = [(await school.say(f"reply {n}", by=BEN, reply_to=2))[0] for n in range(5)]
        await school.say("elsewhere", reply_to=3)

        async def thread(after: int, limit: int = 3) -> MessagesPage:
            page = await school.reading.thread(ROOM, 2, person=ANA, after=after, limit=limit)
            return page or pytest.fail("no thread")

        first = await thread(0)
        assert (seqs(first), first.has_before, first.has_after) == ([2, *replies[:3]], False, True)
        assert (first.messages[1].reply_to, first.messages[1].thread) == (2, 2)
        rest = await thread(replies[2])
        assert (seqs(rest), rest.has_before, rest.has_after) == (replies[3:], True, False)
        assert seqs(await thread(replies[4])) == []
        for no_thread in (1, replies[0], 99):
            assert await school.reading.thread(ROOM, no_thread, person=ANA, after=0, limit=3) is None

    # --- reactions --------------------------------------------------------------------------------------------

    async def test_a_tally_counts_people_not_taps(self, school: School) -> None:
        await school.room()
        await school.say("a", "b", "c")
        for person in (ANA, BEN, ANA):
            await school.react(2, "👍", by=person)
        await school.react(2, "💡", "👍", by=EVE)
        await school.react(3, "💡")
        await school.react(3, "💡", on=False)
        await school.react(3, "👍", on=False, by=BEN)
        await school.react(2, "💡", on=False, by=EVE)
        await school.react(99, "👍")
        assert await school.reading.tallies(ROOM, [2, 3, 4, 99]) == {"2": {"👍": 3}, "3": {}, "4": {}, "99": {}}
        assert await school.reading.mine(ROOM, EVE, [2, 3]) == {"2": ["👍"], "3": []}
        page = await school.page()
        assert (page.tallies, page.mine) == ({"2": {"👍": 3}}, {"2": ["👍"]})
        _, view = await school.reading.room_view(ROOM) or pytest.fail("no room")
        assert view.tallies == {"2": {"👍": 3}}
        assert await school.reading.tallies(ROOM, []) == {}

    # --- live sessions ----------------------------------------------------------------------------------------

    async def test_votes_polls_and_pace_are_counted_by_people_in_the_last_session(self, school: School) -> None:
        await school.room(kind="session")
        await school.do(SessionOpened())
        await school.ask("q-old")
        await school.signal(VoteSet(question="q-old"), PaceSet(pace="ok"))
        await school.do(SessionClosed(), SessionOpened())
        assert await school.reading.session_counts(ROOM) == SessionCounts({}, {}, {}, {})
        await school.ask("q-1", "q-2", "q-3")
        (poll,) = await school.do(PollOpened(text="Which?", options=["a", "b", "c"], kind="multiple"))
        for person in (ANA, BEN):
            await school.signal(VoteSet(question="q-1"), VoteSet(question="q-2"), by=person)
        await school.signal(VoteSet(question="q-2"), VoteSet(question="q-3"), by=EVE)
        await school.signal(VoteSet(question="q-1", on=False), by=BEN)
        await school.signal(PollAnswered(poll=poll, choices=[0, 2]), PollAnswered(poll=poll, choices=[2]))
        await school.happen(room_staff_stream(ROOM), PollAnswered(poll=poll, choices=[0, 2]), by=BEN)
        await school.signal(PaceSet(pace="lost"), PaceSet(pace="fast"))
        await school.signal(PaceSet(pace="fast"), PaceSet(), by=BEN)
        counts = await school.reading.session_counts(ROOM)
        assert counts.votes == {"q-1": 1, "q-2": 3, "q-3": 1}
        assert (counts.answered, counts.bars) == ({str(poll): 2}, {str(poll): {"0": 1, "2": 2}})
        assert counts.pace == {"fast": 1}
        await school.do(QuestionMerged(question="q-1", into="q-2"), QuestionMerged(question="q-2", into="q-3"))
        assert (await school.reading.session_counts(ROOM)).votes == {"q-1": 1, "q-2": 3, "q-3": 3}
        await school.do(QuestionUnmerged(question="q-2"))
        assert (await school.reading.session_counts(ROOM)).votes == {"q-1": 1, "q-2": 3, "q-3": 1}

    async def test_what_one_did_in_a_session_is_ones_own(self, school: School) -> None:
        await school.room(kind="session")
        assert await school.reading.my_session(ROOM, ANA) == MySession([], {}, None)
        await school.do(SessionOpened())
        await school.ask("q-1", "q-2")
        (poll,) = await school.do(PollOpened(text="Why?", kind="short"))
        await school.signal(VoteSet(question="q-2"), VoteSet(question="q-1"), PaceSet(pace="lost"))
        await school.signal(PollAnswered(poll=poll, text="Because"))
        mine = MySession(["q-1", "q-2"], {str(poll): {"choices": [], "text": "Because"}}, "lost")
        assert await school.reading.my_session(ROOM, ANA) == mine
        assert await school.reading.my_session(ROOM, BEN) == MySession([], {}, None)
        await school.signal(VoteSet(question="q-2", on=False), PaceSet())
        assert await school.reading.my_session(ROOM, ANA) == mine._replace(votes=["q-1"], pace=None)
        await school.do(SessionClosed(), SessionOpened())
        assert await school.reading.my_session(ROOM, ANA) == MySession([], {}, None)

    # --- cohorts ----------------------------------------------------------------------------------------------

    async def test_a_cohort_lists_its_rooms_and_the_members_who_are_here(self, school: School) -> None:
        stream = cohort_stream(COHORT)
        assert await school.reading.cohort_view(COHORT) is None
        await school.happen(
            stream,
            CohortCreated(name="Autumn", course="cs", course_name="Algorithms"),
            RoomListed(room=ROOM, name="General"),
            RoomListed(room=OTHER, name="Other", kind="team"),
            *(MemberJoined(person=p, name=p.title(), role="learner", goal="learn") for p in (ANA, BEN, EVE)),
            RoomListed(room=ROOM, name="Renamed", closed=True),
            MemberLeft(person=ANA),
            MemberRenamed(person=BEN, name="Benjamin"),
            RoleChanged(person=BEN, role="ta"),
            MemberLeft(person=EVE),
            MemberReturned(person=ANA, name="Ana II", role="learner"),
        )
        await school.happen(user_stream(BEN), RoleChanged(person=BEN, role="owner"))  # what Ben is told, not what is
        seq, view = await school.reading.cohort_view(COHORT) or pytest.fail("no cohort")
        assert (seq, view.cohort, view.name, view.course, view.course_name) == (
            12, COHORT, "Autumn", "cs", "Algorithms",
        )  # fmt: skip
        assert view.rooms == [
            ListedRoom(room=ROOM, name="Renamed", kind="discussion", closed=True),
            ListedRoom(room=OTHER, name="Other", kind="team", closed=False),
        ]
        assert list(view.members.items()) == [
            (BEN, ListedMember(name="Benjamin", role="ta")),
            (ANA, ListedMember(name="Ana II", role="learner")),
        ]
        assert view.member_count == 2
        assert await school.reading.members(COHORT, [ANA, EVE, PersonId("p-nobody")]) == {
            ANA: {"name": "Ana II", "role": "learner", "here": True},
            EVE: {"name": "P-Eve", "role": "learner", "here": False},
        }

    async def test_a_large_cohort_lists_who_joined_last_and_counts_all(self, school: School) -> None:
        people = [PersonId(f"p-{n:04d}") for n in range(limits.snapshot_members_max + 7)]
        await school.happen(
            cohort_stream(COHORT),
            CohortCreated(name="Big", course="cs", course_name="Algorithms"),
            *(MemberJoined(person=person, name="N", role="learner") for person in people),
            MemberLeft(person=people[-1]),
        )
        _, view = await school.reading.cohort_view(COHORT) or pytest.fail("no cohort")
        assert list(view.members) == people[6:-1]
        assert view.member_count == len(people) - 1

    # --- one person -------------------------------------------------------------------------------------------

    async def test_a_person_has_markers_that_never_go_back_and_their_newest_mentions(self, school: School) -> None:
        stream = user_stream(ANA)
        assert await school.reading.user_view(ANA) == (0, UserView())
        await school.happen(
            stream,
            *(ReadMarked(room=ROOM, seq=seq) for seq in (5, 9, 7)),
            ReadMarked(room=ROOM, seq=3, thread=2),
            ReadMarked(room=OTHER, seq=1),
        )
        mentions = [Mentioned(room=ROOM, message=n, thread=n % 2 or None) for n in range(60)]
        await school.happen(stream, *mentions, by=BEN)
        seq, view = await school.reading.user_view(ANA)
        assert (seq, view.markers) == (65, {ROOM: {"": 9, "2": 3}, OTHER: {"": 1}})
        assert [mention.message for mention in view.mentions] == list(range(10, 60))
        at = 1_700_000_000_000 + 64_000
        assert view.mentions[-1] == MentionView(room=ROOM, message=59, thread=1, at=at, by=BEN)

    async def test_unread_counts_what_others_wrote_after_the_marker(self, school: School) -> None:
        await school.room()
        await school.say("a", "b", "c", by=BEN)
        await school.say("mine")
        await school.say("reply", by=BEN, reply_to=2)
        await school.do(MessageRedacted(message=4), by=BEN)
        await school.happen(user_stream(ANA), ReadMarked(room=ROOM, seq=2), ReadMarked(room=ROOM, seq=6, thread=2))
        assert await school.reading.unread(ANA, [ROOM, OTHER]) == {ROOM: Unread(7, 2, 2), OTHER: Unread(0, 0, 0)}
        assert await school.reading.unread(BEN, [ROOM]) == {ROOM: Unread(7, 0, 1)}
        await school.happen(user_stream(EVE), ReadMarked(room=ROOM, seq=6, thread=2))  # a thread, not the room
        assert await school.reading.unread(EVE, [ROOM]) == {ROOM: Unread(7, 0, 4)}
        await school.say(*("more" for _ in range(limits.unread_count_max + 5)), by=BEN)
        (unread,) = (await school.reading.unread(ANA, [ROOM])).values()
        assert unread.unread == limits.unread_count_max
        assert await school.reading.unread(ANA, []) == {}

    async def test_an_export_holds_everything_about_one_person_and_nothing_of_another(self, school: School) -> None:
        await school.room()
        await school.happen(
            cohort_stream(COHORT),
            CohortCreated(name="Autumn", course="cs", course_name="Algorithms"),
            MemberJoined(person=ANA, name="Ana", role="learner", goal="to learn"),
            MemberJoined(person=BEN, name="Ben", role="learner"),
        )
        many = limits.page_events_max + 3
        await school.say(*(f"mine {n}" for n in range(many)))
        await school.do(MessageEdited(message=2, text="mine, reworded", revision=1), MessageRedacted(message=3))
        await school.say("not mine", by=BEN)
        await school.react(2, "💡", "👍")
        await school.react(2, "👍", by=BEN)
        await school.happen(user_stream(ANA), ReadMarked(room=ROOM, seq=9), Mentioned(room=ROOM, message=4), by=BEN)
        await school.happen(
            user_stream(ANA),
            Replied(room=ROOM, message=5, to=4, thread=4),
            MemberBanned(person=ANA, reason="spam"),
            by=EVE,
        )
        exported = await asyncio.to_thread(lambda: list(school.reading.person_export(ANA)))
        kinds = [one["kind"] for one in exported]
        assert kinds[:3] == ["person", "membership", "message"]
        assert kinds[-6:] == ["reaction", "reaction", "marker", "mentioned", "replied", "member_banned"]
        messages = [one for one in exported if one["kind"] == "message"]
        assert [message["seq"] for message in messages] == list(range(2, many + 2))
        wordings = [[wording["text"] for wording in message["wordings"]] for message in messages[:3]]
        assert wordings == [["mine 0", "mine, reworded"], [], ["mine 2"]]
        assert exported[1] == {
            "kind": "membership", "cohort": COHORT, "cohort_name": "Autumn", "name": "Ana", "role": "learner",
            "goal": "to learn", "joined_at": 1_700_000_002_000, "here": True,
        }  # fmt: skip
        assert [one["emoji"] for one in exported if one["kind"] == "reaction"] == ["👍", "💡"]
        assert exported[-1]["data"] == {"person": ANA, "reason": "spam"}
        assert "not mine" not in str(exported)
        nobody = await asyncio.to_thread(lambda: list(school.reading.person_export(PersonId("p-nobody"))))
        assert nobody == [{"kind": "person", "person": "p-nobody"}]
