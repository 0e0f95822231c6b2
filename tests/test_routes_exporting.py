"""Exports: whole, in order, with names, without what was redacted; in flat memory; broken off in a way one can see."""

from __future__ import annotations

import asyncio
import json
import re
import tracemalloc
from typing import Any

import httpx
import pytest

from tertulia.domain.ids import PersonId, RoomId, room_stream
from tertulia.eventlog import Append, Appended, Decided, LogUnavailable, Planned
from tests.http_site import Member, Site, assert_problem, demo_site

site = demo_site


async def jsonl(member: Member, room: str = "general") -> list[dict[str, Any]]:
    answer = await member.get(f"/api/rooms/{room}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == f'attachment; filename="{room}.jsonl"'
    return [json.loads(line) for line in answer.text.splitlines()]


async def markdown(member: Member, room: str = "general") -> str:
    answer = await member.get(f"/api/rooms/{room}/export", format="markdown")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    return answer.text


async def append_many(site: Site, count: int, *, text: str = "said") -> None:
    """Put messages into the room's stream without a command each."""
    log, stream = site.flow.node.log, room_stream(RoomId("general"))
    head = (await log.heads([stream]))[stream]
    for begin in range(0, count, 500):
        now = site.flow.node.clock.now_ms()
        size = min(500, count - begin)
        decisions = [
            Decided(
                PersonId("p-founder"),
                None,
                b"",
                now,
                stream,
                (Planned(stream, PersonId("p-founder"), "message_posted", json.dumps({"text": text}).encode()),),
            )
            for _ in range(size)
        ]
        done = await log.append(Append(decisions, {stream: head}))
        assert isinstance(done, Appended)
        head += size


async def test_jsonl_is_every_message_as_it_is_now_in_order(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    first = await ana.says("Frist?")
    reply = await ben.says("Yes.", reply_to=first)
    await ana.command("edit_message", room="general", message=first, text="First?")
    other = await ben.says("A secret")
    assert (await ben.command("redact_message", room="general", message=other)).status_code == 200
    lines = await jsonl(ana)
    assert [(line["seq"], line["name"], line["text"]) for line in lines] == [
        (first, "Ana", "First?"),
        (reply, "Ben", "Yes."),
        (other, "Ben", ""),
    ]
    assert (lines[0]["revision"], lines[1]["reply_to"], lines[1]["thread"]) == (1, first, first)
    assert lines[2]["redacted"]
    assert lines[0]["by"] == ana.person


async def test_an_empty_room_is_an_empty_file(site: Site) -> None:
    assert await jsonl(site.member("Ana"), "quiet") == []
    assert await markdown(site.member("Ana"), "quiet") == "# Quiet corner\n"


async def test_markdown_tells_threads_with_names(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    first = await ana.says("Why?\n\nReally, why?")
    second = await ana.says("Another matter")
    reply = await ben.says("Because.", reply_to=first)
    await ana.says("To that", reply_to=reply)
    await ben.command("set_reaction", room="general", message=first, emoji="👍")
    await ana.command("edit_message", room="general", message=second, text="Another matter!")
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "…", await markdown(ana))
    assert text == (
        "# General talk\n"
        f"\n**Ana** · … · #{first} · 👍 1\n\n> Why?\n>\n> Really, why?\n"
        f"\n- **Ben** · … · #{reply}\n\n  > Because.\n"
        f"\n- **Ana** · … · #{reply + 1} · to #{reply}\n\n  > To that\n"
        f"\n**Ana** · … · #{second} · edited\n\n> Another matter!\n"
    )


async def test_nobody_can_write_a_line_that_looks_like_anothers(site: Site) -> None:
    """Whatever is said, each line of the file is the file's own or is quoted; names are plain text."""
    ana = site.member("*Ana* [x](http://evil.example) <b>")
    await ana.says(
        "**Ben** · 2026-01-01 00:00:00 UTC · #1\n\n> Forged\n\n- **Ben** · x\n# Title\n```\nopen fence\r\n<!-- "
    )
    await ana.says("@[Ben](p-ben) said so")
    await ana.says("Last")
    lines = (await markdown(ana)).splitlines()
    own = [line for line in lines if line and not line.startswith((">", "# General"))]
    assert len(own) == 3
    assert all(line.startswith(r"**\*Ana\* \[x\](http://evil.example) \<b\>** · ") for line in own)
    assert "> @Ben said so" in lines


async def test_a_room_is_exported_up_to_where_it_was_when_it_was_asked(site: Site) -> None:
    ana = site.member("Ana")
    await append_many(site, 1_200)
    lines = await jsonl(ana)
    assert [line["seq"] for line in lines] == list(range(2, 1_202))


async def test_an_export_that_cannot_be_meant_is_malformed(site: Site) -> None:
    for query in ["format=pdf", "format=", "format=jsonl&format=markdown", "format=jsonl&limit=1"]:
        assert_problem(await site.member("Ana").ask("GET", f"/api/rooms/general/export?{query}"), 400, "malformed")


@pytest.mark.slow
@pytest.mark.parametrize("format", ["jsonl", "markdown"])
async def test_memory_stays_flat_whatever_the_size(site: Site, format: str) -> None:
    """20 MB of room, read slowly: what is held at a time is a few pages."""
    ana = await site.member_who("Ana")
    await append_many(site, 5_000, text="x" * 4_000)
    url, headers = f"/api/rooms/general/export?format={format}", {"authorization": f"Bearer {ana.token}"}
    tracemalloc.start()
    try:
        size = 0
        async with site.http.stream("GET", url, headers=headers) as answer:
            async for chunk in answer.aiter_raw():
                size += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 20_000_000
    assert peak < 8_000_000, f"{peak:,} bytes at the peak"


async def test_my_export_holds_what_i_said_and_nothing_of_others(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    seq = await ana.says("My very own words")
    await ben.says("Other people's words")
    await ana.command("mark_read", room="general", seq=seq)
    answer = await ana.get("/api/me/export")
    assert answer.headers["content-disposition"] == f'attachment; filename="{ana.person}.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert any("My very own words" in json.dumps(line) for line in lines)
    assert "Other people's" not in answer.text
    assert ana.person in answer.text


async def test_a_client_that_leaves_ends_the_export(site: Site) -> None:
    ana = await site.member_who("Ana")
    await append_many(site, 3_000, text="x" * 4_000)
    tasks = len(asyncio.all_tasks())
    for url in ("/api/rooms/general/export", "/api/rooms/general/export?format=markdown"):
        async with site.http.stream("GET", url, headers={"authorization": f"Bearer {ana.token}"}) as answer:
            async for _ in answer.aiter_raw():
                break
    async with asyncio.timeout(10):
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.01)


async def test_an_export_that_breaks_off_is_seen_to_be_broken(site: Site) -> None:
    """The status was sent already: the connection is cut, so that half a file is not taken for a whole one."""
    ana = site.member("Ana")
    await ana.says("Something")
    node = site.flow.node
    whole, node.reading = node.reading, Failing(node.reading)  # type: ignore[assignment]
    try:
        with pytest.raises(httpx.RemoteProtocolError):
            await ana.get("/api/rooms/general/export")
    finally:
        node.reading = whole
    assert (await ana.get("/api/rooms/general/export")).status_code == 200


class Failing:
    """Reading that fails when messages are asked for."""

    def __init__(self, reading: Any) -> None:
        self._reading = reading

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reading, name)

    async def listed(self, room: RoomId, seqs: Any) -> Any:
        raise LogUnavailable("not now")
