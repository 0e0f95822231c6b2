"""Starlette as a first version of a chat is written: `await send_text` in a loop. Usage: starlette_loop.py <port>"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

readers: list[WebSocket] = []


async def read(websocket: WebSocket) -> None:
    await websocket.accept()
    readers.append(websocket)
    try:
        async for _ in websocket.iter_text():
            pass
    finally:
        readers.remove(websocket)


async def write(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        for reader in list(readers):
            await reader.send_text(text)


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[WebSocketRoute("/read", read), WebSocketRoute("/write", write)]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        backlog=4096,
    )
