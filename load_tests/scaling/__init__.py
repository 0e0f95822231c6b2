"""Large deployments, computed from measured costs: `python -m load_tests.scaling`. docs/scaling.md tells what it shows.

`population.py` says who is there and what they do, `deployment.py` sums what that costs each part, `storms.py` has
people come back one by one, `one_room.py` is about one very large room, `validation.py` compares the model with two
real nodes. `study.py` runs it all; `tables.py` and `plots.py` write it down.
"""
