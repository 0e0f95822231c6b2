"""Teams: who comes into which, the rooms that are made and closed, and what is brought back."""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.commands import ChangeRoom, CloseRoom, PostMessage
from tertulia.domain.decide_room import decide_room
from tertulia.domain.decision import Asker, Decision, Setting
from tertulia.domain.events import MessagePosted, RoomClosed, RoomCreated, RoomListed
from tertulia.domain.ids import PersonId, RoomId, room_staff_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState, apply_room, apply_room_staff
from tertulia.domain.session.commands import FormTeams, OpenSession, RecallTeams, ReportResult
from tertulia.domain.session.events import TeamsFormed, TeamsRecalled
from tertulia.domain.session.teams import recall_due
from tests.classroom import PEOPLE, Classroom, command

LEARNERS = [f"l{number}" for number in range(9)]


@pytest.fixture
def here() -> Classroom:
    """A session with nine learners, who attend, and staff."""
    room = Classroom({**PEOPLE, **dict.fromkeys(LEARNERS, "learner")}, kind="session")
    room.gives("ina", OpenSession)
    attend(room, *LEARNERS, "ina", "obi")
    return room


def attend(here: Classroom, *people: str) -> None:
    """As when the server had noted them."""
    here.room.session.attended_in = here.room.session.opened
    here.room.session.attended = dict.fromkeys(PersonId(person) for person in people)


def forms(here: Classroom, **fields: Any) -> list[list[str]]:
    (formed, *_) = here.gives("tad", FormTeams, **fields)
    assert isinstance(formed, TeamsFormed)
    return [list(team.people) for team in formed.teams]


def test_teams_are_rooms_with_a_parent_that_the_cohort_lists(here: Classroom) -> None:
    here.after(s=1)
    formed, *made = here.gives("tad", FormTeams, teams=3, for_s=600)
    assert isinstance(formed, TeamsFormed)
    assert (formed.how, formed.until) == ("random", here.at + 600_000)
    for team, created, listed in zip(formed.teams, made[::2], made[1::2], strict=True):
        assert isinstance(created, RoomCreated)
        assert isinstance(listed, RoomListed)
        assert (created.kind, created.parent, created.cohort, created.name) == ("team", "general", "demo", listed.name)
        assert here.in_stream(f"room/{team.room}") == [created]
        assert here.cohort.rooms[team.room] == listed
        assert listed.kind == "team"
        assert created.emoji
        assert team.name in created.name
    assert here.refusal("tad", FormTeams).code == "teams_formed"


def test_everybody_who_attends_is_in_one_team_and_teams_are_even(here: Classroom) -> None:
    teams = forms(here, teams=4)
    assert sorted(person for team in teams for person in team) == sorted(LEARNERS), "learners; staff go where they like"
    assert sorted(len(team) for team in teams) == [2, 2, 2, 3]
    assert len(forms(again(here))) == 3, "about four each, unless it is said"


def again(here: Classroom) -> Classroom:
    here.gives("tad", RecallTeams)
    return here


def test_another_chance_gives_other_teams_and_the_same_gives_the_same(here: Classroom) -> None:
    def dealt(new_id: str) -> Any:
        setting = Setting(here.cohort.roles, here.cohort.rooms, new_id)
        asker = Asker(PersonId("tad"), "ta")
        decided = decide_room(here.room, command(FormTeams, teams=3), asker=asker, setting=setting, at=here.at)
        assert isinstance(decided, Decision)
        assert len(decided.fresh) == 3, "their streams are new"
        formed = decided.happenings[0].event
        assert isinstance(formed, TeamsFormed)
        return [team.people for team in formed.teams]

    assert dealt("a") == dealt("a")
    assert len({str(dealt(chance)) for chance in "abcdef"}) == 6


def test_mixed_teams_have_talkers_and_silent_ones_each(here: Classroom) -> None:
    talkers = LEARNERS[:3]
    for name in talkers:
        for _ in range(5):
            here.says(name, "And another thing.")
    for _ in range(3):
        teams = forms(here, how="mixed", teams=3)
        assert [sum(person in talkers for person in team) for team in teams] == [1, 1, 1]
        again(here)


def test_teams_do_not_show_who_spoke_under_an_alias() -> None:
    """The one who has said much under an alias is dealt like one who has said nothing."""
    seen = []
    for chatty in ("l0", "l1"):
        here = Classroom({**PEOPLE, **dict.fromkeys(LEARNERS, "learner")}, kind="session")
        here.gives("ina", ChangeRoom, anonymity="anonymous")
        here.gives("ina", OpenSession)
        attend(here, *LEARNERS)
        for _ in range(9):
            here.gives(chatty, PostMessage, text="So it is.", alias=True)
        seen.append(forms(here, how="mixed", teams=3))
    assert seen[0] == seen[1]


def test_groups_made_by_hand(here: Classroom) -> None:
    assert forms(here, how="manual", groups=[["l0", "tad"], ["lea"]]) == [["l0", "tad"], ["lea"]]
    again(here)
    for groups in ([], [["l0"], []], [["l0"], ["l0"]], [["l0", "l0"]], [["nobody"]]):
        assert here.refusal("tad", FormTeams, how="manual", groups=groups).code == "groups_invalid"
    assert here.refusal("tad", FormTeams, how="manual", groups=[["l0"]], teams=2).code == "groups_invalid"
    assert here.refusal("tad", FormTeams, groups=[["l0"]]).code == "groups_invalid"


def test_when_teams_are_not_formed(here: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here.refusal("lea", FormTeams).code == "not_allowed"
    assert here.refusal("tad", FormTeams, teams=10).code == "groups_invalid"
    monkeypatch.setattr(limits, "rooms_max", 3)
    assert here.refusal("tad", FormTeams, teams=3).code == "too_many"
    assert Classroom(kind="session").refusal("tad", FormTeams).code == "session_not_open"


def test_recalled_teams_rooms_are_closed(here: Classroom) -> None:
    assert here.refusal("tad", RecallTeams).code == "teams_not_formed"
    forms(here, teams=2)
    rooms = list(here.room.session.teams)
    happened = here.gives("tad", RecallTeams)
    assert happened[0] == TeamsRecalled()
    for room in rooms:
        assert here.in_stream(f"room/{room}")[-1] == RoomClosed()
        assert here.cohort.rooms[room].closed
    assert here.refusal("tad", RecallTeams).code == "teams_not_formed"
    assert forms(here, teams=2)


def test_a_teams_room_that_is_closed_already_is_left_alone(here: Classroom) -> None:
    forms(here, teams=2)
    first, second = here.room.session.teams
    listed = here.cohort.rooms[first]
    here.cohort.rooms[first] = RoomListed(room=first, name=listed.name, kind="team", closed=True)
    assert len(here.gives("tad", RecallTeams)) == 3
    assert here.in_stream(f"room/{second}")[-1] == RoomClosed()


def test_a_node_that_has_not_heard_of_the_rooms_yet_asks_the_log(here: Classroom) -> None:
    """A refusal is told only after a look at the log: `Lane._refuse`."""
    forms(here, teams=2)
    here.cohort.rooms.pop(here.room.session.teams[0])
    assert here.refusal("tad", RecallTeams).code == "unavailable"


def test_when_their_time_is_over(here: Classroom) -> None:
    assert not recall_due(here.room, here.at)
    forms(here, teams=2, for_s=60)
    assert not recall_due(here.room, here.at + 59_999)
    assert recall_due(here.room, here.at + 60_000)
    here.gives("tad", RecallTeams)
    assert not recall_due(here.room, here.at + 60_000)
    forms(here, teams=2)
    assert not recall_due(here.room, here.at + 10**9), "without a time, when staff say"


# --- what is brought back --------------------------------------------------------------------------------------------


def reports(here: Classroom, name: str, room: RoomId, text: str) -> Decision | Refusal:
    """A lane of the team's own room decides."""
    state = RoomState(room=room)
    for seq, event in enumerate(here.in_stream(f"room/{room}"), start=1):
        apply_room(state, seq=seq, at=here.at, by=PersonId("tad"), event=event)
    for seq, event in enumerate(here.in_stream(room_staff_stream(room)), start=1):
        apply_room_staff(state, seq=seq, at=here.at, by=PersonId("tad"), event=event)
    asker = Asker(PersonId(name), here.cohort.roles[PersonId(name)])
    setting = Setting(here.cohort.roles, here.cohort.rooms)
    return decide_room(state, command(ReportResult, room=room, text=text), asker=asker, setting=setting, at=here.at)


def code(verdict: Decision | Refusal) -> str:
    assert isinstance(verdict, Refusal), verdict
    return verdict.code


def test_a_team_reports_to_the_room_it_came_from(here: Classroom) -> None:
    forms(here, teams=2)
    team, *_ = here.room.session.teams
    decision = reports(here, "l0", team, "It is 7: https://a.example/x")
    assert isinstance(decision, Decision)
    assert here.happens("l0", decision) == [
        MessagePosted(text="It is 7: https://a.example/x", kind="result", source=team, links=["https://a.example/x"])
    ]
    assert here.entries[-1].stream == "room/general"
    assert here.entries[-1].by == "l0"


def test_when_a_result_is_not_taken(here: Classroom) -> None:
    assert here.refusal("lea", ReportResult, text="x").code == "not_allowed"
    forms(here, teams=2)
    team, *_ = here.room.session.teams
    assert code(reports(here, "l0", team, " ")) == "text_empty"
    here.gives("ina", CloseRoom)
    assert code(reports(here, "l0", team, "x")) == "room_closed"
    here.gives("tad", RecallTeams)
    assert code(reports(here, "l0", team, "x")) == "room_closed"
