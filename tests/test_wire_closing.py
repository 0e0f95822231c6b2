"""Why a connection is closed: codes a client can act upon, reasons that fit into a close frame."""

from __future__ import annotations

import pytest
from websockets.frames import Close

from tertulia.domain import limits
from tertulia.wire.closing import CLOSINGS, is_reconnect_wanted

REASON_BYTES_MAX = 123
"""RFC 6455: a control frame has at most 125 bytes, two of them the code."""


def test_every_reason_has_a_code_of_its_own() -> None:
    assert len({closing.code for closing in CLOSINGS.values()}) == len(CLOSINGS)


@pytest.mark.parametrize("name", CLOSINGS)
def test_a_closing_fits_into_a_close_frame(name: str) -> None:
    code, reason = CLOSINGS[name]
    assert 4000 <= code <= 4999, "the range for applications"
    assert 0 < len(reason.encode()) <= REASON_BYTES_MAX
    assert Close.parse(Close(code, reason).serialize()) == Close(code, reason)


def test_the_sentence_about_hello_tells_the_deadline() -> None:
    assert f"{limits.hello_deadline_s:.0f} s" in CLOSINGS["hello_late"].reason


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        ([1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014], True),
        (range(4000, 4500), True),
        (range(4500, 5000), False),
        ([1002, 1003, 1007, 1008, 1009], False),
    ],
)
def test_the_verdict_follows_from_the_number(codes: list[int], wanted: bool) -> None:
    assert {is_reconnect_wanted(code) for code in codes} == {wanted}


def test_what_a_person_must_change_first_stops_a_client() -> None:
    stops = {name for name, closing in CLOSINGS.items() if not is_reconnect_wanted(closing.code)}
    assert {"banned", "not_a_member", "token_invalid", "unknown_cohort", "too_many_malformed"} <= stops
    assert not {"draining", "token_expired", "hello_late", "overloaded", "unavailable", "internal"} & stops
