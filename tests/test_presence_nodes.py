"""Who is here, over several nodes: leases, and that any interleaving of what they tell each other comes right."""

from __future__ import annotations

import itertools
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, RoomId
from tertulia.presence import People
from tertulia.presence.messages import Alive, All, Ask, Some, decode_presence, encode
from tertulia.presence.people import Said
from tertulia.presence.room import Moved, Room
from tertulia.wire.records import Presence, PresenceChanged

ROOM = RoomId("heaps")
ANA, BEN, EVE = PersonId("ana"), PersonId("ben"), PersonId("eve")
TICK_S = limits.presence_tick_s
LEASE_S = limits.presence_lease_s
GRACE_S = limits.presence_grace_s


class Cluster:
    """Nodes on one bus, with a client at each that reads one room and believes what it is told."""

    def __init__(self, *names: str) -> None:
        self.now_s = 1_000.0
        self.lives = 0
        self.nodes: dict[str, People] = {}
        self.clients: dict[str, set[PersonId]] = {}
        self.connections: Counter[tuple[str, PersonId]] = Counter()
        self.wire: list[tuple[str, str, Said]] = []
        """Under way: from, to, what."""
        self.told_left: list[tuple[str, PersonId]] = []
        for name in names:
            self.start(name)

    def start(self, name: str) -> None:
        self.lives += 1
        self.nodes[name] = People(name, life=self.lives)
        self.clients[name] = set()

    def kill(self, name: str) -> None:
        """Without a word; what it said is still under way."""
        self.nodes.pop(name, None)
        for node, person in list(self.connections):
            if node == name:
                del self.connections[node, person]

    def say_goodbye(self, name: str) -> None:
        for said in self.nodes[name].node_leaves(self.now_s):
            self.send(name, said)
        self.kill(name)

    def enter(self, name: str, person: PersonId) -> None:
        self.connections[name, person] += 1
        payload = self.nodes[name].enter(ROOM, person, role="learner", now_s=self.now_s)
        if payload is not None:
            self.send(name, Said(ROOM, payload))

    def leave(self, name: str, person: PersonId) -> None:
        if self.connections[name, person]:
            self.connections[name, person] -= 1
            self.nodes[name].leave(ROOM, person, now_s=self.now_s)

    def send(self, name: str, said: Said) -> None:
        self.wire += [(name, other, said) for other in self.nodes]

    def deliver(self, place: int) -> None:
        sender, to, said = self.wire[place]
        if to in self.nodes:
            self.nodes[to].hear(said.room, said.payload, node=sender, now_s=self.now_s)

    def deliver_all(self) -> None:
        for place in range(len(self.wire)):
            self.deliver(place)
        self.wire.clear()

    def tick(self, name: str, *, is_linked: bool = True) -> None:
        moved, said = self.nodes[name].tick(self.now_s, is_linked=is_linked)
        for room in moved:
            match room.record:
                case Presence(people=list(people)):
                    self.clients[name] = set(people)
                case PresenceChanged(joined=joined, left=left):
                    self.clients[name] = (self.clients[name] | set(joined)) - set(left)
                    self.told_left += [(name, person) for person in left]
            assert room.record.count == len(self.clients[name])
        for message in said:
            self.send(name, message)

    def run(self, seconds: float) -> None:
        """Calm: every node ticks in time and everything arrives at once."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            for name in list(self.nodes):
                self.tick(name)
            self.deliver_all()
            self.now_s += TICK_S

    def truth(self) -> set[PersonId]:
        return {person for (_, person), count in self.connections.items() if count}

    def seen(self, name: str) -> set[PersonId]:
        return set(self.nodes[name].presence(ROOM).people or ())


# --- in calm --------------------------------------------------------------------------------------------------------


def test_nodes_see_each_others_people_within_two_ticks() -> None:
    cluster = Cluster("a", "b")
    cluster.enter("a", ANA)
    cluster.enter("b", BEN)
    cluster.run(2 * TICK_S)
    assert cluster.seen("a") == cluster.seen("b") == {ANA, BEN}
    cluster.run(TICK_S)
    assert cluster.clients["a"] == cluster.clients["b"] == {ANA, BEN}


def test_the_first_on_a_node_asks_and_is_answered_at_the_next_tick() -> None:
    cluster = Cluster("a", "b")
    cluster.enter("a", ANA)
    cluster.run(3 * TICK_S)
    cluster.start("late")
    cluster.enter("late", EVE)
    cluster.deliver_all()
    cluster.run(TICK_S)
    assert cluster.seen("late") == {ANA, EVE}


def test_a_person_on_two_nodes_leaves_with_the_last() -> None:
    cluster = Cluster("a", "b", "c")
    cluster.enter("a", ANA)
    cluster.enter("b", ANA)
    cluster.run(10)
    cluster.leave("a", ANA)
    cluster.run(GRACE_S + 10)
    assert all(cluster.seen(name) == {ANA} for name in "abc")
    cluster.leave("b", ANA)
    cluster.run(GRACE_S + 3 * TICK_S)
    assert all(cluster.seen(name) == set() for name in "abc")


def test_moving_to_another_node_is_no_leave() -> None:
    """A deploy: each connection is made anew elsewhere before the old one goes, then the node leaves in order."""
    cluster = Cluster("old", "new", "other")
    for person in (ANA, BEN):
        cluster.enter("old", person)
    cluster.enter("other", EVE)
    cluster.run(20)
    for person in (ANA, BEN):
        cluster.enter("new", person)
        cluster.leave("old", person)
        cluster.run(2 * TICK_S)
    cluster.say_goodbye("old")
    cluster.run(2 * LEASE_S)
    assert cluster.told_left == []
    assert cluster.seen("other") == {ANA, BEN, EVE}


def test_a_clean_leave_of_a_node_is_told_at_the_next_tick() -> None:
    cluster = Cluster("a", "b")
    cluster.enter("a", ANA)
    cluster.enter("b", BEN)
    cluster.run(10)
    cluster.say_goodbye("a")
    cluster.deliver_all()
    cluster.tick("b")
    assert cluster.clients["b"] == {BEN}


def test_the_people_of_a_killed_node_leave_within_the_lease() -> None:
    cluster = Cluster("a", "b")
    cluster.enter("a", ANA)
    cluster.enter("b", BEN)
    cluster.run(20)
    cluster.kill("a")
    cluster.run(limits.presence_alive_s)
    assert cluster.clients["b"] == {ANA, BEN}, "a short silence is no death"
    cluster.run(LEASE_S - limits.presence_alive_s)
    assert cluster.clients["b"] == {BEN}


def test_nobody_flickers_in_calm() -> None:
    cluster = Cluster("a", "b", "c")
    for name, person in (("a", ANA), ("b", BEN), ("c", EVE)):
        cluster.enter(name, person)
    cluster.run(300)
    assert cluster.told_left == []
    assert cluster.clients["a"] == cluster.clients["b"] == cluster.clients["c"] == {ANA, BEN, EVE}


def test_a_calm_node_renews_one_lease_however_many_rooms_it_has() -> None:
    """And says of each room now and then whom it has there, for those who missed it unnoticed."""
    node, now_s = People("a", life=1), 0.0
    rooms = [RoomId(f"room-{number}") for number in range(50)]
    for room in rooms:
        node.enter(room, ANA, role="learner", now_s=0.0)
    said: Counter[RoomId | None] = Counter()
    while now_s < 300:
        said += Counter(one.room for one in node.tick(now_s)[1])
        now_s += TICK_S
    assert 300 / LEASE_S < said[None] <= 300 / limits.presence_alive_s + 1
    most = 300 / limits.presence_refresh_s * 4 / 3 + 3
    assert all(0 < said[room] <= most for room in rooms), "its own list now and then; and nobody answered"
    assert len({said[room] for room in rooms}) > 1, "not all at once"


def test_the_rooms_that_were_told_of_go_out_in_parts() -> None:
    node = People("a", life=1)
    rooms = {RoomId(f"room-{number}") for number in range(limits.presence_told_max + 1)}
    for room in rooms:
        node.enter(room, ANA, role="learner", now_s=0.0)
    node.tick(0.0)
    node.remove(RoomId("room-0"), ANA)
    node.tick(TICK_S)
    parts = [decode_presence(one.payload) for one in node.tick(limits.presence_alive_s)[1] if one.room is None]
    assert [len(part.told) + len(part.gone) for part in parts if isinstance(part, Alive)] == [len(rooms) - 1, 1]
    assert [list(part.gone) for part in parts if isinstance(part, Alive)] == [[], ["room-0"]]
    late = [decode_presence(one.payload) for one in node.tick(2 * LEASE_S)[1] if one.room is None]
    assert late == [Alive(1)], "what was told long ago is not repeated"


def test_a_change_that_was_missed_is_asked_about_when_the_next_one_comes() -> None:
    cluster = calm_pair()
    cluster.enter("a", EVE)
    cluster.tick("a")
    cluster.wire.clear()
    cluster.enter("a", PersonId("ian"))
    cluster.tick("a")
    cluster.deliver_all()
    assert cluster.seen("b") == {ANA, BEN, "ian"}
    cluster.run(2 * TICK_S)
    assert cluster.seen("b") == {ANA, BEN, EVE, "ian"}


def test_a_change_that_was_missed_is_asked_about_at_the_next_word_of_life() -> None:
    cluster = calm_pair()
    cluster.enter("a", EVE)
    cluster.tick("a")
    cluster.wire.clear()
    cluster.run(limits.presence_alive_s + 3 * TICK_S)
    assert cluster.seen("b") == {ANA, BEN, EVE}


def test_a_last_word_that_was_missed_is_learnt_from_the_next_word_of_life() -> None:
    cluster = calm_pair()
    cluster.leave("a", ANA)
    for _ in range(int(GRACE_S / TICK_S) + 1):
        cluster.now_s += TICK_S
        for name in ("a", "b"):
            cluster.tick(name)
        cluster.wire = [under_way for under_way in cluster.wire if under_way[2].room is None]
        cluster.deliver_all()
    assert (cluster.seen("a"), cluster.seen("b")) == ({BEN}, {ANA, BEN})
    cluster.run(limits.presence_alive_s + 2 * TICK_S)
    assert cluster.seen("b") == {BEN}


def test_who_does_not_answer_after_an_outage_has_nobody() -> None:
    """They went meanwhile, and their node has no more to say about the room; but it says that it runs."""
    cluster = calm_pair()
    cluster.leave("a", ANA)
    for _ in range(int(2 * LEASE_S / TICK_S)):
        cluster.now_s += TICK_S
        for name in ("a", "b"):
            cluster.tick(name)
        cluster.wire.clear()
        cluster.nodes["b"].hear(None, encode(Alive(1)), node="a", now_s=cluster.now_s)
    assert cluster.seen("b") == {ANA, BEN}
    for said in cluster.nodes["b"].reconnected(cluster.now_s):
        cluster.send("b", said)
    cluster.run(LEASE_S + TICK_S)
    assert cluster.seen("b") == {BEN}


def test_a_node_that_starts_again_has_nobody_of_whom_it_does_not_say_so() -> None:
    cluster = calm_pair()
    cluster.kill("a")
    cluster.start("a")
    cluster.run(LEASE_S - 2 * TICK_S)
    assert cluster.seen("b") == {ANA, BEN}, "they have a lease to come back"
    cluster.run(4 * TICK_S)
    assert cluster.seen("b") == {BEN}


def test_what_is_older_than_what_was_forgotten_is_not_believed() -> None:
    people, now_s = People("b", life=1), 0.0
    people.hear(ROOM, encode(All(7, 1, {"learner": [ANA]})), node="a", now_s=now_s)
    people.hear(ROOM, encode(All(7, 2, {})), node="a", now_s=now_s)
    while now_s < 2 * LEASE_S:
        now_s += TICK_S
        people.hear(None, encode(Alive(7)), node="a", now_s=now_s)
        people.tick(now_s)
    people.hear(ROOM, encode(All(7, 1, {"learner": [ANA]})), node="a", now_s=now_s)
    assert people.presence(ROOM).people == []


def test_what_was_missed_is_asked_about_again_when_the_asking_was_lost() -> None:
    cluster = calm_pair()
    for person, is_lost in ((EVE, True), (PersonId("ian"), False)):
        cluster.enter("a", person)
        cluster.tick("a")
        if is_lost:
            cluster.wire.clear()
    cluster.deliver_all()
    cluster.tick("b")
    cluster.wire.clear()
    cluster.run(limits.presence_alive_s + 3 * TICK_S)
    assert cluster.seen("b") == {ANA, BEN, EVE, "ian"}


def test_an_asking_that_was_lost_is_repeated() -> None:
    cluster = calm_pair()
    cluster.start("late")
    cluster.enter("late", EVE)
    cluster.wire.clear()
    cluster.run(limits.presence_alive_s + 2 * TICK_S)
    assert cluster.seen("late") == {ANA, BEN, EVE}


@pytest.mark.parametrize("lost", [1, 2])
def test_who_comes_back_and_whose_asking_is_lost_asks_again_before_the_others_go(lost: int) -> None:
    cluster, asked = calm_pair(), 0
    cluster.leave("b", BEN)
    cluster.run(GRACE_S + 2 * TICK_S)
    cluster.enter("b", BEN)
    for _ in range(int(2 * LEASE_S / TICK_S)):
        if any(isinstance(decode_presence(said.payload), Ask) for _, _, said in cluster.wire):
            asked += 1
            if asked <= lost:
                cluster.wire.clear()
        cluster.deliver_all()
        cluster.now_s += TICK_S
        for name in ("a", "b"):
            cluster.tick(name)
        assert ANA in cluster.seen("b")
    assert asked == lost + 1


def test_only_those_of_whom_something_is_missing_are_asked_and_only_they_answer() -> None:
    cluster = Cluster("a", "b", "c")
    for name, person in (("a", ANA), ("b", BEN), ("c", EVE)):
        cluster.enter(name, person)
    cluster.run(limits.presence_refresh_s / 2)
    for person, is_lost in (("ian", True), ("joy", False)):
        cluster.enter("a", PersonId(person))
        cluster.tick("a")
        if is_lost:
            cluster.wire = [under_way for under_way in cluster.wire if under_way[1] != "b"]
        cluster.deliver_all()
    cluster.tick("b")
    asks = [said.payload for _, to, said in cluster.wire if to == "a" and said.room is not None]
    assert asks == [encode(Ask(["a"]))]
    cluster.deliver_all()
    answers = [one for one in cluster.nodes["c"].tick(cluster.now_s)[1] if one.room is not None]
    assert answers == [], "c was not asked"
    cluster.tick("a")
    cluster.deliver_all()
    assert cluster.seen("b") == {ANA, BEN, EVE, "ian", "joy"}


def test_nobody_of_another_node_goes_while_nobody_can_be_heard() -> None:
    """And when they can be, those who went meanwhile do, and nobody else."""
    cluster = calm_pair()
    cluster.enter("a", EVE)
    cluster.run(TICK_S)
    cluster.leave("a", EVE)
    for _ in range(int(3 * LEASE_S / TICK_S)):
        cluster.now_s += TICK_S
        for name in ("a", "b"):
            cluster.tick(name, is_linked=False)
        cluster.wire.clear()
    assert cluster.seen("b") == {ANA, BEN, EVE}
    for name in ("a", "b"):
        for said in cluster.nodes[name].reconnected(cluster.now_s):
            cluster.send(name, said)
    cluster.told_left.clear()
    cluster.run(LEASE_S + 2 * TICK_S)
    assert cluster.seen("b") == {ANA, BEN}
    assert cluster.told_left == [("b", EVE)]


def test_who_could_not_answer_before_the_next_outage_may_after_it() -> None:
    cluster = calm_pair()
    for is_last in (False, True):
        for said in cluster.nodes["b"].reconnected(cluster.now_s):
            cluster.send("b", said)
        if is_last:
            break
        cluster.wire.clear()
        for _ in range(int(1.5 * LEASE_S / TICK_S)):
            cluster.now_s += TICK_S
            cluster.tick("b", is_linked=False)
            assert cluster.seen("b") == {ANA, BEN}
            cluster.wire.clear()
    cluster.tick("b")
    assert cluster.seen("b") == {ANA, BEN}
    cluster.run(2 * LEASE_S)
    assert cluster.seen("b") == {ANA, BEN}


def test_after_an_outage_a_node_with_many_rooms_tells_and_asks_a_part_at_each_tick() -> None:
    node, rooms = People("a", life=1), [RoomId(f"room-{number}") for number in range(2_500)]
    for room in rooms:
        node.enter(room, ANA, role="learner", now_s=0.0)
    node.tick(0.0)
    most = limits.presence_said_max
    assert len(node.reconnected(TICK_S)) == most
    said = Counter[tuple[RoomId | None, bool]]()
    for tick in range(2, 12):
        now = [one for one in node.tick(tick * TICK_S)[1] if one.room is not None]
        assert len(now) <= most + 1
        said += Counter((one.room, isinstance(decode_presence(one.payload), All)) for one in now)
    assert all(said[room, True] == 1 for room in rooms)
    asked = {room for room, is_list in said if not is_list}
    assert asked.issuperset(rooms[most:])


def test_a_word_of_life_does_not_repeat_what_was_no_news() -> None:
    cluster, told = calm_pair(), list[Alive]()
    for _ in range(200):
        cluster.now_s += TICK_S
        for said in cluster.nodes["a"].tick(cluster.now_s)[1]:
            match decode_presence(said.payload):
                case Alive() as alive:
                    told.append(alive)
    assert told
    assert not any(alive.told for alive in told[3:])


def test_a_tick_looks_only_at_rooms_in_which_something_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    node, looked = People("a", life=1), list[RoomId]()
    for number in range(500):
        node.enter(RoomId(f"room-{number}"), ANA, role="learner", now_s=0.0)
    node.tick(0.0)
    moved = Room.moved

    def counted(room: Room) -> Moved | None:
        looked.append(room.id)
        return moved(room)

    monkeypatch.setattr(Room, "moved", counted)
    node.tick(TICK_S)
    assert looked == []
    node.enter(RoomId("room-7"), BEN, role="learner", now_s=2.0)
    node.tick(2 * TICK_S)
    assert looked == ["room-7"]


def test_a_node_that_was_given_up_and_is_heard_again_is_asked() -> None:
    """Neither side noticed that they were apart."""
    cluster = calm_pair()
    for _ in range(int(LEASE_S / TICK_S)):
        cluster.now_s += TICK_S
        for name in ("a", "b"):
            cluster.tick(name)
        cluster.wire.clear()
    assert cluster.seen("b") == {BEN}
    cluster.run(limits.presence_alive_s + 3 * TICK_S)
    assert cluster.seen("b") == {ANA, BEN}


def test_a_node_that_stood_still_tells_everything_at_once() -> None:
    """It may have been given up, and forgotten since."""
    cluster = calm_pair()
    until_s = cluster.now_s + 1.5 * LEASE_S
    while cluster.now_s < until_s:
        cluster.tick("b")
        cluster.now_s += TICK_S
    assert cluster.clients["b"] == {BEN}
    cluster.run(TICK_S)
    assert cluster.seen("b") == {ANA, BEN}


def test_an_earlier_run_of_a_node_is_not_believed() -> None:
    people = People("b", life=1)
    people.hear(None, encode(Alive(8)), node="a", now_s=0)
    people.hear(ROOM, encode(All(7, 5, {"learner": [ANA]})), node="a", now_s=1)
    assert people.presence(ROOM).people == []


def calm_pair() -> Cluster:
    """Ana on a, Ben on b, and both have just told everything."""
    cluster = Cluster("a", "b")
    cluster.enter("a", ANA)
    cluster.enter("b", BEN)
    cluster.run(limits.presence_refresh_s / 2)
    while not any(isinstance(decode_presence(said.payload), All) for _, _, said in cluster.wire):
        cluster.deliver_all()
        cluster.now_s += TICK_S
        for name in ("a", "b"):
            cluster.tick(name)
    cluster.deliver_all()
    return cluster


def test_after_an_outage_of_one_node_both_sides_catch_up_at_the_next_tick() -> None:
    """However long it is until the next list of all is due."""
    for outage_ticks in range(40, 50):
        cluster = Cluster("a", "b")
        cluster.enter("a", ANA)
        cluster.enter("b", BEN)
        cluster.run(20)
        cluster.enter("a", EVE)
        for _ in range(outage_ticks):
            cluster.now_s += TICK_S
            cluster.tick("a")
            cluster.tick("b")
            cluster.wire.clear()
        assert (cluster.seen("a"), cluster.seen("b")) == ({ANA, EVE}, {BEN})
        for said in cluster.nodes["a"].reconnected(cluster.now_s):
            cluster.send("a", said)
        cluster.deliver_all()
        cluster.run(TICK_S)
        assert cluster.seen("a") == cluster.seen("b") == {ANA, BEN, EVE}


def test_the_last_who_leaves_a_node_puts_right_what_was_missed_before() -> None:
    cluster = Cluster("a", "b")
    for person in (ANA, EVE):
        cluster.enter("a", person)
    cluster.run(20)
    cluster.leave("a", EVE)
    cluster.now_s += GRACE_S
    cluster.tick("a")
    cluster.wire.clear()
    cluster.leave("a", ANA)
    cluster.now_s += GRACE_S - limits.presence_refresh_s
    cluster.tick("a")
    cluster.deliver_all()
    assert EVE in cluster.seen("b")
    cluster.now_s += limits.presence_refresh_s
    cluster.tick("a")
    cluster.deliver_all()
    assert cluster.seen("b") == set()


def test_a_new_role_is_told_to_the_other_nodes() -> None:
    cluster = Cluster("a", "b")
    for number in range(limits.presence_list_people_max + 1):
        cluster.nodes["b"].enter(ROOM, PersonId(f"p-{number}"), role="learner", now_s=cluster.now_s)
    cluster.enter("a", ANA)
    for role, staff in (("ta", [ANA]), ("learner", [])):
        cluster.nodes["a"].set_role(ROOM, ANA, role)  # type: ignore[arg-type]
        for said in cluster.nodes["a"].tick(cluster.now_s)[1]:
            cluster.nodes["b"].hear(said.room, said.payload, node="a", now_s=cluster.now_s)
        assert cluster.nodes["b"].presence(ROOM).staff == staff


def test_a_node_that_starts_again_under_its_name_is_believed() -> None:
    cluster = Cluster("a", "b")
    cluster.enter("b", BEN)
    for _ in range(30):
        cluster.enter("a", ANA)
        cluster.run(TICK_S)
    cluster.kill("a")
    cluster.start("a")
    cluster.enter("a", EVE)
    cluster.run(2 * TICK_S)
    assert cluster.seen("b") == {BEN, EVE}


# --- what is heard --------------------------------------------------------------------------------------------------


def test_an_older_message_changes_nothing() -> None:
    people = People("b", life=1)
    people.hear(ROOM, encode(All(7, 5, {"learner": [ANA]})), node="a", now_s=0)
    for late in (All(7, 4, {"learner": [BEN]}), All(6, 9, {}), Some(7, 5, 4, {"learner": [EVE]}, [ANA]), All(7, 5, {})):
        people.hear(ROOM, encode(late), node="a", now_s=1)
    assert people.presence(ROOM).people == [ANA]


def test_neither_changes_nor_words_of_life_replace_the_list_of_all() -> None:
    """Who missed the list of all must not keep its ghosts because the node goes on saying other things."""
    people, now_s = People("b", life=1), 0.0
    people.hear(ROOM, encode(All(7, 1, {"learner": [ANA]})), node="a", now_s=0)
    for number in itertools.count(2):
        now_s += limits.presence_alive_s
        if now_s > 3 * limits.presence_refresh_s:
            break
        people.hear(ROOM, encode(Some(7, number, number - 1, {"learner": [BEN]}, [])), node="a", now_s=now_s)
        people.hear(None, encode(Alive(7)), node="a", now_s=now_s)
        people.tick(now_s)
    assert people.presence(ROOM).people == []


def test_a_message_that_was_long_under_way_raises_no_ghost() -> None:
    people = People("b", life=1)
    people.hear(ROOM, encode(All(7, 2, {"learner": [ANA]})), node="a", now_s=0)
    people.tick(LEASE_S)
    people.hear(ROOM, encode(All(7, 1, {"learner": [ANA]})), node="a", now_s=LEASE_S + 1)
    people.hear(ROOM, encode(All(7, 2, {"learner": [ANA]})), node="a", now_s=LEASE_S + 1)
    assert people.presence(ROOM).people == []


def test_roles_travel_and_ones_own_knowledge_goes_first() -> None:
    people = People("b", life=1)
    for number in range(limits.presence_list_people_max):
        people.enter(ROOM, PersonId(f"p-{number}"), role="learner", now_s=0.0)
    people.hear(ROOM, encode(All(7, 1, {"ta": [ANA], "bot": [EVE]})), node="a", now_s=0)
    assert people.presence(ROOM).staff == [ANA]
    people.enter(ROOM, ANA, role="learner", now_s=0.0)
    assert people.presence(ROOM).staff == []
    people.remove(ROOM, ANA)
    assert people.presence(ROOM).staff == [ANA]
    people.hear(ROOM, encode(Some(7, 2, 1, {"learner": [ANA]}, [])), node="a", now_s=0)
    assert people.presence(ROOM).staff == []


def test_its_own_words_coming_back_are_ignored() -> None:
    people = People("a", life=1)
    people.hear(ROOM, encode(All(1, 99, {"learner": [ANA]})), node="a", now_s=0)
    assert people.presence(ROOM).people == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'{"type":"other"}',
        b'{"type":"all"}',
        b'{"type":"all","life":1,"number":-1,"people":{}}',
        b'{"type":"all","life":1,"number":1,"people":{"king":["ana"]}}',
        b'{"type":"all","life":1,"number":1,"people":{"ta":[1]}}',
        b'{"type":"some","life":1,"number":1e400,"after":0,"came":{},"went":[]}',
        b'{"type":"alive","life":-1}',
        b'{"type":"alive","life":1,"told":{"heaps":"7"}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_ignored(payload: bytes) -> None:
    people = People("b", life=1)
    for room in (ROOM, None):
        people.hear(room, payload, node="a", now_s=0)
    assert people.tick(0.0) == ([], [Said(None, encode(Alive(1)))])


@given(st.binary(max_size=100))
def test_any_bytes_are_harmless(payload: bytes) -> None:
    People("b", life=1).hear(ROOM, payload, node="a", now_s=0)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.sampled_from(("learner", "ta", "bot")))))
def test_a_message_reads_back(changes: list[tuple[bool, int, str]]) -> None:
    people = People("a", life=3)
    for is_in, number, role in changes:
        if is_in:
            people.enter(ROOM, PersonId(f"p-{number}"), role=role, now_s=0.0)  # type: ignore[arg-type]
        else:
            people.remove(ROOM, PersonId(f"p-{number}"))
    for said in people.tick(0.0)[1]:
        message = decode_presence(said.payload)
        assert message is not None
        assert msgspec.json.decode(encode(message)) == msgspec.json.decode(said.payload)


# --- in a storm -----------------------------------------------------------------------------------------------------

NODES = ("a", "b", "c")
STEPS = st.one_of(
    st.tuples(st.sampled_from(("enter", "leave")), st.sampled_from(NODES), st.integers(0, 3)),
    st.tuples(st.sampled_from(("kill", "goodbye", "tick", "reconnect")), st.sampled_from(NODES), st.just(0)),
    st.tuples(st.sampled_from(("deliver", "repeat", "lose")), st.just(""), st.integers(0, 10_000)),
    st.tuples(st.just("wait"), st.just(""), st.integers(1, 40)),
)


def play(cluster: Cluster, step: tuple[str, str, int]) -> None:
    what, name, number = step
    if name and name not in cluster.nodes:
        cluster.start(name)
    match what:
        case "enter":
            cluster.enter(name, PersonId(f"p-{number}"))
        case "leave":
            cluster.leave(name, PersonId(f"p-{number}"))
        case "kill":
            cluster.kill(name)
        case "goodbye":
            cluster.say_goodbye(name)
        case "tick":
            cluster.tick(name)
        case "reconnect":
            for said in cluster.nodes[name].reconnected(cluster.now_s):
                cluster.send(name, said)
        case "wait":
            cluster.now_s += number
        case "deliver" | "repeat" | "lose" if cluster.wire:
            place = number % len(cluster.wire)
            if what != "lose":
                cluster.deliver(place)
            if what != "repeat":
                del cluster.wire[place]


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(STEPS, max_size=80), stale=st.randoms(use_true_random=False), do_all_look=st.booleans())
def test_any_interleaving_converges_to_the_truth_within_the_lease(
    steps: list[tuple[str, str, int]], stale: object, do_all_look: bool
) -> None:
    """Nodes come, go and die, messages are lost, repeated and reordered at will; at the end of the storm what is
    still under way arrives in any order. One lease of calm later, every node where somebody is and every client there
    knows exactly who is here: nobody is missing and there are no ghosts."""
    cluster = Cluster(*NODES)
    for step in steps:
        play(cluster, step)
    stale.shuffle(cluster.wire)  # type: ignore[attr-defined]
    cluster.deliver_all()
    if do_all_look:
        for name in cluster.nodes:
            cluster.enter(name, PersonId(f"looks-{name}"))
    cluster.run(LEASE_S + 2 * TICK_S)
    somewhere = [name for name in cluster.nodes if any(cluster.nodes[name].own(ROOM))]
    for name in somewhere:
        assert cluster.seen(name) == cluster.truth()
        assert cluster.clients[name] == cluster.truth()
    cluster.told_left.clear()
    cluster.run(2 * LEASE_S)
    assert cluster.told_left == [], "what came right stays right"
    assert all(cluster.clients[name] == cluster.truth() for name in somewhere)


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(STEPS, max_size=80))
def test_whoever_stays_connected_is_never_told_to_have_left_on_their_own_node(
    steps: list[tuple[str, str, int]],
) -> None:
    cluster = Cluster(*NODES)
    cluster.enter("a", ANA)
    cluster.tick("a")
    for step in steps:
        if step[:2] not in (("kill", "a"), ("goodbye", "a")):
            play(cluster, step)
    assert ANA in cluster.clients["a"]
    assert ("a", ANA) not in cluster.told_left
