"""How fast one may go on several nodes at once: about as fast as on one, without a round trip for any command."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.domain import limits
from tertulia.domain.ids import PersonId
from tertulia.live.rates import CommandRates

ANA = PersonId("ana")
START_S = 1_790_000_000.0
TRIES_PER_S = 50
"""On each node: as fast as a program that takes no notice of refusals."""


def spend(nodes: int, *, seconds: int, is_told: bool = True) -> int:
    """Ana tries on all nodes at once; how many commands were taken."""
    rates = [CommandRates() for _ in range(nodes)]
    taken = 0
    for second in range(seconds):
        for step in range(TRIES_PER_S):
            now_s = START_S + second + step / TRIES_PER_S
            taken += sum(one.take(ANA, now_s, is_signal=False) is None for one in rates)
        said = [(one, payload) for one in rates for payload in one.tell(START_S + second + 1)]
        for one, payload in said if is_told else ():
            for other in rates:
                if other is not one:
                    other.hear(payload, START_S + second + 1)
    return taken


@pytest.mark.parametrize("nodes", [1, 2, 4, 16])
def test_in_the_long_run_many_nodes_allow_what_one_allows(nodes: int) -> None:
    seconds = 600
    allowed = limits.commands_per_s * seconds
    at_once = nodes * (limits.commands_burst + limits.commands_per_s)
    assert spend(nodes, seconds=seconds) <= 1.1 * allowed + at_once + nodes * limits.rate_debt_s_max


def test_without_being_told_they_would_allow_it_each() -> None:
    """What the test above would say, were it not for the telling."""
    assert spend(4, seconds=100, is_told=False) > 3.5 * limits.commands_per_s * 100


def test_who_was_too_fast_elsewhere_waits_but_not_for_ever() -> None:
    rates = CommandRates()
    payload = msgspec.json.encode({"commands": {ANA: 1_000_000}})
    for _ in range(10):
        rates.hear(payload, START_S)
    wait_ms = rates.take(ANA, START_S, is_signal=False)
    assert wait_ms is not None
    assert wait_ms <= limits.rate_debt_s_max * 1_000
    assert rates.take(ANA, START_S, is_signal=True) is None, "reactions have a budget of their own"
    assert rates.take(ANA, START_S + wait_ms / 1_000, is_signal=False) is None


def test_little_is_not_told_and_a_little_now_and_then_neither() -> None:
    rates = CommandRates()
    for second in range(100):
        if second % 3 == 0:
            assert rates.take(ANA, START_S + second, is_signal=False) is None
        assert list(rates.tell(START_S + second)) == []


def test_many_are_told_in_parts_and_once() -> None:
    rates = CommandRates()
    people = [PersonId(f"p{number}") for number in range(limits.spent_people_max + 1)]
    for person in people:
        for _ in range(limits.spent_told_min):
            rates.take(person, START_S, is_signal=True)
    told = [msgspec.json.decode(payload)["signals"] for payload in rates.tell(START_S)]
    assert [len(part) for part in told] == [limits.spent_people_max, 1]
    assert told[0] | told[1] == dict.fromkeys(people, limits.spent_told_min)
    assert list(rates.tell(START_S)) == []


@given(
    st.one_of(
        st.binary(max_size=60), st.sampled_from([b'{"commands":{"ana":-5}}', b'{"commands":{"ana":1e99}}', b"[" * 9999])
    )
)
def test_what_cannot_be_read_costs_nobody_anything(payload: bytes) -> None:
    rates = CommandRates()
    rates.hear(payload, START_S)
    assert rates.take(ANA, START_S, is_signal=False) is None
