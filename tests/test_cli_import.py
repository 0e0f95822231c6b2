"""`tertulia import` and `export`: replies, times, repeats, growth, refusals; what is exported can be imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tertulia.cli.exits import REFUSED
from tertulia.cli.tokens import issue
from tests.commands import said, tertulia
from tests.servers import Server

TALK: list[dict[str, Any]] = [
    {"session": "2026-01-05", "line": 10, "reply_to": None, "at": "09:30", "by": "Ana Lima", "text": "Where is it?"},
    {"session": "2026-01-05", "line": 12, "reply_to": 10, "at": "09:31", "by": "Ben", "text": "On the left."},
    {"session": "2026-01-05", "line": 13, "reply_to": 12, "at": "09:32", "by": "Ana Lima", "text": "Found it.\r\nTa!"},
    {"session": "2026-01-06", "line": 10, "reply_to": 3, "at": "08:00", "by": "Ben", "text": "Good morning"},
    {"session": "2026-01-06", "line": 11, "reply_to": 10, "at": "08:01", "by": "Ana Lima", "text": "Good morning"},
    {"session": "2026-01-06", "line": 12, "reply_to": None, "at": "08:01", "by": "Ana Lima", "text": "Again"},
    {"session": "2026-01-06", "line": 14, "reply_to": None, "at": "08:01", "by": "Ana Lima", "text": "Again"},
]  # fmt: skip


def write(folder: Path, lines: list[dict[str, Any]], name: str = "talk.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def exported(folder: Path, room: str = "r", *more: str) -> list[dict[str, Any]]:
    text = said("export", "--data", "data", "--cohort", "c", "--room", room, *more, folder=folder)
    return [json.loads(line) for line in text.splitlines()]


def test_a_transcript_becomes_a_room_with_its_replies_and_times(tmp_path: Path) -> None:
    write(tmp_path, TALK)
    told = said("import", "talk.jsonl", "--data", "data", "--cohort", "c", "--room", "r", folder=tmp_path)
    assert (
        told == "7 of 7 lines were said in room/r; 1 answer lines that the file does not have, and so answer nothing.\n"
    )
    lines = exported(tmp_path)
    assert [line["name"] for line in lines] == [line["by"] for line in TALK]
    assert [line["text"] for line in lines] == [line["text"].replace("\r", "") for line in TALK]
    assert [line["seq"] for line in lines] == list(range(2, 9))
    assert [line.get("reply_to") for line in lines] == [None, 2, 3, None, 5, None, None]
    assert [line.get("thread") for line in lines] == [None, 2, 2, None, 5, None, None]
    assert [line["at"] // 60_000 for line in lines] == [29460090, 29460091, 29460092, 29461440, *[29461441] * 3]
    assert len({line["by"] for line in lines}) == 2


def test_a_second_import_adds_nothing_and_a_grown_file_what_is_new(tmp_path: Path) -> None:
    options = ["--data", "data", "--cohort", "c", "--room", "r"]
    write(tmp_path, TALK[:4])
    said("import", "talk.jsonl", *options, folder=tmp_path)
    before = exported(tmp_path)
    write(tmp_path, TALK)
    assert said("import", "talk.jsonl", *options, folder=tmp_path).startswith(
        "3 of 7 lines were said in room/r; 4 were"
    )
    assert said("import", "talk.jsonl", *options, folder=tmp_path).startswith(
        "0 of 7 lines were said in room/r; 7 were"
    )
    lines = exported(tmp_path)
    assert len(lines) == 7
    assert lines[:4] == before
    assert lines[4]["reply_to"] == 5


def test_refused_lines_are_counted_and_the_rest_is_said(tmp_path: Path) -> None:
    write(tmp_path, [TALK[0], {**TALK[1], "text": "  "}, {**TALK[2], "text": "x" * 9000}, TALK[3]])
    done = tertulia("import", "talk.jsonl", "--data", "data", "--cohort", "c", "--room", "r", folder=tmp_path)
    assert done.returncode == REFUSED
    assert done.stdout.startswith("2 of 4 lines were said in room/r")
    assert "2 lines were refused (1 × text_empty, 1 × text_too_long); their numbers: 2, 3." in done.stderr
    assert len(exported(tmp_path)) == 2


def test_an_export_can_be_imported_again(tmp_path: Path) -> None:
    write(tmp_path, TALK)
    said("import", "talk.jsonl", "--data", "data", "--cohort", "c", "--room", "r", folder=tmp_path)
    out = tmp_path / "room.jsonl"
    printed = said("export", "--data", "data", "--cohort", "c", "--room", "r", "--out", out, folder=tmp_path)
    assert printed == ""
    said("import", out, "--data", "data", "--cohort", "c", "--room", "copy", folder=tmp_path)
    assert exported(tmp_path, "copy") == exported(tmp_path)


def test_an_export_that_fails_leaves_no_half_a_file(tmp_path: Path) -> None:
    write(tmp_path, TALK)
    said("import", "talk.jsonl", "--data", "data", "--cohort", "c", "--room", "r", folder=tmp_path)
    done = tertulia("export", "--data", "data", "--cohort", "c", "--room", "nowhere", "--out", "o", folder=tmp_path)
    assert done.returncode == REFUSED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "talk.jsonl"]


def test_markdown_is_for_reading(tmp_path: Path) -> None:
    write(tmp_path, TALK)
    said("import", "talk.jsonl", "--data", "data", "--cohort", "c", "--room", "r", folder=tmp_path)
    text = said("export", "--data", "data", "--cohort", "c", "--room", "r", "--format", "markdown", folder=tmp_path)
    assert text.startswith("# r\n")
    assert "**Ana Lima** · 2026-01-05 09:30:00 UTC · #2" in text
    assert "  > On the left." in text


@pytest.mark.parametrize("room", ["Heaps & trees", "plain"])
def test_a_running_server_is_given_the_lines_in_their_authors_names(
    room: str, shared_server: Server, tmp_path: Path
) -> None:
    cohort = f"imported-{room.lower().replace(' & ', '-')}"
    options = ["--data", shared_server.data, "--cohort", cohort, "--url", shared_server.url]
    write(tmp_path, TALK)
    told = said("import", "talk.jsonl", *options, "--room", room, folder=tmp_path)
    assert told.startswith("7 of 7 lines were said in room/")
    id = told.split("room/")[1].split(";")[0]
    assert said("import", "talk.jsonl", *options, "--room", room, folder=tmp_path).startswith("0 of 7")
    assert said("import", "talk.jsonl", *options, "--room", id, folder=tmp_path).startswith("0 of 7")
    lines = [json.loads(line) for line in said("export", *options, "--room", id, folder=tmp_path).splitlines()]
    assert [line["name"] for line in lines] == [line["by"] for line in TALK]
    assert [line.get("reply_to") for line in lines] == [None, 2, 3, None, 5, None, None]
    token = issue(shared_server.data, cohort=cohort, name="Ana Lima", role="learner").access
    me = httpx.get(f"{shared_server.url}/api/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert me["person"] == lines[0]["by"]
