"""Load tests: they measure a running Tertulia from outside. `make bench` runs `bench.py`."""
