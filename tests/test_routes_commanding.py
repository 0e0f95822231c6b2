"""Commands over HTTP: the same answers, keys and effects as on the socket, with a fitting status."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tertulia.domain import limits
from tertulia.domain.refusals import CODES
from tertulia.routes.answering import STATUS
from tests.http_site import Member, Site, assert_problem, demo_site

site = demo_site


def test_every_refusal_code_has_a_status() -> None:
    assert STATUS.keys() == CODES.keys()
    assert all(400 <= status < 600 for status in STATUS.values())
    later = {code for code, (retry, _) in CODES.items() if retry == "later"}
    assert {code for code, status in STATUS.items() if status in (429, 503)} <= later


async def test_a_message_posted_is_there(site: Site) -> None:
    ana = site.member("Ana")
    answer = await ana.command("post_message", room="general", text="Hello", id=7)
    said = answer.json()
    assert (answer.status_code, said["type"], said["id"], said["stream"]) == (200, "accepted", 7, "room/general")
    events = (await ana.get("/api/events", stream="room/general", after=said["seq"] - 1)).json()["events"]
    assert (events[0]["by"], events[0]["data"]) == (ana.person, {"text": "Hello"})


async def test_every_kind_of_command_goes_this_way(site: Site) -> None:
    """The life of a room, command by command, as its instructor."""
    prof, ana = site.member("Prof", role="instructor"), await site.member_who("Ana")
    seq = await prof.says("Question")
    room = {"room": "general"}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("edit_message", {**room, "message": seq, "text": "Question?", "if": {"revision": 0}}),
        ("set_reaction", {**room, "message": seq, "emoji": "👍", "on": True}),
        ("pin_message", {**room, "message": seq}),
        ("unpin_message", {**room, "message": seq}),
        ("resolve_thread", {**room, "thread": seq}),
        ("reopen_thread", {**room, "thread": seq}),
        ("change_room", {**room, "topic": "Heaps", "slow_mode_s": 5}),
        ("lock_room", {**room, "reason": "A pause"}),
        ("unlock_room", room),
        ("mute_member", {**room, "person": ana.person, "for_s": 60, "reason": "Shouting"}),
        ("unmute_member", {**room, "person": ana.person, "reason": "Sorry"}),
        ("mark_read", {**room, "seq": seq}),
        ("create_room", {"name": "Team A", "kind": "team"}),
        ("change_role", {"person": ana.person, "role": "ta"}),
        ("rename_member", {"name": "Professor"}),
        ("create_invite", {"role": "learner"}),
        ("redact_message", {**room, "message": seq, "reason": "Not needed"}),
        ("close_room", room),
        ("open_room", room),
        ("ban_member", {"person": ana.person, "reason": "Spam"}),
        ("unban_member", {"person": ana.person, "reason": "A mistake"}),
        ("leave_cohort", {}),
    ]
    for type, fields in steps:
        answer = await prof.command(type, **fields)
        assert answer.status_code == 200, (type, answer.text)


async def test_refusals_have_their_status(site: Site) -> None:
    ana, ben, obi = site.member("Ana"), site.member("Ben"), site.member("Obi", role="observer")
    seq = await ana.says("Mine")
    room = {"room": "general"}
    for member, type, fields, status, code in (
        (ana, "post_message", {**room, "text": "   "}, 422, "text_empty"),
        (ana, "post_message", {**room, "text": "x" * 8_001}, 422, "text_too_long"),
        (ana, "post_message", {"room": "nowhere", "text": "x"}, 404, "unknown_room"),
        (ana, "post_message", {**room, "text": "x", "reply_to": 999}, 404, "unknown_message"),
        (ana, "lock_room", room, 403, "not_allowed"),
        (obi, "post_message", {**room, "text": "x"}, 403, "not_allowed"),
        (ben, "edit_message", {**room, "message": seq, "text": "x"}, 403, "not_author"),
        (ana, "edit_message", {**room, "message": seq, "text": "x", "if": {"revision": 5}}, 412, "precondition_failed"),
        (ana, "set_reaction", {**room, "message": seq, "emoji": "☠"}, 422, "emoji_not_allowed"),
    ):
        answer = await member.command(type, **fields)
        said = assert_problem(answer, status, code)
        assert said["type"] == "refused"


async def test_slow_mode_says_how_long_to_wait(site: Site) -> None:
    prof, ana = site.member("Prof", role="instructor"), site.member("Ana")
    assert (await prof.command("change_room", room="general", slow_mode_s=60)).status_code == 200
    await ana.says("One")
    answer = await ana.command("post_message", room="general", text="Two")
    said = assert_problem(answer, 429, "slow_mode")
    assert 0 < said["after"] <= 60_000
    assert int(answer.headers["retry-after"]) * 1000 >= said["after"]


async def test_what_is_no_command_is_malformed_and_does_nothing(site: Site) -> None:
    for body in [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"not json",
        b'{"type":"post_message"',
        b'{"type":"post_message","room":"general","text":"no key"}',
        b'{"type":"post_message","key":"short","room":"general","text":"x"}',
        b'{"type":"post_message","key":"has spaces in it","room":"general","text":"x"}',
        b'{"type":"post_message","key":"good-key-1","room":"general","text":"x","colour":"red"}',
        b'{"type":"post_message","key":"good-key-1","room":"general","text":1}',
        b'{"type":"post_message","key":"good-key-1","room":"general","text":"\xff"}',
        b'{"type":"post_message","key":"good-key-1","room":"general","text":"\\ud800"}',
        b'{"type":"post_message","key":"good-key-1","room":"general","text":NaN}',
        b'{"type":"post_message","key":"good-key-1","room":"general","text":"x","reply_to":99999999999999999999999}',
        b'{"type":"hello","token":"x","streams":{}}',
        b'{"type":"ping"}',
        b'{"type":"unheard_of","key":"good-key-1"}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"\x00" * 100,
        b"\x1f\x8b\x08\x00\x00",
    ]:
        ana = site.member("Ana")
        assert_problem(await ana.ask("POST", "/api/commands", content=body), 400, "malformed")
        assert (await ana.get("/api/events", stream="room/general")).json()["head"] == 1


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(site: Site) -> None:
    ana = site.member("Ana")
    body = {"type": "post_message", "key": "good-key-1", "room": "general", "text": "x" * limits.http_body_bytes_max}
    answer = await ana.post("/api/commands", body)
    assert_problem(answer, 413, "malformed")
    assert answer.headers["connection"] == "close"


async def test_a_body_of_unknown_length_is_cut_off_at_the_limit(site: Site) -> None:
    """Chunked, so nothing tells its size beforehand."""

    async def chunks() -> Any:
        for _ in range(64):
            yield b"x" * 4_096
            await asyncio.sleep(0)

    ana = site.member("Ana")
    try:
        answer = await ana.ask("POST", "/api/commands", content=chunks())
    except httpx.TransportError:
        return  # the connection was closed while the rest was being sent: as good an end
    assert_problem(answer, 413, "malformed")


# --- keys -----------------------------------------------------------------------------------------------------------


async def socket(member: Member) -> Any:
    ws = await connect(f"ws://127.0.0.1:{member.site.port}/ws")
    await ws.send(json.dumps({"type": "hello", "token": member.token, "streams": {}}))
    assert json.loads((await ws.recv()).splitlines()[0])["type"] == "welcome"
    return ws


async def test_a_key_means_the_same_on_both_roads(site: Site) -> None:
    """Sent over HTTP, then over the socket, then over HTTP: one message, one answer."""
    ana = site.member("Ana")
    command = {"type": "post_message", "key": "both-roads-1", "room": "general", "text": "Once"}
    first = (await ana.post("/api/commands", command)).json()
    ws = await socket(ana)
    await ws.send(json.dumps({**command, "id": 3}))
    second = json.loads(await ws.recv())
    third = (await ana.post("/api/commands", command)).json()
    assert (second["type"], second["seq"], second["dup"]) == ("accepted", first["seq"], True)
    assert (third["seq"], third["dup"]) == (first["seq"], True)
    await ws.send(json.dumps({**command, "text": "Something else", "id": 4}))
    assert json.loads(await ws.recv())["code"] == "key_reused"
    answer = await ana.post("/api/commands", {**command, "text": "Something else"})
    assert_problem(answer, 409, "key_reused")
    await ws.close()
    assert len((await ana.get("/api/rooms/general/messages")).json()["messages"]) == 1


async def test_the_same_command_sent_many_times_at_once_happens_once(site: Site) -> None:
    ana = site.member("Ana")
    command = {"type": "post_message", "key": "many-at-once", "room": "general", "text": "Once"}
    answers = await asyncio.gather(*(ana.post("/api/commands", command) for _ in range(12)))
    assert len({answer.json()["seq"] for answer in answers}) == 1
    assert (await ana.get("/api/events", stream="room/general")).json()["head"] == 2


async def test_a_key_of_one_person_is_free_for_another(site: Site) -> None:
    body = {"type": "post_message", "key": "everybodys-key", "room": "general", "text": "Hi"}
    answers = [await site.member(name).post("/api/commands", body) for name in ("Ana", "Ben")]
    assert [answer.json().get("dup") for answer in answers] == [None, None]


# --- invites --------------------------------------------------------------------------------------------------------


async def test_an_invite_is_made_listed_used_and_revoked(site: Site) -> None:
    prof = site.member("Prof", role="instructor")
    answer = await prof.post("/api/invites", {"role": "ta", "expires_s": 3_600, "uses_max": 3})
    made = answer.json()
    assert (made["role"], made["uses_max"], made["uses"]) == ("ta", 3, 0)
    assert 0 < made["expires_at"] - site.flow.node.clock.now_ms() <= 3_600_000
    assert re.fullmatch(rf"{site.url}/join#invite=[\w.-]+", made["link"])
    join = {"invite": made["link"].split("#invite=")[1], "name": "Tim"}
    assert (await site.http.post("/api/join", json=join)).json()["role"] == "ta"
    listed = (await prof.get("/api/invites")).json()["invites"]
    assert [(one["invite"], one["uses"]) for one in listed] == [(made["invite"], 1)]
    for _ in range(2):
        gone = await prof.ask("DELETE", f"/api/invites/{made['invite']}")
        assert gone.json() == {"invite": made["invite"], "revoked": True}
    assert (await prof.get("/api/invites")).json() == {"invites": []}
    assert_problem(await site.http.post("/api/join", json=join), 403, "invite_invalid")


async def test_a_listed_link_opens_the_same_door(site: Site) -> None:
    prof = site.member("Prof", role="instructor")
    await prof.post("/api/invites", {"role": "observer"})
    link = (await prof.get("/api/invites")).json()["invites"][0]["link"]
    said = (await site.http.post("/api/join", json={"invite": link.split("=")[1], "name": "Obi"})).json()
    assert said["role"] == "observer"


async def test_invites_are_for_those_who_may(site: Site) -> None:
    """A TA sees that an invite is there but is not given its link: it may lead to more than a TA may do."""
    prof, owner, tim, ana = (
        site.member("Prof", role="instructor"),
        site.member("Olga", role="owner"),
        site.member("Tim", role="ta"),
        site.member("Ana"),
    )
    assert (await owner.post("/api/invites", {"role": "owner"})).status_code == 200
    assert (await prof.post("/api/invites", {"role": "learner"})).status_code == 200
    assert_problem(await prof.post("/api/invites", {"role": "owner"}), 403, "not_allowed")
    assert_problem(await tim.post("/api/invites", {"role": "learner"}), 403, "not_allowed")
    assert_problem(await ana.post("/api/invites", {"role": "learner"}), 403, "not_allowed")
    assert_problem(await ana.get("/api/invites"), 403, "not_allowed")
    assert_problem(await tim.ask("DELETE", "/api/invites/i-any"), 403, "not_allowed")
    links = {
        member.person: {one["role"]: bool(one["link"]) for one in (await member.get("/api/invites")).json()["invites"]}
        for member in (owner, prof, tim)
    }
    assert links[owner.person] == {"owner": True, "learner": True}
    assert links[prof.person] == {"owner": False, "learner": True}
    assert links[tim.person] == {"owner": False, "learner": False}


async def test_an_invite_nobody_made_cannot_be_revoked(site: Site) -> None:
    prof = site.member("Prof", role="instructor")
    assert_problem(await prof.ask("DELETE", "/api/invites/i-nobody"), 404, "unknown_invite")


async def test_an_invite_that_cannot_be_meant_is_malformed(site: Site) -> None:
    for body in [
        {},
        {"role": "king"},
        {"role": "learner", "uses_max": 0},
        {"role": "learner", "expires_s": 0},
        {"role": 1},
        [],
    ]:
        assert_problem(await site.member("Prof", role="instructor").post("/api/invites", body), 400, "malformed")
