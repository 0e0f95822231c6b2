"""A room with a live session for the browser tests: what its people do by HTTP."""

from __future__ import annotations

from typing import Any

from tests.browser.school import School


class SessionRoom:
    """An open session in a room of its own. `ask("Kofi", "Why?")` gives the question's id."""

    def __init__(self, school: School, name: str, **settings: Any) -> None:
        self.school = school
        answer = school.command("Ines", type="create_room", name=name, kind="session")
        self.room = str(answer["stream"]).removeprefix("room/")
        self.do("Ines", "open_session", title=name)
        if settings:
            self.do("Ines", "change_room", **settings)

    @property
    def console(self) -> str:
        return f"/c/demo/r/{self.room}/console"

    @property
    def presenter(self) -> str:
        return f"/c/demo/r/{self.room}/presenter"

    @property
    def session(self) -> dict[str, Any]:
        """The session as all see it now."""
        view: dict[str, Any] = self.school.get("Ines", f"/api/rooms/{self.room}")["state"]["session"]
        return view

    def do(self, who: str, type: str, **fields: Any) -> dict[str, Any]:
        return self.school.command(who, type=type, room=self.room, **fields)

    def ask(self, who: str, text: str, **fields: Any) -> str:
        self.do(who, "ask_question", text=text, **fields)
        session = self.session
        found = [question["question"] for question in session.get("questions", []) if question["text"] == text]
        return str(found[-1] if found else list(session["unpublished"])[-1])

    def status(self, question: str) -> str:
        session = self.session
        published = {one["question"]: one.get("status", "published") for one in session.get("questions", [])}
        if question in published:
            return str(published[question])
        return str(session["unpublished"][question].get("status", "pending"))

    def poll(self, text: str, *options: str, **fields: Any) -> int:
        return int(self.do("Ines", "open_poll", text=text, options=list(options), **fields)["seq"])
