"""protocol.md, chapter 13: a client that was written from it alone, with nothing but the `websockets` library."""

import asyncio
import json
import uuid
from contextlib import suppress
from pathlib import Path
from urllib.request import Request, urlopen

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.servers import Server


# --- the client: begin ---
class Afternoon:
    def __init__(self, url, token, streams):
        self.url, self.token, self.positions = url, token, dict.fromkeys(streams)
        self.socket, self.messages, self.outbox, self.answers = None, [], {}, {}
        self.news = asyncio.Event()

    async def run(self):
        wait_s = 0.5
        while True:
            try:
                async with connect(f"ws{self.url[4:]}/ws", subprotocols=["tertulia.v1.json"]) as self.socket:
                    await self.say({"type": "hello", "token": self.token, "streams": self.positions})
                    while message := await self.socket.recv():
                        for line in message.split("\n"):
                            await self.take(json.loads(line))
                            wait_s = 0.5
            except (ConnectionClosed, OSError):
                code = self.socket.close_code if self.socket else 0
                if 4500 <= code <= 4999:
                    raise
            await asyncio.sleep(wait_s)
            wait_s = min(20, wait_s * 2)

    async def say(self, request):
        with suppress(ConnectionClosed):  # the outbox is said again after the next welcome
            await self.socket.send(json.dumps(request))

    async def take(self, record):
        kind, stream = record["type"], record.get("stream")
        if kind in ("welcome", "subscribed"):
            for name, result in record["streams"].items():
                if result["result"] == "denied":
                    del self.positions[name]
                elif result["result"] == "gap":
                    await self.pages(name, result["seq"])
            for command in self.outbox.values() if kind == "welcome" else ():
                await self.say(command)
        elif kind == "snapshot":
            self.messages = [(m["seq"], m["text"]) for m in record["state"].get("messages", [])]
            self.positions[stream] = {"epoch": record["epoch"], "seq": record["seq"]}
        elif kind == "event" and self.positions.get(stream):
            if record["seq"] > self.positions[stream]["seq"] + 1:
                await self.say({"type": "subscribe", "id": 0, "streams": {stream: self.positions[stream]}})
            elif record["seq"] == self.positions[stream]["seq"] + 1:
                self.apply(record)
        elif kind == "lag":
            await self.pages(stream, record["head"])
            await self.say({"type": "subscribe", "id": 0, "streams": {stream: self.positions[stream]}})
        elif kind in ("accepted", "refused") and record.get("id") in self.outbox:
            if record.get("retry") == "later":
                await asyncio.sleep(record.get("after", 500) / 1000)
                await self.say(self.outbox[record["id"]])
            else:
                del self.outbox[record["id"]]
                self.answers[record["id"]] = record
        self.news.set()

    async def pages(self, stream, upto):
        while self.positions[stream]["seq"] < upto:
            query = f"{self.url}/api/events?stream={stream}&after={self.positions[stream]['seq']}"
            request = Request(query, headers={"Authorization": f"Bearer {self.token}"})
            with await asyncio.to_thread(urlopen, request) as answer:
                for record in json.load(answer)["events"]:
                    self.apply(record)

    def apply(self, record):
        self.positions[record["stream"]]["seq"] = record["seq"]
        if record["name"] == "message_posted":
            self.messages.append((record["seq"], record["data"]["text"]))

    async def post(self, room, text):
        id, key = len(self.outbox) + len(self.answers) + 1, str(uuid.uuid4())
        self.outbox[id] = {"type": "post_message", "id": id, "key": key, "room": room, "text": text}
        await self.say(self.outbox[id])
        return await self.until(lambda: self.answers.get(id))

    async def until(self, look):
        while not look():
            self.news.clear()
            await self.news.wait()
        return look()


# --- the client: end ---


def test_the_client_is_short() -> None:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    begin, end = lines.index("# --- the client: begin ---"), lines.index("# --- the client: end ---")
    assert sum(bool(line.strip()) for line in lines[begin + 1 : end]) < 80


async def test_it_joins_posts_is_cut_and_resumes(server: Server) -> None:
    """Two of them in a room. One is cut; the server is killed; one is away while more is said than fits into a push."""
    from tertulia.client import Client, new_key
    from tertulia.domain.commands import CreateRoom

    async with Client(server.url, token=server.token("Olga", role="owner")) as olga:
        room = (await olga.send(CreateRoom(key=new_key(), name="General"))).stream.split("/")[1]
        ana, ben = (Afternoon(server.url, server.token(name), [f"room/{room}"]) for name in ("Ana", "Ben"))
        running = [asyncio.create_task(one.run()) for one in (ana, ben)]
        try:
            await ana.until(lambda: ana.positions[f"room/{room}"])
            await ben.until(lambda: ben.positions[f"room/{room}"])
            assert (await ana.post(room, "Why?"))["seq"] == 2
            await ben.until(lambda: ben.messages == [(2, "Why?")])
            assert (await ben.post(room, " "))["code"] == "text_empty"

            ben.socket.transport.abort()
            await ana.post(room, "Because.")
            await ben.until(lambda: ben.messages == [(2, "Why?"), (3, "Because.")])

            server.restart()
            assert (await ana.post(room, "Still here?"))["seq"] == 4

            running.pop().cancel()
            await asyncio.gather(*(olga.post(room, f"n{n}") for n in range(600)))
            running.append(asyncio.create_task(ben.run()))
            await ben.until(lambda: len(ben.messages) == 603)
            assert [seq for seq, _ in ben.messages] == list(range(2, 605))
            assert {text for _, text in ben.messages[3:]} == {f"n{n}" for n in range(600)}
            await ana.until(lambda: len(ana.messages) == 603)
            assert ana.messages == ben.messages
        finally:
            for task in running:
                task.cancel()
