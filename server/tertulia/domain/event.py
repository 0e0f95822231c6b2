"""What every event is. The events themselves: events.py (talk, rooms, cohorts) and session/events.py."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass
