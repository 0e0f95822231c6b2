"""The lecture's checks must not be kind: a small lecture comes out right, and one thing done wrong, to one client, in
one tally or by one command too many, is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from load_tests import lecture_check as check
from load_tests.lecture import Outcome, lecture
from load_tests.lecture_listener import Told
from load_tests.lecture_play import Player
from load_tests.lecture_script import deeds, sized
from tertulia.domain.events import MessagePosted
from tertulia.domain.fair_order import newest, oldest, popular
from tertulia.domain.session.events import QuestionPublished

CLIENTS, SECONDS, SEED = 20, 3.0, 11
VICTIM = 7

Planted = Callable[[Player], None]


def play(folder: Path, planted: Planted = lambda player: None) -> Outcome:
    return lecture(clients=CLIENTS, seconds=SECONDS, seed=SEED, folder=folder, planted=planted)


def kinds(outcome: Outcome) -> set[str]:
    return {kind for kind, sentences in outcome.violations.items() if sentences}


# --- an honest server ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    folder = tmp_path_factory.mktemp("lecture")
    return play(folder), folder / "data"


def test_an_honest_server_is_not_blamed(honest: tuple[Outcome, Path]) -> None:
    outcome, _ = honest
    assert kinds(outcome) == set(), outcome.violations
    figures = {name: figure["value"] for name, figure in outcome.figures.items()}
    assert figures["lecture_clients"] == CLIENTS
    assert figures["lecture_deliveries"] > CLIENTS * 60
    assert figures["lecture_sent_again"] > 3
    assert 1.0 < figures["effective_voices_recounted"] < CLIENTS


def test_a_queue_in_another_order_is_not_fair(honest: tuple[Outcome, Path]) -> None:
    """The same log, looked at with an order that does not promise it: so the check of the prefixes can fail."""
    log, _ = check.log_of(honest[1])
    session = _queue_of(log)
    for order in (newest, oldest, popular):
        ahead = max(count for _, count in check.behind(session, {}, lambda queued, heard: order(queued)))  # noqa: B023
        assert ahead > check.AHEAD_MAX, order
    assert all(count <= check.AHEAD_MAX for _, count in check.behind(session, {}, check.fair_order))


def test_the_script_is_the_seeds(honest: tuple[Outcome, Path]) -> None:
    size = sized(CLIENTS, SECONDS)
    assert deeds(size, SEED) == deeds(size, SEED)
    assert deeds(size, SEED) != deeds(size, SEED + 1)


# --- one thing is wrong ----------------------------------------------------------------------------------------------


class Fault:
    """Spoils what one client hears, once. `spoil` gets the records of one frame of one kind."""

    def __init__(self, spoil: Callable[[tuple[Told, ...]], tuple[Told, ...]]) -> None:
        self._spoil = spoil
        self.is_done = False

    def __call__(self, records: tuple[Told, ...]) -> tuple[Told, ...]:
        if self.is_done:
            return records
        spoilt = self._spoil(records)
        self.is_done = spoilt != records
        return spoilt


def drop_one(records: tuple[Told, ...]) -> tuple[Told, ...]:
    return tuple(told for told in records if not isinstance(told.event, QuestionPublished))


class Swap:
    """Holds the first message that begins a thread back until after the next."""

    def __init__(self) -> None:
        self._held: Told | None = None
        self._is_done = False

    def __call__(self, records: tuple[Told, ...]) -> tuple[Told, ...]:
        found: list[Told] = []
        for told in records:
            begins = isinstance(told.event, MessagePosted) and told.event.thread is None
            if self._held is None and not self._is_done and begins:
                self._held = told
                continue
            found.append(told)
            if self._held is not None and begins:
                found.append(self._held)
                self._held, self._is_done = None, True
        return tuple(found)


def another_word(records: tuple[Told, ...]) -> tuple[Told, ...]:
    """The same numbers, one letter of a text changed: no gap would ever show it."""
    found = []
    for told in records:
        if isinstance(told.event, MessagePosted) and b" heap" in told.line:
            line = told.line.replace(b" heap", b" heat", 1)
            changed = Told(line, told.record)
            changed.event = msgspec.structs.replace(told.event, text=told.event.text.replace(" heap", " heat", 1))
            found.append(changed)
        else:
            found.append(told)
    return tuple(found)


class WrongTally:
    """One vote too many, for one question, in every record of votes of one client."""

    def __call__(self, records: tuple[Told, ...]) -> tuple[Told, ...]:
        return tuple(self._wrong(told) if told.record.type == "votes" else told for told in records)

    def _wrong(self, told: Told) -> Told:
        votes = dict(told.record.votes)
        if votes:
            first = min(votes)
            votes[first] += 1
        return Told(told.line, msgspec.structs.replace(told.record, votes=votes))


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault(drop_one), {"records", "states"}),
        (Swap(), {"records", "states"}),
        (Fault(another_word), {"states"}),
        (WrongTally(), {"states", "votes"}),
    ],
    ids=["a record lost", "two records swapped", "a word changed", "a vote too many"],
)
def test_a_wrong_told_to_one_client_is_named(
    tmp_path: Path, fault: Callable[[tuple[Told, ...]], tuple[Told, ...]], named: set[str]
) -> None:
    def plant(player: Player) -> None:
        player.hall.listeners[VICTIM].spoil = fault

    outcome = play(tmp_path, plant)
    assert kinds(outcome) == named, outcome.violations
    blamed = [sentence for sentences in outcome.violations.values() for sentence in sentences]
    assert all(f"person {VICTIM}" in sentence for sentence in blamed), blamed


def test_a_command_done_twice_is_named(tmp_path: Path) -> None:
    """As by a server that took the second copy for another command."""
    outcome = play(tmp_path, lambda player: player.doubled.add(3))
    assert kinds(outcome) == {"commands"}, outcome.violations
    assert any("#m3 stands 2 times" in sentence for sentence in outcome.violations["commands"])


def _queue_of(log: list[check.Logged]) -> check.SessionView:
    """A queue with many who were heard before a few who were not: of the lecture's own questions."""
    view = check.new_room_view("lecture")
    for kind, entry, event in log:
        if kind == "room" and entry.name != "session_closed":
            check.apply_room(view, seq=entry.seq, at=entry.at, by=entry.by, event=event)
    assert view.session is not None
    questions = view.session.questions[:10]
    for place, one in enumerate(questions):
        one.status, one.by, one.asked_at = "published", f"p-{place}", place if place != 5 else 5
    unheard = {"p-5"}
    view.session.questions = questions
    view.session.heard = {one.by: 1 for one in questions if one.by not in unheard}
    return view.session
