"""A lecture of a thousand learners: real talk at fifty times its speed, with typing, reactions, coming and going.

The busiest stretches of the recorded conversations are laid over each other, as when the instructor says "discuss".
Their words are read in place and sent to a server of this run; nothing of them is kept.
"""

from __future__ import annotations

import heapq
import json
import time
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

from load_tests import process
from load_tests.crowd import Crowd, Member
from load_tests.fan_out import READERS, settle
from load_tests.figures import Figure, at_most, part, plain
from load_tests.frames import masked
from load_tests.target import Tertulia
from tertulia.cli.transcripts import Line, read
from tests.servers import Server

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "transcripts"
SPEED = 50.0
AUTHORS = 200
REACTIONS_A_MESSAGE = 8
TYPING_BEFORE_S = 1.0
MOVES_PER_S = 4.0
MOVING = 50
FIRST_MOVING = 20_000
SEED = 7

Kind = Literal["type", "post", "react", "move"]


class Moment(NamedTuple):
    """What is due when (seconds from the begin), in this order."""

    at_s: float
    order: int
    kind: Kind
    who: int
    text: str = ""


def lecture(server: Server, seconds: float) -> dict[str, Figure]:
    """`seconds`: of the lecture, at least ten."""
    script = moments(max(seconds, 10.0))
    if not script:
        return {}
    with process.apart([server.pid]):
        hall = _Hall(Tertulia(server, connections_of_one=5))
        try:
            return hall.play(script)
        finally:
            hall.close()


def moments(seconds: float) -> list[Moment]:
    """The lecture as a list; empty where there are no transcripts."""
    random = Random(SEED)
    found: list[Moment] = []

    def add(at_s: float, kind: Kind, who: int, text: str = "") -> None:
        found.append(Moment(at_s, len(found), kind, who, text))

    names: dict[str, int] = {}
    for path in sorted(TRANSCRIPTS.glob("gitter-*.jsonl")):
        lines = read(path).lines
        begin, end = busiest(lines, stretch_ms=seconds * SPEED * 1000)
        for line in lines[begin:end]:
            at_s = (line.at_ms - lines[begin].at_ms) / 1000 / SPEED
            who = names.setdefault(f"{path.name} {line.by}", len(names)) % AUTHORS
            add(max(0.0, at_s - TYPING_BEFORE_S), "type", who)
            add(at_s, "post", who, line.text)
            for _ in range(REACTIONS_A_MESSAGE):
                add(at_s + random.uniform(0.3, 2.5), "react", random.randrange(READERS))
    for number in range(int(seconds * MOVES_PER_S) if found else 0):
        add(number / MOVES_PER_S, "move", number % MOVING)
    return sorted(found)


def busiest(lines: list[Line], *, stretch_ms: float) -> tuple[int, int]:
    """The lines [begin, end) of the stretch in which most was said."""
    best, begin = (0, 0), 0
    for end, line in enumerate(lines, start=1):
        while line.at_ms - lines[begin].at_ms > stretch_ms:
            begin += 1
        if end - begin > best[1] - best[0]:
            best = (begin, end)
    return best


class _Hall:
    def __init__(self, target: Tertulia) -> None:
        self._target = target
        self._crowd = Crowd(target)
        self._readers = self._crowd.connect(READERS)
        self._authors = self._crowd.connect(AUTHORS, is_reader=False)
        self._guests = Crowd(target, first=FIRST_MOVING)
        self._moving: list[Member] = self._guests.connect(MOVING)
        self._sent = 0
        self._posts_due: list[float] = []
        self.counts: dict[str, int] = {"type": 0, "post": 0, "react": 0, "move": 0}

    def close(self) -> None:
        self._crowd.close()
        self._guests.close()

    def play(self, script: list[Moment]) -> dict[str, Figure]:
        crowd, waiting = self._crowd, list(script)
        heapq.heapify(waiting)
        last_s: list[float] = []
        cpu_s, begun = process.cpu_s(self._target.pids), time.perf_counter()
        while waiting or len(last_s) < len(self._posts_due):
            now = time.perf_counter()
            while waiting and begun + waiting[0].at_s <= now:
                self._do(heapq.heappop(waiting), begun)
            crowd.read(0.005)
            self._guests.read(0.0)
            now = time.perf_counter()
            while len(last_s) < crowd.deliveries // READERS:
                last_s.append(now - self._posts_due[len(last_s)])
            assert now < begun + script[-1].at_s + 60, "not everything that was said arrived"
        took_s, used_s = time.perf_counter() - begun, process.cpu_s(self._target.pids) - cpu_s
        settle(crowd, len(self._posts_due) * READERS)
        return {
            "lecture_p50_ms": plain(part(last_s, 0.5) * 1000, "ms to the last reader"),
            "lecture_p99_ms": at_most(part(last_s, 0.99) * 1000, "ms to the last reader", 100.0),
            "lecture_messages": plain(self.counts["post"], f"in {took_s:.0f} s"),
            "lecture_reactions": plain(self.counts["react"], "taps"),
            "lecture_moves": plain(self.counts["move"], "left and came back"),
            "lecture_deliveries_per_s": plain(crowd.deliveries / took_s, "messages/s"),
            "lecture_cpu_share": plain(used_s / took_s, "of one core"),
        }

    def _do(self, moment: Moment, begun: float) -> None:
        match moment.kind:
            case "type":
                self._send(self._authors[moment.who], {"type": "typing", "room": "general"}, is_command=False)
            case "post":
                self._posts_due.append(begun + moment.at_s)
                self._send(self._authors[moment.who], {"type": "post_message", "room": "general", "text": moment.text})
            case "react":
                if (seq := self._heard()) == 0:
                    return
                reaction = {"type": "set_reaction", "room": "general", "message": seq, "emoji": "👍"}
                self._send(self._readers[moment.who], reaction)
            case "move":
                self._guests.leave(self._moving[moment.who])
                (self._moving[moment.who],) = self._guests.connect(1)
        self.counts[moment.kind] += 1

    def _heard(self) -> int:
        """The seq of the newest message that an audited reader has."""
        return next((member.audit.last for member in self._readers if member.audit), 0)

    def _send(self, member: Member, request: dict[str, Any], *, is_command: bool = True) -> None:
        self._sent += 1
        if is_command:
            request |= {"id": self._sent, "key": f"lecture-{self._sent:08}"}
        self._crowd.say(member, masked(json.dumps(request, ensure_ascii=False).encode()))
