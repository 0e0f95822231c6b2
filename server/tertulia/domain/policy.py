"""Who may do what: one table, role × command.

A row says which roles may give a command at all. What depends on the state of a room (locked, closed, muted, slow
mode, whose message it is) is decided in `room.py`. docs/architecture.md prints this table; a test compares them.
"""

from __future__ import annotations

from typing import Final, Literal

Role = Literal["owner", "instructor", "ta", "learner", "observer", "bot"]

ROLES: Final[tuple[Role, ...]] = ("owner", "instructor", "ta", "learner", "observer", "bot")
STAFF: Final[frozenset[Role]] = frozenset({"owner", "instructor", "ta"})

_EVERYBODY: Final[frozenset[Role]] = frozenset(ROLES)
_SPEAKERS: Final[frozenset[Role]] = frozenset({"owner", "instructor", "ta", "learner", "bot"})
_PEOPLE: Final[frozenset[Role]] = frozenset({"owner", "instructor", "ta", "learner"})
_TEACHERS: Final[frozenset[Role]] = frozenset({"owner", "instructor"})

ALLOWED: Final[dict[str, frozenset[Role]]] = {
    "post_message": _SPEAKERS,
    "edit_message": _SPEAKERS,
    "redact_message": _SPEAKERS,
    "set_reaction": _SPEAKERS,
    "pin_message": STAFF,
    "unpin_message": STAFF,
    "resolve_thread": _PEOPLE,
    "reopen_thread": _PEOPLE,
    "change_room": _TEACHERS,
    "lock_room": STAFF,
    "unlock_room": STAFF,
    "close_room": _TEACHERS,
    "open_room": _TEACHERS,
    "mute_member": STAFF,
    "unmute_member": STAFF,
    "mark_read": _EVERYBODY,
    "create_room": _TEACHERS,
    "change_role": _TEACHERS,
    "rename_member": _PEOPLE,
    "leave_cohort": _EVERYBODY,
    "ban_member": _TEACHERS,
    "unban_member": _TEACHERS,
    "create_invite": _TEACHERS,
    "revoke_invite": _TEACHERS,
}

RANK: Final[dict[Role, int]] = {"owner": 4, "instructor": 3, "ta": 2, "learner": 1, "bot": 1, "observer": 0}
"""Staff act only on people of a lower rank, and give or invite to at most their own."""


def is_allowed(role: Role, command: str) -> bool:
    return role in ALLOWED[command]


def is_staff(role: Role) -> bool:
    return role in STAFF
