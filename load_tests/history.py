"""P9: a room of a million events opens, is paged, searched and rebuilt as fast as one of a thousand.

    python -m load_tests.history                      # a million events, in a fresh temporary folder
    python -m load_tests.history --events 200000      # smaller, sooner
    python -m load_tests.history --folder ../p9       # keeps what it made, for the next time

Makes two data folders (long_room.py), starts `tertulia serve` on each, and asks the same questions at places drawn from
a seed: opening (from connecting to `live`), pages, threads, search, resuming after 400 missed events, ranges of events.
Then `tertulia rebuild`. The long log is cold when its server starts: its pages are put out of the kernel's cache.

What is waited for is said in ms, once for each room, and as the ratio of the two: noise is in both. Memory is the
server's resident set after the same questions. Human lines with their targets, then one JSON object as the last line.
What is *not* here: other load meanwhile (crowd.py).
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import re
import resource
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import click

from load_tests.figures import Figure, at_least, at_most, line, plain
from load_tests.frames import masked
from load_tests.long_room import COHORT, ROOM, STREAM, NoTranscripts, make, transcripts_folder
from tertulia.app import LOG_FILE
from tests.servers import TERTULIA, Server

SMALL_EVENTS: Final = 1_000
GAP_EVENTS: Final = 400
PAGE: Final = 50
TIMES: Final = 400
OPENS: Final = 20
PATIENCE_S: Final = 30.0


class Waits(NamedTuple):
    """Of one question asked often, in ms."""

    p50: float
    p99: float

    @classmethod
    def of(cls, waits_s: list[float]) -> Waits:
        ordered = sorted(waits_s)
        return cls(*(round(ordered[int(len(ordered) * part)] * 1000, 2) for part in (0.5, 0.99)))


Question = Callable[[], tuple[str, dict[str, object]]]
"""Made anew each time: a path, and what stands behind its question mark."""


class Measured(NamedTuple):
    """One room's server. `first_open_ms`: right after the start, everything cold. `first_post_ms`: until the first
    message after the start is answered, the room's state being read for it. `crash_start_ms`: the start after SIGKILL
    with commits that are only in the write-ahead log."""

    start_ms: float
    crash_start_ms: float
    first_open_ms: float
    first_post_ms: float
    waits: dict[str, Waits]
    rss_start_kib: int
    rss_end_kib: int


class Rebuilt(NamedTuple):
    """`cpu_s` tells more where the machine is busy with other things."""

    wall_s: float
    cpu_s: float


def run(
    *,
    events: int = 1_000_000,
    folder: Path | None = None,
    transcripts: Path | None = None,
    rebuild: bool = True,
) -> dict[str, Figure]:
    """All of it; figures by name. `folder`: what is made there is kept. Without transcripts: none, and a word why."""
    try:
        sources = transcripts_folder(transcripts)
    except NoTranscripts as missing:
        click.echo(f"P9 is skipped: {missing}")
        return {}
    with _folder(folder) as place:
        rooms = {SMALL_EVENTS: place / f"room-{SMALL_EVENTS}", events: place / f"room-{events}"}
        for count, room in rooms.items():
            make(room / "data", events=count, transcripts=sources)
        small, large = (_measure(room) for room in rooms.values())
        rebuilt = _rebuild(rooms[events] / "data") if rebuild else None
    _tell(small, large)
    return _figures(small, large, events=events, rebuilt=rebuilt)


# --- one server -----------------------------------------------------------------------------------------------------


def _measure(folder: Path) -> Measured:
    server = Server(folder, options=["--no-rate-limits"])
    start_ms = _start(server)
    try:
        token = server.token("A visitor", cohort=COHORT, hours=5.0)
        rss_start = _rss_kib(server.pid)
        first_open = _open(server, token, None)[0]
        with _asker(server, token) as asker:
            waits = {"open": _opens(server, token), "resume": _resumes(server, token)}
            waits |= {name: asker.ask(question) for name, question in _questions(asker).items()}
            first_post_ms = asker.post("Nobody said this before.")
        rss_end = _rss_kib(server.pid)
        server.kill()
        return Measured(start_ms, _start(server), first_open * 1000, first_post_ms, waits, rss_start, rss_end)
    finally:
        server.kill()


def _start(server: Server) -> float:
    """Until it is ready, in ms; its log is cold."""
    _put_out_of_cache(server.data / LOG_FILE)
    began = time.perf_counter()
    server.start()
    return (time.perf_counter() - began) * 1000


def _opens(server: Server, token: str) -> Waits:
    return Waits.of([_open(server, token, None)[0] for _ in range(OPENS)])


def _resumes(server: Server, token: str) -> Waits:
    """From 400 events before the head: read from the log once, and from then on kept by the channel."""
    _, welcome = _open(server, token, "head")
    epoch, head = re.search(r'"epoch":"(\w+)"', welcome), re.search(r'"seq":(\d+)', welcome)
    assert epoch is not None, "a stream's result names the epoch"
    assert head is not None, "a stream's result names its head"
    position = {"epoch": epoch[1], "seq": max(int(head[1]) - GAP_EVENTS, 0)}
    return Waits.of([_open(server, token, position)[0] for _ in range(OPENS)])


def _open(server: Server, token: str, origin: object) -> tuple[float, str]:
    """Seconds from connecting until the room is live; and the first of what was said."""
    key = base64.b64encode(os.urandom(16)).decode()
    hello = json.dumps({"type": "hello", "token": token, "streams": {STREAM: origin}}).encode()
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: tertulia.v1.json\r\n\r\n".encode()
        )
        connection.recv(4_096)
        connection.sendall(masked(hello))
        seen = b""
        while b'"type":"live"' not in seen:
            more = connection.recv(262_144)
            assert more, "the server keeps the connection"
            seen += more
        return time.perf_counter() - began, seen.decode(errors="replace")


# --- questions over HTTP ---------------------------------------------------------------------------------------------


class _Asker:
    """One connection that is kept. Draws from a seed, so that each run asks the same."""

    def __init__(self, connection: http.client.HTTPConnection, token: str) -> None:
        self._connection = connection
        self._headers = {"Authorization": f"Bearer {token}"}
        self.chance = random.Random(20)

    def get(self, path: str, **query: object) -> Any:
        self._connection.request("GET", f"{path}?{urlencode(query)}" if query else path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path}: {answer.status} {body[:200]!r}"
        return json.loads(body)

    def post(self, text: str) -> float:
        """How long until it is in the log, in ms."""
        command = {"type": "post_message", "id": 1, "key": os.urandom(12).hex(), "room": ROOM, "text": text}
        headers = self._headers | {"Content-Type": "application/json"}
        began = time.perf_counter()
        self._connection.request("POST", "/api/commands", body=json.dumps(command), headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:200]
        return (time.perf_counter() - began) * 1000

    def ask(self, question: Question, times: int = TIMES) -> Waits:
        waits = []
        for _ in range(times):
            path, query = question()
            began = time.perf_counter()
            self.get(path, **query)
            waits.append(time.perf_counter() - began)
        return Waits.of(waits)


@contextmanager
def _asker(server: Server, token: str) -> Iterator[_Asker]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        yield _Asker(connection, token)
    finally:
        connection.close()


def _questions(asker: _Asker) -> dict[str, Question]:
    """By name. What they ask for is drawn from the room's own messages."""
    chance, room = asker.chance, f"/api/rooms/{ROOM}"
    head = asker.get(room)["seq"]
    known = [message for _ in range(40) for message in _some(asker, head)]
    threads = [message["seq"] for message in known if message["replies"]] or [known[0]["seq"]]
    words = Counter(word for message in known for word in set(re.findall(r"[^\W\d_]{3,}", message["text"].lower())))
    common = [word for word, _ in words.most_common(20)]
    whole = [message for message in known if not message["redacted"] and len(message["text"].split()) > 3]

    def two_words() -> str:
        return " ".join(chance.sample(chance.choice(whole)["text"].split(), 2))

    def page(**sides: Callable[[], object]) -> Question:
        return lambda: (f"{room}/messages", {"limit": PAGE} | {side: draw() for side, draw in sides.items()})

    def search(words: Callable[[], str], **filters: Callable[[], object]) -> Question:
        return lambda: ("/api/search", {"q": words()[:100]} | {name: draw() for name, draw in filters.items()})

    def anywhere() -> int:
        return chance.randint(1, head)

    return {
        "page newest": page(),
        "page before": page(before=anywhere),
        "page after": page(after=anywhere),
        "page around": page(around=anywhere),
        "page thread": lambda: (f"{room}/threads/{chance.choice(threads)}", {"limit": PAGE}),
        "message": lambda: (f"{room}/messages/{chance.choice(known)['seq']}", {}),
        "search common word": search(lambda: chance.choice(common)),
        "search rare word": search(lambda: chance.choice(whole)["text"].rsplit(" ", 1)[1]),
        "search two words": search(two_words),
        "search by author": search(lambda: chance.choice(common), by=lambda: chance.choice(known)["by"]),
        "search in a room": search(lambda: chance.choice(common), room=lambda: ROOM),
        "unread": lambda: ("/api/cohort", {}),
        "events": lambda: ("/api/events", {"stream": STREAM, "after": chance.randint(0, head), "limit": GAP_EVENTS}),
    }


def _some(asker: _Asker, head: int) -> list[dict[str, Any]]:
    place = asker.chance.randint(1, head)
    found: list[dict[str, Any]] = asker.get(f"/api/rooms/{ROOM}/messages", around=place, limit=PAGE)["messages"]
    return found


# --- the machine ------------------------------------------------------------------------------------------------------


def _rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


def _put_out_of_cache(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _rebuild(data: Path) -> Rebuilt:
    """From the command's start to its end; its bar is on stderr."""
    began, cpu_began = time.perf_counter(), _cpu_of_children_s()
    subprocess.run([str(TERTULIA), "rebuild", "--data", str(data)], check=True, stdout=subprocess.DEVNULL)
    return Rebuilt(time.perf_counter() - began, _cpu_of_children_s() - cpu_began)


def _cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="tertulia-history-") as made:
        yield Path(made)


# --- telling ----------------------------------------------------------------------------------------------------------


def _tell(small: Measured, large: Measured) -> None:
    click.echo(f"{'ms':<20} {'small p50':>10} {'p99':>8} {'large p50':>10} {'p99':>8} {'p50 ratio':>10}")
    for name, here in large.waits.items():
        there = small.waits[name]
        ratio = here.p50 / max(there.p50, 0.01)
        click.echo(f"{name:<20} {there.p50:>10} {there.p99:>8} {here.p50:>10} {here.p99:>8} {ratio:>10.2f}")
    for name, of in (("small", small), ("large", large)):
        click.echo(
            f"{name}: ready after {of.start_ms:,.0f} ms, after a crash {of.crash_start_ms:,.0f} ms, "
            f"first open {of.first_open_ms:.1f} ms, first post {of.first_post_ms:.1f} ms, "
            f"RSS {of.rss_start_kib:,} KiB at start, {of.rss_end_kib:,} KiB at the end"
        )


def _figures(small: Measured, large: Measured, *, events: int, rebuilt: Rebuilt | None) -> dict[str, Figure]:
    def worst(of: Measured, kind: str) -> float:
        return max(wait.p99 for name, wait in of.waits.items() if name.startswith(kind))

    longer = "ms longer than with 1,000 events"
    figures = {
        "P9": at_most(max(large.first_open_ms, large.waits["open"].p50), "ms, first open after a cold start", 100),
        "P9_page": at_most(worst(large, "page"), "ms p99, a page of 50", 5),
        "P9_page_small": plain(worst(small, "page"), "ms p99, with 1,000 events"),
        "P9_search": at_most(worst(large, "search"), "ms p99", 50),
        "P9_search_small": plain(worst(small, "search"), "ms p99, with 1,000 events"),
        "P9_memory": at_most(large.rss_end_kib / small.rss_end_kib, "× RSS with 1,000 events", 1.25),
        "P9_start": at_most(large.start_ms - small.start_ms, longer, 100),
        "P9_crash_start": at_most(large.crash_start_ms - small.crash_start_ms, longer, 1_000),
        "P9_resume": at_most(large.waits["resume"].p99, "ms p99, 400 events behind", 100),
        "P9_events": at_most(large.waits["events"].p99, "ms p99, 400 events at random depth", 25),
    }
    if rebuilt is not None:
        figures["P9_rebuild"] = at_least(events / rebuilt.wall_s, "events/s", 50_000)
        figures["P9_rebuild_per_cpu_s"] = plain(events / rebuilt.cpu_s, "events/CPU-s")
    return figures


@click.command()
@click.option("--events", default=1_000_000, show_default=True, type=click.IntRange(SMALL_EVENTS + 1))
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Where rooms are made, and kept.")
@click.option("--transcripts", type=click.Path(file_okay=False, path_type=Path), help="A folder of JSON lines.")
@click.option("--rebuild/--no-rebuild", default=True, show_default=True, help="The rebuild takes a while.")
def main(**options: Any) -> None:
    figures = run(**options)
    for name, figure in figures.items():
        click.echo(line(name, figure))
    click.echo(json.dumps(figures, ensure_ascii=False))


if __name__ == "__main__":
    main()
