"""A running school for the browser tests: the server's process, and its people by HTTP."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.redis_server import free_port

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 15.0


class School:
    """`url` leads to it. `post("Mei", "Hello")` says something without a browser; `stop()` and `start()` are a restart
    on the same port and data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.people: dict[str, dict[str, str]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=20.0)

    def start(self) -> None:
        with (self.folder / "server.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.serve_school", str(self.folder / "data"), str(self.port)],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self._http.get("/readyz").status_code == 200:
                    self.people = json.loads((self.folder / "data" / "people.json").read_text())
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail(f"the school did not open:\n{(self.folder / 'server.txt').read_text()[-3000:]}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_DEADLINE_S)
            self._process = None

    def close(self) -> None:
        self.kill()
        self._http.close()

    def person(self, name: str) -> str:
        return self.people[name]["person"]

    def token(self, name: str) -> str:
        return self.people[name]["token"]

    def get(self, name: str, path: str, **query: Any) -> Any:
        answer = self._http.get(path, params=query, headers=self._bearer(name))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def command(self, who: str, **command: Any) -> dict[str, Any]:
        answer = self._http.post(
            "/api/commands", json={"key": f"test-{secrets.token_hex(8)}", **command}, headers=self._bearer(who)
        )
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def post(self, name: str, text: str, *, room: str = "general", reply_to: int | None = None) -> int:
        """Say something; the message's seq."""
        more = {} if reply_to is None else {"reply_to": reply_to}
        return int(self.command(name, type="post_message", room=room, text=text, **more)["seq"])

    def post_many(self, name: str, texts: list[str], *, room: str = "general") -> list[int]:
        return [self.post(name, text, room=room) for text in texts]

    def make_room(self, name: str) -> str:
        """A room of the test's own, made by the instructor; its id."""
        answer = self.command("Ines", type="create_room", name=name)
        return str(answer["stream"]).removeprefix("room/")

    def invite(self, role: str = "learner") -> str:
        answer = self._http.post("/api/invites", json={"role": role}, headers=self._bearer("Ines"))
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["link"])

    def _bearer(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(name)}"}
