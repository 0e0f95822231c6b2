"""The words of a text, for search in PostgreSQL: lower case, without diacritics, cut at whatever is no letter or digit,
as FTS5's tokenizer `unicode61 remove_diacritics 2` does for SQLite. Cut here and not by the database, so that nothing
depends on its locale and dictionaries. What is written into the index and what is asked for go through the same
function; a change of it wants a new version of the projection.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tertulia.domain import limits

_WORD: Final = re.compile(r"[^\W_]+")
_PLACES: Final[list[str]] = []


def words_of(text: str) -> list[str]:
    """The words in their order, each of at most `search_word_chars_max` characters."""
    words = _WORD.findall(text.lower() if text.isascii() else text.translate(_PLAIN))
    if len(text) > limits.search_word_chars_max:
        words = [word[: limits.search_word_chars_max] for word in words]
    return words


def places_of(text: str) -> list[tuple[str, int, int]]:
    """The words with where each begins and ends in the text (not included); what stands over or under its last letter
    is part of it."""
    if text.isascii():
        return [(match[0], *match.span()) for match in _WORD.finditer(text.lower())]
    plain = [_PLAIN[ord(character)] for character in text]
    kept = [place for place, letter in enumerate(plain) if letter]
    after = [*kept[1:], len(text)]
    return [(match[0], kept[match.start()], after[match.end() - 1]) for match in _WORD.finditer("".join(plain))]


def tsvector_of(text: str) -> str:
    """The words with their places from 1, as the text form of a `tsvector`: no word has a character to be quoted, and
    PostgreSQL itself brings the places of a word together."""
    words = words_of(text)
    if len(words) > len(_PLACES):
        _PLACES.extend(f":{place}" for place in range(len(_PLACES) + 1, len(words) + 1))
    return " ".join(map(str.__add__, words, _PLACES))


class _Plain(dict[int, str]):
    """Code point → what it is in a word; filled as they come."""

    def __missing__(self, code: int) -> str:
        self[code] = plain = _plain(chr(code))
        return plain


def _plain(character: str) -> str:
    if "\u0300" <= character <= "\u036f":  # a diacritic by itself: what it stands on is without it too
        return ""
    base = unicodedata.normalize("NFD", character)[0]
    folded = (base if base.isascii() else character).casefold()
    return folded if len(folded) == 1 else character.lower()[0]


_PLAIN: Final = _Plain()
