"""Who is there and what they do: rooms with their people and rates, drawn from a seed. What is assumed stands here.

The rates of talk are counted in the recorded conversations that the replay uses: how many messages an hour has in which
anything is said. Four Gitter rooms of 177 to 308 authors: half of such hours have 2 at most, nine in ten 12, one in a
hundred 55 or more, at most 166. A help channel (IRC, 55 authors): 161 in the middle, 424 at most. No recorded minute
has more than 24. What is not recorded (votes, reading along, staying) is a stated assumption.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from tertulia.domain import limits

HOURLY: Final = ((0.45, 2.0), (0.36, 12.0), (0.08, 55.0), (0.01, 150.0), (0.09, 161.0), (0.01, 424.0))
"""(share of rooms, messages an hour): nine rooms in ten as on Gitter, one as the help channel."""
SESSION_MESSAGES_OF_ONE_S: Final = 1 / 60
"""In a live session each person writes once a minute."""
SESSION_MESSAGES_PER_S_MAX: Final = 20.0
"""More is not read by anybody; slow mode sees to it."""
SIGNALS_OF_ONE_S: Final = 1 / 30
"""In a live session: votes, answers to polls, reactions. Half are votes."""
QUIET_SIGNALS_A_MESSAGE: Final = 0.5
LOOKING: Final = 0.5
"""Of the people of a room, who have it before their eyes: a browser then says what has been read."""
STAY_S: Final = 1_800.0
"""How long a person stays; as many come as go."""


class Activity(NamedTuple):
    """`session_share`: of the rooms, which hold a live session now, with everybody there. `factor`: on all rates of
    talk and votes."""

    session_share: float = 0.05
    factor: float = 1.0


class Room(NamedTuple):
    people: int
    messages_per_s: float
    signals_per_s: float
    is_session: bool

    def read_markers_per_s(self, looking: float = LOOKING, *, every_s: float = limits.read_marker_every_s) -> float:
        """Each who looks marks what they saw, at most so often."""
        return self.people * looking * min(self.messages_per_s, 1 / every_s)


def sizes(people: int, rooms: int, *, seed: int) -> list[int]:
    """Of so many rooms, with so many people in all: one in a thousand is large (2,000 to 5,000 of 1,000,000 people in
    20,000 rooms), one in a hundred of hundreds, the others near the rest's mean (20 to 62 of these)."""
    chance = random.Random(seed)
    mean = people / rooms
    large, middle = rooms // 1_000, rooms // 100
    drawn = [chance.uniform(40 * mean, 100 * mean) for _ in range(large)]
    drawn += [chance.uniform(4 * mean, 20 * mean) for _ in range(middle)]
    rest = rooms - large - middle
    mean_left = max(1.0, (people - sum(drawn)) / rest)
    drawn += [chance.uniform(0.5 * mean_left, 1.5 * mean_left) for _ in range(rest)]
    scale = people / sum(drawn)
    found = [max(1, int(size * scale)) for size in drawn]
    for place in range(people - sum(found)):  # what rounding left
        found[large + middle + place % rest] += 1
    return found


def population(people: int, rooms: int, activity: Activity, *, seed: int = 5) -> list[Room]:
    chance = random.Random(seed + 1)
    return [
        session(size, activity.factor)
        if chance.random() < activity.session_share
        else quiet(size, _hourly(chance) * activity.factor)
        for size in sizes(people, rooms, seed=seed)
    ]


def session(people: int, factor: float = 1.0) -> Room:
    messages = min(SESSION_MESSAGES_PER_S_MAX, people * SESSION_MESSAGES_OF_ONE_S * factor)
    return Room(people, messages, people * SIGNALS_OF_ONE_S * factor, is_session=True)


def quiet(people: int, messages_an_hour: float) -> Room:
    per_s = messages_an_hour / 3600
    return Room(people, per_s, per_s * QUIET_SIGNALS_A_MESSAGE, is_session=False)


def _hourly(chance: random.Random) -> float:
    drawn = chance.random()
    for share, rate in HOURLY:
        drawn -= share
        if drawn < 0:
            return rate
    return HOURLY[-1][1]


def total(rooms: Sequence[Room]) -> dict[str, float]:
    """What all say in a second, for the reader of a table."""
    return {
        "people": float(sum(room.people for room in rooms)),
        "rooms": float(len(rooms)),
        "sessions": float(sum(room.is_session for room in rooms)),
        "messages_per_s": sum(room.messages_per_s for room in rooms),
        "signals_per_s": sum(room.signals_per_s for room in rooms),
        "read_markers_per_s": sum(room.read_markers_per_s() for room in rooms),
        "deliveries_per_s": sum(room.messages_per_s * room.people for room in rooms),
    }
