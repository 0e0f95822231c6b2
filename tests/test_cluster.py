"""The Procfile: `honcho start` brings up Redis, two nodes and nginx before them; and the examples of docs/examples.

Goal: people who come by the front sit on both nodes, talk, and lose nothing when one of the nodes is killed. Method:
the Procfile itself, with ports and a data folder of the test's own; SIGKILL to the node's process.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from tertulia.cli.demo_talk import read
from tertulia.cli.tokens import issue
from tertulia.domain.policy import Role
from tests.commands import bare_environment
from tests.ports import free_ports
from tests.talkers import arrive, check_heard, log_of

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
HONCHO = Path(sys.executable).with_name("honcho")
START_DEADLINE_S = 90.0
STOP_DEADLINE_S = 20.0
ROOM = read().rooms[0].id


class Cluster:
    """What `honcho start` runs. `url`: the front's; `token` and `refresh_token` as a `Server` gives them."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._port = free_ports(5, step=100)
        self._output = folder / "honcho.txt"
        environment = bare_environment() | {"PORT": str(self._port), "TERTULIA_DATA": str(self.data)}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [str(HONCHO), "start", "--no-prefix"],
                cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def node_url(self, number: int) -> str:
        return f"http://127.0.0.1:{self._port + 100 * number}"

    def pid(self, name: str) -> int:
        return int((self.data / "run" / f"{name}.pid").read_text())

    def token(self, name: str, *, role: Role = "learner") -> str:
        return issue(self.data, cohort=read().cohort, name=name, role=role, hours=1.0).access

    def refresh_token(self, name: str) -> str:
        return issue(self.data, cohort=read().cohort, name=name, role="learner", hours=1.0).refresh

    def people_on(self, number: int) -> int:
        found = re.search(
            r"^tertulia_connections (\d+)", httpx.get(f"{self.node_url(number)}/metrics").text, re.MULTILINE
        )
        assert found is not None
        return int(found[1])

    def until_said(self, words: str) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while words not in self.output:
            assert self._process.poll() is None, self.output[-3000:]
            assert time.monotonic() < deadline, self.output[-3000:]
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_DEADLINE_S)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    for program, package in (("redis-server", "redis-server"), ("nginx", "nginx")):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            pytest.fail(f"{program} is missing: apt-get install {package}")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.until_said("Open two of the links")
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.redis
async def test_people_on_both_nodes_talk_and_miss_nothing_when_one_node_is_killed(cluster: Cluster) -> None:
    links = re.findall(r"^  (http://127\.0\.0\.1:\d+)/join#token=", cluster.output, re.MULTILINE)
    assert links == [cluster.url, cluster.node_url(1), cluster.node_url(2)] * 4
    async with AsyncExitStack() as stack:
        people = [await arrive(stack, cluster, name, room=ROOM) for name in ("Ana T", "Ben T")]  # type: ignore[arg-type]
        assert [cluster.people_on(1), cluster.people_on(2)] == [1, 1], "who comes next goes where the fewest are"
        enough = asyncio.Event()
        talking = [asyncio.create_task(person.speak_until(enough, pause_s=0.15)) for person in people]
        await people[0].hears((await people[1].client.post(ROOM, "before")).seq)
        os.kill(cluster.pid("node1"), signal.SIGKILL)
        async with asyncio.timeout(START_DEADLINE_S):
            while sum(person.client.counts.welcomes for person in people) < 3:
                await asyncio.sleep(0.02)
        enough.set()
        acked = dict(zip([person.name for person in people], await asyncio.gather(*talking), strict=True))
        log = await log_of(cluster, ROOM)  # type: ignore[arg-type]
        await asyncio.gather(*(person.hears(len(log)) for person in people))
        check_heard(people, acked, log)
        assert sorted(person.client.counts.welcomes for person in people) == [1, 2], "one of them had to come back"
    await asyncio.to_thread(cluster.until_said, "node1 was killed and is started again")


@pytest.mark.redis
def test_nothing_is_left_when_it_is_stopped(cluster: Cluster) -> None:
    processes = [cluster.pid(name) for name in ("front", "node1", "node2", "redis")]
    cluster.stop()
    left = [pid for pid in processes if Path(f"/proc/{pid}").exists()]
    assert left == []
    assert list((cluster.data / "run").rglob("*.pid")) == []
    assert "Traceback" not in cluster.output


@pytest.mark.redis
def test_a_port_that_redis_cannot_have_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = bare_environment() | {"PORT": port, "TERTULIA_DATA": str(tmp_path)}
        done = subprocess.run(
            [EXAMPLES / "cluster", "redis"],
            env=environment, capture_output=True, text=True, timeout=START_DEADLINE_S, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert port in done.stderr
    assert "already in use" in done.stderr
    assert list((tmp_path / "run").glob("*.pid")) == []


def test_the_example_units_are_good(tmp_path: Path) -> None:
    """systemd's own check, of the units with a program that is here in the place of the installed one."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    units = []
    for unit in sorted(EXAMPLES.glob("*.service")):
        units.append(tmp_path / unit.name.replace("@", "@8081"))
        units[-1].write_text(unit.read_text().replace("/opt/tertulia/bin/tertulia", sys.executable))
    assert len(units) == 2
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, units)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_environment_holds_settings_of_serve() -> None:
    from tertulia.cli.serving import command

    known = {str(parameter.envvar) for parameter in command.params if parameter.envvar}
    lines = (EXAMPLES / "tertulia.env").read_text().splitlines()
    names = {line.lstrip("#").partition("=")[0] for line in lines if re.match(r"#?[A-Z_]+=", line)}
    assert len(names) > 5
    assert names <= known | {"FORWARDED_ALLOW_IPS"}
