"""`<tertulia-room>` in another site's page: it talks, and neither page's styles reach the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.school import found
from tests.servers import Server

PAGE = """<!doctype html><html lang="en"><title>A course</title>
<style>button {{ background: rgb(0, 255, 0) !important }} article {{ display: none }}
* {{ letter-spacing: 9px }}</style>
<h1>A course page</h1><button id="theirs">Theirs</button>
<tertulia-room server="{server}" room="general" token="{token}"></tertulia-room>
<script type="module" src="{server}/embed/tertulia-room.js"></script></html>"""


class CourseSite:
    """A small web server of another origin, with one page."""

    def __init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(site.page.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.page = ""
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


@pytest.fixture
def course() -> Iterator[CourseSite]:
    site = CourseSite()
    yield site
    site.close()


def test_a_room_in_a_course_page(chromium: Browser, course: CourseSite, tmp_path: Path) -> None:
    server = Server(tmp_path, options=["--no-rate-limits", "--origins", course.url])
    found(server.data)
    with server:
        course.page = PAGE.format(server=server.url, token=server.token("Kofi"))
        context = chromium.new_context(viewport={"width": 900, "height": 700})
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(course.url)
        field = page.locator("tertulia-room textarea")
        field.fill("Hello from the course page, $x^2$")
        field.press("Enter")
        said = page.locator("tertulia-room .msg", has_text="Hello from the course page")
        expect(said).to_have_count(1)
        expect(said).to_be_visible()
        expect(said.locator("math")).to_have_count(1)
        expect(page.locator("tertulia-room tt-pending-row")).to_have_count(0)
        theirs = page.locator("#theirs").evaluate("button => getComputedStyle(button).borderRadius")
        assert theirs != "999px"
        ours = page.locator("tertulia-room .btn.primary").evaluate("button => getComputedStyle(button).backgroundColor")
        assert ours != "rgb(0, 255, 0)"
        spacing = field.evaluate("field => getComputedStyle(field).letterSpacing")
        assert spacing == "normal"
        widths = page.evaluate(
            "() => [document.querySelector('tertulia-room'),"
            " document.querySelector('tertulia-room').shadowRoot.querySelector('main')].map(e => e.clientWidth)"
        )
        assert widths[0] - widths[1] < 3, "the room has the whole width"
        assert page.url == f"{course.url}/"
        assert page.title() == "A course"
        page.locator("tertulia-room").get_by_role("button", name="Search").click()
        expect(page.locator("tertulia-room aside h2")).to_have_text("Search")
        shots = Path(__file__).with_name("shots")
        shots.mkdir(exist_ok=True)
        page.screenshot(path=shots / "embedded-light.png")
        assert errors == []
        context.close()
