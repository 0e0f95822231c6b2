"""Live sessions over HTTP: what is past, what waits, what is like it; for staff, how it went. And what nobody is told.

Method: people who command over HTTP, on a server with a real log; who attends is noted as the server notes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tertulia.domain.decision import Decision, Happening
from tertulia.domain.ids import CohortId, PersonId, RoomId, room_staff_stream
from tertulia.domain.session.events import AttendanceNoted
from tertulia.routes.table import CALLS
from tests.http_site import Member, Site, assert_problem, furnish, serving


@dataclass
class Hall:
    """A room with an open session, and its people."""

    site: Site
    room: str
    ina: Member
    tad: Member
    lea: Member
    len: Member
    mia: Member
    session: int = 0

    async def does(self, who: Member, type: str, **fields: Any) -> int:
        """The seq of what happened first."""
        answer = await who.command(type, room=self.room, **fields)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["seq"])

    async def asks(self, who: Member, text: str, **fields: Any) -> str:
        """The id of the question."""
        await self.does(who, "ask_question", text=text, **fields)
        return str((await self.state())["session"]["questions"][-1]["question"])

    async def state(self, **when: int) -> dict[str, Any]:
        found: dict[str, Any] = await self.reads(self.lea, "", **when)
        return dict(found["state"])

    async def reads(self, who: Member, what: str, **params: Any) -> Any:
        path = f"/api/rooms/{self.room}" + (f"/{what}" if what else "")
        answer = await who.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def attend(self, *who: Member) -> None:
        stream = room_staff_stream(RoomId(self.room))
        noted = Happening(stream, AttendanceNoted(session=self.session, people=[member.person for member in who]))
        lane = self.site.flow.node.room_lane(RoomId(self.room))
        await lane.ask(lambda state, at: Decision(stream, (noted,)), author=PersonId("~"))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path / "data") as running:
        await furnish(running.flow)
        yield running


@pytest.fixture
async def hall(site: Site) -> Hall:
    ina = await site.member_who("Ina", role="instructor")
    made = await ina.command("create_room", name="Lecture", kind="session")
    people = [await site.member_who(name) for name in ("Lea", "Len", "Mia")]
    hall = Hall(site, made.json()["stream"].split("/")[1], ina, await site.member_who("Tad", role="ta"), *people)
    hall.session = await hall.does(hall.tad, "open_session", title="Trees")
    return hall


# --- what is past ------------------------------------------------------------------------------------------------


async def test_sessions_are_listed_with_their_marks_and_what_was_asked(hall: Hall) -> None:
    question = await hall.asks(hall.lea, "Why is a heap a tree?")
    await hall.asks(hall.len, "When is lunch?")
    await hall.does(hall.tad, "mark_session", media_position_ms=5_000, label="Heaps")
    await hall.does(hall.tad, "answer_question", question=question, how="live")
    closed = await hall.does(hall.tad, "close_session")
    again = await hall.does(hall.tad, "open_session")
    first, second = (await hall.reads(hall.lea, "sessions"))["sessions"]
    assert (first["session"], first["title"], first["questions"], first["answered"]) == (hall.session, "Trees", 2, 1)
    assert closed <= first["closed"] < again == second["session"]
    assert [(mark["media_position_ms"], mark["label"]) for mark in first["marks"]] == [(5_000, "Heaps")]
    assert (second["closed"], second["closed_at"], second["marks"]) == (None, None, [])


async def test_a_past_moment_is_shown_as_it_was_and_none_that_is_to_come(hall: Hall) -> None:
    question = await hall.asks(hall.lea, "Why?")
    asked = (await hall.reads(hall.lea, ""))["seq"]
    await hall.does(hall.len, "vote_question", question=question)
    said = await hall.does(hall.len, "post_message", text="Later")
    await hall.does(hall.mia, "vote_question", question=question)
    await hall.does(hall.tad, "answer_question", question=question, how="now")
    state = await hall.state(at=asked)
    assert state["session"]["votes"] == {question: 2}  # the asker's, and Len's before the next entry
    assert [message["text"] for message in state["messages"]] == ["Why?"]
    assert state["session"]["questions"][0]["status"] == "published"
    now = await hall.reads(hall.lea, "")
    assert await hall.reads(hall.lea, "", at=now["seq"]) == now
    at_ms = next(m["at"] for m in now["state"]["messages"] if m["seq"] == said)
    past = await hall.reads(hall.lea, "", at_ms=at_ms)
    assert past["seq"] >= said
    assert (await hall.reads(hall.lea, "", at_ms=0))["seq"] == 0
    for when in ({"at": now["seq"] + 1}, {"at_ms": 2**50}, {"at": 1, "at_ms": 1}):
        assert_problem(await hall.lea.get(f"/api/rooms/{hall.room}", **when), 400, "malformed")


async def test_tallies_tell_how_votes_moved_and_nothing_about_who(hall: Hall) -> None:
    first, second = await hall.asks(hall.lea, "Why?"), await hall.asks(hall.len, "How?")
    await hall.does(hall.mia, "vote_question", question=first)
    await hall.does(hall.len, "vote_question", question=first)
    await hall.does(hall.tad, "merge_question", question=first, into=second)
    poll = await hall.does(hall.tad, "open_poll", text="Which?", options=["a", "b"])
    await hall.does(hall.mia, "answer_poll", poll=poll, choices=[1])
    await hall.does(hall.tad, "close_poll", poll=poll)
    page = await hall.reads(hall.lea, "tallies", session=hall.session)
    steps, state = page["steps"], await hall.state()
    votes = [step["votes"] for step in steps if step.get("votes") is not None]
    assert votes[-1] == state["session"]["votes"] == {first: 3, second: 3}
    assert [step["answered"] for step in steps if step.get("answered") is not None][-1] == {str(poll): 1}
    places = [(step["seq"], step["at"] // 250) for step in steps]
    assert places == sorted(set(places)), "at most one step every 250 ms of a moment"
    for seq in range(hall.session, (await hall.reads(hall.lea, ""))["seq"] + 1):
        told = [step["votes"] for step in steps if step["seq"] <= seq and step.get("votes") is not None]
        assert (await hall.state(at=seq))["session"]["votes"] == (told[-1] if told else {}), f"at {seq}"
    assert not page["has_more"]
    assert not any(member.person in json.dumps(page) for member in (hall.lea, hall.len, hall.mia))
    paged, after = [], 0
    while True:
        page = await hall.reads(hall.lea, "tallies", session=hall.session, after=after, limit=1)
        paged += page["steps"]
        after = page["next"]
        if not page["has_more"]:
            break
    assert paged == steps
    assert_problem(await hall.lea.get(f"/api/rooms/{hall.room}/tallies", session=2**40), 409, "session_not_open")


# --- for who comes late, for who asks ----------------------------------------------------------------------------


async def test_who_comes_late_is_told_at_most_five_things_to_read(hall: Hall) -> None:
    assert await hall.reads(hall.lea, "catch-up") == {"items": [], "seq": hall.session}
    asked = [await hall.asks(hall.lea, f"Question {n}?") for n in range(6)]
    await hall.does(hall.mia, "vote_question", question=asked[4])
    await hall.does(hall.tad, "answer_question", question=asked[0], how="live")
    await hall.does(hall.tad, "answer_question", question=asked[1], how="now")
    poll = await hall.does(hall.tad, "open_poll", text="Which of them?", options=["a", "b"])
    pinned = await hall.does(hall.tad, "post_message", text="Read *chapter 5*\n" + "x" * 400)
    await hall.does(hall.tad, "pin_message", message=pinned)
    items = (await hall.reads(hall.lea, "catch-up"))["items"]
    assert [item["kind"] for item in items] == ["answering", "poll", "answered", "unanswered", "pin"]
    assert [item["question"] for item in items] == [asked[1], None, asked[0], asked[4], None]
    assert (items[1]["poll"], items[1]["text"], items[4]["message"]) == (poll, "Which of them?", pinned)
    assert len(items[4]["text"]) <= 280
    await hall.does(hall.tad, "hide_message", message=pinned, reason="Wrong chapter")
    items = (await hall.reads(hall.lea, "catch-up"))["items"]
    assert [item["kind"] for item in items] == ["answering", "poll", "answered", "unanswered", "unanswered"]
    assert "chapter 5" not in json.dumps(items)


async def test_similar_questions_are_found_while_typing(hall: Hall) -> None:
    heap = await hall.asks(hall.lea, "Why is building a heap linear?")
    await hall.asks(hall.len, "What is a binary tree?")
    gone = await hall.asks(hall.mia, "Is building a heap dull?")
    await hall.does(hall.tad, "dismiss_question", question=gone, reason="off_topic")
    await hall.site.flow.node.log.settle()
    found = (await hall.reads(hall.len, "similar", q="why does building a hea"))["results"]
    assert [one["question"] for one in found] == [heap]
    assert (found[0]["room"], found[0]["status"], found[0]["votes"]) == (hall.room, "published", 1)
    assert 0 < found[0]["score"] <= 1
    message = found[0]["message"]
    answer = await hall.does(hall.tad, "post_message", text="Sum the heights.", reply_to=message)
    await hall.does(hall.tad, "answer_question", question=heap, how="text", message=answer)
    (one,) = (await hall.reads(hall.len, "similar", q="heap linear"))["results"]
    assert (one["status"], one["answer"]) == ("answered_text", "Sum the heights.")
    await hall.does(hall.tad, "redact_message", message=message, reason="Not to be read")
    await hall.site.flow.node.log.settle()
    assert (await hall.reads(hall.len, "similar", q="heap linear"))["results"] == []
    assert (await hall.reads(hall.len, "similar", q="?!"))["results"] == []


async def test_questions_that_wait_are_similar_to_nothing(hall: Hall) -> None:
    await hall.does(hall.ina, "change_room", approve_questions=True)
    await hall.does(hall.lea, "ask_question", text="Why is building a heap linear?")
    await hall.site.flow.node.log.settle()
    assert (await hall.reads(hall.len, "similar", q="heap linear"))["results"] == []


async def test_questions_answered_in_an_earlier_cohort_are_found_without_a_link(hall: Hall, site: Site) -> None:
    from tertulia.live.greet import found_cohort

    for cohort in ("spring", "autumn"):
        founded = await found_cohort(
            site.flow.node, CohortId(cohort), founder=PersonId("p-f"), name=cohort, course="trees", course_name="Trees"
        )
        assert founded is None
    teacher = {cohort: site.member("Old", role="instructor", cohort=cohort) for cohort in ("spring", "autumn")}
    rooms = {}
    for cohort, member in teacher.items():
        made = await member.command("create_room", name=f"Hall {cohort}", kind="session")
        rooms[cohort] = made.json()["stream"].split("/")[1]
    spring = Hall(site, rooms["spring"], *[teacher["spring"]] * 5)
    await spring.does(spring.tad, "open_session")
    await spring.asks(spring.tad, "Is a treap a heap, still open?")
    done = await spring.asks(spring.tad, "Is a treap a heap?")
    message = (await spring.state())["session"]["questions"][-1]["message"]
    reply = await spring.does(spring.tad, "post_message", text="And a tree.", reply_to=message)
    await spring.does(spring.tad, "answer_question", question=done, how="text", message=reply)
    await site.flow.node.log.settle()
    (one,) = (
        await Hall(site, rooms["autumn"], *[teacher["autumn"]] * 5).reads(teacher["autumn"], "similar", q="treap heap")
    )["results"]
    assert (one["text"], one["answer"], one["cohort"]) == ("Is a treap a heap?", "And a tree.", "spring")
    assert (one["room"], one["message"]) == (None, None)
    assert set(one) == {"question", "room", "message", "text", "status", "votes", "answer", "cohort", "score"}
    later = (await spring.reads(teacher["spring"], "similar", q="treap heap"))["results"]
    assert {one["cohort"] for one in later} == {"spring"}, "of later cohorts nothing is shown"


async def test_resources_are_messages_with_addresses_and_those_that_say_so(hall: Hall) -> None:
    link = await hall.does(hall.lea, "post_message", text="See https://example.org/a and https://example.org/b")
    said = await hall.does(hall.len, "post_message", text="The book by Knuth", kind="resource")
    gone = await hall.does(hall.len, "post_message", text="https://example.org/gone")
    hidden = await hall.does(hall.len, "post_message", text="https://example.org/hidden")
    await hall.does(hall.len, "redact_message", message=gone)
    await hall.does(hall.tad, "hide_message", message=hidden, reason="An advertisement")
    await hall.site.flow.node.log.settle()
    page = await hall.reads(hall.mia, "resources")
    assert [(one["message"], one["links"]) for one in page["resources"]] == [
        (said, []),
        (link, ["https://example.org/a", "https://example.org/b"]),
    ]
    assert not page["has_more"]
    first = await hall.reads(hall.mia, "resources", limit=1)
    assert (len(first["resources"]), first["has_more"]) == (1, True)
    assert (await hall.reads(hall.mia, "resources", before=said))["resources"] == page["resources"][1:]


async def test_search_knows_kinds_answers_and_what_is_hidden(hall: Hall) -> None:
    first, _ = await hall.asks(hall.lea, "Pears, why?"), await hall.asks(hall.len, "Pears, how?")
    await hall.does(hall.mia, "post_message", text="Pears!", kind="idea")
    hidden = await hall.does(hall.mia, "post_message", text="Pears are bad")
    await hall.does(hall.tad, "hide_message", message=hidden, reason="Rude")
    await hall.does(hall.tad, "answer_question", question=first, how="live")
    await hall.site.flow.node.log.settle()

    async def found(who: Member, **filters: str) -> set[str]:
        answer = await who.get("/api/search", q="pears", room=hall.room, **filters)
        return {hit["message"]["text"] for hit in answer.json()["results"]}

    assert await found(hall.lea) == {"Pears, why?", "Pears, how?", "Pears!"}
    assert await found(hall.tad) == {"Pears, why?", "Pears, how?", "Pears!", "Pears are bad"}
    assert await found(hall.lea, kind="idea") == {"Pears!"}
    assert await found(hall.lea, kind="question") == {"Pears, why?", "Pears, how?"}
    assert await found(hall.lea, answered="yes") == {"Pears, why?"}
    assert await found(hall.lea, answered="no") == {"Pears, how?"}
    assert await found(hall.lea, kind="idea", answered="no") == set()


# --- what waits --------------------------------------------------------------------------------------------------


async def test_held_messages_are_shown_to_staff_and_to_who_has_said_something(hall: Hall) -> None:
    await hall.does(hall.tad, "require_approval", person=hall.mia.person, reason="Because")
    await hall.does(hall.tad, "hold_floor", shown_to="answered")
    await hall.does(hall.mia, "post_message", text="From Mia")
    await hall.does(hall.lea, "post_message", text="From Lea")

    async def texts(who: Member) -> list[str]:
        return [one["text"] for one in (await hall.reads(who, "held"))["held"]]

    assert await texts(hall.tad) == ["From Mia", "From Lea"]
    assert await texts(hall.len) == []
    await hall.does(hall.len, "post_message", text="From Len")
    assert await texts(hall.len) == ["From Lea"], "not one's own, nor what waits for approval"
    assert await texts(hall.mia) == [], "hers waits for approval: she has not spoken on the floor"
    await hall.does(hall.tad, "release_floor")
    assert await texts(hall.len) == []
    await hall.does(hall.tad, "hold_floor", shown_to="nobody")
    await hall.does(hall.lea, "post_message", text="Again")
    await hall.does(hall.len, "post_message", text="And again")
    assert await texts(hall.len) == []


# --- for staff ---------------------------------------------------------------------------------------------------


async def test_voice_counts_turns_and_waiting_of_those_who_learn(hall: Hall) -> None:
    await hall.attend(hall.tad, hall.lea, hall.len, hall.mia)
    empty = await hall.reads(hall.tad, "voice")
    assert (empty["effective_voices"], empty["present"], empty["silent"]) == (0.0, 3, 3)
    await hall.does(hall.tad, "post_message", text="Staff do not count")
    question = await hall.asks(hall.lea, "Why?")
    await hall.does(hall.len, "raise_hand")
    await hall.does(hall.tad, "call_hand", person=hall.len.person)
    await hall.does(hall.mia, "raise_hand")
    told = await hall.reads(hall.tad, "voice", session=hall.session)
    assert told["effective_voices"] == pytest.approx(2.0)
    assert (told["present"], told["heard"], told["silent"]) == (3, 2, 1)
    assert (told["questions"], told["answered"], told["median_answer_ms"]) == (1, 0, None)
    assert (told["next_action"]["code"], told["next_action"]["person"]) == ("call_unheard_hand", hall.mia.person)
    assert sorted((seat["turns"], seat["hand"]) for seat in told["seats"]) == [(0, True), (1, False), (1, True)]
    assert all(set(seat) == {"turns", "hand"} for seat in told["seats"])
    await hall.does(hall.tad, "answer_question", question=question, how="live")
    told = await hall.reads(hall.tad, "voice")
    assert (told["answered"], told["median_answer_ms"] >= 0) == (1, True)


async def test_an_alias_counts_with_its_person_only_where_staff_may_know(hall: Hall) -> None:
    await hall.attend(hall.lea, hall.len)
    await hall.does(hall.ina, "change_room", anonymity="alias")
    await hall.does(hall.lea, "post_message", text="As myself")
    await hall.does(hall.lea, "post_message", text="As another", alias=True)
    assert (await hall.reads(hall.tad, "voice"))["present"] == 2
    await hall.does(hall.ina, "change_room", anonymity="anonymous")
    await hall.does(hall.lea, "post_message", text="As nobody", alias=True)
    told = await hall.reads(hall.tad, "voice")
    assert (told["present"], sorted(seat["turns"] for seat in told["seats"])) == (3, [0, 1, 2])


async def test_pace_is_told_of_five_or_more(hall: Hall) -> None:
    people = [hall.lea, hall.len, hall.mia, *[await hall.site.member_who(name) for name in ("Noa", "Oda")]]
    for person in people[:4]:
        await hall.does(person, "set_pace", pace="lost")
    await hall.does(hall.tad, "mark_session", media_position_ms=1)
    told = await hall.reads(hall.tad, "pace")
    assert (told["steps"], len(told["marks"])) == ([], 1)
    await hall.does(people[4], "set_pace", pace="fast")
    (step,) = (await hall.reads(hall.tad, "pace"))["steps"]
    assert (step["lost"], step["ok"], step["fast"]) == (4, 0, 1)
    await hall.does(people[4], "set_pace", pace=None)
    assert (await hall.reads(hall.tad, "pace"))["steps"] == []


async def test_a_report_outlives_the_session(hall: Hall) -> None:
    first, second = await hall.asks(hall.lea, "Why?"), await hall.asks(hall.len, "How?")
    await hall.does(hall.tad, "answer_question", question=first, how="live")
    await hall.does(hall.tad, "dismiss_question", question=second, reason="unclear")
    poll = await hall.does(hall.tad, "open_poll", text="Which?", options=["a", "b"])
    await hall.does(hall.mia, "answer_poll", poll=poll, choices=[1])
    await hall.does(hall.tad, "close_poll", poll=poll)
    await hall.does(hall.tad, "close_session")
    await hall.does(hall.tad, "open_session")
    told = await hall.reads(hall.tad, "report", session=hall.session)
    assert [(q["question"], q["text"], q["status"]) for q in told["questions"]] == [
        (first, "Why?", "answered_live"),
        (second, "How?", "dismissed"),
    ]
    assert (told["questions"][0]["waited_ms"] >= 0, told["questions"][1]["reason"]) == (True, "unclear")
    assert [(one["answered"], one["results"]) for one in told["polls"]] == [(1, [0, 1])]
    assert (told["ledger"]["received"], told["ledger"]["answered"], told["ledger"]["dismissed"]) == (
        2,
        1,
        {"unclear": 1},
    )
    assert (told["title"], told["closed_at"] is not None, told["voice"]["questions"]) == ("Trees", True, 1)


STAFF_ONLY = ("voice", "pace", "report")


@pytest.mark.parametrize("what", STAFF_ONLY)
async def test_learners_are_not_told_how_others_do(hall: Hall, what: str) -> None:
    assert_problem(await hall.lea.get(f"/api/rooms/{hall.room}/{what}"), 403, "not_allowed")
    assert_problem(await hall.tad.get(f"/api/rooms/{hall.room}/{what}", session=2**40), 409, "session_not_open")
    assert_problem(await hall.tad.get(f"/api/rooms/nowhere/{what}"), 404, "unknown_room")


async def test_no_call_tells_how_far_others_have_read_or_that_they_are_silent(hall: Hall) -> None:
    """Two worlds: in one Mia reads everything, in the other nothing. All that anybody else may ask for is the same."""
    await hall.attend(hall.lea, hall.len, hall.mia)
    question = await hall.asks(hall.lea, "Why?")
    await hall.does(hall.tad, "answer_question", question=question, how="live")
    params = {"similar": {"q": "why"}}

    async def world(who: Member) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for call in CALLS:
            if call.method != "GET" or call.who != "member" or call.path in ("/api/me", "/api/me/export"):
                continue
            path = call.path.replace("{room}", hall.room).replace("{seq}", str(hall.session + 1))
            query = {"/api/search": {"q": "why"}, "/api/members": {"ids": hall.mia.person}}.get(call.path, {})
            query = query or ({"stream": f"room/{hall.room}"} if call.path == "/api/events" else {})
            query = query or params.get(path.rsplit("/", 1)[1], {})
            answer = await who.get(path, **query)
            told[call.path] = (answer.status_code, answer.text)
        return told

    await hall.site.flow.node.log.settle()
    before = {who.person: await world(who) for who in (hall.lea, hall.tad)}
    assert all(len(told) > 15 for told in before.values())
    answer = await hall.mia.command("mark_read", room=hall.room, seq=hall.session + 1)
    assert answer.status_code == 200, answer.text
    after = {who.person: await world(who) for who in (hall.lea, hall.tad)}
    for person, told in before.items():
        for path, said in told.items():
            assert said == after[person][path] or path.endswith(("/voice", "/report")), path
    for path, (status, said) in after[hall.lea.person].items():
        if status == 200 and not path.startswith(("/api/cohort", "/api/members")):
            assert hall.mia.person not in said, f"{path} names who never said anything"
    streams = [f"user/{hall.mia.person}", f"room/{hall.room}/staff", f"room/{hall.room}/signals"]
    for stream in streams:
        answer = await hall.lea.get("/api/events", stream=stream)
        assert answer.status_code in (403, 404), stream


# --- exports -----------------------------------------------------------------------------------------------------


async def exported(who: Member, hall: Hall, **params: Any) -> list[dict[str, Any]]:
    answer = await who.get(f"/api/rooms/{hall.room}/export", **params)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_export_knows_questions_kinds_and_aliases(hall: Hall) -> None:
    await hall.does(hall.ina, "change_room", anonymity="alias")
    first = await hall.asks(hall.lea, "Why?")
    await hall.does(hall.len, "vote_question", question=first)
    await hall.does(hall.tad, "answer_question", question=first, how="live")
    await hall.asks(hall.mia, "Who am I?", alias=True)
    hidden = await hall.does(hall.len, "post_message", text="Rude words", kind="idea")
    await hall.does(hall.tad, "hide_message", message=hidden, reason="Rude")
    lines = await exported(hall.lea, hall)
    asked, masked, gone = lines
    assert (asked["question"], asked["status"], asked["votes"], asked["kind"]) == (
        first,
        "answered_live",
        2,
        "question",
    )
    assert masked["by"].startswith("~")
    assert masked["name"][0].isupper()
    assert (gone["text"], gone["hidden"], gone["kind"]) == ("", "Rude", "idea")
    assert hall.mia.person not in json.dumps(lines)
    staff = await exported(hall.tad, hall, staff=1)
    assert staff[2]["text"] == "Rude words"
    (taken,) = [line["data"] for line in staff if line.get("event") == "alias_taken"]
    assert (taken["person"], taken["alias"]) == (hall.mia.person, masked["by"])
    assert_problem(await hall.lea.get(f"/api/rooms/{hall.room}/export", staff=1), 403, "not_allowed")
    assert_problem(await hall.tad.get(f"/api/rooms/{hall.room}/export", staff=1, format="html"), 400, "malformed")


async def test_a_sealed_alias_is_in_no_export(hall: Hall) -> None:
    await hall.does(hall.ina, "change_room", anonymity="anonymous")
    await hall.asks(hall.mia, "Who am I?", alias=True)
    for params in ({}, {"staff": 1}):
        assert hall.mia.person not in json.dumps(await exported(hall.tad, hall, **params))


async def test_one_session_is_exported_alone(hall: Hall) -> None:
    await hall.does(hall.lea, "post_message", text="In the first")
    await hall.does(hall.tad, "close_session")
    await hall.does(hall.lea, "post_message", text="Between")
    second = await hall.does(hall.tad, "open_session", title="Graphs")
    await hall.does(hall.lea, "post_message", text="In the second")
    assert [line["text"] for line in await exported(hall.len, hall, session=hall.session)] == ["In the first"]
    assert [line["text"] for line in await exported(hall.len, hall, session=second)] == ["In the second"]
    for form in ("markdown", "html"):
        path = f"/api/rooms/{hall.room}/export"
        text = (await hall.len.get(path, format=form, session=hall.session)).text
        assert "In the first" in text
        assert "Between" not in text
        assert "In the second" not in text
        assert "Graphs" in (await hall.len.get(path, format=form, session=second)).text
    assert_problem(await hall.len.get(path, session=second + 1), 409, "session_not_open")


async def test_an_html_export_needs_nothing_and_says_nothing_in_anothers_name(hall: Hall) -> None:
    """What people wrote is text: no tag, no entity, no attribute of it comes through."""
    attack = '</p><script src="https://evil.example/x.js"></script><img src=x onerror=alert(1)> & "quotes"'
    message = await hall.does(hall.lea, "post_message", text=attack)
    await hall.does(hall.len, "post_message", text="A reply to @[Lea](" + hall.lea.person + ")", reply_to=message)
    await hall.asks(hall.mia, "Why?")
    answer = await hall.len.get(f"/api/rooms/{hall.room}/export", format="html")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"].endswith('.html"')
    page = answer.text
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9]+)", page))
    assert tags == {"html", "head", "meta", "title", "style", "body", "main", "h1", "article", "header", "b", "p"}
    assert not re.search(r"<[^>]*\s(src|href|on\w+)=", page)
    assert "&lt;script src=" in page
    assert "A reply to @Lea" in page
    assert 'class="reply"' in page
    assert "question · published · 1 vote" in page
