"""For operators: alive, ready, and what was counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tertulia import __version__
from tertulia.eventlog import LogUnavailable
from tests.http_site import Site, assert_problem, demo_site, furnish, live, serving

site = demo_site


async def samples(site: Site) -> dict[str, float]:
    """`name{label="value"}` → value."""
    answer = await site.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_a_live_process_says_so_with_its_version(site: Site) -> None:
    assert (await site.http.get("/healthz")).json() == {"status": "alive", "version": __version__}


async def test_a_node_that_can_serve_is_ready(site: Site) -> None:
    answer = await site.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": [], "degraded": []})


class Away:
    """A log or bus that is not there."""

    is_connected = False

    async def heads(self, streams: Any) -> Any:
        raise LogUnavailable("/data/secret is away")


async def test_a_node_without_its_log_is_alive_and_not_ready(site: Site) -> None:
    log, site.flow.node.log = site.flow.node.log, Away()  # type: ignore[assignment]
    try:
        answer = await site.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "reasons": ["log: cannot be read"], "degraded": []}
        assert (await site.http.get("/healthz")).status_code == 200
    finally:
        site.flow.node.log = log


async def test_a_node_without_its_bus_goes_on_by_the_log_and_says_so(site: Site) -> None:
    bus, site.flow.node.bus = site.flow.node.bus, Away()  # type: ignore[assignment]
    try:
        answer = await site.http.get("/readyz")
        assert answer.status_code == 200, "all nodes lose their bus at once: nobody would be let in"
        assert answer.json() == {"ready": True, "reasons": [], "degraded": ["bus: not connected"]}
    finally:
        site.flow.node.bus = bus


async def test_a_node_that_is_going_away_is_not_ready(site: Site) -> None:
    site.flow.node.is_draining = True
    answer = await site.http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"][0].startswith("draining")
    assert (await samples(site))["tertulia_draining"] == 1


async def test_probes_may_add_a_query(site: Site) -> None:
    for path in ["/healthz?x=1", "/readyz?x=1&x=2", "/metrics?name%5B%5D=x"]:
        assert (await site.http.get(path)).status_code == 200


async def test_what_happens_is_counted(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    before = await samples(site)
    async with live(ben, {"streams": {"room/general": None}}) as events:
        await events.until("live")
        for _ in range(3):
            await ana.says("Counted")
            await events.until("event")
        await ana.command("post_message", room="general", text=" ")
        during = await samples(site)
        assert during["tertulia_connections"] == 1
        assert during["tertulia_live_http_streams"] == 1
    after = await samples(site)

    def grew(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grew("tertulia_commands_accepted_total") == 3
    assert grew("tertulia_commands_refused_total|text_empty") == 1
    assert grew("tertulia_connections_opened_total") == 1
    assert grew("tertulia_deliveries_total") >= 3
    assert grew("tertulia_http_answers_total|POST /api/commands|200") == 3
    assert grew("tertulia_http_answers_total|POST /api/commands|422") == 1
    assert after["tertulia_bus_connected"] == 1


async def test_every_name_is_ours_and_said_once(site: Site) -> None:
    text = (await site.http.get("/metrics")).text
    names = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
    assert names
    assert len(names) == len(dict(names)), "a name has one meaning"
    assert all(name.startswith("tertulia_") for name in dict(names))


async def test_the_number_of_series_does_not_grow_with_use(site: Site) -> None:
    """Other rooms, other people, paths that are not there: no new labels."""
    ana = site.member("Ana")

    async def use(name: str) -> None:
        await ana.get(f"/api/rooms/{name}/messages")
        await ana.get(f"/api/rooms/{name}/messages/7")
        await ana.get(f"/api/{name}")
        await site.http.get(f"/{name}")
        await ana.command("post_message", room=name, text="x")

    await use("first")
    await samples(site)
    before = len(await samples(site))
    for number in range(20):
        await use(f"room-{number}")
        await site.member(f"Learner {number}").get("/api/me")
    assert len(await samples(site)) <= before + 1  # GET /api/me itself


async def test_metrics_may_be_behind_a_token(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", metrics_token="scrape-me") as site:
        await furnish(site.flow)
        assert_problem(await site.http.get("/metrics"), 401, "token_invalid")
        for wrong in ("scrape-m", "scrape-me2", site.member("Ana").token, "ß"):
            headers = {"authorization": f"Bearer {wrong}".encode()}
            assert_problem(await site.http.get("/metrics", headers=headers), 401, "token_invalid")
        answer = await site.http.get("/metrics", headers={"authorization": "Bearer scrape-me"})
        assert answer.status_code == 200
        assert (await site.http.get("/healthz")).status_code == 200, "probes need none"
