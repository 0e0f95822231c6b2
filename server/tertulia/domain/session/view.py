"""What readers of a room see of its live session: shapes of protocol.md, chapter 4. Folded by `fold.py`; the twin of
`client_js/sdk/session_fold.js`."""

from __future__ import annotations

import msgspec


class QuestionView(msgspec.Struct, kw_only=True):
    """`by`: who asked. `seq`: of its publication. `answer`: the message that answers it in text. `to`: the room it
    was carried to."""

    question: str
    message: int
    by: str
    text: str
    status: str = "published"
    asked_at: int
    seq: int
    highlighted: bool = False
    merged_into: str | None = None
    reason: str | None = None
    answer: int | None = None
    media_position_ms: int | None = None
    accepted: int | None = None
    reworded: bool = False
    hidden: bool = False
    to: str | None = None


class HandView(msgspec.Struct, kw_only=True):
    hand: str
    at: int


class PollView(msgspec.Struct, kw_only=True):
    """`results`, `answered` and `texts` are there once it is closed."""

    poll: int
    at: int
    text: str
    kind: str = "single"
    options: list[str] = []
    anonymous: bool = True
    again: int | None = None
    closed: bool = False
    answered: int = 0
    results: list[int] = []
    texts: list[str] = []


class MarkView(msgspec.Struct, kw_only=True):
    """At `at` (Unix ms) the recording was at `media_position_ms`."""

    seq: int
    at: int
    media_position_ms: int
    label: str = ""


class FloorView(msgspec.Struct, kw_only=True):
    seq: int
    until: int | None = None
    prompt: str = ""
    shown_to: str = "nobody"


class TeamView(msgspec.Struct, kw_only=True):
    room: str
    name: str
    people: list[str]


class TeamsView(msgspec.Struct, kw_only=True):
    teams: list[TeamView]
    how: str
    until: int | None = None


class UnpublishedView(msgspec.Struct, kw_only=True):
    """What is public of a question that was not published: that there is one, and what became of it."""

    status: str = "pending"
    reason: str | None = None
    merged_into: str | None = None


class SessionView(msgspec.Struct, kw_only=True):
    """The last session of a room. `questions`: all that were published, in that order, whatever became of them.
    `unpublished`: those that were not (yet), by id. `votes` is soft, like tallies: question → how
    many voted for it, merged ones counted at the one they were merged into."""

    opened: int
    opened_at: int
    closed_at: int | None = None
    title: str = ""
    mark: MarkView | None = None
    questions: list[QuestionView] = []
    unpublished: dict[str, UnpublishedView] = {}
    answering: str | None = None
    heard: dict[str, int] = {}
    hands: list[HandView] = []
    called: str | None = None
    polls: list[PollView] = []
    floor: FloorView | None = None
    teams: TeamsView | None = None
    votes: dict[str, int] = {}


class AskedView(msgspec.Struct, kw_only=True):
    question: str
    by: str
    text: str
    at: int
    again: bool = False


class HeldView(msgspec.Struct, kw_only=True):
    held: int
    by: str
    at: int
    text: str
    kind: str = ""
    reply_to: int | None = None
    thread: int | None = None
    why: str = "floor"


class ReportView(msgspec.Struct, kw_only=True):
    seq: int
    at: int
    by: str
    message: int
    reason: str


class NoteView(msgspec.Struct, kw_only=True):
    seq: int
    at: int
    by: str
    text: str


class StaffRoomView(msgspec.Struct, kw_only=True):
    """State of `room/<id>/staff`. `asked`: the last 200 that went through approval; which of them still wait, the
    room's own state says (`session.unpublished`). `aliases`: alias → person, where staff may know. `unmasked`:
    those looked behind. `reports` and `notes`: the last 50."""

    asked: list[AskedView] = []
    held: list[HeldView] = []
    reports: list[ReportView] = []
    notes: list[NoteView] = []
    muted: dict[str, int] = {}
    aliases: dict[str, str] = {}
    unmasked: list[str] = []
    attended: list[str] = []
    approvals: list[str] = []
    words: list[str] = []


class MyQuestion(msgspec.Struct, kw_only=True):
    """A question of mine that is not public: it waits, or was dismissed with a reason."""

    question: str
    room: str
    text: str
    status: str
    at: int
    reason: str | None = None
    note: str = ""
