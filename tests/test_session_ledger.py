"""The ledger: the vectors that its JavaScript twin is tested with too, and that every question is counted once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.domain.session.ledger import ledger
from tertulia.domain.session.view import QuestionView, SessionView, UnpublishedView
from tertulia.domain.session.words import QuestionStatus

CASES = json.loads((Path(__file__).parent / "vectors" / "ledger.json").read_text())


def session(questions: list[dict[str, Any]], unpublished: dict[str, dict[str, Any]]) -> SessionView:
    blank = {"question": "q", "message": 1, "by": "p", "text": "", "asked_at": 0, "seq": 1}
    return SessionView(
        opened=1,
        opened_at=0,
        questions=[QuestionView(**(blank | question)) for question in questions],
        unpublished={id: UnpublishedView(**of) for id, of in unpublished.items()},
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_ledger_is_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert msgspec.to_builtins(ledger(session(**case["session"]))) == case["expected"]


@given(
    st.lists(st.sampled_from(get_args(QuestionStatus))), st.lists(st.sampled_from(["pending", "dismissed", "merged"]))
)
def test_every_question_is_counted_once(published: list[str], unpublished: list[str]) -> None:
    view = session(
        [{"status": status} for status in published], {str(n): {"status": s} for n, s in enumerate(unpublished)}
    )
    counted = msgspec.to_builtins(ledger(view))
    dismissed = sum(counted.pop("dismissed").values())
    received = counted.pop("received")
    assert received == len(published) + len(unpublished) == sum(counted.values()) + dismissed
