"""The closed sets of words of a live session, in one place for commands, events and views."""

from __future__ import annotations

from typing import Literal

QuestionStatus = Literal[
    "pending",
    "published",
    "answering",
    "answered_live",
    "answered_text",
    "merged",
    "dismissed",
    "withdrawn",
    "carried",
]
DismissReason = Literal["off_topic", "duplicate", "unclear", "answered_before", "not_now", "conduct", "other"]
EndorseReason = Literal["correct", "well_explained", "evidence"]
PollKind = Literal["single", "multiple", "scale", "short"]
Pace = Literal["lost", "ok", "fast"]
HeldAnswer = Literal["nobody", "answered"]
HeldWhy = Literal["floor", "approval"]
LoweredWhy = Literal["self", "staff", "all", "heard"]
TeamsHow = Literal["manual", "random", "mixed"]
Anonymity = Literal["off", "alias", "anonymous"]
"""`alias`: peers see an alias, staff may know whose it is. `anonymous`: staff may not either."""
HandsOrder = Literal["first_raised", "least_heard"]
MessageKind = Literal["", "question", "answer", "view", "idea", "resource", "challenge", "result"]
PostKind = Literal["", "question", "answer", "view", "idea", "resource"]
"""The kinds one may give a message; the others are the server's."""
