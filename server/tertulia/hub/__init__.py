"""The hub: for each stream that somebody on this node follows, a cursor with its readers.

Promises: every reader of a channel is written the same bytes, in seq order, without a hole and without a repeat; a
frame is built once per framing, whatever the number of readers; no await, task or timer per reader; a loaded room
flushes no sooner than its last flush took, an idle one at once; large rooms are written in slices.

The hub never reads the log: a channel says `ahead` when something is missing, and `live/` brings it.
"""

from tertulia.hub.channel import Channel, Stretch, Subscription

__all__ = ["Channel", "Stretch", "Subscription"]
