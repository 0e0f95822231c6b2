"""Questions like the one that is being typed: lexical, over the course's questions that all may see.

Candidates come from the index for search, any word they share being enough; they are ranked by the words they have in
common, rare ones counting more. Nobody's name is read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.projections import ResolvedQuestion, SimilarQuestion
from tertulia.projections.asking import Ask, Asking

_CANDIDATES_MAX: Final = 200
_SCORE_MIN: Final = 0.15
_WORDS_MAX: Final = 40
_decode_resolved = msgspec.json.Decoder(list[ResolvedQuestion]).decode
_decode = msgspec.json.Decoder(list[SimilarQuestion]).decode


class Lexicon(Protocol):
    """How a database cuts text into words, and how its index is asked for them."""

    def words_of(self, text: str, /) -> list[str]: ...

    def any_of(self, words: Sequence[str], /, *, rooms: Sequence[Any], is_begun: bool) -> dict[str, Any]:
        """What to bind for the questions of these rooms, as `course_rooms` names them, with any of these words.
        `is_begun`: the last one may go on."""
        ...


def similar_questions(
    lexicon: Lexicon, cohort: CohortId, person: PersonId, text: str, *, limit: int
) -> Asking[list[SimilarQuestion]]:
    words = list(dict.fromkeys(lexicon.words_of(text)))[:_WORDS_MAX]
    rooms: list[Any] = msgspec.json.decode((yield Ask("course_rooms", {"cohort": cohort})))
    if not words or not rooms:
        return []
    is_begun = len(words[-1].encode()) >= limits.search_prefix_bytes_min
    bindings = {"candidates": _CANDIDATES_MAX, "cohort": cohort, "person": person}
    found = yield Ask("candidates", bindings | lexicon.any_of(words, rooms=rooms, is_begun=is_begun))
    return _best(lexicon, words, _decode(found), limit=limit)


def read_resolved(room: RoomId) -> Asking[list[ResolvedQuestion]]:
    found = yield Ask("resolved", {"room": room})
    return _decode_resolved(found)


def _best(
    lexicon: Lexicon, words: list[str], candidates: list[SimilarQuestion], *, limit: int
) -> list[SimilarQuestion]:
    """Ranked, each question once: one that was carried to another room stands in both."""
    said = [set(lexicon.words_of(candidate.text)) for candidate in candidates]
    found_in = Counter(word for one in said for word in one)

    def weight(word: str) -> float:
        return math.log(1 + (1 + len(said)) / (1 + found_in[word]))

    ranked: dict[str, SimilarQuestion] = {}
    for candidate, theirs in zip(candidates, said, strict=True):
        begun = {word for word in theirs if word.startswith(words[-1])}
        mine = {*words[:-1], *(begun or words[-1:])}  # a word that is begun counts as the whole one
        both = math.fsum(weight(word) for word in sorted(mine & theirs))
        score = both / math.fsum(weight(word) for word in sorted(mine | theirs))
        key = candidate.question or f"{candidate.cohort} {candidate.room} {candidate.message} {candidate.text}"
        scored = msgspec.structs.replace(candidate, score=round(score, 3))
        other = ranked.get(key)
        if score >= _SCORE_MIN and (other is None or _merit(other) < _merit(scored)):
            ranked[key] = scored
    return sorted(ranked.values(), key=lambda one: (-one.score, -one.votes, one.text))[:limit]


def _merit(one: SimilarQuestion) -> tuple[bool, float]:
    return one.answer is not None, one.score
