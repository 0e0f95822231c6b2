"""Who is in a simulated cohort, and the log as it stands before anything happens."""

from __future__ import annotations

from tertulia.domain.cohort import CohortState, apply_cohort, decide_admission, decide_found, decide_room_made
from tertulia.domain.commands import RoomKind
from tertulia.domain.decision import Decision
from tertulia.domain.ids import CohortId, PersonId, RoomId, cohort_stream
from tertulia.domain.policy import Role
from tertulia.eventlog import Append, Appended, Decided, Planned
from tertulia.wire.stored import decode_event, encode_event
from tests.simulation.client import Person
from tests.simulation.host import DAY_ONE_MS
from tests.simulation.model_log import ModelLog

COHORT = CohortId("demo")
FOUNDER = Person(PersonId("p-olga"), "Olga", "owner")


OWNER, ASSISTANT, EXPENDABLE = 0, 2, 3
"""Places in PEOPLE: who arranges things, whose role changes, who is banned."""


def person(name: str, role: Role) -> Person:
    return Person(PersonId(f"p-{name.lower()}"), name, role)


PEOPLE = [
    FOUNDER,
    person("Ana", "learner"),
    person("Tad", "ta"),
    person("Cid", "learner"),
    person("Ben", "learner"),
    person("Ana", "learner"),
    person("Obi", "observer"),
    person("Lea", "learner"),
]
"""Who has the first device, the second, … Ana has two, and Lea joins only when she first comes."""
JOINS_LATER = "Lea"
VISITOR = person("Vic", "observer")
"""Comes when all is over, to see what a newcomer is told."""


def found(log: ModelLog, people: list[Person], rooms: list[RoomId], kind: RoomKind) -> None:
    """A cohort with these people and rooms, as an operator would have made it long ago."""
    state = CohortState(cohort=COHORT)
    _write(log, state, decide_found(COHORT, name="Demo", course="demo", course_name="Demo"), FOUNDER.id)
    for one in people:
        admitted = decide_admission(state, one.id, name=one.name, role=one.role, at=DAY_ONE_MS)
        assert isinstance(admitted, Decision), admitted
        _write(log, state, admitted, one.id)
    for room in rooms:
        made = decide_room_made(COHORT, room, name=room.capitalize(), kind=kind)
        _write(log, state, made, FOUNDER.id)


def _write(log: ModelLog, state: CohortState, decision: Decision, by: PersonId) -> None:
    planned = [Planned(one.stream, by, *encode_event(one.event)) for one in decision.happenings]
    decided = Decided(by, None, b"", DAY_ONE_MS, decision.stream, tuple(planned))
    outcome = log.commit(Append([decided], {}))
    assert isinstance(outcome, Appended), outcome
    for entry in outcome.entries:
        if entry.stream == cohort_stream(COHORT):
            apply_cohort(state, seq=entry.seq, event=decode_event(entry))
