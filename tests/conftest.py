"""Fixtures for all tests, and their order: files of what takes long begin first, so that no worker ends alone."""

from __future__ import annotations

import pytest

from tests.servers import make_server, server, shared_server

__all__ = ["make_server", "server", "shared_server"]

LONG = ("browser", "slow", "redis", "postgres")
LONGEST = ("test_simulation.py",)
"""Files of no such mark that take minutes."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place: dict[object, int] = {}
    for item in items:
        marks = [LONG.index(mark.name) for mark in item.iter_markers() if mark.name in LONG]
        place[item.path] = min([place.get(item.path, len(LONG)), *marks])
        if item.path.name in LONGEST:
            place[item.path] = -1
    items.sort(key=lambda item: place[item.path])
