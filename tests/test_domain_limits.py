"""Every limit has a name with its unit, holds something together with the others, and is kept somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tertulia.domain import limits

SERVER = Path(limits.__file__).parent.parent
NAMES = sorted(
    name for name in vars(limits) if re.fullmatch(r"[a-z]\w+", name) and name not in ("annotations", "public")
)
TOLD_ONLY = {"read_marker_every_s", "typing_every_s", "client_ping_s", "held_bytes_max"}
"""What clients are asked to keep by themselves, and a sum that others make up."""


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_is_a_positive_number(name: str) -> None:
    value = getattr(limits, name)
    assert isinstance(value, int | float)
    assert not isinstance(value, bool)
    assert value > 0


def test_every_limit_is_kept_somewhere() -> None:
    """A limit that nothing looks at is a promise nobody keeps."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SERVER.rglob("*.py"))
    used = set(re.findall(r"\b(?:limits|shared)\.([a-z]\w*)", text))
    assert set(NAMES) - used - TOLD_ONLY == set()


def test_a_client_is_told_the_public_ones_as_they_are() -> None:
    assert limits.public() == {name: getattr(limits, name) for name in limits.PUBLIC}
    assert set(limits.PUBLIC) <= set(NAMES)


def test_what_is_allowed_fits_into_what_it_has_to_fit_into() -> None:
    """Goal: no limit makes another one unreachable. Each line is a thing that must go through."""
    assert limits.text_bytes_max * 2 < limits.frame_bytes_max, "a message, even escaped, is one frame"
    assert limits.resume_bytes_max < limits.queue_bytes_max, "what is pushed on resume fits the outbox"
    assert limits.queue_bytes_low < limits.queue_bytes_max
    assert limits.queue_bytes_low + limits.flush_bytes_max <= limits.queue_bytes_max, "a flush fits a clear reader"
    assert limits.queue_bytes_max + 2 * limits.socket_send_buffer_bytes == limits.held_bytes_max
    assert limits.page_events_max <= limits.tail_records, "a resume that is pushed can come from the tail"
    assert limits.lane_batch_commands_max * 2 < limits.message_facts_max, "a batch's facts outlast what it posts"
    assert limits.token_leeway_s < limits.token_s
    assert limits.typing_every_s < limits.typing_expires_s
    assert limits.presence_alive_s * 2 < limits.presence_lease_s, "one word of life may be lost"
    assert limits.commands_in_flight_max <= limits.lane_queue_commands_max
    assert limits.drain_window_s <= limits.drain_s
    assert limits.ping_s + limits.ping_jitter_s + limits.pong_deadline_s < 60, "a dead peer is noticed within a minute"
