"""`serve --workers 2` over a real Redis: one port, two nodes; they are replaced and killed while people talk.

Goal: nothing is lost or heard twice, nobody is sent away twice, and no process is left behind. Method: real processes,
the Python client and the JavaScript SDK; people sit on both workers by the workers' own ports, or share a port.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.commands import tertulia
from tests.ports import free_ports
from tests.redis_server import RedisServer, free_port
from tests.school import make_school
from tests.servers import Server
from tests.talkers import Person, arrive, check_heard, log_of

pytestmark = pytest.mark.redis

COUNT = 2
LISTENERS = 8
DEADLINE_S = 60.0
READER = Path(__file__).resolve().parent.parent / "client_js" / "sdk" / "test" / "reader.js"


class Place:
    """The parent, and the ways to its workers."""

    def __init__(self, folder: Path, redis: RedisServer) -> None:
        self.config = folder / "workers.toml"
        self.config.write_text("")
        self.first_port = free_ports(COUNT)
        options = ["--workers", str(COUNT), "--worker-port", str(self.first_port), "--bus", redis.url]
        options += ["--config", str(self.config), "--no-rate-limits", "--drain-window-s", "1"]
        self.server = Server(folder, options=options)

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self.first_port + number - 1}"

    def start(self) -> None:
        self.server.start()
        self.until_said(f"{COUNT} workers ·")

    def until_said(self, words: str, times: int = 1) -> None:
        """Until this was printed so often, since the parent was started for the first time."""
        deadline = time.monotonic() + DEADLINE_S
        while self.server.output.count(words) < times:
            assert time.monotonic() < deadline, f"{words!r} was not printed:\n{self.server.output[-3000:]}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("workers")
    asyncio.run(make_school(folder / "data"))
    with RedisServer(folder) as redis:
        place = Place(folder, redis)
        place.start()
        yield place
        place.server.kill()


async def test_a_rolling_restart_under_talk_sends_each_client_once_and_loses_nothing(place: Place) -> None:
    before = _children(place.server.pid)
    async with javascript_reader(place) as told:
        async with talking(place) as (people, enough, acked):
            place.config.write_text('metrics_token = "read-by-the-new-ones"\n')
            os.kill(place.server.pid, signal.SIGHUP)
            await asyncio.to_thread(place.until_said, "rolling restart done")
            enough.set()
        last = max(seq for seqs in acked.values() for seq in seqs)
        await _until(lambda: told[-1].get("seq") == last)
    after = _children(place.server.pid)
    assert len(after) == COUNT
    assert not set(before) & set(after)
    assert httpx.get(f"{place.url(1)}/metrics").status_code == 401, "the configuration was read anew"
    assert {person.client.counts.welcomes for person in people} == {2}, "each was sent away once"
    assert not any("resting" in person.states for person in people), "the old socket was kept until the new one lived"
    seqs = [line["seq"] for line in told if "seq" in line]
    assert seqs == list(range(last - len(seqs) + 1, last + 1))
    assert [line["socket"] for line in told if "socket" in line] == [1, 2]
    assert [line["state"] for line in told if "state" in line] == ["connecting", "live"]


async def test_a_killed_worker_comes_back_and_its_people_missed_nothing(place: Place) -> None:
    victim = _children(place.server.pid)[0]
    async with talking(place) as (_, enough, _):
        os.kill(victim, signal.SIGKILL)
        await asyncio.to_thread(place.until_said, "worker is back")
        enough.set()
    assert len(_children(place.server.pid)) == COUNT
    assert victim not in _children(place.server.pid)


async def test_a_configuration_that_is_wrong_stops_the_rolling_restart_and_disturbs_nobody(place: Place) -> None:
    """And when a worker dies meanwhile, the other one takes all who come."""
    before = _children(place.server.pid)
    sentence = "there is no setting 'nope'"
    async with AsyncExitStack() as stack:
        ana = await arrive(stack, place.server, "Ana")
        place.config.write_text("nope = 1\n")
        os.kill(place.server.pid, signal.SIGHUP)
        await asyncio.to_thread(place.until_said, "rolling restart stopped")
        await ana.hears((await ana.client.post("general", "still here")).seq)
        assert ana.client.counts.welcomes == 1
    assert place.server.output.count(sentence) == 1
    assert _children(place.server.pid) == before
    came_back = place.server.output.count("worker is back")
    os.kill(before[0], signal.SIGKILL)
    await asyncio.to_thread(place.until_said, "tries=1")
    async with httpx.AsyncClient(trust_env=False, headers={"connection": "close"}) as http:
        answers = [await http.get(f"{place.server.url}/readyz") for _ in range(16)]
    assert {answer.status_code for answer in answers} == {200}
    place.config.write_text("")
    await asyncio.to_thread(place.until_said, "worker is back", came_back + 1)
    assert len(_children(place.server.pid)) == COUNT


def test_nobody_is_left_when_the_parent_ends(place: Place) -> None:
    """By SIGTERM, in order; by SIGKILL, all the same."""
    children = _children(place.server.pid)
    assert place.server.stop() == 0
    assert not any(map(_lives, children))
    assert "Traceback" not in place.server.output
    place.server.start()
    place.until_said(f"{COUNT} workers ·", times=2)
    children = _children(place.server.pid)
    assert len(children) == COUNT
    place.server.kill()
    deadline = time.monotonic() + DEADLINE_S
    while any(map(_lives, children)):
        assert time.monotonic() < deadline, "workers outlived their parent"
        time.sleep(0.05)


def test_what_no_worker_can_start_with_is_said_once(tmp_path: Path) -> None:
    options = ["--data", str(tmp_path), "--port", str(free_port()), "--workers", "3"]
    nowhere = f"redis://127.0.0.1:{free_port()}"
    done = tertulia("serve", *options, "--bus", nowhere, folder=tmp_path)
    assert done.returncode == 4
    sentences = [line for line in done.stderr.splitlines() if line.startswith("tertulia: ")]
    assert len(sentences) == 1, done.stderr
    assert "cannot be reached" in sentences[0]
    assert "Traceback" not in done.stderr


@asynccontextmanager
async def talking(place: Place) -> AsyncIterator[tuple[list[Person], asyncio.Event, dict[str, list[int]]]]:
    """People on each worker and some who come by the shared port talk until it is enough, others only listen; then all
    is compared. The last of the three is filled at the end: what was acked, by name."""
    ways = [place.url(1), place.url(2), place.url(1), place.url(2), *[place.server.url] * (2 + LISTENERS)]
    acked: dict[str, list[int]] = {}
    enough = asyncio.Event()
    async with AsyncExitStack() as stack:
        names = [f"Person {n} of {time.monotonic_ns()}" for n in range(len(ways))]
        people = [await arrive(stack, place.server, name, url=way) for name, way in zip(names, ways, strict=True)]
        speaking = [asyncio.create_task(person.speak_until(enough, pause_s=0.02)) for person in people[:-LISTENERS]]
        yield people, enough, acked
        acked |= dict(zip(names, await asyncio.gather(*speaking), strict=False))
        log = await log_of(place.server)
        await asyncio.gather(*(person.hears(len(log)) for person in people))
        check_heard(people, acked, log)


@asynccontextmanager
async def javascript_reader(place: Place) -> AsyncIterator[list[dict[str, object]]]:
    """What a program on the JavaScript SDK is told of the room; it is live already."""
    if shutil.which("node") is None:
        pytest.fail("node is missing")
    environment = os.environ | {"TERTULIA_URL": place.server.url, "TERTULIA_TOKEN": place.server.token("Jo")}
    process = await asyncio.create_subprocess_exec(
        "node", str(READER), env=environment, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    lines: list[dict[str, object]] = []

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            lines.append(json.loads(line))

    reading = asyncio.create_task(read())
    try:
        await _until(lambda: any(line.get("state") == "live" for line in lines))
        yield lines
    finally:
        process.kill()
        await process.wait()
        await reading


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.02)


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(status.parent.name))
    return sorted(found)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
