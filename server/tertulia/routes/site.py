"""What all calls share: the flow, the settings, what was counted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry

from tertulia.auth.rates import Rates
from tertulia.domain import limits
from tertulia.live.flow import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """`webapp`: the folder of the built web app. `public_url`: where people reach this server, for links; when it is
    None, links are made of the request. `origins`: sites whose pages may call the API (`"*"`: any). `metrics_token`:
    asked of whoever reads /metrics, when it is given."""

    webapp: Path
    public_url: str | None = None
    origins: frozenset[str] = frozenset()
    metrics_token: str | None = None
    rate_limits: bool = True


@dataclass(slots=True)
class HttpCounts:
    """(call, status) → answers. Calls are those of the table, so there are only so many."""

    answers: dict[tuple[str, int], int] = field(default_factory=dict)
    streams: int = 0
    """Live streams open now."""

    def answered(self, call: str, status: int) -> None:
        self.answers[call, status] = self.answers.get((call, status), 0) + 1


@dataclass(frozen=True, slots=True)
class Site:
    """`joins` by address, `reads` by person; commands have theirs in the flow."""

    flow: Flow
    settings: RouteSettings
    counts: HttpCounts = field(default_factory=HttpCounts)
    joins: Rates = field(default_factory=lambda: Rates(limits.joins_burst_per_address, limits.joins_per_s_per_address))
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    reads: Rates = field(default_factory=lambda: Rates(limits.reads_burst, limits.reads_per_s))

    def take(self, rates: Rates, key: str) -> int | None:
        """None, or the milliseconds to wait."""
        if not self.settings.rate_limits:
            return None
        return rates.take(key, asyncio.get_running_loop().time())
