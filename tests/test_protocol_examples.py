"""Every example of protocol.md happens as it stands there: here in Python, and in JavaScript by node.

Method: one real server; the steps in order; each `S:` line must be matched by the next record of that connection that
is not soft state (replies and events may change places, chapter 3), each value or placeholder by its rules.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.protocol_examples import Bindings, Step, read_steps
from tests.school import make_school
from tests.servers import Server

SOFT = {"presence", "presence_changed", "typing", "tally", "votes", "bars", "mine", "my_session", "head"}
PEOPLE: dict[str, Any] = {
    "ana": "learner",
    "ben": "learner",
    "cai": "learner",
    "dan": "learner",
    "obi": "observer",
    "olga": "owner",
}
DEADLINE_S = 10.0


@pytest.fixture
async def school(tmp_path: Path) -> Any:
    await make_school(tmp_path / "data")
    with Server(tmp_path) as server:
        yield server


class Reader:
    """One person's connection, and what was received and not yet looked at."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._socket: ClientConnection | None = None
        self._records: list[dict[str, Any]] = []

    async def send(self, body: Any) -> None:
        if self._socket is None:
            self._socket = await connect(self._server.ws_url, subprotocols=["tertulia.v1.json"])  # type: ignore[list-item]
        await self._socket.send(json.dumps(body))

    async def expect(self, shape: dict[str, Any], bindings: Bindings) -> None:
        """The next record that is not soft, or (a reply and its event may change places) one soon after it."""
        seen = []
        while True:
            for place, record in enumerate(self._records):
                if record["type"] in SOFT and record["type"] != shape["type"]:
                    continue
                trial = Bindings(bindings)
                wrong = trial.mismatch(shape, record)
                if wrong is None:
                    bindings.update(trial)
                    del self._records[place]
                    return
                seen.append(f"{wrong} in {record}")
                if shape["type"] not in ("accepted", "event") and record["type"] not in SOFT:
                    pytest.fail(f"expected {shape}\n" + "\n".join(seen))
            try:
                await self._receive()
            except TimeoutError:
                pytest.fail(f"nothing more came; expected {shape}\n" + "\n".join(seen))

    async def expect_close(self, code: int) -> None:
        assert self._socket is not None
        with pytest.raises(ConnectionClosed) as closed:
            await self._receive_all()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        self._socket = None

    async def cut(self) -> None:
        assert self._socket is not None
        self._socket.transport.abort()
        await self._socket.wait_closed()
        self._socket, self._records = None, []

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def _receive_all(self) -> None:
        while True:
            await self._receive()

    async def _receive(self) -> None:
        assert self._socket is not None, "it is connected"
        async with asyncio.timeout(DEADLINE_S):
            message = await self._socket.recv()
        self._records += [json.loads(line) for line in str(message).split("\n")]


async def take(step: Step, server: Server, readers: dict[str, Reader], bindings: Bindings) -> None:
    reader = readers.setdefault(step.who, Reader(server))
    match step.kind:
        case "send":
            await reader.send(bindings.fill(step.body))
        case "expect":
            await reader.expect(step.body, bindings)
        case "closed":
            await reader.expect_close(step.body)
        case "cut":
            await reader.cut()
        case "http":
            method, path, body, status, answer = step.body
            token = bindings.get(f"<token:{step.who}>")
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as http:
                response = await http.request(method, path, json=body)
            assert response.status_code == status, response.text
            assert bindings.mismatch(answer, response.json()) is None, response.text


async def test_every_example_happens_as_it_is_written(school: Server) -> None:
    bindings = Bindings({f"<token:{name}>": school.token(name.title(), role=role) for name, role in PEOPLE.items()})
    readers: dict[str, Reader] = {}
    steps = read_steps()
    assert len(steps) > 60, "the examples were found"
    for step in steps:
        await take(step, school, readers, bindings)
    for reader in readers.values():
        await reader.close()


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
async def test_every_example_happens_in_javascript_too(school: Server) -> None:
    tokens = {name: school.token(name.title(), role=role) for name, role in PEOPLE.items()}
    environment = os.environ | {"TERTULIA_URL": school.url, "TERTULIA_TOKENS": json.dumps(tokens)}
    folder = Path(__file__).parent.parent / "client_js"
    process = await asyncio.create_subprocess_exec(
        "node",
        "--test",
        "sdk/test/protocol_examples.test.js",
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert b"# skipped 0" in output, "it ran, it was not skipped"
    assert b"# pass 0" not in output, "it has tests"
