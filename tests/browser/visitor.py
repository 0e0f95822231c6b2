"""One person at one browser window: opens the app, reads and writes, and notes everything that must not happen."""

from __future__ import annotations

from types import TracebackType
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, expect

from tests.browser.school import School

SIZES = {
    "phone": (390, 844),
    "tablet": (768, 1024),
    "desk": (1440, 900),
    "smallest": (320, 640),
    "projector": (1280, 720),
    "beamer": (1366, 768),
    "wall": (1920, 1080),
}
THEMES = ("light", "dark")
NOT_FAULTS = (
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_CONNECTION_REFUSED",
    "WebSocket connection to",
    "status of 4",
    "net::ERR_CONNECTION_RESET",
)

# Playwright's `set_offline` leaves WebSockets alone; the page gets one that is cut with the rest.
CUT_SOCKETS_TOO = """(() => {
  const Native = window.WebSocket;
  window.__sockets = [];
  window.WebSocket = class extends Native {
    constructor(url, ...given) {
      super(navigator.onLine ? url : url + "/cut", ...given);
      window.__sockets.push(this);
    }
  };
})()"""

CUT = """() => window.__sockets.splice(0).forEach(socket => {
  socket.dispatchEvent(new CloseEvent("close", { code: 1006 }));
  socket.close();
})"""

FRAMES = """count => new Promise(done => {
  const next = () => (count-- ? requestAnimationFrame(next) : done());
  next();
})"""

SETTLED = """async () => {
  await document.fonts.ready;
  const ended = Promise.allSettled(document.getAnimations().map(animation => animation.finished));
  await Promise.race([ended, new Promise(done => setTimeout(done, 2000))]); // one that is never drawn never ends
}"""


class Visitor:
    """`page` is Playwright's. `faults` gathers errors of scripts, breaches of the content security policy, dialogs and
    requests to other servers; a test that ends with any fails."""

    def __init__(
        self,
        browser: Browser,
        school: School,
        name: str | None,
        *,
        size: str = "desk",
        theme: str = "light",
        lang: str = "en-GB",
    ) -> None:
        width, height = SIZES[size]
        self.school = school
        self.name = name
        self.faults: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            locale=lang,
            timezone_id="Europe/Lisbon",
            has_touch=size == "phone",
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.context.set_default_timeout(20_000)
        self.context.add_init_script(CUT_SOCKETS_TOO)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._on_console)
        self.page.on("dialog", self._on_dialog)
        self.page.on("request", self._on_request)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.context.close()

    # --- coming in -----------------------------------------------------------------------------------------------

    def enter(self, path: str | None = None) -> Visitor:
        """With a ready link: as the demo prints it, which leads home, or one to `path`."""
        assert self.name is not None
        self.go(f"{path or '/join'}#token={self.school.token(self.name)}")
        if not path:
            expect(self.page.locator("tt-home-view h1")).to_be_visible()
        return self

    def go(self, path: str) -> None:
        self.page.goto(self.school.url + path)

    def room(self, room: str = "general") -> Visitor:
        self.enter(f"/room/{room}")
        expect(self.page.locator("main form.composer")).to_be_visible()
        return self

    # --- what is on screen ---------------------------------------------------------------------------------------

    @property
    def log(self) -> Locator:
        return self.page.locator("#log")

    @property
    def field(self) -> Locator:
        return self.page.locator("main form.composer textarea").last

    def message(self, seq: int) -> Locator:
        return self.page.locator(f"#log .msg[data-seq='{seq}']")

    def saying(self, text: str) -> Locator:
        return self.log.locator(".msg", has_text=text)

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def top_of(self, seq: int) -> float:
        """Where a message stands on the glass, in px from the top of the log."""
        script = (
            "([seq]) => { const log = document.querySelector('#log').getBoundingClientRect().top;"
            " return document.querySelector(`#log .msg[data-seq='${seq}']`).getBoundingClientRect().top - log; }"
        )
        return float(self.page.evaluate(script, [seq]))

    def scroll(self, px: int) -> None:
        self.page.evaluate("px => { document.querySelector('#log').scrollTop += px; }", px)
        self.frames()

    def frames(self, count: int = 3) -> None:
        """Let some frames be drawn."""
        self.page.evaluate(FRAMES, count)

    def settle(self) -> None:
        """Let fonts come and transitions end: what is seen then is what will be."""
        self.frames()
        self.page.evaluate(SETTLED)
        self.frames()

    def turn(self, theme: str) -> None:
        """To the other theme, as the operating system would at dusk."""
        self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(self.page.locator("html")).to_have_attribute("data-theme", theme)
        self.settle()

    def cut(self) -> None:
        self.context.set_offline(True)
        self.page.evaluate(CUT)

    def mend(self) -> None:
        self.context.set_offline(False)

    # --- what must not happen ------------------------------------------------------------------------------------

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in NOT_FAULTS):
            self.faults.append(f"console: {message.text[:400]}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" != self.school.url:
            self.faults.append(f"request outside: {request.url}")
