"""What one connection is owed: bytes on their way out, with a budget.

Promises: a reader that is slow costs at most `queue_bytes_max` bytes here and nobody else's time. Ephemeral records are
dropped first, state is told again when the reader is clear, durable records are never dropped silently: a stream
that no longer fits is marked as lagging, once, and the reader is told so when it reads again.

No transport, no clock: what writes and what says "soon" are handed in.
"""

from tertulia.outbox.framing import Framing, frame
from tertulia.outbox.outbox import Outbox

__all__ = ["Framing", "Outbox", "frame"]
