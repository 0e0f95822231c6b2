"""Every limit that is the client's own, by name, with its unit last. Those of the protocol: `domain/limits.py`."""

from __future__ import annotations

from typing import Final

# What is kept
events_waiting_max: Final = 4_096
"""Events that wait to be taken by the program; from there on streams are read by pages, at the program's pace."""
events_ahead_max: Final = 1_000
"""Pushes of one stream kept while pages are fetched; more are let go and fetched as well."""
outbox_commands_max: Final = 10_000
hello_streams_max: Final = 200
"""Streams in one hello or subscribe, so that it stays below `frame_bytes_max`."""
message_bytes_max: Final = 16 * 1024 * 1024

# Pages
pages_at_once_max: Final = 4
empty_pages_max: Final = 2
page_deadline_s: Final = 20.0

# Waiting
open_deadline_s: Final = 10.0
first_welcome_s: Final = 15.0
greet_deadline_s: Final = 15.0
ping_answer_s: Final = 10.0
close_deadline_s: Final = 1.0
renew_deadline_s: Final = 10.0
patience_s: Final = 60.0

# Trying again: a random time from a least time to a bound, which doubles from a first to a last one
reconnect_first_s: Final = 1.0
later_min_s: Final = 0.1
later_first_s: Final = 0.5
later_max_s: Final = 20.0

# Tokens
renew_ahead_s: Final = 60.0
"""A token is renewed this long before it runs out, or after three quarters of its life if that is sooner."""
