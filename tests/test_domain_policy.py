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
from tertulia.domain.decision import Decision
from tertulia.domain.ids import PersonId, snake
from tertulia.domain.policy import ALLOWED, RANK, ROLES, STAFF, Role
from tertulia.domain.refusals import Refusal
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


CASES: dict[type, tuple[Prepare, dict[str, Any]]] = {
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
    """Goal: all 24 commands × 6 roles. Method: each in a room where nothing else stands against it; so what is
    refused is refused for the role."""
    kinds = {snake(kind.__name__): kind for kind in get_args(AnyCommand)}
    if kinds[name] is MarkRead:
        assert policy.is_allowed(role, name) is may is True  # markers have a state of their own: test_domain_person.py
        return
    here, person = Classroom(), SPEAKS_FOR[role]
    if name == "leave_cohort":
        here.comes_in("odo", role="owner")  # one has to stay
    prepare, fields = CASES[kinds[name]]
    decided = here.decide(person, command(kinds[name], **prepare(here, person), **fields))
    if may:
        assert isinstance(decided, Decision), decided
    else:
        assert decided == Refusal("not_allowed")


def test_the_printed_table_is_whole() -> None:
    assert len(rows_of_architecture()) == 24 * 6
