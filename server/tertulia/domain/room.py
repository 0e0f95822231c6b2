"""A room: the state open decisions need, what `decide` says and what `apply` changes."""

from __future__ import annotations

import msgspec

from tertulia.domain.ids import PersonId


class MessageFact(msgspec.Struct, frozen=True):
    """What a decision needs to know of an old message. `thread` is the seq of the thread's first message, its own
    when it begins one."""

    seq: int
    author: PersonId
    thread: int
    redacted: bool = False
    revision: int = 0
