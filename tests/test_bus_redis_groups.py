"""The Redis bus with Sentinel and on a Cluster: the contract, and what becomes of it when masters die or slots move.

Goal: after a fail-over everybody hears everybody again, nothing wrong was delivered, and each bus was told to check.
Method: real servers (tests/redis_groups.py), kill -9 under traffic, then a later message of each node as the sign that
it is through. How long it took is Redis' own time to notice; the bound is only a safety net.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tertulia.bus.redis import RedisBus
from tests.redis_groups import Cluster, Sentinels

pytest.register_assert_rewrite("tests.contracts.bus_contract")
from tests.contracts.bus_contract import BusContract, MakeBus  # noqa: E402

pytestmark = pytest.mark.redis

CHANNELS = [f"room/r{number}" for number in range(40)]
"""In so many partitions that every master has some."""


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    with Sentinels(tmp_path_factory.mktemp("sentinels")) as group:
        yield group


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as group:
        yield group


class TestOnSentinel(BusContract):
    @pytest.fixture
    def make_bus(self, sentinels: Sentinels) -> MakeBus:
        return lambda name: RedisBus(sentinels.url, name)


class TestOnCluster(BusContract):
    @pytest.fixture
    def make_bus(self, cluster: Cluster) -> MakeBus:
        return lambda name: RedisBus(cluster.url, name)
