"""The orders of a queue of questions: fair, popular, newest, oldest. The twin of `client_js/sdk/fair_order.js`.

All are pure functions of the questions and, for the fair one, of who was heard: not of the present moment and not of
the order in which the questions are handed in. So every client that has read as far shows the same order.

Every question has a *count*: how often its person was heard, and one more for each question of their own before it;
nobody fills the head of the queue. An *unheard* question is one whose count is 0. The fair order:

1. highlighted ones, by seq;
2. then those with the lowest count;
3. among these by votes and waiting time, one vote as much as a minute of waiting; then by seq;
4. every fourth slot goes to the unheard question whose person has waited longest, if there is one left;
5. once three questions that are not unheard stand in the queue, all unheard ones come before any more of them.

Promises, kept by (5) and tested: before an unheard question there are never more than three of others; a vote never
moves the question it is given to further back.
What is *not* here: who is heard when, and which questions are open.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from tertulia.domain.alias import is_alias

_VOTE_MS: Final = 60_000
"""The waiting that one vote weighs."""
_LONGEST_WAITING_EVERY: Final = 4
_AHEAD_OF_UNHEARD_MAX: Final = 3

Reason = Literal["highlighted", "longest_waiting", "not_heard_yet", "fewest_heard"]
"""Why a question stands where it does, as far as its readers may know."""


class Queued(msgspec.Struct, frozen=True):
    """An open question. `by` is the persona that readers see: a person's id or an alias's."""

    question: str
    by: str
    asked_at: int
    """Unix ms."""
    seq: int
    """Of its publication."""
    votes: int
    highlighted: bool = False


class Placed(NamedTuple):
    """A question in its place."""

    question: str
    reason: Reason | None


class _Row(NamedTuple):
    queued: Queued
    heard: int
    counted: int
    place: tuple[bool, int, int, int, str]
    """Sorts by rules 1 to 3."""
    waiting: tuple[int, int, str]
    """Sorts by rule 4: since when the person has had an open question; then by seq."""


def fair_order(queued: Iterable[Queued], heard: Mapping[str, int]) -> list[Placed]:
    """The open questions in fair order. `heard`: persona → how often heard this session (questions answered, hands
    called); 0 for one who is missing.

    A reason is "highlighted" for all that are; "longest_waiting" for one that got a fourth slot; "not_heard_yet" for
    the other unheard ones; "fewest_heard" for the first question of someone heard before, but less often than others
    who stand behind. None for the rest, and always for an alias: the reason could unmask it.
    """
    rows = _rows(queued, heard)
    unheard = deque(row for row in rows if row.counted == 0)
    longest_waiting = deque(sorted(unheard, key=lambda row: row.waiting))
    others = deque(row for row in rows if row.counted > 0)
    most_heard = max((row.heard for row in rows if not row.queued.highlighted), default=0)
    placed: dict[str, Placed] = {}
    reason: Reason | None
    ahead = 0
    for slot in range(1, len(rows) + 1):
        _pass_over(unheard, placed)
        _pass_over(longest_waiting, placed)
        if unheard and slot % _LONGEST_WAITING_EVERY == 0:
            row, reason = longest_waiting[0], "longest_waiting"
        elif unheard and (not others or ahead == _AHEAD_OF_UNHEARD_MAX or unheard[0].place < others[0].place):
            row, reason = unheard[0], "not_heard_yet"
        else:
            row = others.popleft()
            ahead += 1
            reason = "fewest_heard" if row.counted == row.heard < most_heard else None
        placed[row.queued.question] = Placed(row.queued.question, _shown(reason, row.queued))
    return list(placed.values())


def popular(queued: Iterable[Queued]) -> list[Placed]:
    """Most votes first; among equals the one asked first."""
    return _sorted(sorted(queued, key=lambda one: (-one.votes, *_age(one))))


def newest(queued: Iterable[Queued]) -> list[Placed]:
    """Last asked first."""
    return _sorted(sorted(queued, key=_age, reverse=True))


def oldest(queued: Iterable[Queued]) -> list[Placed]:
    """First asked first."""
    return _sorted(sorted(queued, key=_age))


def _rows(queued: Iterable[Queued], heard: Mapping[str, int]) -> list[_Row]:
    """By rules 1 to 3. A person's own questions are counted in the same order: highlighted ones, then by score."""
    ordered = sorted(queued, key=_merit)
    since: dict[str, int] = {}
    for one in ordered:
        since[one.by] = min(one.asked_at, since.get(one.by, one.asked_at))
    before: Counter[str] = Counter()
    rows = []
    for one in ordered:
        times = heard.get(one.by, 0)
        counted = times + before[one.by]
        before[one.by] += 1
        is_below, score, seq, question = _merit(one)
        place = (is_below, counted if is_below else 0, score, seq, question)
        rows.append(_Row(one, times, counted, place, (since[one.by], seq, question)))
    return sorted(rows, key=lambda row: row.place)


def _merit(one: Queued) -> tuple[bool, int, int, str]:
    # The score, votes and time in one, is the same at every moment: all wait equally long for the next one.
    score = 0 if one.highlighted else one.votes * _VOTE_MS - one.asked_at
    return (not one.highlighted, -score, one.seq, one.question)


def _age(one: Queued) -> tuple[int, int, str]:
    return (one.asked_at, one.seq, one.question)


def _pass_over(rows: deque[_Row], placed: Mapping[str, Placed]) -> None:
    """Unheard ones stand in two lines and are placed out of either."""
    while rows and rows[0].queued.question in placed:
        rows.popleft()


def _shown(reason: Reason | None, one: Queued) -> Reason | None:
    if is_alias(one.by):
        return None
    return "highlighted" if one.highlighted else reason


def _sorted(queued: list[Queued]) -> list[Placed]:
    return [Placed(one.question, None) for one in queued]
