"""The in-process bus keeps the contract; one process is one node."""

from __future__ import annotations

import pytest

from tertulia.bus.in_process import Exchange, InProcessBus

pytest.register_assert_rewrite("tests.contracts.bus_contract")
from tests.contracts.bus_contract import BusContract, MakeBus, Node  # noqa: E402


class TestInProcessBus(BusContract):
    @pytest.fixture
    def make_bus(self) -> MakeBus:
        exchange = Exchange()
        return lambda name: InProcessBus(name, exchange)


async def test_a_bus_of_its_own_hears_nobody_else() -> None:
    ana, ben = Node("ana", InProcessBus()), Node("ben", InProcessBus())
    for node in (ana, ben):
        await node.start()
        await node.bus.subscribe("room/a")
    ana.say("room/a", 1)
    assert ana.seqs("room/a") == [1]
    assert ben.received == []
