"""Transcripts: conversations as JSON lines, read and checked whole before anything is done with them.

A line is an object with `by`, `text`, `at` (ISO 8601, Unix milliseconds, or `"HH:MM"` where `session` is a date) and,
where it is a reply, `reply_to`: the `line` (or `seq`) of an earlier line of the same `session`. Without `line`, lines
are counted from 1. What `tertulia export` writes is such a file; there `name` is the author's name, and redacted
messages are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tertulia.cli.exits import USAGE, Trouble
from tertulia.domain import limits
from tertulia.domain.text import clean_line

_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


class Line(NamedTuple):
    """`number`: of the line in the file. `reply_to`: the place (in the list of lines) of what it answers."""

    number: int
    session: str
    at_ms: int
    by: str
    text: str
    reply_to: int | None


class Transcript(NamedTuple):
    """`unanswerable`: replies to a line that the file does not have; they are said without answering anything."""

    lines: list[Line]
    unanswerable: int
    left_out: int


class _Raw(msgspec.Struct):
    by: str
    text: str
    at: str | int
    name: str = ""
    session: str | int = ""
    line: int | None = None
    seq: int | None = None
    reply_to: int | None = None
    redacted: bool = False


_decode = msgspec.json.Decoder(_Raw).decode


def read(path: Path) -> Transcript:
    """Raises Trouble, naming the file and the line."""
    lines: list[Line] = []
    places: dict[tuple[str, int], int] = {}
    unanswerable = left_out = 0
    for number, raw in _raw_lines(path):
        own = next(known for known in (raw.line, raw.seq, number) if known is not None)
        session = str(raw.session)
        if raw.redacted:
            left_out += 1
            continue
        at_ms = _at_ms(raw, path, number)
        name = clean_line(raw.name or raw.by, chars_max=limits.name_chars_max)
        if name is None:
            raise Trouble(f"{path}, line {number}: the author's name is empty or too long.", USAGE)
        reply_to = None if raw.reply_to is None else places.get((session, raw.reply_to))
        unanswerable += raw.reply_to is not None and reply_to is None
        if (session, own) in places:
            raise Trouble(f"{path}, line {number}: there is a line {own} already in this session.", USAGE)
        places[session, own] = len(lines)
        lines.append(Line(number, session, at_ms, name, raw.text, reply_to))
    return Transcript(lines, unanswerable, left_out)


def _raw_lines(path: Path) -> Iterator[tuple[int, _Raw]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    yield number, _decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    sentence = str(error) if isinstance(error, msgspec.DecodeError) else "it is no UTF-8"
                    raise Trouble(f"{path}, line {number} is no line of a transcript: {sentence}.", USAGE) from None
    except OSError as error:
        raise Trouble(f"{path} cannot be read: {error.strerror}.", USAGE) from None


def _at_ms(raw: _Raw, path: Path, number: int) -> int:
    if isinstance(raw.at, int):
        return raw.at
    text: Any = f"{raw.session}T{raw.at.zfill(5)}" if _CLOCK.fullmatch(raw.at) else raw.at
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Trouble(f"{path}, line {number}: {raw.at!r} is no time (ISO 8601 or Unix milliseconds).", USAGE) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
