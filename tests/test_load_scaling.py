"""The model of large deployments: its arithmetic on cases one can reckon by hand, its simulations on small ones. What
things cost on this machine is no matter of the gate (`python -m load_tests.scaling --measure`)."""

import math
import re

import pytest

from load_tests import curves
from load_tests.costs.model import COSTS, Measured, line_through, load, save, shared
from load_tests.curves import Axis, Curve, Plot
from load_tests.scaling import plots, tables
from load_tests.scaling.deployment import AS_IT_IS, CAUSES, Machines, Rules, deploy, place
from load_tests.scaling.one_room import one_room
from load_tests.scaling.population import Activity, Room, population, quiet, session, sizes, total
from load_tests.scaling.storms import all_cut, node_death, rollout
from load_tests.scaling.study import plan, saturates_at, study
from load_tests.scaling.validation import CASES, said
from tertulia.domain import limits

FREE = dict.fromkeys(COSTS, 0.0)
"""Nothing costs anything; a test puts a price on one thing."""
COSTLY = dict.fromkeys(COSTS, 10.0) | {"postgres_flush_ms": 1.0}
NOBODY_MOVES = Rules(looking=0.0, stay_s=math.inf, typing_a_message=0.0)
TALK = Room(people=100, messages_per_s=2.0, signals_per_s=0.0, is_session=False)


# --- the cost model ---------------------------------------------------------------------------------------------------


def test_a_process_pays_more_for_each_thing_the_less_it_has_to_do() -> None:
    assert shared(10, alone_us=100, full_us=10) == pytest.approx(0.001, rel=0.01)  # nearly all are alone
    assert shared(100_000, alone_us=100, full_us=10) == pytest.approx(1.0)  # all are full
    assert shared(200_000, alone_us=100, full_us=10) == pytest.approx(2.0)
    assert shared(5_000, alone_us=20, full_us=20) == pytest.approx(0.1)
    used = [shared(rate, alone_us=100, full_us=10) for rate in range(0, 150_000, 500)]
    assert used == sorted(used)
    for rate, share in zip(range(0, 150_000, 500), used, strict=True):
        if rate and share < 1:
            assert share == pytest.approx(rate * (100 * (1 - share) + 10 * share) / 1e6)


def test_a_line_goes_through_its_points_and_costs_nothing_less_than_nothing() -> None:
    assert line_through([(1, 5), (2, 7), (4, 11)]) == pytest.approx((3, 2))
    assert line_through([(1, 1), (3, 9)]) == pytest.approx((0, 4))


def test_what_was_measured_is_kept_and_what_is_missing_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "measured.json"
    save(Measured(COSTLY, {"when": "today"}), path)
    assert load(path).costs == COSTLY
    save(Measured({name: 1.0 for name in COSTS if name != "node_ping_us"}), path)
    with pytest.raises(KeyError, match="node_ping_us"):
        load(path)


# --- who is there -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("people", "rooms"), [(50, 1), (1_000, 20), (50_000, 1_000)])
def test_everybody_has_a_room_and_every_room_somebody(people: int, rooms: int) -> None:
    found = sizes(people, rooms, seed=3)
    assert (sum(found), len(found)) == (people, rooms)
    assert min(found) >= 1
    assert found == sizes(people, rooms, seed=3)


def test_a_million_learners_are_in_many_small_rooms_and_a_few_of_thousands() -> None:
    found = sizes(1_000_000, 20_000, seed=5)
    assert sum(2_000 <= size <= 5_000 for size in found) == 20
    assert sum(20 <= size <= 62 for size in found) > 0.98 * len(found)


def test_rates_are_those_that_are_stated() -> None:
    rooms = population(50_000, 1_000, Activity(session_share=0.1))
    assert 60 < sum(room.is_session for room in rooms) < 140
    assert max(room.messages_per_s for room in rooms) <= 20.0
    assert session(60).messages_per_s == pytest.approx(1.0)
    assert quiet(60, 36).messages_per_s == pytest.approx(0.01)
    assert quiet(60, 36).read_markers_per_s(0.5) == pytest.approx(0.3)
    assert session(600).read_markers_per_s(0.5) == pytest.approx(300 / limits.read_marker_every_s)
    assert total(rooms)["people"] == 50_000


# --- a deployment -----------------------------------------------------------------------------------------------------


def test_people_are_placed_once_and_a_cohort_on_few_nodes() -> None:
    rooms = [TALK, TALK._replace(people=3_500)]
    spread, by_cohort = (place(rooms, Machines(nodes=50), how) for how in ("spread", "by cohort"))
    for placed in (spread, by_cohort):
        assert [sum(where.values()) for where in placed] == [100, 3_500]
    assert len(spread[0]) > 30
    assert [len(where) for where in by_cohort] == [2, 4]


TOLD = 4 / limits.presence_refresh_s + 4 / limits.presence_alive_s
"""By four nodes in a second: who is there in a room, and that they run."""


@pytest.mark.parametrize(
    ("price", "part", "used"),
    [
        # 2 messages/s to 100 readers on 4 nodes: 200 deliveries, less the first of each flush, on the fullest node
        (
            {"redis_classic_publish_alone_us": 100.0, "redis_classic_publish_full_us": 100.0},
            "Redis CPU",
            (2 + TOLD) * 1e-4,
        ),
        (
            {"redis_classic_deliver_alone_us": 100.0, "redis_classic_deliver_full_us": 100.0},
            "Redis CPU",
            4 * (2 + TOLD) * 1e-4,
        ),
        ({"postgres_node_post_us": 800.0}, "PostgreSQL CPU", 2 * 800e-6 / 16),
        ({"postgres_head_us": 16.0}, "PostgreSQL CPU", (4 * 5 + 100) * 1e-6),
        ({"front_deliver_alone_us": 8.0}, "front CPU", 200e-6),
        ({"postgres_post_wal_bytes": 1e6}, "PostgreSQL log", 2e6 / 200e6),
    ],
)
def test_each_part_pays_for_what_it_does(price: dict[str, float], part: str, used: float) -> None:
    """One room on four nodes: messages, who is there and that a node runs go to Redis, and from it to four."""
    outcome = deploy([TALK], FREE | price, Machines(nodes=4), "spread", rules=NOBODY_MOVES)
    assert outcome.parts[part].used == pytest.approx(used)
    assert sum(other.used for name, other in outcome.parts.items() if "CPU" in name) == pytest.approx(
        used if "CPU" in part else 0.0
    )


def test_a_node_pays_for_readers_and_for_what_other_nodes_tell() -> None:
    machines = Machines(nodes=1)
    deliver = FREE | {"node_deliver_alone_us": 10.0}
    alone = deploy([TALK], deliver, machines, "spread", rules=NOBODY_MOVES)
    assert alone.causes["messages to readers"] == pytest.approx(2 * 99 * 10e-6)
    hear = FREE | {"node_hear_full_us": 100.0, "node_hear_alone_us": 100.0}
    assert deploy([TALK], hear, machines, "spread", rules=NOBODY_MOVES).parts["node CPU"].used == 0.0
    two = deploy([TALK], hear, Machines(nodes=2), "spread", rules=NOBODY_MOVES)
    assert two.causes["entries from the bus"] == pytest.approx(1e-4, rel=0.3)  # half of 2/s
    assert two.causes["presence from the bus"] == 0.0
    presence = FREE | {"node_presence_us": 100.0}
    four = deploy([TALK], presence, Machines(nodes=4), "spread", rules=NOBODY_MOVES)
    assert four.causes["presence from the bus"] == pytest.approx(3 / 4 * TOLD * 1e-4)


def test_causes_add_up_to_the_core_that_is_used() -> None:
    rooms = population(5_000, 100, Activity(0.1))
    outcome = deploy(rooms, COSTLY, Machines(nodes=4), "spread")
    assert set(outcome.causes) == set(CAUSES)
    assert sum(outcome.causes.values()) == pytest.approx(outcome.parts["node CPU"].used)
    assert outcome.facts["people_of_a_node"] < 1_500


def test_spread_people_cost_bus_and_log_more_than_people_by_cohort() -> None:
    rooms = population(5_000, 100, Activity(0.1))
    spread, by_cohort = (deploy(rooms, COSTLY, Machines(nodes=20), how) for how in ("spread", "by cohort"))
    for fact in ("nodes_of_a_room", "told_per_s", "streams_checked_per_s", "reads_per_s"):
        assert spread.facts[fact] > by_cohort.facts[fact], fact
    assert spread.facts["posts_per_s"] == pytest.approx(by_cohort.facts["posts_per_s"])


def test_on_a_cluster_everybody_is_told_everything() -> None:
    rooms = population(5_000, 100, Activity(0.1))
    machines = Machines(nodes=20, bus="cluster", redis_shards=4)
    found = deploy(rooms, COSTLY, machines, "by cohort")
    assert found.facts["told_per_s"] == pytest.approx(20 * found.facts["published_per_s"])
    classic = deploy(rooms, COSTLY, Machines(nodes=20), "by cohort")
    assert found.causes["entries from the bus"] > classic.causes["entries from the bus"]


def test_what_is_done_less_often_costs_less() -> None:
    rooms = population(5_000, 100, Activity(0.1))

    def used(rules: Rules) -> dict[str, float]:
        outcome = deploy(rooms, COSTLY, Machines(nodes=20), "spread", rules=rules)
        return {name: part.used for name, part in outcome.parts.items()}

    before = used(AS_IT_IS)
    assert used(AS_IT_IS._replace(presence_refresh_s=600.0))["Redis CPU"] < before["Redis CPU"]
    assert used(AS_IT_IS._replace(head_check_s=10.0))["PostgreSQL CPU"] < before["PostgreSQL CPU"]
    assert used(AS_IT_IS._replace(read_marker_every_s=30.0))["PostgreSQL log"] < before["PostgreSQL log"]
    assert used(AS_IT_IS._replace(gather_s=0.1))["PostgreSQL CPU"] < before["PostgreSQL CPU"]


def test_a_large_room_gathers_messages_and_its_last_reader_waits() -> None:
    calm, busy = (one_room(rate, COSTLY, Machines(), people=100_000) for rate in (1.0, 1_000.0))
    assert calm.last_ms == pytest.approx(10.0)  # a thousand readers on a node at 10 µs
    assert busy.last_ms == pytest.approx(20.0)  # and the flush under way before it
    assert busy.stream_used == pytest.approx(100.0)  # 10 posts/s it takes, at these costs
    assert calm.head_node_used < calm.node_used


# --- storms -----------------------------------------------------------------------------------------------------------


def test_who_comes_back_queues_behind_the_others() -> None:
    """1,000 people of one room, 2 nodes: one dies; each of its people costs the other 1 ms of the half it has left."""
    room = Room(1_000, 0.0, 0.0, is_session=False)
    costs = FREE | {"node_return_us": 1_000.0}
    storm = node_death([room], costs, Machines(nodes=2), "spread", used=0.5)
    assert 400 < storm.people < 600
    assert storm.all_s == pytest.approx(limits.reconnect_min_s + storm.people * 0.002, rel=0.05)
    assert storm.half_s < storm.most_s <= storm.all_s
    assert storm.curve[0][1] < storm.curve[-1][1] <= 1.0
    assert storm.rooms_opened == 0  # the other node has the room already


def test_rooms_are_opened_anew_where_nobody_followed_them() -> None:
    rooms = [Room(1, 0.0, 0.0, is_session=False)] * 200
    costs = FREE | {"postgres_read_us": 1e6}
    storm = all_cut(rooms, costs, Machines(nodes=10), "spread", used=0.0)
    assert storm.people == 200
    assert 150 < storm.rooms_opened < 200
    assert storm.postgres_s == pytest.approx(storm.rooms_opened * 4)
    assert all_cut(rooms, costs, Machines(nodes=10), "by cohort", used=0.0).rooms_opened == 0


def test_a_rollout_moves_everybody_and_takes_a_drain_for_each_step() -> None:
    one_by_one = rollout(1_000, Machines(nodes=10), at_once=1, placement="spread")
    assert one_by_one.moves_of_one >= 1.0
    assert one_by_one.seconds == pytest.approx(10 * (limits.drain_window_s + 3.0))
    assert rollout(1_000, Machines(nodes=10), at_once=5, placement="spread").seconds < one_by_one.seconds
    assert 100 < one_by_one.fullest < 1_000


# --- the whole study, and what is written of it -----------------------------------------------------------------------


def test_the_first_part_to_fill_is_found_between_and_beyond_what_was_computed() -> None:
    rooms = {size: [TALK._replace(people=10)] * (size // 10) for size in (100, 1_000)}
    costs = FREE | {"postgres_node_post_us": 16e6 / 1_000}
    growth = [(size, deploy(found, costs, Machines(), "spread", rules=NOBODY_MOVES)) for size, found in rooms.items()]
    assert saturates_at(growth, "PostgreSQL CPU") == pytest.approx(5_000)  # 1,000 posts/s fill it: 2/s of ten people
    assert saturates_at(growth, "front CPU") == math.inf


def test_a_plan_keeps_every_node_within_half_of_its_core() -> None:
    found = plan(20_000, COSTLY)
    assert found.outcome.parts["node CPU"].used <= 0.5
    assert found.nodes > 1


def test_the_model_says_more_of_more_messages() -> None:
    case = CASES[0]
    node, redis = said(case, COSTLY, per_s=case.per_s)
    more_node, more_redis = said(case, COSTLY, per_s=2 * case.per_s)
    assert 0 < node < more_node
    assert 0 < redis < more_redis


def test_the_page_is_written_anew_from_the_figures() -> None:
    """A small study, the real page: every block is filled, every picture drawn within its frame."""
    measured = load()
    found = study(measured.costs, learners=2_000, sizes=(500, 1_000, 2_000))
    page = tables.PAGE.read_text(encoding="utf-8")
    again = tables.refreshed(page, tables.blocks(measured, found))
    assert re.sub(r"[^#]", "", again) == re.sub(r"[^#]", "", page)
    assert "| spread |" in again
    assert tables.refreshed(again, tables.blocks(measured, found)) == again
    with pytest.raises(KeyError, match="causes"):
        tables.refreshed(page, {"costs": ""})
    pictures = plots.pictures(measured, found)
    assert all(f"({name})" in page for name in pictures)
    for picture in pictures.values():
        assert "nan" not in picture
        assert all(0 <= float(x) <= curves.WIDTH for x in re.findall(r' x[12]?="(-?[\d.]+)"', picture))


def test_the_page_holds_the_costs_that_were_measured_last() -> None:
    """`--measure` writes both; a page that was edited by hand, or left behind, is found."""
    measured, page = load(), tables.PAGE.read_text(encoding="utf-8")
    for name, cost in COSTS.items():
        assert f"| `{name}` | {cost.what} | {cost.how} | {measured.costs[name]:,.4g} | {cost.unit} |" in page


def test_a_curve_stays_within_its_plot_and_its_name_is_escaped() -> None:
    curve = Curve("a <curve>", [(1.0, 0.1), (10.0, 1.0), (1_000.0, 90.0)])
    picture = curves.svg("title", "note", [Plot("plot", Axis("x", is_logarithmic=True), Axis("y", most=2.0), [curve])])
    assert "a &lt;curve&gt;" in picture
    (points,) = re.findall(r'points="([^"]+)"', picture)
    places = [tuple(map(float, point.split(","))) for point in points.split()]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    top, bottom = curves.TOP + curves.TITLE_HEIGHT, curves.TOP + curves.TITLE_HEIGHT + curves.HEIGHT
    assert all(top <= y <= bottom for _, y in places)
    assert places[-1][1] == top
