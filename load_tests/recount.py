"""The recount: what the HTTP API says has happened, against the file itself, read anew.

Nothing here comes from the clients that took part, but the seqs they were given as durable.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from tertulia.domain.text import clean_text

PAGE = 500


class Annotated:
    """A line as the file has it: its session, its author, its text as the server keeps it, its annotated reply."""

    def __init__(self, raw: dict[str, Any], number: int) -> None:
        self.session = str(raw.get("session", ""))
        self.line = raw.get("line", number)
        self.reply_to: int | None = raw.get("reply_to")
        self.by: str = raw["by"]
        self.text = clean_text(raw["text"])


def annotated_lines(path: Path) -> list[Annotated]:
    with path.open("rb") as file:
        return [Annotated(json.loads(line), number) for number, line in enumerate(file, start=1)]


async def recount(
    http: httpx.AsyncClient, path: Path, *, rooms: dict[str, str], acked: list[int], people: dict[str, str]
) -> list[str]:
    """What is wrong; nothing when all is well. `acked`: the seq each line was accepted at, 0 for a refused one;
    `people`: the file's authors → their ids; `rooms`: session → room."""
    lines = annotated_lines(path)
    found: list[str] = []
    history = {session: [event async for event in _history(http, room, found)] for session, room in rooms.items()}
    by_seq = {(session, event["seq"]): event for session, events in history.items() for event in events}
    seq_of = {(line.session, line.line): seq for line, seq in zip(lines, acked, strict=True)}
    expected = Counter[str]()
    for number, (line, seq) in enumerate(zip(lines, acked, strict=True), start=1):
        if not isinstance(line.text, str):
            if seq:
                found.append(f"line {number}: it should have been refused ({line.text.code}) and was accepted")
            continue
        expected[line.session] += 1
        event = by_seq.pop((line.session, seq), None)
        if event is None:
            found.append(f"line {number}: acked at seq {seq}, and not there (or there for another line)")
            continue
        data = event["data"]
        answered = seq_of.get((line.session, line.reply_to)) if line.reply_to is not None else None
        for what, is_so, should in (
            ("author", event["by"], people[line.by]),
            ("text", data.get("text"), line.text),
            ("reply_to", data.get("reply_to"), answered or None),
        ):
            if is_so != should:
                found.append(f"line {number}: its {what} is not what the file says (seq {seq})")
    found += [f"{session or 'room'}, seq {seq}: a message that no line was acked for" for session, seq in by_seq]
    for session, events in history.items():
        if len(events) != expected[session]:
            found.append(
                f"{session or 'room'}: {len(events)} messages in the history, {expected[session]} were to be said"
            )
    found += _out_of_order(lines, acked)
    for session, room in rooms.items():
        found += await _pages(http, room, {event["seq"]: event for event in history[session]})
    return found


def _out_of_order(lines: list[Annotated], acked: list[int]) -> list[str]:
    """Per author and room, seqs rise with the lines of the file."""
    last: dict[tuple[str, str], int] = {}
    found = []
    for number, (line, seq) in enumerate(zip(lines, acked, strict=True), start=1):
        if seq:
            if seq <= last.get((line.session, line.by), 0):
                found.append(f"line {number}: it stands before an earlier line of its author")
            last[line.session, line.by] = seq
    return found


async def _history(http: httpx.AsyncClient, room: str, found: list[str]) -> AsyncIterator[dict[str, Any]]:
    """The messages of a room's stream, all of it, page by page; complains about holes."""
    after, head = 0, 1
    while after < head:
        answer = await http.get("/api/events", params={"stream": f"room/{room}", "after": after, "limit": PAGE})
        answer.raise_for_status()
        page = answer.json()
        head = page["head"]
        if not page["events"]:
            found.append(f"{room}: no events after {after}, with the head at {head}")
            return
        for event in page["events"]:
            if event["seq"] != after + 1:
                found.append(f"{room}: seq {event['seq']} follows {after}")
            after = event["seq"]
            if event["name"] == "message_posted":
                yield event


async def _pages(http: httpx.AsyncClient, room: str, events: dict[int, dict[str, Any]]) -> list[str]:
    """The same room as people page through it: messages that begin threads, and the threads' replies."""
    shown = Counter[int]()
    wrong = 0
    async for message in _messages(http, f"/api/rooms/{room}/messages", {"limit": 100}):
        shown[message["seq"]] += 1
        wrong += message["text"] != events.get(message["seq"], {}).get("data", {}).get("text")
        if message["replies"]:
            thread = f"/api/rooms/{room}/threads/{message['seq']}"
            async for reply in _messages(http, thread, {"limit": 100}):
                if reply["seq"] == message["seq"]:
                    continue
                shown[reply["seq"]] += 1
                data = events.get(reply["seq"], {}).get("data", {})
                wrong += reply["text"] != data.get("text") or data.get("thread") != message["seq"]
    found = []
    if wrong:
        found.append(f"{room}: {wrong} messages on its pages are not what its stream says")
    if shown.keys() != events.keys() or any(times > 1 for times in shown.values()):
        found.append(f"{room}: its pages show {shown.total()} messages, its stream has {len(events)}")
    return found


async def _messages(http: httpx.AsyncClient, path: str, params: dict[str, int]) -> AsyncIterator[dict[str, Any]]:
    after = 0
    while True:
        answer = await http.get(path, params={**params, "after": after})
        answer.raise_for_status()
        page = answer.json()
        for message in page["messages"]:
            yield message
            after = message["seq"]
        if not page["has_after"]:
            return
