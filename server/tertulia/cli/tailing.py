"""`tertulia tail`: follow the rooms of a cohort, on a terminal or as JSON lines."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from tertulia.cli.options import DEFAULT_ADDRESS, a_name, a_server, an_id, data_option, secret_file_option
from tertulia.cli.tokens import issue

_DEADLINE_S: Final = 5.0

if TYPE_CHECKING:
    from tertulia.client import Client, Event, Position


@click.command("tail")
@click.option(
    "--url",
    envvar="TERTULIA_URL",
    default=DEFAULT_ADDRESS,
    show_default=True,
    type=a_server,
    metavar="URL",
    help="The server.",
)
@click.option("--token", envvar="TERTULIA_TOKEN", help="Speak as its holder; without it, --data and --cohort make one.")
@data_option
@secret_file_option
@click.option("--cohort", type=an_id, metavar="ID", default="demo", show_default=True)
@click.option(
    "--as", "as_name", default="Tail", show_default=True, type=a_name, metavar="NAME", help="The observer who listens."
)
@click.option("--room", "rooms", multiple=True, type=an_id, metavar="ID", help="Only this; may be repeated.")
@click.option("--from-start", is_flag=True, help="All that was ever said, then what comes.")
@click.option("--json", "as_json", is_flag=True, help="Each event as it is on the wire, one a line.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after so many events.")
def command(
    *, url: str, token: str | None, data: Path, secret_file: Path | None, cohort: str, as_name: str, **how: Any
) -> None:
    """Print what is said in the rooms of a cohort, until Ctrl-C. Comes back by itself when the server restarts."""
    refresh = None
    if token is None:
        issued = issue(data, cohort=cohort, name=as_name, role="observer", secret_file=secret_file)
        token, refresh = issued.access, issued.refresh
    try:
        asyncio.run(_tail(url, token, refresh, **how))
    except KeyboardInterrupt:
        click.echo("", err=True)


async def _tail(
    url: str,
    token: str,
    refresh: str | None,
    *,
    rooms: tuple[str, ...],
    from_start: bool,
    as_json: bool,
    count: int | None,
) -> None:
    from tertulia.client import Client

    was_live = False

    def tell(state: str) -> None:
        nonlocal was_live
        if state == "live":
            click.echo("(connected)", err=True)
            was_live = True
        elif state == "resting" and was_live:
            click.echo("(no connection; trying again)", err=True)

    async with Client(url, token=token, refresh=refresh, name="tail", on_state=tell, deadline_s=_DEADLINE_S) as client:
        listener = _Listener(client, rooms=rooms, from_start=from_start)
        await listener.begin()
        async for event in client.events():
            if not await listener.takes(event):
                continue
            click.echo(_wire(event) if as_json else listener.line(event))
            count = None if count is None else count - 1
            if count == 0:
                return


class _Listener:
    """Knows the rooms and the people from the cohort's stream; follows rooms that are made meanwhile."""

    def __init__(self, client: Client, *, rooms: tuple[str, ...], from_start: bool) -> None:
        self._client = client
        self._only = rooms
        self._from_start = from_start
        self._names: dict[str, str] = {}

    async def begin(self) -> None:
        if self._only:
            for room in self._only:
                await self._client.follow(f"room/{room}", await self._origin(room))
        self._client.follow(f"cohort/{self._client.cohort}")

    async def takes(self, event: Event) -> bool:
        """Whether it is to be shown."""
        if not event.stream.startswith("cohort/"):
            return event.name != "snapshot"
        if event.name == "snapshot":
            for person, member in event.data["members"].items():
                self._names[person] = member["name"]
            for listed in event.data["rooms"]:
                await self._follow(listed["room"])
            count = len(self._only or event.data["rooms"])
            click.echo(f"(following {count} {'room' if count == 1 else 'rooms'})", err=True)
        elif event.name in ("member_joined", "member_renamed", "member_returned"):
            self._names[event.data["person"]] = event.data["name"]
        elif event.name == "room_listed":
            await self._follow(event.data["room"], is_new=True)
        return False

    async def _follow(self, room: str, *, is_new: bool = False) -> None:
        if not self._only and self._client.position(f"room/{room}") is None:
            await self._client.follow(f"room/{room}", await self._origin(room, from_start=is_new))

    async def _origin(self, room: str, *, from_start: bool = False) -> Position | Literal["head"]:
        from tertulia.client import Position

        if not (self._from_start or from_start):
            return "head"
        page = await self._client.get("/api/events", stream=f"room/{room}", after=0, limit=1)
        return Position(epoch=page["epoch"], seq=0)

    def line(self, event: Event) -> str:
        at = datetime.fromtimestamp(event.at / 1000).strftime("%H:%M:%S")
        name = self._names.get(event.by, event.by)
        if event.name == "message_posted":
            to = f" → #{event.data['reply_to']}" if "reply_to" in event.data else ""
            said = f"#{event.seq}{to} {event.text}" if not event.data.get("redacted") else f"#{event.seq} (redacted)"
        else:
            rest = " ".join(f"{key}={value}" for key, value in event.data.items())
            said = f"· {event.name} {rest}".rstrip()
        return plain(f"{at} {event.room} {name}: {said}")


def plain(text: str) -> str:
    """Safe for a terminal: what people wrote cannot move the cursor or set colours; further lines are indented."""
    safe = "".join(char if char == "\n" or unicodedata.category(char)[0] != "C" else "�" for char in text)
    return safe.replace("\n", "\n    ")


def _wire(event: Event) -> str:
    record = {"type": "event", "stream": event.stream, "seq": event.seq, "at": event.at, "by": event.by}
    return json.dumps({**record, "name": event.name, "data": event.data}, ensure_ascii=False, separators=(",", ":"))
