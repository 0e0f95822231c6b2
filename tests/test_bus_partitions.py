"""The 128 partitions: as found, balanced over any usual number of masters, and the same for ever."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product
from string import ascii_lowercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from tertulia.bus.partitions import PARTITIONS, SLOT_OF_TOPIC, SLOTS, TOPIC_OF_SLOT, TOPICS, slot_of_tag, topic_of


def test_the_tags_are_the_first_words_with_the_slots_in_the_middle_of_each_part() -> None:
    found: dict[int, str] = {}
    for length in (1, 2, 3):
        for letters in product(ascii_lowercase + digits, repeat=length):
            word = "".join(letters)
            found.setdefault(slot_of_tag(word), word)
    part = SLOTS // PARTITIONS
    assert PARTITIONS == 128
    assert tuple(f"tertulia:{{{found[part * number + part // 2]}}}" for number in range(PARTITIONS)) == TOPICS


def test_the_slots_are_those_redis_clients_compute() -> None:
    assert {topic: key_slot(topic.encode()) for topic in TOPICS} == SLOT_OF_TOPIC
    assert {slot: topic for topic, slot in SLOT_OF_TOPIC.items()} == TOPIC_OF_SLOT


@pytest.mark.parametrize("masters", [*range(1, 33), 64, 128])
def test_masters_with_equal_ranges_have_equal_shares_to_within_one(masters: int) -> None:
    bounds = [round(SLOTS * number / masters) for number in range(masters + 1)]
    shares = [sum(begin <= slot < end for slot in TOPIC_OF_SLOT) for begin, end in pairwise(bounds)]
    assert max(shares) - min(shares) <= 1
    assert sum(shares) == PARTITIONS


def test_rooms_are_spread_over_all_partitions() -> None:
    rooms = Counter(topic_of(f"room/{number:08x}") for number in range(12_800))
    assert len(rooms) == PARTITIONS
    assert max(rooms.values()) < 150


def test_a_channel_keeps_its_partition_from_version_to_version() -> None:
    """Nodes of two versions must meet, during a rolling restart."""
    assert topic_of("room/general") == "tertulia:{nwb}"
    assert topic_of("nodes") == "tertulia:{gmk}"


@given(st.text())
def test_any_channel_has_a_partition(channel: str) -> None:
    assert topic_of(channel) in SLOT_OF_TOPIC
