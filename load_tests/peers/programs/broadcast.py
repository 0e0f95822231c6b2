"""`websockets.broadcast` on uvloop. Usage: broadcast.py <port>"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

readers: set[ServerConnection] = set()


async def handle(connection: ServerConnection) -> None:
    assert connection.request is not None
    if connection.request.path == "/read":
        readers.add(connection)
        try:
            await connection.wait_closed()
        finally:
            readers.remove(connection)
    else:
        async for message in connection:
            broadcast(readers, message)


async def main(port: int) -> None:
    async with serve(handle, "127.0.0.1", port, compression=None, ping_interval=None, backlog=4096):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
