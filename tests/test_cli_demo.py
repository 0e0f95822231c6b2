"""`tertulia demo`: links that work, rooms in which people have talked, the same again at the second start."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tertulia.cli import demo_session
from tertulia.cli.demo_talk import read
from tests.commands import bare_environment
from tests.redis_server import free_port
from tests.servers import START_DEADLINE_S, TERTULIA

LINK = re.compile(r"^  (http://127\.0\.0\.1:\d+)/join#token=([\w.-]+)&refresh=([\w.-]+)$", re.MULTILINE)
BOT = re.compile(r"^  (ey[\w.-]+)$", re.MULTILINE)


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """Runs it; what it printed when it was ready."""
    output = folder / "printed.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [str(TERTULIA), "demo", "--port", str(free_port()), "--data", "school"],
            cwd=folder, env=bare_environment(), stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_DEADLINE_S
        while "Ctrl-C" not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.05)
        yield output.read_text()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert "Traceback" not in output.read_text()
    finally:
        process.kill()
        process.wait()


def get(url: str, token: str, path: str) -> Any:
    answer = httpx.get(f"{url}{path}", headers={"Authorization": f"Bearer {token}"})
    answer.raise_for_status()
    return answer.json()


def test_it_prints_links_that_work_and_goes_on_with_its_data(tmp_path: Path) -> None:
    talk = read()
    with demo(tmp_path) as printed:
        assert str(tmp_path / "school") in printed
        links = LINK.findall(printed)
        url = links[0][0]
        people = [get(url, token, "/api/me") for _, token, _ in links]
        assert [person["role"] for person in people] == ["instructor", "learner", "learner", "observer"]
        bot = BOT.findall(printed)[0]
        assert get(url, bot, "/api/me")["role"] == "bot"
        for _, _, refresh in links:
            assert httpx.post(f"{url}/api/refresh", json={"refresh": refresh}).status_code == 200
        token = links[1][1]
        rooms = get(url, token, "/api/cohort")["state"]["rooms"]
        assert [room["room"] for room in rooms] == [room.id for room in talk.rooms]
        assert len(rooms) == 3
        before = {room["room"]: get(url, token, f"/api/rooms/{room['room']}") for room in rooms}
        post = {"type": "post_message", "key": "key-of-the-test", "room": talk.rooms[0].id, "text": "I was here."}
        answer = httpx.post(f"{url}/api/commands", json=post, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
    messages = [message for room in before.values() for message in room["state"]["messages"]]
    said_live = sum(step["do"] in ("ask_question", "post_message") for step in demo_session.read().steps)
    assert sum(message["replies"] for message in messages) + len(messages) == len(talk.talk) + said_live
    assert sum(room["state"]["tallies"] != {} for room in before.values()) == 3
    assert sum(len(room["state"]["pins"]) for room in before.values()) == len(talk.pinned)
    assert sum(message["resolved"] for message in messages) == len(talk.resolved)
    assert any("```" in message["text"] for message in messages)
    assert any("$" in message["text"] for message in messages)
    assert messages == sorted(messages, key=lambda message: message["at"])
    with demo(tmp_path) as printed:
        url, token, _ = LINK.findall(printed)[1]
        after = {room: get(url, token, f"/api/rooms/{room}") for room in before}
    for room, was in before.items():
        kept = after[room]["state"]["messages"]
        assert kept[: len(was["state"]["messages"])] == was["state"]["messages"]
        assert after[room]["epoch"] == was["epoch"]
    live = before[demo_session.read().room]["state"]["session"]
    assert live["title"] == "Heaps and queues"
    assert live["closed_at"] is None
    statuses = [question["status"] for question in live["questions"]]
    assert sorted(statuses) == ["answered_live", "answering", *["published"] * 4]
    assert min(live["votes"].values()) >= 1
    assert max(live["votes"].values()) > 20
    assert sum(question["by"].startswith("~") for question in live["questions"]) == 1
    assert [poll["closed"] for poll in live["polls"]] == [True, True]
    assert live["polls"][1]["again"] == live["polls"][0]["poll"]
    assert len(live["hands"]) == 2
    assert after[demo_session.read().room]["state"]["session"] == live
    assert after[talk.rooms[0].id]["state"]["messages"][-1]["text"] == "I was here."
