"""Tells staff of questions that nobody has answered for a while: a note in the room's staff stream, once for each.

TERTULIA_TOKEN=… python docs/bots/nudger.py --room session-5 [--after-s 600] [--url http://127.0.0.1:8080]
"""

import argparse
import asyncio
import contextlib
import os
import signal
import time

from tertulia.client import Client, FoldedRoom, Refused
from tertulia.domain.ids import RoomId
from tertulia.domain.session.commands import NoteStaff


async def read(client: Client, room: FoldedRoom) -> None:
    async for event in client.events():
        room.take(event)


async def nudge(client: Client, room: FoldedRoom, *, after_s: float) -> None:
    """The key is the question's: whatever is told a second time, also after a restart, has no second effect."""
    session = room.view.session
    if session is None or session.closed_at is not None:
        return
    for question in session.questions:
        if question.status == "published" and time.time() - question.asked_at / 1000 >= after_s:
            text = f"Unanswered for {after_s / 60:g} minutes: question {question.question}, message {question.message}."
            key = f"nudge-{question.question}"
            try:
                await client.send(NoteStaff(key=key, room=RoomId(room.view.room), text=text))
            except Refused as error:  # as key_reused, when it was told with another --after-s
                print(error)


async def main(options: argparse.Namespace) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, task.cancel)  # leaving the block below closes the connection
    refresh = os.environ.get("TERTULIA_REFRESH")
    token = os.environ["TERTULIA_TOKEN"]
    async with Client(options.url, token=token, refresh=refresh) as client, asyncio.TaskGroup() as tasks:
        room = FoldedRoom(options.room)
        client.follow(f"room/{options.room}")
        tasks.create_task(read(client, room))
        while True:
            await nudge(client, room, after_s=options.after_s)
            await asyncio.sleep(min(10.0, options.after_s / 4))


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--url", default="http://127.0.0.1:8080")
parser.add_argument("--room", required=True)
parser.add_argument("--after-s", type=float, default=600.0)
with contextlib.suppress(asyncio.CancelledError):
    asyncio.run(main(parser.parse_args()))
