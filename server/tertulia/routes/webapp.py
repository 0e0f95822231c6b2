"""The built web app: its pages, its assets, the script other sites embed. From the folder vite built, kept in memory.

A file is read again when it changed, so that `make web` is seen by a server that runs.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tertulia.routes.addresses import authority
from tertulia.routes.site import Site

PAGES: Final = ("/", "/join", "/c/{rest:path}", "/room/{rest:path}")
"""Places inside the app; all of them are its one page."""

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_SQUEEZED: Final = frozenset({".css", ".html", ".js", ".json", ".md", ".mjs", ".svg", ".ttf", ".txt", ".webmanifest"})
_SQUEEZE_BYTES_MIN: Final = 1_024
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"

_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tertulia</title>
<h1>The web app is not built</h1>
<p>The server runs; its API is at <code>/api/</code>. To build the web app, run <code>make web</code> in the
project's folder and load this page again.</p></html>
"""


def content_security_policy(host: str) -> str:
    """The app's page: everything from this server, nothing inline but the style attributes KaTeX sets. The sockets are
    named because not every browser takes 'self' for them."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' ws://{host} wss://{host}",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types tertulia dompurify lit-html",
        )
    )


@dataclass(frozen=True, slots=True)
class File:
    stamp: tuple[int, int]
    plain: bytes
    squeezed: bytes | None
    media_type: str
    etag: str


class Folder:
    """Files by their name below a folder; what is outside, hidden or no file is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, File] = {}

    async def file(self, name: str) -> File | None:
        parts = name.split("/")
        if any(part in ("", "..") or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        return await run_in_threadpool(self._file, name, self._root.joinpath(*parts))

    def _file(self, name: str, path: Path) -> File | None:
        try:
            if not path.resolve().is_relative_to(self._root.resolve()) or not path.is_file():
                return None
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            kept = self._files.get(name)
            if kept is None or kept.stamp != stamp:
                kept = self._files[name] = _load(path, stamp)
        except OSError:
            return None
        return kept


def _load(path: Path, stamp: tuple[int, int]) -> File:
    plain = path.read_bytes()
    suffix = path.suffix.lower()
    is_squeezed = suffix in _SQUEEZED and len(plain) >= _SQUEEZE_BYTES_MIN
    return File(
        stamp=stamp,
        plain=plain,
        squeezed=gzip.compress(plain, 9, mtime=0) if is_squeezed else None,
        media_type=_TYPES.get(suffix, "application/octet-stream"),
        etag=f'"{hashlib.sha256(plain).hexdigest()[:32]}"',
    )


def routes(site: Site) -> list[Route]:
    folder = Folder(site.settings.webapp)

    async def page(request: Request) -> Response:
        file = await folder.file("index.html")
        if file is None:
            return HTMLResponse(_NOT_BUILT, 503, {"cache-control": "no-store"})
        host = authority(site, request.headers.get("host", ""))
        policy = {"content-security-policy": content_security_policy(host)}
        return _sent(request, file, cache=_ASK_AGAIN, headers=policy)

    async def asset(request: Request) -> Response:
        """Their names hold their hash: they never change."""
        file = await folder.file(f"assets/{request.path_params['name']}")
        return _sent(request, _there(file), cache=_FOR_EVER)

    async def embed(request: Request) -> Response:
        """For other people's pages: a module script is fetched with CORS."""
        file = await folder.file(f"embed/{request.path_params['name']}")
        headers = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
        return _sent(request, _there(file), cache=_ASK_AGAIN, headers=headers)

    async def other(request: Request) -> Response:
        """An icon, a manifest, the licences."""
        name = request.path_params["name"]
        file = await folder.file(name) if name != "index.html" else None
        return _sent(request, _there(file), cache=_ASK_AGAIN)

    pages: Callable[[Request], Awaitable[Response]] = page
    return [
        *(Route(path, pages, name=f"page {path}") for path in PAGES),
        Route("/assets/{name:path}", asset),
        Route("/embed/{name:path}", embed),
        Route("/{name}", other),
    ]


def _there(file: File | None) -> File:
    if file is None:
        raise HTTPException(404)
    return file


def _sent(request: Request, file: File, *, cache: str, headers: dict[str, str] | None = None) -> Response:
    more = {"cache-control": cache, "etag": file.etag, **(headers or {})}
    if file.squeezed is not None:
        more["vary"] = "Accept-Encoding"
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=more)
    body = file.plain
    if file.squeezed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        body = file.squeezed
        more["content-encoding"] = "gzip"
    return Response(body, headers={**more, "content-type": file.media_type})


def _takes_gzip(accepted: str) -> bool:
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
