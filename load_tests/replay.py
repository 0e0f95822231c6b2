"""Replay a real conversation through real sockets, then recount it.

    python load_tests/replay.py ../shared/data/transcripts/gitter-python.jsonl --speed max

Starts a server as operators do (`tertulia serve --no-rate-limits`) in a temporary folder, opens one WebSocket for each
author and `--readers` more, has every author say their lines in order (a reply waits for what it answers), and waits
until everybody who follows has heard the end. Each `session` of the file gets a room of its own. Then the history is
fetched over the HTTP API and compared with the file: each line exactly once, by its author, in order per author, with
the annotated reply; and every connection must have been told every seq, none missing, none twice.

`--kill once`: SIGKILL to the server in the middle, and a start on the same port and data; `--kill-every S`: again and
again. `--nodes 2`: two nodes on one data folder and a redis-server, authors on one node, readers on the other.

stderr: a progress bar. Last line of stdout: one JSON object of figures. Exit 1 when anything was violated.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import click
import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from load_tests.nodes import Nodes
from load_tests.recount import recount
from load_tests.replay_people import Ears, Script, speak
from tertulia.cli.tokens import issue_with, secret_of
from tertulia.cli.transcripts import Line, Transcript, read
from tertulia.client import Client, new_key
from tertulia.domain.commands import CreateRoom
from tertulia.domain.policy import Role

COHORT = "replay"
CONNECTS_AT_ONCE = 40
SILENCE_S = 60.0
"""When nothing more comes for so long, what is missing will not come."""


class Options(NamedTuple):
    speed: float | None
    readers: int
    nodes: int
    kill_once: bool
    kill_every_s: float
    authors_follow: bool
    codec: Any


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--speed", default="max", show_default=True, help="max, or how many times faster than it was said.")
@click.option("--readers", default=20, show_default=True, type=click.IntRange(0))
@click.option("--nodes", default=1, show_default=True, type=click.IntRange(1, 2))
@click.option("--kill", type=click.Choice(["once"]), help="SIGKILL in the middle.")
@click.option("--kill-every", default=0.0, metavar="S", help="SIGKILL every so many seconds.")
@click.option("--authors-follow/--authors-only-write", default=True, show_default=True)
@click.option("--codec", default="json", show_default=True, type=click.Choice(["json", "msgpack"]))
def main(file: Path, speed: str, kill: str | None, kill_every: float, **options: Any) -> None:
    transcript = read(file)
    factor = None if speed == "max" else float(speed)
    chosen = Options(speed=factor, kill_once=kill == "once", kill_every_s=kill_every, **options)
    with (
        tempfile.TemporaryDirectory(prefix="tertulia-replay-") as folder,
        Nodes(Path(folder), count=chosen.nodes) as nodes,
        _runner() as runner,
    ):
        faults, figures = runner.run(replay(file, transcript, nodes, chosen))
        faults += nodes.complaints()
    for fault in faults[:20]:
        click.echo(f"VIOLATION: {fault}")
    if len(faults) > 20:
        click.echo(f"VIOLATION: and {len(faults) - 20} more")
    click.echo(json.dumps({**figures, "violations": len(faults)}))
    sys.exit(1 if faults else 0)


def _runner() -> asyncio.Runner:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def replay(
    file: Path, transcript: Transcript, nodes: Nodes, options: Options
) -> tuple[list[str], dict[str, Any]]:
    secret = secret_of(nodes.writers.data)

    def token(name: str, role: Role) -> str:
        return issue_with(secret, cohort=COHORT, name=name, role=role).access

    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(Client(nodes.writers.url, token=token("Operator", "owner")))
        rooms = await _make_rooms(owner, transcript)
        script = Script(transcript.lines, rooms)
        began = time.perf_counter()
        gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

        async def connect(url: str, name: str, role: Role, *, follows: bool) -> tuple[Client, Ears | None]:
            async with gate:
                client = Client(url, token=token(name, role), codec=options.codec, deadline_s=60.0)
                await stack.enter_async_context(client)
                ears = Ears(client, list(rooms.values())) if follows else None
                if ears is not None:
                    await ears.follow()
                return client, ears

        places = script.by_author()
        writers = dict(zip(places, await asyncio.gather(
            *(connect(nodes.writers.url, name, "learner", follows=options.authors_follow) for name in places)
        ), strict=True))  # fmt: skip
        readers = await asyncio.gather(
            *(connect(nodes.readers.url, f"Reader {n}", "observer", follows=True) for n in range(options.readers))
        )
        connected_s = time.perf_counter() - began
        ears = [one for _, one in [*writers.values(), *readers] if one is not None]
        listening = [asyncio.create_task(one.listen()) for one in ears]
        await _speak_all(script, writers, places, nodes, options)
        people = {name: client.person for name, (client, _) in writers.items()}
        async with httpx.AsyncClient(
            base_url=nodes.readers.url, headers={"Authorization": f"Bearer {owner.token}"}, timeout=60.0
        ) as http:
            heads = await _heads(http, rooms)
            faults = await _hear_out(ears, heads)
            for task in listening:
                task.cancel()
            for one in ears:
                faults += one.faults(heads)
            acked = [future.result() for future in script.said]
            faults += await recount(http, file, rooms=rooms, acked=acked, people=people)
        clients = [client for client, _ in [*writers.values(), *readers]]
        if not nodes.kills and any(client.counts.repeats for client in clients):
            faults.append("some events came twice over the wire, without any cut")
        return faults, _figures(script, transcript, ears, clients, nodes=nodes, connected_s=connected_s)


async def _make_rooms(owner: Client, transcript: Transcript) -> dict[str, str]:
    rooms = {}
    for session in dict.fromkeys(line.session for line in transcript.lines):
        made = await owner.send(CreateRoom(key=new_key(), name=f"Session {session}" if session else "Room"))
        rooms[session] = made.stream.split("/")[1]
    return rooms


async def _speak_all(
    script: Script,
    writers: dict[str, tuple[Client, Ears | None]],
    places: dict[str, list[int]],
    nodes: Nodes,
    options: Options,
) -> None:
    loop = asyncio.get_running_loop()
    first_ms, start = min(line.at_ms for line in script.lines), loop.time()

    def due(line: Line) -> float | None:
        return None if options.speed is None else start + (line.at_ms - first_ms) / 1000 / options.speed

    script.began_s = time.perf_counter()
    watching = asyncio.create_task(_show(script))
    killing = asyncio.create_task(_kill(script, nodes, options))
    await asyncio.gather(*(speak(writers[name][0], script, mine, due=due) for name, mine in places.items()))
    watching.cancel()
    if options.kill_every_s:
        killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)


async def _show(script: Script) -> None:
    with click.progressbar(length=len(script.lines), label="Saying", file=sys.stderr, show_pos=True) as bar:
        shown = 0
        try:
            while True:
                await asyncio.sleep(0.2)
                bar.update(script.done - shown)
                shown = script.done
        finally:
            bar.update(script.done - shown)


async def _kill(script: Script, nodes: Nodes, options: Options) -> None:
    if options.kill_once:
        await script.is_half_done.wait()
        await nodes.kill_one()
    while options.kill_every_s:
        await asyncio.sleep(options.kill_every_s)
        await asyncio.shield(nodes.kill_one())


async def _heads(http: httpx.AsyncClient, rooms: dict[str, str]) -> dict[str, int]:
    heads = {}
    for room in rooms.values():
        answer = await http.get("/api/events", params={"stream": f"room/{room}", "after": 0, "limit": 1})
        answer.raise_for_status()
        heads[f"room/{room}"] = answer.json()["head"]
    return heads


async def _hear_out(ears: list[Ears], heads: dict[str, int]) -> list[str]:
    """Until everybody has heard the end, or nothing comes any more (`faults` then says what is missing)."""
    waiting = asyncio.gather(*(one.reach(heads) for one in ears))
    with click.progressbar(length=len(ears), label="Hearing the end", file=sys.stderr) as bar:
        heard = -1
        while heard != (heard := sum(one.count for one in ears)):
            done, _ = await asyncio.wait([waiting], timeout=SILENCE_S)
            if done:
                bar.update(len(ears))
                return []
    waiting.cancel()
    return ["some readers never heard the end"]


def _figures(
    script: Script, transcript: Transcript, ears: list[Ears], clients: list[Client], *, nodes: Nodes, connected_s: float
) -> dict[str, Any]:
    said_s = script.ended_s - script.began_s
    heard_s = max((one.at_s for one in ears), default=script.began_s) - script.began_s
    deliveries = sum(one.count for one in ears)
    waits = sorted(script.waits_s)
    return {
        "lines": len(script.lines),
        "accepted": len(waits),
        "refused": Counter(script.refused.values()),
        "replies": sum(line.reply_to is not None for line in script.lines),
        "unanswerable": transcript.unanswerable,
        "rooms": len(script.rooms),
        "authors": len(script.by_author()),
        "connections": len(clients),
        "connect_s": round(connected_s, 2),
        "messages_per_s": round(len(waits) / said_s, 1),
        "ack_ms_p50": round(waits[len(waits) // 2] * 1000, 2),
        "ack_ms_p99": round(waits[int(len(waits) * 0.99)] * 1000, 2),
        "deliveries": deliveries,
        "deliveries_per_s": round(deliveries / heard_s, 1) if heard_s > 0 else 0.0,
        "client_cpu_s": round(time.process_time(), 1),
        "server_cpu_s": round(nodes.cpu_s(), 1),
        "nodes": len(nodes.all),
        "kills": nodes.kills,
        "down_s": round(nodes.down_s, 2),
        "reconnects": sum(client.counts.welcomes - 1 for client in clients),
        "resends": sum(client.counts.resends for client in clients),
        "pages": sum(client.counts.pages for client in clients),
        "lags": sum(client.counts.lags for client in clients),
        "holes": sum(client.counts.holes for client in clients),
        "repeats": sum(client.counts.repeats for client in clients),
    }


if __name__ == "__main__":
    main()
