"""One client's conversation: what may come when, and what it is told. Synchronous; no socket, no clock, no await.

Promises: the first request is hello and there is one hello; what comes while hello is under way waits for it, in
order; a request that cannot be read is refused by name, and ten of them end the conversation; at most
`commands_in_flight_max` commands are unanswered. What the requests *do* is the desk's business (`live/`).
"""

from tertulia.conversation.conversation import Conversation, Desk, Link, Member

__all__ = ["Conversation", "Desk", "Link", "Member"]
