"""What people type: normalising, measuring, mentions. Bodies are kept as Markdown source; nothing is rendered here."""

from __future__ import annotations

import re
import unicodedata

from tertulia.domain import limits
from tertulia.domain.ids import ID_PATTERN, PersonId
from tertulia.domain.refusals import Refusal

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_MENTION = re.compile(rf"@\[[^\]\n]{{1,{limits.name_chars_max}}}\]\(({ID_PATTERN})\)")


def clean_text(raw: str) -> str | Refusal:
    """A message body in normal form C, with line feeds for all line ends and no control characters."""
    text = _normal(raw.replace("\r\n", "\n").replace("\r", "\n")).strip("\n").rstrip()
    if not text.strip():
        return Refusal("text_empty")
    if len(text) > limits.text_chars_max or len(text.encode()) > limits.text_bytes_max:
        return Refusal(
            "text_too_long",
            f"The text is longer than {limits.text_chars_max} characters or {limits.text_bytes_max} bytes.",
        )
    return text


def clean_line(raw: str, *, chars_max: int) -> str | None:
    """A name or topic on one line; None when nothing is left or it is too long."""
    line = " ".join(_normal(raw).split())
    return line if 0 < len(line) <= chars_max else None


def clean_reason(raw: str | None) -> str | None:
    """A reason people can be told; None when there is none worth the name."""
    return clean_line(raw, chars_max=limits.reason_chars_max) if raw else None


def mentioned_people(text: str) -> list[PersonId]:
    """The ids in `@[name](id)`, each once, in order, at most `mentions_max`."""
    return [PersonId(id) for id in dict.fromkeys(_MENTION.findall(text))][: limits.mentions_max]


def _normal(raw: str) -> str:
    return _CONTROL.sub("", unicodedata.normalize("NFC", raw))
