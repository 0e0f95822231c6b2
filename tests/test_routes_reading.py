"""Reading over HTTP: snapshots, pages and their edges, threads, events by seq, search; and what nobody may read."""

from __future__ import annotations

import asyncio
from typing import Any

from tertulia.domain import limits
from tests.http_site import Member, Site, assert_problem, demo_site, furnish, serving, use_up

site = demo_site

PLACES_OF_A_ROOM = (
    "/api/rooms/{room}",
    "/api/rooms/{room}/messages",
    "/api/rooms/{room}/messages/2",
    "/api/rooms/{room}/threads/2",
    "/api/rooms/{room}/export",
    "/api/events?stream=room/{room}",
    "/api/search?q=word&room={room}",
)


async def fill(member: Member, count: int, *, room: str = "general", **fields: Any) -> list[int]:
    """Messages "message 1" … in order; their seqs."""
    return [await member.says(f"message {number}", room=room, **fields) for number in range(1, count + 1)]


def texts(page: dict[str, Any]) -> list[str]:
    return [message["text"] for message in page["messages"]]


# --- the cohort and rooms ------------------------------------------------------------------------------------------


async def test_the_cohort_comes_with_heads_and_what_i_have_not_read(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    last = (await fill(ana, 3))[-1]
    said = (await ben.get("/api/cohort")).json()
    assert said["stream"] == "cohort/demo"
    assert [room["room"] for room in said["state"]["rooms"]] == ["general", "quiet"]
    assert said["rooms"]["general"] == {"head": last, "unread": 3}
    assert said["rooms"]["quiet"]["unread"] == 0
    assert (await ana.get("/api/cohort")).json()["rooms"]["general"]["unread"] == 0, "my own are no news to me"
    assert (await ben.command("mark_read", room="general", seq=last - 1)).status_code == 200
    assert (await ben.get("/api/cohort")).json()["rooms"]["general"]["unread"] == 1


async def test_the_snapshots_seq_is_that_of_the_stream(site: Site) -> None:
    ana = site.member("Ana")
    last = (await fill(ana, 2))[-1]
    said = (await ana.get("/api/rooms/general")).json()
    assert (said["stream"], said["seq"]) == ("room/general", last)
    assert texts(said["state"]) == ["message 1", "message 2"]
    head = (await ana.get("/api/events", stream="room/general", limit=1)).json()
    assert (head["head"], head["epoch"]) == (said["seq"], said["epoch"])


async def test_members_are_found_by_id_and_strangers_left_out(site: Site) -> None:
    ana, ben = await site.member_who("Ana"), await site.member_who("Ben")
    said = (await ana.get("/api/members", ids=f"{ben.person},{ana.person},{ben.person},p-nobody,")).json()
    assert said["members"] == {
        ana.person: {"name": "Ana", "role": "learner"},
        ben.person: {"name": "Ben", "role": "learner"},
    }


async def test_members_without_good_ids_are_malformed(site: Site) -> None:
    for query in ["", "?ids=", "?ids=a&ids=b", "?ids=a&more=1"]:
        assert_problem(await site.member("Ana").ask("GET", f"/api/members{query}"), 400, "malformed")


async def test_too_many_members_at_once_are_malformed(site: Site) -> None:
    ids = ",".join(f"p-{number}" for number in range(limits.members_page_max + 1))
    assert_problem(await site.member("Ana").get("/api/members", ids=ids), 400, "malformed")


# --- who may read --------------------------------------------------------------------------------------------------


async def test_a_room_that_is_not_there_is_unknown(site: Site) -> None:
    ana = site.member("Ana")
    for room in ("nowhere", "NOWHERE", "no%20where", "x" * 400, "%F0%9F%99%88"):
        for path in PLACES_OF_A_ROOM:
            answer = await ana.ask("GET", path.format(room=room))
            assert answer.status_code in (400, 404), (path, room, answer.text)
            assert answer.json()["code"] in ("unknown_room", "unknown_stream", "malformed"), (path, room)


async def test_a_room_of_another_cohort_is_unknown_too(site: Site) -> None:
    """Whether it is there at all is not told apart."""
    await furnish(site.flow, cohort="other", rooms={"secret": "Secret"})  # type: ignore[arg-type]
    insider = site.member("Olga", cohort="other")
    await insider.says("a word", room="secret")
    ana = site.member("Ana")
    for path in PLACES_OF_A_ROOM:
        for room in ("secret", "nowhere"):
            assert_problem(await ana.ask("GET", path.format(room=room)), 404, "unknown_room")


async def test_a_learner_reads_no_stream_that_is_not_for_them(site: Site) -> None:
    for stream, code in [
        ("cohort/demo/staff", "not_allowed"),
        ("room/general/staff", "not_allowed"),
        ("room/general/signals", "not_allowed"),
        ("cohort/other", "unknown_stream"),
        ("user/p-somebody", "unknown_stream"),
        ("user/p-somebody/staff", "unknown_stream"),
        ("nothing", "unknown_stream"),
        ("", "unknown_stream"),
        ("room/general/", "unknown_stream"),
        ("room/general\n", "unknown_stream"),
        ("room/general' OR 1=1 --", "unknown_stream"),
    ]:
        answer = await site.member("Ana").get("/api/events", stream=stream)
        assert_problem(answer, 403 if code == "not_allowed" else 404, code)


async def test_staff_read_the_staff_streams(site: Site) -> None:
    staff = site.member("Prof", role="instructor")
    ana = await site.member_who("Ana")
    await staff.post("/api/invites", {"role": "learner"})
    answer = await staff.command("mute_member", room="general", person=ana.person, for_s=60, reason="Shouting")
    assert answer.status_code == 200, answer.text
    cohort = (await staff.get("/api/events", stream="cohort/demo/staff")).json()
    room = (await staff.get("/api/events", stream="room/general/staff")).json()
    assert [event["name"] for event in cohort["events"]] == ["invite_created"]
    assert [event["name"] for event in room["events"]] == ["member_muted"]


async def test_how_far_one_has_read_is_in_nobody_elses_answers(site: Site) -> None:
    """Ben marks a place; no answer that others can get changes by it, nor names it."""
    ana, ben, staff = site.member("Ana"), site.member("Ben"), site.member("Prof", role="owner")
    last = (await fill(ana, 3))[-1]
    for reader in (ana, ben, staff):
        await reader.get("/api/me")
    paths = ["/api/cohort", "/api/rooms/general", "/api/rooms/general/messages", "/api/events?stream=room/general"]
    paths += ["/api/rooms/general/export", "/api/search?q=message", "/api/me/export", f"/api/members?ids={ben.person}"]

    async def seen() -> list[str]:
        return [(await reader.ask("GET", path)).text for reader in (ana, staff) for path in paths]

    await site.flow.node.log.settle()  # search is behind by a moment
    before = await seen()
    answer = await ben.command("mark_read", room="general", seq=last - 1)
    assert answer.json()["stream"] == f"user/{ben.person}"
    assert await seen() == before
    own = (await ben.get("/api/events", stream=f"user/{ben.person}")).json()
    assert [event["name"] for event in own["events"]] == ["read_marked"]
    assert_problem(await staff.get("/api/events", stream=f"user/{ben.person}"), 404, "unknown_stream")


# --- pages of messages ---------------------------------------------------------------------------------------------


async def test_pages_go_up_and_down_without_losing_or_doubling(site: Site) -> None:
    ana = site.member("Ana")
    seqs = await fill(ana, 23)

    async def page(**where: Any) -> dict[str, Any]:
        answer = await ana.get("/api/rooms/general/messages", limit=5, **where)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    newest = await page()
    assert (newest["has_before"], newest["has_after"]) == (True, False)
    up, shown = newest, texts(newest)
    while up["has_before"]:
        up = await page(before=up["messages"][0]["seq"])
        shown = texts(up) + shown
    assert shown == [f"message {number}" for number in range(1, 24)]
    down = await page(after=0)
    shown = texts(down)
    while down["has_after"]:
        down = await page(after=down["messages"][-1]["seq"])
        shown += texts(down)
    assert shown == [f"message {number}" for number in range(1, 24)]
    middle = await page(around=seqs[11])
    assert seqs[11] in [message["seq"] for message in middle["messages"]]
    assert (middle["has_before"], middle["has_after"]) == (True, True)


async def test_a_page_beyond_either_end_is_empty(site: Site) -> None:
    ana = site.member("Ana")
    seqs = await fill(ana, 3)
    beyond = (await ana.get("/api/rooms/general/messages", after=seqs[-1])).json()
    assert (beyond["messages"], beyond["has_after"]) == ([], False)
    above = (await ana.get("/api/rooms/general/messages", before=seqs[0])).json()
    assert (above["messages"], above["has_before"]) == ([], False)
    far = (await ana.get("/api/rooms/general/messages", after=2**53 - 1)).json()
    assert far["messages"] == []
    assert (await ana.get("/api/rooms/quiet/messages")).json()["messages"] == []


async def test_a_page_that_cannot_be_meant_is_malformed(site: Site) -> None:
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "before=0",
        "before=-1",
        "before=x",
        "before=9007199254740992",
        "after=99999999999999999999999",
        "before=1&after=1",
        "after=1&around=1",
        "limit=1&limit=2",
        "room=quiet",
        "unknown=1",
        "before=1;after=2",
        "before=%FF",
        "&".join(f"x{number}=1" for number in range(50)),
    ]:
        answer = await site.member("Ana").ask("GET", f"/api/rooms/general/messages?{query}")
        assert_problem(answer, 400, "malformed")


async def test_tallies_and_my_own_reactions_come_with_the_page(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    seq = await ana.says("Look!")
    for member, emoji in ((ana, "👍"), (ben, "👍"), (ben, "🎉")):
        answer = await member.command("set_reaction", room="general", message=seq, emoji=emoji)
        assert answer.status_code == 200, answer.text
    page = (await ben.get("/api/rooms/general/messages")).json()
    assert page["tallies"] == {str(seq): {"👍": 2, "🎉": 1}}
    assert sorted(page["mine"][str(seq)]) == sorted(["👍", "🎉"])
    assert (await ana.get("/api/rooms/general/messages")).json()["mine"] == {str(seq): ["👍"]}


# --- one message, a thread ------------------------------------------------------------------------------------------


async def test_a_message_comes_with_the_texts_it_had(site: Site) -> None:
    ana = site.member("Ana")
    seq = await ana.says("Frist")
    await ana.command("edit_message", room="general", message=seq, text="First")
    said = (await ana.get(f"/api/rooms/general/messages/{seq}")).json()
    assert (said["message"]["text"], said["message"]["revision"]) == ("First", 1)
    assert [revision["text"] for revision in said["revisions"]] == ["Frist", "First"]


async def test_a_redacted_text_is_in_no_answer(site: Site) -> None:
    ana, ben, staff = site.member("Ana"), site.member("Ben"), site.member("Prof", role="instructor")
    first = await ana.says("Question")
    for text in ("pa55word-one", "pa55word-two"):
        if text.endswith("one"):
            seq = await ben.says(text, reply_to=first)
        else:
            await ben.command("edit_message", room="general", message=seq, text=text)
    assert (await staff.command("redact_message", room="general", message=seq, reason="A password")).status_code == 200
    paths = ["", "/messages", f"/messages/{seq}", f"/threads/{first}", "/export", "/export?format=markdown"]
    urls = [f"/api/rooms/general{path}" for path in paths]
    urls += ["/api/events?stream=room/general", "/api/search?q=pa55word", "/api/me/export"]
    for url in urls:
        for reader in (ana, ben, staff):
            answer = await reader.ask("GET", url)
            assert answer.status_code == 200, answer.text
            assert "pa55word" not in answer.text, url


async def test_what_is_no_message_is_unknown(site: Site) -> None:
    """Seq 1 is the room's creation: an event, no message."""
    for seq in ["1", "999", "9007199254740991"]:
        ana = site.member("Ana")
        assert_problem(await ana.get(f"/api/rooms/general/messages/{seq}"), 404, "unknown_message")
        assert_problem(await ana.get(f"/api/rooms/general/threads/{seq}"), 404, "unknown_message")


async def test_what_is_no_seq_is_malformed(site: Site) -> None:
    for seq in ["0", "-1", "x", "9007199254740992", "٣"]:
        ana = site.member("Ana")
        assert_problem(await ana.get(f"/api/rooms/general/messages/{seq}"), 400, "malformed")
        assert_problem(await ana.get(f"/api/rooms/general/threads/{seq}"), 400, "malformed")


async def test_a_thread_is_paged_by_its_replies(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    first = await ana.says("Question")
    replies = await fill(ben, 7, reply_to=first)
    await ana.says("Something else")
    page = (await ana.get(f"/api/rooms/general/threads/{first}", limit=4)).json()
    assert page["thread"] == first
    assert [message["seq"] for message in page["messages"]] == [first, *replies[:4]], "four replies, and what began it"
    assert page["has_after"]
    rest = (await ana.get(f"/api/rooms/general/threads/{first}", after=replies[3], limit=50)).json()
    assert [message["seq"] for message in rest["messages"]] == replies[4:]
    assert not rest["has_after"]


# --- events --------------------------------------------------------------------------------------------------------


async def test_events_are_the_records_of_the_socket_and_pages_meet(site: Site) -> None:
    ana = site.member("Ana")
    await fill(ana, 12)
    after, events = 0, []
    while True:
        page = (await ana.get("/api/events", stream="room/general", after=after, limit=5)).json()
        events += page["events"]
        if not page["events"]:
            break
        after = page["events"][-1]["seq"]
    assert [event["seq"] for event in events] == list(range(1, page["head"] + 1))
    assert {event["type"] for event in events} == {"event"}
    assert events[1]["data"] == {"text": "message 1"}


async def test_a_page_of_events_has_a_limit(site: Site) -> None:
    ana = site.member("Ana")
    answer = await ana.get("/api/events", stream="room/general", limit=limits.page_events_max + 1)
    assert_problem(answer, 400, "malformed")
    assert (await ana.get("/api/events", stream="room/general", limit=limits.page_events_max)).status_code == 200


async def test_events_beyond_the_head_are_none(site: Site) -> None:
    page = (await site.member("Ana").get("/api/events", stream="room/general", after=900)).json()
    assert (page["events"], page["head"]) == ([], 1)


# --- search --------------------------------------------------------------------------------------------------------


async def found(member: Member, q: str, **filters: Any) -> list[str]:
    """The texts found; full-text search may be behind by a moment, so it is asked until it has seen the last."""
    answer = await member.get("/api/search", q=q, **filters)
    assert answer.status_code == 200, answer.text
    return [result["message"]["text"] for result in answer.json()["results"]]


async def when_indexed(member: Member, word: str) -> None:
    async with asyncio.timeout(20):
        while not await found(member, word):
            await asyncio.sleep(0.01)


async def test_search_finds_words_within_the_filters(site: Site) -> None:
    ana, ben = site.member("Ana"), site.member("Ben")
    await ana.says("A heap is a tree")
    await ben.says("The heap sort", room="quiet")
    await ben.says("Lastword")
    await when_indexed(ana, "lastword")
    assert sorted(await found(ana, "heap")) == ["A heap is a tree", "The heap sort"]
    assert await found(ana, "heap", room="quiet") == ["The heap sort"]
    assert await found(ana, "heap", by=ana.person) == ["A heap is a tree"]
    assert await found(ana, "heap tree") == ["A heap is a tree"]
    assert await found(ana, "heap nothing") == []
    now = site.flow.node.clock.now_ms()
    assert await found(ana, "heap", **{"from": now + 60_000}) == []
    assert len(await found(ana, "heap", **{"from": now - 60_000, "to": now + 60_000})) == 2
    assert len(await found(ana, "heap", limit=1)) == 1


async def test_search_finds_nothing_of_another_cohort(site: Site) -> None:
    await furnish(site.flow, cohort="other", rooms={"secret": "Secret"})  # type: ignore[arg-type]
    insider = site.member("Olga", cohort="other")
    await insider.says("unmistakable", room="secret")
    await when_indexed(insider, "unmistakable")
    assert await found(site.member("Ana"), "unmistakable") == []


HOSTILE = (
    '"',
    '""',
    '"unclosed phrase',
    "*",
    "heap*",
    "heap AND",
    "OR",
    "NOT heap",
    "NEAR(heap tree, 5)",
    "text:heap",
    "{text} : heap",
    "heap^2",
    "-heap",
    "+heap",
    "(heap",
    "heap)",
    "'; DROP TABLE entry; --",
    "\\",
    "%",
    "_",
    "\x00",
    "\x00heap",
    "heap\x00tree",
    "\ufeff",
    "\u202e",
    "🙈" * 50,
    "е\u0301" * 20,
    " ",
    "　",
    "null",
    "<script>alert(1)</script>",
    "a" * limits.search_chars_max,
    " ".join("ab" for _ in range(60)),
)


async def test_any_text_is_a_good_query(site: Site) -> None:
    for query in HOSTILE:
        ana = site.member("Ana")
        await ana.says("A heap is a tree, null and void")
        assert (await ana.get("/api/search", q=query)).status_code == 200


async def test_a_search_that_cannot_be_meant_is_malformed(site: Site) -> None:
    for query in [
        "",
        "q=",
        f"q={'a' * (limits.search_chars_max + 1)}",
        "q=a&limit=0",
        f"q=a&limit={limits.search_results_max + 1}",
        "q=a&from=-1",
        "q=a&from=yesterday",
        "q=a&from_=1",
        "q=a&q=b",
        "q=%FF%FE",
        "q=%ED%A0%80",
        "text=a",
    ]:
        assert_problem(await site.member("Ana").ask("GET", f"/api/search?{query}"), 400, "malformed")


async def test_a_query_of_many_kilobytes_is_refused(site: Site) -> None:
    answer = await site.member("Ana").ask("GET", f"/api/search?q={'a' * (limits.header_bytes_max + 1)}")
    assert_problem(answer, 414, "malformed")


# --- rates ---------------------------------------------------------------------------------------------------------


async def test_one_person_reads_so_fast_and_another_is_not_slowed_by_it(tmp_path: Any) -> None:
    async with serving(tmp_path / "data", rate_limits=True) as site:
        await furnish(site.flow)
        ana, ben = site.member("Ana"), site.member("Ben")
        assert (await ana.get("/api/me")).status_code == 200
        use_up(site.shared.reads, ana.person)
        said = assert_problem(await ana.get("/api/me"), 429, "rate_limited")
        assert said["after"] > 0
        assert (await ben.get("/api/me")).status_code == 200
