"""The web app's files: one page for all places, assets for ever, nothing outside the folder, a policy that holds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.http_site import Site, serving

PAGE = "<!doctype html><title>Tertulia</title><script type=module src=/assets/index-1.js></script>" + " " * 2_000
SCRIPT = "export const words = 'words';\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As vite builds it, with things in and round it that are nobody's business."""
    built = tmp_path / "webapp"
    for name in ("assets", "embed", ".vite"):
        (built / name).mkdir(parents=True)
    (built / "index.html").write_text(PAGE)
    (built / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (built / ".built").write_text("stamp")
    (built / ".vite" / "manifest.json").write_text("{}")
    (built / "assets" / "index-1.js").write_text(SCRIPT)
    (built / "assets" / "index-1.css").write_text("body{}")
    (built / "assets" / "KaTeX_Main.woff2").write_bytes(os.urandom(4_000))
    (built / "embed" / "tertulia-room.js").write_text(SCRIPT)
    (tmp_path / "outside.js").write_text("secret")
    (built / "assets" / "link.js").symlink_to(tmp_path / "outside.js")
    return built


@pytest.fixture
async def site(tmp_path: Path, folder: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path / "data", webapp=folder) as running:
        yield running


async def test_every_place_of_the_app_is_its_one_page(site: Site) -> None:
    for path in ["/", "/join", "/c/demo", "/c/demo/room/general", "/room/general", "/room/general/2"]:
        answer = await site.http.get(path)
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"


async def test_the_pages_policy_lets_in_what_the_app_needs_and_nothing_else(site: Site) -> None:
    policy = dict(
        part.split(" ", 1) if " " in part else (part, "")
        for part in (await site.http.get("/")).headers["content-security-policy"].split("; ")
    )
    host = f"127.0.0.1:{site.port}"
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": f"'self' ws://{host} wss://{host}",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "tertulia dompurify lit-html",
    }


async def test_a_host_that_is_none_does_not_get_into_the_policy(site: Site) -> None:
    for host in ["evil.example; script-src *", "a b", "x'y", "", "a\tb", "[::1", "x" * 300]:
        policy = (await site.http.get("/", headers={"host": host})).headers["content-security-policy"]
        assert "connect-src 'self' ws://localhost wss://localhost;" in policy


async def test_the_public_address_is_in_the_policy_when_it_is_known(tmp_path: Path, folder: Path) -> None:
    async with serving(tmp_path / "data", webapp=folder, public_url="https://talk.example:8443/") as site:
        policy = (await site.http.get("/")).headers["content-security-policy"]
        assert "connect-src 'self' ws://talk.example:8443 wss://talk.example:8443;" in policy


async def test_assets_are_kept_for_ever_with_their_types(site: Site) -> None:
    for name, type in (
        ("index-1.js", "text/javascript; charset=utf-8"),
        ("index-1.css", "text/css; charset=utf-8"),
        ("KaTeX_Main.woff2", "font/woff2"),
    ):
        answer = await site.http.get(f"/assets/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, type)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_what_shrinks_is_sent_squeezed_to_who_takes_it(site: Site, folder: Path) -> None:
    squeezed = await site.http.get("/assets/index-1.js", headers={"accept-encoding": "br, gzip;q=0.8"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert squeezed.headers["vary"] == "Accept-Encoding"
    assert int(squeezed.headers["content-length"]) < len(SCRIPT) / 2
    assert squeezed.text == SCRIPT
    for refused in ("identity", "gzip;q=0", ""):
        plain = await site.http.get("/assets/index-1.js", headers={"accept-encoding": refused})
        assert "content-encoding" not in plain.headers
        assert plain.text == SCRIPT
    font = await site.http.get("/assets/KaTeX_Main.woff2", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in font.headers
    assert font.content == (folder / "assets" / "KaTeX_Main.woff2").read_bytes()


async def test_who_has_it_already_is_told_so(site: Site) -> None:
    first = await site.http.get("/")
    again = await site.http.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]


async def test_a_new_build_is_served_without_a_restart(site: Site, folder: Path) -> None:
    before = await site.http.get("/")
    (folder / "index.html").write_text("<!doctype html>new")
    after = await site.http.get("/", headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, after.text) == (200, "<!doctype html>new")


async def test_the_embedded_room_may_be_fetched_by_other_sites(site: Site) -> None:
    answer = await site.http.get("/embed/tertulia-room.js", headers={"origin": "https://anywhere.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "no-cache"


async def test_an_icon_beside_the_page_is_served(site: Site) -> None:
    answer = await site.http.get("/icon.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"], "an image that cannot run anything"


async def test_nothing_else_is_served(site: Site) -> None:
    """Sent as it stands: a client would tidy the path up first."""
    for path in [
        "/assets/../index.html",
        "/assets/..%2f..%2foutside.js",
        "/assets/%2e%2e/%2e%2e/outside.js",
        "/assets/..%5c..%5coutside.js",
        "/assets/link.js",
        "/assets/",
        "/assets/.",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/index-1.js%00.css",
        "/assets/index-1.js/",
        "/embed/../assets/index-1.js",
        "/.built",
        "/.vite/manifest.json",
        "/index.html",
        "/assets",
        "/assets/" + "x" * 5_000,
    ]:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        answer = (await reader.read()).decode("latin-1")
        writer.close()
        assert answer.split("\r\n")[0].split(" ")[1] in ("404", "400"), answer[:200]
        assert "secret" not in answer


async def test_a_server_without_the_web_app_says_how_to_build_it(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", webapp=tmp_path / "nowhere") as site:
        for path in ("/", "/join", "/room/general"):
            answer = await site.http.get(path)
            assert answer.status_code == 503
            assert "make web" in answer.text
        assert (await site.http.get("/assets/index-1.js")).status_code == 404
        assert (await site.http.get("/healthz")).status_code == 200
