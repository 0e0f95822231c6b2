"""The connection as a state table: state × what came → state. Everything else in `core.py` follows from it.

                 ┌───────────────────── lost ─────────────────────┐
                 ▼                                                │
   start → resting ── due ─→ opening ── opened ─→ greeting ── welcome ─→ live ── told ─→ leaving ── due ─→ …
              │  stale            ▲                    │ expired                                        ▲
              └──→ renewing ──────┴────────────────────┘                      `told`: the node goes away ┘

While *leaving* the old link stays in use; the new one is opened and greeted beside it (`leaving_opening`,
`leaving_greeting`) and takes its place at `welcome`. `barred`: something must change before it is worth another try.
"""

from __future__ import annotations

from typing import Final, Literal

State = Literal[
    "resting",
    "renewing",
    "opening",
    "greeting",
    "live",
    "leaving",
    "leaving_opening",
    "leaving_greeting",
    "stopped",
]
Input = Literal[
    "due",  # the time to wait is over
    "stale",  # … and the token has run out meanwhile
    "renewed",  # there is a new token
    "opened",  # the socket that was asked for is open: hello is said
    "welcome",  # hello was good
    "told",  # the server asks to go elsewhere
    "lost",  # the link in use (or on its way) is gone: come back
    "spare_lost",  # the new one is gone, the old one still stands
    "expired",  # closed because the token has run out
    "barred",  # closed for good, on either link
    "stop",  # the program closes the client
]

TABLE: Final[dict[State, dict[Input, State]]] = {
    "resting": {"due": "opening", "stale": "renewing", "stop": "stopped"},
    "renewing": {"renewed": "opening", "lost": "resting", "barred": "stopped", "stop": "stopped"},
    "opening": {"opened": "greeting", "lost": "resting", "barred": "stopped", "stop": "stopped"},
    "greeting": {
        "welcome": "live",
        "lost": "resting",
        "expired": "renewing",
        "barred": "stopped",
        "stop": "stopped",
    },
    "live": {
        "told": "leaving",
        "lost": "resting",
        "expired": "renewing",
        "barred": "stopped",
        "stop": "stopped",
    },
    "leaving": {
        "due": "leaving_opening",
        "told": "leaving",
        "lost": "resting",
        "expired": "renewing",
        "barred": "stopped",
        "stop": "stopped",
    },
    "leaving_opening": {
        "opened": "leaving_greeting",
        "spare_lost": "leaving",
        "told": "leaving_opening",
        "lost": "opening",
        "barred": "stopped",
        "stop": "stopped",
    },
    "leaving_greeting": {
        "welcome": "live",
        "spare_lost": "leaving",
        "told": "leaving_greeting",
        "lost": "greeting",
        "barred": "stopped",
        "stop": "stopped",
    },
    "stopped": {},
}

HAS_LINK: Final[frozenset[State]] = frozenset({"live", "leaving", "leaving_opening", "leaving_greeting"})
"""Where a greeted link is in use, and commands are sent."""

ASKS_STREAMS: Final[frozenset[State]] = frozenset({"live", "leaving", "leaving_opening"})
"""Where streams are subscribed to. Once hello was said on a new link, the rest waits for its welcome."""


def step(state: State, came: Input) -> State:
    """The next state. What the table does not name cannot happen."""
    following = TABLE[state].get(came)
    assert following is not None, f"{came!r} cannot come while {state!r}"
    return following
