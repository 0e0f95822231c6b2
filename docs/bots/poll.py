"""Asks a poll in a live session, closes it after a time and prints what came out. Started again under the same
--name it goes on with the same poll.

    TERTULIA_TOKEN=… python docs/bots/poll.py --room session-5 --name heaps-1 --for-s 60 "Which is faster?" Sift Push
"""

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

from tertulia.client import Client, Event, FoldedRoom, Refused
from tertulia.domain.ids import RoomId
from tertulia.domain.session.commands import ClosePoll, OpenPoll
from tertulia.domain.session.view import PollView


async def result(events: AsyncIterator[Event], room: FoldedRoom, poll: int) -> PollView:
    """The poll, once it is closed: by us, or by staff before."""
    async for event in events:
        room.take(event)
        polls = room.view.session.polls if room.view.session else []
        if found := next((one for one in polls if one.poll == poll and one.closed), None):
            return found
    raise SystemExit("The connection is over.")


async def main(options: argparse.Namespace) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, task.cancel)  # leaving the block below closes the connection
    refresh, name, id = os.environ.get("TERTULIA_REFRESH"), options.name, RoomId(options.room)
    async with Client(options.url, token=os.environ["TERTULIA_TOKEN"], refresh=refresh) as client:
        opened = await client.send(OpenPoll(key=f"{name}-open", room=id, text=options.text, options=options.choices))
        client.follow(f"room/{id}")
        closed = asyncio.create_task(result(client.events(), FoldedRoom(id), opened.seq))
        ends_s = opened.at / 1000 + options.for_s - client.welcome.at / 1000
        if not (await asyncio.wait([closed], timeout=max(0.0, ends_s)))[0]:
            with contextlib.suppress(Refused):  # staff was faster
                await client.send(ClosePoll(key=f"{name}-close", room=id, poll=opened.seq))
        poll = await closed
    print(f"{poll.text} ({poll.answered} answered)")
    for choice, count in zip(poll.options, poll.results, strict=True):
        print(f"{count:5} {choice}")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--url", default="http://127.0.0.1:8080")
parser.add_argument("--room", required=True)
parser.add_argument("--name", required=True, help="of this poll: the same name is the same poll")
parser.add_argument("--for-s", type=float, default=60.0)
parser.add_argument("text")
parser.add_argument("choices", nargs="+", metavar="CHOICE")
with contextlib.suppress(asyncio.CancelledError):
    asyncio.run(main(parser.parse_args()))
