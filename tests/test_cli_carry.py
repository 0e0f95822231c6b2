"""`tertulia carry`: what was answered goes to the next cohort, once, without names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tertulia.cli.exits import REFUSED
from tests.commands import said, tertulia
from tests.http_site import Site, furnish, serving
from tests.test_routes_sessions import Hall


async def answered(site: Site) -> str:
    """A room with a question answered in text, one that was dismissed, one answered aloud and one still open."""
    ina = await site.member_who("Ina", role="instructor")
    made = await ina.command("create_room", name="Lecture", kind="session")
    lea = await site.member_who("Lea")
    hall = Hall(site, made.json()["stream"].split("/")[1], ina, ina, lea, lea, lea)
    await hall.does(ina, "open_session")
    asked = [await hall.asks(lea, text) for text in ("Why?", "Aloud?", "Dull?", "Open?")]
    why = (await hall.state())["session"]["questions"][0]["message"]
    reply = await hall.does(ina, "post_message", text=f"Because @[Lea]({lea.person}) said so.", reply_to=why)
    await hall.does(ina, "answer_question", question=asked[0], how="text", message=reply)
    await hall.does(ina, "answer_question", question=asked[1], how="live")
    await hall.does(ina, "dismiss_question", question=asked[2], reason="off_topic")
    return hall.room


async def test_answered_questions_become_resolved_threads_once_and_name_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as site:
        await furnish(site.flow)
        room = await answered(site)
        lea = site.member("Lea").person

    options = ["--data", "data"]

    def exported() -> list[dict[str, Any]]:
        text = said("export", *options, "--cohort", "demo", "--room", "quiet", folder=tmp_path)
        return [json.loads(line) for line in text.splitlines()]

    told = said("carry", room, "quiet", *options, folder=tmp_path)
    assert told == f"1 answered questions were carried from room/{room} to room/quiet.\n"
    question, answer = exported()
    assert (question["text"], question["kind"], question["source"]) == ("Why?", "question", room)
    assert (answer["text"], answer["kind"], answer["thread"]) == ("Because @… said so.", "answer", question["seq"])
    assert {question["name"], answer["name"]} == {"Operator"}
    assert lea not in json.dumps([question, answer])
    again = said("carry", room, "quiet", *options, folder=tmp_path)
    assert again == f"0 answered questions were carried from room/{room} to room/quiet; 1 were there already.\n"
    assert len(exported()) == 2
    for rooms in (("nowhere", "quiet"), (room, room)):
        assert tertulia("carry", *rooms, *options, folder=tmp_path).returncode == REFUSED
