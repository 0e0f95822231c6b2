"""What is counted in the last session of a room, from the model's log: votes, answers to polls, pace. The reading of a
node and the checks at the end both ask here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tertulia.domain.event import Event
from tertulia.domain.ids import PersonId
from tertulia.domain.session.events import PaceSet, PollAnswered, VoteSet
from tertulia.domain.session.view import SessionView
from tertulia.projections import MySession, SessionCounts
from tertulia.wire.stored import Entry, decode_event


class Counts:
    """`session`: as folded from the room's stream. `told`: the entries of its signals, and of its staff stream."""

    def __init__(self, session: SessionView, *told: Sequence[Entry]) -> None:
        self._session = session
        self._voters: dict[str, set[str]] = {}
        self._answers: dict[int, dict[str, PollAnswered]] = {}
        self._pace: dict[str, PaceSet] = {}
        for entry, event in _events(told):
            match event:
                case VoteSet():
                    people = self._voters.setdefault(event.question, set())
                    (people.add if event.on else people.discard)(entry.by)
                case PollAnswered() if event.poll > session.opened:
                    self._answers.setdefault(event.poll, {})[entry.by] = event
                case PaceSet() if entry.at >= session.opened_at:
                    self._pace[entry.by] = event
                case _:
                    pass

    def votes(self) -> dict[str, int]:
        """Of merged questions also at the one they went into; whoever voted for both counts once."""
        listed = {one.question: one.merged_into for one in self._session.questions}
        listed |= {id: one.merged_into for id, one in self._session.unpublished.items()}
        counted: dict[str, set[str]] = {}
        for id in listed:
            for root in _with_roots(id, listed):
                counted.setdefault(root, set()).update(self._voters.get(id, ()))
        return {id: len(people) for id, people in counted.items() if people}

    def all(self) -> SessionCounts:
        answered = {str(poll): len(answers) for poll, answers in self._answers.items()}
        bars: dict[str, dict[str, int]] = {}
        for poll, answers in self._answers.items():
            for answer in answers.values():
                for choice in answer.choices:
                    of_poll = bars.setdefault(str(poll), {})
                    of_poll[str(choice)] = of_poll.get(str(choice), 0) + 1
        pace: dict[str, int] = {}
        for set_ in self._pace.values():
            if set_.pace is not None:
                pace[set_.pace] = pace.get(set_.pace, 0) + 1
        return SessionCounts(self.votes(), answered, bars, pace)

    def mine(self, person: PersonId) -> MySession:
        listed = [*self._session.unpublished, *(one.question for one in self._session.questions)]
        votes = sorted(id for id in listed if person in self._voters.get(id, ()))
        answers: dict[str, dict[str, str | list[int]]] = {
            str(poll): {"choices": list(answers[person].choices), "text": answers[person].text}
            for poll, answers in self._answers.items()
            if person in answers
        }
        pace = self._pace.get(person)
        return MySession(votes, answers, None if pace is None else pace.pace)


NOTHING_COUNTED = SessionCounts({}, {}, {}, {})


def _events(told: Iterable[Sequence[Entry]]) -> Iterator[tuple[Entry, Event | None]]:
    for entries in told:
        for entry in entries:
            yield entry, decode_event(entry)


def _with_roots(id: str, merged: Mapping[str, str | None]) -> Iterator[str]:
    """The question and those it is merged into, one into the other."""
    into: str | None = id
    while into is not None:
        yield into
        into = merged.get(into)
