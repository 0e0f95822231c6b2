"""128 partitions for a Redis Cluster: which one a bus channel is in, and the Redis channel that carries it.

A partition is one sharded channel. Its hash tag is chosen so that its slot is the middle of its 128th part of the
16,384 slots: whatever the number of masters, if their ranges of slots are contiguous, a master with a share of the
slots has the same share of the partitions, to within one.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import Final
from zlib import crc32

SLOTS: Final = 16_384

# The first word of a-z0-9, shortest first, with the slot 128 n + 64; tests/test_bus_partitions.py finds them again.
_TAGS: Final = (  # noqa: SIM905 - as a list of words it would be five times as long
    "qfs dqe bg5 fr3 avb ecd cu4 2jb qb3 l85 bcu fvs pp2 te4 cqt x3 dhn htp fk8 7tn ezo aoi ex zg7 le6 hp0 "
    "fox jsf mw7 ib1 a8 kag h8q ubw bv7 fc1 inx erf cd6 mq hx9 uf7 brw fgq ij8 tt6 kin i1 dyl her 3pj 7el "
    "ekm iws tz c95 lt4 ha2 nwb jbd mf5 is3 42 kpe sd5 wq3 hlk dpu k94 9k awr ebt bbe fwc 5kc dt5 cpd geb "
    "as2 ef4 nc0 jv6 ukn h1h dh kd7 mrg any fnh jrv 1gn ys0 g8a cio 0uo aj9 su7 nk9 h9a daw rg6 la afp esv "
    "bsg ffa 5za de7 caf g0h ab0 ew6 nr2 jg4 lqd hdb uj ku5 mce ivc nvr bjl d84 yb2 gmk cxm 0dm xp3"
).split()

PARTITIONS: Final = len(_TAGS)
TOPICS: Final = tuple(f"tertulia:{{{tag}}}" for tag in _TAGS)
"""The Redis channel of each partition."""


def slot_of_tag(tag: str) -> int:
    """The slot of all names with this hash tag (Redis Cluster specification, "Key distribution model")."""
    return crc_hqx(tag.encode(), 0) % SLOTS


SLOT_OF_TOPIC: Final = {topic: slot_of_tag(tag) for topic, tag in zip(TOPICS, _TAGS, strict=True)}
TOPIC_OF_SLOT: Final = {slot: topic for topic, slot in SLOT_OF_TOPIC.items()}


def topic_of(channel: str) -> str:
    """The Redis channel that carries a bus channel: the same on every node and in every version."""
    return TOPICS[crc32(channel.encode()) % PARTITIONS]
