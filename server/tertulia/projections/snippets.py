"""Where a query's words stand in a text, and the part of the text that shows it best. The rules are those of SQLite's
FTS5 (`highlight` and `snippet`), so that a search looks the same on every database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tertulia.domain import limits
from tertulia.projections.words import places_of

BEFORE, AFTER = "\ue000", "\ue001"
_LEFT_OUT: Final = "…"
_WORDS_MAX: Final = 24
_FIRST_OF_PHRASE, _OTHER, _AT_SENTENCE, _AT_BEGIN = 1_000, 1, 100, 120

Phrase = Sequence[str]


class Phrases(NamedTuple):
    """What is looked for, as words. `is_begun`: the last word of the last phrase may go on."""

    phrases: Sequence[Phrase]
    is_begun: bool


class Hit(NamedTuple):
    """The places of its first and last word, and what stands there: a phrase, or one of the words that go on so."""

    first: int
    last: int
    what: str


def hits(asked: Phrases, places: Mapping[str, Iterable[int]]) -> list[Hit]:
    """Each place a phrase stands at, in the order of the text. `places`: word → its places in the text."""
    found: list[Hit] = []
    for number, phrase in enumerate(asked.phrases):
        is_begun = asked.is_begun and number == len(asked.phrases) - 1
        sets = [set(places.get(word, ())) for word in phrase]
        names = dict.fromkeys(sets[-1], phrase[-1])
        if is_begun:
            begun = {place: word for word, at in places.items() if word.startswith(phrase[-1]) for place in at}
            sets[-1] = set(begun)
            # As SQLite has it: a few letters are a phrase, more of them stand for each word that begins so.
            names = begun if len(phrase[-1]) > limits.search_prefix_chars else dict.fromkeys(begun, phrase[-1])
        size = len(phrase) - 1
        for last in sets[-1]:
            if all(last - size + step in at for step, at in enumerate(sets[:-1])):
                found.append(Hit(last - size, last, names[last] if size == 0 else " ".join(phrase)))
    return sorted(set(found))


def merged(found: Iterable[Hit]) -> Iterator[tuple[int, int]]:
    """First and last place of what is marked: hits that overlap are one."""
    span: tuple[int, int] | None = None
    for first, last, _ in found:
        if span is not None and first <= span[1]:
            span = span[0], max(span[1], last)
            continue
        if span is not None:
            yield span
        span = first, last
    if span is not None:
        yield span


def snippet(text: str, asked: Phrases) -> str:
    """At most 24 words, the hits between U+E000 and U+E001."""
    words = places_of(text)
    at: dict[str, list[int]] = {}
    for place, (word, _, _) in enumerate(words):
        at.setdefault(word, []).append(place)
    found = hits(asked, at)
    start = _start(text, words, found)
    stop = min(start + _WORDS_MAX, len(words))
    shown: list[str] = [_LEFT_OUT] if start else []
    done = words[start][1] if start else 0
    for first, last in merged(found):
        if last < start or first >= stop:
            continue
        begin, end = words[max(first, start)][1], words[min(last, stop - 1)][2]
        shown += [text[done:begin], BEFORE, text[begin:end], AFTER]
        done = end
    is_whole = stop == len(words)
    shown += [text[done:]] if is_whole else [text[done : words[stop - 1][2]], _LEFT_OUT]
    return "".join(shown)


def _start(text: str, words: Sequence[tuple[str, int, int]], found: Sequence[Hit]) -> int:
    """The place of the first word to show: where most phrases are seen, at the begin of a sentence rather."""
    if len(words) <= _WORDS_MAX:
        return 0
    sentences = [0, *(place for place in range(1, len(words)) if _begins_sentence(text, words[place][1]))]
    best, best_score = 0, 0
    for hit in found:
        score, first, end = _score(found, hit.first)
        if score > best_score:
            middle = first - int((_WORDS_MAX - (end - first)) / 2)  # towards zero: a phrase may go beyond
            best, best_score = max(0, min(middle, len(words) - _WORDS_MAX)), score
        sentence = max((place for place in sentences if place <= hit.first), default=0)
        if sentence < hit.first:
            score = _score(found, sentence)[0] + (_AT_SENTENCE if sentence else _AT_BEGIN)
            if score > best_score:
                best, best_score = sentence, score
    return best


def _score(found: Sequence[Hit], start: int) -> tuple[int, int, int]:
    """How much of what is looked for begins in the words from `start`; where the first of it begins and the last ends
    (not included)."""
    inside = [hit for hit in found if start <= hit.first < start + _WORDS_MAX]
    kinds = len({hit.what for hit in inside})
    score = kinds * _FIRST_OF_PHRASE + (len(inside) - kinds) * _OTHER
    return score, inside[0].first if inside else start, inside[-1].last + 1 if inside else start


def _begins_sentence(text: str, begin: int) -> bool:
    before = text[:begin].rstrip(" \t\n\r")
    return len(before) < begin and before.endswith((".", ":"))
