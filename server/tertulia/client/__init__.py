"""The Python client: what an integrator imports. It knows `wire` and `domain`, nothing of the server."""
