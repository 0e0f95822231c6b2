"""The rules of a cohort that talks: commands, events, refusals, policy, state, decide and apply.

Everything here is pure: no I/O, no clock, no await, no randomness. The time, the new ids and the facts about old
messages are handed in, so that the same history and the same command give the same answer on every node.

Promises:

- `decide_*` never changes state and never raises for what a peer sends; it returns a `Decision` or a `Refusal`.
- `apply_*` is the only thing that changes state, and accepts every event that was ever decided.
"""
