"""What a client counts, for diagnostics and load tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Totals since the client was made. `repeats`: events that came again and were let go. `holes`: how often an event
    did not follow the last one, or the program had no room for it. `pages`: fetched over HTTP. `resends`: commands sent
    again, after a cut or a `later`."""

    welcomes: int = 0
    repeats: int = 0
    holes: int = 0
    lags: int = 0
    pages: int = 0
    snapshots: int = 0
    resends: int = 0
