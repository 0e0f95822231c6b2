"""The vectors of the orders of a question queue: questions, who was heard, the orders they give; for both languages.

`python tests/vectors/make_fair_order.py` writes `fair_order.json` beside this file; it is committed, and
tests/test_domain_fair_order.py checks that it is what this makes and tests the order itself by another reckoning.
Deterministic: a fixed seed, and of `Random` only `random()`, which Python promises to keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tertulia.domain.fair_order import Placed, Queued, fair_order, newest, oldest, popular

FILE = Path(__file__).parent / "fair_order.json"
SEED = 20_260_101
BEGAN_AT = 1_700_000_000_000
MINUTE_MS = 60_000

Json = dict[str, Any]


def case(name: str, queued: list[Queued], heard: Mapping[str, int]) -> Json:
    return {
        "name": name,
        "queued": [msgspec.to_builtins(one) for one in queued],
        "heard": dict(heard),
        "fair": [one._asdict() for one in fair_order(queued, heard)],
        "popular": _ids(popular(queued)),
        "newest": _ids(newest(queued)),
        "oldest": _ids(oldest(queued)),
    }


def ask(seq: int, by: str, *, minute: int = 0, votes: int = 0, highlighted: bool = False) -> Queued:
    """A question asked so many minutes after the beginning."""
    at = BEGAN_AT + minute * MINUTE_MS
    return Queued(question=f"q-{seq}", by=by, asked_at=at, seq=seq, votes=votes, highlighted=highlighted)


def cases() -> Iterator[Json]:
    yield from by_hand()
    random = Random(SEED)
    shapes = [
        ("a small class", 6, 4, 0.0),
        ("a class", 16, 9, 0.1),
        ("many highlighted", 18, 8, 0.6),
        ("a few who ask a lot", 20, 3, 0.1),
        ("a crowd", 60, 45, 0.05),
    ]
    for name, size, people, highlighted in shapes:
        for number in range(1, 9):
            queued = [_any_question(random, seq, people=people, highlighted=highlighted) for seq in range(1, size + 1)]
            heard = {one.by: _below(random, 4) for one in queued if random.random() < 0.6}
            yield case(f"{name}, {number}", _shuffled(random, queued), heard)


def by_hand() -> Iterator[Json]:
    yield case("nothing is asked", [], {"p-ana": 1})
    yield case("one question", [ask(1, "p-ana")], {})
    yield case("all is equal but seq", [ask(seq, f"p-{seq}") for seq in (11, 2, 7, 30, 1)], {})
    yield case(
        "a vote is a minute, and at a tie seq decides",
        [ask(1, "p-ana", minute=2, votes=2), ask(2, "p-ben", minute=1, votes=1), ask(3, "p-cho"), ask(4, "p-dia")],
        {},
    )
    yield case(
        "the fourth slot goes to the one who waits longest",
        [ask(1, "p-old"), *(ask(seq, f"p-{seq}", minute=seq, votes=50) for seq in range(2, 10))],
        {},
    )
    yield case(
        "one person asks ten times",
        [*(ask(seq, "p-ana", votes=20 - seq) for seq in range(1, 11)), *(ask(seq, f"p-{seq}") for seq in (11, 12, 13))],
        {"p-12": 1, "p-13": 4},
    )
    yield case(
        "eight highlighted ones of people who were heard",
        [
            *(ask(seq, f"p-{seq}", highlighted=True) for seq in range(1, 9)),
            *(ask(seq, f"p-{seq}", minute=seq, votes=seq) for seq in range(9, 16)),
        ],
        {f"p-{seq}": 1 for seq in range(1, 9)},
    )
    yield case(
        "highlighted ones of heard and unheard people mixed",
        [ask(seq, f"p-{seq % 7}", minute=20 - seq, votes=seq % 3, highlighted=seq % 2 == 0) for seq in range(1, 20)],
        {"p-0": 1, "p-2": 2, "p-4": 1},
    )
    yield case(
        "aliases give no reason",
        [ask(seq, f"~blue-heron.k3f{seq}" if seq % 2 else f"p-{seq}", highlighted=seq < 3) for seq in range(1, 11)],
        {"~blue-heron.k3f5": 1, "p-4": 1, "p-6": 2, "~blue-heron.k3f9": 2},
    )
    yield case(
        "all were heard", [ask(seq, f"p-{seq}", votes=seq) for seq in range(1, 8)], {f"p-{n}": n for n in range(9)}
    )
    yield case(
        "people named like parts of JavaScript",
        [ask(1, "constructor"), ask(2, "to-string"), ask(3, "p-ana"), ask(4, "constructor", votes=3)],
        {"p-ana": 1},
    )


def text_of(made: Iterator[Json]) -> str:
    """One line a question and an order, so that a change shows as what it is."""
    return "[\n" + ",\n".join(_case_text(one) for one in made) + "\n]\n"


def _any_question(random: Random, seq: int, *, people: int, highlighted: float) -> Queued:
    """Few minutes and few votes, so that there are many ties."""
    number = _below(random, people)
    return ask(
        seq,
        f"~blue-heron.k3f{number}" if number % 4 == 0 else f"p-{number}",
        minute=_below(random, 6),
        votes=_below(random, 5),
        highlighted=random.random() < highlighted,
    )


def _shuffled(random: Random, queued: list[Queued]) -> list[Queued]:
    return [one for _, one in sorted(((random.random(), one) for one in queued), key=lambda drawn: drawn[0])]


def _below(random: Random, limit: int) -> int:
    return int(random.random() * limit)


def _ids(placed: list[Placed]) -> list[str]:
    return [one.question for one in placed]


def _case_text(made: Json) -> str:
    queued = ",\n    ".join(_line(one) for one in made["queued"])
    orders = ",\n".join(f'  "{order}": {_line(made[order])}' for order in ("fair", "popular", "newest", "oldest"))
    return (
        f'{{"name": {_line(made["name"])},\n'
        f'  "queued": [\n    {queued}],\n'
        f'  "heard": {_line(made["heard"])},\n'
        f"{orders}}}"
    )


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    FILE.write_text(text_of(cases()), encoding="utf-8")
    print(f"{FILE.name}: {len(list(cases()))} cases")  # noqa: T201
