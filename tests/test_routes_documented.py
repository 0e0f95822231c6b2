"""docs/http.md says what the code says: statuses, limits, metrics."""

from __future__ import annotations

import re
from pathlib import Path

from tertulia.domain import limits
from tertulia.routes.answering import STATUS
from tests.http_site import Site, demo_site

site = demo_site

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "http.md").read_text()


def test_every_code_stands_under_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", TEXT, re.M)
    assert {code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)} == STATUS


async def test_every_metric_is_listed_and_no_other(site: Site) -> None:
    text = (await site.http.get("/metrics")).text
    served = {
        name + ("_total" if kind == "counter" and not name.endswith("_total") else "")
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
    }
    assert served == set(re.findall(r"`(tertulia_\w+)`", TEXT.split("## Metrics")[1]))


def test_the_limits_named_are_those_of_the_program() -> None:
    for value in (
        f"{limits.http_body_bytes_max:,} bytes",
        f"{limits.handshake_deadline_s:.0f} s to come",
        f"{limits.reads_per_s:.0f} calls a second ({limits.reads_burst} at once)",
        f"{limits.joins_per_s_per_address:.0f} people a second join or refresh",
        f"({limits.joins_burst_per_address} at once)",
        f"{limits.live_streams_max} streams at level `full`",
        f"every {limits.live_heartbeat_s:.0f} s",
        f"at most {limits.held_bytes_max:,} bytes wait",
        f"takes nothing for {limits.write_deadline_s:.0f} s",
    ):
        assert value in TEXT, value
