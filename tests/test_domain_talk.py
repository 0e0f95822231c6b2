"""What is said in a room: posts, replies, mentions, edits, redactions, reactions, pins, threads; who may not."""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.commands import (
    BanMember,
    ChangeRole,
    ChangeRoom,
    CloseRoom,
    EditMessage,
    LeaveCohort,
    LockRoom,
    MuteMember,
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
from tertulia.domain.decision import Decision
from tertulia.domain.events import (
    Mentioned,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ReactionSet,
    Replied,
    ThreadReopened,
    ThreadResolved,
)
from tertulia.domain.refusals import Refusal
from tertulia.domain.session.commands import MarkMindChanged
from tertulia.domain.session.events import MindChanged
from tests.classroom import Classroom, command

MUTE_S = 60


@pytest.fixture
def here() -> Classroom:
    return Classroom()


# --- posts, replies, mentions ------------------------------------------------------------------------------------


def test_a_message_is_its_clean_text_and_its_id_is_its_seq(here: Classroom) -> None:
    assert here.gives("lea", PostMessage, text=" Why?\r\n") == [MessagePosted(text=" Why?")]
    assert here.room.head == 2
    assert here.says("len", "So") == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "text_empty"), (" \n", "text_empty"), ("\u200b", "text_empty"), ("a" * 8_001, "text_too_long")],
)
def test_a_text_that_is_none_is_refused(here: Classroom, text: str, code: str) -> None:
    seq = here.says("lea", "Hi")
    assert here.refusal("lea", PostMessage, text=text).code == code
    assert here.refusal("lea", EditMessage, message=seq, text=text).code == code


def test_a_reply_says_which_message_it_answers_and_which_one_began_the_thread(here: Classroom) -> None:
    first = here.says("lea", "Why?")
    second = here.says("len", "So", reply_to=first)
    posted, _ = here.gives("tad", PostMessage, text="Not so", reply_to=second)
    assert posted == MessagePosted(text="Not so", reply_to=second, thread=first)


def test_the_one_who_is_answered_is_told_once_and_not_by_themselves(here: Classroom) -> None:
    first = here.says("lea", "Why?")
    here.says("lea", "Nobody?", reply_to=first)
    assert here.in_stream("user/lea") == []
    reply = here.says("len", "So", reply_to=first)
    assert here.in_stream("user/lea") == [Replied(room="general", message=reply, to=first, thread=first)]
    both = here.says("len", "@[Lea](lea) see", reply_to=first)
    assert here.in_stream("user/lea")[1:] == [Mentioned(room="general", message=both, thread=first)]


def test_one_who_is_gone_is_told_nothing(here: Classroom) -> None:
    first = here.says("lea", "Why?")
    here.gives("lea", LeaveCohort)
    assert here.gives("len", PostMessage, text="@[Lea](lea) So", reply_to=first) == [
        MessagePosted(text="@[Lea](lea) So", reply_to=first, thread=first)
    ]


def test_members_who_are_named_are_told_others_and_oneself_are_not(here: Classroom) -> None:
    text = "@[Len](len) @[Me](lea) @[Nobody](p-nobody) @[Tad](tad) @[Len](len)"
    posted, to_len, to_tad = here.gives("lea", PostMessage, text=text)
    assert posted == MessagePosted(text=text, mentions=["len", "tad"])
    assert to_len == to_tad == Mentioned(room="general", message=2)
    assert [len(here.in_stream(f"user/{name}")) for name in ("len", "tad", "lea")] == [1, 1, 0]


@pytest.mark.parametrize("seq", [1, 3, 99, 2**53 - 1])
def test_only_messages_of_the_room_can_be_answered_changed_or_reacted_to(here: Classroom, seq: int) -> None:
    """1 is the making of the room; 2 is a message; 3 is yet to come."""
    here.says("tad", "Hi")
    tries: list[tuple[type, dict[str, Any]]] = [
        (PostMessage, {"text": "So", "reply_to": seq}),
        (EditMessage, {"message": seq, "text": "x"}),
        (RedactMessage, {"message": seq, "reason": "x"}),
        (SetReaction, {"message": seq, "emoji": "👍"}),
        (PinMessage, {"message": seq}),
        (UnpinMessage, {"message": seq}),
        (ResolveThread, {"thread": seq}),
        (ReopenThread, {"thread": seq}),
    ]
    for kind, fields in tries:
        assert here.refusal("tad", kind, **fields).code == "unknown_message", kind


# --- edits -------------------------------------------------------------------------------------------------------


def test_an_edit_counts_revisions_and_belongs_to_its_thread(here: Classroom) -> None:
    first = here.says("lea", "Why?")
    reply = here.says("len", "So", reply_to=first)
    assert here.gives("lea", EditMessage, message=first, text="Why not?") == [
        MessageEdited(message=first, text="Why not?", revision=1)
    ]
    assert here.gives("len", EditMessage, message=reply, text="@[Lea](lea)") == [
        MessageEdited(message=reply, text="@[Lea](lea)", revision=1, thread=first, mentions=["lea"])
    ]
    assert here.gives("lea", EditMessage, message=first, text="Well", if_=Precondition(1)) == [
        MessageEdited(message=first, text="Well", revision=2)
    ]


@pytest.mark.parametrize("revision", [0, 1, 3])
def test_an_edit_of_another_revision_is_refused(here: Classroom, revision: int) -> None:
    seq = here.says("lea", "a")
    for text in "bc":
        here.gives("lea", EditMessage, message=seq, text=text)
    assert (
        here.refusal("lea", EditMessage, message=seq, text="d", if_=Precondition(revision)).code
        == "precondition_failed"
    )


def test_nobody_edits_anothers_message_not_even_the_owner(here: Classroom) -> None:
    seq = here.says("lea", "Mine")
    for name in ("len", "tad", "ina", "olga", "botty"):
        assert here.refusal(name, EditMessage, message=seq, text="Yours").code == "not_author"


# --- redactions --------------------------------------------------------------------------------------------------


def test_authors_take_back_their_own_without_giving_a_reason(here: Classroom) -> None:
    seq = here.says("lea", "Mine")
    decision = here.decide("lea", command(RedactMessage, message=seq))
    assert isinstance(decision, Decision)
    assert decision.redacts == (("room/general", seq),)
    assert [happening.event for happening in decision.happenings] == [MessageRedacted(message=seq)]
    assert here.gives("lea", RedactMessage, message=here.says("lea", "x"), reason="Typo")[0].reason == "Typo"


def test_staff_redact_for_those_below_them_and_say_why(here: Classroom) -> None:
    thread = here.says("len", "Why?")
    seq = here.says("lea", "Spam", reply_to=thread)
    assert here.gives("tad", RedactMessage, message=seq, reason="Spam") == [
        MessageRedacted(message=seq, thread=thread, by_staff=True, reason="Spam")
    ]


@pytest.mark.parametrize(
    ("author", "asker", "code"),
    [
        ("lea", "len", "not_author"),
        ("lea", "botty", "not_author"),
        ("tad", "lea", "not_author"),
        ("ina", "tad", "not_allowed"),
        ("olga", "ina", "not_allowed"),
        ("tad", "tom", "not_allowed"),
        ("botty", "tad", None),
        ("lea", "tad", None),
        ("tad", "ina", None),
        ("ina", "olga", None),
    ],
)
def test_who_may_redact_whose(here: Classroom, author: str, asker: str, code: str | None) -> None:
    here.comes_in("tom", role="ta")
    fields = {"message": here.says(author, "Hi"), "reason": "Because"}
    if code is None:
        here.gives(asker, RedactMessage, **fields)
    else:
        assert here.refusal(asker, RedactMessage, **fields).code == code


def test_what_one_wrote_who_is_gone_staff_may_redact(here: Classroom) -> None:
    seq = here.says("ina", "Bye")
    here.gives("ina", LeaveCohort)
    here.gives("tad", RedactMessage, message=seq, reason="Asked for it")


@pytest.mark.parametrize("reason", [None, "", "  ", "\u200b", "r" * (limits.reason_chars_max + 1)])
def test_a_reason_is_one_that_can_be_read(here: Classroom, reason: str | None) -> None:
    seq = here.says("lea", "Hi")
    assert here.refusal("tad", RedactMessage, message=seq, reason=reason).code == "reason_required"
    if reason is not None:
        assert here.refusal("lea", RedactMessage, message=seq, reason=reason).code == "reason_required"


def test_what_is_redacted_stays_so(here: Classroom) -> None:
    seq = here.says("lea", "Hi")
    here.gives("tad", PinMessage, message=seq)
    here.gives("lea", RedactMessage, message=seq)
    assert here.room.pins == []
    assert here.refusal("lea", EditMessage, message=seq, text="x").code == "already_redacted"
    assert here.refusal("lea", RedactMessage, message=seq).code == "already_redacted"
    assert here.refusal("tad", RedactMessage, message=seq, reason="x").code == "already_redacted"
    assert here.refusal("len", SetReaction, message=seq, emoji="👍").code == "already_redacted"
    assert here.refusal("tad", PinMessage, message=seq).code == "already_redacted"
    here.says("len", "It can still be answered", reply_to=seq)
    here.gives("lea", ResolveThread, thread=seq)


def test_one_may_take_back_in_a_room_that_is_shut_or_when_muted(here: Classroom) -> None:
    """What somebody wants gone must not stay because a room was closed."""
    mine, theirs, last = here.says("lea", "a"), here.says("lea", "b"), here.says("lea", "c")
    here.gives("tad", LockRoom)
    here.gives("lea", RedactMessage, message=mine)
    here.gives("tad", MuteMember, person="lea", for_s=MUTE_S, reason="x")
    here.gives("ina", CloseRoom)
    here.gives("lea", RedactMessage, message=last)
    here.gives("tad", RedactMessage, message=theirs, reason="x")


# --- reactions ---------------------------------------------------------------------------------------------------


def test_a_reaction_stands_in_signals_and_changes_no_state(here: Classroom) -> None:
    seq, head = here.says("lea", "Hi"), here.room.head
    assert here.gives("len", SetReaction, message=seq, emoji="👍") == [ReactionSet(message=seq, emoji="👍")]
    assert here.gives("len", SetReaction, message=seq, emoji="👍", on=False) == [
        ReactionSet(message=seq, emoji="👍", on=False)
    ]
    assert here.room.head == head
    assert len(here.in_stream("room/general/signals")) == 2


@pytest.mark.parametrize("emoji", ["", "🦀", "👍 ", "👍👍", "\u200d", "x" * 60_000])
def test_only_the_rooms_reactions_can_be_set(here: Classroom, emoji: str) -> None:
    seq = here.says("lea", "Hi")
    assert here.refusal("len", SetReaction, message=seq, emoji=emoji).code == "emoji_not_allowed"


def test_a_reaction_can_be_taken_back_when_it_is_no_longer_allowed(here: Classroom) -> None:
    seq = here.says("lea", "Hi")
    here.gives("ina", ChangeRoom, emoji=["💡"])
    here.gives("len", SetReaction, message=seq, emoji="👍", on=False)
    here.gives("len", SetReaction, message=seq, emoji="x" * limits.emoji_chars_max, on=False)
    for emoji in ("", "x" * (limits.emoji_chars_max + 1), "x" * 60_000):
        assert here.refusal("len", SetReaction, message=seq, emoji=emoji, on=False).code == "emoji_not_allowed"


# --- pins and threads --------------------------------------------------------------------------------------------


def test_pins_are_a_set_in_the_order_they_were_pinned(here: Classroom) -> None:
    a, b = here.says("lea", "a"), here.says("lea", "b")
    assert here.gives("tad", PinMessage, message=b) == [MessagePinned(message=b)]
    assert here.gives("tad", PinMessage, message=a) == [MessagePinned(message=a)]
    assert here.gives("tad", PinMessage, message=b) == [], "it is pinned already"
    assert here.room.pins == [b, a]
    assert here.gives("ina", UnpinMessage, message=b) == [MessageUnpinned(message=b)]
    assert here.gives("ina", UnpinMessage, message=b) == [], "it is not pinned"
    assert here.room.pins == [a]


def test_only_so_many_are_pinned(here: Classroom) -> None:
    seqs = [here.says("lea", str(number)) for number in range(limits.pins_max + 1)]
    for seq in seqs[:-1]:
        here.gives("tad", PinMessage, message=seq)
    assert here.refusal("tad", PinMessage, message=seqs[-1]).code == "too_many"
    assert here.gives("tad", PinMessage, message=seqs[0]) == []
    here.gives("tad", UnpinMessage, message=seqs[0])
    here.gives("tad", PinMessage, message=seqs[-1])


def test_a_thread_is_resolved_by_who_began_it_or_staff(here: Classroom) -> None:
    first = here.says("lea", "Why?")
    reply = here.says("len", "So", reply_to=first)
    assert here.gives("lea", ResolveThread, thread=first) == [ThreadResolved(thread=first)]
    assert here.gives("tad", ReopenThread, thread=first) == [ThreadReopened(thread=first)]
    assert here.refusal("len", ResolveThread, thread=first).code == "not_author"
    assert here.refusal("len", ResolveThread, thread=reply).code == "unknown_message", "it begins none"


# --- when one may not --------------------------------------------------------------------------------------------

SPEAKING: list[tuple[type, dict[str, Any]]] = [
    (PostMessage, {"text": "x"}),
    (PostMessage, {"text": "x", "reply_to": 2}),
    (EditMessage, {"message": 2, "text": "x"}),
]
TAKING_PART: list[tuple[type, dict[str, Any]]] = [
    (SetReaction, {"message": 2, "emoji": "👍"}),
    (SetReaction, {"message": 2, "emoji": "👍", "on": False}),
    (ResolveThread, {"thread": 2}),
    (ReopenThread, {"thread": 2}),
]
PINNING: list[tuple[type, dict[str, Any]]] = [(PinMessage, {"message": 2}), (UnpinMessage, {"message": 2})]


def test_in_a_locked_room_only_staff_speak_and_others_still_react(here: Classroom) -> None:
    here.says("lea", "a")
    here.gives("tad", LockRoom)
    for kind, fields in SPEAKING:
        assert here.refusal("lea", kind, **fields).code == "room_locked"
    assert here.refusal("botty", PostMessage, text="x").code == "room_locked"
    here.says("tad", "Staff may")
    for kind, fields in TAKING_PART:
        here.gives("lea", kind, **fields)
    here.gives("tad", UnlockRoom)
    here.says("lea", "Thanks")


@pytest.mark.parametrize(("kind", "fields"), [*SPEAKING, *TAKING_PART, *PINNING])
def test_in_a_closed_room_nobody_does_anything_new(here: Classroom, kind: type, fields: dict[str, Any]) -> None:
    here.says("olga", "a")
    here.gives("ina", CloseRoom)
    assert here.refusal("olga", kind, **fields).code == "room_closed"


@pytest.mark.parametrize(("kind", "fields"), [*SPEAKING, *TAKING_PART])
def test_one_who_is_muted_waits_until_the_mute_is_over(here: Classroom, kind: type, fields: dict[str, Any]) -> None:
    """To the millisecond: at its end it is over."""
    here.says("lea", "a")
    here.gives("tad", MuteMember, person="lea", for_s=MUTE_S, reason="Shouting")
    assert here.refusal("lea", kind, **fields) == Refusal("muted", after_ms=MUTE_S * 1000)
    here.after(ms=MUTE_S * 1000 - 1)
    assert here.refusal("lea", kind, **fields) == Refusal("muted", after_ms=1)
    here.after(ms=1)
    here.gives("lea", kind, **fields)


def test_staff_can_be_muted_and_a_mute_can_be_taken_back(here: Classroom) -> None:
    here.says("tad", "a")
    here.gives("ina", MuteMember, person="tad", for_s=MUTE_S, reason="x")
    assert here.refusal("tad", PostMessage, text="x").code == "muted"
    here.gives("ina", UnmuteMember, person="tad", reason="x")
    here.says("tad", "b")


def test_slow_mode_makes_learners_wait_each_for_themselves(here: Classroom) -> None:
    here.says("lea", "Before it was on does not count")
    here.gives("ina", ChangeRoom, slow_mode_s=30)
    first = here.says("lea", "a")
    here.after(ms=100)
    assert here.refusal("lea", PostMessage, text="b") == Refusal("slow_mode", after_ms=29_900)
    assert here.refusal("lea", PostMessage, text="b", reply_to=first).code == "slow_mode"
    here.says("len", "Another may")
    here.gives("lea", EditMessage, message=first, text="An edit is no new message")
    here.after(ms=29_899)
    assert here.refusal("lea", PostMessage, text="b") == Refusal("slow_mode", after_ms=1)
    here.after(ms=1)
    here.says("lea", "b")
    for name in ("tad", "ina", "olga", "botty"):
        here.says(name, "1")
        here.says(name, "2")


def test_slow_mode_is_what_it_is_now(here: Classroom) -> None:
    here.gives("ina", ChangeRoom, slow_mode_s=30)
    here.says("lea", "a")
    here.gives("ina", ChangeRoom, slow_mode_s=0)
    here.says("lea", "b")
    here.gives("ina", ChangeRoom, slow_mode_s=10)
    here.says("lea", "c")
    assert here.refusal("lea", PostMessage, text="d").after_ms == 10_000


def test_a_role_counts_as_it_is_now(here: Classroom) -> None:
    here.gives("tad", LockRoom)
    here.gives("ina", ChangeRole, person="lea", role="ta")
    here.says("lea", "I may now")
    here.gives("ina", ChangeRole, person="tad", role="learner")
    assert here.refusal("tad", PostMessage, text="x").code == "room_locked"
    here.gives("ina", BanMember, person="len", reason="x")
    assert here.refusal("len", PostMessage, text="x").code == "banned"


def test_slow_mode_may_be_another_for_a_role(here: Classroom) -> None:
    """Staff and bots are spared unless they are named; a role that is named with 0 is spared too."""
    here.gives("ina", ChangeRoom, slow_mode_s=30, slow_modes={"ta": 60, "bot": 5})
    for name in ("lea", "tad", "botty", "ina"):
        here.says(name, "a")
    here.after(s=5)
    here.says("botty", "b")
    here.says("ina", "b")
    assert here.refusal("lea", PostMessage, text="b").after_ms == 25_000
    assert here.refusal("tad", PostMessage, text="b").after_ms == 55_000
    here.gives("ina", ChangeRoom, slow_modes={"learner": 0, "ta": 3_600})
    here.says("tad", "c")
    here.after(s=31)
    for _ in range(3):
        here.says("lea", "c")
    assert here.refusal("tad", PostMessage, text="d").after_ms == 3_569_000, "the longest wait is remembered"


# --- kinds, links, challenges, minds changed -----------------------------------------------------------------------


def test_a_message_has_the_kind_it_was_given_and_the_links_in_it(here: Classroom) -> None:
    (posted,) = here.gives("lea", PostMessage, text="See https://a.example.", kind="resource")
    assert posted == MessagePosted(text="See https://a.example.", kind="resource", links=["https://a.example"])
    (edited,) = here.gives("lea", EditMessage, message=here.room.head, text="See http://b.example")
    assert edited == MessageEdited(message=2, text="See http://b.example", revision=1, links=["http://b.example"])


def test_a_challenge_needs_a_sentence_which_is_a_reply(here: Classroom) -> None:
    seq = here.says("len", "It is O(1).")
    for sentence in ("", " \n"):
        assert here.refusal("lea", SetReaction, message=seq, emoji="challenge", sentence=sentence).code == (
            "sentence_required"
        )
    told = here.gives("lea", SetReaction, message=seq, emoji="challenge", sentence="Is it, @[Tad](tad)?")
    reply = MessagePosted(text="Is it, @[Tad](tad)?", kind="challenge", reply_to=seq, thread=seq, mentions=["tad"])
    assert told[:2] == [ReactionSet(message=seq, emoji="challenge"), reply]
    assert [type(event) for event in told[2:]] == [Mentioned, Replied]
    assert here.gives("lea", SetReaction, message=seq, emoji="challenge", on=False) == [
        ReactionSet(message=seq, emoji="challenge", on=False)
    ]
    assert here.gives("lea", SetReaction, message=seq, emoji="agree", sentence="ignored") == [
        ReactionSet(message=seq, emoji="agree")
    ]


def test_a_challenge_is_refused_like_a_message(here: Classroom) -> None:
    seq = here.says("len", "It is O(1).")
    challenge = {"message": seq, "emoji": "challenge", "sentence": "Is it?"}
    here.gives("ina", LockRoom)
    assert here.refusal("lea", SetReaction, **challenge).code == "room_locked"
    here.gives("lea", SetReaction, message=seq, emoji="agree")
    here.gives("ina", UnlockRoom)
    here.gives("ina", ChangeRoom, slow_mode_s=30)
    here.gives("lea", SetReaction, **challenge)
    assert here.refusal("lea", SetReaction, **challenge).code == "slow_mode"
    assert here.refusal("len", SetReaction, **(challenge | {"sentence": "x" * 8_001})).code == "text_too_long"


def test_anothers_message_changes_ones_mind_about_ones_own(here: Classroom) -> None:
    mine, theirs = here.says("lea", "It is O(1)."), here.says("len", "It is O(n): look.")
    assert here.gives("lea", MarkMindChanged, message=mine, because=theirs) == [
        MindChanged(message=mine, because=theirs)
    ]
    for message, because, code in (
        (theirs, mine, "not_author"),
        (mine, mine, "not_allowed"),
        (mine, 99, "unknown_message"),
        (99, theirs, "unknown_message"),
    ):
        assert here.refusal("lea", MarkMindChanged, message=message, because=because).code == code
    here.gives("len", RedactMessage, message=theirs)
    assert here.refusal("lea", MarkMindChanged, message=mine, because=theirs).code == "already_redacted"
    here.gives("ina", CloseRoom)
    assert here.refusal("lea", MarkMindChanged, message=mine, because=mine).code == "room_closed"
