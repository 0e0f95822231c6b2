"""Where the master is, by what the sentinels say: asked whenever a link is to be made, and listened to in between.

The sentinels are those of the URL and those they tell of. A fail-over is noticed at once by `+switch-master`, which
they publish; whoever misses that notices by the link that fails, or by the master's own word that it is none any more
(the link asks for its role once a second).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, NoReturn

import structlog
from redis.exceptions import InvalidResponse, ResponseError

from tertulia.bus.redis_url import Access, Host, Target
from tertulia.bus.redis_wire import LOST, Address, Unfit, Wire, ask, deadline, silent
from tertulia.domain import limits

_logger = structlog.get_logger(__name__)
_SWITCH: Final = "+switch-master"


class Sentinels:
    def __init__(self, target: Target) -> None:
        assert target.sentinel_access is not None, "a target with sentinels says how to talk to them"
        self._name = target.master
        self._access = target.access
        self._sentinel_access: Access = target.sentinel_access
        self._configured = target.hosts
        self._hosts = dict.fromkeys(target.hosts)
        """Those of the URL and those the last good answer told of; who gave it goes first. A dict that holds None is an
        ordered set."""
        self._warned: set[Host] = set()
        """Whose answers make no sense, so that it is said once."""

    async def master(self) -> Address:
        """Asks one after another until one knows. Raises LOST; `Unfit` if none does."""
        problems: list[tuple[Host, Exception]] = []
        for host in list(self._hosts):
            try:
                return await self._ask(host)
            except LOST as error:
                problems.append((host, error))
        raise Unfit(str(self._worst(problems)))

    async def watch(self, switched: Callable[[Address], None]) -> NoReturn:
        """Say where the master is when a sentinel tells that it changed, and whenever another sentinel is listened
        to."""
        while True:
            for host in list(self._hosts):
                try:
                    await self._listen(host, switched)
                except* Exception as group:
                    self._say_lost(host, group.exceptions[0])
            await asyncio.sleep(limits.bus_check_s)

    # --- private ------------------------------------------------------------------------------------------------

    def _say_lost(self, host: Host, error: Exception) -> None:
        """Silence is no news. An answer that makes no sense is, once; and so is a bug, which must not end the watch."""
        is_bug = not isinstance(error, LOST)
        log = _logger.debug
        if (is_bug or isinstance(error, (Unfit, InvalidResponse))) and host not in self._warned:
            self._warned.add(host)
            log = _logger.warning
        reason = self._sentinel(host).reason(error)
        log("sentinel_lost", sentinel=str(host), reason=reason, exc_info=error if is_bug else None)

    def _sentinel(self, host: Host) -> Address:
        return Address(host, self._sentinel_access, "The sentinel at")

    async def _ask(self, host: Host) -> Address:
        told, others = await ask(
            self._sentinel(host),
            ("SENTINEL", "get-master-addr-by-name", self._name),
            ("SENTINEL", "sentinels", self._name),
        )
        match told:
            case [bytes(name), bytes(port)] if (master := _host(name, port)) is not None:
                self._hosts = dict.fromkeys([host, *self._configured, *_hosts_of(others)])
                self._warned.discard(host)
                return self._master_at(master)
            case None:
                raise Unfit(
                    f"The sentinel at {host} knows no master named {self._name!r}. Correct the name at the end of the "
                    "bus URL; it is the one of `sentinel monitor` in the sentinels' configuration."
                )
            case ResponseError() as error if "unknown command" in str(error).lower():
                raise Unfit(f"What answers at {host} is no sentinel. Correct the hosts of the bus URL.")
            case ResponseError() as error:
                raise error
            case _:
                raise Unfit(
                    f"What answers at {host} does not answer like a sentinel. Correct the hosts of the bus URL."
                )

    def _master_at(self, host: Host) -> Address:
        return Address(host, self._access, "Redis, the master that Sentinel tells, at")

    def _worst(self, problems: list[tuple[Host, Exception]]) -> Exception:
        """Of several, one that was an answer says more than silence."""
        answers = (problem for problem in problems if isinstance(problem[1], (Unfit, ResponseError)))
        host, error = next(answers, problems[0])
        return self._sentinel(host).refusal(error)

    async def _listen(self, host: Host, switched: Callable[[Address], None]) -> None:
        wire = Wire(self._sentinel(host))
        try:
            async with deadline():
                await wire.connect()
                await wire.send(("SUBSCRIBE", _SWITCH))
                await wire.read()
            switched(await self._ask(host))
            async with asyncio.TaskGroup() as tasks:
                heard = _Heard(wire)
                tasks.create_task(heard.keep_alive())
                tasks.create_task(self._read(heard, switched))
        finally:
            await wire.close()

    async def _read(self, heard: _Heard, switched: Callable[[Address], None]) -> NoReturn:
        while True:
            match await heard.next():
                case [b"message", _, bytes(news)]:
                    words = news.decode(errors="replace").split()
                    if len(words) == 5 and words[0] == self._name:
                        host = _host(words[3].encode(), words[4].encode())
                        if host is not None:
                            switched(self._master_at(host))
                case _:
                    pass  # the answer to a ping


class _Heard:
    """A connection that is read by one task while another sees to it that it does not fall silent."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()

    async def next(self) -> Any:
        reply = await self._wire.read()
        self._heard_at = self._loop.time()
        return reply

    async def keep_alive(self) -> NoReturn:
        while True:
            await asyncio.sleep(limits.bus_check_s)
            if self._loop.time() - self._heard_at > limits.bus_deadline_s:
                raise silent()
            async with deadline():
                await self._wire.send(("PING",))


def _host(name: Any, port: Any) -> Host | None:
    try:
        return Host.told(name, port)
    except (AttributeError, TypeError, ValueError):
        return None


def _hosts_of(others: Any) -> list[Host]:
    """From `SENTINEL sentinels`: for each a list of names and values. What makes no sense is left out."""
    hosts = []
    for facts in others if isinstance(others, list) else []:
        if isinstance(facts, list) and all(isinstance(word, bytes) for word in facts):
            said = dict(zip(facts[::2], facts[1::2], strict=False))
            hosts.append(_host(said.get(b"ip"), said.get(b"port")))
    return [host for host in hosts if host is not None]
