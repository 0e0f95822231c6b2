"""The table of bugs put in on purpose. A simulation that finds none of them is worth nothing.

`python -m tests.simulation.frequency` says how often each is caught; test_simulation.py holds what it said.
"""

from __future__ import annotations

from typing import Final

from tests.simulation.planted import channels, clients, deciding, following
from tests.simulation.planted.bug import Bug

BUGS: Final = [
    Bug("a channel takes what is ahead", channels.takes_ahead, first=1),
    Bug("a channel takes what it has", channels.takes_old, first=1),
    Bug("what is missing is never read", channels.set_aside_for_ever, first=1),
    Bug("heard while opening, forgotten", channels.forgets_what_it_hears_while_it_opens, first=446),
    Bug("no head check", channels.no_head_check, first=1),
    Bug("the tail keeps redacted texts", channels.tail_keeps_texts, first=1),
    Bug("redactions are set aside", channels.redactions_set_aside, first=12),
    Bug("between slices: twice", channels.slices_reach_newcomers, first=2),
    Bug("between slices: not at all", channels.slices_miss_newcomers, first=2),
    Bug("between slices: one leaves, one is skipped", channels.slices_skip_whom_a_leaver_pushes_up, first=2),
    Bug("what comes during a flush waits", channels.paced_flush_never_comes, first=112),
    Bug("pacing adds up", channels.pacing_grows),
    Bug("no top-up on attach", following.no_top_up, first=2),
    Bug("ok for another epoch", following.any_epoch, first=3),
    Bug("resumed one too far", following.resumes_one_too_far),
    Bug("a snapshot says a later seq", following.snapshot_says_too_much, first=6),
    Bug("lag is not told", following.lag_not_told, first=1),
    Bug("who left is written to", following.left_is_written),
    Bug("everybody may read everything", following.all_may_read),
    Bug("the banned stay", following.no_effect_of("member_banned", "member_left"), first=3),
    Bug("staff streams stay after a demotion", following.no_effect_of("role_changed"), first=18),
    Bug("taps are not told", following.no_effect_of("reaction_set"), first=10),
    Bug("tallies never go down", following.tallies_one_too_many, first=16),
    Bug("a tap while it is told is forgotten", following.tapped_while_it_is_told, first=15),
    Bug("a redacted message keeps its tally", following.redactions_keep_tallies, first=73),
    Bug("tallies are not told on resume", following.tallies_not_told_again, first=3),
    Bug("a tick that fails forgets", following.tick_forgets, first=107),
    Bug("reading changes no unread count", following.reading_changes_no_count, first=32),
    Bug("votes are not told", following.counts_not_told),
    Bug("votes are not told on resume", following.counts_not_told_again, first=2),
    Bug("people never leave a room", following.ghosts, first=5),
    Bug("refused without a look at the log", deciding.refuses_unasked, first=16),
    Bug("facts are not read again", deciding.stale_facts, first=8),
    Bug("a node folds no edits", deciding.node_folds_no_edits, first=9),
    Bug("a node folds no locks", deciding.node_folds_no_locks, first=3),
    Bug("a node folds no votes", deciding.node_folds_no_votes),
    Bug("a node folds no roles", deciding.node_folds_no_roles),
    Bug("a client folds no edits", on_world=clients.folds_no_edits),
    Bug("answered before the append", deciding.answers_first),
    Bug("published before the append", deciding.publishes_first),
    Bug("receipts are not asked", deciding.no_receipts, first=1),
    Bug("a key may be used twice", on_world=deciding.keys_used_twice),
    Bug("an append expects nothing", on_world=deciding.expects_nothing, first=1),
    Bug("a checkpoint is kept before its entries", on_world=deciding.checkpoint_first, first=22),
    Bug("the log keeps redacted texts", on_world=deciding.log_keeps_texts, first=2),
    Bug("a client claims one event more", on_world=clients.claims_one_more),
]
