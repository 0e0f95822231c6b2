"""What a person who searches asks for, before any database is asked: what they typed, cut into words and phrases, and
what a message must be beside."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from tertulia.domain import limits
from tertulia.domain.ids import PersonId


class Wanted(NamedTuple):
    """What a message must be to be found. `answered`: a question that is, or is not."""

    by: PersonId | None = None
    since: int | None = None
    until: int | None = None
    kind: str | None = None
    answered: bool | None = None
    with_hidden: bool = False

    @property
    def is_nothing(self) -> bool:
        """No message is all of this."""
        return self.answered is not None and self.kind not in (None, "question")

    @property
    def since_ms(self) -> int:
        return 0 if self.since is None else min(max(self.since, 0), _LAST_MS)

    @property
    def until_ms(self) -> int:
        return _LAST_MS if self.until is None else min(max(self.until, -1), _LAST_MS)


class Terms(NamedTuple):
    """Words and phrases, as they were typed; all must occur. `is_begun`: the last one may go on."""

    terms: list[str]
    is_begun: bool


def terms_of(query: str) -> Terms:
    """What stands in quotes is a phrase, but for the last quote when it is not closed. Not all terms have a letter or
    number in them."""
    text = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in query[: limits.search_chars_max])
    *closed, last = text.split('"')
    terms: list[str] = []
    for place, part in enumerate(closed):
        is_phrase = place % 2 == 1
        terms += [part] if is_phrase and part.strip() else part.split()
    terms += last.split()
    begun = _WORD_AT_END.search(last)
    return Terms(terms, bool(begun and len(begun[0].encode()) >= limits.search_prefix_bytes_min))


_UNSEEN: Final = ("Cc", "Cs")
_WORD_AT_END: Final = re.compile(r"[^\W_]+$")
_LAST_MS: Final = 2**52
