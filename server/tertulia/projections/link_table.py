"""Addresses found in messages: the shelf of resources. Folded behind, like full-text search."""

from __future__ import annotations

from typing import Final

from tertulia.projections.room_rules import LINK_RULES
from tertulia.projections.sqlite_fold import FoldedTables

_TABLES: Final = """
-- Addresses in messages: the shelf of resources. `place`: which of the message's it is; -1, without an address: the
-- message itself is of the kind.
CREATE TABLE link (
    room TEXT NOT NULL,
    message INTEGER NOT NULL,
    place INTEGER NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (room, message, place)
) STRICT, WITHOUT ROWID;
"""

_ONLY: Final = """(name <> 'message_posted' OR instr(data, '"links":') OR instr(data, '"kind":"resource"'))"""
"""Most messages have no address: they need not be looked into."""

LINKS: Final = FoldedTables(
    "link", 1, tables=_TABLES, indexes="", rules=LINK_RULES, made=("link",), is_behind=True, only=_ONLY
)
