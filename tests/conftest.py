"""Fixtures for all tests."""

from tests.servers import make_server, server, shared_server

__all__ = ["make_server", "server", "shared_server"]
