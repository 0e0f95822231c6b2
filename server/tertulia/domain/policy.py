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

_HOSTS: Final[frozenset[Role]] = STAFF | {"bot"}

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
    "open_session": STAFF,
    "close_session": STAFF,
    "mark_session": _HOSTS,
    "ask_question": _SPEAKERS,
    "approve_question": STAFF,
    "reword_question": STAFF,
    "merge_question": STAFF,
    "unmerge_question": STAFF,
    "highlight_question": STAFF,
    "answer_question": STAFF,
    "dismiss_question": STAFF,
    "reopen_question": STAFF,
    "resend_question": _SPEAKERS,
    "withdraw_question": _SPEAKERS,
    "accept_answer": _SPEAKERS,
    "endorse_answer": _PEOPLE,
    "vote_question": _PEOPLE,
    "undo_action": STAFF,
    "raise_hand": _PEOPLE,
    "lower_hand": _PEOPLE,
    "call_hand": STAFF,
    "open_poll": _HOSTS,
    "answer_poll": _PEOPLE,
    "close_poll": _HOSTS,
    "set_pace": _PEOPLE,
    "hold_floor": STAFF,
    "release_floor": STAFF,
    "release_held": STAFF,
    "reject_held": STAFF,
    "take_alias": _PEOPLE,
    "unmask_alias": STAFF,
    "form_teams": STAFF,
    "recall_teams": STAFF,
    "report_result": _SPEAKERS,
    "report_message": _EVERYBODY,
    "hide_message": STAFF,
    "unhide_message": STAFF,
    "require_approval": STAFF,
    "set_word_filter": STAFF,
    "note_staff": _HOSTS,
    "mark_mind_changed": _PEOPLE,
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
