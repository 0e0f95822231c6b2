"""Addresses found in messages: the shelf of resources. Folded behind, like full-text search."""

from __future__ import annotations

from typing import Final

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

_EVENTS: Final = (
    """message_posted
    INSERT INTO link (room, message, place, url)
    SELECT NEW.owner, NEW.seq, key, value FROM json_each(NEW.data, '$.links');
    INSERT INTO link (room, message, place, url)
    SELECT NEW.owner, NEW.seq, -1, '' WHERE NEW.data ->> '$.kind' = 'resource';""",
    """message_edited
    DELETE FROM link WHERE room = NEW.owner AND message = NEW.data ->> '$.message' AND place >= 0;
    INSERT INTO link (room, message, place, url)
    SELECT NEW.owner, NEW.data ->> '$.message', key, value FROM json_each(NEW.data, '$.links');""",
    """message_redacted
    DELETE FROM link WHERE room = NEW.owner AND message = NEW.data ->> '$.message';""",
)

_ONLY: Final = """(name <> 'message_posted' OR instr(data, '"links":') OR instr(data, '"kind":"resource"'))"""
"""Most messages have no address: they need not be looked into."""

LINKS: Final = FoldedTables(
    "link", 1, tables=_TABLES, indexes="", events={"room": _EVENTS}, made=("link",), is_behind=True, only=_ONLY
)
