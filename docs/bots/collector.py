"""Gathers the links of a room in a Markdown file, which also keeps how far it has read, for the next start:
TERTULIA_TOKEN=… python docs/bots/collector.py --room general --file links.md [--url http://127.0.0.1:8080]
"""

import argparse
import asyncio
import contextlib
import os
import re
import signal
from pathlib import Path

from tertulia.client import SNAPSHOT, Client, Event, Position

PLACE = re.compile(r"<!-- (\S+) (\d+) -->")


def load(file: Path) -> tuple[Position | None, list[str]]:
    lines = file.read_text().splitlines() if file.exists() else []
    place = PLACE.fullmatch(lines[0]) if lines else None
    return (Position(epoch=place[1], seq=int(place[2])), lines[3:]) if place else (None, [])


def save(file: Path, room: str, place: Position, links: list[str]) -> None:
    """Links and place in one file, whole or not at all: nothing is missed or told twice after a crash."""
    fresh = file.with_suffix(".new")
    fresh.write_text("\n".join([f"<!-- {place.epoch} {place.seq} -->", f"# Links of {room}", "", *links, ""]))
    fresh.replace(file)


def take(event: Event, links: list[str]) -> list[str]:
    """What an edit or a redaction of a message leaves of it replaces what it said before."""
    if event.name not in ("message_posted", "message_edited", "message_redacted"):
        return [] if event.name == SNAPSHOT else links  # the server's log is another one: begin again
    sign = f"<!-- {event.data.get('message', event.seq)} -->"
    found = [f"- <{link}> {sign}" for link in event.data.get("links", [])]
    return [line for line in links if not line.endswith(sign)] + found


async def main(options: argparse.Namespace) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, task.cancel)  # leaving the block below closes the connection
    stream, env, (place, links) = f"room/{options.room}", os.environ, load(options.file)
    async with Client(options.url, token=env["TERTULIA_TOKEN"], refresh=env.get("TERTULIA_REFRESH")) as client:
        if place is None:  # from the first event; the client fetches what is more than the server pushes
            place = Position(epoch=(await client.get("/api/events", stream=stream, limit=1))["epoch"], seq=0)
        client.follow(stream, after=place)
        async for event in client.events():
            links = take(event, links)
            save(options.file, options.room, client.position(stream) or place, links)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--url", default="http://127.0.0.1:8080")
parser.add_argument("--room", required=True)
parser.add_argument("--file", type=Path, required=True)
with contextlib.suppress(asyncio.CancelledError):
    asyncio.run(main(parser.parse_args()))
