"""Aliases: the personas of people who write without their name. An id is `~blue-heron.k3f9xw`, read "Blue heron".

"~", a colour, "-", an animal, ".", a suffix that makes it unique: at most 48 characters, and never an id of a person,
which cannot begin with "~". An alias is made from chance alone and holds nothing about the person behind it. The
reading half has a twin, `client_js/sdk/alias.js`. What is *not* here: who is behind an alias; drawing the token.

The words are such as nobody minds to be called: no colour that is said of skin, hair or parties, no animal that is
a byword for a fault, a body, a people or a sex.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import blake2b
from typing import Final

COLOURS: Final = (
    "amber", "apricot", "aqua", "azure", "blue", "cobalt", "coral", "crimson", "cyan", "emerald", "golden", "green",
    "indigo", "lilac", "lime", "magenta", "mint", "orange", "plum", "purple", "silver", "teal", "turquoise", "violet",
)  # fmt: skip
ANIMALS: Final = (
    "alpaca", "antelope", "avocet", "axolotl", "bison", "capybara", "caracal", "crane", "curlew", "dolphin",
    "dragonfly", "egret", "elk", "falcon", "finch", "firefly", "gazelle", "gecko", "heron", "hummingbird",
    "ibex", "ibis", "impala", "jaguar", "kestrel", "lark", "lynx", "marmot", "marten", "meerkat",
    "moose", "narwhal", "nautilus", "okapi", "oriole", "oryx", "osprey", "otter", "pelican", "penguin",
    "plover", "puffin", "quokka", "reindeer", "sandpiper", "seahorse", "seal", "serval", "siskin", "sparrow",
    "starling", "swift", "tapir", "tern", "toucan", "wallaby", "warbler", "waxwing", "wombat", "wren",
)  # fmt: skip

_TOKEN_CHARS_MIN: Final = 12
_SUFFIX_CHARS: Final = 6
_SUFFIX_ALPHABET: Final = "bcdfghjkmnpqrstvwxyz0123456789"
"""Without vowels, so that it spells no word."""
_PAIRS: Final = tuple(f"~{colour}-{animal}" for colour in COLOURS for animal in ANIMALS)
_SHAPE: Final = re.compile(r"~([a-z]+)-([a-z]+)\.[a-z0-9]{4,}")


def alias_from(token: str, taken: Collection[str]) -> str:
    """A new alias for a room. The same token and the same `taken`, in any order, give the same alias.

    `token`: at least 12 random characters of [a-z0-9], drawn for this alias only. `taken`: the room's aliases; their
    colours and animals are not given again while others are free, and the alias is never one of them.
    """
    assert len(token) >= _TOKEN_CHARS_MIN, "a token is long enough not to be guessed"
    worn = {alias.partition(".")[0] for alias in taken}
    free = [pair for pair in _PAIRS if pair not in worn] or _PAIRS
    pair = free[_number(token, "pair") % len(free)]
    attempt = 0
    while (alias := f"{pair}.{_suffix(_number(token, f'suffix {attempt}'))}") in taken:
        attempt += 1
    return alias


def is_alias(by: str) -> bool:
    """Whether a persona is an alias. Whatever begins with "~" is treated as one, so that a doubt unmasks nobody."""
    return by.startswith("~")


def alias_name(by: str) -> str:
    """`"~blue-heron.k3f9xw"` → `"Blue heron"`; `"~"`, nobody, → `"Anonymous"`; what has neither shape is given back."""
    if by == "~":
        return "Anonymous"
    shape = _SHAPE.fullmatch(by)
    return f"{shape[1].capitalize()} {shape[2]}" if shape else by


def _number(token: str, use: str) -> int:
    """64 bits made from the token; other ones for each use."""
    return int.from_bytes(blake2b(f"{use} {token}".encode(), digest_size=8).digest())


def _suffix(number: int) -> str:
    chars = []
    for _ in range(_SUFFIX_CHARS):
        number, place = divmod(number, len(_SUFFIX_ALPHABET))
        chars.append(_SUFFIX_ALPHABET[place])
    return "".join(chars)
