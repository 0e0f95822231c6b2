"""Bad input: each ends the real command with one sentence on stderr that says what to do, a documented exit code, and
no traceback. What a folder held before, it holds after."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tertulia.cli.exits import DATA, REFUSED, UNREACHED, USAGE
from tests.commands import tertulia
from tests.servers import Server


class Case(NamedTuple):
    """`says`: what must stand in the sentence. `given` prepares the folder."""

    command: str
    code: int
    says: tuple[str, ...]
    given: Callable[[Path], None] = lambda folder: None


def file(name: str, content: str | bytes, *, mode: int = 0o600) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)

    return make


def toml(content: str) -> Callable[[Path], None]:
    return file("t.toml", content)


LINE = '{"at":1,"by":"a","text":"b"}\n'
SECRET = file("data/secret.key", "s" * 40)
IMPORT = "import talk.jsonl --cohort c --room r --data data"
SERVE = "serve --port {free} --data data"

CASES = {
    # the command line
    "unknown command": Case("serv", USAGE, ("No such command 'serv'",)),
    "unknown option": Case("serve --prot 1", USAGE, ("No such option '--prot'", "--port")),
    "missing option": Case("token --name Ana", USAGE, ("Missing option '--cohort'",)),
    "port is no number": Case("serve --port many", USAGE, ("--port", "many")),
    "port out of range": Case("serve --port 70000", USAGE, ("--port", "65535")),
    "origin with a path": Case("serve --origins https://a.example/b", USAGE, ("https://school.example",)),
    "public url is none": Case("serve --public-url school", USAGE, ("--public-url", "http://127.0.0.1:8080")),
    "cohort is no id": Case("token --cohort Über --name Ana", USAGE, ("--cohort", "a-z 0-9")),
    "name is empty": Case("token --cohort c --name ''", USAGE, ("--name", "1 to 60")),
    "name is too long": Case(f"token --cohort c --name {'x' * 61}", USAGE, ("--name", "1 to 60")),
    "unknown role": Case("token --cohort c --name Ana --role king", USAGE, ("'king'", "instructor")),
    "hours below nothing": Case("token --cohort c --name Ana --hours -1", USAGE, ("--hours",)),
    "log without a scheme": Case(f"{SERVE} --log postgres//x", USAGE, ("--log", "no scheme", "postgresql://user")),
    "log of another kind": Case(f"{SERVE} --log mysql://db", USAGE, ("--log", "mysql")),
    "bus of another kind": Case(f"{SERVE} --bus amqp://mq", USAGE, ("--bus", "redis://")),
    "workers without a bus": Case(f"{SERVE} --workers 2", USAGE, ("--bus redis://", "leave --workers out")),
    "demo at nodes without a bus": Case("demo --at http://127.0.0.1:1", USAGE, ("--at", "--bus")),
    "server's url is none": Case("tail --url localhost:80", USAGE, ("--url", "http://127.0.0.1:8080")),
    # the configuration file
    "no configuration file": Case("serve --config none.toml", USAGE, ("none.toml",)),
    "no TOML": Case("serve --config t.toml", USAGE, ("t.toml", "line 2"), toml("port = 8080\nhost = \n")),
    "unknown key": Case("serve --config t.toml", USAGE, ("t.toml, line 2", "'prot'", "port"), toml("\nprot = 80\n")),
    "wrong type": Case("serve --config t.toml", USAGE, ("t.toml, line 1", "port"), toml('port = "many"\n')),
    "a table": Case("serve --config t.toml", USAGE, ("t.toml, line 1", "host"), toml("[host]\nname = 1\n")),
    "a list for one": Case("serve --config t.toml", USAGE, ("t.toml, line 3", "port"), toml("# a\n\nport = [1, 2]\n")),
    "a bad origin": Case("serve --config t.toml", USAGE, ("t.toml, line 1", "origins"), toml('origins = ["x"]\n')),
    "no flag": Case("serve --config t.toml", USAGE, ("line 1", "rate_limits"), toml('rate_limits = "off"\n')),
    "not UTF-8": Case("serve --config t.toml", USAGE, ("t.toml, line 2", "UTF-8"), file("t.toml", b"port = 1\n\xff\n")),
    "even if not needed": Case("serve --port 8080 --config t.toml", USAGE, ("'nope'",), toml("nope = 1")),
    # the data folder
    "data is a file": Case("serve --data data", USAGE, ("data",), file("data", "x")),
    "no data folder": Case("token --cohort c --name Ana --data none", DATA, ("none", "--data")),
    "nothing to rebuild": Case("rebuild --data none", DATA, ("none", "--data")),
    "secret is open to others": Case(
        SERVE, DATA, ("secret.key", "chmod 600"), file("data/secret.key", "s" * 40, mode=0o644)
    ),
    "secret is short": Case(SERVE, DATA, ("secret.key", "32"), file("data/secret.key", "short")),
    "no secret file": Case(f"{SERVE} --secret-file mine.key", DATA, ("mine.key", "chmod 600")),
    "secret file is short": Case(
        f"{SERVE} --secret-file mine.key", DATA, ("mine.key", "--secret-file"), file("mine.key", "short")
    ),
    "database is damaged": Case(SERVE, DATA, ("damaged", "backup"), file("data/tertulia.sqlite3", "")),
    "database is another's": Case(
        SERVE, DATA, ("not a Tertulia database",), file("data/tertulia.sqlite3", b"SQLite format 3\0" * 40)
    ),
    # files
    "no such transcript": Case(IMPORT, USAGE, ("talk.jsonl",)),
    "no JSON": Case(IMPORT, USAGE, ("talk.jsonl, line 2",), file("talk.jsonl", f"{LINE}hello\n")),
    "no author": Case(IMPORT, USAGE, ("talk.jsonl, line 1", "by"), file("talk.jsonl", '{"at":1,"text":"b"}\n')),
    "no time": Case(IMPORT, USAGE, ("line 1", "soon"), file("talk.jsonl", '{"at":"soon","by":"a","text":"b"}\n')),
    "transcript is not UTF-8": Case(IMPORT, USAGE, ("line 1",), file("talk.jsonl", LINE.encode("utf-16"))),
    "deeply nested": Case(IMPORT, USAGE, ("line 1",), file("talk.jsonl", "[" * 100_000)),
    # the world
    "no server": Case("tail --url http://127.0.0.1:{free} --token x", UNREACHED, ("127.0.0.1:{free}",)),
    "no server to export from": Case(
        "export --url http://127.0.0.1:{free} --cohort c --room r --data data", UNREACHED, ("127.0.0.1:{free}",), SECRET
    ),
    "host is none": Case("serve --host nowhere.invalid --port {free}", USAGE, ("nowhere.invalid", "127.0.0.1")),
    "Redis is away": Case(f"{SERVE} --bus redis://127.0.0.1:1/0", UNREACHED, ("127.0.0.1:1", "edis")),
}  # fmt: skip


def must_be_one_sentence(stderr: str, says: tuple[str, ...]) -> None:
    lines = [line for line in stderr.splitlines() if line.strip()]
    assert len(lines) == 1, stderr
    assert lines[0].startswith("tertulia: "), stderr
    assert "Traceback" not in stderr
    assert "Something went wrong" not in stderr
    for part in says:
        assert part in lines[0], f"{part!r} is not said in: {stderr}"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.sqlite3") if path.is_file()}


@pytest.fixture
def free() -> Iterator[str]:
    """A port nobody listens on, and nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        yield str(taken.getsockname()[1])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_gets_a_sentence_and_an_exit_code(case: Case, tmp_path: Path, free: str) -> None:
    case.given(tmp_path)
    before = contents(tmp_path)
    arguments = [word.replace("{free}", free).strip("'") for word in case.command.split(" ")]
    done = tertulia(*arguments, folder=tmp_path)
    assert done.returncode == case.code, done.stderr
    assert not done.stdout
    must_be_one_sentence(done.stderr, tuple(part.replace("{free}", free) for part in case.says))
    assert contents(tmp_path).items() >= before.items()


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_in_use_is_said(command: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = tertulia(command, "--port", port, "--data", "data", folder=tmp_path)
    assert done.returncode == UNREACHED
    must_be_one_sentence(done.stderr, (str(port), "is in use", "--port"))


@pytest.mark.parametrize(
    "command",
    [
        "serve --port {free} --data {data}",
        "rebuild --data {data}",
        "import talk.jsonl --cohort c --room r --data {data}",
        "export --cohort c --room r --data {data}",
        "invite --cohort c --data {data}",
    ],
)
def test_a_data_folder_in_use_is_said(command: str, tmp_path: Path, shared_server: Server, free: str) -> None:
    file("talk.jsonl", LINE)(tmp_path)
    done = tertulia(*command.format(data=shared_server.data, free=free).split(), folder=tmp_path)
    assert done.returncode == DATA
    must_be_one_sentence(done.stderr, ("in use by process", str(shared_server.pid)))


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path, free: str) -> None:
    SECRET(tmp_path)
    file("talk.jsonl", LINE)(tmp_path)
    assert tertulia(*IMPORT.split(), folder=tmp_path).returncode == 0
    path = tmp_path / "data" / "tertulia.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    before = path.read_bytes()
    done = tertulia("serve", "--data", "data", "--port", free, folder=tmp_path)
    assert done.returncode == DATA
    must_be_one_sentence(done.stderr, ("newer", "9999"))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("tail --token not-a-token --url {url}", ("not valid",)),
        ("tail --data {data} --cohort {cohort} --room nowhere --url {url}", ("nowhere", "unknown_room")),
        ("export --data {data} --cohort {cohort} --room nowhere --url {url}", ("There is no such room",)),
        (
            "import talk.jsonl --data {data} --cohort {cohort} --room r --url {url}",
            ("1 lines were refused", "text_empty"),
        ),
    ],
)
def test_what_the_server_refuses_is_said(
    command: str, says: tuple[str, ...], tmp_path: Path, shared_server: Server
) -> None:
    cohort = f"cohort-{tmp_path.name[-20:].strip('-_').lower()}"
    file("talk.jsonl", '{"at":1,"by":"a","text":" "}\n')(tmp_path)
    assert tertulia("invite", "--data", shared_server.data, "--cohort", cohort, "--url", shared_server.url,
                    folder=tmp_path).returncode == 0  # fmt: skip
    words = command.format(data=shared_server.data, url=shared_server.url, cohort=cohort).split()
    done = tertulia(*words, folder=tmp_path)
    assert done.returncode == REFUSED, done.stderr
    must_be_one_sentence("\n".join(line for line in done.stderr.splitlines() if line[0] != "("), says)


def test_a_fault_of_the_program_shows_no_traceback(tmp_path: Path) -> None:
    """Method: a log that cannot be imported stands before ours on the path."""
    file("apsw.py", "raise RuntimeError('planted')")(tmp_path)
    done = tertulia("doctor", folder=tmp_path, environment={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("tertulia: Something went wrong in this program: RuntimeError.")
    told = tertulia("doctor", folder=tmp_path, environment={"PYTHONPATH": str(tmp_path), "TERTULIA_TRACEBACK": "1"})
    assert "planted" in told.stderr
