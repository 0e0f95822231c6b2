"""Aliases: how one is given, who is told, who may look behind it, and that whatever it does is seen as its own."""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.commands import (
    ChangeRoom,
    CloseRoom,
    EditMessage,
    LeaveCohort,
    LockRoom,
    MuteMember,
    PostMessage,
    RedactMessage,
    ResolveThread,
    SetReaction,
    UnmuteMember,
)
from tertulia.domain.decide_room import decide_room
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.event import Event
from tertulia.domain.events import MemberMuted, Mentioned, MessagePosted, MessageRedacted, Replied, RoomListed
from tertulia.domain.ids import PersonId
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerQuestion,
    AskQuestion,
    HideMessage,
    OpenSession,
    RequireApproval,
    SetWordFilter,
    TakeAlias,
    UnmaskAlias,
    VoteQuestion,
    WithdrawQuestion,
)
from tertulia.domain.session.events import AliasTaken, AliasUnmasked, ApprovalRequired
from tertulia.domain.session.state import Alias
from tests.classroom import Classroom, command, fold_room, packed, unpacked

STAFF, SIGNALS, ROOM = "room/general/staff", "room/general/signals", "room/general"


def classroom(anonymity: str) -> Classroom:
    here = Classroom(kind="session")
    here.gives("ina", ChangeRoom, anonymity=anonymity)
    here.gives("ina", OpenSession)
    return here


@pytest.fixture
def here() -> Classroom:
    """Peers see aliases, staff may know."""
    return classroom("alias")


@pytest.fixture
def sealed() -> Classroom:
    """Staff may not either."""
    return classroom("anonymous")


def says(here: Classroom, name: str, text: str = "So it is.", **fields: Any) -> tuple[int, str]:
    """Under their alias; the seq, and the alias."""
    here.gives(name, PostMessage, text=text, alias=True, **fields)
    alias = here.room.session.aliases[PersonId(name)].alias
    (seq,) = [e.seq for e in here.entries if e.stream == ROOM and e.name == "message_posted"][-1:]
    return seq, alias


def by(here: Classroom, stream: str, kind: type[Event]) -> list[str]:
    """Who readers see as the author of each of these."""
    entries = [entry for entry in here.entries if entry.stream == stream]
    return [entry.by for entry, event in zip(entries, here.in_stream(stream), strict=True) if isinstance(event, kind)]


# --- how one is given ------------------------------------------------------------------------------------------------


def test_there_are_none_unless_the_room_allows_them() -> None:
    here = Classroom()
    for kind, fields in ((PostMessage, {"text": "x", "alias": True}), (TakeAlias, {})):
        assert here.refusal("lea", kind, **fields).code == "alias_not_allowed"  # type: ignore[arg-type]


def test_it_is_given_at_its_first_use_and_stays(here: Classroom) -> None:
    _, alias = says(here, "lea")
    assert alias.startswith("~")
    taken = AliasTaken(room="general", alias=alias, person="lea")
    assert here.in_stream(STAFF) == here.in_stream("user/lea") == [taken]
    assert here.in_stream(SIGNALS) == []
    assert says(here, "lea")[1] == alias
    assert here.gives("lea", TakeAlias) == []
    assert says(here, "len")[1] != alias
    assert here.in_stream(STAFF)[0] == taken
    assert len(here.in_stream(STAFF)) == 2


def test_where_staff_may_not_know_it_stands_where_nobody_reads(sealed: Classroom) -> None:
    _, alias = says(sealed, "lea")
    assert sealed.in_stream(SIGNALS) == sealed.in_stream("user/lea")
    assert sealed.in_stream(SIGNALS) == [AliasTaken(room="general", alias=alias, person="lea")]
    assert sealed.in_stream(STAFF) == []
    assert sealed.room.session.aliases == {"lea": Alias(alias, sealed=True)}


def test_one_may_take_it_before_one_speaks_and_is_told_in_ones_own_stream(here: Classroom) -> None:
    decision = here.decide("lea", command(TakeAlias))
    assert isinstance(decision, Decision)
    assert decision.stream == "user/lea", "the receipt tells nothing of the staff stream"


def test_what_is_said_comes_first_so_that_the_receipt_names_it(here: Classroom) -> None:
    for kind, fields in ((PostMessage, {"text": "x"}), (AskQuestion, {"text": "x"})):
        decision = here.decide("lea", command(kind, alias=True, **fields))
        assert isinstance(decision, Decision)
        assert decision.stream == ROOM
        assert isinstance(decision.happenings[0].event, MessagePosted)
        assert [type(h.event) for h in decision.happenings[-2:]] == [AliasTaken, AliasTaken]


def test_it_comes_from_chance_not_from_the_person_and_no_two_are_alike() -> None:
    aliases = {}
    for name in ("lea", "len"):
        here = classroom("alias")
        aliases[name] = says(here, name)[1]
    assert aliases["lea"] == aliases["len"], "the same chance, another person"
    here = classroom("alias")
    assert len({says(here, name)[1] for name in ("lea", "len", "tad", "ina", "olga")}) == 5


def test_the_id_of_a_question_says_nothing_of_the_alias_that_was_drawn_with_it(here: Classroom) -> None:
    """Who asked one that waits would else be known as soon as the alias speaks."""
    seen = set()
    for alias_id in ("one", "two"):
        asked = decide_room(
            here.room,
            command(AskQuestion, text="Why?", alias=True),
            asker=Asker(PersonId("lea"), "learner"),
            setting=Setting(here.cohort.roles, new_id="the-same", alias_id=alias_id),
            at=here.at,
        )
        assert isinstance(asked, Decision)
        seen.add(asked.happenings[0].by)
    assert len(seen) == 2


def test_a_room_has_only_so_many(here: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    says(here, "lea")
    monkeypatch.setattr(limits, "aliases_max", 1)
    assert here.refusal("len", TakeAlias).code == "too_many"
    says(here, "lea")


def test_the_cohorts_list_says_which_rooms_have_aliases() -> None:
    """A node that has not read the room must know, to tell no typing there."""
    here = Classroom()
    assert here.gives("ina", ChangeRoom, anonymity="alias")[1] == RoomListed(
        room="general", name="General talk", anonymity="alias"
    )
    here.gives("ina", ChangeRoom, name="Trees")
    here.gives("ina", CloseRoom)
    assert here.cohort.rooms[here.room.room].anonymity == "alias"
    here.gives("ina", ChangeRoom, anonymity="off")
    assert here.cohort.rooms[here.room.room].anonymity == "off"
    assert here.cohort.rooms[here.room.room].closed


# --- when the room's promise changes ---------------------------------------------------------------------------------


def test_an_alias_that_staff_know_is_not_used_where_they_may_not(here: Classroom) -> None:
    first, known = says(here, "lea")
    here.gives("ina", ChangeRoom, anonymity="anonymous")
    _, sealed = says(here, "lea")
    assert sealed != known
    assert here.refusal("ina", UnmaskAlias, alias=sealed, reason="Because.").code == "alias_sealed"
    here.gives("lea", EditMessage, message=first, text="It is still hers.")
    here.gives("ina", UnmaskAlias, alias=known, reason="That one was never promised.")
    here.gives("ina", ChangeRoom, anonymity="alias")
    assert says(here, "lea")[1] == sealed, "what was promised holds"
    assert here.refusal("ina", UnmaskAlias, alias=sealed, reason="Because.").code == "alias_sealed"


def test_which_alias_one_has_does_not_hang_on_the_order_the_streams_are_read_in(here: Classroom) -> None:
    says(here, "lea")
    here.gives("ina", ChangeRoom, anonymity="anonymous")
    says(here, "lea")
    for order in ([ROOM, STAFF, SIGNALS], [SIGNALS, STAFF, ROOM]):
        state = RoomState(room=here.room.room)
        for stream in order:
            for entry in here.entries:
                if entry.stream == stream:
                    fold_room(state, entry)
        assert state.session.aliases == here.room.session.aliases
        assert state.session.behind == here.room.session.behind
    assert packed(unpacked(here.room)) == packed(here.room)


# --- whatever it does is its own -------------------------------------------------------------------------------------


def test_its_messages_and_what_is_done_to_them_are_by_the_alias(here: Classroom) -> None:
    seq, alias = says(here, "lea", "Ask @[Len](len)")
    here.gives("lea", EditMessage, message=seq, text="Ask @[Tad](tad)")
    here.gives("lea", ResolveThread, thread=seq)
    here.gives("lea", RedactMessage, message=seq)
    entries = [entry.by for entry in here.entries if entry.stream == ROOM and entry.seq >= seq]
    assert entries == [alias] * 4
    assert by(here, "user/len", Mentioned) == [alias]


def test_its_questions_too(here: Classroom) -> None:
    here.gives("lea", AskQuestion, text="Why?", alias=True)
    (question,) = here.room.session.questions.values()
    alias = question.by
    here.gives("len", PostMessage, text="Because.", reply_to=question.message)
    reply = here.room.head
    here.gives("ina", AnswerQuestion, question=question.question, how="text", message=reply)
    here.gives("lea", AcceptAnswer, question=question.question, message=reply)
    here.gives("lea", AskQuestion, text="How?", alias=True)
    here.gives("lea", WithdrawQuestion, question=list(here.room.session.questions)[-1])
    assert {entry.by for entry in here.entries if entry.stream == ROOM} == {"olga", "ina", "len", alias}
    assert here.refusal("len", WithdrawQuestion, question=question.question).code == "not_author"


def test_an_alias_that_mentions_the_person_behind_it_mentions_them_like_anybody(here: Classroom) -> None:
    """Who is missing among the mentioned would be known."""
    seq, alias = says(here, "lea", "As @[Lea](lea) and @[Len](len) say")
    message = here.in_stream(ROOM)[seq - 1]
    assert isinstance(message, MessagePosted)
    assert message.mentions == ["lea", "len"]
    assert by(here, "user/lea", Mentioned) == by(here, "user/len", Mentioned) == [alias]
    edited = here.gives("lea", EditMessage, message=seq, text="As @[Lea](lea) says")[0]
    assert edited.mentions == ["lea"]  # type: ignore[attr-defined]
    own = here.gives("lea", PostMessage, text="I, @[Lea](lea), say")[0]
    assert own.mentions == [], "in one's own name one does not"  # type: ignore[attr-defined]


def test_who_is_behind_it_is_told_of_replies(here: Classroom) -> None:
    seq, _ = says(here, "lea")
    here.says("len", "Yes?", reply_to=seq)
    assert by(here, "user/lea", Replied) == ["len"]
    here.says("lea", "No.", reply_to=seq)
    assert by(here, "user/lea", Replied) == ["len"], "not of their own"


def test_votes_and_challenges_of_an_alias_are_counted_beside_those_of_the_person(here: Classroom) -> None:
    """Else a sum that is smaller than its parts shows that two of them are one."""
    here.gives("lea", AskQuestion, text="Why?")
    here.gives("lea", AskQuestion, text="But why?", alias=True)
    first, second = here.room.session.questions.values()
    assert len(here.room.session.votes[first.question] | here.room.session.votes[second.question]) == 2
    assert here.refusal("lea", VoteQuestion, question=first.question).code == "already_voted"
    here.gives("lea", VoteQuestion, question=second.question)
    assert here.room.session.votes[second.question] == {second.by, "lea"}
    seq = here.says("len", "It is so.")
    here.gives("lea", SetReaction, message=seq, emoji="challenge", sentence="Is it?")
    here.gives("lea", SetReaction, message=seq, emoji="challenge", sentence="Is it?", alias=True)
    taps = [e.by for e in here.entries if e.stream == SIGNALS and e.name == "reaction_set"]
    assert taps == ["lea", second.by]


# --- staff -----------------------------------------------------------------------------------------------------------


def test_staff_look_behind_it_with_a_reason_that_the_person_is_told(here: Classroom) -> None:
    _, alias = says(here, "lea")
    assert here.refusal("tad", UnmaskAlias, alias=alias, reason=" ").code == "reason_required"
    assert here.refusal("tad", UnmaskAlias, alias="~blue-heron.k3f9", reason="x").code == "unknown_alias"
    assert here.refusal("tad", UnmaskAlias, alias="lea", reason="x").code == "unknown_alias"
    assert here.refusal("len", UnmaskAlias, alias=alias, reason="x").code == "not_allowed"
    unmasked = AliasUnmasked(room="general", alias=alias, person="lea", reason="A threat.")
    assert here.gives("tad", UnmaskAlias, alias=alias, reason="A threat.") == [unmasked, unmasked]
    assert here.in_stream(STAFF)[-1] == here.in_stream("user/lea")[-1] == unmasked
    assert by(here, "user/lea", AliasUnmasked) == ["tad"]


def test_a_sealed_one_nobody_looks_behind(sealed: Classroom) -> None:
    _, alias = says(sealed, "lea")
    assert sealed.refusal("olga", UnmaskAlias, alias=alias, reason="Because.").code == "alias_sealed"


@pytest.mark.parametrize("who", ["lea", "ina"])
def test_what_staff_do_to_a_sealed_one_tells_them_nothing(sealed: Classroom, who: str) -> None:
    """Not in their stream, and not by a refusal: a TA may act on it though it may be an instructor's."""
    seq, alias = says(sealed, who)
    sealed.gives("tad", MuteMember, person=alias, for_s=60, reason="Enough.")
    sealed.gives("tad", UnmuteMember, person=alias, reason="Well.")
    sealed.gives("tad", RequireApproval, person=alias, reason="Careful.")
    sealed.gives("tad", HideMessage, message=seq, reason="Rude.")
    sealed.gives("tad", RedactMessage, message=seq, reason="Rude.")
    staff = sealed.in_stream(STAFF)
    assert [getattr(e, "person", None) for e in staff] == [alias, alias, None]
    assert staff[2] == ApprovalRequired(room="general", alias=alias, reason="Careful.")
    assert isinstance(sealed.in_stream(ROOM)[-1], MessageRedacted)
    assert sealed.in_stream(f"user/{who}")[-3:] == staff
    assert not any(who in repr(event) for event in staff)


def test_a_person_that_left_is_no_less_behind_a_sealed_one(sealed: Classroom) -> None:
    _, alias = says(sealed, "lea")
    sealed.gives("lea", LeaveCohort)
    assert isinstance(sealed.gives("tad", MuteMember, person=alias, for_s=60, reason="Enough.")[0], MemberMuted)


def test_an_alias_that_staff_know_is_protected_by_the_role_behind_it(here: Classroom) -> None:
    seq, alias = says(here, "ina")
    for kind, fields in (
        (MuteMember, {"person": alias, "for_s": 60}),
        (RequireApproval, {"person": alias}),
        (HideMessage, {"message": seq}),
        (RedactMessage, {"message": seq}),
    ):
        assert here.refusal("tad", kind, reason="No.", **fields).code == "not_allowed"  # type: ignore[arg-type]


# --- what an alias may, and what counts for whom ---------------------------------------------------------------------


def test_who_is_muted_is_muted_under_an_alias_too(here: Classroom) -> None:
    says(here, "lea")
    here.gives("tad", MuteMember, person="lea", for_s=60, reason="Enough.")
    for as_alias in (True, False):
        refusal = here.refusal("lea", PostMessage, text="x", alias=as_alias)
        assert (refusal.code, refusal.after_ms) == ("muted", 60_000)


def test_a_sealed_alias_is_muted_alone(sealed: Classroom) -> None:
    """Staff would only have to see who falls silent."""
    seq, alias = says(sealed, "lea")
    sealed.gives("tad", MuteMember, person=alias, for_s=60, reason="Enough.")
    for kind, fields in (
        (PostMessage, {"text": "x", "alias": True}),
        (AskQuestion, {"text": "x", "alias": True}),
        (EditMessage, {"message": seq, "text": "x"}),
    ):
        assert sealed.refusal("lea", kind, **fields).code == "muted"  # type: ignore[arg-type]
    sealed.says("lea", "In my own name.")
    sealed.after(s=60)
    says(sealed, "lea")


def test_slow_mode_and_limits_count_for_each_persona(here: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an alias that speaks is not that of who has just spoken."""
    here.gives("ina", ChangeRoom, slow_mode_s=30)
    says(here, "lea")
    here.after(s=10)
    here.says("lea", "And I.")
    assert here.refusal("lea", PostMessage, text="x", alias=True).after_ms == 20_000
    assert here.refusal("lea", PostMessage, text="x").after_ms == 30_000
    monkeypatch.setattr(limits, "questions_per_person_max", 1)
    for as_alias in (True, False):
        here.gives("lea", AskQuestion, text="Why?", alias=as_alias)
        assert here.refusal("lea", AskQuestion, text="x", alias=as_alias).code == "too_many"


def test_while_anybodys_words_wait_those_of_all_aliases_do(sealed: Classroom) -> None:
    def asked(name: str, *, alias: bool) -> str:
        sealed.gives(name, AskQuestion, text="Why?", alias=alias)
        return list(sealed.room.session.questions.values())[-1].status

    _, alias = says(sealed, "lea")
    assert asked("len", alias=True) == "published"
    sealed.gives("tad", RequireApproval, person=alias, reason="Careful.")
    assert (asked("lea", alias=True), asked("len", alias=True), asked("ina", alias=True)) == ("pending",) * 3
    assert asked("lea", alias=False) == "published", "else staff would see whose it is"
    sealed.gives("tad", RequireApproval, person=alias, on=False, reason="Fine.")
    sealed.gives("tad", RequireApproval, person="len", reason="Careful.")
    assert (asked("lea", alias=True), asked("len", alias=True)) == ("pending",) * 2
    assert (asked("lea", alias=False), asked("len", alias=False)) == ("published", "pending")


def test_staff_under_an_alias_may_no_more_than_learners(here: Classroom) -> None:
    """An alias that speaks in a locked room would be known for one of theirs."""
    seq, _ = says(here, "ina")
    here.gives("ina", SetWordFilter, words=["damn"])
    assert here.refusal("ina", PostMessage, text="damn", alias=True).code == "words_blocked"
    assert here.refusal("ina", EditMessage, message=seq, text="damn").code == "words_blocked"
    assert here.refusal("ina", AskQuestion, text="damn", alias=True).code == "words_blocked"
    here.gives("ina", ChangeRoom, slow_mode_s=30, approve_questions=True)
    here.gives("ina", AskQuestion, text="Why?", alias=True)
    assert list(here.room.session.questions.values())[-1].status == "pending"
    says(here, "ina")
    assert here.refusal("ina", PostMessage, text="x", alias=True).code == "slow_mode"
    here.gives("ina", LockRoom)
    for kind, fields in (
        (PostMessage, {"text": "x", "alias": True}),
        (AskQuestion, {"text": "x", "alias": True}),
        (EditMessage, {"message": seq, "text": "x"}),
        (SetReaction, {"message": seq, "emoji": "challenge", "sentence": "x", "alias": True}),
    ):
        assert here.refusal("ina", kind, **fields).code == "room_locked"  # type: ignore[arg-type]
