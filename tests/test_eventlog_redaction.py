"""A redacted text is nowhere any more: not in the log, not in the index, not in a page's slack, not in the `-wal`.

Method: words of random letters, which the index cannot shorten by a common beginning, are looked for as bytes in all
files of the folder; first to see that they are found while they are there.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tertulia.domain import limits
from tertulia.domain.events import MessageEdited, MessagePosted, MessageRedacted
from tertulia.domain.ids import PersonId, StreamName
from tertulia.eventlog import Append, Appended, Decided, Planned
from tertulia.eventlog.projection import Projection
from tertulia.eventlog.sqlite import SqliteLog
from tertulia.projections.link_table import LINKS
from tertulia.projections.search import SearchIndex
from tertulia.projections.session_tables import SESSIONS
from tertulia.projections.session_views import SessionViews
from tertulia.projections.sqlite_fold import PEOPLE, ROOMS
from tertulia.wire.stored import encode_event

ALL: tuple[Projection, ...] = (ROOMS, PEOPLE, SESSIONS, SessionViews(), LINKS, SearchIndex())
MESSAGES, REDACTED = 3_000, 300
ANA = PersonId("p-ana")
SHARED_LETTERS = 5
"""So many letters at the start of a word may be left in the index: where one word ends, the next one's are spared."""


def a_word(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=20))


def one(stream: StreamName, event: MessagePosted | MessageEdited | MessageRedacted) -> Decided:
    redacts = ((stream, event.message),) if isinstance(event, MessageRedacted) else ()
    return Decided(ANA, None, b"", 1, stream, (Planned(stream, ANA, *encode_event(event)),), redacts)


def words_found(folder: Path, words: list[str]) -> list[str]:
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    return [word for word in words if word[SHARED_LETTERS:].encode() in content]


async def append(log: SqliteLog, decisions: list[Decided]) -> list[int]:
    outcome = await log.append(Append(decisions, {}))
    assert isinstance(outcome, Appended)
    return [receipt.seq for receipt in outcome.receipts]


@pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "index behind"])
async def test_no_file_holds_a_redacted_word_soon_after(tmp_path: Path, indexed: bool) -> None:
    chance = random.Random(3)
    rooms = [StreamName(f"room/r{n}") for n in range(20)]
    log = await SqliteLog.open(tmp_path / "log.sqlite3", projections=ALL)
    secrets: list[str] = []
    redactions: list[Decided] = []
    for _ in range(0, MESSAGES, 100):
        places = [chance.choice(rooms) for _ in range(100)]
        words = [a_word(chance) for _ in places]
        texts = [f"well {word} " + "filler " * chance.randrange(60) for word in words]
        posts = [one(place, MessagePosted(text=text)) for place, text in zip(places, texts, strict=True)]
        seqs = await append(log, posts)
        if indexed:
            await log.settle()
        edits = []
        for number in range(REDACTED * 100 // MESSAGES):
            place, seq = places[number], seqs[number]
            first, second = a_word(chance), a_word(chance)
            edits.append(one(place, MessageEdited(message=seq, text=f"now {first}", revision=1)))
            edits.append(one(place, MessageEdited(message=seq, text=f"now {second}", revision=2)))
            redactions.append(one(place, MessageRedacted(message=seq)))
            secrets += [words[number], first, second]
        await append(log, edits)
        if indexed:
            await log.settle()
    assert words_found(tmp_path, secrets) == secrets
    for redaction in redactions:
        await append(log, [redaction])
    await log.settle()
    for _ in range(100):  # the write-ahead log is emptied when the writer has nothing else to do
        if not words_found(tmp_path, secrets):
            break
        await asyncio.sleep(limits.log_wipe_every_s / 5)
    assert words_found(tmp_path, secrets) == []
    await log.close()
    assert words_found(tmp_path, secrets) == []
