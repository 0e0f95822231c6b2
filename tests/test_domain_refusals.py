"""Every code of the list can be met, has a verdict and a sentence; there is none beside the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from tertulia.domain import limits, refusals
from tertulia.domain.commands import (
    BanMember,
    ChangeRoom,
    CloseRoom,
    CreateInvite,
    EditMessage,
    LockRoom,
    MuteMember,
    PinMessage,
    PostMessage,
    Precondition,
    RedactMessage,
    RevokeInvite,
    SetReaction,
)
from tertulia.domain.decide_room import decide_room
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.refusals import CODES, Refusal, Retry
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import (
    AnswerPoll,
    ApproveQuestion,
    AskQuestion,
    CallHand,
    ClosePoll,
    EndorseAnswer,
    FormTeams,
    HideMessage,
    HoldFloor,
    MarkSession,
    MergeQuestion,
    OpenPoll,
    OpenSession,
    RaiseHand,
    RecallTeams,
    ReleaseFloor,
    ReleaseHeld,
    SetWordFilter,
    TakeAlias,
    UndoAction,
    UnhideMessage,
    UnmaskAlias,
    VoteQuestion,
)
from tests.classroom import Classroom, command

SERVER = Path(refusals.__file__).parent.parent
Scene = Callable[[Classroom], Decision | Refusal | None]


def unknown_room(here: Classroom) -> Decision | Refusal:
    asker = Asker(PersonId("lea"), "learner")
    return decide_room(RoomState(RoomId("x")), command(PostMessage, text="Hi"), asker=asker, setting=Setting({}), at=1)


def unknown_cohort(here: Classroom) -> Decision | Refusal:
    here.cohort = type(here.cohort)(CohortId("nowhere"))
    return here.admission("lea")


def not_author(here: Classroom) -> Refusal:
    return here.refusal("len", EditMessage, message=here.says("lea", "Mine"), text="Yours")


def precondition_failed(here: Classroom) -> Refusal:
    return here.refusal("lea", EditMessage, message=here.says("lea", "a"), text="b", if_=Precondition(1))


def already_redacted(here: Classroom) -> Refusal:
    seq = here.says("lea", "a")
    here.gives("lea", RedactMessage, message=seq)
    return here.refusal("lea", RedactMessage, message=seq)


def slow_mode(here: Classroom) -> Refusal:
    here.gives("ina", ChangeRoom, slow_mode_s=5)
    here.says("lea", "a")
    return here.refusal("lea", PostMessage, text="b")


def muted(here: Classroom) -> Refusal:
    here.gives("tad", MuteMember, person="lea", for_s=5, reason="x")
    return here.refusal("lea", PostMessage, text="b")


def banned(here: Classroom) -> Refusal:
    here.gives("ina", BanMember, person="lea", reason="x")
    return here.refusal("lea", PostMessage, text="b")


def locked(here: Classroom) -> Refusal:
    here.gives("tad", LockRoom)
    return here.refusal("lea", PostMessage, text="b")


def closed(here: Classroom) -> Refusal:
    here.gives("ina", CloseRoom)
    return here.refusal("olga", PostMessage, text="b")


def invite_expired(here: Classroom) -> Decision | Refusal:
    (invite,) = here.gives("ina", CreateInvite, role="learner", expires_s=1)
    here.after(s=1)
    return here.admission("new", invite=invite.invite)


DECIDED: dict[str, Scene] = {
    "text_empty": lambda here: here.refusal("lea", PostMessage, text=" "),
    "text_too_long": lambda here: here.refusal("lea", PostMessage, text="a" * 8_001),
    "name_invalid": lambda here: here.admission("new", called=" "),
    "reason_required": lambda here: here.refusal("tad", MuteMember, person="lea", for_s=5, reason=" "),
    "emoji_not_allowed": lambda here: here.refusal("lea", SetReaction, message=here.says("lea", "a"), emoji="🦀"),
    "unknown_cohort": unknown_cohort,
    "unknown_room": unknown_room,
    "unknown_message": lambda here: here.refusal("tad", PinMessage, message=99),
    "unknown_member": lambda here: here.refusal("tad", MuteMember, person="x", for_s=5, reason="x"),
    "unknown_invite": lambda here: here.refusal("ina", RevokeInvite, invite="x"),
    "not_allowed": lambda here: here.refusal("lea", LockRoom),
    "not_author": not_author,
    "not_a_member": lambda here: here.refusal("stranger", PostMessage, text="Hi"),
    "banned": banned,
    "muted": muted,
    "invite_invalid": lambda here: here.admission("new", invite="x"),
    "invite_expired": invite_expired,
    "room_locked": locked,
    "room_closed": closed,
    "already_redacted": already_redacted,
    "precondition_failed": precondition_failed,
    "slow_mode": slow_mode,
    "too_many": lambda here: here.refusal("ina", ChangeRoom, emoji=[str(n) for n in range(limits.room_emoji_max + 1)]),
}


def opened(**settings: object) -> Classroom:
    """A room with an open session."""
    here = Classroom(kind="session")
    here.gives("ina", OpenSession)
    if settings:
        here.gives("ina", ChangeRoom, **settings)
    return here


def question(here: Classroom) -> str:
    here.gives("lea", AskQuestion, text="Why?")
    return list(here.room.session.questions)[-1]


def poll(here: Classroom, **fields: object) -> int:
    here.gives("ina", OpenPoll, **({"text": "Which?", "options": ["a", "b"]} | fields))
    return here.room.head


def twice(here: Classroom, who: str, kind: type, /, **fields: object) -> Refusal:
    here.gives(who, kind, **fields)
    return here.refusal(who, kind, **fields)


def sentence_required() -> Refusal:
    here = opened()
    return here.refusal("lea", SetReaction, message=here.says("len", "a"), emoji="challenge")


def words_blocked() -> Refusal:
    here = opened()
    here.gives("tad", SetWordFilter, words=["heck"])
    return here.refusal("lea", PostMessage, text="What the HECK!")


def question_status() -> Refusal:
    here = opened()
    return here.refusal("ina", ApproveQuestion, question=question(here))


def merge_circle() -> Refusal:
    here = opened()
    one = question(here)
    return here.refusal("ina", MergeQuestion, question=one, into=one)


def mark_goes_back() -> Refusal:
    here = opened()
    here.gives("ina", MarkSession, media_position_ms=2)
    return here.refusal("ina", MarkSession, media_position_ms=1)


def already_voted() -> Refusal:
    here = opened()
    return twice(here, "len", VoteQuestion, question=question(here))


def not_voted() -> Refusal:
    here = opened()
    return here.refusal("len", VoteQuestion, question=question(here), on=False)


def poll_closed() -> Refusal:
    here = opened()
    one = poll(here)
    here.gives("ina", ClosePoll, poll=one)
    return here.refusal("lea", AnswerPoll, poll=one, choices=[0])


def alias_sealed() -> Refusal:
    here = opened(anonymity="anonymous")
    here.gives("lea", TakeAlias)
    alias = here.room.session.aliases[PersonId("lea")].alias
    return here.refusal("ina", UnmaskAlias, alias=alias, reason="x")


def unknown_option() -> Refusal:
    here = opened()
    return here.refusal("lea", AnswerPoll, poll=poll(here), choices=[2])


def answer_invalid() -> Refusal:
    here = opened()
    return here.refusal("lea", AnswerPoll, poll=poll(here), choices=[0, 1])


def groups_invalid() -> Refusal:
    lea = PersonId("lea")
    return opened().refusal("ina", FormTeams, how="manual", groups=[[lea], [lea]])


def teams_formed() -> Refusal:
    groups = [[PersonId("lea")], [PersonId("len")]]
    return twice(opened(), "ina", FormTeams, how="manual", groups=groups)


def already_endorsed() -> Refusal:
    here = opened()
    return twice(here, "len", EndorseAnswer, message=here.says("lea", "So."), reason="correct")


def already_hidden() -> Refusal:
    here = opened()
    return twice(here, "tad", HideMessage, message=here.says("lea", "So."), reason="x")


def not_hidden() -> Refusal:
    here = opened()
    return here.refusal("tad", UnhideMessage, message=here.says("lea", "So."))


IN_SESSION: dict[str, Callable[[], Refusal]] = {
    "sentence_required": sentence_required,
    "words_blocked": words_blocked,
    "options_invalid": lambda: opened().refusal("ina", OpenPoll, text="Which?", options=["a", "a"]),
    "answer_invalid": answer_invalid,
    "groups_invalid": groups_invalid,
    "unknown_question": lambda: opened().refusal("lea", VoteQuestion, question="q-none"),
    "unknown_poll": lambda: opened().refusal("lea", AnswerPoll, poll=99, choices=[0]),
    "unknown_option": unknown_option,
    "unknown_hand": lambda: opened().refusal("ina", CallHand, person="lea"),
    "unknown_held": lambda: opened().refusal("ina", ReleaseHeld, held=99),
    "unknown_alias": lambda: opened().refusal("ina", UnmaskAlias, alias="~blue-heron.k3f9", reason="x"),
    "not_a_session": lambda: Classroom().refusal("ina", OpenSession),
    "session_not_open": lambda: Classroom(kind="session").refusal("lea", AskQuestion, text="Why?"),
    "session_open": lambda: opened().refusal("ina", OpenSession),
    "mark_goes_back": mark_goes_back,
    "question_status": question_status,
    "merge_circle": merge_circle,
    "already_voted": already_voted,
    "not_voted": not_voted,
    "already_raised": lambda: twice(opened(), "lea", RaiseHand),
    "poll_closed": poll_closed,
    "floor_held": lambda: twice(opened(), "ina", HoldFloor),
    "floor_not_held": lambda: opened().refusal("ina", ReleaseFloor),
    "alias_not_allowed": lambda: opened().refusal("lea", PostMessage, text="Hi", alias=True),
    "alias_sealed": alias_sealed,
    "already_endorsed": already_endorsed,
    "already_hidden": already_hidden,
    "not_hidden": not_hidden,
    "teams_formed": teams_formed,
    "teams_not_formed": lambda: opened().refusal("ina", RecallTeams),
    "nothing_to_undo": lambda: opened().refusal("ina", UndoAction, event=1),
}
ELSEWHERE = {
    "malformed",
    "key_reused",
    "unknown_stream",
    "token_invalid",
    "token_expired",
    "rate_limited",
    "too_many_in_flight",
    "storage_full",
    "unavailable",
    "overloaded",
    "draining",
    "internal",
}
"""Refused by the flow and the shells, and tested there."""


@pytest.mark.parametrize("code", DECIDED)
def test_the_domain_refuses_with_this_code(code: str) -> None:
    refusal = DECIDED[code](Classroom())
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert (refusal.after_ms is not None) == (code in ("muted", "slow_mode"))


@pytest.mark.parametrize("code", IN_SESSION)
def test_a_session_refuses_with_this_code(code: str) -> None:
    assert IN_SESSION[code]().code == code


def test_every_code_is_refused_with_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SERVER.rglob("*.py") if path.name != "refusals.py")
    for code in ELSEWHERE:
        assert f'"{code}"' in text, f"nothing refuses with {code}"
    assert DECIDED.keys() | IN_SESSION.keys() | ELSEWHERE == CODES.keys()


def test_no_code_is_refused_with_that_is_not_in_the_list() -> None:
    for path in SERVER.rglob("*.py"):
        for code in re.findall(r'Refusal\("(\w+)"', path.read_text(encoding="utf-8")):
            assert code in CODES, f"{path.name} refuses with {code}"


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_verdict_and_a_sentence_for_people(code: str) -> None:
    retry, sentence = CODES[code]
    assert retry in get_args(Retry)
    assert re.fullmatch(r"[A-Z].*\.", sentence)
    assert Refusal(code).sentence == sentence
    assert Refusal(code, "More exactly so.").sentence == "More exactly so."
    assert Refusal(code).retry == retry
