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


def test_every_code_is_refused_with_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SERVER.rglob("*.py") if path.name != "refusals.py")
    for code in ELSEWHERE:
        assert f'"{code}"' in text, f"nothing refuses with {code}"
    assert DECIDED.keys() | ELSEWHERE == CODES.keys()


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
