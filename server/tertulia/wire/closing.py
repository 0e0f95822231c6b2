"""Why a connection is closed: WebSocket close codes with their verdict.

4000-4499: reconnect (after a pause, with the same positions). 4500-4999: do not; a person or a program must change
something first. A close code sent by a *client* means nothing for resume.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Closing(NamedTuple):
    code: int
    reason: str


CLOSINGS: Final[dict[str, Closing]] = {
    "draining": Closing(4000, "the node is going away"),
    "token_expired": Closing(4001, "the token has expired: refresh it, then reconnect"),
    "hello_late": Closing(4002, "no hello within 10 s"),
    "ping_unanswered": Closing(4003, "no answer to a ping"),
    "overloaded": Closing(4004, "the server is busy"),
    "internal": Closing(4005, "something went wrong on the server"),
    "unavailable": Closing(4006, "the server cannot read its log now"),
    "token_invalid": Closing(4500, "the token is not valid"),
    "not_a_member": Closing(4501, "you are not a member of this cohort"),
    "banned": Closing(4502, "you were removed from this cohort"),
    "hello_expected": Closing(4503, "the first request must be hello"),
    "hello_repeated": Closing(4504, "hello was already said"),
    "too_many_malformed": Closing(4505, "too many malformed requests"),
    "too_many_connections": Closing(4506, "too many connections of one person"),
    "unknown_cohort": Closing(4507, "there is no such cohort"),
    "too_many_early": Closing(4508, "too many requests before welcome"),
}


def is_reconnect_wanted(code: int) -> bool:
    """The verdict of a code seen by a client: anything but 4500-4999 and 1007-1009 (our own frames were bad)."""
    return not (4500 <= code <= 4999 or code in (1002, 1003, 1007, 1008, 1009))
