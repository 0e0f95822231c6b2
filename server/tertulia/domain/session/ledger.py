"""The ledger of a session: what became of the questions, for all to read. The twin of `client_js/sdk/ledger.js`.

It names nobody, and is counted from what all of the room can see.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from tertulia.domain.session.view import QuestionView, SessionView, UnpublishedView


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Each question is counted once in `received` and once in what became of it: `published` (and still open),
    `answered`, `merged`, `withdrawn`, `carried`, `waiting` for approval, or in `dismissed` by its reason."""

    received: int
    published: int
    answered: int
    merged: int
    withdrawn: int
    carried: int
    waiting: int
    dismissed: dict[str, int]


def ledger(view: SessionView) -> Ledger:
    all_of_them: list[QuestionView | UnpublishedView] = [*view.questions, *view.unpublished.values()]
    counts = Counter(question.status for question in all_of_them)
    reasons = Counter(question.reason or "other" for question in all_of_them if question.status == "dismissed")
    return Ledger(
        received=len(all_of_them),
        published=counts["published"] + counts["answering"],
        answered=counts["answered_live"] + counts["answered_text"],
        merged=counts["merged"],
        withdrawn=counts["withdrawn"],
        carried=counts["carried"],
        waiting=counts["pending"],
        dismissed=dict(sorted(reasons.items())),
    )
