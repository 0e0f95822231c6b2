"""Full-text search in PostgreSQL: candidates from an index of words with their places (`words.py`), ranked here.

A message's words stand in a row of `searched` beside the log, with tags that no word looks like: its room, the slice of
its room, its author, its kind. A slice is some thousand messages that follow each other, so that the newest matches are
found without collecting all, however common a word is. Of the newest matches the densest come first, as on SQLite.
What a person types is cut into words first and never read as a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import RoomId
from tertulia.domain.view import MessageView
from tertulia.projections import Found
from tertulia.projections.asking import Ask, Asking
from tertulia.projections.search_terms import Wanted, terms_of
from tertulia.projections.snippets import Phrases, hits, merged, snippet
from tertulia.projections.words import words_of


class _Candidate(NamedTuple):
    room: RoomId
    seq: int
    position: int
    chars: int | None
    places: list[tuple[str, list[int]]] | None


_encode = msgspec.json.Encoder().encode
_decode_candidates = msgspec.json.Decoder(list[_Candidate]).decode
_decode_found = msgspec.json.Decoder(list[tuple[RoomId, MessageView]]).decode


def search_messages(rooms: Sequence[RoomId], query: str, wanted: Wanted, *, limit: int) -> Asking[list[Found]]:
    asked = phrases_of(query)
    if wanted.is_nothing or not asked.phrases or not rooms:
        return []
    candidates = yield from _candidates(rooms, asked, wanted)
    best = sorted(candidates, key=lambda one: (-_density(one, asked), -one.position))
    best = best[: max(0, min(limit, limits.search_results_max))]
    found = yield Ask("found", {"best": _text([(one.room, one.seq) for one in best])})
    messages = {(room, message.seq): message for room, message in _decode_found(found)}
    return [
        Found(one.room, message, snippet(message.text, asked))
        for one in best
        if (message := messages.get((one.room, one.seq))) is not None
    ]


def phrases_of(query: str) -> Phrases:
    """What a person typed, as words; what has none is passed over."""
    terms, is_begun = terms_of(query)
    return Phrases([words for term in terms if (words := words_of(term))], is_begun)


def tag(*parts: str | int) -> str:
    """A tag as a query has it: '/room/general'. See `postgres_tables.py`."""
    return _quoted("".join(f"/{part}" for part in parts))


def _candidates(rooms: Sequence[RoomId], asked: Phrases, wanted: Wanted) -> Asking[list[_Candidate]]:
    kind = "question" if wanted.answered is not None else wanted.kind
    tags = [tag("kind", kind)] if kind else []
    whole = [_phrase(phrase) for phrase in (asked.phrases[:-1] if asked.is_begun else asked.phrases)]
    begun = [_phrase(asked.phrases[-1]) + ":*"] if asked.is_begun else []
    bindings: dict[str, Any] = {
        "rooms": _text(list(rooms)),
        "match": " & ".join(tags + whole),
        "all": " & ".join(tags + whole + begun),
        "words": _array(word for phrase in asked.phrases for word in phrase),
        "begun": asked.phrases[-1][-1] if asked.is_begun else "",
        "since": wanted.since_ms,
        "until": wanted.until_ms,
        "with_hidden": wanted.with_hidden,
        "answered": wanted.answered,
        "candidates": limits.search_candidates_max,
    }
    if wanted.by is not None:
        bindings["match"] = " & ".join([tag("by", wanted.by), *tags, *whole])
        return _decode_candidates((yield Ask("found_anywhere", bindings)))
    if whole:
        return _decode_candidates((yield Ask("found_in_rooms", bindings | {"slice": limits.search_slice_messages})))
    newest = max(limits.search_newest_min, limits.search_newest_max // len(rooms))
    found = _decode_candidates((yield Ask("found_among_newest", bindings | {"newest": newest})))
    if len(found) >= limits.search_candidates_max:
        return found
    any_room = " | ".join(tag("room", room) for room in rooms)
    bindings["match"] = " & ".join([f"({any_room})", *tags, *begun])
    return _decode_candidates((yield Ask("found_anywhere", bindings)))


def _density(one: _Candidate, asked: Phrases) -> float:
    marked = sum(1 for _ in merged(hits(asked, dict(one.places or ()))))
    return (marked + 1.0) / ((one.chars or 0) + 200)


def _phrase(words: Sequence[str]) -> str:
    return " <-> ".join(map(_quoted, words))


def _quoted(lexeme: str) -> str:
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _array(words: Any) -> str:
    return "{" + ",".join(f'"{word}"' for word in words) + "}"


def _text(value: Any) -> str:
    return _encode(value).decode()


class TagLexicon:
    """See `similar.py`."""

    def words_of(self, text: str, /) -> list[str]:
        return words_of(text)

    def any_of(self, words: Sequence[str], /, *, rooms: Sequence[Any], is_begun: bool) -> dict[str, Any]:
        any_word = " | ".join(map(_quoted, words)) + (":*" if is_begun else "")
        any_room = " | ".join(tag("room", room) for room in rooms)
        return {"match": f"{tag('kind', 'question')} & ({any_room}) & ({any_word})"}
