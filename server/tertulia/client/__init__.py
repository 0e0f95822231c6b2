"""The Python client: what bots, the `tail` command, tests and load tools use. A bot in ten lines:

    import asyncio
    from tertulia.client import Client

    async def main() -> None:
        async with Client("http://127.0.0.1:8080", token="...") as client:
            client.follow("room/general", after="head")
            async for event in client.events():
                if event.name == "message_posted" and event.text == "!time" and event.by != client.person:
                    await client.post("general", f"It is {event.at} ms past 1970.", reply_to=event.seq)

    asyncio.run(main())

Promises. A stream's events come in order and without a hole: over cuts, restarts of the server, other nodes and slow
programs; where that cannot be, an event named `"snapshot"` says so and gives the state. What `post` and `send` returned
for is durable, and has happened once, however often it was sent. A lost connection raises nothing: the client comes
back by itself.

It knows `wire` and `domain`, nothing of the server. `core.py` has no socket, clock or await; `client.py` is the shell.
"""

from tertulia.client.client import Client
from tertulia.client.counts import Counts
from tertulia.client.errors import ClientError, Denied, OutboxFull, Refused, Stopped, Unreachable
from tertulia.client.folded import FoldedRoom
from tertulia.client.following import Following
from tertulia.client.keys import new_key
from tertulia.client.records import SNAPSHOT, Event, SoftRecord
from tertulia.wire.records import Accepted
from tertulia.wire.requests import Position

__all__ = [
    "SNAPSHOT",
    "Accepted",
    "Client",
    "ClientError",
    "Counts",
    "Denied",
    "Event",
    "FoldedRoom",
    "Following",
    "OutboxFull",
    "Position",
    "Refused",
    "SoftRecord",
    "Stopped",
    "Unreachable",
    "new_key",
]
