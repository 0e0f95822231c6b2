"""`tertulia doctor` and `tertulia rebuild`: what is found and said; tables made anew are as before."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import time
from pathlib import Path

import pytest

from tests.commands import said, tertulia
from tests.redis_server import RedisServer, free_port
from tests.servers import Server


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """A folder with a log in `data`."""
    lines = [{"at": 1_700_000_000_000 + n, "by": f"Person {n % 3}", "text": f"Word{n} and more"} for n in range(50)]
    (tmp_path / "talk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    said("import", "talk.jsonl", "--data", "data", "--cohort", "c", "--room", "r", folder=tmp_path)
    return tmp_path


def look(folder: Path, *arguments: str) -> tuple[int, str]:
    done = tertulia("doctor", "--port", str(free_port()), *arguments, folder=folder)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_a_new_folder_and_a_used_one_are_well(school: Path) -> None:
    code, text = look(school, "--data", "none")
    assert code == 0
    assert "the first start makes it" in text
    before = {path.name: path.read_bytes() for path in (school / "data").iterdir()}
    code, text = look(school, "--data", "data")
    assert code == 0, text
    for part in ("Tertulia 0", "SQLite", "can be written", "secret.key can be used", "is whole", "No other process"):
        assert part in text
    assert text.endswith("All is well.\n")
    assert {path.name: path.read_bytes() for path in (school / "data").iterdir()} == before, "it only looks"


def test_a_running_server_is_no_trouble(shared_server: Server, tmp_path: Path) -> None:
    done = tertulia("doctor", "--data", shared_server.data, "--port", str(shared_server.port), folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"in use by process {shared_server.pid}" in done.stdout
    assert "serves port" in done.stdout


def test_each_trouble_is_said_with_what_to_do(school: Path) -> None:
    data = school / "data"
    (data / "secret.key").chmod(0o644)
    data.chmod(0o777)
    with (data / "tertulia.sqlite3").open("r+b") as file:
        file.truncate(10_000)
    ahead_s = time.time() + 7200
    os.utime(data / "tertulia.lock", (ahead_s, ahead_s))
    code, text = look(school, "--data", "data", "--bus", "redis://127.0.0.1:1/0")
    assert code == 1
    troubles = [line for line in text.splitlines() if line.startswith("✗")]
    for part in ("chmod 600", "chmod o-w", "damaged", "set the clock", "127.0.0.1:1"):
        assert any(part in trouble for trouble in troubles), f"{part!r} is not said in:\n{text}"


def test_a_port_that_is_taken_is_trouble(school: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = tertulia("doctor", "--data", "data", "--port", str(taken.getsockname()[1]), folder=school)
    assert done.returncode == 1
    assert "is in use" in done.stdout


def test_too_few_open_files_are_noted(school: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("here any number of files may be open")
    code, text = look(school, "--data", "data", "--connections-max", str(hard))
    assert code == 0
    assert f"Only {hard:,} files may be open, which is enough for about {hard - 200:,} connections" in text
    assert f"LimitNOFILE={hard + 200}" in text


@pytest.mark.redis
def test_a_bus_that_answers_is_well(school: Path, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        code, text = look(school, "--data", "data", "--bus", redis.url)
    assert code == 0, text
    assert f"The bus answers: 127.0.0.1:{redis.port}." in text


def test_rebuilt_tables_are_as_before(school: Path) -> None:
    """Spoil the derived tables; rebuild; everything is as it was."""
    export = ["export", "--data", "data", "--cohort", "c", "--room", "r", "--format", "markdown"]
    before = said(*export, folder=school)
    path = school / "data" / "tertulia.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE message SET by = 'p-somebody', replies = 7")
        connection.execute("DELETE FROM room")
    connection.close()
    assert said("rebuild", "--data", "data", folder=school).startswith("Done: everything was made anew from 5")
    assert said(*export, folder=school) == before
