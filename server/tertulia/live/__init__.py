"""The flow: what happens between a request and the records it causes. The package to read first.

- `node.py`: one node; holds what everything below needs, starts and stops it.
- `desk.py`: where conversations hand in their requests.
- `greet.py`: hello; `catch_up.py`: streams taken up, resumed, repaired.
- `lane.py`: commands decided in batches on one room's, cohort's or person's state; `jobs.py`: what goes through it;
  `keepers.py`: those three kinds of state.
- `receive.py`: entries from the bus to channels, lanes and people.
- `soft.py`: tallies, heads, presence, typing.

Promises: an accepted command is durable; the same key has one effect; a stream's readers get every entry once, in
order; nobody who may not read a stream is ever written its bytes.
"""
