"""Where this server is reached from outside."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from tertulia.routes.site import Site

_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def public_url(site: Site, request: Request) -> str:
    """Without a slash at the end: the configured one, else as the request came. A Host that is none: localhost."""
    if site.settings.public_url is not None:
        return site.settings.public_url.rstrip("/")
    return f"{request.scope['scheme']}://{host_of(request.headers.get('host', ''))}"


def host_of(host: str) -> str:
    """A Host header, if it is one: it goes into links and into a policy, so nothing else may be smuggled in."""
    return host if _HOST.fullmatch(host) else "localhost"


def authority(site: Site, host: str) -> str:
    """Host and port as browsers see them."""
    if site.settings.public_url is not None:
        return urlsplit(site.settings.public_url).netloc
    return host_of(host)
