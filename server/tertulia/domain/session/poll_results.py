"""What came out of a poll: used when one is closed, by staff (polls.py) or with its session (life.py)."""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.session.events import PollClosed
from tertulia.domain.session.state import SessionState


def poll_results(session: SessionState, id: int) -> PollClosed:
    """Short answers stand in the order of the alphabet, which tells nothing of who gave which."""
    answers = session.answers.get(id, {}).values()
    counts = [0] * len(session.polls[id].options)
    for choice in answers:
        for place in choice.choices:
            counts[place] += 1
    texts = sorted((choice.text for choice in answers if choice.text), key=lambda t: (t.casefold(), t))
    return PollClosed(poll=id, answered=len(answers), results=counts, texts=texts[: limits.poll_texts_max])
