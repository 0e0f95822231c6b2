"""Rights that end while somebody is connected: their sockets close, or their staff streams drop, at once.

Over a real server and raw sockets, so that what the peer hears, and when, is exactly what was sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tertulia.domain.policy import Role
from tests.raw_socket import Peer, raw_socket
from tests.school import make_school
from tests.servers import Server

WITHIN_S = 10.0
"""It takes milliseconds; on a crowded machine perhaps a second. Who is not told finds out at the next ping (25 s)."""
ROOM, COHORT = "room/general", "cohort/demo"
STAFF_STREAMS = (f"{ROOM}/staff", f"{COHORT}/staff")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("revocation")
    asyncio.run(make_school(folder / "data"))
    with Server(folder, options=["--no-rate-limits"]) as server:
        yield server
        assert "Traceback" not in server.output


class School:
    """People of one test, each on as many devices as wanted."""

    def __init__(self, server: Server, stack: AsyncExitStack, test: str) -> None:
        self.server = server
        self._stack = stack
        self._test = test
        self._keys = 0

    def token(self, name: str, *, role: Role = "learner") -> str:
        return self.server.token(f"{name} of {self._test}"[:60], role=role)

    async def device(self, name: str, *streams: str, role: Role = "learner") -> Peer:
        """Come in and follow the streams from now on."""
        peer = await self._stack.enter_async_context(raw_socket(self.server))
        await peer.upgrade()
        wanted = dict.fromkeys(streams or (ROOM, COHORT), "head")
        await peer.say({"type": "hello", "token": self.token(name, role=role), "streams": wanted})
        welcome = await peer.until("welcome")
        assert {result["result"] for result in welcome["streams"].values()} == {"ok"}, welcome
        peer.person = welcome["person"]  # type: ignore[attr-defined]
        for _ in wanted:
            await peer.until("live")
        return peer

    async def does(self, peer: Peer, type: str, **fields: Any) -> float:
        """Give a command that is accepted; when the answer came."""
        self._keys += 1
        await peer.say({"type": type, "id": self._keys, "key": f"{self._test}-{self._keys:04d}"[-64:], **fields})
        await peer.until("accepted", id=self._keys)
        return asyncio.get_running_loop().time()

    async def refusal(self, peer: Peer, type: str, **fields: Any) -> str:
        self._keys += 1
        await peer.say({"type": type, "id": self._keys, "key": f"{self._test}-{self._keys:04d}"[-64:], **fields})
        return str((await peer.until("refused", id=self._keys))["code"])

    async def hello_code(self, name: str, *, role: Role = "learner") -> int:
        """Try to come in; the code one is sent away with."""
        async with raw_socket(self.server) as peer:
            await peer.upgrade()
            await peer.say({"type": "hello", "token": self.token(name, role=role)})
            return await peer.close_code()


@pytest.fixture
async def school(running: Server, request: pytest.FixtureRequest) -> AsyncIterator[School]:
    async with AsyncExitStack() as stack:
        yield School(running, stack, f"t{abs(hash(request.node.name)) % 10**6}")


async def closed_within(peer: Peer, since: float, code: int) -> None:
    """The connection ends with this code, and nothing was waited for."""
    assert await peer.close_code() == code
    took = asyncio.get_running_loop().time() - since
    assert took < WITHIN_S, f"it took {took:.2f} s"


async def test_a_ban_closes_every_device_and_lets_nobody_back(school: School) -> None:
    prof = await school.device("Prof", role="instructor")
    devices = [await school.device("Ana") for _ in range(3)]
    ben, person = await school.device("Ben"), devices[0].person  # type: ignore[attr-defined]
    banned = await school.does(prof, "ban_member", person=person, reason="Spam")
    for device in devices:
        await closed_within(device, banned, 4502)
    assert (await ben.until("event", name="member_left"))["data"] == {"person": person}
    assert await school.hello_code("Ana") == 4502
    async with httpx.AsyncClient(base_url=school.server.url, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {school.token('Ana')}"}
        assert (await http.get("/api/me", headers=headers)).status_code == 403
    await school.does(ben, "post_message", room="general", text="Others talk on")
    await school.does(prof, "unban_member", person=person, reason="A mistake")
    await school.device("Ana")


async def test_commands_under_way_do_not_slip_in_after_the_ban(school: School) -> None:
    prof, ana = await school.device("Prof", role="instructor"), await school.device("Ana")
    person = ana.person  # type: ignore[attr-defined]
    for number in range(50):
        post = {
            "type": "post_message",
            "id": number,
            "key": f"breath-{person}-{number:02d}",
            "room": "general",
            "text": "Hi",
        }
        await ana.say(post)
        if number == 25:
            await prof.say({"type": "ban_member", "id": 1, "key": f"ban-{person}", "person": person, "reason": "Spam"})
    await prof.until("accepted", id=1)
    banned_ms = time.time() * 1000
    assert await ana.close_code() == 4502
    await school.does(prof, "post_message", room="general", text="Now")
    while (event := await prof.until("event", stream=ROOM))["data"]["text"] != "Now":
        assert event["at"] <= banned_ms, "nothing of theirs is decided once the ban was answered"


async def test_leaving_closes_every_device_of_ones_own(school: School) -> None:
    first, second, ben = await school.device("Ana"), await school.device("Ana"), await school.device("Ben")
    left = await school.does(first, "leave_cohort")
    await closed_within(first, left, 4501)
    await closed_within(second, left, 4501)
    await ben.until("event", name="member_left")
    assert await school.hello_code("Ana") == 4501


async def test_staff_who_are_staff_no_more_hear_nothing_of_staff_from_then_on(school: School) -> None:
    olga = await school.device("Olga", *STAFF_STREAMS, role="owner")
    tad = await school.device("Tad", ROOM, *STAFF_STREAMS, role="ta")
    ana = await school.device("Ana")
    person, muted = tad.person, ana.person  # type: ignore[attr-defined]
    mute = {"room": "general", "person": muted, "for_s": 60, "reason": "Shouting"}
    await school.does(tad, "mute_member", **mute)
    await tad.until("event", name="member_muted")
    changed = await school.does(olga, "change_role", person=person, role="learner")
    dropped = [await tad.until("dropped") for _ in STAFF_STREAMS]
    assert asyncio.get_running_loop().time() - changed < WITHIN_S
    assert {record["stream"] for record in dropped} == set(STAFF_STREAMS)
    assert {record["code"] for record in dropped} == {"not_allowed"}
    await school.does(olga, "mute_member", **mute)
    await olga.until("event", name="member_muted", stream=f"{ROOM}/staff")
    assert await school.refusal(tad, "mute_member", **mute) == "not_allowed"
    await tad.say({"type": "subscribe", "id": 900, "streams": dict.fromkeys(STAFF_STREAMS)})
    denied = await tad.until("subscribed")
    assert {result["result"] for result in denied["streams"].values()} == {"denied"}
    await school.does(tad, "post_message", room="general", text="I may still talk")
    assert [record for record in tad.waiting() if record.get("stream") in STAFF_STREAMS] == []


async def test_one_who_becomes_staff_may_follow_at_once(school: School) -> None:
    prof, ana = await school.device("Prof", role="instructor"), await school.device("Ana")
    await ana.say({"type": "subscribe", "id": 900, "streams": {STAFF_STREAMS[0]: "head"}})
    assert (await ana.until("subscribed"))["streams"][STAFF_STREAMS[0]]["result"] == "denied"
    await school.does(prof, "change_role", person=ana.person, role="ta")  # type: ignore[attr-defined]
    await ana.until("event", name="role_changed")
    await ana.say({"type": "subscribe", "id": 901, "streams": {STAFF_STREAMS[0]: "head"}})
    assert (await ana.until("subscribed"))["streams"][STAFF_STREAMS[0]]["result"] == "ok"


async def test_a_mute_keeps_one_connected(school: School) -> None:
    tad, ana = await school.device("Tad", role="ta"), await school.device("Ana")
    mute = {"room": "general", "person": ana.person, "for_s": 60, "reason": "Shouting"}  # type: ignore[attr-defined]
    await school.does(tad, "mute_member", **mute)
    assert await school.refusal(ana, "post_message", room="general", text="Hi") == "muted"
    await school.does(tad, "post_message", room="general", text="Listen")
    assert (await ana.until("event", stream=ROOM))["data"]["text"] == "Listen"


async def test_a_ban_ends_server_sent_events_too(school: School) -> None:
    prof, ana = await school.device("Prof", role="instructor"), await school.device("Ana")
    headers = {"Authorization": f"Bearer {school.token('Ana')}"}
    async with (
        httpx.AsyncClient(base_url=school.server.url, trust_env=False, timeout=20) as http,
        http.stream("POST", "/api/live", json={"streams": {ROOM: "head"}}, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        while "live" not in await anext(lines):
            pass
        await school.does(prof, "ban_member", person=ana.person, reason="Spam")  # type: ignore[attr-defined]
        banned = asyncio.get_running_loop().time()
        rest = [line async for line in lines]
        assert asyncio.get_running_loop().time() - banned < WITHIN_S
        assert any("4502" in line for line in rest), rest
