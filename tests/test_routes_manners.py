"""What holds for every answer: headers, CORS, errors in one shape, nothing of the server's insides."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog

from tertulia.eventlog import LogFull, LogUnavailable
from tests.http_site import Site, assert_problem, demo_site, serving

site = demo_site

EVERYWHERE = ("/", "/join", "/api/me", "/api/nothing", "/nothing", "/healthz", "/metrics", "/api/openapi.json")


async def test_every_answer_has_the_security_headers(site: Site) -> None:
    for path in EVERYWHERE:
        headers = (await site.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        policy = headers["content-security-policy"]
        for wanted in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert wanted in policy
        assert "unsafe-eval" not in policy


async def test_what_is_answered_to_a_member_is_stored_nowhere(site: Site) -> None:
    ana = site.member("Ana")
    for path in ("/api/me", "/api/rooms/general", "/api/rooms/general/export", "/api/nothing", "/api/rooms/nowhere"):
        assert (await ana.get(path)).headers["cache-control"] == "no-store"


# --- what is not there ----------------------------------------------------------------------------------------------


async def test_below_api_what_is_not_there_is_a_problem_in_json(site: Site) -> None:
    for path in ["/api/nothing", "/api/", "/api", "/api/rooms", "/api/rooms/", "/api/me/", "/api//me"]:
        assert_problem(await site.member("Ana").get(path), 404, "malformed")


async def test_a_method_that_is_not_there_is_a_problem_in_json(site: Site) -> None:
    for method, path in [
        ("POST", "/api/me"),
        ("DELETE", "/api/me"),
        ("GET", "/api/join"),
        ("PUT", "/api/invites"),
        ("PATCH", "/api/live"),
    ]:
        answer = await site.member("Ana").ask(method, path)
        assert_problem(answer, 405, "malformed")
        assert answer.headers["allow"]


async def test_elsewhere_what_is_not_there_is_a_plain_line(site: Site) -> None:
    for path in ("/nothing/at/all", "/nothing", "/assets/nothing.js", "/api.json"):
        answer = await site.http.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/plain")


async def test_no_slash_is_added_or_taken_away(site: Site) -> None:
    """A redirect would name whatever Host the request named."""
    answer = await site.http.get("/healthz/", headers={"host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_head_is_get_without_a_body(site: Site) -> None:
    ana = site.member("Ana")
    for path in ("/api/me", "/healthz", "/api/rooms/general/export", "/api/me/export"):
        answer = await ana.ask("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b"")


# --- when the server cannot -----------------------------------------------------------------------------------------


class Broken:
    """A port that fails in one way, whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        async def fail(*args: Any, **kwargs: Any) -> Any:
            raise self._error

        return fail


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (LogUnavailable("the disk /data/secret is away"), 503, "unavailable"),
        (LogFull("the disk /data/secret is full"), 503, "storage_full"),
        (RuntimeError("secret words of a message"), 500, "internal"),
        (AssertionError("secret words of a message"), 500, "internal"),
        (KeyError("secret"), 500, "internal"),
    ],
)
async def test_a_fault_is_a_code_and_says_nothing_of_the_insides(
    site: Site, error: Exception, status: int, code: str
) -> None:
    ana = await site.member_who("Ana")
    site.flow.node.reading = Broken(error)  # type: ignore[assignment]
    with structlog.testing.capture_logs() as logged:
        for path in ("/api/cohort", "/api/rooms/general", "/api/search?q=x", "/api/rooms/general/messages"):
            answer = await ana.ask("GET", path)
            said = assert_problem(answer, status, code)
            assert "secret" not in answer.text
            assert "write now" not in said["message"], "these are reads"
    assert "secret" not in repr(logged), "nor does the logger hear the words of an exception"
    assert bool(logged) == (status == 500), "what is a bug is told, with its place"
    assert all(entry["error"] == type(error).__name__ and entry["at"] for entry in logged)


async def test_no_token_and_no_text_reach_a_logger(site: Site) -> None:
    ana = await site.member_who("Ana")
    with structlog.testing.capture_logs() as logged:
        await ana.says("secret words")
        await ana.post("/api/commands", {"type": "post_message", "key": "k" * 9, "room": "general", "text": ["secret"]})
        await site.http.get("/api/me", headers={"authorization": f"Bearer {ana.token}x"})
        site.flow.node.reading = Broken(ValueError(ana.token))  # type: ignore[assignment]
        await ana.get("/api/rooms/general")
    assert ana.token not in repr(logged)
    assert "secret" not in repr(logged)


async def test_a_body_that_never_comes_is_given_up(site: Site) -> None:
    """The head promises a body; nothing follows; the peer goes. Nothing is left waiting."""
    before = len(asyncio.all_tasks())
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    head = f"POST /api/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {site.member('Ana').token}\r\n"
    writer.write(f"{head}content-length: 100\r\n\r\n{{".encode())
    await asyncio.sleep(0.2)
    writer.close()
    async with asyncio.timeout(10):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)
    assert await reader.read() == b""


# --- other origins --------------------------------------------------------------------------------------------------

ALLOWED = "https://course.example"


async def test_a_configured_origin_may_call_the_api(site: Site) -> None:
    asked = {"origin": ALLOWED, "access-control-request-method": "POST"}
    preflight = await site.http.options("/api/commands", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == ALLOWED
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    assert "Last-Event-ID" in preflight.headers["access-control-allow-headers"]
    answer = await site.member("Ana").ask("GET", "/api/me", headers={"origin": ALLOWED})
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_refusal_can_be_read_by_the_origin_too(site: Site) -> None:
    answer = await site.http.get("/api/me", headers={"origin": ALLOWED})
    assert_problem(answer, 401, "token_invalid")
    assert answer.headers["access-control-allow-origin"] == ALLOWED


async def test_another_origin_may_not(site: Site) -> None:
    for origin in ["https://evil.example", "http://course.example", "https://course.example.evil.example", "null", "*"]:
        asked = {"origin": origin, "access-control-request-method": "GET"}
        for answer in (
            await site.http.options("/api/me", headers=asked),
            await site.http.get("/api/me", headers={"origin": origin}),
        ):
            assert "access-control-allow-origin" not in answer.headers


async def test_nothing_but_the_api_is_open_to_other_origins(site: Site) -> None:
    for path in ("/", "/healthz", "/metrics"):
        answer = await site.http.get(path, headers={"origin": ALLOWED})
        assert "access-control-allow-origin" not in answer.headers


async def test_without_origins_there_is_no_cors_at_all(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", origins=frozenset()) as site:
        answer = await site.http.get("/api/me", headers={"origin": ALLOWED})
        assert "access-control-allow-origin" not in answer.headers
        assert "vary" not in answer.headers


async def test_a_star_allows_any_origin(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", origins=frozenset({"*"})) as site:
        answer = await site.http.get("/api/me", headers={"origin": "https://anywhere.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
