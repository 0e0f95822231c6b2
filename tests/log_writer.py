"""A process that appends to a log and says on standard output what was answered; for tests that kill it or run several.

    python -m tests.log_writer PATH NAME [--shared] [--appends N] [--expect]

Eight writers of its own at once. A line `NAME-<n> <seq>` is written after each answer and not before. With `--expect`,
each append names the head it follows, so that writers conflict; otherwise it is taken freely.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from itertools import count
from pathlib import Path

from tertulia.domain.events import MessagePosted, MessageRedacted
from tertulia.domain.ids import PersonId, StreamName
from tertulia.eventlog import Append, Appended, Conflict, Decided, Planned
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.wire.stored import encode_event

ROOM, SIGNALS = StreamName("room/a"), StreamName("room/a/signals")
WRITERS = 8


def decided(name: str, number: int, at: int) -> Decided:
    """A message; beside it another stream's entry, so that an append has more than one part to lose."""
    author, key = PersonId(f"p-{name}"), f"{name}-{number}"
    post = Planned(ROOM, author, *encode_event(MessagePosted(text=f"{key} says hello to everyone")))
    other = Planned(SIGNALS, author, *encode_event(MessageRedacted(message=number)))  # never folded there
    return Decided(author, key, key.encode(), at, ROOM, (post, other))


async def write(log: SqliteLog, name: str, numbers: count[int], *, appends: int, expects: bool) -> None:
    head = 0
    while (number := next(numbers)) < appends:
        while True:
            expect = {ROOM: head} if expects else {}
            outcome = await log.append(Append([decided(name, number, number)], expect))
            if isinstance(outcome, Conflict):
                head = outcome.heads[ROOM]
                continue
            assert isinstance(outcome, Appended), outcome
            head = outcome.receipts[0].seq
            os.write(1, f"{name}-{number} {head}\n".encode())
            break


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("name")
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--appends", type=int, default=10**9)
    parser.add_argument("--expect", action="store_true")
    options = parser.parse_args()
    projections = (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
    log = await SqliteLog.open(options.path, projections=projections, shared=options.shared)
    numbers = count()
    tasks = [write(log, options.name, numbers, appends=options.appends, expects=options.expect) for _ in range(WRITERS)]
    await asyncio.gather(*tasks)
    await log.close()


if __name__ == "__main__":
    asyncio.run(main())
