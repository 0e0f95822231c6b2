"""Equal voice, counted twice: as the console is told, and anew from what staff can export."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import msgspec

from load_tests.lecture_play import ROOM
from tertulia.domain.voice import effective_voices

PAGE = 500


def counted_twice(url: str, token: str) -> tuple[float, float]:
    """Effective voices of the room's last session: as `/voice` says, and recounted."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60.0) as http:
        console = http.get(f"/api/rooms/{ROOM}/voice").raise_for_status().json()
        return float(console["effective_voices"]), _recounted(http, console["session"])


def _recounted(http: httpx.Client, session: int) -> float:
    """From the staff's export: who attends, what everybody said, by the person, whatever alias they had; and from the
    room's events, who was called. Learners only: theirs are the voices that are to be equal."""
    person_of: dict[str, str] = {}
    turns: Counter[str] = Counter()
    export = http.get(f"/api/rooms/{ROOM}/export", params={"staff": "1", "session": session}).raise_for_status()
    for line in map(msgspec.json.decode, export.text.splitlines()):
        if "staff_seq" not in line:
            turns[line["by"]] += 1
        elif line["event"] == "alias_taken":
            person_of[line["data"]["alias"]] = line["data"]["person"]
        elif line["event"] == "attendance_noted":
            turns.update(dict.fromkeys(line["data"]["people"], 0))
    turns.update(event["data"]["hand"] for event in _events(http, session) if event["name"] == "hand_called")
    roles = {person: member["role"] for person, member in _members(http).items()}
    people: Counter[str] = Counter()
    for by, count in turns.items():
        people[person_of.get(by, by)] += count
    return effective_voices([count for person, count in people.items() if roles.get(person) == "learner"])


def _events(http: httpx.Client, after: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while True:
        params: dict[str, Any] = {"stream": f"room/{ROOM}", "after": after, "limit": PAGE}
        page = http.get("/api/events", params=params).raise_for_status().json()["events"]
        events += page
        if len(page) < PAGE:
            return events
        after = page[-1]["seq"]


def _members(http: httpx.Client) -> dict[str, dict[str, str]]:
    members: dict[str, dict[str, str]] = http.get("/api/cohort").raise_for_status().json()["state"]["members"]
    return members
