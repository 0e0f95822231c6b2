"""Who is here, and who is typing: soft state, on this node and merged from what the other nodes say.

Promises: pure and told the time; what other nodes say may be lost, repeated, late or out of order, and the view is
right again within one lease after they can be heard; the people of a node that died leave within one lease; nobody
leaves for a cut shorter than the grace. What is said to other nodes is returned as bytes, ready for the bus.
What is *not* here: who may be in a room, and who is told (`live/`).
"""

from tertulia.presence.people import PRESENCE, Moved, People
from tertulia.presence.typing import TYPING, Typing

__all__ = ["PRESENCE", "TYPING", "Moved", "People", "Typing"]
