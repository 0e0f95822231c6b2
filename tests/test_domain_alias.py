"""Aliases: made from chance alone, each once, friendly to read."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from tertulia.domain.alias import ANIMALS, COLOURS, alias_from, alias_name, is_alias
from tertulia.domain.ids import is_id

PAIRS = len(COLOURS) * len(ANIMALS)


def tokens(count: int, *, seed: int) -> list[str]:
    random = Random(seed)
    return ["".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=12)) for _ in range(count)]


def test_the_words_are_as_many_as_promised_and_easy_to_tell_apart() -> None:
    assert (len(COLOURS), len(ANIMALS)) == (24, 60)
    words = [*COLOURS, *ANIMALS]
    assert len(set(words)) == len(words)
    assert all(re.fullmatch("[a-z]{3,11}", word) for word in words)
    assert list(COLOURS) == sorted(COLOURS)
    assert list(ANIMALS) == sorted(ANIMALS)


def test_five_thousand_aliases_are_all_different_and_well_formed() -> None:
    """And no colour and animal come twice while any pair is free."""
    taken: dict[str, None] = {}
    for token in tokens(5_000, seed=1):
        alias = alias_from(token, taken)
        assert alias not in taken
        taken[alias] = None
    for alias in taken:
        assert re.fullmatch(r"~[a-z]+-[a-z]+\.[a-z0-9]{4,}", alias)
        assert len(alias) <= 48
        assert is_alias(alias)
        assert not is_id(alias)
    pairs = [alias.partition(".")[0] for alias in taken]
    assert len(set(pairs[:PAIRS])) == PAIRS
    assert len(set(pairs)) == PAIRS


def test_all_colours_and_animals_are_about_equally_frequent() -> None:
    """Goal: nothing but chance chooses. Method: chi squared over 6,000 first aliases of a room; one in a million
    fair draws goes beyond these bounds (23 and 59 degrees of freedom)."""
    count = 6_000
    drawn = [re.split("[-.]", alias_from(token, ())[1:])[:2] for token in tokens(count, seed=2)]
    for place, words, bound in ((0, COLOURS, 71.0), (1, ANIMALS, 126.0)):
        seen = Counter(parts[place] for parts in drawn)
        expected = count / len(words)
        assert sum((seen[word] - expected) ** 2 / expected for word in words) < bound


def test_an_alias_is_a_function_of_the_token_and_of_what_is_taken() -> None:
    taken = [alias_from(token, ()) for token in tokens(50, seed=3)]
    for token in tokens(50, seed=4):
        assert alias_from(token, taken) == alias_from(token, taken[::-1])


def test_the_same_token_gives_another_alias_where_its_first_is_taken() -> None:
    token = "k3f9k3f9k3f9"
    first = alias_from(token, ())
    second = alias_from(token, [first])
    assert alias_name(first) != alias_name(second)


def test_with_all_pairs_taken_the_suffix_tells_them_apart() -> None:
    """Method: the one pair's suffix that a token gives is taken as well, as are all pairs."""
    token = "k3f9k3f9k3f9"
    taken = [f"~{colour}-{animal}.0000" for colour in COLOURS for animal in ANIMALS]
    first = alias_from(token, taken)
    second = alias_from(token, [*taken, first])
    assert second not in [*taken, first]
    assert alias_name(first) == alias_name(second)


def test_a_short_token_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="guessed"):
        alias_from("k3f9", ())


def test_an_alias_is_read_by_its_colour_and_animal() -> None:
    assert alias_name("~blue-heron.k3f9") == "Blue heron"
    assert alias_name("~turquoise-hummingbird.k3f9xw") == "Turquoise hummingbird"
    assert is_alias("~blue-heron.k3f9")


@pytest.mark.parametrize(
    "by", ["p-ana", "~blue", "~blue-heron", "~Blue-heron.k3f9", "~blue-heron.k3f", "~blue-heron.k3f9\n"]
)
def test_what_is_not_written_like_an_alias_is_left_as_it_is(by: str) -> None:
    assert alias_name(by) == by
    assert is_alias(by) == by.startswith("~")


def test_nobody_has_a_name_to_be_shown() -> None:
    assert (is_alias("~"), alias_name("~")) == (True, "Anonymous")
