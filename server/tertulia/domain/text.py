"""What people type: normalising, measuring, mentions. Bodies are kept as Markdown source; nothing is rendered here.

Whatever comes in, what comes out is in normal form C, can be written as UTF-8, shows something, keeps to its own place
on the screen (no floods of accents, no bidirectional overrides) and comes out the same when it is cleaned again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from tertulia.domain import limits
from tertulia.domain.ids import ID_PATTERN, PersonId
from tertulia.domain.refusals import Refusal

_LINE_ENDS: Final = re.compile("\r\n|[\r\u2028\u2029]")
# Control characters but tab and line feed; bidirectional embeddings, overrides and isolates, which make code read as
# what it is not (the marks U+200E and U+200F stay); byte order marks; halves of surrogate pairs; what is no character.
_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_ZERO_WIDTH: Final = re.compile("[\u00ad\u180e\u200b\u2060-\u2064]")
"""Not in names: they would make two of them look alike. (U+200C and U+200D stay: scripts and emoji need them.)"""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a symbol to Unicode, nothing to the eye."""
_PERHAPS_MARKS: Final = re.compile(f"[\u0300-\U0010ffff]{{{limits.marks_max + 1},}}")
_MENTION: Final = re.compile(rf"@\[[^\]\n]{{1,{limits.name_chars_max}}}\]\(({ID_PATTERN})\)")
_LINK: Final = re.compile(r"""\bhttps?://[^\s<>"'`\\^{|}]+""", re.IGNORECASE)
_AFTER_LINK: Final = ".,;:!?*_~"
_PAIRS: Final = {")": "(", "]": "["}
_LINK_HOST: Final = re.compile(r"\w+://(?:[^/?#@]*@)?(?:\w|\[[0-9a-f:])", re.IGNORECASE)
_ACCENTS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_JOINERS: Final = re.compile("[\u00ad\u180e\u200b-\u200f\u2060-\u2064]")


def clean_text(raw: str) -> str | Refusal:
    """A message body in normal form C, with line feeds for all line ends and no control characters."""
    if _is_plain(raw):  # most are
        text = raw.strip("\n").rstrip()
        is_shown = bool(text)
    else:
        text = _normal(_LINE_ENDS.sub("\n", raw)).strip("\n").rstrip()
        is_shown = _shows(text)
    if not is_shown:
        return Refusal("text_empty")
    if len(text) > limits.text_chars_max or len(text.encode()) > limits.text_bytes_max:
        return Refusal(
            "text_too_long",
            f"The text is longer than {limits.text_chars_max} characters or {limits.text_bytes_max} bytes.",
        )
    return text


def clean_line(raw: str, *, chars_max: int) -> str | None:
    """A name on one line; None when nothing is left or it is too long."""
    line = _one_line(raw)
    return line if len(line) <= chars_max and _shows(line) else None


def clean_topic(raw: str) -> str | Refusal:
    """A room's topic on one line; empty for one that shows nothing."""
    line = _one_line(raw)
    if not _shows(line):
        return ""
    if len(line) > limits.topic_chars_max:
        return Refusal("text_too_long", f"A topic has at most {limits.topic_chars_max} characters.")
    return line


def clean_reason(raw: str | None) -> str | None:
    """A reason people can be told; None when there is none worth the name."""
    return clean_line(raw, chars_max=limits.reason_chars_max) if raw else None


def mentioned_people(text: str) -> list[PersonId]:
    """The ids in `@[name](id)`, each once, in order, at most `mentions_max`."""
    if "@[" not in text:
        return []
    return [PersonId(id) for id in dict.fromkeys(_MENTION.findall(text))][: limits.mentions_max]


def links_in(text: str) -> list[str]:
    """The web addresses in a text, each once, in order: at most `links_max`; one that is too long is left out."""
    if "://" not in text:
        return []
    found = (_trimmed(match[0]) for match in _LINK.finditer(text))
    usable = (link for link in found if len(link) <= limits.link_chars_max and _LINK_HOST.match(link))
    return list(dict.fromkeys(usable))[: limits.links_max]


def words_blocked(words: Sequence[str], text: str) -> bool:
    """Whether one of the words (or phrases) stands in the text as a whole word: whatever the case, with accents or
    without, with unseen characters in it or with its letters spaced out."""
    if not words:
        return False
    said = _spoken(text)
    places = (f" {' '.join(said)} ", f" {' '.join(_drawn_together(said))} ")
    return any(f" {' '.join(_spoken(word))} " in place for word in words for place in places)


def has_words(text: str) -> bool:
    """Whether there is anything in it that `words_blocked` could find."""
    return bool(_spoken(text))


def _trimmed(link: str) -> str:
    """Without what belongs to the sentence around it: its stops, and brackets that were opened before it."""
    while True:
        last = link[-1]
        opens = _PAIRS.get(last)
        is_lone = opens is not None and link.count(last) > link.count(opens)
        if last not in _AFTER_LINK and not is_lone:
            return link
        link = link[:-1]


def _spoken(text: str) -> list[str]:
    """The words of a text, without case, accents and what is not seen; signs part them."""
    plain = unicodedata.normalize("NFKC", _JOINERS.sub("", text)).casefold()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    kept = (char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in bare)
    return "".join(kept).split()


def _drawn_together(words: list[str]) -> list[str]:
    """Letters that stand alone, as one word: `b a d` is `bad`."""
    drawn: list[str] = []
    is_open = False
    for word in words:
        is_letter = len(word) == 1
        if is_letter and is_open:
            drawn[-1] += word
        else:
            drawn.append(word)
        is_open = is_letter
    return drawn


def _is_plain(raw: str) -> bool:
    """Whether there is nothing in it but printable ASCII and line feeds: what `_normal` would leave as it is."""
    return raw.isascii() and raw.replace("\n", "").isprintable()


def _one_line(raw: str) -> str:
    return " ".join(_normal(_ZERO_WIDTH.sub("", _LINE_ENDS.sub(" ", raw))).split())


def _normal(raw: str) -> str:
    """What is taken out goes first, so that what stands together then is composed. Floods go before too: to normalise
    one takes a time that grows with its square."""
    text = _CONTROL.sub("", raw)
    return text if text.isascii() else _without_floods(unicodedata.normalize("NFC", _without_floods(text)))


def _without_floods(text: str) -> str:
    """At most `marks_max` accents one upon the other."""
    return _PERHAPS_MARKS.sub(lambda found: _thinned(found[0]), text)


def _thinned(stretch: str) -> str:
    kept, marks = [], 0
    for char in stretch:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= limits.marks_max:
            kept.append(char)
    return "".join(kept)


def _shows(text: str) -> bool:
    """Whether there is anything to see: not only spaces, what joins or hides, and accents upon nothing."""
    return any(unicodedata.category(char) not in _UNSEEN and char not in _BLANK for char in text)
