"""Equal voice, counted twice: as the server tells staff, and from what it gives out to be recounted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import httpx

from load_tests.lecture_check import Logged
from load_tests.lecture_play import ROOM
from tertulia.domain.events import MessagePosted
from tertulia.domain.session.events import AliasTaken, AttendanceNoted, HandLowered, SessionClosed, SessionOpened
from tertulia.domain.voice import effective_voices


def consoles_voice(url: str, token: str) -> float | None:
    """What `/voice` says to staff; None: this server has no such address."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{url}/api/rooms/{ROOM}/voice", headers=headers, trust_env=False, timeout=30.0)
    if answer.status_code == 404:
        return None
    answer.raise_for_status()
    return float(answer.json()["effective_voices"])


def recounted(log: Iterable[Logged]) -> float:
    """The same from the log alone: turns are messages, questions among them, and what was said aloud when called; by
    the person, whatever alias they had."""
    turns: Counter[str] = Counter()
    person_of: dict[str, str] = {}
    is_open = False
    for _, entry, event in log:
        match event:
            case SessionOpened():
                is_open = True
            case SessionClosed():
                is_open = False
            case AliasTaken():
                person_of[event.alias] = event.person or entry.by
            case MessagePosted() if is_open:
                turns[entry.by] += 1
            case HandLowered(why="heard") if is_open:
                turns[event.hand] += 0
            case AttendanceNoted():
                turns.update(dict.fromkeys(event.people, 0))
            case _:
                pass
    people: Counter[str] = Counter()
    for by, count in turns.items():
        people[person_of.get(by, by)] += count
    return effective_voices(people.values())
