"""POST /api/live: the same stream as on the socket, as server-sent events."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId
from tests.http_site import Events, Member, Site, assert_problem, demo_site, live

site = demo_site


async def until_free(site: Site) -> None:
    """Nothing is held for any live stream any more."""
    async with asyncio.timeout(10):
        while site.flow.node.conversations or site.shared.counts.streams or site.flow.node.people:
            await asyncio.sleep(0.01)


async def test_the_stream_tells_the_same_records_as_the_socket(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    await ana.says("Before")
    async with live(ben, {"streams": {"room/general": None}, "client": "test/1"}) as events:
        welcome = await events.next()
        assert (welcome["type"], welcome["person"], welcome["name"]) == ("welcome", ben.person, "Ben")
        snapshot = await events.next()
        assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 2)
        assert snapshot["state"]["messages"][0]["text"] == "Before"
        assert (await events.next())["type"] == "live"
        assert events.id is not None
        assert re.fullmatch(rf"room/general={snapshot['epoch']}:2", events.id)
        seq = await ana.says("After")
        told = await events.until("event")
        page = (await ana.get("/api/events", stream="room/general", after=seq - 1)).json()
        assert told == page["events"][0]
        assert events.id == f"room/general={snapshot['epoch']}:{seq}"
    await until_free(site)


async def test_last_event_id_resumes_without_a_hole_or_a_repeat(site: Site) -> None:
    """Follow two rooms; be cut; things happen; come back with the id: each missing event once, in order."""
    ana, ben = await site.member_who("Ana"), site.member("Ben")
    body = {"streams": {"room/general": None, "room/quiet": None, "cohort/demo": "head"}}
    seen: dict[str, list[int]] = {"room/general": [], "room/quiet": []}
    async with live(ben, body) as events:
        for _ in range(3):
            await events.until("live")
        for number in range(4):
            await ana.says(f"one {number}", room="general" if number % 2 else "quiet")
            told = await events.until("event")
            seen[told["stream"]].append(told["seq"])
        last = events.id
    for number in range(6):
        await ana.says(f"two {number}", room="general" if number % 3 else "quiet")
    assert last is not None
    async with live(ben, body, last_event_id=last) as events:
        welcome = await events.next()
        assert {name: result["result"] for name, result in welcome["streams"].items()} == dict.fromkeys(
            body["streams"], "ok"
        )
        for _ in range(6):
            told = await events.until("event")
            seen[told["stream"]].append(told["seq"])
        await ana.says("three")
        told = await events.until("event")
        seen[told["stream"]].append(told["seq"])
    assert seen == {"room/general": list(range(2, 9)), "room/quiet": list(range(2, 6))}


async def test_a_gap_is_told_and_its_position_kept(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    epoch = (await ben.get("/api/rooms/general")).json()["epoch"]
    for _ in range(limits.resume_bytes_max // 4_000 + 2):
        await ana.says("x" * 4_000)
    body = {"streams": {"room/general": {"epoch": epoch, "seq": 1}, "room/quiet": "head"}}
    async with live(ben, body) as events:
        welcome = await events.next()
        assert welcome["streams"]["room/general"]["result"] == "gap"
        await ana.says("Elsewhere", room="quiet")
        await events.until("event", stream="room/quiet")
        assert events.id is not None
        assert f"room/general={epoch}:1" in events.id.split(",")


async def test_a_position_of_another_log_is_reset(site: Site) -> None:
    ben = site.member("Ben")
    async with live(ben, {"streams": {"room/general": None}}, last_event_id="room/general=another:1") as events:
        assert (await events.next())["streams"]["room/general"]["result"] == "reset"
        assert (await events.next())["type"] == "snapshot"


async def test_an_id_for_streams_not_asked_for_follows_nothing_more(site: Site) -> None:
    ben = site.member("Ben")
    epoch = (await ben.get("/api/rooms/general")).json()["epoch"]
    asked = {"streams": {"room/quiet": "head"}}
    async with live(ben, asked, last_event_id=f"room/general={epoch}:1") as events:
        assert set((await events.next())["streams"]) == {"room/quiet"}


async def test_streams_that_are_not_for_me_are_denied_by_name(site: Site) -> None:
    ben = site.member("Ben")
    streams = {"room/nowhere": None, "cohort/demo/staff": None, "user/p-other": None, "room/\nid: x": None, "": "head"}
    async with live(ben, {"streams": streams}) as events:
        results = (await events.next())["streams"]
        assert {name: result["result"] for name, result in results.items()} == dict.fromkeys(streams, "denied")


async def test_level_head_tells_heads_and_no_events(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    await ana.says("News")
    body = {"streams": {"room/general": "head"}, "levels": {"room/general": "head"}}
    async with live(ben, body) as events:
        head = await events.until("head")
        assert (head["seq"], head["unread"]) == (2, 1)
        assert events.id is None


# --- who may not ----------------------------------------------------------------------------------------------------


async def test_without_a_good_token_there_is_a_status_and_no_stream(site: Site) -> None:
    body = {"streams": {"room/general": None}}
    assert_problem(await site.http.post("/api/live", json=body), 401, "token_invalid")
    late = site.member("Ana", lifetime_s=-60)
    assert_problem(await late.post("/api/live", body), 401, "token_expired")


async def test_a_body_that_is_no_hello_is_malformed(site: Site) -> None:
    for body in [
        [],
        {"streams": []},
        {"streams": {"room/general": "tail"}},
        {"streams": {"room/general": {"seq": 1}}},
        {"streams": {"room/general": {"epoch": "e", "seq": -1}}},
        {"token": "x", "streams": {}},
        {"type": "hello", "streams": {}},
        {"streams": {}, "levels": {"room/general": "loud"}},
        {"streams": {}, "client": "x" * 81},
    ]:
        assert_problem(await site.member("Ana").post("/api/live", body), 400, "malformed")


async def test_an_id_that_is_not_ours_is_malformed(site: Site) -> None:
    answer = await site.member("Ana").ask("POST", "/api/live", json={}, headers={"last-event-id": "42"})
    assert_problem(answer, 400, "malformed")


async def test_too_many_streams_at_level_full_are_refused(site: Site) -> None:
    names = [f"room/r-{number}" for number in range(limits.live_streams_max + 1)]
    ana = site.member("Ana")
    assert_problem(await ana.post("/api/live", {"streams": dict.fromkeys(names)}), 409, "too_many")
    heads = {"streams": dict.fromkeys(names, "head"), "levels": dict.fromkeys(names, "head")}
    async with live(ana, heads) as events:
        assert len((await events.next())["streams"]) == len(names)


async def test_one_person_has_only_so_many_streams(site: Site) -> None:
    ana = site.member("Ana")
    open = []  # httpx ends a stream that nobody holds any more
    async with AsyncExitStack() as stack:
        for _ in range(limits.connections_per_person_max):
            open.append(await stack.enter_async_context(live(ana, {})))
            assert (await open[-1].next())["type"] == "welcome"
        assert_problem(await ana.post("/api/live", {}), 409, "too_many")
    await until_free(site)
    async with live(ana, {}) as events:
        assert (await events.next())["type"] == "welcome"


# --- how it ends ----------------------------------------------------------------------------------------------------


async def closing(events: Events) -> dict[str, Any]:
    """The goodbye; after it the stream is over."""
    said = await events.until("close")
    assert said["_event"] == "close"
    with pytest.raises(EOFError):
        await events.next()
    return said


async def test_one_who_is_banned_is_told_and_the_stream_ends(site: Site) -> None:
    ana, staff = site.member("Ana"), site.member("Prof", role="instructor")
    async with live(ana, {"streams": {"room/general": None}}) as events:
        await events.until("live")
        await staff.command("ban_member", person=ana.person, reason="Spam")
        async with asyncio.timeout(10):  # well before the next sign of life (15 s)
            assert (await closing(events))["name"] == "banned"
    await until_free(site)


async def test_staff_who_are_no_longer_staff_lose_the_staff_stream(site: Site) -> None:
    tim, owner = await site.member_who("Tim", role="ta"), site.member("Olga", role="owner")
    async with live(tim, {"streams": {"cohort/demo/staff": None, "room/general": None}}) as events:
        for _ in range(2):
            await events.until("live")
        assert (await owner.command("change_role", person=tim.person, role="learner")).status_code == 200
        assert (await events.until("dropped"))["stream"] == "cohort/demo/staff"
        await owner.says("Still here?")
        await events.until("event")
        assert events.id is not None
        assert "cohort/demo/staff" not in events.id


async def test_the_stream_ends_when_its_token_has_expired(site: Site) -> None:
    """The leeway is a part of a token's life: a token that is within it opens a stream which then ends."""
    token = site.flow.node.tokens.issue_access(
        PersonId("p-ana"), CohortId("demo"), name="Ana", role="learner", lifetime_s=2 - limits.token_leeway_s
    )
    ana, ben = Member(site, PersonId("p-ana"), token.token), site.member("Ben")
    async with live(ana, {"streams": {"room/general": None}}) as events:
        await events.until("live")
        async with asyncio.timeout(10):
            said = {}
            while not said:
                await ben.says("tick")
                record = await events.next()
                said = record if record["type"] == "close" else {}
        assert said["name"] == "token_expired"
    await until_free(site)


async def test_a_node_that_goes_away_says_reconnect_and_then_ends_the_stream(site: Site) -> None:
    ana = site.member("Ana")
    async with live(ana, {"streams": {"room/general": None}}) as events:
        await events.until("live")
        draining = asyncio.ensure_future(site.flow.drain(window_s=0.2, wait_s=10))
        assert (await events.until("reconnect"))["window"] == 200
        assert (await closing(events))["name"] == "draining"
        await draining
    assert_problem(await ana.post("/api/live", {}), 503, "draining")


async def test_a_client_that_goes_leaves_nothing_behind(site: Site) -> None:
    ana = site.member("Ana")
    for _ in range(5):
        async with live(ana, {"streams": {"room/general": None, "room/quiet": "head"}}) as events:
            await events.until("live")
            assert len(site.flow.node.conversations) == 1
        await until_free(site)
    assert not site.flow.node.channels["room/general"].readers  # type: ignore[index]


# --- slow readers ---------------------------------------------------------------------------------------------------


class Raw:
    """A client that reads only when it is told to, with a small receive buffer."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    @classmethod
    async def open(cls, member: Member, body: dict[str, Any]) -> Raw:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.setblocking(False)
        loop, payload = asyncio.get_running_loop(), json.dumps(body).encode()
        await loop.sock_connect(sock, ("127.0.0.1", member.site.port))
        head = f"POST /api/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {member.token}\r\n"
        await loop.sock_sendall(sock, f"{head}content-length: {len(payload)}\r\n\r\n".encode() + payload)
        assert (await loop.sock_recv(sock, 15)).startswith(b"HTTP/1.1 200")
        return cls(sock)

    async def read_all(self) -> bytes:
        """Until the server ends the connection."""
        loop, chunks = asyncio.get_running_loop(), []
        try:
            while chunk := await loop.sock_recv(self.sock, 65_536):
                chunks.append(chunk)
        except ConnectionError:
            pass
        return b"".join(chunks)


async def flood(member: Member, *, until: Any) -> None:
    """Long messages until something has happened."""
    for _ in range(2_000):
        if until():
            return
        await asyncio.gather(*(member.says("x" * 7_900) for _ in range(16)))
    pytest.fail("it never happened")


@pytest.mark.slow
async def test_a_reader_that_stops_holds_a_bounded_queue_and_is_told_that_it_lags(site: Site) -> None:
    """It reads nothing while megabytes are said; then it reads on: what it was sent is whole, then comes `lag`."""
    ana, ben = site.member("Ana"), site.member("Ben")
    raw = await Raw.open(ben, {"streams": {"room/general": "head"}})
    async with asyncio.timeout(10):
        while not site.flow.node.conversations:
            await asyncio.sleep(0.01)
    [conversation] = site.flow.node.conversations
    async with live(site.member("Cleo"), {"streams": {"room/general": "head"}}) as healthy:
        await healthy.until("live")
        async with asyncio.timeout(60):
            await flood(ana, until=lambda: conversation.outbox.lagging)
        held = conversation.outbox._queued()
        assert held <= limits.queue_bytes_max, "the budget is kept"
        reading = asyncio.ensure_future(raw.read_all())
        async with asyncio.timeout(20):
            while conversation.outbox.lagging:
                await asyncio.sleep(0.01)
            seqs = []
            while len(seqs) < 20:
                seqs.append((await healthy.until("event"))["seq"])
        assert seqs == list(range(seqs[0], seqs[0] + 20)), "another reader misses nothing"
    conversation.close("internal")
    text = (await asyncio.wait_for(reading, 20)).decode()
    records = [json.loads(line) for line in re.findall(r"^data: (.*?)\r?$", text, re.M)]
    told = [record["seq"] for record in records if record["type"] == "event"]
    lag = next(record for record in records if record["type"] == "lag")
    assert told == list(range(told[0], told[-1] + 1)), "no hole in what was sent"
    assert (lag["stream"], lag["last"]) == ("room/general", told[-1])
    raw.sock.close()
    await until_free(site)


@pytest.mark.slow
async def test_a_reader_that_takes_nothing_is_cut(site: Site) -> None:
    """Within the write deadline, twice at most: once to see how much is left, once to see that it did not get less.
    Its connection goes too, with what it was still owed, although it never read to the end."""
    ana, ben = site.member("Ana"), site.member("Ben")
    connections = site.server.server_state.connections
    others = set(connections)
    raw = await Raw.open(ben, {"streams": {"room/general": "head"}})
    theirs = set(connections) - others
    assert len(theirs) == 1
    async with asyncio.timeout(10):
        while not site.flow.node.conversations:
            await asyncio.sleep(0.01)
    [conversation] = site.flow.node.conversations
    await flood(ana, until=lambda: conversation.outbox.lagging)
    async with asyncio.timeout(2 * limits.write_deadline_s + 5):
        while site.flow.node.conversations:
            await asyncio.sleep(0.1)
    async with asyncio.timeout(10):
        while theirs & connections:
            await asyncio.sleep(0.01)
    assert site.shared.counts.streams == 0
    raw.sock.close()


@pytest.mark.slow
async def test_a_quiet_stream_is_kept_alive_by_comments(site: Site) -> None:
    ana = site.member("Ana")
    async with live(ana, {"streams": {"room/general": None}}) as events:
        await events.until("live")
        before = events.comments
        waiting = asyncio.ensure_future(events.until("event"))
        await asyncio.sleep(limits.live_heartbeat_s + 2)
        await ana.says("Done waiting")
        await waiting
        assert events.comments > before
