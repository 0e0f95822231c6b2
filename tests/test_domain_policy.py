"""Who may do what: the table of docs/architecture.md is the program's, and `decide` keeps to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from tertulia.domain import policy
from tertulia.domain.commands import (
    AnyCommand,
    BanMember,
    ChangeRole,
    ChangeRoom,
    CloseRoom,
    CreateInvite,
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
    RevokeInvite,
    SetReaction,
    UnbanMember,
    UnlockRoom,
    UnmuteMember,
    UnpinMessage,
)
from tertulia.domain.decision import Asker, Decision
from tertulia.domain.ids import PersonId, snake
from tertulia.domain.policy import ALLOWED, RANK, ROLES, STAFF, Role
from tertulia.domain.refusals import Refusal
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
    FormTeams,
    HideMessage,
    HighlightQuestion,
    HoldFloor,
    LowerHand,
    MarkMindChanged,
    MarkSession,
    MergeQuestion,
    NoteStaff,
    OpenPoll,
    OpenSession,
    RaiseHand,
    RecallTeams,
    RejectHeld,
    ReleaseFloor,
    ReleaseHeld,
    ReopenQuestion,
    ReportMessage,
    ReportResult,
    RequireApproval,
    ResendQuestion,
    RewordQuestion,
    SetPace,
    SetWordFilter,
    TakeAlias,
    UndoAction,
    UnhideMessage,
    UnmaskAlias,
    UnmergeQuestion,
    VoteQuestion,
    WithdrawQuestion,
)
from tests.classroom import SPEAKS_FOR, Classroom, command

ARCHITECTURE = Path(__file__).resolve().parent.parent / "docs" / "architecture.md"
TITLES = {
    "owner": "owner",
    "instructor": "instructor",
    "ta": "TA",
    "learner": "learner",
    "observer": "observer",
    "bot": "bot",
}


def table_of_policy() -> str:
    """The table as Markdown, as it has to stand in docs/architecture.md."""
    lines = ["| command | " + " | ".join(TITLES[role] for role in ROLES) + " |", "|---|" + ":-:|" * len(ROLES)]
    lines += [
        f"| `{name}` | " + " | ".join("●" if role in allowed else " " for role in ROLES) + " |"
        for name, allowed in ALLOWED.items()
    ]
    return "\n".join(lines)


def test_the_architecture_prints_the_programs_table() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert table_of_policy() in text, f"docs/architecture.md should hold:\n\n{table_of_policy()}"


def test_every_command_has_its_row_and_every_row_its_command() -> None:
    assert set(ALLOWED) == {snake(kind.__name__) for kind in get_args(AnyCommand)}
    assert set(ROLES) == set(get_args(Role)) == set(RANK)
    assert all(allowed <= set(ROLES) for allowed in ALLOWED.values())


def test_staff_are_those_above_learners() -> None:
    assert {role for role in ROLES if RANK[role] > RANK["learner"]} == STAFF == set(filter(policy.is_staff, ROLES))
    assert [RANK[role] for role in ("owner", "instructor", "ta", "learner", "observer")] == [4, 3, 2, 1, 0]
    assert RANK["bot"] == RANK["learner"]


# What a person of each role would do if they might: on their own message, on somebody lower, in a room that is open.
Prepare = Callable[[Classroom, str], dict[str, Any]]


def own_message(here: Classroom, name: str) -> dict[str, Any]:
    return {"message": here.said(name, "Mine")}


def own_thread(here: Classroom, name: str) -> dict[str, Any]:
    return {"thread": here.said(name, "Mine")}


def somebody_lower(here: Classroom, name: str) -> dict[str, Any]:
    return {"person": PersonId("obi" if name != "obi" else "len"), "reason": "Because"}


def an_invite(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", CreateInvite, role="learner")
    return {"invite": next(iter(here.cohort.invites))}


def nothing(here: Classroom, name: str) -> dict[str, Any]:
    return {}


# --- the same in a live session --------------------------------------------------------------------------------------


def a_question(here: Classroom, name: str) -> dict[str, Any]:
    return {"question": ask(here, "lea" if name != "lea" else "len")}


def own_question(here: Classroom, name: str) -> dict[str, Any]:
    return {"question": ask(here, name)}


def own_dismissed(here: Classroom, name: str) -> dict[str, Any]:
    question = ask(here, name)
    here.gives("olga", DismissQuestion, question=question, reason="unclear")
    return {"question": question}


def own_answered(here: Classroom, name: str) -> dict[str, Any]:
    question = ask(here, name)
    reply = here.says("olga", "So.", reply_to=here.room.session.questions[question].message)
    here.gives("olga", AnswerQuestion, question=question, how="text", message=reply)
    return {"question": question, "message": reply}


def ask(here: Classroom, name: str) -> str:
    """A question of one who may ask, or might if they were a learner."""
    decision = here.decide_as(Asker(PersonId(name), "learner"), command(AskQuestion, text="Why?"))
    assert isinstance(decision, Decision), decision
    here.happens(name, decision)
    return list(here.room.session.questions)[-1]


def a_waiting_question(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", ChangeRoom, approve_questions=True)
    return {"question": ask(here, "lea")}


def two_questions(here: Classroom, name: str) -> dict[str, Any]:
    return {"question": ask(here, "lea"), "into": ask(here, "len")}


def a_merged_question(here: Classroom, name: str) -> dict[str, Any]:
    questions = two_questions(here, name)
    here.gives("olga", MergeQuestion, **questions)
    return {"question": questions["question"]}


def an_answered_question(here: Classroom, name: str) -> dict[str, Any]:
    question = ask(here, "lea")
    here.gives("olga", AnswerQuestion, question=question, how="live")
    return {"question": question}


def an_action(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", DismissQuestion, question=ask(here, "lea"), reason="unclear")
    return {"event": here.room.head}


def anothers_message(here: Classroom, name: str) -> dict[str, Any]:
    return {"message": here.says("lea" if name != "lea" else "len", "Theirs")}


def a_hidden_message(here: Classroom, name: str) -> dict[str, Any]:
    message = here.says("lea", "Theirs")
    here.gives("olga", HideMessage, message=message, reason="x")
    return {"message": message}


def own_and_anothers(here: Classroom, name: str) -> dict[str, Any]:
    return {"because": here.says("lea" if name != "lea" else "len", "Theirs"), "message": here.said(name, "Mine")}


def own_hand(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", RaiseHand, person=PersonId(name) if name != "olga" else None)
    return {}


def a_hand(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("lea", RaiseHand)
    return {"person": PersonId("lea")}


def a_poll(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", OpenPoll, text="Which?", options=["a", "b"])
    return {"poll": here.room.head}


def a_held_floor(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", HoldFloor)
    return {}


def a_held_message(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", RequireApproval, person=PersonId("lea"), reason="x")
    here.gives("lea", PostMessage, text="Wait")
    return {"held": here.room.staff_head}


def aliases_allowed(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", ChangeRoom, anonymity="alias")
    return {}


def an_alias(here: Classroom, name: str) -> dict[str, Any]:
    aliases_allowed(here, name)
    here.gives("lea", TakeAlias)
    return {"alias": here.room.session.aliases[PersonId("lea")].alias, "reason": "x"}


def groups(here: Classroom, name: str) -> dict[str, Any]:
    return {"how": "manual", "groups": [[PersonId("lea")], [PersonId("len")]]}


def formed(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", FormTeams, **groups(here, name))
    return {}


def in_a_teams_room(here: Classroom, name: str) -> dict[str, Any]:
    here.room.parent = here.room.room
    return {"text": "We found it."}


def not_open(here: Classroom, name: str) -> dict[str, Any]:
    here.gives("olga", CloseSession)
    return {}


SESSION_CASES: dict[type, tuple[Prepare, dict[str, Any]]] = {
    OpenSession: (not_open, {}),
    CloseSession: (nothing, {}),
    MarkSession: (nothing, {"media_position_ms": 1}),
    AskQuestion: (nothing, {"text": "Why?"}),
    ApproveQuestion: (a_waiting_question, {}),
    RewordQuestion: (a_question, {"text": "Better?"}),
    MergeQuestion: (two_questions, {}),
    UnmergeQuestion: (a_merged_question, {}),
    HighlightQuestion: (a_question, {}),
    AnswerQuestion: (a_question, {"how": "now"}),
    DismissQuestion: (a_question, {"reason": "unclear"}),
    ReopenQuestion: (an_answered_question, {}),
    ResendQuestion: (own_dismissed, {"text": "Better?"}),
    WithdrawQuestion: (own_question, {}),
    AcceptAnswer: (own_answered, {}),
    EndorseAnswer: (anothers_message, {"reason": "correct"}),
    VoteQuestion: (a_question, {}),
    UndoAction: (an_action, {}),
    RaiseHand: (nothing, {}),
    LowerHand: (own_hand, {}),
    CallHand: (a_hand, {}),
    OpenPoll: (nothing, {"text": "Which?", "options": ["a", "b"]}),
    AnswerPoll: (a_poll, {"choices": [0]}),
    ClosePoll: (a_poll, {}),
    SetPace: (nothing, {"pace": "ok"}),
    HoldFloor: (nothing, {}),
    ReleaseFloor: (a_held_floor, {}),
    ReleaseHeld: (a_held_message, {}),
    RejectHeld: (a_held_message, {"reason": "x"}),
    TakeAlias: (aliases_allowed, {}),
    UnmaskAlias: (an_alias, {}),
    FormTeams: (groups, {}),
    RecallTeams: (formed, {}),
    ReportResult: (in_a_teams_room, {}),
    ReportMessage: (anothers_message, {"reason": "x"}),
    HideMessage: (anothers_message, {"reason": "x"}),
    UnhideMessage: (a_hidden_message, {}),
    RequireApproval: (lambda here, name: {"person": PersonId("lea")}, {"reason": "x"}),
    SetWordFilter: (nothing, {"words": ["heck"]}),
    NoteStaff: (nothing, {"text": "Look"}),
    MarkMindChanged: (own_and_anothers, {}),
}
CASES: dict[type, tuple[Prepare, dict[str, Any]]] = {
    **SESSION_CASES,
    PostMessage: (nothing, {"text": "Hi"}),
    EditMessage: (own_message, {"text": "Hello"}),
    RedactMessage: (own_message, {"reason": "Because"}),
    SetReaction: (own_message, {"emoji": "👍"}),
    PinMessage: (own_message, {}),
    UnpinMessage: (own_message, {}),
    ResolveThread: (own_thread, {}),
    ReopenThread: (own_thread, {}),
    ChangeRoom: (nothing, {"topic": "Heaps"}),
    LockRoom: (nothing, {}),
    UnlockRoom: (nothing, {}),
    CloseRoom: (nothing, {}),
    OpenRoom: (nothing, {}),
    MuteMember: (somebody_lower, {"for_s": 60}),
    UnmuteMember: (somebody_lower, {}),
    CreateRoom: (nothing, {"name": "New"}),
    ChangeRole: (lambda here, name: {"person": PersonId("obi" if name != "obi" else "len")}, {"role": "learner"}),
    RenameMember: (nothing, {"name": "Another"}),
    LeaveCohort: (nothing, {}),
    BanMember: (somebody_lower, {}),
    UnbanMember: (somebody_lower, {}),
    CreateInvite: (nothing, {"role": "observer"}),
    RevokeInvite: (an_invite, {}),
}


def rows_of_architecture() -> list[tuple[str, Role, bool]]:
    """What the printed table says, cell by cell: not what the program says it is."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `") and line.count("|") == 8]
    return [
        (cells[0].strip(" `"), role, cells[1 + place].strip() == "●")
        for cells in rows
        for place, role in enumerate(ROLES)
    ]


@pytest.mark.parametrize(("name", "role", "may"), rows_of_architecture())
def test_a_role_may_do_exactly_what_the_table_says(name: str, role: Role, may: bool) -> None:
    """Goal: all commands × 6 roles. Method: each in a room where nothing else stands against it; so what is
    refused is refused for the role."""
    kinds = {snake(kind.__name__): kind for kind in get_args(AnyCommand)}
    if kinds[name] is MarkRead:
        assert policy.is_allowed(role, name) is may is True  # markers have a state of their own: test_domain_person.py
        return
    here, person = Classroom(kind="session"), SPEAKS_FOR[role]
    if kinds[name] in SESSION_CASES:
        here.gives("olga", OpenSession)
    if name == "leave_cohort":
        here.comes_in("odo", role="owner")  # one has to stay
    prepare, fields = CASES[kinds[name]]
    decided = here.decide(person, command(kinds[name], **prepare(here, person), **fields))
    if may:
        assert isinstance(decided, Decision), decided
    else:
        assert decided == Refusal("not_allowed")


def test_the_printed_table_is_whole() -> None:
    assert len(rows_of_architecture()) == len(ALLOWED) * 6
