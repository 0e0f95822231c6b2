"""A data folder with one long room in it: real talk, said over and over with another ending each time.

The entries go in by the log's own append, many at once, as a server's lanes would bring them: receipts, checkpoints and
redactions too. Only the sockets and the decisions are left out, for a million of those takes an hour. Of a hundred
entries about 58 are messages (a third of them answers), 33 reactions, 6 edits, 2 redactions; edits and redactions are
of what was said lately. All comes from a seed: the same number of events is the same room.

What is *not* here: measuring (history.py). The text of the transcripts stays where it is and in the folder made.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tertulia.app import LOG_FILE, PROJECTIONS
from tertulia.cli.progress import bar
from tertulia.cli.tokens import issue_with, secret_of
from tertulia.cli.transcripts import Line, read
from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import MemberJoined, MessageEdited, MessagePosted, MessageRedacted, ReactionSet
from tertulia.domain.ids import (
    CohortId,
    PersonId,
    RoomId,
    Seq,
    StreamName,
    cohort_stream,
    room_signals_stream,
    room_stream,
)
from tertulia.eventlog import Append, Appended, Checkpoint, Decided, Planned
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.live.keepers import RoomKeeper
from tertulia.projections.sqlite_reading import SqliteReading
from tertulia.wire.stored import Entry, decode_event, encode_event
from tests.school import make_school

COHORT: Final = CohortId("demo")
ROOM: Final = RoomId("general")
STREAM: Final = room_stream(ROOM)
SIGNALS: Final = room_signals_stream(ROOM)
MADE: Final = "made.json"
RECIPE: Final = 1
"""Raised when the same number of events gives another room: a folder kept from before is then made anew."""

PEOPLE_MAX: Final = 500
LATELY: Final = 400
THREADS_OPEN: Final = 40
DAYS: Final = 1_000
BEGAN_MS: Final = 1_600_000_000_000
EMOJI: Final = ("👍", "❤️", "😂", "🎉", "🤔")
APPEND_EVENTS: Final = 4_096


class NoTranscripts(Exception):
    """The conversations the room is made of are not there; the message says where they were looked for."""


def transcripts_folder(given: Path | None) -> Path:
    """Where the conversations are: as given, or `shared/data/transcripts` beside or above this checkout."""
    here = Path(__file__).resolve()
    places = [given] if given is not None else [parent / "shared/data/transcripts" for parent in here.parents]
    for place in places:
        if any(place.glob("*.jsonl")):
            return place
    sought = str(given) if given is not None else "shared/data/transcripts beside or above this checkout"
    raise NoTranscripts(f"There are no transcripts in {sought}: name their folder with --transcripts.")


def make(data: Path, *, events: int, transcripts: Path) -> None:
    """Fill the data folder, unless it holds this very room already."""
    marker = data / MADE
    recipe = {"recipe": RECIPE, "events": events}
    if marker.exists() and json.loads(marker.read_text()) == recipe:
        asyncio.run(_fold(data))  # this program may fold otherwise than the one that made it
        return
    assert not (data / LOG_FILE).exists(), f"{data} holds another log: choose another folder"
    lines = [line for path in sorted(transcripts.glob("*.jsonl")) for line in read(path).lines]
    asyncio.run(make_school(data, cohort=COHORT, rooms={ROOM: "General talk"}))
    asyncio.run(_fill(data, lines, events))
    marker.write_text(json.dumps(recipe))


async def _fill(data: Path, lines: Sequence[Line], events: int) -> None:
    """First the log alone, then its projections in one go: half the time of folding with each append."""
    secret = secret_of(data)
    names = list(dict.fromkeys(line.by for line in lines))[:PEOPLE_MAX]
    people = [issue_with(secret, cohort=COHORT, name=name, role="learner").person for name in names]
    log = await SqliteLog.open(data / LOG_FILE, projections=())
    joined = [
        _decided(cohort_stream(COHORT), MemberJoined(person=person, name=name, role="learner"), person, at=BEGAN_MS)
        for person, name in zip(people, names, strict=True)
    ]
    assert isinstance(await log.append(Append(joined, {})), Appended)
    await _append_all(log, talk(lines, people, events), events)
    await log.close()
    await _fold(data)


async def _fold(data: Path) -> None:
    log = await SqliteLog.open(data / LOG_FILE, projections=PROJECTIONS)
    await log.settle()
    await log.close()


async def _append_all(log: SqliteLog, happenings: Iterator[Decided], events: int) -> None:
    keeper = RoomKeeper(SqliteReading(log.readers))
    state = keeper.fresh(STREAM)
    for entry in await log.read(STREAM, after=0, limit=limits.page_events_max):
        keeper.apply(state, entry, decode_event(entry))
    under_way: deque[asyncio.Future[object]] = deque()
    with bar(f"Making {events:,} events", events) as progress:
        while batch := [decided for _, decided in zip(range(APPEND_EVENTS), happenings, strict=False)]:
            for decided in batch:
                for stream, by, name, data in decided.events:
                    if stream == STREAM:
                        entry = Entry(stream, Seq(state.head + 1), decided.at, by, name, data)
                        keeper.apply(state, entry, decode_event(entry))
            checkpoint = Checkpoint(STREAM, keeper.version, keeper.heads(state), keeper.pack(state))
            under_way.append(log.append(Append(batch, {}, checkpoint)))  # type: ignore[arg-type]
            while len(under_way) > 2:
                assert isinstance(await under_way.popleft(), Appended)
            progress.update(len(batch))
        for outcome in await asyncio.gather(*under_way):
            assert isinstance(outcome, Appended)


# --- what happens ---------------------------------------------------------------------------------------------------


class _Said(NamedTuple):
    seq: int
    by: PersonId
    thread: int


def talk(lines: Sequence[Line], people: Sequence[PersonId], events: int) -> Iterator[Decided]:
    """So many decisions of one event each, in the room that so far has its first entry alone."""
    chance = random.Random(9)
    seq, said, revisions = 1, 0, dict[int, int]()
    lately: deque[_Said] = deque(maxlen=LATELY)
    threads: deque[int] = deque(maxlen=THREADS_OPEN)
    for number in range(events):
        at, key, dice = (
            BEGAN_MS + number * DAYS * 86_400_000 // events,
            f"{chance.getrandbits(96):024x}",
            chance.random(),
        )
        if dice < 0.33 and lately:
            reaction = ReactionSet(message=chance.choice(lately).seq, emoji=chance.choice(EMOJI))
            yield _decided(SIGNALS, reaction, chance.choice(people), at=at, key=key)
            continue
        seq += 1
        line = lines[said % len(lines)]
        text = f"{line.text[: limits.text_chars_max - 40]} · round{said // len(lines)} n{said}"
        if dice < 0.39 and lately:
            one = chance.choice(lately)
            revision = revisions[one.seq] = revisions.get(one.seq, 0) + 1
            edited = MessageEdited(message=one.seq, text=text, revision=revision, thread=_other(one))
            yield _decided(STREAM, edited, one.by, at=at, key=key)
        elif dice < 0.41 and lately:
            one = chance.choice(lately)
            lately.remove(one)
            redacted = MessageRedacted(message=one.seq, thread=_other(one))
            yield _decided(STREAM, redacted, one.by, at=at, key=key, redacts=((STREAM, one.seq),))
        else:
            by = chance.choice(people)
            thread = chance.choice(threads) if threads and chance.random() < 1 / 3 else None
            yield _decided(STREAM, MessagePosted(text=text, reply_to=thread, thread=thread), by, at=at, key=key)
            lately.append(_Said(seq, by, thread or seq))
            if thread is None:
                threads.append(seq)
        said += 1


def _other(said: _Said) -> int | None:
    """The thread of a message that does not begin one."""
    return None if said.thread == said.seq else said.thread


def _decided(
    stream: StreamName,
    event: Event,
    by: PersonId,
    *,
    at: int,
    key: str | None = None,
    redacts: tuple[tuple[StreamName, int], ...] = (),
) -> Decided:
    name, data = encode_event(event)
    fingerprint = b"" if key is None else key.encode()[:16]
    return Decided(by, key, fingerprint, at, stream, (Planned(stream, by, name, data),), redacts)
