"""What deciding in a live session needs to know; part of `RoomState`.

Nothing here is changed in place: `apply.py` puts new values in the places of old ones (`state.hands = {**state.hands,
…}`), so that a shallow copy of `SessionState` is a copy. Personas (`by`, `hand`) are who readers see: a person or an
alias; `PersonId` is who it really is.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tertulia.domain.ids import PersonId, RoomId
from tertulia.domain.session.words import HeldAnswer, HeldWhy, MessageKind, PollKind, QuestionStatus

NOBODY: Final = PersonId("~")
"""The author readers see of what must not say whose it is, or is nobody's: what the server does by itself."""
QUEUED: Final[frozenset[QuestionStatus]] = frozenset({"published", "answering"})
"""Open, and to be seen by all: what the queue holds."""


class Question(msgspec.Struct, frozen=True):
    """`before`: its status before it was merged or dismissed. `seq`: of its publication. `revision`: of its message.
    `waited`: it went through approval. Of one without a message, `by` and `text` are told to staff alone: see
    `SessionState.question`."""

    question: str
    by: str
    asked_at: int
    status: QuestionStatus = "pending"
    before: QuestionStatus = "pending"
    seq: int = 0
    message: int | None = None
    text: str = ""
    revision: int = 0
    waited: bool = False
    highlighted: bool = False
    merged_into: str | None = None
    accepted: int | None = None


class Asked(msgspec.Struct, frozen=True):
    """What staff know of a question that waits, or waited."""

    by: str
    text: str


class Poll(msgspec.Struct, frozen=True):
    text: str
    kind: PollKind
    options: list[str]
    anonymous: bool
    again: int | None = None
    closed: bool = False


class PollChoice(msgspec.Struct, frozen=True):
    choices: list[int] = []
    text: str = ""


class Floor(msgspec.Struct, frozen=True):
    """Held since `seq`."""

    seq: int
    until: int | None
    shown_to: HeldAnswer


class Held(msgspec.Struct, frozen=True):
    """A message that is not shown yet."""

    by: str
    at: int
    text: str
    kind: MessageKind
    reply_to: int | None
    thread: int | None
    reply_author: str | None
    why: HeldWhy


class Alias(msgspec.Struct, frozen=True):
    """`sealed`: it was taken where staff may not know either."""

    alias: str
    sealed: bool = False


class Undoable(msgspec.Struct, frozen=True):
    """What staff did at some seq: to a question, which was in `before` and is in `after`, or which was `highlighted`
    (or no more); or to `message`, which they hid."""

    question: str = ""
    before: QuestionStatus = "published"
    after: QuestionStatus = "published"
    highlighted: bool | None = None
    message: int | None = None

    @property
    def what(self) -> tuple[str, bool, int | None]:
        """The newest of these can be undone."""
        return self.question, self.highlighted is not None, self.message


class SessionState(msgspec.Struct):
    """`opened`: the seq of the last `session_opened`, 0 before the first. What belongs to a session (questions, hands,
    polls, attendance, who was heard) is forgotten when the next one opens; aliases, approvals, the word filter, what is
    hidden and who endorsed what belong to the room.

    A node hears of the room's three streams in any order. So an entry of one never changes what another one's are
    folded into: each field is of one stream, and they come together only where something is decided."""

    opened: int = 0
    is_open: bool = False
    mark_ms: int | None = None
    questions: dict[str, Question] = {}
    answering: str | None = None
    heard: dict[str, int] = {}
    turns: dict[str, int] = {}
    hands: dict[str, int] = {}
    """Who has a hand up → since when (Unix ms), in the order of the log."""
    called: str | None = None
    polls: dict[int, Poll] = {}
    floor: Floor | None = None
    teams: list[RoomId] = []
    teams_until: int | None = None
    aliases: dict[PersonId, Alias] = {}
    """The one each has now. A sealed one takes the place of one that staff know, never the other way round."""
    behind: dict[str, PersonId] = {}
    """Alias → whose it is or was."""
    approvals: dict[str, None] = {}
    """Whose words wait for staff, as staff named them: a person, or an alias."""
    reported: dict[str, None] = {}
    """`<message>/<person>`, the newest."""
    words: list[str] = []
    asked: dict[str, Asked] = {}
    held: dict[int, Held] = {}
    attended_in: int = 0
    attended: dict[PersonId, None] = {}
    """Who attends the session that was opened at `attended_in`."""
    votes: dict[str, frozenset[PersonId]] = {}
    answers: dict[int, dict[PersonId, PollChoice]] = {}
    hidden: dict[int, int | None] = {}
    """Message → its thread."""
    endorsed: dict[str, None] = {}
    """`<message>/<person>`."""
    undoable: dict[int, Undoable] = {}

    def hear(self, persona: str) -> None:
        """This one has been heard once more. (For apply.py, which alone changes state.)"""
        self.heard = {**self.heard, persona: self.heard.get(persona, 0) + 1}

    def persona(self, person: PersonId, *, alias: bool) -> str | None:
        """Who readers see when this person speaks; None when they have no alias yet."""
        if not alias:
            return person
        known = self.aliases.get(person)
        return None if known is None else known.alias

    def personas(self, person: PersonId) -> list[str]:
        """All that readers see, or saw, of this person: the person, the aliases they have or had."""
        if person not in self.aliases:
            return [person]
        return [person, *(alias for alias, behind in self.behind.items() if behind == person)]

    def is_persona_of(self, by: str, person: PersonId) -> bool:
        return by == person or self.behind.get(by) == person

    def question(self, id: str) -> Question | None:
        """With what only staff know of it while it has no message."""
        question = self.questions.get(id)
        asked = self.asked.get(id)
        if question is None or question.message is not None or asked is None:
            return question
        return replace(question, by=asked.by, text=asked.text)

    def all_questions(self) -> list[Question]:
        return [question for id in self.questions if (question := self.question(id)) is not None]

    def attends(self, person: PersonId) -> bool:
        return self.attended_in == self.opened and person in self.attended

    def may_see_held(self, person: PersonId) -> bool:
        """Whether what others say while the floor is held is shown to this one, who is no staff, already."""
        if self.floor is None or self.floor.shown_to != "answered":
            return False
        return any(held.why == "floor" and self.is_persona_of(held.by, person) for held in self.held.values())

    def person_behind(self, by: str) -> PersonId | None:
        """Who is behind what readers see: the person themself, or whose alias it is; None: nobody's."""
        return PersonId(by) if not by.startswith("~") else self.behind.get(by)

    def person_known_to_staff(self, by: str) -> PersonId | None:
        """The same, as far as staff may know: whatever they are told, or refused, must rest on no more than this."""
        return None if self.is_sealed(by) else self.person_behind(by)

    def is_sealed(self, by: str) -> bool:
        person = self.behind.get(by)
        return person is not None and (current := self.aliases[person]).alias == by and current.sealed

    def waits_for_approval(self, by: str) -> bool:
        """Whether what is said as `by` waits for staff. While anybody's does, that of all aliases does: if one did
        for the person behind it, or a person for their alias, it would show that they are one."""
        return bool(self.approvals) if by.startswith("~") else by in self.approvals
