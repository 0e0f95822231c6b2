"""Other servers, measured with the same message, readers and generator: `python -m load_tests.bench_peers`.

Each module here starts one, when it is installed, and says how to join and to post (`load_tests/target.py`).
"""
