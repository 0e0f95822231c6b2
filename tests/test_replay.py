"""load_tests/replay.py: on a small conversation of our own, whole and with a kill in the middle; and that its recount
would find what is wrong: each kind of damage is done to a history that is right."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from load_tests.recount import recount
from tests.commands import bare_environment

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = {"Ana": "p-a", "Ben": "p-b"}
LINES = [
    {"session": "s", "line": 5, "reply_to": None, "at": "10:00", "by": "Ana", "text": "One?"},
    {"session": "s", "line": 6, "reply_to": 5, "at": "10:01", "by": "Ben", "text": "Two."},
    {"session": "s", "line": 7, "reply_to": 6, "at": "10:02", "by": "Ana", "text": "Three!"},
    {"session": "s", "line": 9, "reply_to": 1, "at": "10:03", "by": "Ana", "text": " "},
    {"session": "s", "line": 11, "reply_to": None, "at": "10:04", "by": "Ana", "text": "Four"},
]  # fmt: skip
ACKED = [2, 3, 4, 0, 5]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def replay(folder: Path, *options: str) -> dict[str, Any]:
    """The figures of a run that must be well: 120 lines of 6 people in 2 sessions, half of them replies."""
    lines = [
        {
            "session": f"2026-01-0{1 + n // 60}", "line": n, "at": f"10:{n % 60:02}", "by": f"Person {n * n % 6}",
            "reply_to": n - 3 if n % 2 and n % 60 >= 3 else None, "text": f"Line {n}" if n != 77 else "\t",
        }
        for n in range(120)
    ]  # fmt: skip
    path = write(folder / "talk.jsonl", lines)
    done = subprocess.run(
        [sys.executable, "load_tests/replay.py", str(path), "--readers", "3", *options],
        cwd=ROOT, env=bare_environment(), capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert figures["violations"] == 0
    assert (figures["lines"], figures["accepted"], figures["refused"]) == (120, 119, {"text_empty": 1})
    assert (figures["rooms"], figures["authors"], figures["connections"]) == (2, 4, 7)
    return figures


def test_a_conversation_is_replayed_and_recounted(tmp_path: Path) -> None:
    figures = replay(tmp_path)
    assert figures["deliveries"] == 119 * 7
    assert (figures["reconnects"], figures["repeats"]) == (0, 0)


def test_a_kill_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    figures = replay(tmp_path, "--kill", "once", "--codec", "msgpack")
    assert figures["kills"] == 1
    assert figures["reconnects"] >= 7


@pytest.mark.redis
def test_two_nodes_share_a_conversation(tmp_path: Path) -> None:
    assert replay(tmp_path, "--nodes", "2")["nodes"] == 2


# --- the recount --------------------------------------------------------------------------------------------------


class History:
    """The HTTP API of a room in which all is well, until a test changes it."""

    def __init__(self) -> None:
        texts = [line["text"] for line, seq in zip(LINES, ACKED, strict=True) if seq]
        by = ["p-a", "p-b", "p-a", "p-a"]
        links: list[dict[str, Any]] = [{}, {"reply_to": 2, "thread": 2}, {"reply_to": 3, "thread": 2}, {}]
        self.events: list[dict[str, Any]] = [{"seq": 1, "by": "p-o", "name": "room_created", "data": {}}]
        self.events += [
            {"seq": seq, "by": who, "name": "message_posted", "data": {"text": text, **link}}
            for seq, who, text, link in zip(range(2, 6), by, texts, links, strict=True)
        ]
        said = {event["seq"]: {"seq": event["seq"], "replies": 0, **event["data"]} for event in self.events[1:]}
        said[2]["replies"] = 2
        self.pages = {"messages": [said[2], said[5]], "threads": [said[2], said[3], said[4]]}

    def answer(self, request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["after"])
        if request.url.path == "/api/events":
            events = [event for event in self.events if event["seq"] > after]
            return httpx.Response(200, json={"events": events, "head": self.events[-1]["seq"]})
        kind = request.url.path.split("/")[4]
        messages = [message for message in self.pages[kind] if message["seq"] > after]
        return httpx.Response(200, json={"messages": messages, "has_after": False})


async def count(history: History, folder: Path, *, acked: list[int] = ACKED) -> list[str]:
    path = write(folder / "talk.jsonl", LINES)
    transport = httpx.MockTransport(history.answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as http:
        return await recount(http, path, rooms={"s": "r"}, acked=acked, people=PEOPLE)


async def test_a_history_that_is_right_is_found_right(tmp_path: Path) -> None:
    assert await count(History(), tmp_path) == []


def _lose(history: History) -> None:
    del history.events[-1]


def _leave_a_hole(history: History) -> None:
    del history.events[2]


def _double(history: History) -> None:
    history.events.append({**copy.deepcopy(history.events[-1]), "seq": 6})


def _swap(history: History) -> None:
    first, second = history.events[1]["data"], history.events[4]["data"]
    first["text"], second["text"] = second["text"], first["text"]


def _take_anothers_name(history: History) -> None:
    history.events[2]["by"] = "p-a"


def _unlink(history: History) -> None:
    del history.events[2]["data"]["reply_to"]


def _link_wrongly(history: History) -> None:
    history.events[3]["data"]["reply_to"] = 2


def _link_what_is_no_reply(history: History) -> None:
    history.events[4]["data"]["reply_to"] = 2


def _lose_on_the_pages(history: History) -> None:
    del history.pages["threads"][2]


def _double_on_the_pages(history: History) -> None:
    history.pages["messages"].insert(0, history.pages["messages"][0])


def _change_on_the_pages(history: History) -> None:
    history.pages["messages"][1]["text"] = "Five"


@pytest.mark.parametrize(
    "damage",
    [_lose, _leave_a_hole, _double, _swap, _take_anothers_name, _unlink, _link_wrongly, _link_what_is_no_reply,
     _lose_on_the_pages, _double_on_the_pages, _change_on_the_pages],
)  # fmt: skip
async def test_damage_is_found(damage: Callable[[History], None], tmp_path: Path) -> None:
    history = History()
    damage(history)
    assert await count(history, tmp_path)


async def test_an_accepted_line_that_had_to_be_refused_is_found(tmp_path: Path) -> None:
    history = History()
    history.events.append({"seq": 6, "by": "p-a", "name": "message_posted", "data": {"text": " "}})
    assert await count(history, tmp_path, acked=[2, 3, 4, 6, 5])


async def test_lines_out_of_their_authors_order_are_found(tmp_path: Path) -> None:
    found = await count(History(), tmp_path, acked=[5, 3, 4, 0, 2])
    assert any("earlier line" in one for one in found)
