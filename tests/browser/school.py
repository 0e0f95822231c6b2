"""A running school for the browser tests: the server's process, and its people by HTTP."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx

from tertulia.cli.tokens import Issued, issue
from tertulia.domain.policy import Role
from tests.school import make_school
from tests.servers import Server

ROOMS: Final = {"general": "General talk", "trees": "Week 5 · Trees", "resources": "Resources"}
PEOPLE: Final[dict[str, Role]] = {
    "Olga": "owner",
    "Ines": "instructor",
    "Ana": "ta",
    "Kofi": "learner",
    "Mei": "learner",
    "Yusuf": "learner",
    "Otto": "observer",
}


def found(data: Path, *, rooms: dict[str, str] | None = None) -> None:
    """Make the cohort in the data folder, before its server starts. In a thread: this one has Playwright's loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make_school(data, rooms=rooms)).result()


class School:
    """`url` leads to it. `post("Mei", "Hello")` says something without a browser; `kill()` and `start()` are a restart
    on the same port and data. Without rate limits, since a test types faster than a person."""

    def __init__(self, folder: Path) -> None:
        self._server = Server(folder, options=["--no-rate-limits"])
        self.data = self._server.data
        found(self.data, rooms=ROOMS)
        self._people: dict[str, Issued] = {
            name: issue(self.data, cohort="demo", name=name, role=role) for name, role in PEOPLE.items()
        }
        self.start()
        self.url = self._server.url
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=20.0)

    def start(self) -> None:
        self._server.start()

    def kill(self) -> None:
        self._server.kill()

    def close(self) -> None:
        self.kill()
        self._http.close()

    def person(self, name: str) -> str:
        return self._people[name].person

    def token(self, name: str) -> str:
        return self._people[name].access

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
