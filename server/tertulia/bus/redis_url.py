"""What a bus URL says: where Redis is and how it is to be used. Only words here, no connections.

    redis://[user:password@]host[:6379]                                     one server
    redis+sentinel://[user:password@]host[:26379],host,…/master-name        the master that Sentinel tells
    redis+cluster://[user:password@]host[:6379],host,…                      a Redis Cluster

With `rediss` for `redis` all connections are TLS. Raises `BusRefused` for a URL that cannot be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tertulia.bus import BusRefused

Mode = Literal["server", "sentinel", "cluster"]

_MODES: Final[dict[str, Mode]] = {"": "server", "sentinel": "sentinel", "cluster": "cluster"}
_PORTS: Final[dict[Mode, int]] = {"server": 6_379, "sentinel": 26_379, "cluster": 6_379}
_TLS_OPTIONS: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
_SENTINEL_OPTIONS: Final = ("sentinel_username", "sentinel_password")
_HOW_TO_WRITE: Final = (
    "Write it as redis://[user:password@]host[:port], redis+sentinel://[user:password@]host[:port],host,…/master-name "
    "or redis+cluster://[user:password@]host[:port],host,…, with rediss for redis if it is to be TLS and with the "
    "characters / ? # @ : % of a password percent-encoded"
)
_CHANNELS: Final = "&tertulia:*"
NEEDS: Final[dict[Mode, str]] = {
    "server": f"{_CHANNELS} +subscribe +unsubscribe +publish +ping +role",
    "sentinel": f"{_CHANNELS} +subscribe +unsubscribe +publish +ping +role",
    "cluster": f"{_CHANNELS} +ssubscribe +sunsubscribe +spublish +ping +cluster|info +cluster|slots",
}
SENTINEL_NEEDS: Final = "&+switch-master +subscribe +ping +sentinel|get-master-addr-by-name +sentinel|sentinels"


class Host(NamedTuple):
    name: str
    port: int

    @classmethod
    def told(cls, name: bytes, port: bytes | int) -> Host:
        """As a Redis says it. Raises ValueError for what is none."""
        host = cls(name.decode(), int(port))
        if not host.name or not 0 < host.port < 65_536:
            raise ValueError(f"no host and port: {host}")
        return host

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Access:
    """Who we are there. `needs`: what an ACL must allow this user. `tls`: options of the connection, None without
    TLS."""

    user: str | None
    password: str | None
    needs: str
    tls: dict[str, Any] | None

    def hide(self, words: str) -> str:
        """Without the password, whatever the other side put into its answer."""
        return words.replace(self.password, "***") if self.password else words


@dataclass(frozen=True, slots=True)
class Target:
    """`hosts`: the server, the sentinels or some nodes of the cluster. `sentinel_access` is theirs."""

    mode: Mode
    hosts: tuple[Host, ...]
    access: Access
    master: str = ""
    sentinel_access: Access | None = None


def target_of(url: str) -> Target:
    scheme, separator, _ = url.partition("://")
    base, _, kind = scheme.lower().partition("+")
    if base not in ("redis", "rediss") or kind not in _MODES or (scheme.endswith("+")):
        said = f"begins with {scheme}://, which is not known" if separator else "has no scheme"
        raise BusRefused(f"The bus URL {said}. {_HOW_TO_WRITE}.")
    mode = _MODES[kind]
    try:
        parts = urlsplit(url)
        userinfo, _, hosts = parts.netloc.rpartition("@")
        found = tuple(_host(host, mode) for host in hosts.split(","))
    except ValueError:
        raise BusRefused(f"The bus URL cannot be read: is its port a number? {_HOW_TO_WRITE}.") from None
    if not all(host.name for host in found) or "@" in parts.path + parts.query + parts.fragment:
        raise BusRefused(f"The bus URL names no host. {_HOW_TO_WRITE}.")
    if mode == "server" and len(found) > 1:
        raise BusRefused(
            f"The bus URL names several hosts, which redis+sentinel:// and redis+cluster:// can. {_HOW_TO_WRITE}."
        )
    user, _, password = (unquote(part) or None for part in userinfo.partition(":"))
    options = _options(parts.query, mode, is_tls=base == "rediss")
    tls: dict[str, Any] | None
    tls = {name: options[name] for name in _TLS_OPTIONS if name in options} if base == "rediss" else None
    access = Access(user, password, NEEDS[mode], tls)
    path = unquote(parts.path.removeprefix("/"))
    if mode != "sentinel":
        _refuse_database(path)
        return Target(mode, found, access)
    if not path or "/" in path:
        raise BusRefused(
            "The bus URL names no master. Write its name, the one of `sentinel monitor` in the sentinels' "
            "configuration, after the hosts: redis+sentinel://host:26379,host:26379/mymaster."
        )
    name, word = options.get("sentinel_username"), options.get("sentinel_password")
    return Target(mode, found, access, path, Access(name, word, SENTINEL_NEEDS, tls))


def _host(text: str, mode: Mode) -> Host:
    parts = urlsplit(f"//{text}")
    return Host(unquote(parts.hostname or ""), parts.port or _PORTS[mode])


def _refuse_database(path: str) -> None:
    if path not in ("", "0"):
        raise BusRefused(
            f"The bus URL ends in /{path}, but pub/sub knows no databases: all of them would hear each other. Leave it "
            "out. Several installations may share one Redis; messages of another are told apart and ignored."
        )


def _options(query: str, mode: Mode, *, is_tls: bool) -> dict[str, str]:
    options = {name: values[-1] for name, values in parse_qs(query).items()}
    known = (_TLS_OPTIONS if is_tls else ()) + (_SENTINEL_OPTIONS if mode == "sentinel" else ())
    for name in options:
        if name not in known:
            raise BusRefused(
                f"The bus URL has the option {name!r}, which is not known. Known are, with TLS, "
                f"{', '.join(_TLS_OPTIONS)}; and for redis+sentinel:// {' and '.join(_SENTINEL_OPTIONS)}."
            )
    return options
