"""What `tertulia doctor` says of the servers a node needs: PostgreSQL, its replica, Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tertulia.cli.findings import Finding
from tertulia.domain import limits

if TYPE_CHECKING:
    from tertulia.app import Settings
    from tertulia.eventlog.postgres_health import Health

REDIS_MIN: Final = (6, 2)
REDIS_CLUSTER_MIN: Final = (7, 0)
"""Sharded pub/sub came with it."""
_CLOCK_S: Final = 1.0
_LAG_S: Final = 30.0
_DURABLE: Final = ("on", "remote_apply")


def log_server(settings: Settings) -> Iterator[Finding]:
    """The PostgreSQL log."""
    found = _health(settings.log)
    if isinstance(found, Finding):
        yield found
        return
    yield from _version(found)
    if found.is_replica:
        yield Finding("trouble", f"PostgreSQL at {found.where} is a replica: give the primary's URL.")
    elif found.is_read_only:
        yield Finding("trouble", f"PostgreSQL at {found.where} is read-only: turn default_transaction_read_only off.")
    yield from _durability(found)
    yield from _connections(found, settings)
    yield from _schema(found, settings)
    yield from _clock(found)
    if not found.is_encrypted and not found.is_local:
        yield Finding("note", "The way to PostgreSQL is not encrypted: add ?sslmode=verify-full to the log URL.")


def log_replica(settings: Settings) -> Iterator[Finding]:
    if not settings.log_replica:
        return
    found = _health(settings.log_replica)
    if isinstance(found, Finding):
        yield found
        return
    yield from _version(found)
    if not found.is_replica:
        yield Finding("note", f"PostgreSQL at {found.where} is no replica: history is read from a server that writes.")
    elif not found.is_fed:
        yield Finding("trouble", f"The replica at {found.where} hears of no primary: look at its primary_conninfo.")
    elif found.lag_s is None or found.lag_s > _LAG_S:
        behind = "an unknown time" if found.lag_s is None else f"{found.lag_s:,.0f} s"
        yield Finding("trouble", f"The replica at {found.where} is {behind} behind: look at its disk and its network.")
    else:
        yield Finding("good", f"The replica at {found.where} is {found.lag_s:.1f} s behind.")
    primary = _health(settings.log)
    if not isinstance(primary, Finding) and primary.meta and found.meta != primary.meta:
        yield Finding("trouble", f"The replica at {found.where} holds another log than --log: correct one of the URLs.")


def bus_server(settings: Settings) -> Iterator[Finding]:
    """Which Redis answers, once the bus has found that it may speak there."""
    url = urlsplit(settings.bus)
    if url.scheme not in ("redis", "rediss"):
        return
    import redis

    try:
        with redis.Redis.from_url(settings.bus, socket_timeout=limits.bus_deadline_s, protocol=2) as client:
            said = client.execute_command("HELLO")
    except redis.RedisError:
        yield Finding("note", "Redis does not say its version.")
        return
    if not isinstance(said, dict):  # RESP 2 gives pairs one after the other
        said = dict(zip(said[::2], said[1::2], strict=True))
    known: dict[str, Any] = {_text(key): _text(value) for key, value in said.items()}
    version, mode = known.get("version", "0"), known.get("mode", "standalone")
    wanted = REDIS_CLUSTER_MIN if mode == "cluster" else REDIS_MIN
    numbers = tuple(int(part) for part in str(version).split(".")[:2] if part.isdigit())
    if numbers < wanted:
        yield Finding("trouble", f"Redis is {version} ({mode}): upgrade it to {'.'.join(map(str, wanted))} or newer.")
    else:
        yield Finding("good", f"Redis {version} ({mode}).")
    if known.get("role") not in (None, "master"):
        yield Finding("trouble", "The Redis of --bus is a replica: give the master's URL.")


def _health(url: str) -> Health | Finding:
    from tertulia.app import SettingsRefused, must_have_driver
    from tertulia.eventlog import LogRefused

    try:
        must_have_driver()
        from tertulia.eventlog.postgres_health import health

        return asyncio.run(health(url))
    except (SettingsRefused, LogRefused) as error:
        return Finding("trouble", str(error))


def _version(found: Health) -> Iterator[Finding]:
    from tertulia.eventlog.postgres_link import SERVER_VERSION_MIN

    if found.version < SERVER_VERSION_MIN:
        yield Finding("trouble", f"PostgreSQL at {found.where} is {found.version}: upgrade it to {SERVER_VERSION_MIN}.")
    else:
        yield Finding("good", f"PostgreSQL {found.version} answers at {found.where}.")


def _durability(found: Health) -> Iterator[Finding]:
    good = True
    for name in ("fsync", "full_page_writes"):
        if not getattr(found, name):
            good = False
            yield Finding("trouble", f"PostgreSQL runs with {name}=off, and a power cut loses the log: {name}=on.")
    if found.synchronous_commit not in _DURABLE:
        yield Finding("note", f"synchronous_commit is {found.synchronous_commit}; Tertulia raises it for itself to on.")
    if good:
        standbys = f"waits for {found.standbys}" if found.standbys else "waits for its own disk alone"
        yield Finding("good", f"What was answered is on disk; a commit {standbys}.")
        if not found.standbys:
            yield Finding(
                "note",
                "A fail-over to a replica may lose the last answered posts: set synchronous_standby_names, if there is "
                "a replica.",
            )


def _connections(found: Health, settings: Settings) -> Iterator[Finding]:
    each = limits.log_connections_max
    nodes = max(1, settings.workers)
    free = found.connections_max - found.connections
    told = f"PostgreSQL gives us {found.connections_max:,} connections, {found.connections:,} are open: a node takes"
    if free < each * nodes:
        yield Finding("trouble", f"{told} {each}. Raise max_connections, or end what holds them.")
    else:
        yield Finding("good", f"{told} {each}, so there is room for {free // each:,} more nodes.")


def _schema(found: Health, settings: Settings) -> Iterator[Finding]:
    from tertulia.eventlog.postgres_schema import MIGRATIONS, MOVING

    if found.encoding != "UTF8":
        yield Finding("trouble", f"The database has the encoding {found.encoding}: create another with ENCODING UTF8.")
    if found.meta is None:
        if found.may_create:
            yield Finding("good", "The database is empty: the first start makes the tables.")
        else:
            yield Finding(
                "trouble", f'"{found.user}" may not make tables: GRANT CREATE ON DATABASE … TO "{found.user}".'
            )
        return
    if found.forbidden:
        table = f"tertulia.{found.forbidden}"
        yield Finding("trouble", f'"{found.user}" may not use {table}: GRANT ALL ON {table} TO "{found.user}".')
    if not found.meta:
        return
    version, newest = int(found.meta.get("version", "0")), len(MIGRATIONS)
    if version > newest:
        yield Finding("trouble", f"The tables are of version {version}, this program knows {newest}: upgrade it.")
    elif version < newest:
        yield Finding("note", f"The tables are of version {version}: the first start brings them to {newest}.")
    else:
        yield Finding("good", f"The tables are of version {version}, as this program's.")
    if MOVING in found.meta:
        yield Finding("trouble", "A log is being moved there, and that is not done: run `tertulia migrate` again.")
    yield from _cluster(found.meta.get("cluster", ""), settings)


def _cluster(cluster: str, settings: Settings) -> Iterator[Finding]:
    from tertulia.auth.secret import FILE_NAME, SecretRefused, deployment_name, secret_from

    path = settings.secret_file or settings.data / FILE_NAME
    if settings.secret_file is None and not path.exists():
        yield Finding("trouble", f"The log belongs to {cluster}; give this node that cluster's secret: --secret-file.")
        return
    try:
        ours = deployment_name(secret_from(path))
    except SecretRefused:
        return  # told already
    if ours == cluster:
        yield Finding("good", f"The log belongs to this cluster ({cluster}).")
    else:
        yield Finding(
            "trouble",
            f"The log belongs to the cluster {cluster}, and the secret in {path} to {ours}: give that cluster's secret "
            "with --secret-file, or another database.",
        )


def _clock(found: Health) -> Iterator[Finding]:
    if abs(found.ahead_s) > _CLOCK_S + found.unsure_s:
        side = "ahead of" if found.ahead_s > 0 else "behind"
        yield Finding("trouble", f"PostgreSQL's clock is {abs(found.ahead_s):,.1f} s {side} ours: set both (NTP).")
    else:
        yield Finding("good", f"PostgreSQL's clock and ours agree within {abs(found.ahead_s) + found.unsure_s:.2f} s.")


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
