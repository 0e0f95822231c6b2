"""Teams: rooms of their own for those who attend, for a while, and what they bring back. Called by `decide_room`.

Who is in a team with whom rests on nothing that was said under an alias.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from tertulia.domain import limits
from tertulia.domain.decision import Asker, Decision, Happening, Setting
from tertulia.domain.events import MessagePosted, RoomClosed, RoomCreated, RoomListed
from tertulia.domain.ids import PersonId, RoomId, cohort_stream, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import FormTeams, ReportResult
from tertulia.domain.session.events import Team, TeamsFormed, TeamsRecalled
from tertulia.domain.session.life import must_be_open
from tertulia.domain.talk import may_write, words_refusal
from tertulia.domain.text import clean_text, links_in


def form(state: RoomState, command: FormTeams, *, setting: Setting, at: int) -> Decision | Refusal:
    """Rooms for the teams, made at once. Learners who attend are dealt out; staff go where they like."""
    if refusal := must_be_open(state):
        return refusal
    if state.session.teams:
        return Refusal("teams_formed")
    groups = _groups(state, command, setting)
    if isinstance(groups, Refusal):
        return groups
    if len(setting.rooms) + len(groups) > limits.rooms_max:
        return Refusal("too_many", f"A cohort has at most {limits.rooms_max} rooms.")
    teams = [
        Team(room=RoomId(f"team-{number}-{setting.new_id}"), name=f"Team {number}", people=list(people))
        for number, people in enumerate(groups, start=1)
    ]
    until = None if command.for_s is None else at + command.for_s * 1000
    stream = room_stream(state.room)
    formed = TeamsFormed(teams=teams, how=command.how, until=until)
    rooms = [happening for team in teams for happening in _made(state, team)]
    fresh = tuple(room_stream(team.room) for team in teams)
    return Decision(stream, (Happening(stream, formed), *rooms), fresh=fresh)


def recall(state: RoomState, *, setting: Setting) -> Decision | Refusal:
    """The teams' rooms are closed; what was said there stays to be read."""
    if not state.session.teams:
        return Refusal("teams_not_formed")
    stream, listing = room_stream(state.room), cohort_stream(state.cohort)
    happenings = [Happening(stream, TeamsRecalled())]
    for team in state.session.teams:
        listed = setting.rooms.get(team)
        if listed is None:
            return Refusal("unavailable")  # the cohort is known as it was before the teams: the lane asks the log
        if not listed.closed:
            shut = RoomListed(room=team, name=listed.name, kind=listed.kind, closed=True)
            happenings += [Happening(room_stream(team), RoomClosed()), Happening(listing, shut)]
    return Decision(stream, tuple(happenings))


def recall_due(state: RoomState, at: int) -> bool:
    """Whether the teams' time is over."""
    until = state.session.teams_until
    return bool(state.session.teams) and until is not None and at >= until


def report_result(
    state: RoomState, command: ReportResult, *, asker: Asker, setting: Setting, at: int
) -> Decision | Refusal:
    """Said in the room the team came from. (Nobody is mentioned there: its seqs are not known here.)"""
    if state.parent is None:
        return Refusal("not_allowed", "Only a team's room has a room to report to.")
    if refusal := may_write(state, asker, at):
        return refusal
    parent = setting.rooms.get(state.parent)
    if parent is None:
        return Refusal("unknown_room")
    if parent.closed:
        return Refusal("room_closed")
    text = clean_text(command.text)
    if isinstance(text, Refusal):
        return text
    if refusal := words_refusal(state, text, asker):
        return refusal
    stream = room_stream(state.parent)
    result = MessagePosted(text=text, kind="result", links=links_in(text), source=state.room)
    return Decision(stream, (Happening(stream, result),))


# --- who is in which ---------------------------------------------------------------------------------------------


def _groups(state: RoomState, command: FormTeams, setting: Setting) -> Sequence[Sequence[PersonId]] | Refusal:
    roles = setting.roles
    if command.how == "manual":
        people = [person for group in command.groups for person in group]
        is_known = all(person in roles for person in people) and len(people) == len(set(people))
        if not command.groups or not all(command.groups) or not is_known or command.teams is not None:
            return Refusal("groups_invalid", "Each group has members of the cohort, and nobody is in two.")
        return command.groups
    if command.groups:
        return Refusal("groups_invalid", "Groups are given only when they are made by hand.")
    here = [person for person in roles if state.session.attends(person) and roles[person] == "learner"]
    count = command.teams or max(2, -(-len(here) // limits.team_people))
    if len(here) < count:
        return Refusal("groups_invalid", "Fewer learners are here than there would be teams.")
    order = sorted(here, key=lambda person: _lot(setting.new_id, person))
    if command.how == "mixed":
        # By what was said in their own name: a team must not show whose an alias is.
        order.sort(key=lambda person: -state.session.turns.get(person, 0))
    dealt: list[list[PersonId]] = [[] for _ in range(count)]
    for place, person in zip(_to_and_fro(count), order, strict=False):
        dealt[place].append(person)
    return dealt


def _to_and_fro(count: int) -> Iterator[int]:
    """0, 1, 2, 2, 1, 0, 0, 1 …: who is dealt first in one round is last in the next."""
    while True:
        yield from range(count)
        yield from reversed(range(count))


def _lot(new_id: str, person: PersonId) -> bytes:
    return blake2b(f"{new_id} {person}".encode(), digest_size=8).digest()


def _made(state: RoomState, team: Team) -> tuple[Happening, Happening]:
    name = f"{team.name} · {state.name}"[: limits.room_name_chars_max].rstrip()
    created = RoomCreated(cohort=state.cohort, name=name, kind="team", emoji=list(state.emoji), parent=state.room)
    listed = RoomListed(room=team.room, name=name, kind="team")
    return Happening(room_stream(team.room), created), Happening(cohort_stream(state.cohort), listed)
